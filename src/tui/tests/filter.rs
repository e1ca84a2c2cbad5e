//! The filter of the list: typed, completed, applied, searched in bodies, kept and taken back.

use super::*;
use crate::{
    search::Hit,
    tui::state::{Follow, Query},
};

/// Lets what was typed take effect.
fn apply(state: &mut State) {
    wait(state, Duration::from_millis(60));
}

fn type_filter(state: &mut State, text: &str) {
    press(state, "/");
    press_all(state, &[ctrl('u')]);
    press(state, text);
    apply(state);
}

fn ctrl(c: char) -> Key {
    Key {
        code: Code::Char(c),
        ctrl: true,
    }
}

fn shown(state: &State) -> Vec<Number> {
    state.list.shown().map(|row| row.number).collect()
}

fn toast(state: &State) -> &str {
    state.toast.as_ref().map_or("", |toast| toast.text.as_str())
}

/// 1..=9: 3 and 6 are answered 500, 9 is refused.
fn mixed() -> State {
    let rows = (1..=9).map(|number| match number {
        3 | 6 => row(number, Some(500)),
        9 => row(number, None),
        _ => row(number, Some(200)),
    });
    screen((80, 24), rows.collect())
}

/// What the screen asks to be read for the filter, and nothing else.
fn asked(effects: Vec<Effect>) -> Option<Query> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Load(What::Search(query)) => Some(query),
        _ => None,
    })
}

#[test]
fn what_fits_is_shown_while_it_is_typed_and_kept_by_enter() {
    let mut state = mixed();
    press(&mut state, "/");
    update(&mut state, Input::Paste("status:5xx".into()));
    assert_eq!(shown(&state).len(), 9, "not before 50 ms have passed");
    apply(&mut state);
    assert_eq!(shown(&state), [3, 6]);
    assert_eq!(
        state.list.selected,
        Some(6),
        "the nearest to the one before"
    );
    press_all(&mut state, &[code(Code::Enter)]);
    assert!(state.bar.is_none());
    assert!(screens::shown(&state).contains("filter: status:5xx 2 of 9"));
    press(&mut state, "k");
    assert_eq!(state.list.selected, Some(3));
    press(&mut state, "/");
    let text = state.bar.as_ref().map(|bar| bar.field.text().to_owned());
    assert_eq!(
        text.as_deref(),
        Some("status:5xx"),
        "it opens with the one in force"
    );
    press_all(&mut state, &[code(Code::Esc), code(Code::Esc)]);
    assert_eq!(shown(&state).len(), 9, "Esc in the list takes it away");
    assert_eq!(state.list.selected, Some(3));
}

#[test]
fn the_last_good_filter_stays_while_a_bad_one_is_typed_and_a_caret_says_where() {
    let mut state = mixed();
    type_filter(&mut state, "status:5xx");
    press(&mut state, "x");
    apply(&mut state);
    assert_eq!(shown(&state), [3, 6]);
    insta::assert_snapshot!("filter_error", screens::shown(&state));
    press_all(&mut state, &[code(Code::Enter)]);
    assert!(state.bar.is_some(), "what does not parse is not kept");
    press_all(&mut state, &[code(Code::Backspace), code(Code::Enter)]);
    assert!(state.bar.is_none());
    assert_eq!(shown(&state), [3, 6]);
}

#[test]
fn esc_brings_the_filter_and_the_request_of_before_back() {
    let mut state = mixed();
    type_filter(&mut state, "status:5xx");
    press_all(&mut state, &[code(Code::Enter), code(Code::Up)]);
    assert_eq!(state.list.selected, Some(3));
    type_filter(&mut state, "status:err");
    assert_eq!((shown(&state), state.list.selected), (vec![9], Some(9)));
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!((shown(&state), state.list.selected), (vec![3, 6], Some(3)));
}

#[test]
fn a_filter_is_switched_off_and_on_and_its_matches_are_gone_through() {
    let mut state = mixed();
    press(&mut state, "\\");
    assert_eq!(toast(&state), "there is no filter: / begins one");
    type_filter(&mut state, "status:5xx");
    press_all(&mut state, &[code(Code::Enter)]);
    press(&mut state, "\\");
    assert_eq!((shown(&state).len(), state.list.matches()), (9, 2));
    press(&mut state, "g");
    for (key, selected) in [("n", 3), ("n", 6), ("n", 6), ("N", 3), ("N", 3)] {
        press(&mut state, key);
        assert_eq!(state.list.selected, Some(selected));
    }
    assert_eq!(toast(&state), "no match further up");
    press(&mut state, "\\");
    assert_eq!((shown(&state), state.list.selected), (vec![3, 6], Some(3)));
}

