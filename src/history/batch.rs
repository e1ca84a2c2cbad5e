//! One transaction of the writer: captures, attempts, bookmarks, and the counts that go with them.
//!
//! In: [`Work`], in order. Out: rows, what its callers are told, and the [`Change`]s that the commit makes true.
//! Must not know: queues, threads, when it is committed. Bytes that come in pieces are in `bodies.rs`.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use hooktool_relay::capture::{Body, CaptureId, EndpointName};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{
    bodies::Desk,
    error::{HistoryError, damaged},
    inserts::{AttemptRow, insert_capture, micros},
    model::{Arrival, Attempt, Change, FolderEndpoint, Number, Position},
    queue::{DraftKey, Told, Work},
    rows::outcome,
    totals::Totals,
};

/// What one piece of work came to: what its caller is told, or why this one alone was refused. SQLite's own errors end the batch.
pub(super) type Done = std::result::Result<Told, HistoryError>;

/// A transaction under way.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) path: &'a Path,
    pub(super) desk: &'a mut Desk,
    pub(super) totals: Totals,
    pub(super) changes: Vec<Change>,
}

/// A capture's row as far as an attempt needs it.
struct Tried {
    number: Number,
    tries: u32,
    last: Option<i64>,
    bookmarked: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(db: &'a Connection, path: &'a Path, desk: &'a mut Desk) -> Result<Self> {
        Ok(Self {
            db,
            path,
            desk,
            totals: Totals::read(db)?,
            changes: Vec::new(),
        })
    }

    /// Writes one piece of work.
    pub(super) fn apply(&mut self, work: &Work) -> Result<Done> {
        let none = Ok(Told::default());
        match work {
            Work::Record { arrival, draft } => return self.record(arrival, draft.as_ref()),
            Work::Attempt { id, attempt } => return self.attempt(*id, attempt),
            Work::Piece { draft, bytes } => self.add_piece(*draft, bytes)?,
            Work::Forget { draft } => self.forget(*draft)?,
            Work::Grow {
                position,
                bytes,
                more,
            } => self.desk.grow(*position, bytes, *more),
            Work::End {
                position,
                more,
                broken,
            } => self.desk.end(*position, *more, broken.as_deref()),
            Work::Bookmark { number, on } => self.bookmark(*number, *on)?,
            Work::Folder {
                folder,
                relay,
                kept,
            } => self.keep_folder(folder, relay, kept)?,
        }
        Ok(none)
    }

    /// Ends the transaction's own writes; gives the changes that its commit makes true.
    pub(super) fn finish(mut self) -> Result<Vec<Change>> {
        self.write_streams()?;
        self.totals.write(self.db)?;
        self.changes.dedup();
        Ok(self.changes)
    }

    fn record(&mut self, arrival: &Arrival, draft: Option<&(DraftKey, Bytes)>) -> Result<Done> {
        if let Some(told) = self.known(arrival.capture.id)? {
            if let Some((draft, _)) = draft {
                self.forget(*draft)?;
            }
            return Ok(Ok(told));
        }
        let body = match draft {
            None => None,
            Some((draft, tail)) => self.adopt(*draft, tail, arrival.capture.body.len())?,
        };
        if matches!(arrival.capture.body, Body::Pieces(_)) && body.is_none() {
            let id = arrival.capture.id;
            return Ok(Err(damaged(
                self.path,
                format!("the body of {id} did not come whole"),
            )));
        }
        let number = self.totals.next_number();
        let place = self.place(&arrival.relay, &arrival.capture.endpoint)?;
        let bytes = insert_capture(self.db, number, place, arrival, body)?;
        self.totals.grow(1, bytes);
        self.desk.refused.remove(&arrival.capture.id);
        self.changes.push(Change::Captured(number));
        Ok(Ok(Told {
            number,
            ..Told::default()
        }))
    }

