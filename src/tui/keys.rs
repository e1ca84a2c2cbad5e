//! The one table of keys: what is pressed → [`Action`], with the words that help and hints are made of.
//!
//! In: a key and the place that has it. Out: the action, or why it is not possible now. Behaviour, the hint line and `?` read
//! this table and nothing else. Must not know: terminals.

use super::layout::Pane;
use super::state::{Popup, State, Tab};
use crate::event::Link;

/// A key as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    F1,
}

/// A key with or without Ctrl. Shift is in the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) code: Code,
    pub(super) ctrl: bool,
}

/// Where a key is pressed: the pane that has the focus, or the box that lies over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// List and detail.
    Everywhere,
    List,
    Detail,
    /// The list of keys.
    Help,
    /// The box that asks before a replay leaves this machine.
    Replay,
    /// The box that asks what becomes of held requests.
    Release,
    /// The box that asks before the end.
    Quit,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Down,
    Up,
    First,
    Last,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Open,
    Left,
    Right,
    ScrollDown,
    ScrollUp,
    NextRequest,
    PreviousRequest,
    Show(Tab),
    NextTab,
    PreviousTab,
    NextTry,
    PreviousTry,
    Secrets,
    Replay,
    CopyUrl,
    Bookmark,
    Follow,
    Hold,
    Connect,
    Pane,
    Zoom,
    Redraw,
    Help,
    Back,
    Quit,
    QuitNow,
    Send,
    Release,
    Leave,
    Yes,
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) place: Place,
    pub(super) action: Action,
    /// Every key that does it, the one to show first.
    pub(super) keys: &'static [Key],
    /// What it does, as help says it.
    pub(super) help: &'static str,
}

const fn on(place: Place, action: Action, keys: &'static [Key], help: &'static str) -> Binding {
    Binding {
        place,
        action,
        keys,
        help,
    }
}

const fn key(code: Code) -> Key {
    Key { code, ctrl: false }
}

const fn char(c: char) -> Key {
    key(Code::Char(c))
}

const fn ctrl(c: char) -> Key {
    Key {
        code: Code::Char(c),
        ctrl: true,
    }
}

const DOWN: &[Key] = &[char('j'), key(Code::Down)];
const UP: &[Key] = &[char('k'), key(Code::Up)];
const FIRST: &[Key] = &[char('g'), key(Code::Home)];
const LAST: &[Key] = &[char('G'), key(Code::End)];
const HALF_DOWN: &[Key] = &[ctrl('d')];
const HALF_UP: &[Key] = &[ctrl('u')];
const PAGE_DOWN: &[Key] = &[key(Code::PageDown), ctrl('f')];
const PAGE_UP: &[Key] = &[key(Code::PageUp), ctrl('b')];

/// Every key there is.
#[rustfmt::skip]
pub(super) const TABLE: &[Binding] = &[
    on(Place::List, Action::Down, DOWN, "next request"),
    on(Place::List, Action::Up, UP, "previous request"),
    on(Place::List, Action::First, FIRST, "first request"),
    on(Place::List, Action::Last, LAST, "newest, and follow"),
    on(Place::List, Action::HalfDown, HALF_DOWN, "half a page down"),
    on(Place::List, Action::HalfUp, HALF_UP, "half a page up"),
    on(Place::List, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::List, Action::PageUp, PAGE_UP, "page up"),
    on(Place::List, Action::Open, &[key(Code::Enter), char('l'), key(Code::Right)], "open"),
    on(Place::List, Action::ScrollDown, &[char('J')], "scroll the detail down"),
    on(Place::List, Action::ScrollUp, &[char('K')], "scroll the detail up"),
    on(Place::Detail, Action::Down, DOWN, "scroll down"),
    on(Place::Detail, Action::Up, UP, "scroll up"),
    on(Place::Detail, Action::First, FIRST, "beginning"),
    on(Place::Detail, Action::Last, LAST, "end"),
    on(Place::Detail, Action::HalfDown, HALF_DOWN, "half a page down"),
    on(Place::Detail, Action::HalfUp, HALF_UP, "half a page up"),
    on(Place::Detail, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Detail, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Detail, Action::Right, &[char('l'), key(Code::Right)], "scroll right"),
    on(Place::Detail, Action::Left, &[char('h'), key(Code::Left)], "scroll left"),
    on(Place::Detail, Action::NextRequest, &[char('J')], "next request"),
    on(Place::Detail, Action::PreviousRequest, &[char('K')], "previous request"),
    on(Place::Everywhere, Action::Replay, &[char('r')], "replay"),
    on(Place::Everywhere, Action::CopyUrl, &[char('y')], "copy URL"),
    on(Place::Everywhere, Action::Bookmark, &[char('b')], "bookmark"),
    on(Place::Everywhere, Action::Follow, &[char('f'), char('p')], "follow/pause"),
    on(Place::Everywhere, Action::Hold, &[char('H')], "hold/resume"),
    on(Place::Everywhere, Action::Connect, &[char('c')], "connect now"),
    on(Place::Everywhere, Action::Show(Tab::Body), &[char('1')], "body"),
    on(Place::Everywhere, Action::Show(Tab::Headers), &[char('2')], "headers"),
    on(Place::Everywhere, Action::Show(Tab::Response), &[char('3')], "response"),
    on(Place::Everywhere, Action::Show(Tab::Tries), &[char('4')], "tries"),
    on(Place::Everywhere, Action::NextTab, &[char(']')], "next tab"),
    on(Place::Everywhere, Action::PreviousTab, &[char('[')], "previous tab"),
    on(Place::Everywhere, Action::NextTry, &[char('.')], "next try"),
    on(Place::Everywhere, Action::PreviousTry, &[char(',')], "previous try"),
    on(Place::Everywhere, Action::Secrets, &[char('*')], "show secrets"),
    on(Place::Everywhere, Action::Pane, &[key(Code::Tab), key(Code::BackTab)], "other pane"),
    on(Place::Everywhere, Action::Zoom, &[char('z')], "zoom"),
    on(Place::Everywhere, Action::Redraw, &[ctrl('l')], "redraw"),
    on(Place::Everywhere, Action::Help, &[char('?'), key(Code::F1)], "all keys"),
    on(Place::Everywhere, Action::Back, &[key(Code::Esc)], "back"),
    on(Place::Everywhere, Action::Quit, &[char('q')], "back, quit"),
    on(Place::Everywhere, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Help, Action::Down, DOWN, "down"),
    on(Place::Help, Action::Up, UP, "up"),
    on(Place::Help, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Help, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Help, Action::First, FIRST, "beginning"),
    on(Place::Help, Action::Last, LAST, "end"),
    on(Place::Help, Action::Back, &[key(Code::Esc), char('q'), char('?'), key(Code::F1)], "close"),
    on(Place::Help, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Replay, Action::Send, &[char('s')], "Send"),
    on(Place::Replay, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Replay, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Release, Action::Release, &[char('d')], "Forward them"),
    on(Place::Release, Action::Leave, &[char('s')], "Leave them"),
    on(Place::Release, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Release, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Quit, Action::Yes, &[char('y')], "Quit"),
    on(Place::Quit, Action::Back, &[key(Code::Esc), char('n')], "Stay"),
    on(Place::Quit, Action::QuitNow, &[ctrl('c')], "Quit now"),
];

