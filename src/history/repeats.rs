//! Which request before brought the same event: looked up when a request is recorded, and set right when a try ends that was
//! still under way then.
//!
//! In: a request's [`Fingerprint`]. Out: its rows of `events`, and [`Again`] if there was one before. Must not know: what the
//! numbers in a fingerprint stand for.
//!
//! ```text
//! keys ─▶ events: the newest before ─▶ its row ─▶ failed, and so did all before it ─▶ retry
//!                                          │  └─▶ else ─▶ duplicate
//!                                          └─ no outcome yet ─▶ retry, unsettled ─▶ its try ends well ─▶ duplicate
//! ```
//!
//! A request without a fingerprint costs nothing. One with an id costs a row of `events` and one look for the one before it; only
//! if there is one are rows of `captures` read.

use std::time::Duration;

use hooktool_relay::capture::{CaptureId, Outcome, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{
    batch::Batch,
    model::{Arrival, Attempt, Change, Number},
    rows,
    webhook::{Again, Fingerprint, Repeat},
};

/// Requests with one event that are looked at before the newest is given up: they may have been deleted a moment ago.
const LOOKS: i64 = 8;

/// A request before, as far as whoever repeats its event needs it.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) number: Number,
    pub(super) id: CaptureId,
    pub(super) received_at: UnixMillis,
    /// Stands for its body.
    pub(super) digest: Option<i64>,
    /// What it repeats itself: how, the first one, how often the event had come.
    pub(super) again: Option<(Repeat, Number, u32)>,
    pub(super) is_batch: bool,
    /// The outcome and status of its latest attempt.
    pub(super) end: Option<(Outcome, Option<u16>)>,
}

impl Earlier {
    /// Whether it, or one before it, did not fail. What is under way is taken for failed: its sender did not wait for it.
    fn was_taken(&self) -> bool {
        let before = self.again.map(|(repeat, ..)| repeat);
        before == Some(Repeat::Duplicate)
            || self
                .end
                .is_some_and(|(outcome, status)| is_taken(outcome, status))
    }
}

/// Whether a request was answered well; or held, parked or skipped, which its sender takes for an answer.
fn is_taken(outcome: Outcome, status: Option<u16>) -> bool {
    !outcome.is_try() || status.is_some_and(|status| (200..300).contains(&status))
}

impl<'a> Batch<'a> {
    /// Keeps the events of a request that is being recorded; tells what it repeats.
    pub(super) fn repeats(
        &mut self,
        number: Number,
        arrival: &'a Arrival,
    ) -> Result<Option<Again>> {
        let Some(fingerprint) = arrival.fingerprint.as_deref() else {
            return Ok(None);
        };
        let mut before: Vec<Earlier> = Vec::new();
        let mut seen = 0;
        for &key in &fingerprint.keys {
            let found = self.newest(key.cast_signed(), arrival, fingerprint)?;
            seen += u32::from(found.is_some());
            before.extend(found);
            self.db
                .prepare_cached("INSERT OR IGNORE INTO events (key, number) VALUES (?1, ?2)")?
                .execute([key.cast_signed(), number.cast_signed()])?;
        }
        before.sort_unstable_by_key(|earlier| earlier.number);
        before.dedup_by_key(|earlier| earlier.number);
        for earlier in &before {
            if earlier.end.is_none() {
                let waiting = self.desk.unsettled.entry(earlier.number).or_default();
                waiting.push(number);
            }
        }
        let all = u32::try_from(fingerprint.keys.len()).unwrap_or(u32::MAX);
        let batch = (all > 1).then_some((all, seen));
        self.again(&before, arrival, fingerprint, batch)
    }

    fn again(
        &self,
        before: &[Earlier],
        arrival: &Arrival,
        fingerprint: &Fingerprint,
        batch: Option<(u32, u32)>,
    ) -> Result<Option<Again>> {
        let Some(oldest) = before.first() else {
            return Ok(None);
        };
        // What a batch repeats may be another of its events.
        let of = match oldest.again {
            Some((_, of, _)) if !oldest.is_batch => self.earlier(of)?,
            _ => None,
        };
        let first = of.as_ref().unwrap_or(oldest);
        let was_taken = first.was_taken() || before.iter().any(Earlier::was_taken);
        let times = before.iter().map(|earlier| earlier.again);
        let times = times.map(|again| again.map_or(1, |(.., times)| times));
        let digest = fingerprint.body.map(u64::cast_signed);
        Ok(Some(Again {
            repeat: match was_taken {
                true => Repeat::Duplicate,
                false => Repeat::Retry,
            },
            of: first.number,
            id: first.id,
            after: arrival.capture.received_at.since(first.received_at),
            times: times.max().unwrap_or(1).saturating_add(1),
            is_probable: fingerprint.is_of_body,
            is_same_body: digest.zip(first.digest).map(|(one, other)| one == other),
            batch,
        }))
    }

