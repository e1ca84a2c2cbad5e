//! Bytes that come in pieces: large request bodies before their head, answers that stream.
//!
//! In: pieces, in order. Out: rows of `pieces`, and what of them the writer must remember between transactions (the [`Desk`]).
//! Must not know: queues, threads.
//!
//! ```text
//! draft   Piece* ─▶ adopted by its capture | forgotten | left behind by a crash: swept at a later start
//! stream  attempt ─▶ Grow* ─▶ End (whole | broken)
//! ```

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use hooktool_relay::capture::{CaptureId, EndpointName, Outcome, UnixMillis};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{
    batch::{Batch, kept, length, micros},
    model::{Carried, Change, KeptAnswer, Number, Position},
    queue::DraftKey,
    schema,
    writers::Sign,
};

/// Drafts older than this belong to no living process: the relay gives a body ten minutes.
const DRAFT_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What the writer remembers between transactions.
#[derive(Debug, Default)]
pub(super) struct Desk {
    drafts: HashMap<DraftKey, Draft>,
    streams: HashMap<Position, Stream>,
    /// Streams with something to write, in order.
    dirty: Vec<Position>,
    places: Vec<(Arc<str>, EndpointName, i64)>,
    /// Says that this process lives, from its first answer that streams.
    sign: Option<Sign>,
    /// Captures whose record was refused because another process held the file; their attempts are refused too.
    pub(super) refused: HashSet<CaptureId>,
    /// Requests under way of which the same event has come again meanwhile, and the requests that brought it: what those are is
    /// seen when the try ends.
    pub(super) unsettled: HashMap<Number, Vec<Number>>,
}

#[derive(Debug)]
struct Draft {
    body: i64,
    pieces: i64,
    len: u64,
}

#[derive(Debug)]
struct Stream {
    number: Number,
    body: i64,
    pieces: i64,
    len: u64,
    /// Bytes that wait for the end of the transaction.
    fresh: Vec<u8>,
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    Whole(Option<Carried>),
    Broken(String, Option<Carried>),
}

impl Desk {
    pub(super) fn place(&self, relay: &str, endpoint: &EndpointName) -> Option<i64> {
        let mut places = self.places.iter();
        let found = places.find(|(r, e, _)| **r == *relay && e == endpoint);
        found.map(|(_, _, place)| *place)
    }

    pub(super) fn keep_place(&mut self, relay: &Arc<str>, endpoint: &EndpointName, place: i64) {
        self.places
            .push((Arc::clone(relay), endpoint.clone(), place));
    }

    /// Takes further bytes of an answer; one whose request was let go is not known any more.
    pub(super) fn grow(&mut self, position: Position, bytes: &[u8], more: u64) {
        let Some(stream) = self.streams.get_mut(&position) else {
            return;
        };
        stream.fresh.extend_from_slice(bytes);
        stream.len += bytes.len() as u64 + more;
        self.dirty.push(position);
    }

    pub(super) fn end(
        &mut self,
        position: Position,
        more: u64,
        broken: Option<&str>,
        carried: Option<Carried>,
    ) {
        let Some(stream) = self.streams.get_mut(&position) else {
            return;
        };
        stream.len += more;
        let end = broken.map_or(End::Whole(carried), |why| {
            End::Broken(why.to_owned(), carried)
        });
        stream.end = Some(end);
        self.dirty.push(position);
    }

    /// Which writer this process is. None where files cannot be locked: then nobody knows whether it lives.
    pub(super) fn writer(&mut self, path: &Path) -> Option<i64> {
        if self.sign.is_none() {
            let put = Sign::put(path);
            let put =
                put.inspect_err(|error| tracing::warn!(%error, "no sign of life can be left"));
            self.sign = put.ok();
        }
        self.sign.as_ref().map(Sign::writer)
    }
}

