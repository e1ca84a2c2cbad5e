//! The palette: every action of the live key table, found by its name; what cannot be done now stays, with the reason.

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

/// What fits the typed words, in the order of the table.
pub(super) fn entries(state: &State) -> Vec<&'static Binding> {
    let Some(Popup::Palette { field, .. }) = state.popup.as_ref().map(|open| &open.popup) else {
        return Vec::new();
    };
    let wanted = field.text().to_lowercase();
    let fits = |line: &&Binding| {
        wanted
            .split_whitespace()
            .all(|word| line.help.contains(word))
    };
    let place = match state.focus {
        Pane::List => Place::List,
        Pane::Detail => Place::Detail,
    };
    let all = keys::here(place).filter(|line| line.action != Action::Palette);
    all.filter(fits).collect()
}

/// The chosen one among them.
pub(super) fn chosen(state: &State) -> Option<&'static Binding> {
    let Some(Popup::Palette { at, .. }) = state.popup.as_ref().map(|open| &open.popup) else {
        return None;
    };
    let entries = entries(state);
    entries.get(*at).or(entries.last()).copied()
}

/// A line for each.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let chosen = chosen(state).map(|line| line.action);
    let line = |binding: &Binding| {
        let is_chosen = chosen == Some(binding.action);
        let sign = if is_chosen { '>' } else { ' ' };
        let name = Safe::format(format_args!("{sign} {:NAMES$}", binding.help));
        let labels = Safe::format(format_args!("{:KEYS$}", binding.labels()));
        match keys::possible(state, binding.action) {
            Ok(()) if is_chosen => vec![(Role::Strong, name), (Role::Key, labels)],
            Ok(()) => vec![(Role::Text, name), (Role::Key, labels)],
            Err(why) => vec![
                (Role::Dim, name),
                (Role::Dim, labels),
                (Role::Dim, Safe::own(why)),
            ],
        }
    };
    entries(state).into_iter().map(line).collect()
}
