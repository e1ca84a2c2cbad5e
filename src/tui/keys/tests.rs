//! No clash, no action without words, nothing confirmed by accident.

use std::collections::HashSet;

use super::{
    table::{char, key},
    *,
};

const PLACES: [Place; 27] = [
    Place::Save,
    Place::Replace,
    Place::Note,
    Place::Delete,
    Place::Clear,
    Place::Palette,
    Place::Log,
    Place::Search,
    Place::Filter,
    Place::Syntax,
    Place::Url,
    Place::Sort,
    Place::Forms,
    Place::List,
    Place::Detail,
    Place::Help,
    Place::Target,
    Place::Copy,
    Place::Export,
    Place::File,
    Place::Overwrite,
    Place::Diff,
    Place::Form,
    Place::FormText,
    Place::Confirm,
    Place::Release,
    Place::Quit,
];

#[test]
fn no_key_means_two_things_in_one_place() {
    for place in PLACES {
        let mut seen = HashSet::new();
        for key in here(place).flat_map(|binding| binding.keys.iter()) {
            assert!(seen.insert(key), "{key:?} in {place:?}");
        }
    }
}

#[test]
fn every_action_has_help_and_every_hint_a_key() {
    assert!(TABLE.iter().all(|line| !line.help.is_empty()));
    let keyless: Vec<&Binding> = TABLE.iter().filter(|line| line.keys.is_empty()).collect();
    assert!(
        keyless.iter().all(|line| line.place == Place::Everywhere),
        "the palette alone finds what has no key: {keyless:?}"
    );
    for (place, is_empty) in PLACES
        .iter()
        .flat_map(|&place| [(place, false), (place, true)])
    {
        for &action in hinted(place, is_empty) {
            let pane = if matches!(
                place,
                Place::Detail | Place::Diff | Place::Search | Place::Filter | Place::Palette
            ) {
                place
            } else {
                Place::List
            };
            assert!(of(pane, action).is_some(), "{action:?} in {pane:?}");
        }
    }
}

#[test]
fn no_box_is_confirmed_by_enter_or_by_the_key_that_opens_it() {
    let confirms = [
        (Place::Delete, Action::Yes, 'D'),
        (Place::Delete, Action::Bookmarked, 'D'),
        (Place::Form, Action::Do(Deed::Send), 'r'),
        (Place::Form, Action::Do(Deed::Send), 'R'),
        (Place::Diff, Action::Do(Deed::ToForm), 'e'),
        (Place::Overwrite, Action::Do(Deed::Overwrite), 'x'),
        (Place::Release, Action::Release, 'H'),
        (Place::Quit, Action::Yes, 'q'),
    ];
    for (place, action, opener) in confirms {
        let keys = of(place, action)
            .map(|binding| &binding.keys[..])
            .unwrap_or_default();
        assert!(!keys.is_empty());
        assert!(!keys.contains(&key(Code::Enter)) && !keys.contains(&char(opener)));
    }
}

fn wish(action: &str, keys: &[&str]) -> (String, Vec<String>) {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    (action.to_owned(), keys)
}

#[test]
fn a_person_may_choose_other_keys() {
    let wishes = [
        wish("next-problem", &["X", "Ctrl-t"]),
        wish("mark", &["m"]),
        wish("show-body", &["F1"]),
        wish("help", &["?"]),
        wish("down", &["Down", "Backspace"]),
    ];
    let map = Keymap::new(&wishes).expect("no clash");
    let keys = |place, action| {
        let mut table = map.table().iter();
        let line = table.find(|line| (line.place, line.action) == (place, action));
        line.map(Binding::labels)
    };
    let list = |action| keys(Place::List, action);
    assert_eq!(list(Action::NextProblem).as_deref(), Some("X Ctrl-t"));
    assert_eq!(list(Action::Down).as_deref(), Some("Down Backspace"));
    assert_eq!(
        keys(Place::Help, Action::Down).as_deref(),
        Some("j Down"),
        "boxes keep theirs"
    );
}

#[test]
fn a_clash_and_a_name_that_means_nothing_are_refused_with_the_line() {
    let fault = |wishes: &[(String, Vec<String>)]| {
        let fault = Keymap::new(wishes).expect_err("a misfit");
        (fault.wish, fault.what)
    };
    assert_eq!(
        fault(&[wish("mark", &["m"]), wish("sort", &["r"])]),
        (1, "r would be both `sort` and `replay`".to_owned())
    );
    assert_eq!(
        fault(&[wish("next-problme", &["x"])]),
        (0, "there is no action `next-problme`".to_owned())
    );
    assert_eq!(
        fault(&[wish("mark", &["Hyper-x"])]),
        (0, "there is no key `Hyper-x`".to_owned())
    );
    assert_eq!(
        fault(&[wish("send", &["Enter"])]).1,
        "there is no action `send`",
        "what confirms is not for choice"
    );
    let near = Keymap::new(&[wish("next-problme", &["x"])]).expect_err("a misfit");
    assert_eq!(near.hint, "the nearest is `next-problem`");
}
