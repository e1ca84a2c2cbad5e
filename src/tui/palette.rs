//! The palette: every action of the live key table, found by its name; what cannot be done now stays, with the reason. And the commands
//! that are typed, because they take a word.

use super::{
    keys::{self, Action, Binding, Place},
    layout::Pane,
    page::{Line, Role},
    state::{Popup, State},
};
use crate::text::Safe;

/// Where keys and reasons begin, in cells behind the names.
const NAMES: usize = 26;
const KEYS: usize = 16;

/// Something that is typed with what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Columns,
    Filter,
    Only,
    Secret,
    Theme,
    Time,
    Url,
}

/// A command as it is listed.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) command: Command,
    pub(super) name: &'static str,
    /// What it takes; empty if nothing.
    pub(super) takes: &'static str,
    help: &'static str,
}

/// Every command, by its name.
const COMMANDS: [Typed; 7] = [
    typed(
        Command::Columns,
        "columns",
        "number path method size from sig note",
        "show these; none: what fits",
    ),
    typed(Command::Filter, "filter", "FILTER", "show what fits"),
    typed(
        Command::Only,
        "only",
        "FILTER",
        "forward only what fits; none: all",
    ),
    typed(
        Command::Secret,
        "secret",
        "PROVIDER",
        "keep a signing secret; nobody sees it",
    ),
    typed(
        Command::Theme,
        "theme",
        "auto|dark|light",
        "colours for this background",
    ),
    typed(
        Command::Time,
        "time",
        "relative|local|utc",
        "how the list tells times",
    ),
    typed(Command::Url, "url", "", "the public URL, and how to try it"),
];

const fn typed(
    command: Command,
    name: &'static str,
    takes: &'static str,
    help: &'static str,
) -> Typed {
    Typed {
        command,
        name,
        takes,
        help,
    }
}

/// A line of the palette.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    Typed(&'static Typed),
    Action(&'static Binding),
}

/// What fits the typed words: first a command whose name is typed whole, then actions in the order of the table, then commands.
pub(super) fn entries(state: &State) -> Vec<Entry> {
    let Some(text) = text(state) else {
        return Vec::new();
    };
    let wanted = text.to_lowercase();
    let named = wanted.split_whitespace().next().unwrap_or_default();
    let place = match state.focus {
        Pane::List => Place::List,
        Pane::Detail => Place::Detail,
    };
    let fits = |line: &&Binding| {
        let mut words = wanted.split_whitespace();
        words.all(|word| line.help.contains(word))
    };
    let actions = keys::here(place).filter(|line| line.action != Action::Palette);
    let actions = actions.filter(fits).map(Entry::Action);
    let exact = COMMANDS.iter().filter(|typed| typed.name == named);
    let begun = COMMANDS
        .iter()
        .filter(|typed| typed.name != named && typed.name.starts_with(named));
    let all = exact.map(Entry::Typed).chain(actions);
    all.chain(begun.map(Entry::Typed)).collect()
}

fn text(state: &State) -> Option<&str> {
    match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Palette { field, .. }) => Some(field.text()),
        _ => None,
    }
}

/// The chosen one among them.
pub(super) fn chosen(state: &State) -> Option<Entry> {
    let Some(Popup::Palette { at, .. }) = state.popup.as_ref().map(|open| &open.popup) else {
        return None;
    };
    let entries = entries(state);
    entries.get(*at).or(entries.last()).copied()
}

/// What was typed behind a command's name.
pub(super) fn given(state: &State) -> String {
    let text = text(state).unwrap_or_default().trim();
    let given = text.split_once(char::is_whitespace);
    given.map_or("", |(_, given)| given.trim()).to_owned()
}

/// A line for each.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let entries = entries(state);
    let at = match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Palette { at, .. }) => (*at).min(entries.len().saturating_sub(1)),
        _ => 0,
    };
    let line = |(place, entry): (usize, &Entry)| match entry {
        Entry::Typed(typed) => command(typed, place == at),
        Entry::Action(binding) => action(state, binding, place == at),
    };
    entries.iter().enumerate().map(line).collect()
}

fn command(typed: &Typed, is_chosen: bool) -> Line {
    let (sign, role) = sign(is_chosen);
    let name = format!("{} {}", typed.name, typed.takes);
    let width = NAMES + KEYS;
    let name = Safe::format(format_args!("{sign} {name:width$}"));
    vec![(role, name), (Role::Dim, Safe::own(typed.help))]
}

fn action(state: &State, binding: &Binding, is_chosen: bool) -> Line {
    let (sign, role) = sign(is_chosen);
    let name = Safe::format(format_args!("{sign} {:NAMES$}", binding.help));
    let labels = Safe::format(format_args!("{:KEYS$}", binding.labels()));
    match keys::possible(state, binding.action) {
        Ok(()) => vec![(role, name), (Role::Key, labels)],
        Err(why) => vec![
            (Role::Dim, name),
            (Role::Dim, labels),
            (Role::Dim, Safe::own(why)),
        ],
    }
}

fn sign(is_chosen: bool) -> (char, Role) {
    if is_chosen {
        ('>', Role::Strong)
    } else {
        (' ', Role::Text)
    }
}