    fn known(&self, id: CaptureId) -> Result<Option<Told>> {
        let mut query = self
            .db
            .prepare_cached("SELECT number, outcome FROM captures WHERE id = ?1")?;
        let row = query.query_row([id.to_bytes()], |row| {
            let word: Option<String> = row.get(1)?;
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), word))
        });
        let Some((number, word)) = row.optional()? else {
            return Ok(None);
        };
        Ok(Some(Told {
            number,
            outcome: word.as_deref().map(outcome).transpose()?,
            streams_at: None,
        }))
    }

    /// The small number that stands for a relay and an endpoint.
    fn place(&mut self, relay: &Arc<str>, endpoint: &EndpointName) -> Result<i64> {
        if let Some(place) = self.desk.place(relay, endpoint) {
            return Ok(place);
        }
        self.db
            .prepare_cached(
                "INSERT INTO places (relay, endpoint) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute([relay.as_ref(), endpoint.as_str()])?;
        let place = self
            .db
            .prepare_cached("SELECT place FROM places WHERE relay = ?1 AND endpoint = ?2")?
            .query_row([relay.as_ref(), endpoint.as_str()], |row| row.get(0))?;
        self.desk.keep_place(relay, endpoint, place);
        Ok(place)
    }

    fn attempt(&mut self, id: CaptureId, attempt: &Attempt) -> Result<Done> {
        let Some(tried) = self.tried(id)? else {
            if self.desk.refused.remove(&id) {
                return Ok(Err(HistoryError::Locked(self.path.to_owned())));
            }
            // Retention let it go while its forward ran.
            tracing::warn!(%id, "an attempt came for a request that is not kept");
            return Ok(Ok(Told::default()));
        };
        let position = self.totals.next_position();
        let is_try = attempt.outcome.is_try();
        let tries = tried.tries.saturating_add(u32::from(is_try));
        let streams = match &attempt.answer {
            Some(answer) if !answer.ended && attempt.error.is_none() => {
                Some(self.open_stream(position, tried.number, answer)?)
            }
            _ => None,
        };
        let row = AttemptRow {
            position,
            number: tried.number,
            previous: tried.last,
            try_number: is_try.then_some(tries),
            body: streams,
            attempt,
        };
        let bytes = row.insert(self.db)?;
        self.note_attempt(&tried, position, tries, attempt, bytes)?;
        self.changes.push(Change::Attempted(tried.number));
        Ok(Ok(Told {
            number: tried.number,
            outcome: None,
            streams_at: streams.map(|_| position),
        }))
    }

    fn tried(&self, id: CaptureId) -> Result<Option<Tried>> {
        let sql = "SELECT number, tries, last, bookmarked FROM captures WHERE id = ?1";
        let mut query = self.db.prepare_cached(sql)?;
        let row = query.query_row([id.to_bytes()], |row| {
            Ok(Tried {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                tries: row.get(1)?,
                last: row.get(2)?,
                bookmarked: row.get(3)?,
            })
        });
        row.optional()
    }

    /// Puts the attempt on its capture's row, for lists.
    fn note_attempt(
        &mut self,
        tried: &Tried,
        position: Position,
        tries: u32,
        attempt: &Attempt,
        bytes: u64,
    ) -> Result<()> {
        let mut row = self.db.prepare_cached(
            "UPDATE captures SET tries = ?2, last = ?3, outcome = ?4, cause = ?5, status = ?6, took = ?7, late = ?8, bytes = bytes + ?9
             WHERE number = ?1",
        )?;
        row.execute(params![
            tried.number.cast_signed(),
            tries,
            position.cast_signed(),
            attempt.outcome.as_str(),
            attempt.cause.as_str(),
            attempt.answer.as_ref().map(|answer| answer.status),
            attempt.took.map(micros),
            attempt.late,
            bytes.cast_signed(),
        ])?;
        if !tried.bookmarked {
            self.totals.grow(0, bytes);
        }
        Ok(())
    }

    fn bookmark(&mut self, number: Number, on: bool) -> Result<()> {
        let sql = "UPDATE captures SET bookmarked = ?2 WHERE number = ?1 AND bookmarked <> ?2 RETURNING bytes";
        let mut query = self.db.prepare_cached(sql)?;
        let bytes: Option<i64> = query
            .query_row(params![number.cast_signed(), on], |row| row.get(0))
            .optional()?;
        let Some(bytes) = bytes.map(i64::cast_unsigned) else {
            return Ok(());
        };
        if on {
            self.totals.shrink(1, bytes);
        } else {
            self.totals.grow(1, bytes);
        }
        self.changes.push(Change::Reload);
        Ok(())
    }

    fn keep_folder(&mut self, folder: &[u8], relay: &str, kept: &FolderEndpoint) -> Result<()> {
        let mut row = self.db.prepare_cached(
            "INSERT OR REPLACE INTO folders (folder, relay, endpoint, port) VALUES (?1, ?2, ?3, ?4)",
        )?;
        row.execute(params![folder, relay, kept.endpoint.as_str(), kept.port])?;
        Ok(())
    }
}
