//! The endpoints as the writer knows them: what the next seq is, how much is kept.
//!
//! In: names. Out: their places, read from the database when they are first needed and written back with each commit.
//! After a transaction that came to nothing all of it is forgotten and read again. Must not know: rows of captures.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{StoreError, query::Reading, record::State, row::MAX_NUMBER};
use crate::capture::{EndpointName, Epoch};

/// Endpoints remembered between commits; when they are more, all are forgotten.
const PLACES: usize = 65_536;

/// How an endpoint stands, within the transaction under way.
#[derive(Debug)]
pub(super) struct Place {
    /// Upper part of its captures' keys.
    pub(super) number: i64,
    pub(super) state: State,
    /// Of its claim, if it has one.
    pub(super) epoch: Option<Epoch>,
    /// When its oldest capture was received, once that was looked up.
    pub(super) oldest_at: Option<i64>,
    is_touched: bool,
}

/// All places.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    places: HashMap<EndpointName, Place>,
    touched: Vec<EndpointName>,
    /// Bytes kept in all.
    pub(super) total: u64,
}

impl Ledger {
    /// Reads the sums, and forgets what was known of single places.
    pub(super) fn refresh(&mut self, reading: &Reading<'_>) -> Result<u64, StoreError> {
        self.places.clear();
        self.touched.clear();
        let states = reading.states()?;
        self.total = states.iter().map(|(_, _, state)| state.bytes).sum();
        Ok(states
            .iter()
            .map(|(_, _, state)| state.newest)
            .max()
            .unwrap_or(0))
    }

    /// The place of an endpoint, to be changed; none if it was never appended to nor claimed.
    pub(super) fn find(
        &mut self,
        reading: &Reading<'_>,
        name: &EndpointName,
    ) -> Result<Option<&mut Place>, StoreError> {
        if !self.places.contains_key(name) {
            let Some((number, state)) = reading.state(name)? else {
                return Ok(None);
            };
            let epoch = reading.endpoint(name)?.map(|record| record.epoch);
            self.keep(name, number, state, epoch);
        }
        let Some(place) = self.places.get_mut(name) else {
            return Ok(None);
        };
        if !place.is_touched {
            place.is_touched = true;
            self.touched.push(name.clone());
        }
        Ok(Some(place))
    }

    /// Makes the place of an endpoint that has none.
    pub(super) fn make(
        &mut self,
        reading: &Reading<'_>,
        name: &EndpointName,
    ) -> Result<(), StoreError> {
        let number = reading.next_number()?;
        if number > MAX_NUMBER {
            return Err(StoreError::Full(reading.path.to_owned()));
        }
        let state = State::default();
        reading
            .connection
            .prepare_cached("INSERT INTO endpoint (number, name, state) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| {
                insert.execute((number, name.as_str(), state.seal(number, name.as_str())))
            })
            .map_err(|error| StoreError::writing(reading.path, &error))?;
        self.keep(name, number, state, None);
        Ok(())
    }

    /// Names of those changed in this transaction.
    pub(super) fn touched(&self) -> Vec<EndpointName> {
        self.touched.clone()
    }

    /// Writes back what was changed.
    pub(super) fn write(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut update =
            connection.prepare_cached("UPDATE endpoint SET state = ?2 WHERE number = ?1")?;
        for name in self.touched.drain(..) {
            if let Some(place) = self.places.get_mut(&name) {
                place.is_touched = false;
                update.execute((place.number, place.state.seal(place.number, name.as_str())))?;
            }
        }
        if self.places.len() > PLACES {
            self.places.clear();
        }
        Ok(())
    }

    fn keep(&mut self, name: &EndpointName, number: i64, state: State, epoch: Option<Epoch>) {
        let place = Place {
            number,
            state,
            epoch,
            oldest_at: None,
            is_touched: false,
        };
        self.places.insert(name.clone(), place);
    }
}
