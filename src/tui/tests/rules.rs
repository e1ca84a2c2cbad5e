//! Every key that asks for something or changes the screen, the guards before it, the link's states, toasts.

use hooktool_relay::capture::UnixMillis;

use super::*;
use crate::tui::keys;
use crate::{
    event::{Hold, Notice, Reach},
    tui::{
        deed::Desk,
        layout::{Pane, Shape},
        state::{Mood, Popup, Tab},
    },
};

fn hold(on: bool, held: u64) -> Input {
    Input::Hold(Hold {
        on,
        held,
        parked: 0,
    })
}

fn popup(state: &State) -> Option<&Popup> {
    state.popup.as_ref().map(|open| &open.popup)
}

fn toast(state: &State) -> &str {
    state.toast.as_ref().map_or("", |toast| toast.text.as_str())
}

fn replay(number: Number) -> Effect {
    Effect::Ask(Intent::Replay { number, to: None })
}

#[test]
fn a_replay_to_this_machine_is_asked_at_once_and_its_result_told() {
    let mut state = screen((80, 24), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    assert_eq!(press(&mut state, "r"), [replay(3)]);
    let mut replayed = row(3, Some(200));
    replayed.tries = 2;
    arrive(&mut state, replayed.clone());
    assert_eq!(
        toast(&state),
        "replay of #3 …",
        "a try of another cause is not its result"
    );
    replayed.last.as_mut().expect("a try").cause = Cause::Replay;
    arrive(&mut state, replayed);
    assert_eq!(toast(&state), "replay of #3: 200 after 13ms");
    assert!(state.replays.is_empty());
}

#[test]
fn a_replay_to_a_target_that_is_not_known_yet_asks_first() {
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, "r").is_empty());
    assert!(matches!(popup(&state), Some(Popup::Desk(Desk::Form(_)))));
    let mut untried = row(4, None);
    (untried.tries, untried.last) = (0, None);
    let mut state = screen((80, 24), vec![untried]);
    assert_eq!(
        press(&mut state, "r"),
        [replay(4)],
        "the present target is this machine"
    );
    // Captured only: where to is asked, once.
    state.route.target = String::new();
    state.replays.clear();
    assert!(press(&mut state, "r").is_empty());
    press_all(&mut state, &[code(Code::BackTab); 6]);
    press(&mut state, "4000");
    press_all(&mut state, &[code(Code::Tab)]);
    let to: crate::target::Target = "4000".parse().expect("a target");
    let there = Intent::Replay {
        number: 4,
        to: Some(to),
    };
    assert_eq!(press(&mut state, "s"), [Effect::Ask(there.clone())]);
    assert_eq!(press(&mut state, "r"), [Effect::Ask(there)]);
}

#[test]
fn hold_is_asked_for_and_its_end_asks_what_becomes_of_the_held() {
    let mut state = screen((80, 24), rows(1..=3));
    assert_eq!(press(&mut state, "H"), [Effect::Ask(Intent::Hold(true))]);
    update(&mut state, hold(true, 0));
    assert_eq!(press(&mut state, "H"), [Effect::Ask(Intent::Hold(false))]);
    update(&mut state, hold(true, 5));
    assert!(press(&mut state, "H").is_empty());
    let end = Effect::Ask(Intent::Hold(false));
    assert_eq!(press(&mut state, "d"), [end, Effect::Ask(Intent::Release)]);
    press(&mut state, "H");
    assert_eq!(press(&mut state, "s"), [Effect::Ask(Intent::Hold(false))]);
}

#[test]
fn connect_copy_and_bookmark_ask_when_they_can() {
    let mut state = blank((80, 24));
    assert!(press(&mut state, "yb").is_empty());
    assert_eq!(press(&mut state, "c"), [Effect::Ask(Intent::Connect)]);
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, "c").is_empty());
    assert_eq!(toast(&state), "already connected");
    let keep = Intent::Bookmark {
        number: 3,
        on: true,
    };
    assert_eq!(press(&mut state, "b"), [Effect::Ask(keep)]);
}

#[test]
fn q_goes_back_and_asks_only_when_something_is_under_way() {
    let end = [Effect::Ask(Intent::Quit), Effect::Quit];
    let mut state = screen((80, 24), rows(1..=3));
    press_all(&mut state, &[code(Code::Enter)]);
    assert!(press(&mut state, "q").is_empty());
    assert_eq!(state.focus, Pane::List);
    assert_eq!(press(&mut state, "q"), end);

    arrive(&mut state, row(4, Some(200)));
    assert!(press(&mut state, "q").is_empty());
    assert_eq!(popup(&state), Some(&Popup::Quit));
    assert!(press_all(&mut state, &[code(Code::Enter), code(Code::Char('q'))]).is_empty());
    assert_eq!(press(&mut state, "y"), end);
    wait(&mut state, Duration::from_secs(60));
    assert_eq!(press(&mut state, "q"), end);
    update(&mut state, hold(true, 1));
    assert!(press(&mut state, "q").is_empty());
    press_all(&mut state, &[code(Code::Esc)]);
    assert_eq!(press(&mut state, "Q"), end);
    let stop = Key {
        code: Code::Char('c'),
        ctrl: true,
    };
    assert_eq!(press_all(&mut state, &[stop]), end);
}

