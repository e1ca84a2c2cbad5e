//! The filter language: one line that says which requests are meant, for the list, `--only` and `--where`. Pure.
//!
//! In: the line; a request as far as it is loaded ([`Subject`]). Out: a [`Filter`], or what is wrong and at which byte; a
//! [`Verdict`]. Must not know: the history, screens, where requests come from.
//!
//! ```text
//! query = or            or = and { ("|" | "or") and }         and = term { ["and"] term }
//! term  = ["-"|"!"] ( "(" or ")" | field op value | "quoted" | word )
//! field = name | ".json.path[0].x"       op = ":" "=" "~" ">" ">=" "<" "<="      value = word | "quoted" | a,b | a..b
//! ```
//!
//! A verdict has three values: what depends on something that is not loaded is unknown, and whoever asks loads it only then.
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod bodies;
mod complete;
mod decimal;
mod field;
mod json;
mod parse;
mod pattern;
mod reading;
mod subject;
mod term;
#[cfg(test)]
mod tests;
mod value;
mod words;

use std::ops::Range;

use hooktool_relay::capture::UnixMillis;

pub use self::{
    bodies::Sought,
    complete::{Candidate, complete, value_at},
    field::{FIELDS, Field},
    subject::{Attempt, Last, Needs, Said, Subject, Verdict, inline},
};
use self::{field::Kind, term::Test};
use crate::text::{Mode, Zone, safe};

/// Longest filter, in bytes: many lines of a terminal.
pub const LONGEST: usize = 4096;

/// Which clock the times of a filter are meant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// When it was written: what `14:30` and dates are seen from.
    pub now: UnixMillis,
    /// Where.
    pub zone: Zone,
}

impl Clock {
    /// This machine's, now.
    pub fn here(zone: Zone) -> Self {
        Self {
            now: UnixMillis::now(),
            zone,
        }
    }
}

/// Which requests are meant. An empty one means all.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    root: Node,
}

/// A part of a filter.
#[derive(Clone, Debug)]
enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Term(Term),
}

/// One term, and where it stands.
#[derive(Clone, Debug)]
struct Term {
    test: Test,
    /// The field it names; none for a bare word or a JSON path.
    field: Option<Kind>,
    at: Range<usize>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`]: the first thing that is wrong.
    pub fn parse(text: &str, clock: Clock) -> Result<Self, FilterError> {
        let root = parse::parse(text, clock)?;
        Ok(Self {
            text: text.to_owned(),
            root,
        })
    }

    /// Reads a filter that decides whether a request is forwarded.
    ///
    /// # Errors
    /// As [`Filter::parse`]; and a term that nothing is known of before a forward.
    pub fn parse_only(text: &str, clock: Clock) -> Result<Self, FilterError> {
        let filter = Self::parse(text, clock)?;
        let fault = filter.terms().find_map(too_early);
        fault.map_or(Ok(filter), Err)
    }

    /// The line that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a request fits, as far as it is loaded. Ages are counted back from `now`.
    pub fn test(&self, subject: &Subject<'_>, now: UnixMillis) -> Verdict {
        self.root.test(subject, now)
    }

    /// What must be loaded of a request before its verdict is known for sure. Less will often do.
    pub fn needs(&self) -> Needs {
        let terms = self.terms().map(|term| term.test.needs());
        terms.fold(Needs::default(), Needs::and)
    }

    /// Whether a term names endpoints: then requests of every endpoint are meant, not only of this folder's.
    pub fn names_endpoints(&self) -> bool {
        self.terms().any(|term| term.field == Some(Kind::Endpoint))
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        let mut open = vec![&self.root];
        std::iter::from_fn(move || {
            while let Some(node) = open.pop() {
                match node {
                    Node::Term(term) => return Some(term),
                    Node::Not(inner) => open.push(inner),
                    Node::All(parts) | Node::Any(parts) => open.extend(parts.iter().rev()),
                }
            }
            None
        })
    }
}

impl Node {
    fn test(&self, subject: &Subject<'_>, now: UnixMillis) -> Verdict {
        match self {
            Self::Term(term) => term.test.test(subject, now),
            Self::Any(parts) => term::any(parts.iter().map(|part| part.test(subject, now))),
            // All hold unless one does not.
            Self::All(parts) => !term::any(parts.iter().map(|part| !part.test(subject, now))),
            Self::Not(part) => !part.test(subject, now),
        }
    }
}

impl std::ops::Not for Verdict {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// Why a term cannot decide what is forwarded; none if it can.
fn too_early(term: &Term) -> Option<FilterError> {
    let is_late = match &term.test {
        Test::Is(states) => !states.iter().all(|state| state.is_of_arrival()),
        Test::Has(parts) => parts.iter().any(|part| {
            matches!(
                part,
                term::Part::Note | term::Part::Error | term::Part::Response
            )
        }),
        _ => term.field.is_some_and(Kind::follows_a_forward),
    };
    is_late.then(|| FilterError {
        at: term.at.start,
        what: "this is known only after a forward".to_owned(),
        hint: Some("ask for what a request brings: method, path, header, body".to_owned()),
    })
}

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct FilterError {
    /// The byte of the line at which it is wrong; at most its length, and never within a character.
    pub at: usize,
    /// What is wrong, or what was expected.
    pub what: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl FilterError {
    /// The line and a caret below its fault, safe to show, each without a line end.
    pub fn marked(&self, text: &str) -> [String; 2] {
        let before = text.get(..self.at).unwrap_or(text);
        let margin = safe(before.as_bytes(), Mode::Cell).width();
        let line = safe(text.as_bytes(), Mode::Cell).to_string();
        [line, format!("{}^", " ".repeat(margin))]
    }
}