impl Batch<'_> {
    /// Adds a piece to a large request body.
    pub(super) fn add_piece(&mut self, key: DraftKey, bytes: &[u8]) -> Result<()> {
        if !self.desk.drafts.contains_key(&key) {
            let body = self.totals.next_body();
            self.db
                .prepare_cached("INSERT INTO drafts (body, begun_at) VALUES (?1, ?2)")?
                .execute(params![body, UnixMillis::now().0])?;
            let draft = Draft {
                body,
                pieces: 0,
                len: 0,
            };
            self.desk.drafts.insert(key, draft);
        }
        if let Some(draft) = self.desk.drafts.get_mut(&key) {
            insert_piece(self.db, draft.body, draft.pieces, bytes)?;
            draft.pieces += 1;
            draft.len += bytes.len() as u64;
        }
        Ok(())
    }

    /// Makes a draft a capture's body, if it is as long as it should be; else nothing is left of it.
    pub(super) fn adopt(&mut self, key: DraftKey, tail: &[u8], len: u64) -> Result<Option<i64>> {
        if !tail.is_empty() {
            self.add_piece(key, tail)?;
        }
        let Some(draft) = self.desk.drafts.remove(&key) else {
            return Ok(None);
        };
        // A draft that was swept in the meantime has no row.
        let is_there = close_draft(self.db, draft.body)?;
        if is_there && draft.len == len {
            return Ok(Some(draft.body));
        }
        delete_pieces(self.db, draft.body)?;
        Ok(None)
    }

    pub(super) fn forget(&mut self, key: DraftKey) -> Result<()> {
        if let Some(draft) = self.desk.drafts.remove(&key) {
            close_draft(self.db, draft.body)?;
            delete_pieces(self.db, draft.body)?;
        }
        Ok(())
    }

    /// Begins an answer that streams; gives the body that its pieces belong to.
    pub(super) fn open_stream(
        &mut self,
        position: Position,
        number: Number,
        answer: &KeptAnswer,
    ) -> Result<i64> {
        let body = self.totals.next_body();
        let first = kept(answer);
        if !first.is_empty() {
            insert_piece(self.db, body, 0, first)?;
        }
        let stream = Stream {
            number,
            body,
            pieces: 1,
            len: length(answer),
            fresh: Vec::new(),
            end: None,
        };
        self.desk.streams.insert(position, stream);
        Ok(body)
    }

    /// Writes what came of streaming answers during this transaction: one piece and one row each, however often they grew.
    pub(super) fn write_streams(&mut self) -> Result<()> {
        let mut dirty = std::mem::take(&mut self.desk.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        for position in dirty {
            let Some(mut stream) = self.desk.streams.remove(&position) else {
                continue;
            };
            let is_kept = self.write_stream(position, &mut stream)?;
            if is_kept && stream.end.is_none() {
                self.desk.streams.insert(position, stream);
            }
        }
        Ok(())
    }

    /// Whether the attempt is still there.
    fn write_stream(&mut self, position: Position, stream: &mut Stream) -> Result<bool> {
        let (outcome, why, carried) = match &stream.end {
            Some(End::Broken(why, carried)) => (Some(Outcome::Broken), Some(why), *carried),
            // Said again: another process may have taken this one for dead.
            Some(End::Whole(carried)) => (Some(Outcome::Answered), None, *carried),
            None => (None, None, None),
        };
        let outcome = outcome.map(Outcome::as_str);
        let mut row = self.db.prepare_cached(
            "UPDATE attempts SET len = ?2, ended = ?3, outcome = coalesce(?4, outcome),
                 error = CASE WHEN ?4 IS NULL THEN error ELSE ?5 END, up = ?6, lasted = ?7
             WHERE position = ?1",
        )?;
        let rows = row.execute(params![
            position.cast_signed(),
            stream.len.cast_signed(),
            matches!(stream.end, Some(End::Whole(_))),
            outcome,
            why,
            carried.map(|carried| carried.up.cast_signed()),
            carried.map(|carried| micros(carried.lasted)),
        ])?;
        if rows == 0 {
            return Ok(false);
        }
        let fresh = std::mem::take(&mut stream.fresh);
        if !fresh.is_empty() {
            insert_piece(self.db, stream.body, stream.pieces, &fresh)?;
            stream.pieces += 1;
        }
        self.note_growth(position, stream.number, fresh.len() as u64, outcome)?;
        Ok(true)
    }

    /// Puts what an answer grew by, and that it broke off, on its capture's row.
    fn note_growth(
        &mut self,
        position: Position,
        number: Number,
        bytes: u64,
        outcome: Option<&str>,
    ) -> Result<()> {
        let mut row = self.db.prepare_cached(
            "UPDATE captures SET bytes = bytes + ?2, outcome = CASE WHEN last = ?3 THEN coalesce(?4, outcome) ELSE outcome END
             WHERE number = ?1 RETURNING bookmarked = 0 AND removed IS NULL",
        )?;
        let values = params![
            number.cast_signed(),
            bytes.cast_signed(),
            position.cast_signed(),
            outcome
        ];
        let counts: Option<bool> = row.query_row(values, |row| row.get(0)).optional()?;
        if counts == Some(true) {
            self.totals.grow(0, bytes);
        }
        self.changes.push(Change::Attempted(number));
        Ok(())
    }
}

fn insert_piece(db: &Connection, body: i64, index: i64, bytes: &[u8]) -> Result<()> {
    db.prepare_cached("INSERT INTO pieces (piece, bytes) VALUES (?1, ?2)")?
        .execute(params![schema::piece(body, index), bytes])?;
    Ok(())
}

/// Deletes a body's pieces.
pub(super) fn delete_pieces(db: &Connection, body: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM pieces WHERE piece BETWEEN ?1 AND ?2")?
        .execute(schema::pieces(body))?;
    Ok(())
}

/// Whether it was still a draft.
fn close_draft(db: &Connection, body: i64) -> Result<bool> {
    let rows = db
        .prepare_cached("DELETE FROM drafts WHERE body = ?1")?
        .execute([body])?;
    Ok(rows == 1)
}

/// Removes drafts that a crash left behind, one a transaction.
pub(super) fn sweep(db: &Connection) -> Result<()> {
    let life = i64::try_from(DRAFT_LIFE.as_millis()).unwrap_or(i64::MAX);
    let before = UnixMillis::now().0.saturating_sub(life);
    let old: Vec<i64> = db
        .prepare("SELECT body FROM drafts WHERE begun_at < ?1")?
        .query_map([before], |row| row.get(0))?
        .collect::<Result<_>>()?;
    for body in old {
        let tx =
            rusqlite::Transaction::new_unchecked(db, rusqlite::TransactionBehavior::Immediate)?;
        close_draft(&tx, body)?;
        delete_pieces(&tx, body)?;
        tx.commit()?;
    }
    Ok(())
}
