//! A search in the detail: what is looked for, where it was found.
//!
//! In: lines as text, and whether they are rows of hex. Out: which of them hold it, and where in one. Must not know: keys.
//!
//! ```text
//! word        as it is; a capital letter makes it case-sensitive
//! ~re[fg]     a regex, in linear time; the same rule for capitals
//! 0x89 50 4e  bytes, where hex is shown
//! ```

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::field::Field;
use crate::filter::Sought;

/// Largest compiled regex, in bytes: what a person types by hand needs a hundredth.
const LARGEST: usize = 1 << 20;

/// Most hits marked in one line.
const MARKED: usize = 1_000;

/// A search, while it is typed and after.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    pub(super) field: Field,
    pub(super) is_typing: bool,
    /// The lines that hold it, ascending; those of a tree are counted with the folded ones.
    pub(super) hits: Vec<usize>,
    /// Which of them the person is on.
    pub(super) current: usize,
    /// Why what was typed is no search.
    pub(super) error: Option<&'static str>,
    is_hex: bool,
    wanted: Wanted,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
enum Wanted {
    #[default]
    Nothing,
    Word(String),
    Regex(Regex),
}

impl Search {
    /// A search for any of these; none if there are none.
    pub(super) fn of(sought: &[Sought]) -> Option<Self> {
        let text = match sought {
            [] => return None,
            [Sought::Word(word)] if !word.starts_with(['~', '0']) => word.clone(),
            [Sought::Regex(regex)] => format!("~{regex}"),
            several => {
                let parts = several.iter().map(|sought| match sought {
                    Sought::Word(word) => regex::escape(word),
                    Sought::Regex(regex) => regex.clone(),
                });
                format!("~{}", parts.collect::<Vec<_>>().join("|"))
            }
        };
        let mut search = Self::default();
        search.field.insert(&text);
        Some(search)
    }

    /// Says whether the lines are rows of hex.
    pub(super) fn looks_at(&mut self, is_hex: bool) {
        self.is_hex = is_hex;
    }

    /// Looks through lines.
    pub(super) fn look(&mut self, lines: impl Iterator<Item = String>) {
        (self.wanted, self.error) = match wanted(self.field.text(), self.is_hex) {
            Ok(wanted) => (wanted, None),
            Err(why) => (Wanted::Nothing, Some(why)),
        };
        self.hits.clear();
        if !matches!(self.wanted, Wanted::Nothing) {
            let found = lines.enumerate();
            let hits = found.filter(|(_, line)| self.places(line).next().is_some());
            self.hits = hits.map(|(index, _)| index).collect();
        }
        self.current = self.current.min(self.hits.len().saturating_sub(1));
    }

    /// Goes to the next hit or the one before, around the end.
    pub(super) fn step(&mut self, by: isize) {
        let count = self.hits.len().max(1);
        let by = by.rem_euclid(isize::try_from(count).unwrap_or(1));
        self.current = (self.current + by.unsigned_abs()) % count;
    }

    /// Where in a line it stands, in bytes; never an empty place.
    pub(super) fn places<'a>(&'a self, line: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut from = 0;
        let places = std::iter::from_fn(move || {
            let found = match &self.wanted {
                Wanted::Nothing => None,
                Wanted::Word(word) => {
                    let at = from + find(line.get(from..)?, word)?;
                    Some(at..at + word.len())
                }
                Wanted::Regex(regex) => {
                    let found = regex.find_at(line, from);
                    found
                        .filter(|found| !found.is_empty())
                        .map(|found| found.range())
                }
            }?;
            from = found.end;
            Some(found)
        });
        places.take(MARKED)
    }
}

/// What a text asks for.
fn wanted(text: &str, is_hex: bool) -> Result<Wanted, &'static str> {
    if text.is_empty() {
        return Ok(Wanted::Nothing);
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|_| is_hex) {
        return hex(digits);
    }
    let Some(pattern) = text.strip_prefix('~') else {
        return Ok(Wanted::Word(text.to_owned()));
    };
    if pattern.is_empty() {
        return Ok(Wanted::Nothing);
    }
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(!pattern.chars().any(char::is_uppercase))
        .size_limit(LARGEST)
        .build();
    regex.map(Wanted::Regex).map_err(|_| "no regex")
}

