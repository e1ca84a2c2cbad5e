//! What goes wrong in a store, and which of SQLite's errors is which.
//!
//! In: what SQLite or the file system said. Out: [`StoreError`]. Must not know: who asked.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// What goes wrong in a store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No room on the disk (or in the database's page limit). Nothing was stored; reads and deletes go on.
    #[error("no room left in {0}")]
    Full(PathBuf),
    /// The writer's queue stayed full for 2 s. Nothing was stored.
    #[error("the store is busy")]
    Busy,
    /// The record may or may not exist; asking again with the same id is harmless.
    #[error("the store stopped before it answered")]
    Uncertain,
    /// Another process holds the data folder.
    #[error("{0} is in use by another relay")]
    Locked(PathBuf),
    /// The file was written by a newer hooktool.
    #[error("{path} has format {found}, this hooktool knows up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// What was read is not what was written. Nothing is repaired or deleted.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file or folder was made read-only, or lies on a read-only file system. It is left as it is.
    #[error("{0} is read-only")]
    ReadOnly(PathBuf),
    /// The file or folder may not be read or written.
    #[error("{path}: {detail}")]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A write or fsync failed. Nothing is acknowledged from here on, and the relay must stop.
    #[error("{path} cannot be written: {detail}")]
    Fatal {
        /// The file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A compare-and-set found another value than expected.
    #[error("the record was changed by somebody else")]
    Conflict,
}

impl StoreError {
    /// What a look into the database found.
    pub(super) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            detail: detail.into(),
        }
    }

    /// What the file system refused to an operation on a path.
    pub(super) fn refused(path: &Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path.to_owned()),
            _ => Self::denied(path, error),
        }
    }

    /// What may not be used, and why.
    pub(super) fn denied(path: &Path, detail: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::Denied {
            path: path.to_owned(),
            detail: detail.to_string(),
        }
    }

    /// An error while opening or reading.
    pub(super) fn reading(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path.to_owned()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(path.to_owned()),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::damaged(path, error.to_string())
            }
            Some(_) => Self::denied(path, &error),
            // No code: a column held another type than was written there.
            None => Self::damaged(path, error.to_string()),
        }
    }

    /// An error while writing. Another process that holds the file, and a full disk, pass; everything else is final.
    pub(super) fn writing(path: &Path, error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code);
        if code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            // The index of the log could not grow: nothing was written yet.
            return Self::Full(path.to_owned());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path.to_owned()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Fatal {
                path: path.to_owned(),
                detail: error.to_string(),
            },
        }
    }
}
