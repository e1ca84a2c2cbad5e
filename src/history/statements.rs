//! What runs for every request, as compiled SQL. Must not know: what the values are.

use rusqlite::{CachedStatement, Connection, Result};

/// What runs for every request, found once a transaction.
pub(super) struct Statements<'a> {
    pub(super) known: CachedStatement<'a>,
    pub(super) contents: CachedStatement<'a>,
    pub(super) attempt: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    pub(super) fn of(db: &'a Connection) -> Result<Self> {
        Ok(Self {
            known: db.prepare_cached("SELECT number, outcome FROM captures WHERE id = ?1")?,
            contents: db.prepare_cached(
                "INSERT INTO contents (number, head, body, bytes) VALUES (?1, ?2, ?3, ?4)",
            )?,
            attempt: db.prepare_cached(
                "INSERT INTO attempts (position, number, previous, try_number, cause, target, started_at, outcome, error, connect,
                     took, changes, sent, late, status, len, ended, headers, body, bytes, writer)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
            )?,
        })
    }
}
