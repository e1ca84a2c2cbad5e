//! One transaction of the writer: what each order does in it.
//!
//! In: orders, in the order they came. Out: rows, and what is to be told once they are committed. Must not know: queues,
//! who waits.

use std::sync::Arc;

use super::{
    Cursor, EndpointRecord, StoreError, Stored, TokenRecord,
    draft::{Pieces, Remainder},
    ledger::Ledger,
    query::Reading,
    queue::{Reply, What},
    retention::{AT_ONCE, Broom, remove_body},
    row,
    sqlite::Shared,
};
use crate::capture::{AccountId, Capture, EndpointName, Epoch, Seq, UnixMillis};

/// Why an order was not carried out.
pub(super) enum Refusal {
    /// It alone: the others are written.
    Own(StoreError),
    /// The transaction is lost with it.
    Whole(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Fatal { .. } | StoreError::Full(_) | StoreError::Busy => Self::Whole(error),
            _ => Self::Own(error),
        }
    }
}

/// A transaction under way.
pub(super) struct Batch<'a> {
    pub(super) reading: Reading<'a>,
    pub(super) shared: &'a Shared,
    pub(super) ledger: &'a mut Ledger,
    /// Where blobs are put together.
    pub(super) buffer: &'a mut Vec<u8>,
    /// Captures stored, in order of seq.
    pub(super) captures: Vec<Stored>,
    /// Large bodies stored with them.
    pub(super) bodies: Vec<Arc<Pieces>>,
    /// Claims changed.
    pub(super) claims: Vec<EndpointRecord>,
}

impl<'a> Batch<'a> {
    /// Carries out one order. What it refuses on its own account has left no trace.
    pub(super) fn carry_out(&mut self, what: &What) -> Result<Reply, StoreError> {
        let done = match what {
            What::Piece {
                body, place, bytes, ..
            } => self.piece(body.number, *place, bytes),
            What::Append { capture, rest } => self.append(capture, rest.as_ref()),
            What::Cursor {
                endpoint,
                epoch,
                cursor,
            } => self.cursor(endpoint, *epoch, cursor),
            What::Endpoint { record, expected } => self.endpoint(record, *expected),
            What::Token(token) => self.token(token),
            What::Revoke(account) => self.revoke(account),
            What::Trim => self.trim(),
            What::Sweep => Ok(0),
        };
        match done {
            Ok(done) => Ok(Ok(done)),
            Err(Refusal::Own(error)) => Ok(Err(error)),
            Err(Refusal::Whole(error)) => Err(error),
        }
    }

