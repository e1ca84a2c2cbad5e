//! What is done with requests: copies, files, comparisons, replays and their guards, edits.

use std::path::PathBuf;

use super::*;
use crate::{
    diff::Patch,
    event::{self, Form, Replays, Round},
    exchange::Part,
    text::Safe,
    tui::{
        deed::{Desk, Draft, Line, Past, Piece},
        errand::{Errand, Returned},
        fetch::{Brought, Clip, Compared, Edited, Fetch, Pick, Sheet, Sheets},
        keys::{self, Place},
        state::Popup,
    },
};

fn desk(state: &State) -> Option<&Desk> {
    match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Desk(desk)) => Some(desk),
        _ => None,
    }
}

fn toast(state: &State) -> &str {
    state.toast.as_ref().map_or("", |toast| toast.text.as_str())
}

fn enter() -> Key {
    code(Code::Enter)
}

/// Presses a key and gives what is to be fetched for it.
fn fetch(state: &mut State, key: Key) -> Option<Fetch> {
    wait(state, Duration::from_millis(200));
    let (_, effects) = update(state, Input::Key(key));
    effects.into_iter().find_map(|effect| match effect {
        Effect::Load(What::Fetch(fetch)) => Some(fetch),
        _ => None,
    })
}

fn bring(state: &mut State, brought: Brought) -> Vec<Effect> {
    let (_, effects) = update(state, Input::Loaded(Loaded::Brought(Box::new(brought))));
    effects
}

/// What was read of where they went before.
fn past(state: &mut State, numbers: std::ops::RangeInclusive<Number>, place: &'static str) {
    let many = numbers.clone().count();
    let past = Past {
        places: vec![(Safe::own(place), many)],
        never: 0,
        is_far: !place.contains("localhost"),
        headers: vec![
            "Content-Type: application/json".into(),
            "Stripe-Signature: ".into(),
        ],
        sealed: None,
    };
    let numbers = numbers.collect();
    bring(state, Brought::Past { numbers, past });
}

fn replays(effects: &[Effect]) -> Option<&Replays> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Replays(replays)) => Some(&**replays),
        _ => None,
    })
}

#[test]
fn the_copy_menu_is_drawn_late_and_never_waits_for_its_keys() {
    let mut state = screen((80, 24), rows(1..=3));
    update(&mut state, Input::Key(code(Code::Char('y'))));
    assert_eq!(keys::place(&state), Place::Copy);
    assert!(!screens::shown(&state).contains("curl command"));
    let (_, effects) = update(&mut state, Input::Key(code(Code::Char('u'))));
    let url = Clip {
        what: Safe::own("public URL"),
        bytes: "https://relay.example/tidy-otter".into(),
        note: None,
    };
    assert!(effects.contains(&Effect::Copy(url)));
    assert!(state.popup.is_none());

    update(&mut state, Input::Key(code(Code::Char('y'))));
    assert!(wait(&mut state, Duration::from_millis(300)));
    assert!(screens::shown(&state).contains("c  curl command to the target"));
    assert!(screens::shown(&state).contains("-  key under the cursor: there is no JSON tree"));
}

#[test]
fn where_a_copy_went_is_said_and_a_clipboard_that_fails_too() {
    let mut state = screen((80, 24), rows(1..=3));
    let clip = |bytes: &'static str| Clip {
        what: Safe::own("body of #3"),
        bytes: bytes.into(),
        note: None,
    };
    let put = |error: Option<&str>| Brought::Put {
        clip: clip("x"),
        tool: "xclip",
        error: error.map(str::to_owned),
    };
    bring(&mut state, put(None));
    assert_eq!(toast(&state), "body of #3 copied by xclip");
    let effects = bring(&mut state, put(Some("exit status: 1")));
    let Some(Effect::Tell(clip, why)) = effects.into_iter().next() else {
        panic!("the terminal is not asked");
    };
    let told = |error: Option<&str>| Brought::Told {
        clip: clip.clone(),
        why: why.clone(),
        error: error.map(str::to_owned),
    };
    bring(&mut state, told(None));
    let text = "body of #3 sent to the terminal clipboard (OSC 52); xclip: exit status: 1";
    assert_eq!(toast(&state), text);
    bring(&mut state, told(Some("it is gone")));
    assert!(toast(&state).starts_with("body of #3 not copied: it is gone"));
}

