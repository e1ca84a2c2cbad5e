//! The inspector without a listener: what it shows, what it cannot do, and the question where replays go.

use super::*;
use crate::tui::{
    keys,
    state::{Goal, Popup},
};

/// A screen on stored requests alone.
fn stored(size: (u16, u16), rows: Vec<Summary>) -> State {
    let route = Route {
        target: String::new(),
        relay: "relay.example".into(),
        routes: 0,
        is_local_relay: false,
        is_listening: false,
    };
    let mut state = State::new(size, route);
    state.now.wall = UnixMillis(NOON);
    update(&mut state, Input::Loaded(Loaded::All(rows)));
    state
}

fn enter() -> Key {
    code(Code::Enter)
}

fn error(state: &State) -> Option<&str> {
    match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Target { error, .. }) => error.as_ref().map(|text| text.as_str()),
        _ => None,
    }
}

#[test]
fn what_needs_a_listener_says_so() {
    let mut state = stored((80, 24), rows(1..=3));
    for key in ["yu", "H", "c"] {
        assert!(press(&mut state, key).is_empty(), "{key}");
        let toast = state.toast.take().expect("a reason");
        assert!(toast.text.as_str().starts_with("not listening"), "{key}");
        press_all(&mut state, &[code(Code::Esc)]);
    }
    let quit = press(&mut state, "q");
    assert_eq!(quit, [Effect::Ask(Intent::Quit), Effect::Quit]);
}

#[test]
fn the_target_is_asked_for_once_and_another_machine_each_time() {
    let mut state = stored((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    assert!(press(&mut state, "r4000").is_empty());
    let to = Some("4000".parse().expect("a target"));
    let replay = |number| {
        Effect::Ask(Intent::Replay {
            number,
            to: to.clone(),
        })
    };
    assert_eq!(press_all(&mut state, &[enter()]), [replay(3)]);
    press(&mut state, "k");
    assert_eq!(press(&mut state, "r"), [replay(2)]);

    state.goal = Goal::Unasked;
    press(&mut state, "rhttps://staging.example");
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert_eq!(keys::place(&state), keys::Place::Form);
    assert!(press(&mut state, "ssend 1").is_empty());
    let asked = press_all(&mut state, &[enter()]);
    assert!(
        matches!(&asked[..], [Effect::Ask(Intent::Replay { number: 2, to: Some(to) })]
        if to.base_url().starts_with("https://staging.example"))
    );
}

#[test]
fn nothing_typed_means_where_the_last_try_went() {
    let mut state = stored((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    press(&mut state, "r");
    let asked = press_all(&mut state, &[enter()]);
    let (number, to) = (3, None);
    assert_eq!(asked, [Effect::Ask(Intent::Replay { number, to })]);

    let mut never = row(4, None);
    (never.tries, never.last) = (0, None);
    let mut state = stored((80, 24), vec![never]);
    press(&mut state, "r");
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert_eq!(error(&state), Some("it was never forwarded: name a target"));
    press(&mut state, "no such target");
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert_ne!(error(&state), Some("it was never forwarded: name a target"));
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!(state.goal, Goal::Unasked);
}

#[test]
fn a_paste_goes_into_the_line_and_nowhere_else() {
    let mut state = stored((80, 24), rows(1..=3));
    press(&mut state, "r");
    update(&mut state, Input::Paste("local\u{1b}[31mhost:1\nq".into()));
    let text = state.field().map(|field| field.text().to_owned());
    assert_eq!(text.as_deref(), Some("local[31mhost:1q"));
}

#[test]
fn stored_screens() {
    let mut state = stored((80, 24), rows(1..=30));
    read_detail(&mut state, 1, "http://localhost:3000");
    insta::assert_snapshot!("history_80x24", screens::shown(&state));
    press(&mut state, "rlocalhost");
    insta::assert_snapshot!("history_target", screens::shown(&state));
    let empty = stored((80, 24), Vec::new());
    insta::assert_snapshot!("history_empty", screens::shown(&empty));
}
