//! The list: its rows, which of them is selected, what is in view, what came while the person looked elsewhere.
//!
//! In and out: rows as they are read, moves. The selected row is known by its number, never by its place. Must not know: the screen's
//! size but for how many rows it shows, the other panes.

mod lines;
mod order;
mod sieve;
mod sifting;
mod tally;

use std::{collections::BTreeSet, time::Duration};

use hooktool_relay::capture::UnixMillis;

use crate::history::{Dropped, Missing, Number, Summary};

pub(in crate::tui) use self::{
    lines::Shown,
    order::Order,
    sieve::{Fit, Query},
};
use self::{sieve::Sieve, tally::Tally};

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
    /// Places among the rows of those that are shown, in the order of the screen.
    view: Vec<u32>,
    order: Order,
    /// The filter in force, or switched off.
    pub(in crate::tui) sieve: Option<Sieve>,
    /// How many filters there were.
    sieves: u64,
    /// Rows up to this number are out of view.
    cleared: Number,
    pub(in crate::tui) marked: BTreeSet<Number>,
    /// What the relay let go, ascending.
    pub(in crate::tui) gaps: Vec<Missing>,
    /// What the history let go.
    pub(in crate::tui) older: Option<Dropped>,
    pub(in crate::tui) tally: Tally,
    /// The newest number when the screen came up.
    pub(in crate::tui) baseline: Number,
    pub(in crate::tui) selected: Option<Number>,
    /// First line shown.
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

    /// The number of the newest row.
    pub(in crate::tui) fn newest(&self) -> Option<Number> {
        self.rows.last().map(|row| row.number)
    }

    /// The rows that are shown, in the order of the screen.
    pub(in crate::tui) fn shown(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Summary> + ExactSizeIterator + Clone {
        self.view.iter().map(|&row| &self.rows[row as usize])
    }

    /// The row at a place of the view.
    pub(in crate::tui) fn at(&self, place: usize) -> Option<&Summary> {
        self.view.get(place).map(|&row| &self.rows[row as usize])
    }

    /// Place of a request in the view.
    pub(in crate::tui) fn place(&self, number: Number) -> Option<usize> {
        let row = self.row(number)?;
        let place = self.place_for(row);
        self.at(place)
            .is_some_and(|found| found.number == number)
            .then_some(place)
    }

    /// The place of the selected request in the view.
    pub(in crate::tui) fn selected_place(&self) -> Option<usize> {
        self.place(self.selected?)
    }

    /// Where a row stands in the view, or would.
    fn place_for(&self, row: &Summary) -> usize {
        let is_above = |&other: &u32| {
            let other = &self.rows[other as usize];
            self.order.compare(other, row).is_lt()
        };
        self.view.partition_point(is_above)
    }

    /// Whether a row is shown.
    fn is_shown(&self, index: usize) -> bool {
        let sieve = self.sieve.as_ref().filter(|sieve| sieve.is_on);
        let fits = sieve.is_none_or(|sieve| sieve.fits[index].is_match());
        fits && self.rows[index].number > self.cleared
    }

    /// Takes all rows anew, in any order; what was known of an unchanged one stays known.
    pub(in crate::tui) fn replace(&mut self, mut rows: Vec<Summary>, now: UnixMillis) {
        rows.sort_unstable_by_key(|row| row.number);
        let before = std::mem::replace(&mut self.rows, rows);
        self.tally = Tally::of(&self.rows);
        self.marked.retain(|number| {
            let found = self.rows.binary_search_by_key(number, |row| row.number);
            found.is_ok()
        });
        if let Some(sieve) = &mut self.sieve {
            sieve.keep(&before, &self.rows);
            let fits = sieve.fits.iter().enumerate().skip(sieve.left);
            let new = fits.filter(|(_, fit)| **fit == Fit::Untested);
            for index in new.map(|(index, _)| index).collect::<Vec<_>>() {
                self.test(index, now);
            }
        }
        if self.is_sifting() {
            self.sift(now);
        }
        self.arrange();
    }

    /// Takes a row that is newer than all others. Answers whether it is shown.
    pub(in crate::tui) fn push(&mut self, row: Summary, now: UnixMillis) -> bool {
        self.tally.add(&row);
        self.rows.push(row);
        let index = self.rows.len() - 1;
        if let Some(sieve) = &mut self.sieve {
            sieve.fits.push(Fit::No);
        }
        self.test(index, now);
        self.show(index);
        if let Some(sieve) = &mut self.sieve {
            sieve.hidden += u64::from(sieve.fits[index] == Fit::No);
        }
        self.is_shown(index)
    }

    /// Takes a row as it is now.
    pub(in crate::tui) fn change(&mut self, index: usize, row: Summary, now: UnixMillis) {
        self.hide(index);
        self.tally.remove(&self.rows[index]);
        self.tally.add(&row);
        self.rows[index] = row;
        self.test(index, now);
        self.show(index);
    }

    /// Lets rows go.
    pub(in crate::tui) fn remove(&mut self, gone: &[Number]) {
        let is_kept: Vec<bool> = self
            .rows
            .iter()
            .map(|row| !gone.contains(&row.number))
            .collect();
        if let Some(sieve) = &mut self.sieve {
            sieve.retain(&is_kept);
        }
        let mut kept = is_kept.iter();
        self.rows.retain(|_| kept.next().copied().unwrap_or(true));
        self.marked.retain(|number| !gone.contains(number));
        self.tally = Tally::of(&self.rows);
        self.arrange();
    }

    /// Takes a row into the view, if it belongs there.
    fn show(&mut self, index: usize) {
        if self.is_shown(index) {
            let place = self.place_for(&self.rows[index]);
            self.view.insert(place, index as u32);
        }
    }

    /// Takes a row out of the view, if it is there.
    fn hide(&mut self, index: usize) {
        if let Some(place) = self.place(self.rows[index].number) {
            self.view.remove(place);
        }
    }

    /// Makes the view anew.
    fn arrange(&mut self) {
        let count = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let mut view: Vec<u32> = (0..count)
            .filter(|&row| self.is_shown(row as usize))
            .collect();
        if self.order != Order::Arrival {
            let row = |index: u32| &self.rows[index as usize];
            view.sort_unstable_by(|&one, &other| self.order.compare(row(one), row(other)));
        }
        self.view = view;
    }

    /// Whether requests of every endpoint are meant, for the filter names endpoints.
    pub(in crate::tui) fn is_wide(&self) -> bool {
        let sieve = self.sieve.as_ref();
        sieve.is_some_and(|sieve| sieve.filter.names_endpoints())
    }

    /// The order of the screen.
    pub(in crate::tui) fn order(&self) -> Order {
        self.order
    }

    /// Sorts by something else.
    pub(in crate::tui) fn sort(&mut self, order: Order) {
        self.order = order;
        self.arrange();
    }

    /// Takes what there is out of view, or all of it back. Answers how many rows went.
    pub(in crate::tui) fn clear_view(&mut self, is_cleared: bool) -> usize {
        let before = self.view.len();
        self.cleared = match is_cleared {
            true => self.newest().unwrap_or_default(),
            false => 0,
        };
        self.arrange();
        before
    }

    /// Whether rows were taken out of view.
    pub(in crate::tui) fn is_cleared(&self) -> bool {
        self.cleared > 0
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
