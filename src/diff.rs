//! Two messages compared: what was added, removed, changed or moved, as values that a screen or a line printer draws.
//!
//! In: two [`Side`]s, each a few named facts, header lines and a body. Out: a [`Diff`] whose texts still are the senders', so they
//! go through [`crate::text::safe`] before they are shown. Must not know: the history, screens.
//!
//! ```text
//! bodies ─▶ decoded ─▶ both JSON? ─▶ by path        changes, those of volatile fields marked so
//!                        ├─▶ text?   ─▶ by line      with emphasis within a line
//!                        └─▶ binary  ─▶ sizes, first difference
//! ```
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use std::borrow::Cow;

use hooktool_relay::capture::Headers;

use crate::{
    format::{
        self, Wanted,
        decode::{self, Encoding},
    },
    text::{self, Mode},
};

mod arrays;
mod json;
mod lines;
mod patch;
mod print;
mod tree;
mod unified;
mod volatile;

pub use lines::Line;
pub use patch::Patch;
pub use print::print;

/// Largest body that is compared by path, in bytes; above it a line says more than a path.
const BY_PATH: usize = 1024 * 1024;

/// One of the two.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    /// Facts by name, in the order in which they are shown: `method`, `path`, `status` …
    pub head: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
    /// Header lines.
    pub headers: &'a Headers,
    /// The body, as received.
    pub body: &'a [u8],
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Among the facts.
    pub head: Vec<Change>,
    /// In the body.
    pub body: BodyDiff,
    /// Among the header lines, by name; their order is no difference.
    pub headers: Vec<Change>,
}

/// What is different in the bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyDiff {
    /// Nothing, byte for byte.
    Same,
    /// Nothing once decoded; the compressed bytes differ.
    SameDecoded,
    /// JSON, by path. Without a change the two are spelled differently: white space, or the order of keys.
    Json {
        /// The first changes, at most 5,000.
        changes: Vec<Change>,
        /// How many more there are.
        more: usize,
    },
    /// Text, by line, with some lines around each change.
    Text(Vec<Line>),
    /// At least one is no text.
    Binary {
        /// Length of the first, in bytes.
        from: u64,
        /// Length of the second.
        to: u64,
        /// Offset of the first byte that differs; the shorter length if one begins with the other.
        first: u64,
    },
}

/// What happened to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, with another value.
    Changed,
    /// Both have it, in another place of its array.
    Moved,
}

impl Mark {
    /// `+`, `-`, `~`, `>`: what stands before it, in colour or not.
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed => '~',
            Self::Moved => '>',
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub mark: Mark,
    /// To what: a path (`.data.object.amount`), the name of a header line or of a fact.
    pub what: String,
    /// The value before, in short; none if it was added.
    pub from: Option<String>,
    /// The value after, in short; none if it was removed.
    pub to: Option<String>,
    /// Whether it differs between any two requests and says nothing: ids, times, signatures.
    pub is_volatile: bool,
}

impl Diff {
    /// How many changes there are, and how many of them are volatile. A changed text counts its changed lines.
    pub fn count(&self) -> (usize, usize) {
        let (changes, others): (&[Change], usize) = match &self.body {
            BodyDiff::Same | BodyDiff::SameDecoded => (&[], 0),
            // Bytes differ, so it is a change even when no path has another value.
            BodyDiff::Json { changes, .. } if changes.is_empty() => (&[], 1),
            BodyDiff::Json { changes, more } => (changes, *more),
            BodyDiff::Text(lines) => (&[], lines.iter().filter(|line| line.is_change()).count()),
            BodyDiff::Binary { .. } => (&[], 1),
        };
        let all = self.head.iter().chain(&self.headers).chain(changes);
        let volatile = all.clone().filter(|change| change.is_volatile).count();
        (all.count().saturating_add(others), volatile)
    }
}

impl Diff {
    /// Whether both say the same: what differs is volatile, or how a body is spelled or compressed.
    pub fn is_alike(&self) -> bool {
        let changes: &[Change] = match &self.body {
            BodyDiff::Same | BodyDiff::SameDecoded => &[],
            BodyDiff::Json { changes, more: 0 } => changes,
            BodyDiff::Json { .. } | BodyDiff::Text(_) | BodyDiff::Binary { .. } => return false,
        };
        let all = self.head.iter().chain(&self.headers).chain(changes);
        all.into_iter().all(|change| change.is_volatile)
    }
}

/// Compares two messages.
pub fn compare(from: &Side<'_>, to: &Side<'_>) -> Diff {
    Diff {
        head: facts(from, to),
        body: bodies(from, to),
        headers: headers(from.headers, to.headers),
    }
}

/// Compares two messages line by line, head and all. `all`: lines that differ in an id, a time or a signature, too.
pub fn unified(from: &Side<'_>, to: &Side<'_>, all: bool) -> Vec<Line> {
    unified::unified(from, to, all)
}

