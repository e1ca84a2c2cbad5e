//! The listener's own store of captures and attempts: `history.db`, shared by every hooktool process of this user.
//!
//! In: captures as they come, attempts as they end, what a person does with them. Out: summaries, heads, bodies, and a [`Change`] for each write of this
//! process. Must not know: the link, forwarding, who looks.
//!
//! ```text
//! record, attempted, push,
//!   bookmark, note, remove ─▶ queue ─▶ writer (one thread) ─▶ history.db ─▶ Reader (a connection each)
//!                                        └─▶ answers, Change
//! ```

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use hooktool_relay::capture::CaptureId;
use tokio::{
    sync::{broadcast, oneshot, watch},
    task::spawn_blocking,
};

use self::{
    error::{denied, unwritable},
    queue::{Entry, Queue, Room, Told, Work},
    writer::{Tidy, Writer},
};

mod batch;
mod bodies;
mod challenge;
mod chosen;
mod contents;
mod error;
mod file;
mod fresh;
mod incoming;
mod keep;
mod missing;
mod model;
mod pick;
mod queue;
mod reader;
mod repeats;
mod retention;
mod rows;
mod schema;
mod statements;
mod stored;
#[cfg(test)]
mod tests;
mod totals;
mod webhook;
mod writer;
mod writers;

pub use self::{
    error::{HistoryError, PickError},
    incoming::{Draft, Streaming},
    model::{
        Arrival, Attempt, Bookmarked, Carried, Cause, Change, Dropped, FolderEndpoint, Followed,
        Going, KeptAnswer, LastAttempt, Limit, Missing, Number, Options, Position, Recorded,
        Removal, Removed, Request, Retention, Select, Summary,
    },
    reader::Reader,
    webhook::{Again, Fingerprint, Repeat, Webhook},
};

/// Changes that wait for a slow view; then it lags and reads again.
const CHANGES: usize = 1024;

/// What is kept beside a body: about this much, in bytes.
const HEAD: usize = 4096;

/// The history, open for writing and reading. Cloned freely; the last clone to go flushes and stops the writer.
#[derive(Clone)]
pub struct History {
    writing: Arc<Writing>,
}

/// The writer, as its callers see it.
struct Writing {
    path: PathBuf,
    options: Options,
    queue: Arc<Queue>,
    changes: broadcast::Sender<Change>,
    failure: watch::Receiver<Option<HistoryError>>,
    drafts: AtomicU64,
    thread: Option<JoinHandle<()>>,
}

impl History {
    /// Opens or makes `history.db`; waits 5 s for other processes.
    ///
    /// # Errors
    /// Any variant.
    pub fn open(path: &Path, retention: Retention) -> Result<Self, HistoryError> {
        let options = Options {
            retention,
            ..Options::default()
        };
        Self::open_with(path, options)
    }

    /// Opens or makes `history.db`.
    ///
    /// # Errors
    /// Any variant.
    pub fn open_with(path: &Path, options: Options) -> Result<Self, HistoryError> {
        let db = file::to_write(path, options.busy)?;
        let queue = Arc::new(Queue::new());
        let changes = broadcast::Sender::new(CHANGES);
        let (failed, failure) = watch::channel(None);
        let writer = Writer {
            path: path.to_owned(),
            db,
            queue: Arc::clone(&queue),
            changes: changes.clone(),
            failure: failed,
            retention: options.retention.clone(),
            undo: options.undo,
            tidy: Tidy::default(),
        };
        let thread = writer.start().map_err(|error| denied(path, &error))?;
        Ok(Self {
            writing: Arc::new(Writing {
                path: path.to_owned(),
                options,
                queue,
                changes,
                failure,
                drafts: AtomicU64::new(0),
                thread: Some(thread),
            }),
        })
    }

    /// Records an arrival; `Ok` once it is on disk. Idempotent by id. `draft` holds the bytes of a large body.
    /// The order of calls is the order of numbers. If the future is dropped after its first poll, it is recorded all the same.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`; `Damaged` if the draft is not as long as the capture says.
    pub async fn record(
        &self,
        arrival: Arrival,
        draft: Option<Draft>,
    ) -> Result<Recorded, HistoryError> {
        let draft = draft.map(Draft::close);
        let told = self
            .hand_over(Work::Record { arrival, draft }, Room::default())
            .await?;
        Ok(Recorded {
            number: told.number,
            outcome: told.outcome,
        })
    }

