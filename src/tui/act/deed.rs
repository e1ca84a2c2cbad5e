//! What is done with requests: each deed goes to its file, and so does what was read for it.

mod copy;
pub(in crate::tui) mod diff;
mod edit;
mod export;
pub(in crate::tui) mod form;
pub(in crate::tui) mod set;
pub(in crate::tui) mod trigger;

use std::time::Duration;

pub(in crate::tui) use self::{copy::clip, edit::edited, form::round};
use crate::{
    exchange::Part,
    tui::{
        act::{away, secret},
        deed::{Deed, Desk, Piece},
        fetch::Brought,
        state::{Mood, Popup, State},
        update::{Effect, Reading},
    },
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
        Deed::Print => {
            state.popup = None;
            away::page(state, Reading::Printed, effects);
        }
        Deed::Exporting => export::open(state),
        Deed::Export(form) => export::choose(state, form),
        Deed::Unmask => export::turn(state, false),
        Deed::Which => export::turn(state, true),
        Deed::Save => export::save(state, effects),
        Deed::Overwrite => export::overwrite(state, effects),
        Deed::Compare => diff::compare(state, effects),
        Deed::NextChange => diff::step(state, 1),
        Deed::PreviousChange => diff::step(state, -1),
        Deed::Volatile => diff::fold(state),
        Deed::NextView => diff::next_view(state),
        Deed::Patch => diff::copy(state, effects),
        Deed::ToForm => diff::go_on(state, effects),
        Deed::Form => form::open(state, set::usual(state), None, effects),
        Deed::FormOf(set) => form::open(state, set, None, effects),
        Deed::NextLine => form::step(state, 1),
        Deed::PreviousLine => form::step(state, -1),
        Deed::Choose => form::choose(state, effects),
        Deed::Enter => form::enter(state),
        Deed::Offer => form::offer(state),
        Deed::Send => form::send(state, effects),
        Deed::Stop => form::stop(state, effects),
        Deed::Confirm => form::confirm(state, effects),
        Deed::EditBody => edit::begin(state, Part::Body, effects),
        Deed::EditWhole => edit::begin(state, Part::Whole, effects),
        Deed::Trigger => trigger::open(state),
        Deed::NextSample => trigger::step(state, 1),
        Deed::PreviousSample => trigger::step(state, -1),
        Deed::Take => trigger::take(state),
        Deed::Turn => trigger::turn(state),
        Deed::SendSample => trigger::send(state, effects),
    }
}

/// Takes what was read or done outside for a deed.
pub(in crate::tui) fn bring(state: &mut State, brought: Brought, effects: &mut Vec<Effect>) {
    match brought {
        Brought::Clip(clip) => effects.push(Effect::Copy(clip)),
        Brought::NoClip(why) => copy::none(state, &why),
        Brought::Put { clip, tool, error } => copy::put(state, clip, tool, error, effects),
        Brought::Told { clip, why, error } => copy::told(state, &clip, why, error),
        Brought::File { path, is_there } => export::found(state, path, is_there, effects),
        Brought::Past { numbers, past } => form::past(state, &numbers, past),
        Brought::Compared(compared) => diff::show(state, *compared),
        Brought::Text { number, part, text } => edit::edit(state, number, part, text, effects),
        Brought::Sender { provider, name } => secret::open(state, provider, name),
        Brought::Kept(kept) => secret::kept(state, kept),
        Brought::Nothing(why) => state.say(Mood::Problem, why),
    }
}

/// Whether a deed can be done now.
///
/// # Errors
/// Why not, in words.
pub(in crate::tui) fn possible(state: &State, deed: Deed) -> Result<(), &'static str> {
    match deed {
        Deed::Copying if state.list.rows.is_empty() => copy::possible(state, Piece::Url),
        Deed::Copy(piece) => copy::possible(state, piece),
        Deed::Print if state.list.selected.is_none() => Err("no request yet"),
        Deed::Exporting | Deed::Form | Deed::EditBody | Deed::EditWhole
            if state.list.selected.is_none() =>
        {
            Err("no request yet")
        }
        Deed::FormOf(set) => set::obstacle(state, set).map_or(Ok(()), Err),
        Deed::Compare => diff::picks(state).map(drop),
        Deed::Trigger => trigger::possible(state),
        Deed::Stop if state.acting.rounds == 0 => Err("nothing is being sent"),
        Deed::ToForm if !diff::is_edit(state) => Err("this is no edit: nothing to send"),
        _ => Ok(()),
    }
}

/// When the open menu is drawn, if that is still to come.
pub(in crate::tui) fn appears(state: &State) -> Option<Duration> {
    let open = state.popup.as_ref()?;
    let at = open.since + UNSEEN;
    let is_menu = matches!(open.popup, Popup::Desk(Desk::Copy));
    (is_menu && state.now.since_start < at).then_some(at)
}