#[test]
fn arrivals_are_tested_alone_and_those_that_do_not_fit_are_counted() {
    let mut state = mixed();
    type_filter(&mut state, "status:5xx");
    press_all(&mut state, &[code(Code::Enter)]);
    press(&mut state, "G");
    assert_eq!(state.list.follow, Follow::On);
    arrive(&mut state, row(10, Some(200)));
    arrive(&mut state, row(11, Some(500)));
    assert_eq!(
        (shown(&state), state.list.selected),
        (vec![3, 6, 11], Some(11))
    );
    assert!(screens::shown(&state).contains("3 of 11 (+1 hidden)"));
    arrive(&mut state, row(10, Some(502)));
    arrive(&mut state, row(3, Some(200)));
    assert_eq!(shown(&state), [6, 10, 11], "a try that ends may change it");
    let gone = Loaded::Rows {
        rows: Vec::new(),
        gone: vec![6],
    };
    update(&mut state, Input::Loaded(gone));
    assert_eq!(shown(&state), [10, 11]);
}

#[test]
fn bodies_are_searched_in_the_background_newest_first() {
    let mut state = screen((80, 24), rows(1..=300));
    press(&mut state, "/refund");
    let (_, effects) = {
        let now = Time {
            since_start: state.now.since_start + Duration::from_millis(60),
            wall: state.now.wall,
        };
        update(&mut state, Input::Tick(now))
    };
    let first = asked(effects).expect("a search");
    assert_eq!((first.numbers[0], first.numbers.len()), (300, 128));
    assert_eq!(shown(&state), [0; 0]);
    assert!(screens::shown(&state).contains("searching bodies 0%"));
    let hits = |query: &Query, wanted: &[Number]| -> Vec<Hit> {
        let hit = |&number: &Number| Hit {
            number,
            fits: wanted.contains(&number),
            is_in_body: true,
        };
        query.numbers.iter().map(hit).collect()
    };
    let found = |query: Query, wanted: &[Number]| {
        let hits = hits(&query, wanted);
        Input::Loaded(Loaded::Found { query, hits })
    };
    let (_, effects) = update(&mut state, found(first.clone(), &[299]));
    assert_eq!((shown(&state), state.list.selected), (vec![299], Some(299)));
    assert!(screens::shown(&state).contains("searching bodies 42%"));
    assert!(screens::shown(&state).contains("body"));
    let second = asked(effects).expect("the next ones");
    assert_eq!(second.numbers[0], 172);
    // Another filter: what was asked for the one before comes too late.
    press(&mut state, "s");
    wait(&mut state, Duration::from_millis(60));
    update(&mut state, found(second, &[172]));
    assert_eq!(shown(&state), [0; 0]);
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!(shown(&state).len(), 300);
}

#[test]
fn an_arrival_whose_body_decides_is_read_alone() {
    let mut state = screen((80, 24), rows(1..=1));
    type_filter(&mut state, "path:/nothing refund");
    assert_eq!(shown(&state), [0; 0]);
    let mut other = row(2, Some(200));
    other.path = "/nothing".into();
    let loaded = Loaded::Rows {
        rows: vec![other],
        gone: Vec::new(),
    };
    let (_, effects) = update(&mut state, Input::Loaded(loaded));
    let query = asked(effects).expect("a search");
    assert_eq!(query.numbers, [2]);
    let hits = vec![Hit {
        number: 2,
        fits: true,
        is_in_body: true,
    }];
    update(&mut state, Input::Loaded(Loaded::Found { query, hits }));
    assert_eq!(shown(&state), [2]);
}

#[test]
fn a_search_that_cannot_be_read_ends_with_a_word() {
    let mut state = screen((80, 24), rows(1..=300));
    press(&mut state, "/refund");
    let now = Time {
        since_start: state.now.since_start + Duration::from_millis(60),
        wall: state.now.wall,
    };
    let (_, effects) = update(&mut state, Input::Tick(now));
    let query = asked(effects).expect("a search");
    let failed = Loaded::Failed {
        what: What::Search(query),
        cause: "locked".into(),
    };
    let (_, effects) = update(&mut state, Input::Loaded(failed));
    assert!(asked(effects).is_none());
    assert_eq!(toast(&state), "history: locked");
    assert!(!screens::shown(&state).contains("searching"));
}

