//! Opening `history.db`: its folder and permissions, its settings, its format.
//!
//! In: a path. Out: a connection to write or to read with. A file that is newer, foreign or damaged is refused and left as it
//! is. Must not know: what the tables hold.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::{
    error::{HistoryError, damaged, denied, reading},
    schema,
};

/// Pages in the log at which a commit moves them into the file, if no idle moment came before: 64 MiB.
const LOG_PAGES: u32 = 64 * 1024 * 1024 / schema::PAGE;

/// How often the change to a log is tried while other processes open the same new file.
const LOG_TRIES: u32 = 16;

/// Opens the history to write, makes it if it is missing.
pub(super) fn to_write(path: &Path, busy: Duration) -> Result<Connection, HistoryError> {
    let is_new = make(path)?;
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy)?;
    if db.is_readonly("main").map_err(|e| reading(path, &e))? {
        return Err(HistoryError::ReadOnly(path.to_owned()));
    }
    check(&db, path)?;
    settle(&db).map_err(|e| reading(path, &e))?;
    migrate(&mut db, path)?;
    if is_new {
        sync_folder(path)?;
    }
    Ok(db)
}

/// Opens the history to read; none if there is no file, or another process is just making it.
pub(super) fn to_read(path: &Path, busy: Duration) -> Result<Option<Connection>, HistoryError> {
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(denied(path, &error)),
    }
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, busy)?;
    let format = check(&db, path)?;
    if (1..schema::FORMAT).contains(&format) {
        // Written by an older version: what this one reads is not all there yet.
        to_write(path, busy)?;
    }
    Ok((format > 0).then_some(db))
}

fn connect(path: &Path, access: OpenFlags, busy: Duration) -> Result<Connection, HistoryError> {
    let open = || {
        let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        db.busy_timeout(busy)?;
        db.set_prepared_statement_cache_capacity(64);
        Ok(db)
    };
    open().map_err(|e| reading(path, &e))
}

/// Makes folder (0700) and file (0600) if they are missing; whether the file was.
///
/// An existing file is never opened here: closing it would drop the locks that SQLite holds on it in this process.
fn make(path: &Path) -> Result<bool, HistoryError> {
    let folder = folder_of(path);
    let made = make_folder(folder).map_err(|e| denied(folder, &e));
    made?;
    refuse_read_only(path)?;
    match new_file().open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            narrow(path).map_err(|e| denied(path, &e))?;
            Ok(false)
        }
        Err(error) => Err(denied(path, &error)),
    }
}

/// Modes stop no root: without this it would write what somebody protected.
fn refuse_read_only(path: &Path) -> Result<(), HistoryError> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let folder = folder_of(path).to_owned();
    for found in [folder, path.to_owned(), beside("-wal"), beside("-shm")] {
        match fs::metadata(&found) {
            Ok(data) if is_read_only(&data) => return Err(HistoryError::ReadOnly(found)),
            // What is missing is made, and what cannot be looked at is refused when it is opened.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_read_only(data: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o200 == 0
}

/// On a folder the flag means something else here.
#[cfg(not(unix))]
fn is_read_only(data: &fs::Metadata) -> bool {
    data.is_file() && data.permissions().readonly()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn new_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes what others may do with the file away; SQLite gives its log and its index the same permissions.
fn narrow(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes the new file's name durable.
fn sync_folder(path: &Path) -> Result<(), HistoryError> {
    if cfg!(unix) {
        let folder = folder_of(path);
        let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|e| denied(folder, &e))?;
    }
    Ok(())
}

/// The file's format, 0 if it has no table yet. Refuses a newer one and files of other programs.
fn check(db: &Connection, path: &Path) -> Result<u32, HistoryError> {
    let read = || {
        // One snapshot: another process may be making the tables at this moment.
        let _moment = db
            .is_autocommit()
            .then(|| db.unchecked_transaction())
            .transpose()?;
        let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
        let application = number("PRAGMA application_id")?;
        let format = number("PRAGMA user_version")?;
        Ok((
            application,
            format,
            number("SELECT count(*) FROM sqlite_schema")?,
        ))
    };
    let (application, format, tables) = read().map_err(|e| reading(path, &e))?;
    if application != i64::from(schema::APPLICATION) && (format != 0 || tables != 0) {
        return Err(damaged(path, "this is another program's database"));
    }
    match u32::try_from(format) {
        Ok(found) if found > schema::FORMAT => Err(HistoryError::Newer {
            path: path.to_owned(),
            found,
            known: schema::FORMAT,
        }),
        Ok(found) => Ok(found),
        Err(_) => Err(damaged(path, format!("its format is {format}"))),
    }
}

/// A commit is durable when it returns; other processes read meanwhile; the log moves into the file when the writer is idle.
fn settle(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "page_size", schema::PAGE)?;
    begin_log(db)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    db.pragma_update(None, "journal_size_limit", LOG_PAGES * schema::PAGE)?;
    if cfg!(target_os = "macos") {
        db.pragma_update(None, "fullfsync", true)?;
        db.pragma_update(None, "checkpoint_fullfsync", true)?;
    }
    Ok(())
}

/// Turns the write-ahead log on. Two processes that do so at once may both be refused whatever the timeout; a transaction waits
/// for the other one.
fn begin_log(db: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let result = db.pragma_update(None, "journal_mode", "WAL");
        match result {
            Err(error) if is_busy(&error) && tries < LOG_TRIES => tries += 1,
            _ => return result,
        }
        db.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
    }
}

/// Brings the file to the newest format, in one transaction: other processes see all of it or nothing.
fn migrate(db: &mut Connection, path: &Path) -> Result<(), HistoryError> {
    let begun = db.transaction_with_behavior(TransactionBehavior::Immediate);
    let tx = begun.map_err(|e| reading(path, &e))?;
    let found = check(&tx, path)?;
    advance(tx, found).map_err(|e| reading(path, &e))
}

fn advance(tx: Transaction<'_>, found: u32) -> rusqlite::Result<()> {
    if found == schema::FORMAT {
        return Ok(());
    }
    for migration in schema::MIGRATIONS.iter().skip(found as usize) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", schema::APPLICATION)?;
    tx.pragma_update(None, "user_version", schema::FORMAT)?;
    tx.commit()
}

/// Whether another process was in the way.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
