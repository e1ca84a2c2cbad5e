//! Which keys the last line of the screen names.

use super::{Action, Place};

/// The actions that the last line of the screen names, the most wanted first; the way to help stands behind them in any case.
pub(in crate::tui) fn hinted(place: Place) -> &'static [Action] {
    match place {
        Place::Detail => &[
            Action::Replay,
            Action::Search,
            Action::NextForm,
            Action::NextTab,
            Action::NextRequest,
            Action::CopyUrl,
            Action::Zoom,
            Action::Back,
        ],
        Place::Filter => &[
            Action::Complete,
            Action::Older,
            Action::Accept,
            Action::Back,
            Action::Syntax,
        ],
        Place::Search | Place::Palette => &[Action::Accept, Action::Back],
        _ => &[
            Action::Open,
            Action::Replay,
            Action::Filter,
            Action::CopyUrl,
            Action::Mark,
            Action::Sort,
            Action::Follow,
            Action::Hold,
            Action::Quit,
        ],
    }
}
