//! Samples from the screen: chosen by typing, sent by one key of their own.

use super::*;
use crate::{
    event,
    history::Webhook,
    tui::{
        deed::{Deed, Desk},
        keys::{self, Action, Place},
        state::{Goal, Popup},
    },
};

fn type_in(state: &mut State, text: &str) -> Vec<Effect> {
    press(state, text)
}

fn asked(effects: &[Effect]) -> Option<&event::Trigger> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Trigger(trigger)) => Some(&**trigger),
        _ => None,
    })
}

#[test]
fn a_sample_is_chosen_by_typing_and_sent_by_its_own_key_alone() {
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, "t").is_empty());
    assert_eq!(keys::place(&state), Place::Samples);
    // The same key once more is a letter, and so is that which sends later.
    assert!(type_in(&mut state, "stripe paid").is_empty());
    insta::assert_snapshot!("box_samples", screens::shown(&state));
    assert!(press_all(&mut state, &[code(Code::Enter)]).is_empty());
    assert_eq!(keys::place(&state), Place::Trigger);
    insta::assert_snapshot!("box_trigger", screens::shown(&state));
    for key in ["t", "y", "r"] {
        assert!(press(&mut state, key).is_empty(), "{key}");
    }
    assert!(press_all(&mut state, &[code(Code::Enter)]).is_empty());
    let effects = press(&mut state, "s");
    let wanted = event::Trigger {
        provider: "stripe",
        event: "invoice.paid",
        path: String::new(),
        to: None,
    };
    assert_eq!(asked(&effects), Some(&wanted));
    assert!(state.popup.is_none());
}

#[test]
fn the_path_is_that_of_the_providers_newest_request_unless_one_is_typed() {
    let mut state = screen((80, 24), rows(1..=2));
    let webhook = Webhook {
        provider: "github".into(),
        event: Some("push".into()),
        action: None,
        delivery_id: None,
        attempt: None,
        attempt_reason: None,
        verdict: "ok".into(),
    };
    let summary = Summary {
        path: Bytes::from_static(b"/hooks/github?a=1"),
        webhook: Some(Box::new(webhook)),
        ..row(3, Some(200))
    };
    arrive(&mut state, summary);
    let path = |state: &mut State, typed: &str| {
        press(state, "t");
        type_in(state, typed);
        press_all(state, &[code(Code::Down), code(Code::Enter)]);
        let effects = press(state, " s");
        asked(&effects).cloned().expect("it is sent")
    };
    let sent = path(&mut state, "github");
    assert_eq!(
        (sent.event, sent.path.as_str()),
        ("pull_request.opened", "/hooks/github")
    );
    let target = sent.to.expect("the second way is straight");
    assert_eq!(target.base_url(), "http://localhost:3000");
    let sent = path(&mut state, "/in github PULL");
    assert_eq!(
        (sent.event, sent.path.as_str()),
        ("pull_request.opened", "/in")
    );
}

#[test]
fn what_no_sample_fits_and_where_none_can_go_is_said() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "t");
    type_in(&mut state, "nobody");
    assert!(screens::shown(&state).contains("No sample fits."));
    press_all(&mut state, &[code(Code::Down), code(Code::Enter)]);
    assert!(matches!(
        state.popup.as_ref().map(|open| &open.popup),
        Some(Popup::Desk(Desk::Samples { .. }))
    ));
    press_all(&mut state, &[code(Code::Esc)]);
    state.route.is_listening = false;
    state.goal = Goal::At("http://192.0.2.7:1".parse().expect("a target"));
    let why = keys::possible(&state, Action::Do(Deed::Trigger));
    assert!(why.is_err_and(|why| why.starts_with("not listening")));
}
