//! The mouse, wrapped lines, printing, the countdown that stands still, and what a filter found.

use super::{screens::shown, *};
use crate::{
    filter::{Clock, Filter},
    search::Hit,
    text::Zone,
    tui::{
        act::mouse::{Deed, Mouse},
        layout::Pane,
        state::Follow,
        update::Reading,
    },
};

fn mouse(state: &mut State, deed: Deed, x: u16, y: u16) {
    update(state, Input::Mouse(Mouse { deed, x, y }));
}

#[test]
fn the_mouse_is_taken_and_given_back_by_a_key() {
    let mut state = screen((80, 24), rows(1..=3));
    assert_eq!(press(&mut state, "M"), [Effect::Mouse(true)]);
    assert!(shown(&state).contains("mouse on"));
    assert_eq!(press(&mut state, "M"), [Effect::Mouse(false)]);
}

#[test]
fn a_click_selects_and_the_wheel_moves_what_is_under_it() {
    let mut state = screen((120, 40), rows(1..=9));
    read_detail(&mut state, 1, "http://localhost:3000");
    let list = state.layout().list.expect("a list");
    mouse(&mut state, Deed::Click, list.x + 9, list.y + 3);
    assert_eq!(
        (state.list.selected, state.list.follow),
        (Some(4), Follow::Scrolled)
    );
    mouse(&mut state, Deed::WheelDown, list.x, list.y);
    assert_eq!(state.list.selected, Some(7));
    mouse(&mut state, Deed::Click, list.x, list.y + 30);
    assert_eq!(state.list.selected, Some(7), "there is no row");
    mouse(&mut state, Deed::Click, 0, 0);
    assert_eq!(state.list.selected, Some(7), "that is the header");
    read_detail(&mut state, 1, "http://localhost:3000");
    let detail = state.layout().detail.expect("a detail");
    mouse(&mut state, Deed::Click, detail.x + 5, detail.y + 3);
    assert_eq!((state.focus, state.cursor), (Pane::Detail, 2));
    press(&mut state, "?");
    mouse(&mut state, Deed::Click, list.x, list.y);
    assert_eq!(state.list.selected, Some(7), "help lies over it");
}

/// A screen with a body of one long line, read.
fn long(size: (u16, u16)) -> State {
    let body = format!("text {}END", "0123456789".repeat(30))
        .leak()
        .as_bytes();
    let mut state = screen(size, rows(1..=3));
    press_all(&mut state, &[code(Code::Enter)]);
    let wish = state.wish().expect("a wish");
    let request = request(state.row().expect("a row").clone(), body);
    let detail = page::compose(&request, &[], body, &wish);
    update(&mut state, Input::Loaded(Loaded::Detail(Box::new(detail))));
    state
}

#[test]
fn a_long_line_goes_on_in_the_next_rows_if_it_is_to() {
    let mut state = long((80, 40));
    assert!(!shown(&state).contains("789END"));
    press(&mut state, "w");
    let text = shown(&state);
    assert!(text.contains("789END"), "{text}");
    let rows = text
        .lines()
        .filter(|line| line.contains("012345678"))
        .count();
    assert_eq!(rows, 4, "{text}");
    press(&mut state, "w");
    assert!(!shown(&state).contains("789END"));
}

#[test]
fn wrapped_rows_are_scrolled_one_by_one_to_the_end_and_back() {
    let mut state = long((40, 10));
    press(&mut state, "w");
    let mut seen = 0;
    while !shown(&state).contains("789END") {
        press(&mut state, "j");
        seen += 1;
        assert!(seen < 20, "{}", shown(&state));
    }
    assert!(seen > 0);
    let end = shown(&state);
    press(&mut state, "j");
    assert_eq!(shown(&state), end, "there is nothing below it");
    press(&mut state, "g");
    assert_eq!((state.scroll, state.passed), (0, 0));
    press(&mut state, "G");
    assert_eq!(shown(&state), end);
}

#[test]
fn what_is_printed_is_the_tab_that_is_shown() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "2y");
    wait(&mut state, Duration::from_millis(200));
    let wish = state.wish().expect("a wish");
    let (_, effects) = update(&mut state, Input::Key(code(Code::Char('P'))));
    let print = What::Page(wish, crate::tui::state::Tab::Headers, Reading::Printed);
    assert_eq!(effects, [Effect::Load(print)]);
    assert!(state.popup.is_none());
}

#[test]
fn without_animation_the_next_try_has_a_time_and_nothing_moves() {
    let mut state = screen((80, 24), rows(1..=3));
    state.is_animated = false;
    let lost = Link::Reconnecting {
        after: Duration::from_secs(30),
        attempt: 2,
        cause: "relay.example: refused".into(),
    };
    update(&mut state, Input::Link(lost));
    let text = shown(&state);
    assert!(text.contains("RECONNECTING at hh:mm:ss (try 2)"), "{text}");
    assert_eq!(state.next_tick(), None);
    assert!(!wait(&mut state, Duration::from_secs(2)));
    assert_eq!(shown(&state), text);
}

#[test]
fn what_the_filter_found_in_a_body_is_searched_in_it() {
    let mut state = screen((80, 24), rows(1..=3));
    let filter = Filter::parse("body:evt_1", Clock::here(Zone::Utc)).expect("a filter");
    state.list.filter(Some(filter), state.now.wall);
    let (_, effects) = update(&mut state, Input::Size(80, 24));
    let query = effects.into_iter().find_map(|effect| match effect {
        Effect::Load(What::Search(query)) => Some(query),
        _ => None,
    });
    let hits = vec![Hit {
        number: 3,
        fits: true,
        is_in_body: true,
    }];
    let query = query.expect("a search in the bodies");
    update(&mut state, Input::Loaded(Loaded::Found { query, hits }));
    assert_eq!(state.list.selected, Some(3));
    read_detail(&mut state, 1, "http://localhost:3000");
    press_all(&mut state, &[code(Code::Enter)]);
    let text = shown(&state);
    assert!(text.contains("/evt_1 1/1 lines"), "{text}");
    press_all(&mut state, &[code(Code::Esc)]);
    assert!(state.search.is_none());
}
