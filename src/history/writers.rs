//! Which processes write answers into the history now: each holds a lock on a file of its own, so that what a killed one left
//! behind is told from what still comes.
//!
//! In: the history's path, a writer's number. Out: whether it lives; tries that broke off. Must not know: queues, threads.
//!
//! ```text
//! first answer that streams ─▶ history.db-writer-<number>, locked ─▶ the process ends: the lock goes, and mostly the file
//! next start, or a reader: no file, or no lock on it ─▶ its streams are broken off
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use hooktool_relay::capture::Outcome;
use rusqlite::{Connection, Result, Transaction, TransactionBehavior, params};

use super::rows::Link;

/// Why an answer broke off whose process did not say so.
pub(super) const LEFT: &str = "hooktool ended before the answer did";

/// How often another number is tried, if a sweep of another process is in the way.
const TRIES: usize = 8;

/// Says that this process lives, until it is dropped.
#[derive(Debug)]
pub(super) struct Sign {
    writer: i64,
    path: PathBuf,
    /// Locked.
    _file: File,
}

impl Sign {
    /// # Errors
    /// The file cannot be made, or not be locked.
    pub(super) fn put(history: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let writer = number()?;
            let path = sign(history, writer);
            let file = File::create_new(&path)?;
            match file.try_lock() {
                // A sweep may have found it before it was locked.
                Ok(()) if !path.exists() => {}
                Ok(()) => {
                    return Ok(Self {
                        writer,
                        path,
                        _file: file,
                    });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    fs::remove_file(&path)?;
                    return Err(error);
                }
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    pub(super) fn writer(&self) -> i64 {
        self.writer
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        // What stays is swept at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes an answer that streams, and whose process is gone, for what it is.
pub(super) fn judge(history: &Path, link: &mut Link) {
    let streams = link.attempt.answer.as_ref().is_some_and(|it| !it.ended);
    if streams && link.attempt.error.is_none() && !is_alive(history, link.writer) {
        link.attempt.outcome = Outcome::Broken;
        link.attempt.error = Some(LEFT.to_owned());
    }
}

/// Marks what dead processes left behind as broken off; how many tries that were.
pub(super) fn sweep(db: &Connection, history: &Path) -> Result<usize> {
    let open: Vec<(i64, Option<i64>)> = db
        .prepare("SELECT position, writer FROM attempts WHERE ended = 0 AND error IS NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let left = open
        .iter()
        .filter(|(_, writer)| !is_alive(history, *writer));
    let left: Vec<i64> = left.map(|(position, _)| *position).collect();
    if !left.is_empty() {
        let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
        for position in &left {
            break_off(&tx, *position)?;
        }
        tx.commit()?;
    }
    clear(history);
    Ok(left.len())
}

fn break_off(db: &Connection, position: i64) -> Result<()> {
    let broken = Outcome::Broken.as_str();
    db.prepare_cached("UPDATE attempts SET outcome = ?2, error = ?3 WHERE position = ?1 AND ended = 0 AND error IS NULL")?
        .execute(params![position, broken, LEFT])?;
    db.prepare_cached(
        "UPDATE captures SET outcome = ?2 WHERE last = ?1
             AND number = (SELECT number FROM attempts WHERE position = ?1)",
    )?
    .execute(params![position, broken])?;
    Ok(())
}

/// Removes the signs of dead processes; what cannot be removed stays for the next start.
fn clear(history: &Path) {
    let (Some(folder), Some(name)) = (history.parent(), history.file_name()) else {
        return;
    };
    let prefix = [name.as_encoded_bytes(), b"-writer-"].concat();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        if file.file_name().as_encoded_bytes().starts_with(&prefix)
            && let Ok(opened) = File::open(file.path())
            && opened.try_lock().is_ok()
        {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Whether this writer may still write. One that left no sign may not.
fn is_alive(history: &Path, writer: Option<i64>) -> bool {
    let Some(writer) = writer else {
        return false;
    };
    match File::open(sign(history, writer)) {
        // Shared, so that those who ask do not take each other for the writer.
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn sign(history: &Path, writer: i64) -> PathBuf {
    let mut path = history.as_os_str().to_owned();
    path.push(format!("-writer-{writer:016x}"));
    path.into()
}

/// Never given out twice, in all likelihood.
fn number() -> io::Result<i64> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::ErrorKind::Unsupported)?;
    Ok(i64::from_be_bytes(bytes) & i64::MAX)
}
