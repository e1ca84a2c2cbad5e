//! Reading a body: folding, what stays when another request is shown, the views, searching.

use super::*;
use crate::{
    history::Webhook,
    tui::{layout::Pane, page::Form, state::Tab},
};

const BODY: &[u8] =
    br#"{"id":"evt_1","data":{"object":{"amount":4200,"Card":null},"tags":["a","b"]},"ok":true}"#;

/// The detail of the selected request, with the focus in it and this body.
fn reading(body: &'static [u8]) -> State {
    let mut state = screen((80, 40), rows(1..=3));
    press_all(&mut state, &[code(Code::Enter)]);
    read(&mut state, body);
    state
}

fn read(state: &mut State, body: &'static [u8]) {
    let wish = state.wish().expect("a wish");
    let request = request(state.row().expect("a row").clone(), body);
    let detail = page::compose(&request, &[], body, &wish, Known::built_in());
    update(state, Input::Loaded(Loaded::Detail(Box::new(detail))));
}

fn lines(state: &State) -> Vec<String> {
    let detail = state.shown().expect("a detail");
    let lines = (1..detail.len(state.tab)).filter_map(|at| detail.line(state.tab, at));
    lines
        .map(|line| line.iter().map(|(_, text)| text.as_str()).collect())
        .collect()
}

fn path(state: &State) -> String {
    let tree = state.tree().expect("a tree");
    tree.path(state.cursor).to_string()
}

