//! Selection by id, follow and pause, what is in view.

use super::{screens::shown, *};
use crate::{
    history::{Change, Webhook},
    tui::{layout::Pane, state::Follow},
};

#[test]
fn the_newest_is_selected_and_followed() {
    let mut state = screen((80, 24), rows(1..=30));
    assert_eq!(state.list.selected, Some(30));
    arrive(&mut state, row(31, Some(200)));
    assert_eq!(
        (state.list.selected, state.list.follow),
        (Some(31), Follow::On)
    );
    assert_eq!(state.list.top + state.layout().list_rows(), 31);
}

#[test]
fn leaving_the_last_row_pauses_and_an_arrival_moves_nothing() {
    let mut state = screen((80, 24), rows(1..=30));
    press(&mut state, "kk");
    let (line, top) = (state.selected_line(), state.list.top);
    for number in 31..=35 {
        arrive(&mut state, row(number, Some(200)));
    }
    assert_eq!((state.list.selected, state.list.missed), (Some(28), 5));
    assert_eq!((state.selected_line(), state.list.top), (line, top));
    press(&mut state, "G");
    assert_eq!(
        (state.list.selected, state.list.follow, state.list.missed),
        (Some(35), Follow::On, 0)
    );
}

#[test]
fn an_arrival_while_on_the_last_row_follows_again_but_not_after_a_pause() {
    let mut state = screen((80, 24), rows(1..=5));
    press(&mut state, "kj");
    assert_eq!(state.list.follow, Follow::Scrolled);
    arrive(&mut state, row(6, Some(200)));
    assert_eq!(
        (state.list.selected, state.list.follow),
        (Some(6), Follow::On)
    );
    press(&mut state, "p");
    arrive(&mut state, row(7, Some(200)));
    assert_eq!(
        (state.list.selected, state.list.follow, state.list.missed),
        (Some(6), Follow::Paused, 1)
    );
    press(&mut state, "f");
    assert_eq!(
        (state.list.selected, state.list.follow),
        (Some(7), Follow::On)
    );
}

#[test]
fn entering_the_detail_pauses() {
    let mut state = screen((80, 24), rows(1..=5));
    press_all(&mut state, &[code(Code::Enter)]);
    assert_eq!(state.focus, Pane::Detail);
    arrive(&mut state, row(6, Some(200)));
    assert_eq!((state.list.selected, state.list.missed), (Some(5), 1));
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!((state.focus, state.list.selected), (Pane::List, Some(5)));
}

#[test]
fn every_moving_key_moves() {
    let mut state = screen((80, 24), rows(1..=100));
    let page = state.layout().list_rows() as u64;
    let ctrl = |c| Key {
        code: Code::Char(c),
        ctrl: true,
    };
    let table: &[(Key, u64)] = &[
        (code(Code::Char('g')), 1),
        (code(Code::Char('j')), 2),
        (code(Code::Down), 3),
        (code(Code::Char('k')), 2),
        (code(Code::Up), 1),
        (code(Code::Up), 1),
        (ctrl('d'), 1 + page / 2),
        (ctrl('u'), 1),
        (code(Code::PageDown), page),
        (ctrl('f'), 2 * page - 1),
        (ctrl('b'), page),
        (code(Code::PageUp), 1),
        (code(Code::End), 100),
        (code(Code::Home), 1),
        (code(Code::Char('G')), 100),
    ];
    for &(key, selected) in table {
        press_all(&mut state, &[key]);
        assert_eq!(state.list.selected, Some(selected), "{key:?}");
        let line = state.selected_line();
        assert!(
            line < state.layout().list_rows(),
            "{key:?} leaves the row out of view"
        );
    }
}

#[test]
fn a_selected_request_that_is_gone_leaves_the_next_one_selected() {
    let mut state = screen((80, 24), rows(1..=50));
    press(&mut state, "gjj");
    assert_eq!(state.list.selected, Some(3));
    update(&mut state, Input::Loaded(Loaded::All(rows(10..=50))));
    assert_eq!((state.list.selected, state.list.rows.len()), (Some(10), 41));
    let gone = Loaded::Rows {
        rows: Vec::new(),
        gone: vec![10, 11],
    };
    update(&mut state, Input::Loaded(gone));
    assert_eq!(state.list.selected, Some(12));
    update(&mut state, Input::Loaded(Loaded::All(Vec::new())));
    assert_eq!(state.list.selected, None);
    assert!(press(&mut state, "jkr").is_empty());
}

#[test]
fn a_resize_keeps_the_selected_request_and_its_line() {
    let mut state = screen((80, 40), rows(1..=100));
    press(&mut state, "kkk");
    let line = state.selected_line();
    for size in [(80, 39), (120, 60), (80, 40)] {
        update(&mut state, Input::Size(size.0, size.1));
        assert_eq!(state.list.selected, Some(97));
    }
    assert!(state.selected_line().abs_diff(line) <= 20);
    update(&mut state, Input::Size(32, 8));
    assert!(state.selected_line() < state.layout().list_rows());
}

#[test]
fn failures_are_counted_as_they_come_and_go() {
    let mut state = screen(
        (80, 24),
        vec![row(1, Some(200)), row(2, Some(500)), row(3, None)],
    );
    assert_eq!(state.list.tally.failed(), 2);
    arrive(&mut state, row(2, Some(200)));
    assert_eq!((state.list.tally.failed(), state.list.rows.len()), (1, 3));
    arrive(&mut state, row(4, Some(404)));
    assert_eq!(state.list.tally.failed(), 2);
}

