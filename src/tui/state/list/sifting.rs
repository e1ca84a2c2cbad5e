//! Applying the filter to the rows: a pass from the newest on, arrivals alone, answers of reads as they come.

use hooktool_relay::capture::UnixMillis;

use super::{
    List,
    sieve::{Fit, Query, SLICE, Sieve},
};
use crate::{filter::Filter, history::Number, search::Hit};

impl List {
    /// Filters by this from now on, or by nothing. What is in view changes when the first pass is done.
    pub(in crate::tui) fn filter(&mut self, filter: Option<Filter>, now: UnixMillis) {
        self.sieves += 1;
        let new = |filter| Sieve::new(filter, self.sieves, self.rows.len());
        let before = self.sieve.take();
        self.sieve = filter.map(new);
        match (&self.sieve, before) {
            (None, Some(_)) => self.arrange(),
            (None, None) => {}
            (Some(_), _) => drop(self.sift(now)),
        }
    }

    /// Hides rows that do not fit, or shows them all.
    pub(in crate::tui) fn switch(&mut self, is_on: bool) {
        if let Some(sieve) = &mut self.sieve {
            sieve.is_on = is_on;
            sieve.hidden = 0;
            self.arrange();
        }
    }

    /// Tests the next slice of rows. Answers whether the pass ended by it, so that the view is another one.
    pub(in crate::tui) fn sift(&mut self, now: UnixMillis) -> bool {
        if !self.is_sifting() && !self.rows.is_empty() {
            return false;
        }
        let end = self.sieve.as_ref().map_or(0, |sieve| sieve.left);
        let start = end.saturating_sub(SLICE);
        for index in (start..end).rev() {
            let number = self.rows[index].number;
            if self.verdict(index, now) == Some(Fit::Open)
                && let Some(sieve) = &mut self.sieve
            {
                sieve.read_later(number);
            }
        }
        if let Some(sieve) = &mut self.sieve {
            sieve.left = start;
        }
        let has_ended = start == 0;
        if has_ended {
            self.arrange();
        }
        has_ended
    }

    /// Whether a pass is under way.
    pub(in crate::tui) fn is_sifting(&self) -> bool {
        self.sieve.as_ref().is_some_and(|sieve| sieve.left > 0)
    }

    /// Tests a row alone, as far as the row tells.
    fn verdict(&mut self, index: usize, now: UnixMillis) -> Option<Fit> {
        let row = &self.rows[index];
        let is_marked = self.marked.contains(&row.number);
        let sieve = self.sieve.as_mut()?;
        let fit = sieve.test(row, is_marked, now);
        sieve.fits[index] = fit;
        Some(fit)
    }

    /// Tests a row that came or changed; what it does not tell is read before all else.
    pub(super) fn test(&mut self, index: usize, now: UnixMillis) {
        let number = self.rows[index].number;
        if self.verdict(index, now) == Some(Fit::Open)
            && let Some(sieve) = &mut self.sieve
        {
            sieve.read_next(number);
        }
    }

    /// What has to be read next.
    pub(in crate::tui) fn query(&mut self) -> Option<Query> {
        if self.is_sifting() {
            return None;
        }
        let marked = &self.marked;
        self.sieve
            .as_mut()?
            .query(|number| marked.contains(&number))
    }

    /// Takes what reading brought. Answers how many rows came into view.
    pub(in crate::tui) fn found(&mut self, query: &Query, hits: &[Hit]) -> usize {
        let is_ours = |sieve: &mut Sieve| sieve.answered(query);
        if !self.sieve.as_mut().is_some_and(is_ours) {
            return 0;
        }
        let before = self.view.len();
        for hit in hits {
            let Some(index) = self.index(hit.number) else {
                continue;
            };
            self.hide(index);
            if let Some(sieve) = &mut self.sieve {
                sieve.fits[index] = Fit::from(*hit);
            }
            self.show(index);
        }
        self.view.len().saturating_sub(before)
    }

    /// What the filter says of a request.
    pub(in crate::tui) fn fit(&self, number: Number) -> Fit {
        let sieve = self.sieve.as_ref();
        let found = sieve.zip(self.index(number));
        found.map_or(Fit::Yes, |(sieve, index)| sieve.fits[index])
    }

    /// How many rows fit.
    pub(in crate::tui) fn matches(&self) -> usize {
        match &self.sieve {
            None => self.rows.len(),
            Some(sieve) => sieve.fits.iter().filter(|fit| fit.is_match()).count(),
        }
    }

    /// Marks a request, or takes its mark away.
    pub(in crate::tui) fn mark(&mut self, number: Number, is_marked: bool, now: UnixMillis) {
        let is_changed = match is_marked {
            true => self.marked.insert(number),
            false => self.marked.remove(&number),
        };
        if is_changed && let Some(index) = self.index(number) {
            // A filter may ask for what is marked.
            let row = self.rows[index].clone();
            self.change(index, row, now);
        }
    }
}
