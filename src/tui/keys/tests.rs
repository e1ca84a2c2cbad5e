//! No clash, no action without words, nothing confirmed by accident.

use std::collections::HashSet;

use super::{
    table::{char, key},
    *,
};

const PLACES: [Place; 17] = [
    Place::Note,
    Place::Delete,
    Place::Clear,
    Place::Palette,
    Place::Log,
    Place::Search,
    Place::Filter,
    Place::Syntax,
    Place::Sort,
    Place::Forms,
    Place::List,
    Place::Detail,
    Place::Help,
    Place::Target,
    Place::Replay,
    Place::Release,
    Place::Quit,
];

#[test]
fn no_key_means_two_things_in_one_place() {
    for place in PLACES {
        let mut seen = HashSet::new();
        for key in here(place).flat_map(|binding| binding.keys) {
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
    for place in PLACES {
        for &action in hinted(place) {
            let pane = if matches!(
                place,
                Place::Detail | Place::Search | Place::Filter | Place::Palette
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
        (Place::Replay, Action::Send, 'r'),
        (Place::Delete, Action::Yes, 'D'),
        (Place::Delete, Action::Bookmarked, 'D'),
        (Place::Release, Action::Release, 'H'),
        (Place::Quit, Action::Yes, 'q'),
    ];
    for (place, action, opener) in confirms {
        let keys = of(place, action)
            .map(|binding| binding.keys)
            .unwrap_or_default();
        assert!(!keys.is_empty());
        assert!(!keys.contains(&key(Code::Enter)) && !keys.contains(&char(opener)));
    }
}
