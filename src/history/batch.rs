//! One transaction of the writer: captures, attempts, bookmarks, and the counts that go with them.
//!
//! In: [`Work`], in order. Out: rows, what its callers are told, and the [`Change`]s that the commit makes true.
//! Must not know: queues, threads, when it is committed. Bytes that come in pieces are in `bodies.rs`.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{Body, Capture, CaptureId, EndpointName, Headers, Scheme, Version};
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;

use super::{
    bodies::Desk,
    error::{HistoryError, damaged, odd},
    fresh::{Fresh, Row},
    model::{Arrival, Attempt, Change, FolderEndpoint, KeptAnswer, Number, Position},
    queue::{DraftKey, Told, Work},
    rows::outcome,
    statements::Statements,
    totals::Totals,
};

/// What one piece of work came to: what its caller is told, or why this one alone was refused. SQLite's own errors end the batch.
pub(super) type Done = std::result::Result<Told, HistoryError>;

/// Room for most JSON texts, in bytes, so that they do not grow step by step.
const TEXT: usize = 1000;

/// A transaction under way.
pub(super) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) path: &'a Path,
    pub(super) desk: &'a mut Desk,
    pub(super) totals: Totals,
    pub(super) changes: Vec<Change>,
    pub(super) fresh: Fresh<'a>,
    statements: Statements<'a>,
}

/// A capture's row as far as an attempt needs it.
pub(super) struct Tried {
    pub(super) number: Number,
    pub(super) tries: u32,
    pub(super) last: Option<i64>,
    /// Whether retention counts it: it is neither bookmarked nor deleted.
    pub(super) counts: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(db: &'a Connection, path: &'a Path, desk: &'a mut Desk) -> Result<Self> {
        Ok(Self {
            db,
            path,
            desk,
            totals: Totals::read(db)?,
            changes: Vec::new(),
            fresh: Fresh::default(),
            statements: Statements::of(db)?,
        })
    }