#[test]
fn esc_never_quits() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, "?");
    assert!(matches!(popup(&state), Some(Popup::Help { .. })));
    for _ in 0..5 {
        assert!(press_all(&mut state, &[code(Code::Esc)]).is_empty());
    }
    assert!(popup(&state).is_none());
}

#[test]
fn tabs_tries_zoom_and_panes() {
    let mut state = screen((80, 24), rows(1..=3));
    read_detail(&mut state, 3, "http://localhost:3000");
    for (key, tab) in [
        ("2", Tab::Headers),
        ("3", Tab::Response),
        ("6", Tab::Raw),
        ("4", Tab::Tries),
        ("1", Tab::Body),
        ("[", Tab::Raw),
        ("]", Tab::Body),
    ] {
        press(&mut state, key);
        assert_eq!(state.tab, tab, "{key}");
    }
    for (key, chosen) in [(",", 1), (",", 0), (",", 0), (".", 1)] {
        press(&mut state, key);
        assert_eq!(state.chosen, Some(chosen), "{key}");
        read_detail(&mut state, 3, "http://localhost:3000");
    }
    press(&mut state, "*");
    assert_eq!(state.revealed, Some(3));
    press(&mut state, "*");
    assert_eq!(state.revealed, None);
    press(&mut state, "z");
    assert_eq!(state.layout().shape, Shape::Zoomed);
    press_all(&mut state, &[code(Code::Tab)]);
    assert_eq!(state.focus, Pane::Detail);
    press(&mut state, "K");
    assert_eq!(state.list.selected, Some(2));
    press(&mut state, "J");
    assert_eq!(state.list.selected, Some(3));
    press_all(&mut state, &[code(Code::BackTab)]);
    assert_eq!(state.focus, Pane::List);
}

#[test]
fn the_detail_scrolls_within_its_lines() {
    let mut state = screen((80, 16), rows(1..=3));
    read_detail(&mut state, 1, "http://localhost:3000");
    press(&mut state, "2l");
    press(&mut state, "G");
    let lines = state.shown().expect("a detail").len(Tab::Headers);
    let rows = state.layout().detail_rows();
    assert!(lines > rows);
    assert_eq!(state.scroll, lines - rows);
    press(&mut state, "jk");
    assert_eq!(state.scroll, lines - rows - 1);
    press(&mut state, "g");
    assert_eq!(state.scroll, 0);
    press(&mut state, "ll");
    assert_eq!(state.column, 16);
    press(&mut state, "hhh");
    assert_eq!(state.column, 0);
    press_all(&mut state, &[code(Code::Esc), code(Code::Char('J'))]);
    assert_eq!(
        (state.scroll, state.list.selected),
        (1, Some(3)),
        "J scrolls the preview from the list"
    );
}

#[test]
fn toasts_end_by_time_and_problems_by_a_key() {
    let mut state = screen((80, 24), rows(1..=3));
    update(&mut state, Input::Paste("rQ".into()));
    assert_eq!(
        state.next_tick(),
        Some(state.now.since_start + Duration::from_secs(4))
    );
    assert!(!wait(&mut state, Duration::from_secs(3)));
    assert!(wait(&mut state, Duration::from_secs(1)));
    assert!(state.toast.is_none() && state.next_tick().is_none());

    let text = "cannot replay: \u{1b}[31mno".to_owned();
    update(
        &mut state,
        Input::Notice(Notice {
            is_problem: true,
            text,
            about: None,
        }),
    );
    assert_eq!(
        state.toast.as_ref().map(|toast| toast.mood),
        Some(Mood::Problem)
    );
    assert_eq!(toast(&state), "cannot replay: ^[[31mno");
    assert!(!wait(&mut state, Duration::from_secs(60)));
    press(&mut state, "j");
    assert!(state.toast.is_none());
    update(&mut state, Input::Busy);
    assert_eq!(toast(&state), "busy: not done, try again");
}

