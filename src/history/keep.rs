//! What a person does with stored requests: bookmarks, notes, deletion, and its undo.
//!
//! In: wishes. Out: changed rows, counts that stay right. Must not know: who asks, keys, screens.
//!
//! ```text
//! there ── remove ──▶ removed (nobody sees it, attempts still come) ── undo time over ──▶ purged, bodies too
//!   ▲                    │
//!   └───── restore ──────┘
//! ```
//!
//! A deletion is one transaction and is named by its moment, so that whichever process comes by later knows when its time is over.
//! It is no loss that retention counts as "dropped".

use std::time::Duration;

use hooktool_relay::capture::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{
    History, HistoryError,
    batch::{Batch, Done},
    chosen::{bounds, chosen},
    model::{Bookmarked, Change, Going, Number, Removal, Removed},
    queue::{Told, Work},
    retention::{STEP, delete, doomed},
    rows,
};

impl History {
    /// Longest note, in bytes; what is beyond is cut at a character.
    pub const NOTE: usize = 4096;

    /// Keeps a request, or stops keeping it. An unknown one is none.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn bookmark(&self, number: Number, on: bool) -> Result<(), HistoryError> {
        self.wish(Work::Bookmark { number, on }).await?;
        Ok(())
    }

    /// Writes a note beside a request, instead of the one it had; an empty one takes it away. An unknown request is none.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn note(&self, number: Number, text: &str) -> Result<(), HistoryError> {
        let text = text.trim();
        let text = text.get(..text.floor_char_boundary(Self::NOTE));
        let text = text.filter(|text| !text.is_empty()).map(str::to_owned);
        self.wish(Work::Note { number, text }).await?;
        Ok(())
    }

    /// Deletes requests, all in one transaction: they are gone for every reader once this is `Ok`. [`History::restore`] brings
    /// them back until they are purged with their tries and bodies, [`Options::undo`](super::Options::undo) later.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`: then nothing was deleted.
    pub async fn remove(
        &self,
        what: Going,
        bookmarked: Bookmarked,
    ) -> Result<Removed, HistoryError> {
        let told = self.wish(Work::Remove { what, bookmarked }).await?;
        Ok(told.removed)
    }

    /// Takes a deletion back, in one transaction; answers how many requests are there again. 0 if they were purged.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`: then nothing came back.
    pub async fn restore(&self, removal: Removal) -> Result<u64, HistoryError> {
        Ok(self.wish(Work::Restore(removal)).await?.restored)
    }

    async fn wish(&self, work: Work) -> Result<Told, HistoryError> {
        let room = self.room(0).await?;
        self.hand_over(work, room).await
    }
}