    /// Writes one piece of work.
    pub(super) fn apply(&mut self, work: &'a Work) -> Result<Done> {
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
                carried,
            } => self.desk.end(*position, *more, broken.as_deref(), *carried),
            Work::Bookmark { number, on } => self.bookmark(*number, *on)?,
            Work::Note { number, text } => self.note(*number, text.as_deref())?,
            Work::Remove { what, bookmarked } => return self.remove(what, *bookmarked),
            Work::Restore(removal) => return self.restore(*removal),
            Work::Missed {
                relay,
                endpoint,
                count,
            } => self.missed(relay, endpoint, *count)?,
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
        self.fresh.write(self.db)?;
        self.write_streams()?;
        self.totals.write(self.db)?;
        self.changes.dedup();
        Ok(self.changes)
    }

    fn record(&mut self, arrival: &'a Arrival, draft: Option<&(DraftKey, Bytes)>) -> Result<Done> {
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
        self.insert_capture(number, arrival, body)?;
        self.desk.refused.remove(&arrival.capture.id);
        self.changes.push(Change::Captured(number));
        Ok(Ok(Told {
            number,
            ..Told::default()
        }))
    }

    fn known(&mut self, id: CaptureId) -> Result<Option<Told>> {
        if let Some(row) = self.fresh.of(id) {
            return Ok(Some(row.told()));
        }
        let row = self.statements.known.query_row([id.to_bytes()], |row| {
            let word: Option<String> = row.get(1)?;
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), word))
        });
        let Some((number, word)) = row.optional()? else {
            return Ok(None);
        };
        Ok(Some(Told {
            number,
            outcome: word.as_deref().map(outcome).transpose()?,
            ..Told::default()
        }))
    }

    fn insert_capture(
        &mut self,
        number: Number,
        arrival: &'a Arrival,
        body: Option<i64>,
    ) -> Result<()> {
        let capture = &arrival.capture;
        let place = self.place(&arrival.relay, &capture.endpoint)?;
        let head = json("head", &Head::of(capture))?;
        let bytes = head.len() as u64 + capture.path.len() as u64 + capture.body.len();
        let inline = match &capture.body {
            Body::Whole(bytes) => Some(bytes.as_ref()),
            Body::Absent | Body::Pieces(_) => None,
        };
        let values = params![number.cast_signed(), head, body, inline];
        self.statements.contents.execute(values)?;
        let again = self.repeats(number, arrival)?;
        self.fresh
            .push(Row::new(number, place, arrival, again, bytes));
        self.totals.grow(1, bytes);
        Ok(())
    }

    /// The small number that stands for a relay and an endpoint.
    pub(super) fn place(&mut self, relay: &Arc<str>, endpoint: &EndpointName) -> Result<i64> {
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

    fn attempt(&mut self, id: CaptureId, attempt: &'a Attempt) -> Result<Done> {
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
        let bytes =
            self.insert_attempt(position, &tried, is_try.then_some(tries), attempt, streams)?;
        if tried.counts {
            self.totals.grow(0, bytes);
        }
        match self.fresh.of(id) {
            Some(row) => row.take(position, tries, attempt, bytes),
            None => self.note_attempt(tried.number, position, tries, attempt, bytes)?,
        }
        self.changes.push(Change::Attempted(tried.number));
        self.settle_repeats(tried.number, attempt)?;
        Ok(Ok(Told {
            number: tried.number,
            streams_at: streams.map(|_| position),
            ..Told::default()
        }))
    }

    fn tried(&mut self, id: CaptureId) -> Result<Option<Tried>> {
        if let Some(row) = self.fresh.of(id) {
            return Ok(Some(row.tried()));
        }
        let sql = "SELECT number, tries, last, bookmarked = 0 AND removed IS NULL FROM captures WHERE id = ?1";
        let mut query = self.db.prepare_cached(sql)?;
        let row = query.query_row([id.to_bytes()], |row| {
            Ok(Tried {
                number: row.get::<_, i64>(0)?.cast_unsigned(),
                tries: row.get(1)?,
                last: row.get(2)?,
                counts: row.get(3)?,
            })
        });
        row.optional()
    }

    /// Gives the bytes that were kept.
    fn insert_attempt(
        &mut self,
        position: Position,
        tried: &Tried,
        try_number: Option<u32>,
        attempt: &Attempt,
        body: Option<i64>,
    ) -> Result<u64> {
        let changes = match attempt.changes.as_slice() {
            [] => None,
            changes => Some(json("changes", &changes)?),
        };
        let sent = attempt
            .sent
            .as_ref()
            .map(|sent| json("sent", sent))
            .transpose()?;
        let answer = attempt.answer.as_ref();
        let headers = answer
            .map(|answer| json("headers", &answer.headers))
            .transpose()?;
        let kept = answer.map(kept);
        self.statements.attempt.execute(params![
            position.cast_signed(),
            tried.number.cast_signed(),
            tried.last,
            try_number,
            attempt.cause.as_str(),
            attempt.target,
            attempt.started_at.0,
            attempt.outcome.as_str(),
            attempt.error,
            attempt.connect.map(micros),
            attempt.took.map(micros),
            changes,
            sent,
            attempt.late,
            answer.map(|answer| answer.status),
            answer.map(|answer| length(answer).cast_signed()),
            answer.map(|answer| answer.ended),
            headers,
            body,
            if body.is_none() { kept } else { None },
            body.and_then(|_| self.desk.writer(self.path)),
        ])?;
        let texts = [
            changes.as_deref(),
            headers.as_deref(),
            Some(&attempt.target),
        ];
        let texts: usize = texts.into_iter().flatten().map(str::len).sum();
        Ok((texts + kept.map_or(0, <[u8]>::len)) as u64)
    }

    /// Puts the attempt on its capture's row, for lists.
    fn note_attempt(
        &self,
        number: Number,
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
            number.cast_signed(),
            tries,
            position.cast_signed(),
            attempt.outcome.as_str(),
            attempt.cause.as_str(),
            attempt.answer.as_ref().map(|answer| answer.status),
            attempt.took.map(micros),
            attempt.late,
            bytes.cast_signed(),
        ])?;
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

/// A request's head as it is kept.
#[derive(Serialize)]
struct Head<'a> {
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<Scheme>,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Headers::is_empty")]
    trailers: &'a Headers,
}

impl<'a> Head<'a> {
    fn of(capture: &'a Capture) -> Self {
        Self {
            version: capture.version,
            scheme: capture.scheme,
            headers: &capture.headers,
            trailers: &capture.trailers,
        }
    }
}

fn json(what: &str, value: &impl Serialize) -> Result<String> {
    let mut text = Vec::with_capacity(TEXT);
    serde_json::to_writer(&mut text, value).map_err(|error| odd(what, error))?;
    String::from_utf8(text).map_err(|error| odd(what, error))
}

/// What is kept of an answer's first bytes.
pub(super) fn kept(answer: &KeptAnswer) -> &[u8] {
    let len = answer.body.len().min(KeptAnswer::KEPT);
    answer.body.get(..len).unwrap_or_default()
}

/// How long an answer is so far.
pub(super) fn length(answer: &KeptAnswer) -> u64 {
    answer.len.max(answer.body.len() as u64)
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