    /// Applies the limits to the endpoints touched and writes back how they stand.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        if !self.captures.is_empty() {
            let names = self.ledger.touched();
            self.broom().sweep(self.ledger, &names)?;
        }
        let path = self.reading.path;
        self.ledger
            .write(self.reading.connection)
            .map_err(|error| StoreError::writing(path, &error))
    }

    /// Removes bodies that were given up.
    pub(super) fn remove_bodies(&self, bodies: &[i64]) -> Result<(), StoreError> {
        let removed = bodies
            .iter()
            .try_for_each(|&body| remove_body(self.reading.connection, body));
        removed.map_err(|error| StoreError::writing(self.reading.path, &error))
    }

    /// Takes up room, which [`Batch::remove_bodies`] of body 0 gives back.
    pub(super) fn fill(&self, bytes: u32) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO piece (key, sum, bytes) VALUES (0, 0, zeroblob(?1))";
        write(&self.reading, sql, [bytes]).map(drop)
    }

    /// Drops what is beyond the limits anywhere; how many captures went, at most [`AT_ONCE`].
    fn trim(&mut self) -> Result<u64, Refusal> {
        let states = self.reading.states()?;
        let names: Vec<_> = states.into_iter().map(|(name, _, _)| name).collect();
        // The sums on disk do not know yet what came in this transaction.
        let path = self.reading.path;
        self.ledger
            .write(self.reading.connection)
            .map_err(|error| StoreError::writing(path, &error))?;
        Ok(self.broom().sweep(self.ledger, &names)?)
    }

    fn append(&mut self, capture: &Arc<Capture>, rest: Option<&Remainder>) -> Result<u64, Refusal> {
        if let Some(failure) = rest.and_then(|rest| rest.body.failure.get()) {
            return Err(Refusal::Own(failure.clone()));
        }
        let reading = self.reading;
        if self.ledger.find(&reading, &capture.endpoint)?.is_none() {
            self.ledger.make(&reading, &capture.endpoint)?;
        }
        let Some(place) = self.ledger.find(&reading, &capture.endpoint)? else {
            return Err(Refusal::Own(StoreError::Uncertain));
        };
        row::encode(capture, self.buffer);
        let size = self.buffer.len() as u64 + rest.map_or(0, |rest| rest.len);
        let (seq, at) = (place.state.last + 1, capture.received_at.0);
        let body = rest.map(|rest| rest.body.number);
        let (key, id) = (row::key(place.number, seq), capture.id.to_bytes());
        let size_kept = i64::try_from(size).unwrap_or(i64::MAX);
        let sum = row::sum([key, at, size_kept, body.unwrap_or(0)], &id, self.buffer);
        let inserted = write(
            &reading,
            "INSERT INTO capture (key, at, size, body, sum, id, blob) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO NOTHING",
            (key, at, size_kept, body, sum, id.as_slice(), self.buffer.as_slice()),
        )?;
        if inserted == 0 {
            let found = reading.key_of(capture.id)?;
            return found
                .map(row::seq_of)
                .ok_or(Refusal::Own(StoreError::Uncertain));
        }
        place.state.last = seq;
        place.state.bytes += size;
        place.state.newest = place.state.newest.max(u64::try_from(at).unwrap_or(0));
        self.ledger.total += size;
        if let Some(rest) = rest {
            self.piece(rest.body.number, rest.place, &rest.bytes)?;
            write(
                &reading,
                "DELETE FROM draft WHERE body = ?1",
                [rest.body.number],
            )?;
            self.bodies.push(Arc::clone(&rest.body));
        }
        self.captures.push(Stored {
            seq: Seq(seq),
            capture: Arc::clone(capture),
        });
        Ok(seq)
    }

    fn piece(&self, body: i64, place: u64, bytes: &[u8]) -> Result<u64, Refusal> {
        if place == 0 {
            let sql = "INSERT INTO draft (body) VALUES (?1)";
            write(&self.reading, sql, [body])?;
        }
        let Some(key) = row::piece_key(body, place) else {
            return Err(Refusal::Own(StoreError::denied(
                self.reading.path,
                "a body of more than 64 GiB",
            )));
        };
        let sql = "INSERT INTO piece (key, sum, bytes) VALUES (?1, ?2, ?3)";
        write(&self.reading, sql, (key, row::piece_sum(key, bytes), bytes))?;
        Ok(0)
    }

    fn cursor(
        &mut self,
        endpoint: &EndpointName,
        epoch: Epoch,
        cursor: &Cursor,
    ) -> Result<u64, Refusal> {
        let found = self.ledger.find(&self.reading, endpoint)?;
        let Some(place) = found.filter(|place| place.epoch == Some(epoch)) else {
            return Err(Refusal::Own(StoreError::Conflict));
        };
        let sql = "INSERT INTO cursor (number, record) VALUES (?1, ?2)
            ON CONFLICT (number) DO UPDATE SET record = excluded.record";
        write(
            &self.reading,
            sql,
            (place.number, cursor.seal(place.number)),
        )?;
        Ok(0)
    }

    fn endpoint(
        &mut self,
        record: &EndpointRecord,
        expected: Option<Epoch>,
    ) -> Result<u64, Refusal> {
        let reading = self.reading;
        let found = self.ledger.find(&reading, &record.name)?;
        let is_known = found.is_some();
        if found.and_then(|place| place.epoch) != expected {
            return Err(Refusal::Own(StoreError::Conflict));
        }
        if !is_known {
            self.ledger.make(&reading, &record.name)?;
        }
        let Some(place) = self.ledger.find(&reading, &record.name)? else {
            return Err(Refusal::Own(StoreError::Uncertain));
        };
        let sealed = record
            .seal(place.number)
            .map_err(|error| Refusal::Own(StoreError::denied(reading.path, error)))?;
        let sql = "INSERT INTO claim (number, record) VALUES (?1, ?2)
            ON CONFLICT (number) DO UPDATE SET record = excluded.record";
        write(&reading, sql, (place.number, sealed))?;
        place.epoch = Some(record.epoch);
        self.claims.push(record.clone());
        Ok(0)
    }

    fn token(&self, token: &TokenRecord) -> Result<u64, Refusal> {
        let values = (
            token.digest.as_slice(),
            &token.account.0,
            token.created_at.0,
            token.revoked_at.map(|at| at.0),
            token.sum(),
        );
        let sql = "INSERT INTO token (digest, account, created_at, revoked_at, sum)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (digest) DO NOTHING";
        write(&self.reading, sql, values)?;
        Ok(0)
    }

    fn revoke(&self, account: &AccountId) -> Result<u64, Refusal> {
        let mut revoked = 0;
        for mut token in self.reading.tokens()? {
            if token.account != *account || token.revoked_at.is_some() {
                continue;
            }
            let now = UnixMillis::now();
            token.revoked_at = Some(now);
            let sql = "UPDATE token SET revoked_at = ?2, sum = ?3 WHERE digest = ?1";
            let values = (token.digest.as_slice(), now.0, token.sum());
            write(&self.reading, sql, values)?;
            revoked += 1;
        }
        Ok(revoked)
    }

    fn broom(&self) -> Broom<'a> {
        Broom {
            reading: self.reading,
            keep: &self.shared.retention,
            newest: self.shared.newest(),
            left: AT_ONCE,
        }
    }
}

fn write(
    reading: &Reading<'_>,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    reading
        .connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map_err(|error| StoreError::writing(reading.path, &error))
}
