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
    repeats::{Earlier, millis, packed},
    rows::kind_word,
    webhook::Again,
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
    /// What it repeats.
    again: Option<Again>,
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

    /// The row of this number, if it is one of these.
    pub(super) fn numbered(&self, number: Number) -> Option<&Row<'a>> {
        let place = self.rows.binary_search_by_key(&number, |row| row.number);
        place.ok().and_then(|place| self.rows.get(place))
    }

    /// Writes them.
    pub(super) fn write(&mut self, db: &Connection) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut insert = db.prepare_cached(
            "INSERT INTO captures (number, id, place, seq, kind, received_at, method, path, size, peer, bytes,
                 tries, last, outcome, cause, status, took, late,
                 provider, event, action, delivery_id, attempt, verdict, attempt_reason, keys, digest,
                 again, again_of, again_id, again_after, again_times, again_probable, again_same, batch, batch_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                 ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36)",
        )?;
        let mut rows = self.rows.drain(..);
        rows.try_for_each(|row| row.insert(&mut insert))
    }
}

impl<'a> Row<'a> {
    /// The row of a capture without an attempt. `bytes`: kept of it.
    pub(super) fn new(
        number: Number,
        place: i64,
        arrival: &'a Arrival,
        again: Option<Again>,
        bytes: u64,
    ) -> Self {
        Self {
            number,
            place,
            arrival,
            again,
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

    /// What a later request with the same event needs of it.
    pub(super) fn earlier(&self) -> Earlier {
        let attempt = self.last.map(|(_, attempt)| attempt);
        let fingerprint = self.arrival.fingerprint.as_deref();
        Earlier {
            number: self.number,
            id: self.arrival.capture.id,
            received_at: self.arrival.capture.received_at,
            digest: fingerprint.and_then(|it| it.body).map(u64::cast_signed),
            again: self
                .again
                .as_ref()
                .map(|again| (again.repeat, again.of, again.times)),
            is_batch: fingerprint.is_some_and(|it| it.keys.len() > 1),
            end: attempt.map(|attempt| {
                let status = attempt.answer.as_ref().map(|answer| answer.status);
                (attempt.outcome, status)
            }),
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
        let fingerprint = self.arrival.fingerprint.as_deref();
        let again = self.again.as_ref();
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
            webhook.and_then(|webhook| webhook.attempt_reason.as_ref()),
            fingerprint.map(|it| packed(&it.keys)),
            fingerprint.and_then(|it| it.body).map(u64::cast_signed),
            again.map(|again| again.repeat.as_str()),
            again.map(|again| again.of.cast_signed()),
            again.map(|again| again.id.to_bytes()),
            again.map(|again| millis(again.after)),
            again.map(|again| again.times),
            again.map(|again| again.is_probable),
            again.and_then(|again| again.is_same_body),
            again.and_then(|again| again.batch).map(|(all, _)| all),
            again.and_then(|again| again.batch).map(|(_, seen)| seen),
        ])?;
        Ok(())
    }
}