/// The actions that the last line of the screen names, the most wanted first.
pub(super) fn hinted(place: Place) -> &'static [Action] {
    match place {
        Place::Detail => &[
            Action::Replay,
            Action::Down,
            Action::NextTab,
            Action::NextRequest,
            Action::CopyUrl,
            Action::Zoom,
            Action::Back,
            Action::Help,
        ],
        _ => &[
            Action::Open,
            Action::Replay,
            Action::CopyUrl,
            Action::Follow,
            Action::Hold,
            Action::Help,
            Action::Quit,
        ],
    }
}

/// The line of the table for a key in a place, if it has one there.
pub(super) fn binding(place: Place, key: Key) -> Option<&'static Binding> {
    here(place).find(|binding| binding.keys.contains(&key))
}

/// The line of the table for an action in a place, if it has one there.
pub(super) fn of(place: Place, action: Action) -> Option<&'static Binding> {
    here(place).find(|binding| binding.action == action)
}

/// Every line that holds in a place, its own first.
pub(super) fn here(place: Place) -> impl Iterator<Item = &'static Binding> {
    let is_pane = matches!(place, Place::List | Place::Detail);
    let of = move |wanted| TABLE.iter().filter(move |line| line.place == wanted);
    of(place).chain(of(Place::Everywhere).filter(move |_| is_pane))
}

/// Where the next key goes.
pub(super) fn place(state: &State) -> Place {
    match (state.popup.as_ref().map(|open| &open.popup), state.focus) {
        (Some(Popup::Help { .. }), _) => Place::Help,
        (Some(Popup::Replay { .. }), _) => Place::Replay,
        (Some(Popup::Release), _) => Place::Release,
        (Some(Popup::Quit), _) => Place::Quit,
        (None, Pane::List) => Place::List,
        (None, Pane::Detail) => Place::Detail,
    }
}

/// Whether an action can be done now.
///
/// # Errors
/// Why not, in words.
pub(super) fn possible(state: &State, action: Action) -> Result<(), &'static str> {
    let is_connected = matches!(state.link, Link::Live(_));
    let tries = state.detail.as_ref().map_or(0, |detail| detail.tries);
    match action {
        Action::Open | Action::Replay | Action::Bookmark if state.selected.is_none() => {
            Err("no request yet")
        }
        Action::Replay if !state.has_target() => Err("there is no target: listen TARGET"),
        Action::CopyUrl if state.url.is_none() => Err("the URL is not known yet"),
        Action::Connect if is_connected => Err("already connected"),
        Action::NextTry | Action::PreviousTry if tries < 2 => Err("there is no other try"),
        _ => Ok(()),
    }
}

impl Key {
    /// What is printed on it.
    pub(super) fn label(self) -> String {
        let name = match self.code {
            Code::Char(c) => c.to_string(),
            Code::BackTab => "Shift-Tab".to_owned(),
            Code::PageUp => "PgUp".to_owned(),
            Code::PageDown => "PgDn".to_owned(),
            code => format!("{code:?}"),
        };
        if self.ctrl {
            format!("Ctrl-{name}")
        } else {
            name
        }
    }
}

impl Binding {
    /// Its keys, with slashes between.
    pub(super) fn labels(&self) -> String {
        let labels: Vec<String> = self.keys.iter().map(|key| key.label()).collect();
        labels.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PLACES: [Place; 6] = [
        Place::List,
        Place::Detail,
        Place::Help,
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
        assert!(
            TABLE
                .iter()
                .all(|line| !line.help.is_empty() && !line.keys.is_empty())
        );
        for place in PLACES {
            for &action in hinted(place) {
                let pane = if place == Place::Detail {
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
}
