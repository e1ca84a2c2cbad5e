//! One line of text that a person types.
//!
//! In: characters, pasted text, moves. Out: the text and where the cursor is in it. Must not know: keys, terminals.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::{Mode, Safe, safe};

/// Longest text, in bytes: more is no line that anybody types.
const LONGEST: usize = 4096;

/// What is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Erase {
    /// The character before the cursor.
    Before,
    /// The one under it.
    Under,
    /// The word before it.
    Word,
    All,
}

/// Where the cursor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Left,
    Right,
    First,
    Last,
}

/// What is not shown, not even by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Hidden<T>(pub(super) T);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// A line and the cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    text: String,
    /// In bytes, between two clusters.
    at: usize,
}

impl Field {
    /// The text as typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A line of stars, one for each character.
    pub(super) fn masked(&self) -> Self {
        let stars = |part: &str| "*".repeat(part.graphemes(true).count());
        let (before, after) = self.text.split_at(self.at);
        Self {
            at: stars(before).len(),
            text: stars(before) + &stars(after),
        }
    }

    /// A line with this text, the cursor at its end.
    pub(super) fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// Where the cursor is, in bytes.
    pub(super) fn cursor(&self) -> usize {
        self.at
    }

    /// Puts text in the place of some bytes, and the cursor behind it.
    pub(super) fn replace(&mut self, bytes: std::ops::Range<usize>, text: &str) {
        if self.text.get(bytes.clone()).is_some() {
            self.at = bytes.start;
            self.text.replace_range(bytes, "");
            self.insert(text);
        }
    }

    /// What stands before the cursor and after it, to be shown.
    pub(super) fn shown(&self) -> (Safe<'_>, Safe<'_>) {
        let (before, after) = self.text.split_at(self.at);
        let shown = |part: &'_ str| safe(part.as_bytes(), Mode::Cell).into_owned();
        (shown(before), shown(after))
    }

    /// Puts text in at the cursor; a line stays a line.
    pub(super) fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        if line.len() <= room {
            self.text.insert_str(self.at, &line);
            self.at += line.len();
        }
    }

    /// Takes text out.
    pub(super) fn erase(&mut self, what: Erase) {
        let (from, to) = match what {
            Erase::Before => (self.before(), self.at),
            Erase::Under => (self.at, self.after()),
            Erase::Word => (self.word(), self.at),
            Erase::All => (0, self.text.len()),
        };
        self.text.replace_range(from..to, "");
        self.at = from;
    }

    /// Moves the cursor.
    pub(super) fn step(&mut self, step: Step) {
        self.at = match step {
            Step::Left => self.before(),
            Step::Right => self.after(),
            Step::First => 0,
            Step::Last => self.text.len(),
        };
    }

    fn before(&self) -> usize {
        let last = self.text[..self.at].graphemes(true).next_back();
        self.at - last.map_or(0, str::len)
    }

    fn after(&self) -> usize {
        let next = self.text[self.at..].graphemes(true).next();
        self.at + next.map_or(0, str::len)
    }

    fn word(&self) -> usize {
        let before = self.text[..self.at].trim_end();
        before.rfind(char::is_whitespace).map_or(0, |at| {
            at + before[at..].chars().next().map_or(0, char::len_utf8)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_never_stands_within_a_character() {
        let mut field = Field::default();
        field.insert("naïve 👩\u{200d}💻");
        field.step(Step::Left);
        assert_eq!(field.shown().0.as_str(), "naïve ");
        field.insert("x\n\u{1b}");
        field.erase(Erase::Under);
        assert_eq!(field.text(), "naïve x");
        field.erase(Erase::Word);
        assert_eq!(field.text(), "naïve ");
        field.erase(Erase::Before);
        field.step(Step::First);
        field.erase(Erase::Before);
        assert_eq!(field.text(), "naïve");
        field.erase(Erase::All);
        field.insert(&"a".repeat(5000));
        assert_eq!(field, Field::default());
    }
}
