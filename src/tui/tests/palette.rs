//! The palette: its commands, and that Enter in it never sends.

use super::*;
use crate::{
    text::{Safe, Zone},
    tui::{
        deed::{Desk, Past},
        fetch::Brought,
        look::Palette,
        state::{Popup, Wanted},
    },
};

fn popup(state: &State) -> Option<&Popup> {
    state.popup.as_ref().map(|open| &open.popup)
}

fn toast(state: &State) -> &str {
    state.toast.as_ref().map_or("", |toast| toast.text.as_str())
}

fn run(state: &mut State, command: &str) -> Vec<Effect> {
    press(state, ":");
    press(state, command);
    press_all(state, &[code(Code::Enter)])
}

#[test]
fn a_replay_from_the_palette_is_asked_about_even_to_this_machine() {
    let mut state = screen((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    assert!(run(&mut state, "replay").is_empty());
    assert!(matches!(popup(&state), Some(Popup::Desk(Desk::Form(_)))));
    assert!(
        press_all(&mut state, &[code(Code::Enter)]).is_empty(),
        "Enter confirms nothing"
    );
    assert!(run(&mut state, "replay").is_empty());
    let past = Past {
        places: vec![(Safe::own("http://localhost:3000"), 1)],
        ..Past::default()
    };
    let past = Brought::Past {
        numbers: vec![3],
        past,
    };
    update(&mut state, Input::Loaded(Loaded::Brought(Box::new(past))));
    let asked = press(&mut state, "s");
    let replay = Intent::Replay {
        number: 3,
        to: None,
    };
    assert_eq!(asked, [Effect::Ask(replay)]);
}

#[test]
fn times_are_told_as_the_person_says() {
    let mut state = screen((80, 24), rows(1..=3));
    run(&mut state, "time utc");
    assert_eq!((state.zone, state.is_relative), (Zone::Utc, false));
    run(&mut state, "time relative");
    state.now.wall = UnixMillis(NOON + 65_000);
    let shown = screens::shown(&state);
    assert!(shown.contains("      2 1m       POST"), "{shown}");
    run(&mut state, "time local");
    assert_eq!((state.zone, state.is_relative), (Zone::Local, false));
    run(&mut state, "time sidereal");
    assert_eq!(toast(&state), ":time relative|local|utc");
}

#[test]
fn columns_are_chosen_by_name() {
    let mut state = screen((80, 24), rows(1..=3));
    run(&mut state, "columns from number");
    let shown = screens::shown(&state);
    assert!(shown.contains("54.187.174.169"), "{shown}");
    assert!(!shown.contains("SIG") && !shown.contains("NOTE"), "{shown}");
    run(&mut state, "columns colour");
    assert!(toast(&state).starts_with(":columns number"));
    run(&mut state, "columns");
    assert_eq!(state.columns, Wanted::default());
}

#[test]
fn the_url_is_shown_again_and_a_filter_is_typed_as_a_command() {
    let mut state = screen((80, 24), rows(1..=3));
    run(&mut state, "url");
    let shown = screens::shown(&state);
    assert!(
        shown.contains("curl https://relay.example/tidy-otter/test"),
        "{shown}"
    );
    press(&mut state, "q");
    assert!(popup(&state).is_none());
    run(&mut state, "filter id:2");
    assert_eq!(state.list.shown().len(), 1);
    assert_eq!(state.filters, ["id:2"]);
    run(&mut state, "filter id:");
    assert!(toast(&state).starts_with("filter: "), "{}", toast(&state));
    assert_eq!(state.list.shown().len(), 1);
    run(&mut state, "filter");
    assert!(state.bar.is_some());
}

#[test]
fn what_is_forwarded_is_said_by_a_command_and_what_is_shown_stays() {
    let mut state = screen((80, 24), rows(1..=3));
    let asked = run(&mut state, "only path:/stripe method:POST");
    let only = |text: &str| Effect::Ask(Intent::Only(Some(text.to_owned())));
    assert_eq!(asked, [only("path:/stripe method:POST")]);
    assert!(toast(&state).starts_with("forwarded is only what fits"));
    assert_eq!(state.list.shown().len(), 3);
    assert_eq!(run(&mut state, "only"), [Effect::Ask(Intent::Only(None))]);
    assert_eq!(toast(&state), "everything is forwarded");
    assert!(run(&mut state, "only status:5xx").is_empty());
    let told = toast(&state);
    assert!(
        told.starts_with("only: this is known only after a forward"),
        "{told}"
    );
    state.route.is_listening = false;
    assert!(run(&mut state, "only path:/x").is_empty());
    assert!(toast(&state).starts_with("not listening"));
}

#[test]
fn colours_change_by_a_command() {
    let mut state = screen((80, 24), rows(1..=3));
    run(&mut state, "theme light");
    assert_eq!(state.look.palette, Palette::Light);
    run(&mut state, "theme auto");
    assert_eq!(state.look.palette, Palette::Dark);
    update(&mut state, Input::Background([1.0, 1.0, 1.0]));
    assert_eq!(state.look.palette, Palette::Light);
    run(&mut state, "theme green");
    assert_eq!(toast(&state), ":theme auto|dark|light");
}

#[test]
fn sets_of_requests_have_entries_of_their_own() {
    let mut state = screen((80, 24), rows(1..=3));
    run(&mut state, "replay marked");
    assert_eq!(toast(&state), "nothing is marked (Space marks)");
    press(&mut state, "g  ");
    run(&mut state, "replay marked");
    let Some(Popup::Desk(Desk::Form(form))) = popup(&state) else {
        panic!("no form: {:?}", popup(&state));
    };
    assert_eq!(form.numbers, [1, 2]);
    press_all(&mut state, &[code(Code::Esc)]);
    run(&mut state, "replay all shown");
    let Some(Popup::Desk(Desk::Form(form))) = popup(&state) else {
        panic!("no form: {:?}", popup(&state));
    };
    assert_eq!(form.numbers, [1, 2, 3]);
}
