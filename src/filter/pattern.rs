//! A text to look for → a matcher over bytes, in linear time whatever the text.
//!
//! In: words of the filter. Out: a [`Pattern`]. A capital letter in a word makes that word case-sensitive.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

/// Largest compiled regex, in bytes. `\w{1000}` with all of Unicode is over it, no sane pattern is.
const LARGEST: usize = 1024 * 1024;

/// How a word is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anywhere.
    Contains,
    /// Anywhere, `*` standing for any bytes.
    Within,
    /// From the beginning.
    Prefix,
    /// All of it.
    Exact,
    /// All of it, `*` standing for any bytes.
    Glob,
}

/// What a text must be like: one of several words, or a regex.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// One of these words.
    ///
    /// # Errors
    /// They are too long together.
    pub(super) fn words<'a>(
        words: impl IntoIterator<Item = (Shape, &'a str)>,
    ) -> Result<Self, String> {
        let mut source = String::new();
        for (shape, word) in words {
            if !source.is_empty() {
                source.push('|');
            }
            let case = if is_sensitive(word) { "-i" } else { "i" };
            let (start, end) = match shape {
                Shape::Contains | Shape::Within => ("", ""),
                Shape::Prefix => (r"\A", ""),
                Shape::Exact | Shape::Glob => (r"\A", r"\z"),
            };
            let has_stars = matches!(shape, Shape::Within | Shape::Glob);
            let inner = match has_stars {
                true => stars(word),
                false => regex::escape(word),
            };
            // Writing to a String cannot fail.
            let _ = write!(source, "{start}(?{case}:{inner}){end}");
        }
        build(&source, false)
    }

    /// A regex, anywhere in the text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn regex(source: &str) -> Result<Self, String> {
        build(source, !is_sensitive(&without_escapes(source)))
    }

    /// Whether the bytes are like that.
    pub(super) fn fits(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }
}

fn build(source: &str, ignores_case: bool) -> Result<Pattern, String> {
    let built = RegexBuilder::new(source)
        .case_insensitive(ignores_case)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
        .nest_limit(50)
        .build();
    built.map(Pattern).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "this pattern is too large".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let why = last.trim().trim_start_matches("error: ");
            format!("this is no regex: {why}")
        }
    })
}

fn is_sensitive(word: &str) -> bool {
    word.chars().any(char::is_uppercase)
}

/// A regex without what follows its backslashes: `\S` is no capital letter.
fn without_escapes(source: &str) -> String {
    let mut is_escaped = false;
    let kept = source.chars().filter(|&c| {
        let was_escaped = is_escaped;
        is_escaped = c == '\\' && !was_escaped;
        !was_escaped
    });
    kept.collect()
}

fn stars(word: &str) -> String {
    let parts: Vec<String> = word.split('*').map(regex::escape).collect();
    parts.join("(?s-u:.)*")
}
