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
    // All that are shown are known when all are read.
    let is_known = |set: &Set| *set != Set::Shown || state.sync.is_loaded;
    let has_any = |set: &Set| is_known(set) && !numbers(state, *set).is_empty();
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
