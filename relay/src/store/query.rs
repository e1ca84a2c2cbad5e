//! The questions: what is read of endpoints, cursors and tokens, each checked against its checksum; `captures` has those
//! about captures.
//!
//! In: a connection in a transaction. Out: values that are what was written, or [`StoreError::Damaged`]. Must not know:
//! who asks, threads.

use std::path::Path;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use super::{Cursor, EndpointRecord, Stats, StoreError, TokenRecord, record::State, row};
use crate::capture::{AccountId, EndpointName, UnixMillis};

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

    /// Name of the endpoint of a number.
    pub(super) fn name(&self, number: i64) -> Result<EndpointName, StoreError> {
        let sql = "SELECT name, state FROM endpoint WHERE number = ?1";
        let found: Option<(String, Vec<u8>)> =
            self.one(sql, [number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found
            .filter(|(name, state)| State::unseal(number, name, state).is_some())
            .and_then(|(name, _)| name.parse().ok())
            .ok_or_else(|| self.damaged(format!("name of endpoint number {number}")))
    }

    fn checked_token(&self, (token, sum): (TokenRecord, i64)) -> Result<TokenRecord, StoreError> {
        if token.sum() == sum {
            Ok(token)
        } else {
            Err(self.damaged(format!("a token of {}", token.account)))
        }
    }

    pub(super) fn one<T>(
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

    pub(super) fn all<T>(
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

    pub(super) fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .map_err(|error| StoreError::reading(self.path, &error))
    }

    pub(super) fn damaged(&self, detail: impl Into<String>) -> StoreError {
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
