//! Reading the history, blocking, on a connection of its own: it sees what every process wrote.
//!
//! In: numbers, a [`Select`], positions. Out: the history's nouns. Every call is one short read transaction.
//! Must not know: the writer.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::capture::{CaptureId, EndpointName, Outcome};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, params};

use super::{
    chosen::{bounds, chosen},
    contents,
    error::{HistoryError, PickError, odd, reading},
    file, missing,
    model::{
        Attempt, Dropped, FolderEndpoint, Followed, Missing, Number, Options, Position, Request,
        Select, Summary,
    },
    pick, rows,
    totals::Totals,
    writers,
};

/// Reads the history; blocking. Every call is one short transaction.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    busy: Duration,
    /// Empty until there is a file.
    db: OnceCell<Connection>,
}

impl Reader {
    /// Opens the history only to read; sees other processes' writes. A file that does not exist reads as empty until it does.
    ///
    /// # Errors
    /// `Newer`, `Damaged`, `Denied`, `Locked`.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        Self::open_with(path, Options::BUSY)
    }

    pub(super) fn open_with(path: &Path, busy: Duration) -> Result<Self, HistoryError> {
        let reader = Self {
            path: path.to_owned(),
            busy,
            db: OnceCell::new(),
        };
        reader.connection()?;
        Ok(reader)
    }

    /// Rows, ascending by number.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn list(&self, select: &Select) -> Result<Vec<Summary>, HistoryError> {
        self.read(|db| {
            let places = rows::places(db)?;
            let Some(chosen) = chosen(select, &places) else {
                return Ok(Vec::new());
            };
            let columns = rows::SUMMARY;
            let mut query = db.prepare_cached(&format!(
                "SELECT {columns} FROM requests WHERE number > ?1 AND number < ?3 {chosen} ORDER BY number DESC LIMIT ?2"
            ))?;
            let found = query.query_map(bounds(select), |row| rows::summary(row, &places))?;
            ascending(found)
        })
    }

    /// Requests whose latest attempt is parked, ascending: forwarded when the port opens, if need be by the next `listen`.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn parked(&self, select: &Select) -> Result<Vec<Number>, HistoryError> {
        self.pending(Outcome::Parked, select)
    }

    /// Requests whose latest attempt is held, ascending: forwarded when a person says so.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn held(&self, select: &Select) -> Result<Vec<Number>, HistoryError> {
        self.pending(Outcome::Held, select)
    }

    fn pending(&self, outcome: Outcome, select: &Select) -> Result<Vec<Number>, HistoryError> {
        self.read(|db| {
            let Some(chosen) = chosen(select, &rows::places(db)?) else {
                return Ok(Vec::new());
            };
            // The word stands in the text, so that the index of pending requests serves.
            let word = outcome.as_str();
            let mut query = db.prepare_cached(&format!(
                "SELECT number FROM requests WHERE outcome = '{word}' AND number > ?1 AND number < ?3 {chosen} ORDER BY number DESC LIMIT ?2"
            ))?;
            let found = query.query_map(bounds(select), |row| {
                Ok(row.get::<_, i64>(0)?.cast_unsigned())
            })?;
            ascending(found)
        })
    }

    /// One request.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn request(&self, number: Number) -> Result<Option<Request>, HistoryError> {
        self.read(|db| one(db, &rows::places(db)?, number))
    }

    /// Several requests at once, in the order asked for; those that are gone are left out. A body up to 64 KiB is in each, so ask
    /// for few.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn requests(&self, numbers: &[Number]) -> Result<Vec<Request>, HistoryError> {
        self.read(|db| {
            let places = rows::places(db)?;
            let found = numbers.iter().map(|number| one(db, &places, *number));
            found.filter_map(SqlResult::transpose).collect()
        })
    }

    /// One request in short, and its relay.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn summary(&self, number: Number) -> Result<Option<(String, Summary)>, HistoryError> {
        self.read(|db| short(db, &rows::places(db)?, number))
    }

    /// The number of the request with this id.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn by_id(&self, id: CaptureId) -> Result<Option<Number>, HistoryError> {
        self.read(|db| pick::by_id(db, id))
    }

    /// What `1199`, `#1199`, `req_…`, a unique prefix of it, or `last` means. `last` looks at `select`'s endpoints.
    ///
    /// # Errors
    /// [`PickError`].
    pub fn pick(&self, text: &str, select: &Select) -> Result<Number, PickError> {
        let picked = self.read(|db| {
            let Some(chosen) = chosen(select, &rows::places(db)?) else {
                return pick::pick(db, text, "AND false").map(Some);
            };
            pick::pick(db, text, &chosen).map(Some)
        })?;
        picked.unwrap_or_else(|| Err(pick::nothing(text)))
    }

    /// Bytes of a request's body from `offset`, at most `len`; fewer, or none, at its end.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn body(&self, number: Number, offset: u64, len: usize) -> Result<Bytes, HistoryError> {
        self.read(|db| {
            let sql = "SELECT body, substr(contents.bytes, ?2 + 1, ?3), size
                       FROM contents JOIN requests USING (number) WHERE number = ?1";
            let wanted = i64::try_from(len).unwrap_or(i64::MAX);
            let skipped = i64::try_from(offset).unwrap_or(i64::MAX - 1);
            let row = db.prepare_cached(sql)?.query_row(
                params![number.cast_signed(), skipped, wanted],
                |row| {
                    let size: Option<i64> = row.get(2)?;
                    Ok((
                        row.get(0)?,
                        rows::blob(row, 1)?,
                        size.unwrap_or_default().cast_unsigned(),
                    ))
                },
            );
            match row.optional()? {
                None => Ok(Bytes::new()),
                Some((Some(body), _, size)) => contents::range(db, body, offset, len, size),
                Some((None, bytes, _)) => Ok(bytes.unwrap_or_default()),
            }
        })
    }

    /// All attempts of a request, oldest first, those without a try included; with the kept bytes of their answers.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn attempts(&self, number: Number) -> Result<Vec<Attempt>, HistoryError> {
        self.read(|db| {
            let mut next: Option<i64> = db
                .prepare_cached("SELECT last FROM requests WHERE number = ?1")?
                .query_row([number.cast_signed()], |row| row.get(0))
                .optional()?
                .flatten();
            let columns = rows::ATTEMPT;
            let mut query = db.prepare_cached(&format!(
                "SELECT {columns} FROM attempts WHERE position = ?1"
            ))?;
            let mut attempts = Vec::new();
            while let Some(position) = next {
                let mut link = query.query_row([position], rows::attempt)?;
                if link.previous.is_some_and(|previous| previous >= position) {
                    return Err(odd("attempts", "their order has a loop"));
                }
                contents::fill(db, &mut link)?;
                writers::judge(&self.path, &mut link);
                next = link.previous;
                attempts.push(link.attempt);
            }
            attempts.reverse();
            Ok(attempts)
        })
    }

    /// Attempts recorded after a position with their requests, at most `limit`, in order, read at once.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn attempts_after(
        &self,
        position: Position,
        limit: usize,
    ) -> Result<Vec<Followed>, HistoryError> {
        self.read(|db| {
            let places = rows::places(db)?;
            let columns = rows::ATTEMPT_IN_SHORT;
            let mut query = db.prepare_cached(&format!(
                "SELECT {columns} FROM attempts WHERE position > ?1 ORDER BY position LIMIT ?2"
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let found = query.query_map([position.cast_signed(), limit], |row| {
                let link = rows::attempt(row)?;
                let of = |(relay, request)| Followed {
                    position: link.position,
                    relay,
                    request,
                    attempt: link.attempt,
                };
                Ok(short(db, &places, link.number)?.map(of))
            })?;
            found.filter_map(SqlResult::transpose).collect()
        })
    }

    /// The newest position.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn position(&self) -> Result<Position, HistoryError> {
        self.read(|db| Ok(Totals::read(db)?.last_position()))
    }

    /// What retention let go since the history was made; none if nothing.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn dropped(&self) -> Result<Option<Dropped>, HistoryError> {
        self.read(|db| Ok(Totals::read(db)?.dropped()))
    }

    /// Where requests are missing that the relay let go before they were delivered, ascending.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn missing(&self, select: &Select) -> Result<Vec<Missing>, HistoryError> {
        self.read(|db| missing::missing(db, select, &rows::places(db)?))
    }

    /// The endpoint that a project folder has on a relay.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn endpoint_of(
        &self,
        folder: &Path,
        relay: &str,
    ) -> Result<Option<FolderEndpoint>, HistoryError> {
        self.read(|db| {
            let folder = folder.as_os_str().as_encoded_bytes();
            db.prepare_cached(
                "SELECT endpoint, port FROM folders WHERE folder = ?1 AND relay = ?2",
            )?
            .query_row(params![folder, relay], |row| {
                Ok(FolderEndpoint {
                    endpoint: rows::endpoint(row.get_ref(0)?.as_str()?)?,
                    port: row.get(1)?,
                })
            })
            .optional()
        })
    }

    /// The endpoints that a project folder has, with their relays: what [`Select::endpoints`] takes.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn endpoints_of(&self, folder: &Path) -> Result<Vec<(String, EndpointName)>, HistoryError> {
        self.read(|db| {
            let folder = folder.as_os_str().as_encoded_bytes();
            let mut query = db.prepare_cached(
                "SELECT relay, endpoint FROM folders WHERE folder = ?1 ORDER BY relay",
            )?;
            let found = query.query_map([folder], |row| {
                Ok((row.get(0)?, rows::endpoint(row.get_ref(1)?.as_str()?)?))
            })?;
            found.collect()
        })
    }

    /// A number that changes when any process wrote (`PRAGMA data_version`); 0 while there is no file.
    ///
    /// # Errors
    /// `Denied`, `Locked`.
    pub fn version(&self) -> Result<u64, HistoryError> {
        self.read(|db| {
            db.prepare_cached("PRAGMA data_version")?
                .query_row([], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))
        })
    }

    /// The connection, if there is a file by now.
    fn connection(&self) -> Result<Option<&Connection>, HistoryError> {
        if let Some(db) = self.db.get() {
            return Ok(Some(db));
        }
        Ok(file::to_read(&self.path, self.busy)?.map(|db| self.db.get_or_init(|| db)))
    }

    /// Reads in one transaction; without a file there is nothing.
    fn read<T: Default>(
        &self,
        what: impl FnOnce(&Connection) -> SqlResult<T>,
    ) -> Result<T, HistoryError> {
        let Some(db) = self.connection()? else {
            return Ok(T::default());
        };
        let read = || what(&*db.unchecked_transaction()?);
        read().map_err(|error| reading(&self.path, &error))
    }
}