#[test]
fn a_line_of_the_tree_is_copied_by_key_value_and_path() {
    let mut state = screen((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    press_all(&mut state, &[enter()]);
    press(&mut state, "jj");
    let mut copied = |key: &str| {
        let effects = press(&mut state, &format!("y{key}"));
        match &effects[..] {
            [Effect::Copy(clip)] => clip.bytes.escape_ascii().to_string(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(copied("k"), "amount");
    assert_eq!(copied("v"), "4200");
    assert_eq!(copied("p"), "$.amount");
    assert_eq!(copied("j"), ".amount");
}

#[test]
fn a_file_is_named_and_one_that_is_there_takes_a_second_key() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "x");
    assert!(screens::shown(&state).contains("are masked"));
    press(&mut state, "mwh");
    assert!(matches!(desk(&state), Some(Desk::File { export, .. })
        if export.numbers == [1, 2, 3] && export.with_secrets && export.form == Form::Har));
    let path = PathBuf::from("webhooks.har");
    assert_eq!(fetch(&mut state, enter()), Some(Fetch::File(path.clone())));
    let found = |is_there| Brought::File {
        path: path.clone(),
        is_there,
    };
    assert!(bring(&mut state, found(true)).is_empty());
    assert_eq!(keys::place(&state), Place::Overwrite);
    assert!(press_all(&mut state, &[enter(), code(Code::Char('x'))]).is_empty());
    let asked = press(&mut state, "o");
    assert!(matches!(&asked[..], [Effect::Ask(Intent::Export(export))] if export.replaces));

    press(&mut state, "xc");
    fetch(&mut state, enter());
    let path = PathBuf::from("webhook-3.sh");
    let is_there = false;
    let asked = bring(
        &mut state,
        Brought::File {
            path: path.clone(),
            is_there,
        },
    );
    let export = event::Export {
        numbers: vec![3],
        form: Form::Curl,
        path,
        with_secrets: false,
        replaces: false,
    };
    assert_eq!(asked, [Effect::Ask(Intent::Export(export))]);
}

#[test]
fn enter_never_sends_and_cancel_has_the_focus() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "R");
    past(&mut state, 3..=3, "http://localhost:3000");
    assert!(matches!(desk(&state), Some(Desk::Form(form)) if form.line == Line::Cancel));
    assert!(press(&mut state, "R").is_empty() && desk(&state).is_some());
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert!(state.popup.is_none());
    assert_eq!(toast(&state), "nothing was sent");
    press(&mut state, "R");
    let keys = [code(Code::Tab); 9];
    for _ in 0..keys.len() {
        assert!(press_all(&mut state, &[code(Code::Tab)]).is_empty());
        let is_cancel = matches!(desk(&state), Some(Desk::Form(form)) if form.line == Line::Cancel);
        if !is_cancel {
            assert!(press_all(&mut state, &[enter()]).is_empty());
        }
    }
}

#[test]
fn one_to_this_machine_is_sent_by_s_and_told_as_r_tells_it() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "R");
    assert!(
        press(&mut state, "s").is_empty(),
        "where it went is not read yet"
    );
    past(&mut state, 3..=3, "http://localhost:3000");
    let (number, to) = (3, None);
    assert_eq!(
        press(&mut state, "s"),
        [Effect::Ask(Intent::Replay { number, to })]
    );
}

#[test]
fn many_or_far_ones_take_the_words() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "R");
    past(&mut state, 3..=3, "http://localhost:3000");
    // Target, times: 30 of them.
    press_all(&mut state, &[code(Code::BackTab); 4]);
    press_all(&mut state, &[code(Code::Backspace)]);
    press(&mut state, "30");
    assert!(press(&mut state, "s").is_empty());
    assert_eq!(keys::place(&state), Place::Confirm);
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert!(press(&mut state, "send 3").is_empty());
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert!(screens::shown(&state).contains("nothing was sent"));
    press(&mut state, "0");
    let asked = press_all(&mut state, &[enter()]);
    let sent = replays(&asked).expect("they are asked for");
    assert_eq!(
        (sent.count(), sent.times, &sent.numbers[..]),
        (30, 30, &[3][..])
    );

    let mut state = screen((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "https://staging.example.com");
    assert!(press(&mut state, "r").is_empty());
    past(&mut state, 3..=3, "https://staging.example.com");
    assert!(press(&mut state, "s").is_empty());
    assert!(screens::shown(&state).contains("not surely your machine"));
    press(&mut state, "send 1");
    let (number, to) = (3, None);
    let asked = press_all(&mut state, &[enter()]);
    assert_eq!(asked, [Effect::Ask(Intent::Replay { number, to })]);
}

