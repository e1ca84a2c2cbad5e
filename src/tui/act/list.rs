//! What the list is sorted by, which of its requests are marked, what is out of view.

use crate::{
    text::{Safe, count},
    tui::state::{Follow, Mood, Order, State},
};

/// Sorts by something else; the selected request stays on its line.
pub(super) fn sort(state: &mut State, order: Order) {
    state.popup = None;
    let (selected, line) = (state.list.selected, state.selected_line());
    state.list.sort(order);
    // There is no following but in the order of arrival.
    state.list.pause(Follow::Scrolled);
    state.reselect(selected, line);
}

/// Marks the selected request, or takes its mark away, and goes on to the next.
pub(super) fn mark(state: &mut State) {
    let Some(number) = state.list.selected else {
        return;
    };
    let is_marked = state.list.marked.contains(&number);
    set(state, number, !is_marked);
    state.step(1);
}

/// Marks the selected request and the one beside it, and goes there.
pub(super) fn mark_range(state: &mut State, by: isize) {
    for step in [by, 0] {
        if let Some(number) = state.list.selected {
            set(state, number, true);
        }
        state.step(step);
    }
}

fn set(state: &mut State, number: u64, is_marked: bool) {
    let line = state.selected_line();
    state.list.mark(number, is_marked, state.now.wall);
    state.reselect(Some(number), line);
}

/// Takes what there is out of view; asked again, all of it is back.
pub(super) fn clear_view(state: &mut State) {
    let is_cleared = !state.list.is_cleared();
    let line = state.selected_line();
    let gone = state.list.clear_view(is_cleared);
    if is_cleared {
        state.reselect(state.list.selected, line);
        let gone = count(gone as u64);
        let text = format_args!("view cleared: {gone} stay in the history, C shows them again");
        state.say(Mood::Done, Safe::format(text));
    } else {
        state.select_newest();
        state.say(Mood::Done, Safe::own("all requests are in view again"));
    }
}

/// Goes to the newest request and follows, in the order of arrival: there is no other way to follow.
pub(super) fn follow(state: &mut State) {
    if state.list.order() != Order::Arrival {
        state.list.sort(Order::Arrival);
    }
    state.select_newest();
}
