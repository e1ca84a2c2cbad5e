//! What goes when there is too much: the oldest requests that nobody bookmarked, with their attempts and bodies.
//!
//! In: the limits and the counts. Out: deleted rows, counted with moment and limit. Must not know: who records.

use rusqlite::{Connection, OptionalExtension, Result, Row};

use super::{
    batch::Batch,
    bodies::delete_pieces,
    model::{Change, Limit, Retention},
    repeats::forget_events,
    totals::Totals,
};

/// Most requests that go within one transaction: a limit that was lowered is reached step by step, and nobody waits long.
///
/// It stands in the text of a statement: one whose `LIMIT` is bound is compiled again whenever it runs.
pub(super) const STEP: usize = 256;

/// A limit may be passed by one part in so many before anything goes, so that requests go in groups and views are not told
/// to read everything again for each.
const SLACK: u64 = 64;

impl Batch<'_> {
    /// Lets go what is beyond the limits; whether there is more to let go. The newest request stays whatever its size.
    pub(super) fn trim(&mut self, limits: &Retention) -> Result<bool> {
        if !is_over(&self.totals, limits) {
            return Ok(false);
        }
        self.fresh.write(self.db)?;
        let mut dropped = 0;
        for request in oldest(self.db, self.totals.last_number())? {
            let Some(limit) = beyond(&self.totals, limits) else {
                break;
            };
            delete(self.db, &request)?;
            self.totals.drop_one(request.bytes, limit);
            dropped += 1;
        }
        if dropped > 0 {
            self.changes.push(Change::Reload);
        }
        Ok(dropped == STEP)
    }
}

/// Whether there is so much that something must go.
fn is_over(totals: &Totals, limits: &Retention) -> bool {
    let slack = |limit: u64| limit.saturating_add(limit / SLACK);
    totals.requests > slack(limits.count) || totals.bytes > slack(limits.bytes)
}

fn beyond(totals: &Totals, limits: &Retention) -> Option<Limit> {
    if totals.requests > limits.count {
        Some(Limit::Count)
    } else if totals.bytes > limits.bytes {
        Some(Limit::Bytes)
    } else {
        None
    }
}

/// What is deleted for good, as far as that needs to be known.
pub(super) struct Doomed {
    number: i64,
    bytes: u64,
    last: Option<i64>,
    /// Its body's pieces, if it has any.
    body: Option<i64>,
    /// Its rows of events.
    keys: Option<Vec<u8>>,
}

/// The next to go, at most [`STEP`].
fn oldest(db: &Connection, newest: i64) -> Result<Vec<Doomed>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT number, requests.bytes, last, body, keys FROM requests LEFT JOIN contents USING (number)
         WHERE bookmarked = 0 AND number < ?1 ORDER BY number LIMIT {STEP}"
    ))?;
    let found = query.query_map([newest], doomed)?;
    found.collect()
}

/// A request that goes for good: its number, bytes, latest attempt, body's pieces and events.
pub(super) fn doomed(row: &Row<'_>) -> Result<Doomed> {
    Ok(Doomed {
        number: row.get(0)?,
        bytes: row.get::<_, i64>(1)?.cast_unsigned(),
        last: row.get(2)?,
        body: row.get(3)?,
        keys: row.get(4)?,
    })
}

/// Deletes a request with its attempts and all bodies.
pub(super) fn delete(db: &Connection, request: &Doomed) -> Result<()> {
    let mut attempt = request.last;
    while let Some(position) = attempt {
        let found = db
            .prepare_cached("SELECT previous, body FROM attempts WHERE position = ?1")?
            .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (previous, body): (Option<i64>, Option<i64>) = found.unwrap_or_default();
        delete_row(db, "DELETE FROM attempts WHERE position = ?1", position)?;
        if let Some(body) = body {
            delete_pieces(db, body)?;
        }
        attempt = previous;
    }
    if let Some(body) = request.body {
        delete_pieces(db, body)?;
    }
    if let Some(keys) = &request.keys {
        forget_events(db, request.number, keys)?;
    }
    delete_row(db, "DELETE FROM contents WHERE number = ?1", request.number)?;
    delete_row(db, "DELETE FROM captures WHERE number = ?1", request.number)
}

fn delete_row(db: &Connection, sql: &str, row: i64) -> Result<()> {
    db.prepare_cached(sql)?.execute([row]).map(drop)
}
