//! The list of keys, made from the live key table: nothing is listed that does not work, and what cannot be done now says why.

use super::{
    keys::{self, Binding, Place},
    layout::Pane,
    page::{Line, Role},
    state::State,
};
use crate::{filter::FIELDS, text::Safe};

/// Where the words begin, in cells behind the keys.
const WORDS: usize = 18;

/// How terms are written and put together.
const TERMS: [(&str, &str); 8] = [
    ("refund", "a word: in what is shown, headers or body"),
    (".data.object.amount>1000", "a JSON field of the body"),
    ("status:5xx path:/stripe", "a space is and"),
    ("status:4xx | status:5xx", "or; brackets group"),
    ("-path:/health", "not; ! is the same"),
    ("method:POST,PUT  size:1k..5k", "one of some; a range"),
    (
        "body~\"ref(und|used)\"",
        "a regular expression, in quotes where it has | or brackets",
    ),
    (
        "path=/stripe  Refund",
        "= is exactly; a capital letter minds the case",
    ),
];

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

/// What a filter may say: every field with an example, then how terms go together.
pub(super) fn syntax() -> Vec<Line> {
    let mut lines = vec![vec![(Role::Strong, Safe::own("What a filter may say"))]];
    lines.extend(FIELDS.iter().map(|field| {
        let name = Safe::format(format_args!("  {:12}", field.name));
        let example = Safe::format(format_args!("{:27}", field.example));
        vec![
            (Role::Key, name),
            (Role::Text, example),
            (Role::Dim, Safe::own(field.about)),
        ]
    }));
    lines.extend(TERMS.map(|(example, about)| {
        let example = Safe::format(format_args!("  {example:36}"));
        vec![(Role::Text, example), (Role::Dim, Safe::own(about))]
    }));
    lines
}

fn section(state: &State, place: Place, heading: &'static str) -> Vec<Line> {
    let of_place = keys::table().iter().filter(|line| line.place == place);
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
