//! The questions about captures: pages, single ones, bodies by range, what retention wants to know.
//!
//! In: a connection in a transaction. Out: captures that are what was written, or [`StoreError::Damaged`]. Must not know:
//! who asks, threads.

use bytes::Bytes;
use rusqlite::Row;

use super::{
    Page, StoreError, Stored,
    query::Reading,
    row::{self, Found, PIECE},
};
use crate::capture::{Body, CaptureId, EndpointName, Seq, UnixMillis};

/// Rows looked at in one transaction while a moment is sought: about 4 MiB of captures.
const STRIDE: u64 = 512;

/// A capture as retention sees it.
pub(super) struct Outline {
    pub(super) key: i64,
    pub(super) at: i64,
    pub(super) size: u64,
    pub(super) body: Option<i64>,
}

impl Outline {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            at: row.get(1)?,
            size: row.get::<_, i64>(2)?.unsigned_abs(),
            body: row.get(3)?,
        })
    }
}

impl Reading<'_> {
    /// See [`Store::read`](super::Store::read).
    pub(super) fn page(
        &self,
        name: &EndpointName,
        after: Seq,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let Some((number, state)) = self.state(name)? else {
            return Ok(Page::default());
        };
        let start = after.0.max(state.floor);
        let due = state.after(start).min(limit as u64);
        let mut captures = Vec::new();
        if due > 0 {
            let (first, last) = (row::key(number, start + 1), row::key(number, start + due));
            let sql = format!(
                "SELECT {} FROM capture WHERE key BETWEEN ?1 AND ?2 ORDER BY key",
                row::COLUMNS
            );
            for found in self.all(&sql, [first, last], Found::of)? {
                captures.push(self.checked(found, name)?);
            }
        }
        let are_whole = captures
            .iter()
            .zip(start + 1..)
            .all(|(c, seq)| c.seq.0 == seq);
        if captures.len() as u64 != due || !are_whole {
            return Err(self.damaged(format!("captures of {name} after {start} are missing")));
        }
        Ok(Page {
            captures,
            oldest: (state.kept() > 0).then_some(Seq(state.floor + 1)),
        })
    }

    /// See [`Store::read_these`](super::Store::read_these).
    pub(super) fn these(
        &self,
        name: &EndpointName,
        mut seqs: Vec<Seq>,
    ) -> Result<Vec<Stored>, StoreError> {
        let Some((number, state)) = self.state(name)? else {
            return Ok(Vec::new());
        };
        seqs.sort_unstable();
        seqs.dedup();
        seqs.retain(|seq| (state.floor + 1..=state.last).contains(&seq.0));
        let at = |seq: Seq| self.at(row::key(number, seq.0), name);
        seqs.into_iter().map(at).collect()
    }

    /// See [`Store::get`](super::Store::get).
    pub(super) fn by_id(&self, id: CaptureId) -> Result<Option<Stored>, StoreError> {
        let Some(found) = self.found(id)? else {
            return Ok(None);
        };
        let name = self.name(row::number_of(found.key))?;
        self.checked(found, &name).map(Some)
    }

    /// See [`Store::body`](super::Store::body).
    pub(super) fn body(
        &self,
        id: CaptureId,
        offset: u64,
        len: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        let Some(found) = self.found(id)? else {
            return Ok(None);
        };
        let body = found.body;
        let name = self.name(row::number_of(found.key))?;
        let stored = self.checked(found, &name)?;
        let whole = match (&stored.capture.body, body) {
            (Body::Absent, _) => Bytes::new(),
            (Body::Whole(bytes), _) => bytes.clone(),
            (Body::Pieces(whole), _) if offset >= *whole => Bytes::new(),
            (Body::Pieces(whole), Some(body)) => {
                let piece = self.piece(body, offset / PIECE as u64, *whole)?;
                return Ok(Some(part(&piece, offset % PIECE as u64, len)));
            }
            (Body::Pieces(_), None) => return Err(self.damaged(format!("{id} has no body"))),
        };
        Ok(Some(part(&whole, offset, len)))
    }

    /// The first seq in the next rows after `after` received at or after a moment; else how far was looked. No seq and no
    /// place: there is none.
    pub(super) fn seq_at(
        &self,
        name: &EndpointName,
        moment: UnixMillis,
        after: u64,
    ) -> Result<(Option<Seq>, Option<u64>), StoreError> {
        let Some((number, state)) = self.state(name)? else {
            return Ok((None, None));
        };
        let start = after.max(state.floor);
        let end = state.last.min(start.saturating_add(STRIDE));
        let found: Option<i64> = self.one(
            "SELECT key FROM capture WHERE key BETWEEN ?1 AND ?2 AND at >= ?3 ORDER BY key LIMIT 1",
            (row::key(number, start + 1), row::key(number, end), moment.0),
            |row| row.get(0),
        )?;
        match found {
            Some(key) => Ok((Some(self.at(key, name)?.seq), None)),
            None => Ok((None, (end < state.last).then_some(end))),
        }
    }

    /// Shows captures to retention, oldest first, until it has seen enough.
    pub(super) fn oldest(
        &self,
        first: i64,
        last: i64,
        mut wants_more: impl FnMut(Outline) -> bool,
    ) -> Result<(), StoreError> {
        let of = |error: rusqlite::Error| StoreError::reading(self.path, &error);
        let sql =
            "SELECT key, at, size, body FROM capture WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
        let mut statement = self.prepared(sql)?;
        let mut rows = statement.query([first, last]).map_err(of)?;
        while let Some(row) = rows.next().map_err(of)? {
            if !wants_more(Outline::of(row).map_err(of)?) {
                break;
            }
        }
        Ok(())
    }

    /// Where a capture lies.
    pub(super) fn key_of(&self, id: CaptureId) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT key FROM capture WHERE id = ?1";
        self.one(sql, [id.to_bytes().as_slice()], |row| row.get(0))
    }

    fn at(&self, key: i64, name: &EndpointName) -> Result<Stored, StoreError> {
        let sql = format!("SELECT {} FROM capture WHERE key = ?1", row::COLUMNS);
        match self.one(&sql, [key], Found::of)? {
            Some(found) => self.checked(found, name),
            None => Err(self.damaged(format!("{name} {} is missing", row::seq_of(key)))),
        }
    }

    fn found(&self, id: CaptureId) -> Result<Option<Found>, StoreError> {
        let sql = format!("SELECT {} FROM capture WHERE id = ?1", row::COLUMNS);
        self.one(&sql, [id.to_bytes().as_slice()], Found::of)
    }

    fn piece(&self, body: i64, place: u64, whole: u64) -> Result<Bytes, StoreError> {
        let due = (whole - place * PIECE as u64).min(PIECE as u64);
        let sql = "SELECT key, sum, bytes FROM piece WHERE key = ?1";
        let key = row::piece_key(body, place).unwrap_or(-1);
        let found: Option<(i64, i64, Vec<u8>)> = self.one(sql, [key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        found
            .filter(|(key, sum, bytes)| {
                row::piece_sum(*key, bytes) == *sum && bytes.len() as u64 == due
            })
            .map(|(_, _, bytes)| Bytes::from(bytes))
            .ok_or_else(|| self.damaged(format!("piece {place} of body {body}")))
    }

    fn checked(&self, found: Found, name: &EndpointName) -> Result<Stored, StoreError> {
        found.check(name).map_err(|detail| self.damaged(detail))
    }
}

fn part(bytes: &Bytes, offset: u64, len: usize) -> Bytes {
    let start = usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
    bytes.slice(start..bytes.len().min(start.saturating_add(len)))
}
