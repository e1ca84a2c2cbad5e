//! The database's tables, their numbered migrations, and how a connection to it is set.
//!
//! In: a path, or none for memory. Out: a connection whose tables are as this version knows them. Must not know: rows.
//!
//! ```text
//! endpoint ─┬─ claim                    one a name; number is the upper half of its captures' keys
//!           ├─ cursor
//!           └─ capture ─ piece          large bodies only; draft names those whose head row is not there yet
//! token
//! ```

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// The newest format known here, kept as `user_version`.
pub(super) const FORMAT: u32 = 2;
/// `application_id`: "hook".
const APPLICATION: i32 = 0x686f_6f6b;
/// Wait for another process's write, such as `relay token add`.
const PATIENCE: Duration = Duration::from_secs(5);
/// Statements kept prepared on a connection: more than there are.
const STATEMENTS: usize = 64;
/// Step `n` leads from format `n` to `n + 1`. Never edited, only added to.
const MIGRATIONS: [&str; FORMAT as usize] = [
    "
    CREATE TABLE endpoint (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state BLOB NOT NULL) STRICT;
    CREATE TABLE claim (number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
    CREATE TABLE cursor (number INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
    CREATE TABLE capture (
        key INTEGER PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, body INTEGER,
        sum INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, blob BLOB NOT NULL
    ) STRICT;
    CREATE TABLE piece (key INTEGER PRIMARY KEY, sum INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE draft (body INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE token (
        digest BLOB NOT NULL UNIQUE, account TEXT NOT NULL, created_at INTEGER NOT NULL,
        revoked_at INTEGER, sum INTEGER NOT NULL
    ) STRICT;
",
    // The blob of a capture may say its scheme, which a reader of format 1 would take for damage.
    "",
];

/// Bytes of a page: three captures of 2 KiB fit one, so a page is written once for three of them.
const PAGE: u32 = 8192;
/// The writer's cache, in KiB below zero: a commit of 4 MiB and the index fit, and no page is written twice for one commit.
const CACHE: i32 = -8 * 1024;
/// What the log may keep of its file when it begins anew, in bytes. Twice what it should hold, so that it is
/// overwritten and not grown: a sync is cheaper then.
const LOG: u32 = 64 * 1024 * 1024;

/// Opens the database that may be written; makes its tables if it has none.
pub(super) fn open(path: Option<&Path>, max_pages: Option<u32>) -> Result<Connection, StoreError> {
    let shown = shown(path);
    let of = |error: rusqlite::Error| StoreError::reading(shown, &error);
    let mut connection = connect(path).map_err(of)?;
    let found: u32 = pragma(&connection, "user_version").map_err(of)?;
    if found > FORMAT {
        return Err(StoreError::Newer {
            path: shown.to_owned(),
            found,
            known: FORMAT,
        });
    }
    if found < FORMAT {
        migrate(&mut connection, shown)?;
    } else if pragma::<i32>(&connection, "application_id").map_err(of)? != APPLICATION {
        return Err(StoreError::damaged(shown, "not a store of a relay"));
    }
    if path.is_some() {
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(of)?;
    }
    connection
        .pragma_update(None, "cache_size", CACHE)
        .map_err(of)?;
    if let Some(pages) = max_pages {
        connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(of)?;
    }
    Ok(connection)
}

/// Opens the database once more, to read.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    connect(Some(path))
        .and_then(|connection| {
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        })
        .map_err(|error| StoreError::reading(path, &error))
}

/// Most pages that a connection lets the database have.
pub(super) fn max_pages(connection: &Connection) -> rusqlite::Result<u32> {
    pragma(connection, "max_page_count")
}

/// The path in messages.
pub(super) fn shown(path: Option<&Path>) -> &Path {
    path.unwrap_or(Path::new(":memory:"))
}

fn connect(path: Option<&Path>) -> rusqlite::Result<Connection> {
    let connection = match path {
        None => Connection::open_in_memory()?,
        Some(path) => Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW,
        )?,
    };
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    for (name, value) in [
        ("page_size", PAGE),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        // The writer decides when.
        ("wal_autocheckpoint", 0),
        ("journal_size_limit", LOG),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let of = |error: rusqlite::Error| StoreError::reading(path, &error);
    let step = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(of)?;
    // Another process may have been here since the version was read.
    let found: u32 = pragma(&step, "user_version").map_err(of)?;
    let tables: u32 = step
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(of)?;
    if found == 0 && tables > 0 {
        return Err(StoreError::damaged(path, "not a store of a relay"));
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        step.execute_batch(migration).map_err(of)?;
    }
    step.pragma_update(None, "user_version", FORMAT)
        .map_err(of)?;
    step.pragma_update(None, "application_id", APPLICATION)
        .map_err(of)?;
    step.commit().map_err(of)
}