#[test]
fn header_lines_are_set_changed_and_removed_in_the_form() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "R");
    past(&mut state, 3..=3, "http://localhost:3000");
    let own = Key {
        code: Code::Char('n'),
        ctrl: true,
    };
    press_all(&mut state, &[code(Code::BackTab)]);
    assert_eq!(keys::place(&state), Place::FormHeader);
    press_all(&mut state, &[own]);
    press(&mut state, "; charset=utf-8");
    press_all(&mut state, &[enter()]);
    press(&mut state, "-stripe-signature");
    press_all(&mut state, &[enter()]);
    press(&mut state, "X Debug: 1");
    press_all(&mut state, &[enter(), enter()]);
    assert!(state.popup.is_some(), "an empty line is room for one more");
    assert!(screens::shown(&state).contains("Header: Name: value sets a line"));
    assert!(press(&mut state, "s").is_empty(), "that is no header line");
    press_all(&mut state, &[code(Code::Up), code(Code::Up)]);
    let all = Key {
        code: Code::Char('u'),
        ctrl: true,
    };
    press_all(&mut state, &[all]);
    press(&mut state, "X-Debug: s");
    press_all(&mut state, &[code(Code::Tab), code(Code::Tab)]);
    insta::assert_snapshot!("replay_form_headers", screens::shown(&state));
    let asked = press(&mut state, "s");
    let edits = &replays(&asked).expect("they are asked for").edits;
    let set: Vec<String> = edits
        .set
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()))
        .collect();
    assert_eq!(
        set,
        [
            "content-type: application/json; charset=utf-8",
            "x-debug: s"
        ]
    );
    assert_eq!(edits.removed, ["stripe-signature"]);
}

#[test]
fn a_set_under_way_is_stopped_and_says_what_was_never_sent() {
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, "A").is_empty());
    assert_eq!(toast(&state), "nothing is being sent");
    state.acting.rounds = 1;
    assert!(screens::shown(&state).contains("A stop sending"));
    assert_eq!(press(&mut state, "A"), [Effect::Ask(Intent::Stop)]);
    let round = Round {
        ok: 30,
        failed: 4,
        unsent: 4966,
        ..Round::default()
    };
    update(&mut state, Input::Round(round));
    let told = "stopped: 34 sent (30 ok, 4 failed), 4,966 never sent";
    assert_eq!(toast(&state), told);
    assert!(!screens::shown(&state).contains("A stop sending"));
}

#[test]
fn marked_and_shown_ones_are_sent_together() {
    let mut state = screen((80, 24), rows(1..=12));
    state.list.marked.extend([2, 5, 7]);
    assert!(press(&mut state, "r").is_empty());
    let Some(Desk::Form(form)) = desk(&state) else {
        panic!("no form");
    };
    assert_eq!(form.numbers, [2, 5, 7]);
    press_all(&mut state, &[code(Code::Tab)]);
    press(&mut state, " ");
    past(&mut state, 1..=12, "http://localhost:3000");
    let asked = press(&mut state, "s");
    assert_eq!(replays(&asked).map(Replays::count), Some(12));
    let on = true;
    let numbers = vec![2, 5, 7];
    let keep = Effect::Ask(Intent::Bookmarks { numbers, on });
    assert_eq!(press(&mut state, "b"), [keep]);
}

#[test]
fn a_round_is_told_in_a_sentence_and_each_in_the_log() {
    let mut state = screen((80, 24), rows(1..=3));
    let mut round = Round {
        ok: 19,
        failed: 1,
        told: vec![(true, "replay of #5: connection \u{1b}[31mrefused".into())],
        ..Round::default()
    };
    update(&mut state, Input::Round(round.clone()));
    assert_eq!(toast(&state), "20 replays: 19 ok, 1 failed (L lists them)");
    let logged =
        |state: &State, text: &str| state.log.iter().any(|told| told.text.as_str() == text);
    assert!(logged(&state, "replay of #5: connection ^[[31mrefused"));
    (round.ok, round.failed) = (2, 0);
    update(&mut state, Input::Round(round));
    assert_eq!(toast(&state), "2 replays: all ok");
}

