//! The list: its rows, which of them is selected, what is in view, what came while the person looked elsewhere.
//!
//! In and out: rows as they are read, moves. The selected row is known by its number, never by its place. Must not know: the screen's
//! size but for how many rows it shows, the other panes.

use std::{collections::BTreeSet, time::Duration};

use crate::history::{Number, Summary};

/// What the list does when a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::tui) enum Follow {
    /// It selects it.
    #[default]
    On,
    /// It counts it, for the person went up; on the last row it follows again.
    Scrolled,
    /// It counts it until it is told to follow.
    Paused,
}

/// The rows, and where the person is among them.
#[derive(Debug, Default)]
pub(in crate::tui) struct List {
    /// Ascending by number.
    pub(in crate::tui) rows: Vec<Summary>,
    /// How many of them failed.
    pub(in crate::tui) failed: u64,
    /// The newest number when the screen came up.
    pub(in crate::tui) baseline: Number,
    pub(in crate::tui) marked: BTreeSet<Number>,
    pub(in crate::tui) selected: Option<Number>,
    /// First row shown.
    pub(in crate::tui) top: usize,
    pub(in crate::tui) follow: Follow,
    /// How many came while paused.
    pub(in crate::tui) missed: u64,
    /// When the last request came.
    pub(in crate::tui) arrived: Option<Duration>,
}

impl List {
    /// Place of a request among the rows.
    pub(in crate::tui) fn index(&self, number: Number) -> Option<usize> {
        self.rows
            .binary_search_by_key(&number, |row| row.number)
            .ok()
    }

    /// A request's row.
    pub(in crate::tui) fn row(&self, number: Number) -> Option<&Summary> {
        self.rows.get(self.index(number)?)
    }

    /// The rows that are shown, in the order of the screen.
    pub(in crate::tui) fn shown(&self) -> impl DoubleEndedIterator<Item = &Summary> + Clone {
        self.rows.iter()
    }

    /// The number of the newest row.
    pub(in crate::tui) fn newest(&self) -> Option<Number> {
        self.rows.last().map(|row| row.number)
    }

    /// Stops following, to look at what is there.
    pub(in crate::tui) fn pause(&mut self, how: Follow) {
        if self.follow == Follow::On {
            self.missed = 0;
        }
        if self.follow != Follow::Paused {
            self.follow = how;
        }
    }
}
