//! Other keys for the actions of list and detail, as a person's config says.
//!
//! In: names of actions, names of keys. Out: the table with them, or what is wrong and in which line of the wishes. The keys of boxes and
//! of lines that are typed into stay: what confirms a danger is not for choice.

use std::sync::OnceLock;

use super::{Action, Binding, Code, Key, Place, table::TABLE};
use crate::{
    text::nearest,
    tui::deed::{Deed, Set},
};

/// The table that was chosen for this process; none: the built-in one.
static CHOSEN: OnceLock<Keymap> = OnceLock::new();

pub(super) fn chosen() -> Option<&'static [Binding]> {
    CHOSEN.get().map(|keymap| &keymap.0[..])
}

/// A table of keys in which nothing clashes.
#[derive(Clone, Debug)]
pub struct Keymap(Vec<Binding>);

/// Why a wish for a key cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which of the wishes, from 0.
    pub wish: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

impl Keymap {
    /// The built-in table with other keys for some actions, each by its name. An action without a key is done by the palette alone.
    ///
    /// # Errors
    /// [`Misfit`]: an action or a key that does not exist, or a key that would mean two things in one place.
    pub fn new(wishes: &[(String, Vec<String>)]) -> Result<Self, Misfit> {
        let mut table = TABLE.to_vec();
        for (wish, (name, keys)) in wishes.iter().enumerate() {
            let keys = keys.iter().map(|text| key(wish, text));
            let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
            let mut lines = table
                .iter_mut()
                .filter(|line| is_named(line, name))
                .peekable();
            if lines.peek().is_none() {
                return Err(unknown(wish, name));
            }
            lines.for_each(|line| line.keys = keys.clone().into());
        }
        let names = |wish: &(String, _), line| is_named(line, &wish.0);
        for (wish, chosen) in wishes.iter().enumerate() {
            let mut lines = table.iter().filter(|line| names(chosen, line));
            if let Some(clash) = lines.find_map(|line| clash(&table, line)) {
                return Err(Misfit {
                    wish,
                    what: clash,
                    hint: "give one of the two another key".to_owned(),
                });
            }
        }
        Ok(Self(table))
    }

    /// Takes it for the rest of the process; the first one stays.
    pub(in crate::tui) fn choose(self) {
        // A second inspector in one process has the keys of the first.
        let _ = CHOSEN.set(self);
    }

    /// The table.
    #[cfg(test)]
    pub(super) fn table(&self) -> &[Binding] {
        &self.0
    }
}

/// The name of an action in the config: `next-problem`, `show-body`.
pub(super) fn name(action: Action) -> String {
    let mut name = String::new();
    let shown = match action {
        // What a deed opens is named by what is done there.
        Action::Do(Deed::Copying) => "Copy".to_owned(),
        Action::Do(Deed::Exporting) => "Export".to_owned(),
        Action::Do(Deed::Compare) => "Diff".to_owned(),
        Action::Do(Deed::Form) => "ReplayForm".to_owned(),
        Action::Do(Deed::FormOf(Set::Marked)) => "ReplayMarked".to_owned(),
        Action::Do(Deed::FormOf(_)) => "ReplayShown".to_owned(),
        Action::Do(Deed::EditBody) => "Edit".to_owned(),
        Action::Do(Deed::EditWhole) => "EditAll".to_owned(),
        Action::Do(deed) => format!("{deed:?}"),
        action => format!("{action:?}"),
    };
    for c in shown.chars() {
        match c {
            '(' => {}
            c if c.is_ascii_uppercase() => {
                if !name.is_empty() {
                    name.push('-');
                }
                name.push(c.to_ascii_lowercase());
            }
            c if c.is_ascii_lowercase() => name.push(c),
            _ => {}
        }
    }
    name
}

fn is_named(line: &Binding, wanted: &str) -> bool {
    is_of_pane(line.place) && name(line.action) == wanted
}

fn is_of_pane(place: Place) -> bool {
    matches!(place, Place::List | Place::Detail | Place::Everywhere)
}

/// What else a key of a line means where that line holds.
fn clash(table: &[Binding], line: &Binding) -> Option<String> {
    let meets = |other: &&Binding| {
        let is_shared = line.place == other.place
            || line.place == Place::Everywhere
            || other.place == Place::Everywhere;
        is_of_pane(other.place) && is_shared && !std::ptr::eq(*other, line)
    };
    for key in line.keys.iter() {
        let other = table
            .iter()
            .filter(meets)
            .find(|other| other.keys.contains(key));
        if let Some(other) = other {
            let (key, one, other) = (key.label(), name(line.action), name(other.action));
            return Some(format!("{key} would be both `{one}` and `{other}`"));
        }
    }
    None
}

fn unknown(wish: usize, wanted: &str) -> Misfit {
    let names: Vec<String> = TABLE
        .iter()
        .filter(|line| is_of_pane(line.place))
        .map(|line| name(line.action))
        .collect();
    let near = nearest(wanted, names.iter().map(String::as_str)).unwrap_or("next-problem");
    Misfit {
        wish,
        what: format!("there is no action `{wanted}`"),
        hint: format!("the nearest is `{near}`"),
    }
}

fn key(wish: usize, text: &str) -> Result<Key, Misfit> {
    let (ctrl, rest) = match text.strip_prefix("Ctrl-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut chars = rest.chars();
    let code = match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_whitespace() && !c.is_control() => Some(Code::Char(c)),
        _ => NAMED
            .into_iter()
            .find(|&code| Key { code, ctrl: false }.label() == rest),
    };
    let is_letter = |code| matches!(code, Code::Char('a'..='z'));
    match code {
        Some(code) if !ctrl || is_letter(code) => Ok(Key { code, ctrl }),
        _ => Err(Misfit {
            wish,
            what: format!("there is no key `{text}`"),
            hint: "write a character, Ctrl- and a small letter, or Space, Enter, Tab, Up, PgDn, F1 and the like".to_owned(),
        }),
    }
}

/// Keys that are no character.
const NAMED: [Code; 17] = [
    Code::Char(' '),
    Code::Enter,
    Code::Backspace,
    Code::Delete,
    Code::Tab,
    Code::BackTab,
    Code::Up,
    Code::Down,
    Code::Left,
    Code::Right,
    Code::PageUp,
    Code::PageDown,
    Code::Home,
    Code::End,
    Code::ShiftUp,
    Code::ShiftDown,
    Code::F1,
];
