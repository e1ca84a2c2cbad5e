//! What becomes of stored requests: the note beside one, deletion and its undo, a clear history.
//!
//! Nothing is deleted by the key that asks for it, nor by Enter; bookmarked requests go only when that is said.

use std::time::Duration;

use crate::{
    event::Intent,
    history::Number,
    text::{Mode, Safe, safe},
    tui::{
        field::Field,
        keys::Action,
        state::{Popup, State},
        update::Effect,
    },
};

/// How long a deletion can be taken back on the screen. The history waits longer before it purges.
const UNDO: Duration = Duration::from_secs(10);

/// Opens the note of the selected request.
pub(super) fn note(state: &mut State) {
    let Some(row) = state.row() else { return };
    let mut field = Field::default();
    field.insert(row.note.as_deref().unwrap_or_default());
    let number = row.number;
    state.open(Popup::Note { number, field });
}

/// Asks before the marked requests are deleted, or the selected one if none is marked.
pub(super) fn delete(state: &mut State) {
    let marked: Vec<Number> = state.list.marked.iter().copied().collect();
    let numbers = match marked.is_empty() {
        true => state.list.selected.into_iter().collect(),
        false => marked,
    };
    ask(state, numbers);
}

/// Asks before all that the list shows is deleted.
pub(super) fn delete_shown(state: &mut State) {
    let numbers = state.list.shown().map(|row| row.number).collect();
    ask(state, numbers);
}

fn ask(state: &mut State, numbers: Vec<Number>) {
    let is_bookmarked = |number: &&Number| state.list.row(**number).is_some_and(|r| r.bookmarked);
    let bookmarked = numbers.iter().filter(is_bookmarked).count();
    state.open(Popup::Delete {
        numbers,
        bookmarked,
    });
}

/// Asks for the endpoint's name before all requests are deleted.
pub(super) fn clear(state: &mut State) {
    let Some(row) = state.list.rows.last() else {
        return;
    };
    let word = safe(row.endpoint.as_str().as_bytes(), Mode::Cell).into_owned();
    state.open(Popup::Clear {
        word,
        field: Field::default(),
        is_wrong: false,
    });
}

/// Takes what was typed into one of these boxes; whether one of them is open.
pub(super) fn accept(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    match state.popup.as_mut().map(|open| &mut open.popup) {
        Some(Popup::Note { number, field }) => {
            let (number, text) = (*number, field.text().to_owned());
            state.popup = None;
            effects.push(Effect::Ask(Intent::Note { number, text }));
        }
        Some(Popup::Clear {
            word,
            field,
            is_wrong,
        }) => {
            if field.text().trim() != word.as_str() {
                *is_wrong = true;
                return true;
            }
            state.popup = None;
            let numbers = state.list.rows.iter().map(|row| row.number).collect();
            remove(state, numbers, false, effects);
        }
        _ => return false,
    }
    true
}

/// Has requests deleted.
pub(super) fn remove(
    state: &mut State,
    numbers: Vec<Number>,
    with_bookmarked: bool,
    effects: &mut Vec<Effect>,
) {
    state.deleted = Some(state.now.since_start);
    effects.push(Effect::Ask(Intent::Remove {
        numbers,
        with_bookmarked,
    }));
}

/// Has the last deletion taken back.
pub(super) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    state.deleted = None;
    effects.push(Effect::Ask(Intent::Restore));
}

/// Why one of these actions cannot be done now; none if it can.
pub(in crate::tui) fn obstacle(state: &State, action: Action) -> Option<&'static str> {
    let asked = match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Delete {
            numbers,
            bookmarked,
        }) => Some((numbers.len(), *bookmarked)),
        _ => None,
    };
    let is_undoable = state
        .deleted
        .is_some_and(|at| state.now.since_start.saturating_sub(at) <= UNDO);
    match (action, asked) {
        (Action::Undelete, _) if !is_undoable => Some("nothing was deleted in the last 10 s"),
        (Action::ClearHistory, _) if state.list.rows.is_empty() => Some("no request yet"),
        (Action::DeleteShown, _) if !state.sync.is_loaded => {
            Some("the history is still being read")
        }
        (Action::DeleteShown, _) if state.list.shown().len() == 0 => Some("no request is shown"),
        (Action::Yes, Some((all, bookmarked))) if all == bookmarked => {
            Some("bookmarked ones stay: b deletes them too")
        }
        (Action::Bookmarked, Some((_, 0))) => Some("none of them is bookmarked"),
        _ => None,
    }
}

/// What the box before a deletion says.
pub(in crate::tui) fn question(numbers: &[Number], bookmarked: usize) -> Vec<Safe<'static>> {
    let title = match numbers {
        [number] => Safe::format(format_args!("Delete #{number}?")),
        _ => Safe::format(format_args!("Delete {} requests?", numbers.len())),
    };
    let stay = match (numbers.len(), bookmarked) {
        (_, 0) => Safe::own("With all tries and bodies. u undoes it for 10 s."),
        (1, _) => Safe::own("It is bookmarked: b deletes it all the same."),
        (_, some) => Safe::format(format_args!("{some} are bookmarked and stay, but for b.")),
    };
    vec![title, stay]
}
