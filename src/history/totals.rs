//! The history's counts, one row: which numbers were given out, what is kept, what retention let go.
//!
//! In: what a transaction adds and takes away. Out: the next number, and whether there is too much. Read at the begin of a write
//! transaction and written at its end, so processes that write in turn give out no number twice.

use hooktool_relay::capture::UnixMillis;
use rusqlite::{Connection, Result, params};

use super::model::{Dropped, Limit, Number, Position};

/// The counts.
#[derive(Clone, Debug)]
pub(super) struct Totals {
    last_number: i64,
    last_position: i64,
    last_body: i64,
    /// Kept and not bookmarked.
    pub(super) requests: u64,
    /// Bytes of those.
    pub(super) bytes: u64,
    dropped: u64,
    dropped_at: UnixMillis,
    dropped_by: Limit,
}

impl Totals {
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let mut query = db.prepare_cached(
            "SELECT last_number, last_position, last_body, requests, bytes, dropped, dropped_at, dropped_by FROM totals",
        )?;
        query.query_row([], |row| {
            Ok(Self {
                last_number: row.get(0)?,
                last_position: row.get(1)?,
                last_body: row.get(2)?,
                requests: row.get::<_, i64>(3)?.cast_unsigned(),
                bytes: row.get::<_, i64>(4)?.cast_unsigned(),
                dropped: row.get::<_, i64>(5)?.cast_unsigned(),
                dropped_at: UnixMillis(row.get(6)?),
                dropped_by: if row.get_ref(7)?.as_str()? == "bytes" {
                    Limit::Bytes
                } else {
                    Limit::Count
                },
            })
        })
    }

    pub(super) fn write(&self, db: &Connection) -> Result<()> {
        let mut row = db.prepare_cached(
            "UPDATE totals SET last_number = ?1, last_position = ?2, last_body = ?3, requests = ?4, bytes = ?5,
                 dropped = ?6, dropped_at = ?7, dropped_by = ?8",
        )?;
        row.execute(params![
            self.last_number,
            self.last_position,
            self.last_body,
            self.requests.cast_signed(),
            self.bytes.cast_signed(),
            self.dropped.cast_signed(),
            self.dropped_at.0,
            match self.dropped_by {
                Limit::Count => "count",
                Limit::Bytes => "bytes",
            },
        ])?;
        Ok(())
    }

    pub(super) fn next_number(&mut self) -> Number {
        self.last_number += 1;
        self.last_number.cast_unsigned()
    }

    pub(super) fn next_position(&mut self) -> Position {
        self.last_position += 1;
        self.last_position.cast_unsigned()
    }

    pub(super) fn next_body(&mut self) -> i64 {
        self.last_body += 1;
        self.last_body
    }

    /// The newest number that was given out.
    pub(super) fn last_number(&self) -> i64 {
        self.last_number
    }

    /// The newest position that was given out.
    pub(super) fn last_position(&self) -> Position {
        self.last_position.cast_unsigned()
    }

    pub(super) fn grow(&mut self, requests: u64, bytes: u64) {
        self.requests = self.requests.saturating_add(requests);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn shrink(&mut self, requests: u64, bytes: u64) {
        self.requests = self.requests.saturating_sub(requests);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Counts what retention lets go.
    pub(super) fn drop_one(&mut self, bytes: u64, limit: Limit) {
        self.shrink(1, bytes);
        self.dropped = self.dropped.saturating_add(1);
        self.dropped_at = UnixMillis::now();
        self.dropped_by = limit;
    }

    pub(super) fn dropped(&self) -> Option<Dropped> {
        (self.dropped > 0).then_some(Dropped {
            count: self.dropped,
            at: self.dropped_at,
            limit: self.dropped_by,
        })
    }
}