/// A request in short, and its relay.
fn short(
    db: &Connection,
    places: &rows::Places,
    number: Number,
) -> SqlResult<Option<(String, Summary)>> {
    let columns = rows::SUMMARY;
    let mut query =
        db.prepare_cached(&format!("SELECT {columns} FROM requests WHERE number = ?1"))?;
    let row = query.query_row([number.cast_signed()], |row| {
        Ok((row.get::<_, i64>(2)?, rows::summary(row, places)?))
    });
    let of = |(place, summary)| Some((places.get(&place)?.0.clone(), summary));
    Ok(row.optional()?.and_then(of))
}

/// A request with its head, and its body if that is small.
fn one(db: &Connection, places: &rows::Places, number: Number) -> SqlResult<Option<Request>> {
    let Some((relay, summary)) = short(db, places, number)? else {
        return Ok(None);
    };
    let capture = db
        .prepare_cached("SELECT head, body, bytes FROM contents WHERE number = ?1")?
        .query_row([number.cast_signed()], |row| rows::capture(&summary, row))?;
    Ok(Some(Request {
        capture: Arc::new(capture),
        summary,
        relay,
    }))
}

fn ascending<T>(newest_first: impl Iterator<Item = SqlResult<T>>) -> SqlResult<Vec<T>> {
    let mut found: Vec<T> = newest_first.collect::<SqlResult<_>>()?;
    found.reverse();
    Ok(found)
}