#[test]
fn a_node_is_folded_and_stays_so_in_the_next_request() {
    let mut state = reading(BODY);
    assert_eq!(lines(&state).len(), 14);
    press(&mut state, "jjjj");
    assert_eq!(path(&state), ".data.object.amount");
    press(&mut state, "h");
    assert_eq!(path(&state), ".data.object", "out to what it lies in");
    press(&mut state, "h");
    let preview = "  amount: 4200, Card: null";
    assert_eq!(
        lines(&state)[3],
        format!("    ▸ object: {{ 2 keys }}{preview}")
    );
    press(&mut state, "K");
    read(&mut state, br#"{"data":{"object":{"amount":1},"x":0}}"#);
    assert_eq!(lines(&state)[2], "    ▸ object: { 1 key }  amount: 1");
    assert_eq!(path(&state), ".data.object", "the person stays on the path");
    press(&mut state, " ");
    assert_eq!(lines(&state)[3], "        amount: 1");
    press(&mut state, "-");
    assert_eq!(lines(&state), ["▾ {", "  ▸ data: { 2 keys }  x: 0", "  }"]);
    press(&mut state, "+");
    assert_eq!(lines(&state).len(), 8);
}

#[test]
fn every_view_that_is_possible_is_reached_and_the_others_say_why_not() {
    let mut state = reading(BODY);
    let mut seen = Vec::new();
    for _ in 0..4 {
        press(&mut state, "v");
        read(&mut state, BODY);
        seen.extend(state.shown().and_then(|detail| detail.body.form));
    }
    assert_eq!(seen, [Form::Pretty, Form::Text, Form::Hex, Form::Tree]);
    press(&mut state, "Vx");
    read(&mut state, BODY);
    assert_eq!(lines(&state), [str::from_utf8(BODY).expect("text")]);

    let mut plain = reading(b"\xff\xfe\0");
    assert_eq!(
        plain.shown().and_then(|detail| detail.body.form),
        Some(Form::Hex)
    );
    press(&mut plain, "Vt");
    assert!(plain.popup.is_some(), "what is not possible closes nothing");
    let toast = plain.toast.as_ref().map(|toast| toast.text.as_str());
    assert_eq!(toast, Some("it is neither JSON, a form nor multipart"));
}

#[test]
fn a_search_unfolds_what_hides_a_hit() {
    let mut state = reading(BODY);
    press(&mut state, "-");
    press(&mut state, "/A");
    assert_eq!(
        state.search.as_ref().map(|search| search.hits.len()),
        Some(0)
    );
    press_all(&mut state, &[code(Code::Backspace)]);
    press(&mut state, "car");
    assert_eq!(path(&state), ".data.object.Card");
    press_all(&mut state, &[code(Code::Enter)]);
    press(&mut state, "/");
    press_all(
        &mut state,
        &[Key {
            code: Code::Char('u'),
            ctrl: true,
        }],
    );
    press(&mut state, "a");
    let hits = state.search.as_ref().map(|search| search.hits.len());
    assert_eq!(hits, Some(5), "data, amount, Card, tags, a");
    press_all(&mut state, &[code(Code::Enter)]);
    press(&mut state, "nnn");
    let at = path(&state);
    press(&mut state, "Nn");
    assert_eq!(path(&state), at);
    press_all(&mut state, &[code(Code::Esc)]);
    assert!(state.search.is_none() && state.focus == Pane::Detail);
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!(state.focus, Pane::List);
}

#[test]
fn other_tabs_are_searched_as_they_are_shown() {
    let mut state = reading(BODY);
    press(&mut state, "2/stripe-sig");
    assert_eq!(state.tab, Tab::Headers);
    assert_eq!(
        state.search.as_ref().map(|search| search.hits.len()),
        Some(1)
    );
    press_all(&mut state, &[code(Code::Enter)]);
    assert!(screens::shown(&state).contains("/stripe-sig 1/1 lines"));
}

#[test]
fn raw_shows_line_ends_and_masks_secrets() {
    let mut state = reading(b"a\r\n\x1bb");
    press(&mut state, "6");
    let lines = lines(&state);
    assert!(lines.contains(&"Host: relay.example".to_owned()));
    assert!(
        !lines.iter().any(|line| line.contains("4be109c2")),
        "{lines:?}"
    );
    assert_eq!(lines[lines.len() - 2..], ["a^M", "^[b"]);
}

#[test]
fn tree_screens() {
    let mut state = screen((80, 24), rows(1..=30));
    press_all(&mut state, &[code(Code::Enter)]);
    read(&mut state, BODY);
    press(&mut state, "jjj /a");
    insta::assert_snapshot!("tree_search", screens::shown(&state));
    press_all(&mut state, &[code(Code::Esc)]);
    press(&mut state, "V");
    insta::assert_snapshot!("tree_views", screens::shown(&state));
}

#[test]
fn what_is_folded_holds_for_one_event_and_no_other() {
    let event = |number, event: &str| {
        let mut row = row(number, Some(200));
        row.webhook = Some(Box::new(Webhook {
            provider: "stripe".into(),
            event: Some(event.into()),
            action: None,
            delivery_id: None,
            attempt: None,
            attempt_reason: None,
            verdict: "ok".into(),
        }));
        row
    };
    let rows = vec![
        event(1, "invoice.paid"),
        event(2, "charge.succeeded"),
        event(3, "invoice.paid"),
    ];
    let mut state = screen((80, 40), rows);
    press_all(&mut state, &[code(Code::Enter)]);
    read(&mut state, BODY);
    press(&mut state, "jjjh");
    let folded = "    ▸ object: { 2 keys }  amount: 4200, Card: null".to_owned();
    assert_eq!(
        (lines(&state)[3].clone(), path(&state)),
        (folded.clone(), ".data.object".into())
    );
    press(&mut state, "K");
    read(&mut state, BODY);
    assert_eq!(lines(&state).len(), 14, "another event");
    assert_eq!(path(&state), ".");
    press(&mut state, "jjK");
    read(&mut state, BODY);
    assert_eq!(
        (lines(&state)[3].clone(), path(&state)),
        (folded, ".data.object".into())
    );
    press(&mut state, "J");
    read(&mut state, BODY);
    assert_eq!(path(&state), ".data", "each event has its place");
}

#[test]
fn a_folded_node_shows_the_first_of_what_is_in_it() {
    let mut state = reading(
        br#"{"list":[{"id":"il_1","of":{"x":1},"amount":4200,"name":"a name that is too long to be shown"}],"none":{}}"#,
    );
    press(&mut state, "jjh");
    let folded = r#"    ▸ { 4 keys }  id: "il_1", amount: 4200, name: "a name that is too long"#;
    assert_eq!(lines(&state)[2], folded);
    press(&mut state, "kh");
    assert_eq!(
        lines(&state)[1],
        "  ▸ list: [ 1 item ]",
        "nothing to tell it by"
    );
}

#[test]
fn the_first_view_of_a_large_body_is_its_tree() {
    let mut state = screen((80, 40), rows(1..=3));
    press_all(&mut state, &[code(Code::Enter)]);
    let body = format!("[{}0]", "{\"id\":1},\n".repeat(120_000))
        .leak()
        .as_bytes();
    let wish = state.wish().expect("a wish");
    let request = request(state.row().expect("a row").clone(), body);
    let detail = page::compose(
        &request,
        &[],
        &body[..page::SHOWN],
        &wish,
        Known::built_in(),
    );
    update(&mut state, Input::Loaded(Loaded::Detail(Box::new(detail))));
    assert_eq!(
        state.shown().and_then(|detail| detail.body.form),
        Some(Form::Text)
    );
    press(&mut state, "v");
    assert_eq!(state.form, Some(Form::Tree));
}

#[test]
fn tries_are_walked_and_enter_shows_the_answer_of_one() {
    let mut state = screen((80, 24), rows(1..=3));
    press_all(&mut state, &[code(Code::Enter)]);
    read_detail(&mut state, 3, "http://localhost:3000");
    press(&mut state, "4k");
    assert_eq!(state.chosen, Some(1));
    read_detail(&mut state, 3, "http://localhost:3000");
    press(&mut state, "k");
    assert_eq!(state.chosen, Some(0));
    press_all(&mut state, &[code(Code::Enter)]);
    assert_eq!((state.tab, state.chosen), (Tab::Response, Some(0)));
}
