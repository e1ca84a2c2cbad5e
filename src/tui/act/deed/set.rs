//! Which requests a deed is done with: the selected one, the marked ones, or all that the list shows.

use crate::{
    history::Number,
    text::{Safe, count},
    tui::{deed::Set, state::State},
};

/// What is meant unless a person says otherwise: the marked ones if there are any.
pub(in crate::tui) fn usual(state: &State) -> Set {
    match state.list.marked.is_empty() {
        true => Set::Selected,
        false => Set::Marked,
    }
}

/// The requests of a set, ascending.
pub(in crate::tui) fn numbers(state: &State, set: Set) -> Vec<Number> {
    match set {
        Set::Selected => state.list.selected.into_iter().collect(),
        Set::Marked => state.list.marked.iter().copied().collect(),
        Set::Shown => {
            let mut numbers: Vec<Number> = state.list.shown().map(|row| row.number).collect();
            numbers.sort_unstable();
            numbers
        }
    }
}

/// The set after this one that is not empty.
pub(in crate::tui) fn next(state: &State, set: Set) -> Set {
    let order = [Set::Selected, Set::Marked, Set::Shown];
    let after = order.into_iter().cycle().skip(set as usize + 1);
    let mut others = after.take(order.len());
    let has_any = |set: &Set| obstacle(state, *set).is_none();
    others.find(has_any).unwrap_or(set)
}

/// What people call it.
pub(in crate::tui) fn name(set: Set, numbers: &[Number]) -> Safe<'static> {
    let many = count(numbers.len() as u64);
    match (set, numbers) {
        (_, [number]) => Safe::format(format_args!("#{number}")),
        (Set::Marked, _) => Safe::format(format_args!("{many} marked")),
        (Set::Selected | Set::Shown, _) => Safe::format(format_args!("{many} shown")),
    }
}

/// Why nothing can be done with a set, if nothing can.
pub(in crate::tui) fn obstacle(state: &State, set: Set) -> Option<&'static str> {
    match set {
        Set::Selected if state.list.selected.is_none() => Some("no request yet"),
        Set::Marked if state.list.marked.is_empty() => Some("nothing is marked (Space marks)"),
        Set::Shown if !state.sync.is_loaded => Some("the history is still being read"),
        Set::Shown if state.list.shown().len() == 0 => Some("no request is shown"),
        _ => None,
    }
}