#[test]
fn changes_are_read_once_and_together() {
    let mut state = screen((80, 24), rows(1..=5));
    let reads = |state: &mut State, change| {
        let (is_visible, effects) = update(state, Input::Changed(change));
        assert!(!is_visible);
        effects
    };
    let first = reads(&mut state, Change::Captured(6));
    let newer = What::Rows {
        newer_than: Some(Some(5)),
        numbers: Vec::new(),
        is_wide: false,
    };
    assert_eq!(first, [Effect::Load(newer)]);
    assert!(reads(&mut state, Change::Captured(7)).is_empty());
    assert!(reads(&mut state, Change::Attempted(2)).is_empty());
    assert!(reads(&mut state, Change::Attempted(2)).is_empty());
    let loaded = Loaded::Rows {
        rows: rows(6..=7),
        gone: Vec::new(),
    };
    let (_, then) = update(&mut state, Input::Loaded(loaded));
    let both = What::Rows {
        newer_than: None,
        numbers: vec![2, 7],
        is_wide: false,
    };
    let newest = state.wish().expect("a wish");
    assert_eq!(
        then,
        [Effect::Load(both), Effect::Load(What::Detail(newest))]
    );
    assert!(reads(&mut state, Change::Reload).is_empty());
    let loaded = Loaded::Rows {
        rows: Vec::new(),
        gone: Vec::new(),
    };
    let (_, then) = update(&mut state, Input::Loaded(loaded));
    assert_eq!(
        then,
        [
            Effect::Load(What::All { is_wide: false }),
            Effect::Load(What::Older)
        ]
    );
}

#[test]
fn a_try_that_ends_while_its_request_is_being_read_is_read_too() {
    let mut state = screen((80, 24), rows(1..=5));
    update(&mut state, Input::Changed(Change::Captured(6)));
    update(&mut state, Input::Changed(Change::Attempted(6)));
    let loaded = Loaded::Rows {
        rows: rows(6..=6),
        gone: Vec::new(),
    };
    let (_, then) = update(&mut state, Input::Loaded(loaded));
    let again = What::Rows {
        newer_than: None,
        numbers: vec![6],
        is_wide: false,
    };
    let newest = state.wish().expect("a wish");
    assert_eq!(
        then,
        [Effect::Load(again), Effect::Load(What::Detail(newest))]
    );
}

#[test]
fn a_detail_that_comes_too_late_is_dropped_and_the_wanted_one_read() {
    let mut state = screen((80, 24), rows(1..=5));
    let wish = state.wish().expect("a wish");
    let request = request(row(5, Some(200)), b"{}");
    let late = page::compose(&request, &[], b"{}", &wish, Known::built_in());
    // A newer wish does not wait until the older one is read.
    let (_, effects) = update(&mut state, Input::Key(code(Code::Char('k'))));
    let wanted = state.wish().expect("a wish");
    assert_eq!(wanted.number, 4);
    assert_eq!(effects, [Effect::Load(What::Detail(wanted.clone()))]);
    let (_, effects) = update(&mut state, Input::Loaded(Loaded::Detail(Box::new(late))));
    assert!(state.shown().is_none() && effects.is_empty());
    let (is_visible, _) = update(&mut state, Input::Loaded(Loaded::Unwanted));
    assert!(!is_visible, "it may be told, and is nothing to see");
    let (_, effects) = update(&mut state, Input::Changed(Change::Attempted(4)));
    assert!(
        !effects.contains(&Effect::Load(What::Detail(wanted.clone()))),
        "what is being read is read to its end first"
    );
    let request = self::request(row(4, Some(200)), b"{}");
    let detail = page::compose(&request, &[], b"{}", &wanted, Known::built_in());
    let (_, effects) = update(&mut state, Input::Loaded(Loaded::Detail(Box::new(detail))));
    assert!(state.shown().is_some());
    assert_eq!(
        effects,
        [Effect::Load(What::Detail(wanted))],
        "and then anew"
    );
}

#[test]
fn problems_are_gone_through_and_their_end_is_told() {
    let mut rows = rows(1..=9);
    rows[1] = row(2, Some(500));
    rows[5] = row(6, None);
    let mut state = screen((80, 24), rows);
    press(&mut state, "{");
    assert_eq!(state.list.selected, Some(6));
    press(&mut state, "{");
    assert_eq!(state.list.selected, Some(2));
    press(&mut state, "{");
    assert_eq!(state.list.selected, Some(2));
    let toast = state.toast.as_ref().map(|toast| toast.text.as_str());
    assert_eq!(toast, Some("no problem further up"));
    press(&mut state, "}}");
    assert_eq!(state.list.selected, Some(6));
}

#[test]
fn a_webhook_is_shown_by_sender_and_event_with_its_verdict() {
    let webhook = |verdict: &str| {
        Some(Box::new(Webhook {
            provider: "github".to_owned(),
            event: Some("issues\u{1b}".to_owned()),
            action: Some("opened".to_owned()),
            delivery_id: None,
            attempt: None,
            attempt_reason: None,
            verdict: verdict.to_owned(),
        }))
    };
    let verdicts = ["ok", "bad", "old", "token", "unknown", "none"];
    let rows = verdicts.iter().zip(1..).map(|(verdict, number)| Summary {
        webhook: webhook(verdict),
        ..row(number, Some(200))
    });
    let rows = rows.chain([row(7, Some(200))]).collect();
    let state = screen((80, 24), rows);
    let screen = shown(&state);
    for (number, sig) in (1..).zip(["ok ", "BAD", "OLD", "tok", "?  ", "-  "]) {
        let path = format!("/stripe?n={number}");
        let line = screen.lines().find(|line| line.contains(&path));
        let line = line.expect("a row");
        assert!(line.contains("github · issues^[.opened"), "{line}");
        assert!(line.contains(&format!(" {sig} 200")), "{line}");
    }
    assert!(screen.contains("POST /stripe?n=7"), "{screen}");
}