/// What turns the first body into the second; `all`: ids and times, too.
///
/// # Errors
/// Why there is none, in words.
pub fn patch(from: &Side<'_>, to: &Side<'_>, all: bool) -> Result<Patch, &'static str> {
    let (before, after) = (decoded(from), decoded(to));
    if before.len().max(after.len()) > BY_PATH {
        return Err("a body is larger than 1 MB");
    }
    let told = "a body is no JSON document";
    let one = |body| {
        let text = str::from_utf8(body).map_err(|_| told)?;
        // Several documents have no path of their own.
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| told)?;
        tree::parse(text).ok_or(told)
    };
    Ok(patch::patch(&one(&before)?, &one(&after)?, all))
}

fn facts(from: &Side<'_>, to: &Side<'_>) -> Vec<Change> {
    fn lines<'a>(side: &'a Side<'_>) -> Vec<(String, &'a [u8])> {
        let line = |(name, value): &'a (Cow<'_, str>, Cow<'_, [u8]>)| (name.to_string(), &**value);
        side.head.iter().map(line).collect()
    }
    paired(&lines(from), &lines(to))
}

fn headers(from: &Headers, to: &Headers) -> Vec<Change> {
    fn lines(headers: &Headers) -> Vec<(String, &[u8])> {
        let name = |name| text::safe(name, Mode::Cell).as_str().to_ascii_lowercase();
        let all = headers.iter();
        all.map(|(key, value)| (name(key), value)).collect()
    }
    paired(&lines(from), &lines(to))
}

/// Repeats are compared in their order: the first with the first.
fn paired(from: &[(String, &[u8])], to: &[(String, &[u8])]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in from.iter().chain(to) {
        if seen.contains(&name.as_str()) {
            continue;
        }
        seen.push(name);
        let mut before = from.iter().filter(|(other, _)| other == name);
        let mut after = to.iter().filter(|(other, _)| other == name);
        loop {
            let (from, to) = (before.next(), after.next());
            if from.is_none() && to.is_none() {
                break;
            }
            changes.extend(named(
                name,
                from.map(|(_, value)| *value),
                to.map(|(_, value)| *value),
            ));
        }
    }
    changes
}

fn named(name: &str, from: Option<&[u8]>, to: Option<&[u8]>) -> Option<Change> {
    let words = |value: &[u8]| text::safe(value, Mode::Cell).as_str().to_owned();
    let mark = match (from, to) {
        (Some(from), Some(to)) if from == to => return None,
        (Some(_), Some(_)) => Mark::Changed,
        (Some(_), None) => Mark::Removed,
        (None, _) => Mark::Added,
    };
    Some(Change {
        mark,
        what: name.to_owned(),
        from: from.map(words),
        to: to.map(words),
        is_volatile: volatile::is_header(name),
    })
}

fn bodies(from: &Side<'_>, to: &Side<'_>) -> BodyDiff {
    if from.body == to.body {
        return BodyDiff::Same;
    }
    let (before, after) = (decoded(from), decoded(to));
    if before == after {
        return BodyDiff::SameDecoded;
    }
    let is_small = before.len().max(after.len()) <= BY_PATH;
    let texts = str::from_utf8(&before)
        .ok()
        .zip(str::from_utf8(&after).ok());
    if let Some((before, after)) = texts.filter(|_| is_small)
        && let Some((before, after)) = tree::parse(before).zip(tree::parse(after))
    {
        let (changes, more) = json::changes(&before, &after);
        return BodyDiff::Json { changes, more };
    }
    let shown = readable(from, &before).zip(readable(to, &after));
    match shown.filter(|(before, after)| before != after) {
        Some((before, after)) => BodyDiff::Text(lines::changes(&before, &after)),
        None => binary(&before, &after),
    }
}

/// The body without its compression; as received if that is unknown, or more than is kept of it.
fn decoded<'a>(side: &Side<'a>) -> Cow<'a, [u8]> {
    if let Encoding::One(coding) = decode::encoding(side.headers.all("content-encoding")) {
        let decoded = decode::decode(coding, side.body, &Wanted::always());
        if decoded.is_whole() {
            return decoded.bytes.into();
        }
    }
    side.body.into()
}

/// A text laid out if there is a way, so that a line is a field; none for what is no text.
fn readable(side: &Side<'_>, body: &[u8]) -> Option<String> {
    let pretty = format::pretty(side.headers.first("content-type"), body, &Wanted::always());
    let is_text = pretty.is_some() || !format::is_binary(body);
    is_text.then(|| match (pretty, str::from_utf8(body)) {
        (Some(pretty), _) => pretty,
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => text::safe(body, Mode::Body).as_str().to_owned(),
    })
}

fn binary(before: &[u8], after: &[u8]) -> BodyDiff {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    BodyDiff::Binary {
        from: before.len() as u64,
        to: after.len() as u64,
        first: same as u64,
    }
}

#[cfg(test)]
mod tests;