#[test]
fn the_previous_of_its_kind_is_compared_or_two_that_are_marked() {
    let pick = |number| Pick {
        number,
        chosen: None,
    };
    let mut all = rows(1..=4);
    all[2].path = "/other".into();
    let mut state = screen((80, 24), all);
    let d = code(Code::Char('d'));
    assert_eq!(fetch(&mut state, d), Some(Fetch::Diff(pick(2), pick(4))));
    state.list.marked.extend([1, 3]);
    assert_eq!(fetch(&mut state, d), Some(Fetch::Diff(pick(1), pick(3))));
    state.list.marked.clear();
    press(&mut state, "k");
    assert_eq!(fetch(&mut state, d), None);
    assert!(toast(&state).starts_with("no earlier request of this kind"));
    press(&mut state, "j");
    read_detail(&mut state, 3, "http://localhost:3000");
    press(&mut state, "4");
    let one = |chosen| Pick {
        number: 4,
        chosen: Some(chosen),
    };
    assert_eq!(fetch(&mut state, d), Some(Fetch::Diff(one(1), one(2))));
}

fn compared(draft: Option<Draft>) -> Brought {
    let lines = |name: &str, lines: usize| -> Vec<page::Line> {
        let text = |at| Safe::format(format_args!("{name} {at}"));
        (0..lines)
            .map(|at| vec![(page::Role::Text, text(at))])
            .collect()
    };
    let sheet = |name: &str, count: usize| Sheet {
        title: Safe::own("diff #2 → #4"),
        lines: lines(name, count),
        right: Vec::new(),
        changes: vec![1, 40],
    };
    let sheets = |count, left| Sheets {
        list: sheet("line", count),
        unified: sheet("unified", count),
        split: Sheet {
            right: lines("right", count),
            ..sheet("left", count)
        },
        patch: Ok(Patch {
            text: "[]".into(),
            count: 2,
            left,
        }),
    };
    Brought::Compared(Box::new(Compared {
        short: sheets(60, 3),
        all: sheets(70, 0),
        draft,
    }))
}

#[test]
fn the_comparison_is_walked_by_its_changes() {
    let mut state = screen((80, 24), rows(1..=4));
    bring(&mut state, compared(None));
    assert_eq!(keys::place(&state), Place::Diff);
    assert!(
        screens::shown(&state).contains(">  line 1") || screens::shown(&state).contains("> line 1")
    );
    press(&mut state, "n");
    assert!(screens::shown(&state).contains("> line 40"));
    press(&mut state, "iG");
    assert!(screens::shown(&state).contains("line 69"));
    assert!(press(&mut state, "r").is_empty());
    assert_eq!(toast(&state), "this is no edit: nothing to send");
    press(&mut state, "q");
    assert!(state.popup.is_none());
}

#[test]
fn the_comparison_is_shown_in_three_ways_and_copied() {
    let mut state = screen((80, 24), rows(1..=4));
    bring(&mut state, compared(None));
    press(&mut state, "v");
    assert!(screens::shown(&state).contains("unified 1"));
    press(&mut state, "v");
    assert!(
        screens::shown(&state).contains(" line 1"),
        "too narrow for two"
    );
    let mut state = screen((120, 30), rows(1..=4));
    bring(&mut state, compared(None));
    press(&mut state, "vvn");
    let shown = screens::shown(&state);
    let both = |line: &str| line.contains("> left 40") && line.contains("│ right 40");
    assert!(shown.lines().any(both), "{shown}");
    update(&mut state, Input::Size(80, 24));
    assert!(screens::shown(&state).contains("unified 40"));
    let copied = |state: &mut State| match press(state, "y").pop() {
        Some(Effect::Copy(clip)) => (
            clip.what.to_string(),
            clip.note.map(|note| note.to_string()),
        ),
        other => panic!("{other:?}"),
    };
    let what = "JSON Patch of 2 changes".to_owned();
    let note = Some("3 volatile left out (i)".to_owned());
    assert_eq!(copied(&mut state), (what.clone(), note));
    press(&mut state, "i");
    assert_eq!(copied(&mut state), (what, None));
}