impl Batch<'_> {
    pub(super) fn bookmark(&mut self, number: Number, on: bool) -> Result<()> {
        self.fresh.write(self.db)?;
        let sql = "UPDATE captures SET bookmarked = ?2 WHERE number = ?1 AND bookmarked <> ?2 AND removed IS NULL RETURNING bytes";
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
        self.changes.push(Change::Noted(number));
        Ok(())
    }

    pub(super) fn note(&mut self, number: Number, text: Option<&str>) -> Result<()> {
        self.fresh.write(self.db)?;
        let sql = "UPDATE captures SET note = ?2 WHERE number = ?1 AND note IS NOT ?2 AND removed IS NULL";
        let rows = self
            .db
            .prepare_cached(sql)?
            .execute(params![number.cast_signed(), text])?;
        if rows > 0 {
            self.changes.push(Change::Noted(number));
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, what: &Going, bookmarked: Bookmarked) -> Result<Done> {
        self.fresh.write(self.db)?;
        let numbers = match what {
            Going::Those(numbers) => numbers.clone(),
            Going::All(select) => {
                let Some(chosen) = chosen(select, &rows::places(self.db)?) else {
                    return Ok(Ok(Told::default()));
                };
                let mut query = self.db.prepare(&format!(
                    "SELECT number FROM requests WHERE number > ?1 AND number < ?3 {chosen} ORDER BY number DESC LIMIT ?2"
                ))?;
                let found = query.query_map(bounds(select), |row| row.get::<_, i64>(0))?;
                found
                    .map(|number| Ok(number?.cast_unsigned()))
                    .collect::<Result<_>>()?
            }
        };
        let removal = self.next_removal()?;
        let mut removed = Removed {
            removal,
            ..Removed::default()
        };
        for number in numbers {
            self.remove_one(number, bookmarked, &mut removed)?;
        }
        if removed.count > 0 {
            self.changes.push(Change::Reload);
        }
        Ok(Ok(Told {
            removed,
            ..Told::default()
        }))
    }

    fn remove_one(
        &mut self,
        number: Number,
        bookmarked: Bookmarked,
        removed: &mut Removed,
    ) -> Result<()> {
        let sql = "SELECT bytes, bookmarked FROM requests WHERE number = ?1";
        let row = self
            .db
            .prepare_cached(sql)?
            .query_row([number.cast_signed()], |row| {
                Ok((
                    row.get::<_, i64>(0)?.cast_unsigned(),
                    row.get::<_, bool>(1)?,
                ))
            });
        let Some((bytes, is_bookmarked)) = row.optional()? else {
            return Ok(());
        };
        if is_bookmarked && bookmarked == Bookmarked::Stay {
            removed.stayed += 1;
            return Ok(());
        }
        self.db
            .prepare_cached("UPDATE captures SET removed = ?2 WHERE number = ?1")?
            .execute([number.cast_signed(), removed.removal.0])?;
        removed.count += 1;
        if !is_bookmarked {
            self.totals.shrink(1, bytes);
        }
        Ok(())
    }

    /// Now, or just after the latest deletion: no two have the same name.
    fn next_removal(&self) -> Result<Removal> {
        let latest: Option<i64> = self
            .db
            .prepare_cached("SELECT max(removed) FROM captures WHERE removed IS NOT NULL")?
            .query_row([], |row| row.get(0))?;
        let after = latest.map_or(i64::MIN, |latest| latest.saturating_add(1));
        Ok(Removal(UnixMillis::now().0.max(after)))
    }

    pub(super) fn restore(&mut self, removal: Removal) -> Result<Done> {
        self.fresh.write(self.db)?;
        let sql =
            "UPDATE captures SET removed = NULL WHERE removed = ?1 RETURNING bytes, bookmarked";
        let mut query = self.db.prepare_cached(sql)?;
        let mut rows = query.query([removal.0])?;
        let mut told = Told::default();
        while let Some(row) = rows.next()? {
            told.restored += 1;
            if !row.get::<_, bool>(1)? {
                let bytes: i64 = row.get(0)?;
                self.totals.grow(1, bytes.cast_unsigned());
            }
        }
        if told.restored > 0 {
            self.changes.push(Change::Reload);
        }
        Ok(Ok(told))
    }

    /// Deletes for good what was removed longer ago than that, some of it; whether there may be more.
    pub(super) fn purge(&mut self, undo: Duration) -> Result<bool> {
        let (before, after) = span(undo);
        let mut query = self.db.prepare_cached(&format!(
            "SELECT number, captures.bytes, last, body, keys FROM captures LEFT JOIN contents USING (number)
             WHERE removed <= ?1 OR removed > ?2 LIMIT {STEP}"
        ))?;
        let due = query.query_map([before, after], doomed)?;
        let due = due.collect::<Result<Vec<_>>>()?;
        for request in &due {
            delete(self.db, request)?;
        }
        Ok(due.len() == STEP)
    }
}

/// Whether there is something to purge.
pub(super) fn is_due(db: &Connection, undo: Duration) -> Result<bool> {
    let (before, after) = span(undo);
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM captures WHERE removed <= ?1)
             OR EXISTS (SELECT 1 FROM captures WHERE removed > ?2)",
    )?
    .query_row([before, after], |row| row.get(0))
}

/// Deletions up to the first moment are over; so are those after the second one, for the clock was set back since.
fn span(undo: Duration) -> (i64, i64) {
    let now = UnixMillis::now().0;
    let undo = i64::try_from(undo.as_millis()).unwrap_or(i64::MAX);
    (now.saturating_sub(undo), now.saturating_add(undo))
}
