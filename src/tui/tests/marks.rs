//! Marks, sort orders, what is out of view, and the lines that are no requests.

use super::*;
use crate::{
    history::{Dropped, Limit, Missing},
    tui::state::{Follow, Order},
};

fn shown(state: &State) -> Vec<Number> {
    state.list.shown().map(|row| row.number).collect()
}

fn marked(state: &State) -> Vec<Number> {
    state.list.marked.iter().copied().collect()
}

#[test]
fn space_marks_and_goes_on_and_shift_marks_a_range() {
    let mut state = screen((80, 24), rows(1..=9));
    press(&mut state, "gj ");
    assert_eq!((marked(&state), state.list.selected), (vec![2], Some(3)));
    let down = code(Code::ShiftDown);
    press_all(&mut state, &[down, down]);
    assert_eq!(
        (marked(&state), state.list.selected),
        (vec![2, 3, 4, 5], Some(5))
    );
    press(&mut state, " ");
    assert_eq!(marked(&state), [2, 3, 4]);
    press_all(&mut state, &[code(Code::ShiftUp)]);
    assert_eq!(
        (marked(&state), state.list.selected),
        (vec![2, 3, 4, 5, 6], Some(5))
    );
    let screen = screens::shown(&state);
    assert!(screen.contains("9 requests · 5 marked"), "{screen}");
    assert!(screen.contains(">●"), "{screen}");
    press(&mut state, "/is:marked");
    wait(&mut state, Duration::from_millis(60));
    assert_eq!(shown(&state), [2, 3, 4, 5, 6]);
    update(&mut state, Input::Loaded(Loaded::All(rows(4..=9))));
    assert_eq!(marked(&state), [4, 5, 6], "what is gone is not marked");
}

#[test]
fn the_selected_request_keeps_its_line_when_the_order_changes() {
    let mut all = rows(1..=40);
    for (row, status) in all.iter_mut().zip([500, 200, 404].into_iter().cycle()) {
        row.last.as_mut().expect("a try").status = Some(status);
    }
    let mut state = screen((80, 24), all);
    press(&mut state, "kkkk");
    let line = state.selected_line();
    assert_eq!(state.list.selected, Some(36));
    press(&mut state, "st");
    assert_eq!(state.list.order(), Order::Status);
    let numbers = shown(&state);
    assert_eq!(&numbers[..3], [2, 5, 8]);
    assert_eq!(numbers.last(), Some(&40));
    assert_eq!(
        (state.list.selected, state.selected_line()),
        (Some(36), line)
    );
    assert_ne!(state.list.follow, Follow::On);
    arrive(&mut state, row(41, Some(200)));
    arrive(&mut state, row(42, Some(503)));
    assert_eq!(
        (state.list.selected, state.selected_line()),
        (Some(36), line)
    );
    assert_eq!(state.list.missed, 2);
    assert_eq!(shown(&state).last(), Some(&42));
    arrive(&mut state, row(42, Some(200)));
    assert_eq!(
        shown(&state).last(),
        Some(&40),
        "a changed row takes its place"
    );
    assert!(screens::shown(&state).contains("sort: status"));
    press(&mut state, "f");
    assert_eq!(
        (state.list.order(), state.list.selected),
        (Order::Arrival, Some(42))
    );
    assert_eq!(state.list.follow, Follow::On);
}

#[test]
fn every_order_has_a_key_in_the_menu() {
    let mut state = screen((80, 24), rows(1..=4));
    for (number, path) in [(1, "/b?x"), (2, "/a"), (3, "/b"), (4, "/a?y")] {
        let mut row = row(number, Some(200));
        row.path = path.into();
        row.size = Some(10 - number);
        arrive(&mut state, row);
    }
    press(&mut state, "s");
    insta::assert_snapshot!("sort", screens::shown(&state));
    press(&mut state, "e");
    assert_eq!(shown(&state), [2, 4, 1, 3]);
    press(&mut state, "sz");
    assert_eq!(shown(&state), [4, 3, 2, 1]);
    press(&mut state, "sl");
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    press(&mut state, "sa");
    assert_eq!(state.list.order(), Order::Arrival);
}

#[test]
fn what_is_missing_is_a_line_of_its_own() {
    let mut state = screen((80, 24), rows(641..=644));
    let dropped = Dropped {
        count: 3_112,
        at: UnixMillis(NOON),
        limit: Limit::Count,
    };
    let gap = Missing {
        count: 312,
        before: 645,
    };
    let older = Loaded::Older(Some(dropped), vec![gap]);
    update(&mut state, Input::Loaded(older));
    arrive(&mut state, row(645, Some(200)));
    arrive(&mut state, row(646, Some(500)));
    insta::assert_snapshot!("gaps", screens::shown(&state));
    press(&mut state, "kk");
    assert_eq!(state.list.selected, Some(644), "a gap is stepped over");
    press(&mut state, "C");
    assert_eq!(shown(&state), [0; 0]);
    assert!(screens::shown(&state).contains("the view is cleared"));
    arrive(&mut state, row(647, Some(200)));
    assert_eq!((shown(&state), state.list.selected), (vec![647], Some(647)));
    press(&mut state, "C");
    assert_eq!(shown(&state).len(), 7);
    // Many lines: what stands above the first request comes into view with it.
    let mut state = screen((80, 24), rows(1..=100));
    update(
        &mut state,
        Input::Loaded(Loaded::Older(Some(dropped), Vec::new())),
    );
    assert!(!screens::shown(&state).contains("older:"));
    press(&mut state, "g");
    assert!(screens::shown(&state).contains("older: 3,112 dropped"));
    for _ in 0..99 {
        press(&mut state, "j");
        assert!(state.selected_line() < state.layout().list_rows());
    }
}

#[test]
fn what_was_said_at_the_start_stands_beside_the_counts_and_gives_way_to_the_filter() {
    let mut state = screen((80, 24), rows(1..=9));
    state.standing = vec!["answer now".into(), "only method:POST path:/stripe".into()];
    let second = |state: &State| {
        let shown = screens::shown(state);
        shown.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(
        second(&state),
        " 9 requests · answer now · only method:POST path:/stripe           filter: none"
    );
    press(&mut state, "se");
    assert_eq!(
        second(&state),
        " 9 requests · answer now · only method:POST path:/s… filter: none   sort: event"
    );
    update(&mut state, Input::Size(40, 12));
    assert_eq!(second(&state), " 9 requests · … no filter   sort: event");
}
