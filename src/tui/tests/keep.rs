//! Notes, deletion and its undo, a clear history: what asks, what confirms, what is asked of the history.

use super::*;

fn enter() -> Key {
    code(Code::Enter)
}

fn removal(numbers: &[Number], with_bookmarked: bool) -> [Effect; 1] {
    [Effect::Ask(Intent::Remove {
        numbers: numbers.to_vec(),
        with_bookmarked,
    })]
}

fn told(state: &mut State) -> String {
    let toast = state.toast.take().expect("a reason");
    toast.text.as_str().to_owned()
}

#[test]
fn a_note_is_written_changed_and_left_alone() {
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, ";a q note").is_empty());
    insta::assert_snapshot!("note", screens::shown(&state));
    let note = |text: &str| {
        [Effect::Ask(Intent::Note {
            number: 3,
            text: text.to_owned(),
        })]
    };
    assert_eq!(press_all(&mut state, &[enter()]), note("a q note"));
    let mut noted = row(3, Some(200));
    noted.note = Some("old".into());
    arrive(&mut state, noted);
    press(&mut state, "l;er");
    assert_eq!(press_all(&mut state, &[enter()]), note("older"));
    press(&mut state, ";x");
    assert!(press_all(&mut state, &[code(Code::Esc)]).is_empty());
    assert!(state.popup.is_none());
}

#[test]
fn deleting_takes_another_key_than_the_one_that_asks() {
    let mut state = screen((80, 24), rows(1..=9));
    assert!(press(&mut state, "DD").is_empty());
    assert!(press_all(&mut state, &[enter()]).is_empty());
    insta::assert_snapshot!("delete", screens::shown(&state));
    assert_eq!(press(&mut state, "y"), removal(&[9], false));
    press(&mut state, "gj  ");
    press(&mut state, "D");
    assert_eq!(press(&mut state, "y"), removal(&[2, 3], false));
    press(&mut state, "D");
    assert!(press(&mut state, "n").is_empty());
    assert!(state.popup.is_none());
}

#[test]
fn a_bookmarked_one_goes_only_when_that_is_said() {
    let mut all = rows(1..=3);
    (all[1].bookmarked, all[2].bookmarked) = (true, true);
    let mut state = screen((80, 24), all);
    press(&mut state, "D");
    assert!(press(&mut state, "y").is_empty());
    assert_eq!(told(&mut state), "bookmarked ones stay: b deletes them too");
    assert_eq!(press(&mut state, "b"), removal(&[3], true));
    press(&mut state, "g   D");
    assert!(screens::shown(&state).contains("2 are bookmarked and stay"));
    assert_eq!(press(&mut state, "y"), removal(&[1, 2, 3], false));
    press(&mut state, "g   ");
    press(&mut state, "gD");
    assert!(press(&mut state, "b").is_empty());
    assert_eq!(told(&mut state), "none of them is bookmarked");
}

#[test]
fn u_undoes_for_ten_seconds() {
    let mut state = screen((80, 24), rows(1..=3));
    assert!(press(&mut state, "u").is_empty());
    assert_eq!(told(&mut state), "nothing was deleted in the last 10 s");
    press(&mut state, "Dy");
    assert_eq!(press(&mut state, "u"), [Effect::Ask(Intent::Restore)]);
    assert!(press(&mut state, "u").is_empty());
    press(&mut state, "Dy");
    wait(&mut state, Duration::from_secs(11));
    assert!(press(&mut state, "u").is_empty());
}

#[test]
fn what_the_filter_shows_is_deleted_by_name() {
    let mut state = screen((80, 24), rows(1..=30));
    press(&mut state, "/id:7,8");
    wait(&mut state, Duration::from_millis(60));
    press_all(&mut state, &[enter()]);
    press(&mut state, ":delete all shown");
    assert!(press_all(&mut state, &[enter()]).is_empty());
    assert_eq!(press(&mut state, "y"), removal(&[7, 8], false));
}

#[test]
fn the_history_is_cleared_only_by_its_name() {
    let mut state = screen((80, 24), rows(1..=3));
    press(&mut state, ":clear-history");
    press_all(&mut state, &[enter()]);
    press(&mut state, "tidy");
    assert!(press_all(&mut state, &[enter()]).is_empty());
    insta::assert_snapshot!("clear_history", screens::shown(&state));
    press(&mut state, "-otter");
    let asked = press_all(&mut state, &[enter()]);
    assert_eq!(asked, removal(&[1, 2, 3], false));
    let mut empty = screen((80, 24), Vec::new());
    press(&mut empty, ":clear-history");
    press_all(&mut empty, &[enter()]);
    assert_eq!(told(&mut empty), "no request yet");
}