fn edited(text: &'static str) -> Edited {
    Edited {
        number: 3,
        part: Part::Body,
        original: "{}".into(),
        text: text.into(),
    }
}

fn returned(state: &mut State, edited: Edited, result: Result<(), String>) -> Vec<Effect> {
    let returned = Loaded::Returned(Returned::Edited(edited, result));
    update(state, Input::Loaded(returned)).1
}

#[test]
fn an_edit_is_compared_and_sent_by_the_form_alone() {
    let mut state = screen((80, 24), rows(1..=3));
    let (number, part) = (3, Part::Body);
    let e = code(Code::Char('e'));
    assert_eq!(fetch(&mut state, e), Some(Fetch::Text { number, part }));
    let text = "{}".into();
    let effects = bring(&mut state, Brought::Text { number, part, text });
    assert!(effects.contains(&Effect::Lend(Errand::Edit(edited("{}")))));
    let effects = returned(&mut state, edited("[]"), Ok(()));
    assert!(effects.contains(&Effect::Load(What::Fetch(Fetch::Edited(edited("[]"))))));
    let edits = event::Edits {
        body: Some("[]".into()),
        ..event::Edits::default()
    };
    let said = Safe::own("edited, 1 change");
    bring(
        &mut state,
        compared(Some(Draft {
            number,
            edits: edits.clone(),
            said,
        })),
    );
    assert!(press_all(&mut state, &[enter(), code(Code::Char('e'))]).is_empty());
    press(&mut state, "r");
    past(&mut state, 3..=3, "http://localhost:3000");
    let asked = press(&mut state, "s");
    // Signed anew where that is possible: an edit needs it.
    let sent = event::Edits {
        sign: event::Sign::IfGood,
        ..edits.clone()
    };
    assert_eq!(replays(&asked).map(|sent| &sent.edits), Some(&sent));

    // It failed: the edit is opened again.
    let round = Round {
        failed: 1,
        told: vec![(true, "replay of #3: refused".into())],
        edited: Some(3),
        ..Round::default()
    };
    update(&mut state, Input::Round(round.clone()));
    assert_eq!(
        toast(&state),
        "replay of #3: refused; e opens your edit again"
    );
    let text = "{}".into();
    let effects = bring(&mut state, Brought::Text { number, part, text });
    assert!(effects.contains(&Effect::Lend(Errand::Edit(edited("[]")))));
    update(
        &mut state,
        Input::Round(Round {
            ok: 1,
            failed: 0,
            ..round
        }),
    );
    assert!(state.acting.drafts.is_empty());
}

#[test]
fn an_editor_that_fails_or_changes_nothing_sends_nothing_and_says_so() {
    for (text, result, told) in [
        (
            "[]",
            Err("`vi` failed: exit status: 1".to_owned()),
            "`vi` failed: exit status: 1: nothing was sent",
        ),
        ("{}", Ok(()), "#3: nothing was changed, nothing was sent"),
        ("", Ok(()), "#3: the file was empty, nothing was sent"),
    ] {
        let mut state = screen((80, 24), rows(1..=3));
        let effects = returned(&mut state, edited(text), result);
        assert!(
            !effects
                .iter()
                .any(|effect| matches!(effect, Effect::Ask(_) | Effect::Load(What::Fetch(_))))
        );
        assert_eq!(toast(&state), told);
        assert!(state.acting.drafts.is_empty());
    }
}

#[test]
fn pieces_that_are_not_there_say_why() {
    let mut state = screen((80, 24), rows(1..=3));
    for key in ["k", "v", "p", "j"] {
        assert!(press(&mut state, &format!("y{key}")).is_empty());
        assert_eq!(toast(&state), "there is no JSON tree here");
        press_all(&mut state, &[code(Code::Esc)]);
    }
    press(&mut state, "y");
    let wish = fetch(&mut state, code(Code::Char('c')));
    assert!(
        matches!(wish, Some(Fetch::Clip(wish)) if wish.piece == Piece::Curl && wish.number == 3)
    );
}

#[test]
fn desks() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "R");
    past(&mut state, 3..=3, "http://localhost:3000");
    insta::assert_snapshot!("replay_form", screens::shown(&state));
    press_all(&mut state, &[code(Code::Esc)]);
    press(&mut state, "x");
    insta::assert_snapshot!("export_menu", screens::shown(&state));
}
