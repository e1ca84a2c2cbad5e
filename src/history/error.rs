//! What goes wrong in the history, and which of SQLite's errors means what.
//!
//! In: errors of SQLite and of the file system. Out: [`HistoryError`], [`PickError`]. Must not know: tables.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Error as Sql, ErrorCode, types::Type};

/// What goes wrong in the history.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HistoryError {
    /// Another process holds it for longer than the busy timeout (5 s).
    #[error("{0} is locked by another process")]
    Locked(PathBuf),
    /// Written by a newer hooktool.
    #[error("{path} has format {found}, this hooktool knows up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// What was read is not what was written.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file or its folder was made read-only, or lies on a read-only file system. It is left as it is.
    #[error("{0} is read-only")]
    ReadOnly(PathBuf),
    /// The file or its folder may not be read or written.
    #[error("{path}: {detail}")]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A write failed; nothing is recorded from here on.
    #[error("{path} cannot be written: {detail}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
}

/// A text that names no request, or more than one.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PickError {
    /// None fits; the nearest, if any.
    #[error("no request {asked}")]
    None {
        /// What was asked for.
        asked: String,
        /// What is near it.
        nearest: Option<String>,
    },
    /// Several fit.
    #[error("{asked} fits {count} requests")]
    Many {
        /// What was asked for.
        asked: String,
        /// How many fit.
        count: u64,
    },
    /// The history could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// What an error of SQLite means to whoever opens or reads.
pub(super) fn reading(path: &Path, error: &Sql) -> HistoryError {
    let path = path.to_owned();
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => HistoryError::Locked(path),
        Some(ErrorCode::ReadOnly) => HistoryError::ReadOnly(path),
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::OutOfMemory,
        ) => HistoryError::Denied { path, detail },
        _ => HistoryError::Damaged { path, detail },
    }
}

/// A write failed for good.
pub(super) fn unwritable(path: &Path, detail: impl Into<String>) -> HistoryError {
    HistoryError::Unwritable {
        path: path.to_owned(),
        detail: detail.into(),
    }
}

/// What was read, or came to be written, is not whole.
pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> HistoryError {
    HistoryError::Damaged {
        path: path.to_owned(),
        detail: detail.into(),
    }
}

/// The file system said no.
pub(super) fn denied(path: &Path, error: &io::Error) -> HistoryError {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => HistoryError::ReadOnly(path.to_owned()),
        _ => HistoryError::Denied {
            path: path.to_owned(),
            detail: error.to_string(),
        },
    }
}

/// A value in a row that cannot have been written by this program.
pub(super) fn odd(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Sql {
    let text = format!("{what}: {}", error.into());
    Sql::FromSqlConversionFailure(0, Type::Null, text.into())
}
