//! The one thread of this process that writes the history.
//!
//! In: the [`Queue`]. Out: commits, then answers to whoever waits, then [`Change`]s. Must not know: who records, who looks.
//!
//! ```text
//! gathered ─▶ BEGIN IMMEDIATE ─▶ each in order ─▶ trim ─▶ COMMIT (fsync) ─▶ answers ─▶ changes
//!                  │ another process holds it          │ any other error
//!                  ▼                                   ▼
//!        Locked to those who wait;           Unwritable to all, from here on
//!        what nobody waits for is tried again
//! idle ─▶ trim on · move the log into the file · look for other processes' writes
//! ```

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{broadcast, watch};

use super::{
    batch::{Batch, Done},
    bodies::{self, Desk},
    error::{HistoryError, unwritable},
    file::is_busy,
    model::{Change, Retention},
    queue::{Entry, Queue, Taken, Work},
    writers,
};

/// How long nothing comes before the writer tidies up; also how soon another process's write is noticed.
const TICK: Duration = Duration::from_millis(500);

/// The writer.
pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) db: Connection,
    pub(super) queue: Arc<Queue>,
    pub(super) changes: broadcast::Sender<Change>,
    pub(super) failure: watch::Sender<Option<HistoryError>>,
    pub(super) retention: Retention,
    pub(super) tidy: Tidy,
}

/// What the writer remembers between transactions.
#[derive(Debug, Default)]
pub(super) struct Tidy {
    desk: Desk,
    /// Entries that nobody waits for and that a lock kept out.
    left: VecDeque<Entry>,
    /// Whether the log holds commits of this process.
    is_logged: bool,
    /// Whether commits do not wait for the disk now.
    is_lazy: bool,
    /// Whether there is more to let go.
    is_over: bool,
    /// `PRAGMA data_version` when it was last looked at, and when that was.
    version: i64,
    looked: Option<Instant>,
}

/// What came of a transaction.
enum Commit {
    Made(Vec<Done>, Vec<Change>),
    Locked,
}

impl Writer {
    /// Starts the thread; it ends when the queue is closed or a write failed.
    pub(super) fn start(self) -> std::io::Result<JoinHandle<()>> {
        Builder::new()
            .name("history-writer".to_owned())
            .spawn(move || self.run())
    }

    fn run(mut self) {
        if let Err(error) = bodies::sweep(&self.db) {
            tracing::warn!(%error, "drafts that a crash left behind stay for now");
        }
        match writers::sweep(&self.db, &self.path) {
            Ok(0) => {}
            Ok(_) => self.publish(vec![Change::Reload]),
            Err(error) => tracing::warn!(%error, "answers that a crash cut off stay as they are"),
        }
        self.tidy.version = data_version(&self.db).unwrap_or_default();
        let result = loop {
            let result = match self.queue.take(TICK) {
                Taken::Entries(entries) => self.write(entries),
                Taken::Idle => self.rest(),
                Taken::Closed => break self.leave(),
            };
            if result.is_err() {
                break result;
            }
        };
        if let Err(error) = result {
            tracing::error!(%error, "the history is not written any more");
            self.failure.send_replace(Some(error));
        }
    }

    /// Commits what has gathered. `Err`: nothing is written from here on.
    fn write(&mut self, fresh: VecDeque<Entry>) -> Result<(), HistoryError> {
        let mut entries = std::mem::take(&mut self.tidy.left);
        entries.extend(fresh);
        match self.commit(&entries) {
            Ok(Commit::Made(done, changes)) => {
                self.tidy.is_logged = true;
                for (entry, done) in entries.into_iter().zip(done) {
                    tell(entry, done);
                }
                self.publish(changes);
                self.look();
                Ok(())
            }
            Ok(Commit::Locked) => {
                self.refuse(entries);
                Ok(())
            }
            Err(error) => {
                let error = unwritable(&self.path, error.to_string());
                self.failure.send_replace(Some(error.clone()));
                for entry in entries {
                    tell(entry, Err(error.clone()));
                }
                Err(error)
            }
        }
    }