/// Bytes in a row of hex: two digits each, with the gaps of a row between.
fn hex(digits: &str) -> Result<Wanted, &'static str> {
    let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.is_empty() {
        return Ok(Wanted::Nothing);
    }
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err("no hex digits");
    }
    let digits: Vec<char> = digits.chars().collect();
    let bytes: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let pattern = format!("(?i) {}", bytes.join(" {1,2}"));
    Regex::new(&pattern)
        .map(Wanted::Regex)
        .map_err(|_| "too many bytes")
}

/// Only ASCII letters are alike in both cases: then a hit is as long as what is looked for.
fn find(line: &str, wanted: &str) -> Option<usize> {
    if wanted.chars().any(char::is_uppercase) {
        return line.find(wanted);
    }
    let windows = line.as_bytes().windows(wanted.len());
    let hits = windows
        .enumerate()
        .filter(|(_, bytes)| bytes.eq_ignore_ascii_case(wanted.as_bytes()));
    let is_whole =
        |at: usize| line.is_char_boundary(at) && line.is_char_boundary(at + wanted.len());
    hits.map(|(at, _)| at).find(|&at| is_whole(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str, is_hex: bool) -> Search {
        let mut search = Search::default();
        search.field.insert(text);
        search.looks_at(is_hex);
        search.look(std::iter::empty());
        search
    }

    fn places(wanted: &str, line: &str) -> Vec<(usize, usize)> {
        let search = search(wanted, line.starts_with("0000"));
        let places = search.places(line);
        places.map(|place| (place.start, place.end)).collect()
    }

    #[test]
    fn a_capital_letter_makes_it_exact() {
        assert_eq!(places("id", "Id: id"), [(0, 2), (4, 6)]);
        assert_eq!(places("Id", "Id: id"), [(0, 2)]);
        assert_eq!(places("[", "a[0][1]"), [(1, 2), (4, 5)]);
        assert_eq!(places("é", "naïé"), [(4, 6)]);
        assert!(places("", "anything").is_empty());
    }

    #[test]
    fn a_tilde_begins_a_regex() {
        assert_eq!(
            places("~ref(und|used)", "Refund refused"),
            [(0, 6), (7, 14)]
        );
        assert_eq!(places("~R.f", "Refund refused"), [(0, 3)]);
        assert!(places("~x*", "aaa").is_empty(), "an empty place is none");
        let broken = search("~(", false);
        assert_eq!(broken.error, Some("no regex"));
        let evil = search(&format!("~{}", "(a{1000}){1000}"), false);
        assert_eq!(evil.error, Some("no regex"));
    }

    #[test]
    fn bytes_are_found_across_the_gap_of_a_row() {
        let row = "00000000  89 50 4e 47 0d 0a 1a 0a  00 00 00 0d 49 48 44 52  .PNG........IHDR";
        assert_eq!(places("0x89 50 4E", row), [(9, 18)]);
        assert_eq!(places("0x1a0a00", row), [(27, 37)]);
        assert_eq!(places("PNG", row).len(), 1);
        assert_eq!(search("0xzz", true).error, Some("no hex digits"));
        assert_eq!(places("0x89", "a 0x89 b"), [(2, 6)], "a text elsewhere");
    }

    #[test]
    fn hits_are_gone_through_around_the_end() {
        let mut search = search("a", false);
        search.look(["a", "b", "A"].into_iter().map(str::to_owned));
        assert_eq!(search.hits, [0, 2]);
        search.step(-1);
        assert_eq!(search.current, 1);
        search.step(1);
        assert_eq!(search.current, 0);
        search.look(std::iter::empty());
        search.step(1);
        assert_eq!(search.current, 0);
    }
}
