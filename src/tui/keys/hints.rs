//! Which keys the last line of the screen names.

use super::{Action, Place};
use crate::tui::deed::Deed;

/// The actions that the last line of the screen names, the most wanted first; the way to help stands behind them in any case.
pub(in crate::tui) fn hinted(place: Place, is_empty: bool) -> &'static [Action] {
    match place {
        // Before the first request there is little that can be done.
        Place::List | Place::Detail if is_empty => &[
            Action::Do(Deed::Copying),
            Action::Palette,
            Action::Hold,
            Action::Quit,
        ],
        Place::Detail => &[
            Action::Do(Deed::Stop),
            Action::Replay,
            Action::Search,
            Action::NextForm,
            Action::NextTab,
            Action::NextRequest,
            Action::Do(Deed::Copying),
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
        Place::Diff => &[
            Action::Do(Deed::ToForm),
            Action::Do(Deed::NextChange),
            Action::Do(Deed::NextView),
            Action::Do(Deed::Volatile),
            Action::Do(Deed::Patch),
            Action::Back,
        ],
        Place::Search | Place::Palette => &[Action::Accept, Action::Back],
        _ => &[
            Action::Do(Deed::Stop),
            Action::Open,
            Action::Replay,
            Action::Filter,
            Action::Do(Deed::Copying),
            Action::Mark,
            Action::Sort,
            Action::Follow,
            Action::Hold,
            Action::Quit,
        ],
    }
}
