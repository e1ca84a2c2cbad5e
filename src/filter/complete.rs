//! What may be written next: fields, operators included, and the words that a field takes.
//!
//! In: the line and where the cursor stands. Out: candidates, each with what it replaces. Words that depend on what was captured
//! are not known here.

use std::ops::Range;

use super::{
    field::{self, FIELDS, Field, Kind},
    words::ends_word,
};

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The bytes of the line that it replaces.
    pub replaces: Range<usize>,
    /// What to write there.
    pub insert: String,
    /// What it looks at; empty for a value.
    pub about: &'static str,
    /// A term that uses it; empty for a value.
    pub example: &'static str,
}

/// What may stand at the cursor, the likeliest first; nothing in quotes, nor where a value is free.
pub fn complete(text: &str, cursor: usize) -> Vec<Candidate> {
    let before = text.get(..cursor).unwrap_or(text);
    if is_in_quotes(before) {
        return Vec::new();
    }
    let bare = word(before);
    match bare.split_once([':', '=']) {
        Some((name, value)) => values(name, value, before.len()),
        None => fields(bare, before.len()),
    }
}

/// The field whose value is being written at the cursor, and what is there of the value (of its last item).
pub fn value_at(text: &str, cursor: usize) -> Option<(&str, &str)> {
    let before = text.get(..cursor).filter(|text| !is_in_quotes(text))?;
    let (name, value) = word(before).split_once([':', '='])?;
    Some((name, value.rsplit(',').next().unwrap_or_default()))
}

/// The word at the end of a text, without its negation.
fn word(before: &str) -> &str {
    let start = before
        .char_indices()
        .rev()
        .find(|&(_, c)| ends_word(c))
        .map_or(0, |(at, c)| at.saturating_add(c.len_utf8()));
    let typed = before.get(start..).unwrap_or_default();
    typed.strip_prefix(['-', '!']).unwrap_or(typed)
}

fn is_in_quotes(text: &str) -> bool {
    let mut is_open = false;
    let mut is_escaped = false;
    for c in text.chars() {
        match c {
            '\\' if is_open && !is_escaped => {
                is_escaped = true;
                continue;
            }
            '"' if !is_escaped => is_open = !is_open,
            _ => {}
        }
        is_escaped = false;
    }
    is_open
}

fn fields(typed: &str, end: usize) -> Vec<Candidate> {
    let start = end.saturating_sub(typed.len());
    let typed = typed.to_ascii_lowercase();
    let begins = |field: &&Field| field.name.starts_with(&typed) || field.short == typed;
    let mut found: Vec<_> = FIELDS
        .iter()
        .filter(begins)
        .map(|field| Candidate {
            replaces: start..end,
            insert: format!("{}{}", field.name, operator(field)),
            about: field.about,
            example: field.example,
        })
        .collect();
    // A short name means its field, wherever that stands in the table.
    if let Some(field) = field::named(&typed) {
        found.sort_by_key(|candidate| !candidate.insert.starts_with(field.name));
    }
    if typed.is_empty() || typed == "." {
        found.push(Candidate {
            replaces: start..end,
            insert: ".".to_owned(),
            about: "a JSON field of the body",
            example: ".data.object.amount>1000",
        });
    }
    found
}

fn operator(field: &Field) -> char {
    match field.kind {
        Kind::Took | Kind::Size | Kind::Tries => '>',
        _ => ':',
    }
}

fn values(name: &str, value: &str, end: usize) -> Vec<Candidate> {
    let Some(field) = field::named(name) else {
        return Vec::new();
    };
    let typed = value.rsplit(',').next().unwrap_or_default();
    let start = end.saturating_sub(typed.len());
    let lower = typed.to_ascii_lowercase();
    let fits = |word: &&&str| word.to_ascii_lowercase().starts_with(&lower);
    let words = field.words.iter().filter(fits);
    words
        .map(|word| Candidate {
            replaces: start..end,
            insert: (*word).to_owned(),
            about: "",
            example: "",
        })
        .collect()
}
