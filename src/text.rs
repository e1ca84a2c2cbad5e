//! Untrusted bytes → [`Safe`] text, the only text that a screen, a line or an error shows; and our own sizes and durations.
//!
//! In: bytes of anybody. Out: text without a character that moves, hides, reorders or recolours anything; what was taken out is
//! made visible in its place. Stored bytes never change: this happens at display. Must not know: terminals, widgets, files.
//!
//! ```text
//! bytes ─▶ utf-8? ──no──▶ \xff
//!             │ yes
//!             ▼
//!          category: Cc ▶ ^[ <9b>   Cf Zl Zp Cs Co Cn ▶ <202e>   third mark on a base ▶ <0301>   all else kept
//! ```
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod class;
#[cfg(test)]
pub(crate) mod corpus;
mod escape;
mod json;
mod near;
#[cfg(test)]
mod tests;
mod units;

use std::{borrow::Cow, fmt, ops::Range};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use json::{json, visible_json};
pub use near::{distance, nearest};
pub use units::{Zone, age, carried, clock, count, date_clock, duration, size};

/// Where a text will stand; it decides what becomes of line ends, tabs, emoji and symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One line among others: a line end is `^J`, a tab one space, and whatever terminals may draw in another width than
    /// `unicode-width` says is `\u{…}`, so that no column moves.
    Cell,
    /// Right-most text of many lines: line feeds stay, a tab goes to the next multiple of 4, a CR before a line feed
    /// disappears, emoji and symbols stay.
    Body,
}

/// Text that may be shown: no character of the categories Cc (but a line feed in [`Mode::Body`]), Cf, Zl, Zp, Cs, Co, Cn, but
/// a joiner within an emoji; at most two marks on a base. Borrowed when nothing had to be changed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Safe<'a> {
    text: Cow<'a, str>,
    escapes: Vec<Range<usize>>,
}

/// Makes bytes showable. Idempotent: its own text comes back unchanged (in the same mode).
pub fn safe(bytes: &[u8], mode: Mode) -> Safe<'_> {
    if let Ok(text) = str::from_utf8(bytes)
        && text.bytes().all(|byte| is_plain(byte, mode))
    {
        return Safe::trusted(Cow::Borrowed(text));
    }
    let (text, escapes) = escape::escape(bytes, mode.rules());
    match str::from_utf8(bytes) {
        Ok(same) if escapes.is_empty() && same == text => Safe::trusted(Cow::Borrowed(same)),
        _ => Safe {
            text: Cow::Owned(text),
            escapes,
        },
    }
}

impl Mode {
    fn rules(self) -> escape::Rules {
        escape::Rules {
            keeps_lines: self == Self::Body,
            keeps_symbols: self == Self::Body,
        }
    }
}

fn is_plain(byte: u8, mode: Mode) -> bool {
    matches!(byte, 0x20..=0x7e) || (byte == b'\n' && mode == Mode::Body)
}

impl Safe<'static> {
    /// A text of our own.
    pub fn own(text: &'static str) -> Self {
        Self::trusted(Cow::Borrowed(text))
    }

    /// A sentence of our own with numbers or [`Safe`] texts in it. One line, symbols kept. Whatever else slips in is made
    /// safe all the same.
    pub fn format(text: fmt::Arguments<'_>) -> Self {
        let rules = escape::Rules {
            keeps_lines: false,
            keeps_symbols: true,
        };
        let text = text.to_string();
        if text.bytes().all(|byte| is_plain(byte, Mode::Cell)) {
            return Self::trusted(Cow::Owned(text));
        }
        let (text, escapes) = escape::escape(text.as_bytes(), rules);
        Self {
            text: Cow::Owned(text),
            escapes,
        }
    }
}