    /// Whether a commit waits for the disk. One of pieces alone does not: they count only with the row of their request, whose
    /// own sync takes all of the log before it along.
    fn sync(&mut self, entries: &VecDeque<Entry>) -> rusqlite::Result<()> {
        let is_piece = |entry: &Entry| matches!(entry.work, Work::Piece { .. });
        let is_lazy = !entries.is_empty() && entries.iter().all(is_piece);
        if is_lazy != self.tidy.is_lazy {
            let level = if is_lazy { "NORMAL" } else { "FULL" };
            self.db.pragma_update(None, "synchronous", level)?;
            self.tidy.is_lazy = is_lazy;
        }
        Ok(())
    }

    fn commit(&mut self, entries: &VecDeque<Entry>) -> rusqlite::Result<Commit> {
        self.sync(entries)?;
        let begun = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate);
        let tx = match begun {
            Ok(tx) => tx,
            Err(error) if is_busy(&error) => return Ok(Commit::Locked),
            Err(error) => return Err(error),
        };
        let mut batch = Batch::begin(&tx, &self.path, &mut self.tidy.desk)?;
        let mut done = Vec::with_capacity(entries.len());
        for entry in entries {
            done.push(batch.apply(&entry.work)?);
        }
        self.tidy.is_over = batch.trim(&self.retention)?;
        let changes = batch.finish()?;
        tx.commit()?;
        Ok(Commit::Made(done, changes))
    }

    /// Another process held the file for too long.
    fn refuse(&mut self, entries: VecDeque<Entry>) {
        for entry in entries {
            if entry.answer.is_none() {
                self.tidy.left.push_back(entry);
                continue;
            }
            match &entry.work {
                Work::Record { arrival, draft } => {
                    self.tidy.desk.refused.insert(arrival.capture.id);
                    let draft = draft.as_ref().map(|(draft, _)| *draft);
                    self.tidy.left.extend(draft.map(Entry::forget));
                }
                Work::Attempt { id, .. } => {
                    self.tidy.desk.refused.remove(id);
                }
                _ => {}
            }
            tell(entry, Err(HistoryError::Locked(self.path.clone())));
        }
    }

    fn publish(&self, changes: Vec<Change>) {
        for change in changes {
            // Without a view nobody needs it.
            let _ = self.changes.send(change);
        }
    }

    /// Nothing came for a while.
    fn rest(&mut self) -> Result<(), HistoryError> {
        if self.tidy.is_over || !self.tidy.left.is_empty() {
            return self.write(VecDeque::new());
        }
        if std::mem::take(&mut self.tidy.is_logged) {
            let moved = self
                .db
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            match moved {
                Err(error) if !is_busy(&error) => {
                    return Err(unwritable(&self.path, error.to_string()));
                }
                _ => {}
            }
        }
        self.look();
        Ok(())
    }

    /// Nothing will come: what a lock kept out has its last chance.
    fn leave(&mut self) -> Result<(), HistoryError> {
        if self.tidy.left.is_empty() {
            return Ok(());
        }
        self.write(VecDeque::new())
    }

    /// Tells the views when another process wrote.
    fn look(&mut self) {
        if self.tidy.looked.is_some_and(|at| at.elapsed() < TICK) {
            return;
        }
        self.tidy.looked = Some(Instant::now());
        match data_version(&self.db) {
            Ok(version) if version == self.tidy.version => {}
            Ok(version) => {
                self.tidy.version = version;
                self.publish(vec![Change::Reload]);
            }
            Err(error) => tracing::warn!(%error, "other processes' writes cannot be seen"),
        }
    }
}

impl Drop for Writer {
    /// However the thread ends, whoever waits hears it.
    fn drop(&mut self) {
        self.queue.stop();
    }
}

fn tell(entry: Entry, done: Done) {
    if let Some(answer) = entry.answer {
        // Whoever asked may be gone; the commit stands.
        let _ = answer.send((done, entry.work));
    }
}

fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))
}
