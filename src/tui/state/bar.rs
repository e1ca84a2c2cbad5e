//! The filter while it is typed: the line, what may be written next, what is wrong, and the filters of before.
//!
//! ```text
//! / ─▶ typing ─ 50 ms ─▶ applied ─ Enter ─▶ kept          Esc ─▶ the one before is back
//!        └─ does not parse: the last good one stays, a caret says where
//! ```
//!
//! In: keys as a [`Field`] takes them. Out: the text to be applied, and when. Must not know: the rows.

use std::{ops::Range, time::Duration};

use crate::{
    filter::{Filter, FilterError},
    history::Number,
    tui::field::Field,
};

/// Filters that are remembered while the inspector runs.
const REMEMBERED: usize = 100;

/// Something that Tab may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Offer {
    /// The bytes of the line that it replaces.
    pub(in crate::tui) replaces: Range<usize>,
    pub(in crate::tui) insert: String,
    /// What it looks at; empty for a value.
    pub(in crate::tui) about: &'static str,
    pub(in crate::tui) example: &'static str,
    /// How many requests have this value, if it was counted.
    pub(in crate::tui) count: Option<usize>,
}

/// The filter's line while it is open.
#[derive(Debug, Default)]
pub(in crate::tui) struct Bar {
    pub(in crate::tui) field: Field,
    /// The filter that was in force before, and whether it was on.
    pub(in crate::tui) before: Option<(Filter, bool)>,
    /// The request that was selected before.
    pub(in crate::tui) selected: Option<Number>,
    /// What is wrong with the text.
    pub(in crate::tui) error: Option<FilterError>,
    pub(in crate::tui) offers: Vec<Offer>,
    /// The offer that Tab wrote last, and how the line was before.
    pub(in crate::tui) taken: Option<(usize, String, usize)>,
    /// When the text is to be applied.
    pub(in crate::tui) due: Option<Duration>,
    /// Which remembered filter is shown, counted from the newest, and what was typed before.
    recalled: Option<(usize, String)>,
}

impl Bar {
    /// How long after a key the text is applied.
    pub(in crate::tui) const DELAY: Duration = Duration::from_millis(50);

    /// Open, with the filter in force.
    pub(in crate::tui) fn new(before: Option<(Filter, bool)>, selected: Option<Number>) -> Self {
        let text = before.as_ref().map_or("", |(filter, _)| filter.text());
        Self {
            field: Field::of(text),
            before,
            selected,
            ..Self::default()
        }
    }

    /// Goes through the remembered filters, to older ones or back.
    pub(in crate::tui) fn recall(&mut self, remembered: &[String], is_older: bool) {
        let (at, typed) = match self.recalled.take() {
            None if is_older => (0, self.field.text().to_owned()),
            Some((at, typed)) if is_older => (at + 1, typed),
            Some((0, typed)) => {
                self.field = Field::of(&typed);
                return;
            }
            Some((at, typed)) => (at - 1, typed),
            None => return,
        };
        let at = at.min(remembered.len().saturating_sub(1));
        if let Some(text) = remembered.iter().rev().nth(at) {
            self.field = Field::of(text);
            self.recalled = Some((at, typed));
        }
    }
}

/// Remembers a filter that was kept, as the newest.
pub(in crate::tui) fn remember(remembered: &mut Vec<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    remembered.retain(|other| other != text);
    if remembered.len() == REMEMBERED {
        remembered.remove(0);
    }
    remembered.push(text.to_owned());
}