impl<'a> Safe<'a> {
    const fn trusted(text: Cow<'a, str>) -> Self {
        Self {
            text,
            escapes: Vec::new(),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Width in terminal cells: the sum over its clusters. A line feed counts nothing.
    pub fn width(&self) -> usize {
        if self.is_simple() {
            return self.text.len();
        }
        clusters(&self.text).map(|(_, _, width)| width).sum()
    }

    /// Whether every byte is a character of one cell.
    fn is_simple(&self) -> bool {
        self.text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
    }

    /// How many characters and bytes were made visible.
    pub fn escaped(&self) -> usize {
        self.escapes.len()
    }

    /// The text in order, in pieces: as it came (`false`), or put there for something that may not be shown (`true`).
    pub fn pieces(&self) -> impl Iterator<Item = (bool, &str)> {
        let mut at = 0;
        let ends = self.escapes.iter().map(Some).chain([None]);
        ends.flat_map(move |escape| {
            let (start, end) = escape.map_or((self.text.len(), self.text.len()), |escape| {
                (escape.start, escape.end)
            });
            let plain = self.text.get(at..start).unwrap_or_default();
            at = end;
            let shown = self.text.get(start..end).unwrap_or_default();
            [(false, plain), (true, shown)]
        })
        .filter(|(_, piece)| !piece.is_empty())
    }

    /// Its lines, without their line feeds.
    pub fn lines(&self) -> impl Iterator<Item = Safe<'_>> {
        let mut start = 0_usize;
        self.text.split('\n').map(move |line| {
            let range = start..start.saturating_add(line.len());
            start = range.end.saturating_add(1);
            self.slice(range)
        })
    }

    /// At most this many cells of it; `…` stands in the last one if it was longer.
    pub fn cut(&self, cells: usize) -> Safe<'_> {
        if self.text.len() <= cells && self.is_simple() {
            return self.slice(0..self.text.len());
        }
        let mut used = 0_usize;
        let mut fits = 0_usize;
        for (start, cluster, width) in clusters(&self.text) {
            used = used.saturating_add(width);
            if used > cells {
                let mut cut = self.slice(0..fits);
                if cells > 0 {
                    cut.text.to_mut().push('…');
                }
                return cut;
            }
            if used < cells {
                fits = start.saturating_add(cluster.len());
            }
        }
        self.slice(0..self.text.len())
    }

    /// Without its first cells; a cluster that is cut in the middle goes as a whole.
    pub fn skip(&self, cells: usize) -> Safe<'_> {
        let mut used = 0_usize;
        let mut start = self.text.len();
        for (at, _, width) in clusters(&self.text) {
            if used >= cells {
                start = at;
                break;
            }
            used = used.saturating_add(width);
        }
        self.slice(start..self.text.len())
    }

    /// Its first cells, at most so many but one cluster at least, and what is left.
    pub fn split(&self, cells: usize) -> (Safe<'_>, Safe<'_>) {
        let mut used = 0_usize;
        let mut end = self.text.len();
        for (at, _, width) in clusters(&self.text) {
            used = used.saturating_add(width);
            if used > cells && at > 0 {
                end = at;
                break;
            }
        }
        (self.slice(0..end), self.slice(end..self.text.len()))
    }

    /// The same text, owned.
    pub fn into_owned(self) -> Safe<'static> {
        Safe {
            text: Cow::Owned(self.text.into_owned()),
            escapes: self.escapes,
        }
    }

    fn slice(&self, range: Range<usize>) -> Safe<'_> {
        let within = |escape: &Range<usize>| {
            let start = escape.start.max(range.start);
            let end = escape.end.min(range.end);
            (start < end)
                .then(|| start.saturating_sub(range.start)..end.saturating_sub(range.start))
        };
        Safe {
            escapes: self.escapes.iter().filter_map(within).collect(),
            text: Cow::Borrowed(self.text.get(range).unwrap_or_default()),
        }
    }
}

/// Clusters with their place in bytes and their width in cells; as the screen counts them.
fn clusters(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    text.grapheme_indices(true).map(|(at, cluster)| {
        let width = if cluster == "\n" { 0 } else { cluster.width() };
        (at, cluster, width)
    })
}

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}
