//! Requests that never came: the relay let them go before they were delivered.
//!
//! In: how many, of which endpoint, as it is told. Out: where they are missing among what is here. Must not know: why they went.

use std::sync::Arc;

use hooktool_relay::capture::EndpointName;
use rusqlite::{Connection, Result, params};

use super::{
    History,
    batch::Batch,
    chosen::chosen,
    model::{Change, Missing, Select},
    queue::{Room, Work},
    rows::Places,
};

/// How many places are kept and read; the oldest go.
const PLACES: i64 = 256;

impl History {
    /// Notes that so many requests are missing before the one that is recorded next. Waits for nothing: an arrival never does.
    pub fn missed(&self, relay: Arc<str>, endpoint: EndpointName, count: u64) {
        let work = Work::Missed {
            relay,
            endpoint,
            count,
        };
        self.push(work, None, Room::default());
    }
}

impl Batch<'_> {
    pub(super) fn missed(
        &mut self,
        relay: &Arc<str>,
        endpoint: &EndpointName,
        count: u64,
    ) -> Result<()> {
        let place = self.place(relay, endpoint)?;
        let before = self.totals.last_number() + 1;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.db
            .prepare_cached("INSERT INTO missing (place, before, count) VALUES (?1, ?2, ?3)")?
            .execute([place, before, count])?;
        self.db
            .prepare_cached(
                "DELETE FROM missing WHERE rowid <= (SELECT max(rowid) FROM missing) - ?1",
            )?
            .execute([PLACES])?;
        self.changes.push(Change::Missed);
        Ok(())
    }
}

/// Where requests are missing, ascending. What lies before all that is here is no gap in it.
pub(super) fn missing(db: &Connection, select: &Select, places: &Places) -> Result<Vec<Missing>> {
    let Some(chosen) = chosen(select, places) else {
        return Ok(Vec::new());
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT count, before FROM missing
         WHERE before >= (SELECT coalesce(min(number), 0) FROM requests) {chosen} ORDER BY before"
    ))?;
    let found = query.query_map(params![], |row| {
        Ok(Missing {
            count: row.get::<_, i64>(0)?.cast_unsigned(),
            before: row.get::<_, i64>(1)?.cast_unsigned(),
        })
    })?;
    found.collect()
}
