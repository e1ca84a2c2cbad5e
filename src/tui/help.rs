//! The list of keys, made from the live key table: nothing is listed that does not work, and what cannot be done now says why.

use super::{
    keys::{self, Binding, Place},
    layout::Pane,
    page::{Line, Role},
    state::State,
};
use crate::text::Safe;

/// Where the words begin, in cells behind the keys.
const WORDS: usize = 18;

/// A line for each key of the pane that has the focus, then those of both.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let (place, heading) = match state.focus {
        Pane::List => (Place::List, "Keys here (list)"),
        Pane::Detail => (Place::Detail, "Keys here (detail)"),
    };
    let mut lines = section(state, place, heading);
    lines.push(Line::new());
    lines.extend(section(state, Place::Everywhere, "Everywhere"));
    lines
}

fn section(state: &State, place: Place, heading: &'static str) -> Vec<Line> {
    let of_place = keys::TABLE.iter().filter(|line| line.place == place);
    let mut lines = vec![vec![(Role::Strong, Safe::own(heading))]];
    lines.extend(of_place.map(|binding| entry(state, binding)));
    lines
}

fn entry(state: &State, binding: &Binding) -> Line {
    let labels = Safe::format(format_args!("  {:WORDS$}", binding.labels()));
    match keys::possible(state, binding.action) {
        Ok(()) => vec![(Role::Key, labels), (Role::Text, Safe::own(binding.help))],
        Err(why) => {
            let why = Safe::format(format_args!("{}: {why}", binding.help));
            vec![(Role::Dim, labels), (Role::Dim, why)]
        }
    }
}
