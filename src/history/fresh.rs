//! Captures recorded in the transaction under way. Their rows are written at its end, once: an attempt that comes with its
//! capture, as most do, is on the row already.
//!
//! In: arrivals, and attempts on them. Out: rows of `captures`. Must not know: when it is committed.

use hooktool_relay::capture::{Body, CaptureId};
use rusqlite::{CachedStatement, Connection, Result, params};

use super::{
    batch::{Tried, micros},
    model::{Arrival, Attempt, Number, Position},
    queue::Told,
    rows::kind_word,
};

/// Rows to be written, in order of number.
#[derive(Debug, Default)]
pub(super) struct Fresh<'a> {
    rows: Vec<Row<'a>>,
}

/// A row of `captures`.
#[derive(Debug)]
pub(super) struct Row<'a> {
    number: Number,
    place: i64,
    arrival: &'a Arrival,
    /// Kept of it and of its attempts.
    bytes: u64,
    tries: u32,
    /// The latest attempt.
    last: Option<(Position, &'a Attempt)>,
}

impl<'a> Fresh<'a> {
    /// Takes the row of a capture that is not known yet.
    pub(super) fn push(&mut self, row: Row<'a>) {
        self.rows.push(row);
    }

    /// The row of this capture, if it is one of these.
    pub(super) fn of(&mut self, id: CaptureId) -> Option<&mut Row<'a>> {
        let mut newest_first = self.rows.iter_mut().rev();
        newest_first.find(|row| row.arrival.capture.id == id)
    }

    /// Writes them.
    pub(super) fn write(&mut self, db: &Connection) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut insert = db.prepare_cached(
            "INSERT INTO captures (number, id, place, seq, kind, received_at, method, path, size, peer, bytes,
                 tries, last, outcome, cause, status, took, late,
                 provider, event, action, delivery_id, attempt, verdict)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                 ?19, ?20, ?21, ?22, ?23, ?24)",
        )?;
        let mut rows = self.rows.drain(..);
        rows.try_for_each(|row| row.insert(&mut insert))
    }
}

impl<'a> Row<'a> {
    /// The row of a capture without an attempt. `bytes`: kept of it.
    pub(super) fn new(number: Number, place: i64, arrival: &'a Arrival, bytes: u64) -> Self {
        Self {
            number,
            place,
            arrival,
            bytes,
            tries: 0,
            last: None,
        }
    }

    /// What whoever records it again is told.
    pub(super) fn told(&self) -> Told {
        Told {
            number: self.number,
            outcome: self.last.map(|(_, attempt)| attempt.outcome),
            ..Told::default()
        }
    }

    /// What its next attempt needs.
    pub(super) fn tried(&self) -> Tried {
        Tried {
            number: self.number,
            tries: self.tries,
            last: self.last.map(|(position, _)| position.cast_signed()),
            counts: true,
        }
    }

    /// Puts an attempt on it.
    pub(super) fn take(
        &mut self,
        position: Position,
        tries: u32,
        attempt: &'a Attempt,
        bytes: u64,
    ) {
        self.last = Some((position, attempt));
        self.tries = tries;
        self.bytes += bytes;
    }

    fn insert(&self, row: &mut CachedStatement<'_>) -> Result<()> {
        let capture = &self.arrival.capture;
        let webhook = self.arrival.webhook.as_deref();
        let attempt = self.last.map(|(_, attempt)| attempt);
        let size = match &capture.body {
            Body::Absent => None,
            body => Some(body.len().cast_signed()),
        };
        row.execute(params![
            self.number.cast_signed(),
            capture.id.to_bytes(),
            self.place,
            self.arrival.seq.map(|seq| seq.0.cast_signed()),
            kind_word(self.arrival.kind),
            capture.received_at.0,
            capture.method.as_str(),
            capture.path.as_ref(),
            size,
            capture.peer.to_string(),
            self.bytes.cast_signed(),
            self.tries,
            self.last.map(|(position, _)| position.cast_signed()),
            attempt.map(|attempt| attempt.outcome.as_str()),
            attempt.map(|attempt| attempt.cause.as_str()),
            attempt.and_then(|attempt| attempt.answer.as_ref().map(|answer| answer.status)),
            attempt.and_then(|attempt| attempt.took.map(micros)),
            attempt.map(|attempt| attempt.late),
            webhook.map(|webhook| &webhook.provider),
            webhook.and_then(|webhook| webhook.event.as_ref()),
            webhook.and_then(|webhook| webhook.action.as_ref()),
            webhook.and_then(|webhook| webhook.delivery_id.as_ref()),
            webhook.and_then(|webhook| webhook.attempt.as_ref()),
            webhook.map(|webhook| &webhook.verdict),
        ])?;
        Ok(())
    }
}