    /// Begins a request body larger than 64 KiB.
    pub fn draft(&self, id: CaptureId) -> Draft {
        let key = self.writing.drafts.fetch_add(1, Ordering::Relaxed);
        Draft::new(self.clone(), id, key)
    }

    /// Records an attempt on a capture that was handed to [`History::record`] before; `Ok` once it is on disk. When its answer
    /// has not ended and has no error, [`Streaming`] takes the rest. A request that retention let go meanwhile takes no
    /// attempt: `Ok(None)`.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn attempted(
        &self,
        id: CaptureId,
        attempt: Attempt,
    ) -> Result<Option<Streaming>, HistoryError> {
        let kept = attempt.answer.as_ref().map_or(0, |a| batch::kept(a).len());
        let room = self.room(HEAD + kept).await?;
        let attempt = Box::new(attempt);
        let told = self.hand_over(Work::Attempt { id, attempt }, room).await?;
        let stream = |position| Streaming::new(self.clone(), position, kept);
        Ok(told.streams_at.map(stream))
    }

    /// The endpoint that a project folder has on a relay.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub async fn endpoint_of(
        &self,
        folder: &Path,
        relay: &str,
    ) -> Result<Option<FolderEndpoint>, HistoryError> {
        let (history, folder, relay) = (self.clone(), folder.to_owned(), relay.to_owned());
        let read = spawn_blocking(move || history.reader()?.endpoint_of(&folder, &relay));
        read.await
            .map_err(|error| unwritable(&self.writing.path, error.to_string()))?
    }

    /// Keeps the endpoint of a project folder on a relay, instead of the one it had.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn keep_endpoint(
        &self,
        folder: &Path,
        relay: &str,
        kept: FolderEndpoint,
    ) -> Result<(), HistoryError> {
        let work = Work::Folder {
            folder: folder.as_os_str().as_encoded_bytes().to_owned(),
            relay: relay.to_owned(),
            kept,
        };
        let room = self.room(0).await?;
        self.hand_over(work, room).await?;
        Ok(())
    }

    /// Changes from now on; 1,024 wait for a slow reader, then it lags and reads again. What another process writes is noticed
    /// within a second.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.writing.changes.subscribe()
    }

    /// A blocking reader with its own connection, for `spawn_blocking` and for commands.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub fn reader(&self) -> Result<Reader, HistoryError> {
        Reader::open_with(&self.writing.path, self.writing.options.busy)
    }

    /// Waits until a write failed for good; pending while all is well.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn failed(&self) -> HistoryError {
        let mut failure = self.writing.failure.clone();
        // An error here is a writer that ended without a word: it panicked.
        let _ = failure.wait_for(Option::is_some).await;
        self.failure()
    }

    /// Puts work into the queue at its first poll, then waits for its commit.
    async fn hand_over(&self, work: Work, room: Room) -> Result<Told, HistoryError> {
        let (answer, told) = oneshot::channel();
        self.push(work, Some(answer), room);
        match told.await {
            Ok((told, _)) => told,
            Err(_) => Err(self.failure()),
        }
    }

    fn push(&self, work: Work, answer: Option<queue::Answer>, room: Room) {
        self.writing.queue.push(Entry {
            work,
            answer,
            _room: room,
        });
    }

    async fn room(&self, bytes: usize) -> Result<Room, HistoryError> {
        let room = self.writing.queue.room(bytes).await;
        room.map_err(|queue::Stopped| self.failure())
    }

    /// Why the writer stopped.
    fn failure(&self) -> HistoryError {
        let known = self.writing.failure.borrow().clone();
        known.unwrap_or_else(|| unwritable(&self.writing.path, "its writer stopped"))
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.writing.path).finish()
    }
}

impl Drop for Writing {
    /// Waits for the last commit.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A panic was told to everyone who waited.
            let _ = thread.join();
        }
    }
}