#[test]
fn the_countdown_alone_moves_the_screen_while_the_link_is_lost() {
    let mut state = screen((80, 24), rows(1..=3));
    assert_eq!(state.next_tick(), None);
    assert!(!wait(&mut state, Duration::from_secs(600)));
    let lost = Link::Reconnecting {
        after: Duration::from_secs(4),
        attempt: 3,
        cause: "refused".into(),
    };
    update(&mut state, Input::Link(lost));
    assert_eq!(
        state.next_tick(),
        Some(state.now.since_start + Duration::from_secs(1))
    );
    assert!(!wait(&mut state, Duration::from_millis(500)));
    assert!(wait(&mut state, Duration::from_millis(500)));
    assert_eq!(state.until_next_try(), Some(Duration::from_secs(3)));
    wait(&mut state, Duration::from_secs(10));
    assert_eq!(state.next_tick(), None);
    let since = UnixMillis(NOON);
    update(
        &mut state,
        Input::Reach(Reach::Down {
            since,
            cause: "refused".into(),
        }),
    );
    assert_eq!(press(&mut state, "c"), [Effect::Ask(Intent::Connect)]);
}

#[test]
fn a_failed_read_is_told_and_not_repeated_for_ever() {
    let mut state = blank((80, 24));
    let (_, effects) = update(&mut state, Input::Paste("rQ".into()));
    assert_eq!(
        effects,
        [Effect::Load(What::Newest), Effect::Load(What::Older)]
    );
    let failed = Loaded::Failed {
        what: What::Newest,
        cause: "locked".into(),
    };
    let (_, effects) = update(&mut state, Input::Loaded(failed));
    assert!(effects.is_empty());
    assert_eq!(toast(&state), "history: locked");
}

#[test]
fn the_newest_are_shown_before_all_others_are_read() {
    let mut state = blank((80, 24));
    wait(&mut state, Duration::ZERO);
    let newest = Loaded::Newest(rows(901..=1_000), false);
    let (_, effects) = update(&mut state, Input::Loaded(newest));
    let all = Effect::Load(What::All { is_wide: false });
    assert!(effects.contains(&all), "{effects:?}");
    assert_eq!(state.list.selected, Some(1_000));
    let text = screens::shown(&state);
    assert!(text.contains("/stripe?n=1000"), "{text}");
    assert!(text.contains("reading the history…"), "{text}");
    press(&mut state, "k");
    assert_eq!(
        keys::possible(&state, keys::Action::DeleteShown),
        Err("the history is still being read")
    );
    update(&mut state, Input::Loaded(Loaded::All(rows(1..=1_001))));
    assert_eq!(state.list.selected, Some(999), "the person's row");
    assert_eq!((state.list.missed, state.list.baseline), (1, 1_000));
    let text = screens::shown(&state);
    assert!(text.contains("1,001 requests"), "{text}");
}

#[test]
fn a_short_history_is_read_once() {
    let mut state = blank((80, 24));
    wait(&mut state, Duration::ZERO);
    let newest = Loaded::Newest(rows(1..=3), true);
    let (_, effects) = update(&mut state, Input::Loaded(newest));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Load(What::All { .. })))
    );
    assert!(screens::shown(&state).contains("3 requests"));
}

#[test]
fn what_was_told_is_read_again_in_the_log() {
    let mut state = screen((80, 24), rows(1..=3));
    let link = Link::TakenOver {
        by: "lap\u{1b}top".into(),
    };
    update(&mut state, Input::Link(link));
    update(&mut state, Input::Paste("x".into()));
    press(&mut state, "L");
    let shown = screens::shown(&state);
    for told in ["live", "taken over by session lap^[top", "paste ignored"] {
        assert!(shown.contains(told), "no {told} in\n{shown}");
    }
    for _ in 0..600 {
        update(&mut state, Input::Busy);
    }
    assert_eq!(state.log.len(), crate::tui::state::Told::KEPT);
    press(&mut state, "gG");
    assert!(screens::shown(&state).contains("busy"));
    press(&mut state, "L");
    assert!(popup(&state).is_none());
}

#[test]
fn the_palette_finds_an_action_by_its_name_and_says_why_one_is_not_possible() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, ":zoo");
    insta::assert_snapshot!("palette", screens::shown(&state));
    press_all(&mut state, &[code(Code::Enter)]);
    assert!(popup(&state).is_none() && state.layout().shape == Shape::Zoomed);
    press(&mut state, ":connect");
    assert!(press_all(&mut state, &[code(Code::Enter)]).is_empty());
    assert_eq!(toast(&state), "already connected");
    press(&mut state, ":request");
    press_all(&mut state, &[code(Code::Down), code(Code::Enter)]);
    assert_eq!(
        state.list.selected,
        Some(2),
        "the second that fits: the previous request"
    );
    press(&mut state, ":nothing fits");
    assert!(press_all(&mut state, &[code(Code::Down), code(Code::Enter)]).is_empty());
    press_all(&mut state, &[code(Code::Esc)]);
    assert!(popup(&state).is_none());
}
