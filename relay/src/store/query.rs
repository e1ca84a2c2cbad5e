//! The questions: what is read of captures, endpoints, cursors and tokens, each checked against its checksum.
//!
//! In: a connection in a transaction. Out: values that are what was written, or [`StoreError::Damaged`]. Must not know:
//! who asks, threads.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use super::{
    Cursor, EndpointRecord, Page, Stats, StoreError, Stored, TokenRecord,
    record::State,
    row::{self, Found, PIECE},
};
use crate::capture::{AccountId, Body, CaptureId, EndpointName, Seq, UnixMillis};

/// Rows looked at in one transaction while a moment is sought: about 4 MiB of captures.
const STRIDE: u64 = 512;

/// A capture as retention sees it.
pub(super) struct Outline {
    pub(super) key: i64,
    pub(super) at: i64,
    pub(super) size: u64,
    pub(super) body: Option<i64>,
}

/// A connection within a transaction, and the name of its file.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) path: &'a Path,
}

impl Reading<'_> {
    /// Number and state of an endpoint that was ever appended to or claimed.
    pub(super) fn state(&self, name: &EndpointName) -> Result<Option<(i64, State)>, StoreError> {
        let found = self.one(
            "SELECT number, state FROM endpoint WHERE name = ?1",
            [name.as_str()],
            |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)),
        )?;
        let Some((number, bytes)) = found else {
            return Ok(None);
        };
        match State::unseal(number, name.as_str(), &bytes) {
            Some(state) => Ok(Some((number, state))),
            None => Err(self.damaged(format!("state of {name} does not fit its checksum"))),
        }
    }

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

    /// The claim on an endpoint.
    pub(super) fn endpoint(
        &self,
        name: &EndpointName,
    ) -> Result<Option<EndpointRecord>, StoreError> {
        let found: Option<(i64, Vec<u8>)> = self.one(
            "SELECT number, record FROM claim JOIN endpoint USING (number) WHERE name = ?1",
            [name.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let unsealed = |(number, bytes): (i64, Vec<u8>)| {
            EndpointRecord::unseal(number, name, &bytes)
                .ok_or_else(|| self.damaged(format!("record of {name} does not fit its checksum")))
        };
        found.map(unsealed).transpose()
    }

    /// The cursor of an endpoint.
    pub(super) fn cursor(&self, name: &EndpointName) -> Result<Cursor, StoreError> {
        let found: Option<(i64, Vec<u8>)> = self.one(
            "SELECT number, record FROM cursor JOIN endpoint USING (number) WHERE name = ?1",
            [name.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((number, bytes)) = found else {
            return Ok(Cursor::default());
        };
        Cursor::unseal(number, &bytes)
            .ok_or_else(|| self.damaged(format!("cursor of {name} does not fit its checksum")))
    }

    /// The token of a digest.
    pub(super) fn token(&self, digest: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        let sql =
            "SELECT digest, account, created_at, revoked_at, sum FROM token WHERE digest = ?1";
        let found = self.one(sql, [digest.as_slice()], token)?;
        found.map(|found| self.checked_token(found)).transpose()
    }

    /// Every token, oldest first.
    pub(super) fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let sql = "SELECT digest, account, created_at, revoked_at, sum FROM token ORDER BY created_at, rowid";
        let found = self.all(sql, [], token)?.into_iter();
        found.map(|found| self.checked_token(found)).collect()
    }

    /// Every endpoint's name, number and state.
    pub(super) fn states(&self) -> Result<Vec<(EndpointName, i64, State)>, StoreError> {
        let rows = self.all("SELECT name, number, state FROM endpoint", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        let unsealed = |(name, number, bytes): (String, i64, Vec<u8>)| {
            let state = State::unseal(number, &name, &bytes)?;
            Some((name.parse().ok()?, number, state))
        };
        let states = rows.into_iter().map(unsealed);
        states
            .map(|found| found.ok_or_else(|| self.damaged("state of an endpoint")))
            .collect()
    }

    /// See [`Store::stats`](super::Store::stats).
    pub(super) fn stats(&self) -> Result<Stats, StoreError> {
        let endpoints: Option<i64> =
            self.one("SELECT count(*) FROM claim", [], |row| row.get(0))?;
        let mut stats = Stats {
            endpoints: endpoints.unwrap_or(0).unsigned_abs(),
            ..Stats::default()
        };
        for (_, _, state) in self.states()? {
            stats.captures += state.kept();
            stats.bytes += state.bytes;
            stats.dropped += state.floor;
        }
        Ok(stats)
    }

    /// What retention wants to know of captures, oldest first.
    pub(super) fn oldest(&self, first: i64, last: i64) -> Result<Vec<Outline>, StoreError> {
        let sql =
            "SELECT key, at, size, body FROM capture WHERE key BETWEEN ?1 AND ?2 ORDER BY key";
        self.all(sql, [first, last], |row| {
            Ok(Outline {
                key: row.get(0)?,
                at: row.get(1)?,
                size: row.get::<_, i64>(2)?.unsigned_abs(),
                body: row.get(3)?,
            })
        })
    }

    /// A number that no endpoint has.
    pub(super) fn next_number(&self) -> Result<i64, StoreError> {
        let last: Option<Option<i64>> =
            self.one("SELECT max(number) FROM endpoint", [], |row| row.get(0))?;
        Ok(last.flatten().map_or(1, |last| last + 1))
    }

    /// A number above that of every body.
    pub(super) fn next_body(&self) -> Result<i64, StoreError> {
        let last: Option<Option<i64>> =
            self.one("SELECT max(key) FROM piece", [], |row| row.get(0))?;
        Ok(last.flatten().map_or(1, |key| row::body_of(key) + 1))
    }

    /// Bodies whose head row never came.
    pub(super) fn drafts(&self) -> Result<Vec<i64>, StoreError> {
        self.all("SELECT body FROM draft", [], |row| row.get(0))
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

    fn name(&self, number: i64) -> Result<EndpointName, StoreError> {
        let sql = "SELECT name, state FROM endpoint WHERE number = ?1";
        let found: Option<(String, Vec<u8>)> =
            self.one(sql, [number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found
            .filter(|(name, state)| State::unseal(number, name, state).is_some())
            .and_then(|(name, _)| name.parse().ok())
            .ok_or_else(|| self.damaged(format!("name of endpoint number {number}")))
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

    fn checked_token(&self, (token, sum): (TokenRecord, i64)) -> Result<TokenRecord, StoreError> {
        if token.sum() == sum {
            Ok(token)
        } else {
            Err(self.damaged(format!("a token of {}", token.account)))
        }
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        take: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        self.prepared(sql)?
            .query_row(values, take)
            .optional()
            .map_err(|error| StoreError::reading(self.path, &error))
    }

    fn all<T>(
        &self,
        sql: &str,
        values: impl Params,
        take: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.prepared(sql)?
            .query_map(values, take)
            .and_then(Iterator::collect)
            .map_err(|error| StoreError::reading(self.path, &error))
    }

    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .map_err(|error| StoreError::reading(self.path, &error))
    }

    fn damaged(&self, detail: impl Into<String>) -> StoreError {
        StoreError::damaged(self.path, detail)
    }
}

fn token(row: &Row<'_>) -> rusqlite::Result<(TokenRecord, i64)> {
    let token = TokenRecord {
        digest: row.get(0)?,
        account: AccountId(row.get(1)?),
        created_at: UnixMillis(row.get(2)?),
        revoked_at: row.get::<_, Option<i64>>(3)?.map(UnixMillis),
    };
    Ok((token, row.get(4)?))
}

fn part(bytes: &Bytes, offset: u64, len: usize) -> Bytes {
    let start = usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
    bytes.slice(start..bytes.len().min(start.saturating_add(len)))
}
