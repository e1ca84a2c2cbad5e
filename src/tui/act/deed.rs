//! What is done with requests: each deed goes to its file, and so does what was read for it.

mod copy;

pub(in crate::tui) use self::copy::clip;

use std::time::Duration;

use crate::tui::{
    deed::{Deed, Desk, Piece},
    errand::Brought,
    state::{Popup, State},
    update::Effect,
};

/// How long a menu waits before it is drawn: whoever knows its keys never sees it.
pub(in crate::tui) const UNSEEN: Duration = Duration::from_millis(300);

/// Does a deed that is possible.
pub(super) fn act(state: &mut State, deed: Deed, effects: &mut Vec<Effect>) {
    match deed {
        // Before anything came there is nothing else to copy.
        Deed::Copying if state.list.rows.is_empty() => copy::copy(state, Piece::Url, effects),
        Deed::Copying => state.open(Popup::Desk(Desk::Copy)),
        Deed::Copy(piece) => copy::copy(state, piece, effects),
    }
}

/// Takes what was read or done outside for a deed.
pub(in crate::tui) fn bring(state: &mut State, brought: Brought, effects: &mut Vec<Effect>) {
    match brought {
        Brought::Clip(clip) => effects.push(Effect::Copy(clip)),
        Brought::NoClip(why) => copy::none(state, why),
        Brought::Put { clip, tool, error } => copy::put(state, clip, tool, error, effects),
        Brought::Told { clip, why, error } => copy::told(state, &clip, why, error),
    }
}

/// Whether a deed can be done now.
///
/// # Errors
/// Why not, in words.
pub(in crate::tui) fn possible(state: &State, deed: Deed) -> Result<(), &'static str> {
    match deed {
        Deed::Copying if state.list.rows.is_empty() => copy::possible(state, Piece::Url),
        Deed::Copying => Ok(()),
        Deed::Copy(piece) => copy::possible(state, piece),
    }
}

/// When the open menu is drawn, if that is still to come.
pub(in crate::tui) fn appears(state: &State) -> Option<Duration> {
    let open = state.popup.as_ref()?;
    let at = open.since + UNSEEN;
    let is_menu = matches!(open.popup, Popup::Desk(Desk::Copy));
    (is_menu && state.now.since_start < at).then_some(at)
}
