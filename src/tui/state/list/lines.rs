//! The lines of the list: requests, and between them what is missing.
//!
//! ```text
//! older: 3,112 dropped at 14:02, limit 10,000 requests        what the history let go, on top
//!   640 14:28:51 …
//! ── 312 dropped by the relay: older than 7 days ──           a gap, before the first request that came after it
//!   953 14:28:52 …
//! ```
//!
//! In another order than that of arrival there is no place for them.

use super::{List, Order};
use crate::history::{Dropped, Missing, Summary};

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::tui) enum Shown<'a> {
    Older(Dropped),
    Gap(Missing),
    Request(&'a Summary),
}

impl List {
    /// How many lines there are.
    pub(in crate::tui) fn lines(&self) -> usize {
        self.head() + self.view.len() + self.gaps().len()
    }

    /// The line that a place of the view stands on.
    pub(in crate::tui) fn line_of(&self, place: usize) -> usize {
        let number = self.at(place).map(|row| row.number);
        let before = |gap: &Missing| number.is_some_and(|number| gap.before <= number);
        self.head() + place + self.gaps().partition_point(before)
    }

    /// What stands on a line.
    pub(in crate::tui) fn line(&self, at: usize) -> Option<Shown<'_>> {
        let Some(at) = at.checked_sub(self.head()) else {
            return self.older.map(Shown::Older);
        };
        let above = |(order, gap): (usize, &Missing)| {
            let rows = self
                .view
                .partition_point(|&row| self.rows[row as usize].number < gap.before);
            rows + order
        };
        let mut gaps = 0;
        for (order, gap) in self.gaps().iter().enumerate() {
            match above((order, gap)) {
                line if line == at => return Some(Shown::Gap(*gap)),
                line if line > at => break,
                _ => gaps += 1,
            }
        }
        self.at(at - gaps).map(Shown::Request)
    }

    /// Lines above the first request and the gaps.
    fn head(&self) -> usize {
        usize::from(self.older.is_some() && self.order == Order::Arrival && !self.is_cleared())
    }

    fn gaps(&self) -> &[Missing] {
        match self.order {
            Order::Arrival => {
                let gone = self.gaps.partition_point(|gap| gap.before <= self.cleared);
                &self.gaps[gone..]
            }
            _ => &[],
        }
    }
}