#[test]
fn tab_completes_fields_and_values_and_up_brings_older_filters() {
    let mut state = mixed();
    press(&mut state, "/stat");
    apply(&mut state);
    insta::assert_snapshot!("filter_fields", screens::shown(&state));
    press_all(&mut state, &[code(Code::Tab)]);
    let text = |state: &State| {
        let bar = state.bar.as_ref().expect("an open line");
        bar.field.text().to_owned()
    };
    assert_eq!(text(&state), "status:");
    apply(&mut state);
    insta::assert_snapshot!("filter_values", screens::shown(&state));
    press_all(&mut state, &[code(Code::Tab), code(Code::Tab)]);
    assert_eq!(text(&state), "status:3xx");
    press_all(&mut state, &[code(Code::BackTab), code(Code::Enter)]);
    assert_eq!(shown(&state), [1, 2, 4, 5, 7, 8]);
    type_filter(&mut state, "path:/st");
    press_all(&mut state, &[code(Code::Tab)]);
    assert_eq!(text(&state), "path:/stripe");
    press_all(&mut state, &[code(Code::Enter)]);
    press(&mut state, "/x");
    let up = code(Code::Up);
    let down = code(Code::Down);
    for (key, expected) in [
        (up, "path:/stripe"),
        (up, "status:2xx"),
        (up, "status:2xx"),
        (down, "path:/stripe"),
        (down, "path:/stripex"),
        (down, "path:/stripex"),
    ] {
        press_all(&mut state, &[key]);
        assert_eq!(text(&state), expected);
    }
}

#[test]
fn the_line_takes_what_is_pasted_and_f1_says_what_it_may_say() {
    let mut state = mixed();
    press(&mut state, "/");
    update(&mut state, Input::Paste("status:err".into()));
    apply(&mut state);
    assert_eq!(shown(&state), [9]);
    press_all(&mut state, &[code(Code::F1)]);
    insta::assert_snapshot!("filter_syntax", screens::shown(&state));
    press_all(&mut state, &[code(Code::Esc)]);
    assert!(state.bar.is_some() && state.popup.is_none());
}

#[test]
fn a_filter_that_names_endpoints_looks_at_all_of_them() {
    let mut state = mixed();
    press(&mut state, "/");
    update(&mut state, Input::Paste("endpoint:other".into()));
    let now = Time {
        since_start: state.now.since_start + Duration::from_millis(60),
        wall: state.now.wall,
    };
    let (_, effects) = update(&mut state, Input::Tick(now));
    assert!(effects.contains(&Effect::Load(What::All { is_wide: true })));
    update(&mut state, Input::Loaded(Loaded::All(rows(1..=3))));
    let (_, effects) = update(&mut state, Input::Key(code(Code::Esc)));
    assert!(effects.contains(&Effect::Load(What::All { is_wide: false })));
}

#[test]
fn many_rows_are_filtered_in_slices_and_the_newest_first() {
    let mut state = screen((80, 24), rows(1..=20_000));
    press(&mut state, "/");
    update(&mut state, Input::Paste("status:5xx".into()));
    apply(&mut state);
    assert!(state.list.is_sifting());
    assert_eq!(
        shown(&state).len(),
        20_000,
        "the old view stays until it is done"
    );
    arrive(&mut state, row(20_001, Some(500)));
    arrive(&mut state, row(7, Some(500)));
    let mut turns = 0;
    while state.next_tick() == Some(state.now.since_start) {
        wait(&mut state, Duration::ZERO);
        turns += 1;
    }
    assert_eq!((turns, shown(&state)), (2, vec![7, 20_001]));
}

#[test]
fn the_line_fits_every_screen() {
    let mut state = mixed();
    press(&mut state, "/status:5xx p");
    apply(&mut state);
    let mut all = String::new();
    for (width, height) in [(40, 12), (32, 8)] {
        update(&mut state, Input::Size(width, height));
        all.push_str(&screens::shown(&state));
        all.push_str("\n\n");
    }
    insta::assert_snapshot!("filter_narrow", all);
}
