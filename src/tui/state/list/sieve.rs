//! The filter of the list: what it says of each row, and which bodies have to be read for that.
//!
//! ```text
//! text ─parse─▶ pass over the rows, newest first, a slice a tick ─ yes, no
//!                 └─ not known ─▶ read, some at a time, newest first ─▶ in the body, no
//! ```
//!
//! An arrival is tested alone. In: rows, hits. Out: what fits. Must not know: keys, what is on the screen.

use std::{collections::VecDeque, sync::Arc};

use hooktool_relay::capture::UnixMillis;

use crate::{
    filter::{Filter, Subject, Verdict},
    history::{Number, Summary},
    search::{Hit, subject},
};

/// Rows that are tested in one go: some milliseconds.
pub(super) const SLICE: usize = 8192;

/// Requests whose bodies are read in one go.
const READ: usize = 128;

/// What the filter says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::tui) enum Fit {
    #[default]
    No,
    Yes,
    /// It fits by what the row does not show: its body, or a try.
    InBody,
    /// It has to be read first.
    Open,
    /// Nothing is known yet.
    Untested,
}

impl Fit {
    /// Whether the row is a match, as far as is known.
    pub(in crate::tui) fn is_match(self) -> bool {
        matches!(self, Self::Yes | Self::InBody)
    }
}

/// Requests to be read, and what for.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Query {
    /// Which filter asks; an answer for another one comes too late.
    pub(in crate::tui) asker: u64,
    pub(in crate::tui) filter: Arc<Filter>,
    /// Newest first.
    pub(in crate::tui) numbers: Vec<Number>,
    /// Those of them that are marked.
    pub(in crate::tui) marked: Vec<Number>,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        (self.asker, &self.numbers, &self.marked) == (other.asker, &other.numbers, &other.marked)
    }
}

/// A filter, and how far it has been applied.
#[derive(Debug)]
pub(in crate::tui) struct Sieve {
    pub(in crate::tui) filter: Arc<Filter>,
    /// Whether rows that do not fit are hidden.
    pub(in crate::tui) is_on: bool,
    /// Arrivals that did not fit.
    pub(in crate::tui) hidden: u64,
    /// Which of all filters it is.
    id: u64,
    /// What it says of each row, in the order of the rows.
    pub(super) fits: Vec<Fit>,
    /// Rows below this place have not been tested yet.
    pub(super) left: usize,
    /// To be read, newest first.
    open: VecDeque<Number>,
    /// How many had to be read, and how many were.
    to_read: usize,
    read: usize,
    is_reading: bool,
}

impl Sieve {
    pub(super) fn new(filter: Filter, id: u64, rows: usize) -> Self {
        Self {
            filter: Arc::new(filter),
            is_on: true,
            hidden: 0,
            id,
            fits: vec![Fit::No; rows],
            left: rows,
            open: VecDeque::new(),
            to_read: 0,
            read: 0,
            is_reading: false,
        }
    }

    /// What it says of a row, as far as the row tells.
    pub(super) fn test(&self, row: &Summary, is_marked: bool, now: UnixMillis) -> Fit {
        let subject = Subject {
            is_marked,
            ..subject(row)
        };
        match self.filter.test(&subject, now) {
            Verdict::Yes => Fit::Yes,
            Verdict::No => Fit::No,
            Verdict::Unknown => Fit::Open,
        }
    }

    /// After the rows changed: what is known of those that are as before stays known.
    pub(super) fn keep(&mut self, before: &[Summary], rows: &[Summary]) {
        let mut known = before.iter().zip(&self.fits).skip(self.left).peekable();
        let mut fit_of = |row: &Summary| {
            while known.next_if(|(old, _)| old.number < row.number).is_some() {}
            let same = known.next_if(|(old, _)| *old == row);
            same.map_or(Fit::Untested, |(_, fit)| *fit)
        };
        let fits: Vec<Fit> = rows.iter().map(&mut fit_of).collect();
        self.left = fits.iter().take_while(|fit| **fit == Fit::Untested).count();
        self.fits = fits;
    }

    /// After rows went: what is known of the others stays known.
    pub(super) fn retain(&mut self, is_kept: &[bool]) {
        self.left = is_kept.iter().take(self.left).filter(|kept| **kept).count();
        let mut kept = is_kept.iter();
        self.fits.retain(|_| kept.next().copied().unwrap_or(true));
    }

    /// Notes a row to be read after all others, or before them.
    pub(super) fn read_later(&mut self, number: Number) {
        self.open.push_back(number);
        self.to_read += 1;
    }

    pub(super) fn read_next(&mut self, number: Number) {
        self.open.push_front(number);
        self.to_read += 1;
    }

    /// What to read next, if nothing is being read.
    pub(super) fn query(&mut self, is_marked: impl Fn(Number) -> bool) -> Option<Query> {
        if self.is_reading || self.open.is_empty() {
            return None;
        }
        self.is_reading = true;
        let some = self.open.len().min(READ);
        let numbers: Vec<Number> = self.open.drain(..some).collect();
        let marked = numbers.iter().copied().filter(|&number| is_marked(number));
        Some(Query {
            asker: self.id,
            filter: Arc::clone(&self.filter),
            marked: marked.collect(),
            numbers,
        })
    }

    /// Whether an answer is for this filter; then the next ones may be asked for.
    pub(super) fn answered(&mut self, query: &Query) -> bool {
        let is_ours = query.asker == self.id;
        if is_ours {
            self.is_reading = false;
            self.read += query.numbers.len();
            if self.open.is_empty() {
                (self.read, self.to_read) = (0, 0);
            }
        }
        is_ours
    }

    /// Reads no more: the history cannot be read.
    pub(in crate::tui) fn give_up(&mut self) {
        self.open.clear();
        (self.read, self.to_read) = (0, 0);
    }

    /// How many percent of what has to be read were read; none if nothing has to.
    pub(in crate::tui) fn progress(&self) -> Option<usize> {
        let is_open = self.is_reading || !self.open.is_empty();
        is_open.then(|| self.read * 100 / self.to_read.max(1))
    }
}

impl From<Hit> for Fit {
    fn from(hit: Hit) -> Self {
        match (hit.fits, hit.is_in_body) {
            (false, _) => Self::No,
            (true, false) => Self::Yes,
            (true, true) => Self::InBody,
        }
    }
}
