//! What goes when there is too much: the oldest first, by count, bytes and age for each endpoint, by bytes for all.
//!
//! In: the ledger, within a transaction. Out: fewer captures, and how many went. Must not know: who waits.
//!
//! Whoever is over a limit is brought a little below it, so that the next captures cost no deletion of their own.

use std::{cmp::Reverse, collections::BinaryHeap};

use rusqlite::Connection;

use super::{
    Retention, StoreError,
    ledger::{Ledger, Place},
    query::Reading,
    row,
};
use crate::capture::EndpointName;

/// Most captures dropped in one transaction, so that nobody waits long for it: about 50 ms.
pub(super) const AT_ONCE: u64 = 2048;
/// How far below a limit it goes: this part of the limit.
const SLACK: u64 = 64;
/// The same for the limit over all, at most, in bytes.
const SLACK_BYTES: u64 = 16 * 1024 * 1024;

/// Retention at work in one transaction.
pub(super) struct Broom<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) keep: &'a Retention,
    /// The moment from which age counts, in milliseconds.
    pub(super) newest: i64,
    /// Captures that may still go in this transaction.
    pub(super) left: u64,
}

/// Down to where captures of one endpoint go.
struct Goal {
    count: u64,
    bytes: u64,
    /// Whatever was received before this goes.
    since: i64,
    /// Nothing received after this goes.
    until: i64,
    /// How many stay whatever the bytes.
    at_least: u64,
}

impl Broom<'_> {
    /// Applies the limits of these endpoints, then the limit over all; how many captures went.
    pub(super) fn sweep(
        &mut self,
        ledger: &mut Ledger,
        names: &[EndpointName],
    ) -> Result<u64, StoreError> {
        let before = self.left;
        for name in names {
            if let Some(place) = ledger.find(&self.reading, name)? {
                let freed = self.sweep_one(place)?;
                ledger.free(name, freed);
            }
        }
        self.sweep_all(ledger)?;
        Ok(before - self.left)
    }

    fn sweep_one(&mut self, place: &mut Place) -> Result<u64, StoreError> {
        let age = i64::try_from(self.keep.age.as_millis()).unwrap_or(i64::MAX);
        let since = self.newest.saturating_sub(age);
        let (kept, bytes) = (place.state.kept(), place.state.bytes);
        let is_old = self.oldest_at(place)?.is_some_and(|at| at < since);
        if kept <= self.keep.count && bytes <= self.keep.bytes && !is_old {
            return Ok(0);
        }
        let below = |found, limit: u64| limit - if found > limit { limit / SLACK } else { 0 };
        // The newest one stays, however small the limits: only age takes it.
        let goal = Goal {
            count: below(kept, self.keep.count).max(1),
            bytes: below(bytes, self.keep.bytes),
            since,
            until: i64::MAX,
            at_least: 1,
        };
        self.drop_oldest(place, &goal)
    }

    fn sweep_all(&mut self, ledger: &mut Ledger) -> Result<(), StoreError> {
        let limit = self.keep.total_bytes;
        if ledger.total <= limit {
            return Ok(());
        }
        let goal = limit - (limit / SLACK).min(SLACK_BYTES);
        let mut oldest = BinaryHeap::new();
        for (name, _, state) in self.reading.states()? {
            if state.kept() > 0
                && let Some(place) = ledger.find(&self.reading, &name)?
                && let Some(at) = self.oldest_at(place)?
            {
                oldest.push(Reverse((at, name)));
            }
        }
        while ledger.total > goal
            && self.left > 0
            && let Some(Reverse((_, name))) = oldest.pop()
        {
            let excess = ledger.total - goal;
            let Some(place) = ledger.find(&self.reading, &name)? else {
                continue;
            };
            let goal = Goal {
                count: u64::MAX,
                bytes: place.state.bytes.saturating_sub(excess),
                since: i64::MIN,
                until: oldest.peek().map_or(i64::MAX, |Reverse((at, _))| *at),
                at_least: 0,
            };
            let freed = self.drop_oldest(place, &goal)?;
            let at = self.oldest_at(place)?;
            ledger.free(&name, freed);
            // Without progress it would come back for ever.
            if freed > 0
                && let Some(at) = at
            {
                oldest.push(Reverse((at, name)));
            }
        }
        Ok(())
    }

    /// Drops captures of one endpoint until the goal is met; the bytes that went.
    fn drop_oldest(&mut self, place: &mut Place, goal: &Goal) -> Result<u64, StoreError> {
        let (first, last) = row::keys_after(place.number, place.state.floor, self.left);
        let mut state = place.state;
        let mut bodies = Vec::new();
        let mut next_at = None;
        self.reading.oldest(first, last, |found| {
            let is_over = state.kept() > goal.count
                || (state.bytes > goal.bytes && state.kept() > goal.at_least)
                || found.at < goal.since;
            if !is_over || found.at > goal.until {
                next_at = Some(found.at);
                return false;
            }
            state.floor = row::seq_of(found.key);
            state.bytes = state.bytes.saturating_sub(found.size);
            bodies.extend(found.body);
            true
        })?;
        let gone = state.floor - place.state.floor;
        if gone > 0 {
            let last = row::key(place.number, state.floor);
            self.remove(first, last, &bodies)
                .map_err(|error| StoreError::writing(self.reading.path, &error))?;
        }
        let freed = place.state.bytes - state.bytes;
        self.left = self.left.saturating_sub(gone);
        place.state = state;
        place.oldest_at = next_at;
        Ok(freed)
    }

    fn remove(&self, first: i64, last: i64, bodies: &[i64]) -> rusqlite::Result<()> {
        let connection = self.reading.connection;
        connection
            .prepare_cached("DELETE FROM capture WHERE key BETWEEN ?1 AND ?2")?
            .execute([first, last])?;
        bodies
            .iter()
            .try_for_each(|&body| remove_body(connection, body))
    }

    fn oldest_at(&self, place: &mut Place) -> Result<Option<i64>, StoreError> {
        if place.state.kept() > 0 && place.oldest_at.is_none() {
            let (first, last) = row::keys_after(place.number, place.state.floor, 1);
            self.reading.oldest(first, last, |found| {
                place.oldest_at = Some(found.at);
                false
            })?;
        }
        Ok(place.oldest_at.filter(|_| place.state.kept() > 0))
    }
}

/// Removes the pieces of a body.
pub(super) fn remove_body(connection: &Connection, body: i64) -> rusqlite::Result<()> {
    let (first, last) = row::pieces(body);
    connection
        .prepare_cached("DELETE FROM piece WHERE key BETWEEN ?1 AND ?2")?
        .execute([first, last])?;
    connection
        .prepare_cached("DELETE FROM draft WHERE body = ?1")?
        .execute([body])?;
    Ok(())
}
