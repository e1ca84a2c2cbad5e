//! The one table of keys: what is pressed → [`Action`], with the words that help and hints are made of.
//!
//! In: a key and the place that has it. Out: the action, or why it is not possible now. Behaviour, the hint line and `?` read
//! this table and nothing else. Must not know: terminals.

mod table;

use super::{
    act::detail,
    field::{Erase, Step},
    layout::Pane,
    page::Form,
    state::{Popup, State, Tab},
};
use crate::event::Link;

pub(super) use self::table::TABLE;

/// A key as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Code {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
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
    /// Any line that text is typed into; it takes every character that is no key of its own.
    Field,
    /// The line that says what is searched in the detail.
    Search,
    /// Every action by its name.
    Palette,
    /// What was told.
    Log,
    /// The ways to lay a body out.
    Forms,
    /// The box that asks for a target.
    Target,
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
    NextProblem,
    PreviousProblem,
    Show(Tab),
    NextTab,
    PreviousTab,
    Toggle,
    FoldAll,
    UnfoldAll,
    NextForm,
    Forms,
    Form(Form),
    Search,
    NextHit,
    PreviousHit,
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
    Page,
    Suspend,
    Redraw,
    Help,
    Log,
    Palette,
    Back,
    Quit,
    QuitNow,
    Accept,
    Send,
    Release,
    Leave,
    Yes,
    Erase(Erase),
    Cursor(Step),
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

/// The actions that the last line of the screen names, the most wanted first.
pub(super) fn hinted(place: Place) -> &'static [Action] {
    match place {
        Place::Detail => &[
            Action::Replay,
            Action::Search,
            Action::NextForm,
            Action::NextTab,
            Action::NextRequest,
            Action::CopyUrl,
            Action::Zoom,
            Action::Back,
            Action::Help,
        ],
        Place::Search | Place::Palette => &[Action::Accept, Action::Back],
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
    let below = of(Place::Everywhere).filter(move |_| is_pane);
    let typing = of(Place::Field).filter(move |_| is_typing(place));
    of(place).chain(below).chain(typing)
}

/// Whether text is typed in a place.
pub(super) fn is_typing(place: Place) -> bool {
    matches!(place, Place::Target | Place::Search | Place::Palette)
}

/// Where the next key goes.
pub(super) fn place(state: &State) -> Place {
    match (state.popup.as_ref().map(|open| &open.popup), state.focus) {
        (Some(Popup::Help { .. }), _) => Place::Help,
        (Some(Popup::Palette { .. }), _) => Place::Palette,
        (Some(Popup::Log { .. }), _) => Place::Log,
        (Some(Popup::Forms), _) => Place::Forms,
        (Some(Popup::Target { .. }), _) => Place::Target,
        (Some(Popup::Replay { .. }), _) => Place::Replay,
        (Some(Popup::Release), _) => Place::Release,
        (Some(Popup::Quit), _) => Place::Quit,
        (None, Pane::List) => Place::List,
        (None, Pane::Detail) => {
            let search = state.search.as_ref();
            match search.is_some_and(|search| search.is_typing) {
                true => Place::Search,
                false => Place::Detail,
            }
        }
    }
}

/// Whether an action can be done now.
///
/// # Errors
/// Why not, in words.
pub(super) fn possible(state: &State, action: Action) -> Result<(), &'static str> {
    let is_connected = matches!(state.link, Link::Live(_));
    let tries = state.detail.as_ref().map_or(0, |detail| detail.tries);
    let has_form = state
        .shown()
        .is_some_and(|detail| detail.body.form.is_some());
    match action {
        Action::Hold | Action::Connect | Action::CopyUrl if !state.route.is_listening => {
            Err("not listening: this is the history")
        }
        Action::Open | Action::Replay | Action::Bookmark | Action::Page
            if state.selected.is_none() =>
        {
            Err("no request yet")
        }
        Action::Replay if !state.has_target() => Err("there is no target: listen TARGET"),
        Action::CopyUrl if state.url.is_none() => Err("the URL is not known yet"),
        Action::Connect if is_connected => Err("already connected"),
        Action::Toggle | Action::FoldAll | Action::UnfoldAll if state.tree().is_none() => {
            Err("there is no tree here")
        }
        Action::NextForm | Action::Forms if !has_form => Err("there is no body"),
        Action::Form(form) => detail::obstacle(state, form).map_or(Ok(()), Err),
        Action::NextHit | Action::PreviousHit if state.search.is_none() => {
            Err("nothing is searched: / begins")
        }
        Action::NextTry | Action::PreviousTry if tries < 2 => Err("there is no other try"),
        _ => Ok(()),
    }
}

impl Key {
    /// What is printed on it.
    pub(super) fn label(self) -> String {
        let name = match self.code {
            Code::Char(' ') => "Space".to_owned(),
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

    use super::{
        table::{char, key},
        *,
    };

    const PLACES: [Place; 11] = [
        Place::Palette,
        Place::Log,
        Place::Search,
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
        assert!(
            TABLE
                .iter()
                .all(|line| !line.help.is_empty() && !line.keys.is_empty())
        );
        for place in PLACES {
            for &action in hinted(place) {
                let pane = if matches!(place, Place::Detail | Place::Search | Place::Palette) {
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
