//! Room on the disk kept back for the time when it is full: a file that holds nothing. Without it a full disk stays full: what
//! is in the log cannot be copied into the database, which would grow, so that the log cannot begin anew, and nothing can be
//! dropped, since dropping is written to the log as well.
//!
//! In: a folder, and how much. Out: a file `relay.reserve`, there or given up. Must not know: SQL, what is dropped.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::folder;

/// The file's name, beside `relay.db`.
pub(super) const FILE: &str = "relay.reserve";

/// The file, or the wish for it.
#[derive(Debug)]
pub(super) struct Reserve {
    /// None: nothing is to be kept back.
    path: Option<PathBuf>,
    bytes: u64,
    /// Whether the room is there to be given up.
    is_held: bool,
}

impl Reserve {
    /// Keeps this much back in a folder, if twice as much is free: a disk this small is better used.
    pub(super) fn begin(folder: Option<&Path>, bytes: u64) -> Self {
        let path = folder.filter(|_| bytes > 0).map(|at| at.join(FILE));
        let found = path.as_deref().and_then(|path| fs::metadata(path).ok());
        let mut reserve = Self {
            path,
            bytes,
            is_held: found.is_some_and(|found| found.len() == bytes),
        };
        if !reserve.is_held {
            reserve.hold(bytes.saturating_mul(2));
        }
        reserve
    }

    /// Gives the room free; whether there was any.
    pub(super) fn give_up(&mut self) -> bool {
        let was_held = std::mem::take(&mut self.is_held);
        if let Some(path) = &self.path {
            // Not there, or it cannot be: there is no room to be had from it.
            let _ = fs::remove_file(path);
        }
        was_held
    }

    /// Takes the room back; whether it is held now.
    pub(super) fn take(&mut self) -> bool {
        self.is_held || self.hold(self.bytes)
    }

    /// Makes the file if this much is free.
    fn hold(&mut self, free: u64) -> bool {
        let Some(path) = &self.path else { return false };
        let made = folder::open_private(path).and_then(|file| {
            allocate(&file, free)?;
            file.set_len(self.bytes)
        });
        if made.is_err() {
            self.give_up();
        }
        self.is_held = made.is_ok();
        self.is_held
    }
}

/// Gives a file its blocks, which setting its length does not.
#[cfg(unix)]
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::retry_on_intr,
    };

    retry_on_intr(|| fallocate(file, FallocateFlags::empty(), 0, bytes))?;
    Ok(())
}

/// Elsewhere nothing is kept back.
#[cfg(not(unix))]
fn allocate(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
