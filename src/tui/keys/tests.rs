//! No clash, no action without words, nothing confirmed by accident.

use std::collections::HashSet;

use super::{
    table::{char, key},
    *,
};

const PLACES: [Place; 21] = [
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
        for key in here(place).flat_map(|binding| binding.keys) {
            assert!(seen.insert(key), "{key:?} in {place:?}");
        }
    }
}

#[test]
fn every_action_has_help_and_every_hint_a_key() {
    assert!(
        TABLE
            .iter()
            .all(|line| !line.help.is_empty() && !line.keys.is_empty())
    );
    for place in PLACES {
        for &action in hinted(place) {
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
        (Place::Form, Action::Do(Deed::Send), 'r'),
        (Place::Form, Action::Do(Deed::Send), 'R'),
        (Place::Diff, Action::Do(Deed::ToForm), 'e'),
        (Place::Overwrite, Action::Do(Deed::Overwrite), 'x'),
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