    /// The newest request that brought an event and is still there; of path and body within the window alone.
    fn newest(
        &self,
        key: i64,
        arrival: &Arrival,
        fingerprint: &Fingerprint,
    ) -> Result<Option<Earlier>> {
        let mut query = self.db.prepare_cached(
            "SELECT number FROM events WHERE key = ?1 ORDER BY number DESC LIMIT ?2",
        )?;
        let mut rows = query.query([key, LOOKS])?;
        while let Some(row) = rows.next()? {
            let number = row.get::<_, i64>(0)?.cast_unsigned();
            let Some(earlier) = self.earlier(number)? else {
                continue;
            };
            if !fingerprint.is_of_body {
                return Ok(Some(earlier));
            }
            // Counted from the first of them: what comes every hour is a new event once a day.
            let first = match earlier.again {
                Some((_, of, _)) => self.earlier(of)?,
                None => None,
            };
            let begun = first.map_or(earlier.received_at, |first| first.received_at);
            let age = arrival.capture.received_at.since(begun);
            return Ok((age < Fingerprint::WINDOW).then_some(earlier));
        }
        Ok(None)
    }

    /// A request that was recorded, in this transaction or before, and not deleted since.
    fn earlier(&self, number: Number) -> Result<Option<Earlier>> {
        if let Some(row) = self.fresh.numbered(number) {
            return Ok(Some(row.earlier()));
        }
        let mut query = self.db.prepare_cached(
            "SELECT id, received_at, digest, again, again_of, again_times, length(keys) > 8, outcome, status
             FROM requests WHERE number = ?1",
        )?;
        let found = query.query_row([number.cast_signed()], |row| {
            let again = match row.get_ref(3)?.as_str_or_null()? {
                None => None,
                Some(word) => Some((
                    rows::repeat(word)?,
                    row.get::<_, i64>(4)?.cast_unsigned(),
                    row.get(5)?,
                )),
            };
            let end = match row.get_ref(7)?.as_str_or_null()? {
                None => None,
                Some(word) => Some((rows::outcome(word)?, row.get(8)?)),
            };
            Ok(Earlier {
                number,
                id: CaptureId::from_bytes(row.get(0)?),
                received_at: UnixMillis(row.get(1)?),
                digest: row.get(2)?,
                again,
                is_batch: row.get::<_, Option<bool>>(6)?.unwrap_or_default(),
                end,
            })
        });
        found.optional()
    }

    /// An attempt ended: what came meanwhile with the same event is a duplicate if it ended well.
    pub(super) fn settle_repeats(&mut self, number: Number, attempt: &Attempt) -> Result<()> {
        let Some(later) = self.desk.unsettled.remove(&number) else {
            return Ok(());
        };
        let status = attempt.answer.as_ref().map(|answer| answer.status);
        if !is_taken(attempt.outcome, status) {
            return Ok(());
        }
        self.fresh.write(self.db)?;
        let mut query = self.db.prepare_cached(
            "UPDATE captures SET again = 'duplicate' WHERE again = 'retry' AND number >= ?1
                 AND again_of = (SELECT again_of FROM captures WHERE number = ?1) RETURNING number",
        )?;
        for number in later {
            let changed = query.query_map([number.cast_signed()], |row| row.get::<_, i64>(0))?;
            for number in changed {
                self.changes.push(Change::Noted(number?.cast_unsigned()));
            }
        }
        Ok(())
    }
}

/// Takes the rows of `events` away that belong to a request.
pub(super) fn forget_events(db: &Connection, number: i64, keys: &[u8]) -> Result<()> {
    let mut query = db.prepare_cached("DELETE FROM events WHERE key = ?1 AND number = ?2")?;
    for key in keys.chunks_exact(8) {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(key);
        query.execute(params![i64::from_be_bytes(bytes), number])?;
    }
    Ok(())
}

/// Keys as a row of `captures` keeps them.
pub(super) fn packed(keys: &[u64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_be_bytes()).collect()
}

pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
