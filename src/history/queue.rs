//! What waits to be written: a bounded queue between whoever records and the one writer thread.
//!
//! In: [`Entry`]s, each with the room it takes. Out: all that has gathered, at once. Must not know: SQLite.
//!
//! Full means: whoever brings an attempt, a piece of a body or of an answer waits for room. An arrival never waits, so that it is
//! recorded even if its future is dropped after its first poll; there are as many as the relay offers without DONE, 256 of at
//! most 200 KiB.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::capture::{CaptureId, EndpointName, Outcome};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    error::HistoryError,
    model::{
        Arrival, Attempt, Bookmarked, Carried, FolderEndpoint, Going, Number, Position, Removal,
        Removed,
    },
};

/// Most entries that wait or are being written.
const EVENTS: usize = 256;

/// Most bytes that wait or are being written: a few large answers, or 250 webhooks of 128 KiB.
const BYTES: usize = 32 * 1024 * 1024;

/// How long the first entry waits for others, so that one commit takes them all: a capture and its attempt are hardly ever
/// further apart. Only DONE and the views wait for it, never a sender.
const GATHER: Duration = Duration::from_millis(5);

/// Entries that are worth a commit at once.
const ENOUGH: usize = EVENTS / 2;

/// Something to write.
#[derive(Debug)]
pub(super) enum Work {
    Record {
        arrival: Arrival,
        draft: Option<(DraftKey, Bytes)>,
    },
    Attempt {
        id: CaptureId,
        attempt: Box<Attempt>,
    },
    /// Bytes of a large request body, `Body::INLINE` of them in all but its last piece.
    Piece {
        draft: DraftKey,
        bytes: Bytes,
    },
    /// A body whose head will not come.
    Forget {
        draft: DraftKey,
    },
    /// Bytes of a streaming answer: those that are kept, and how many more came.
    Grow {
        position: Position,
        bytes: Bytes,
        more: u64,
    },
    /// The end of a streaming answer, with the number of bytes since the last `Grow`.
    End {
        position: Position,
        more: u64,
        broken: Option<String>,
        carried: Option<Carried>,
    },
    Bookmark {
        number: Number,
        on: bool,
    },
    Note {
        number: Number,
        text: Option<String>,
    },
    Remove {
        what: Going,
        bookmarked: Bookmarked,
    },
    Restore(Removal),
    /// The relay let so many go.
    Missed {
        relay: Arc<str>,
        endpoint: EndpointName,
        count: u64,
    },
    Folder {
        folder: Vec<u8>,
        relay: String,
        kept: FolderEndpoint,
    },
}

impl Work {
    /// Whether it comes often and in company. Of a large body the next piece comes only when there is room again, and what a
    /// person does is done at once.
    fn can_wait(&self) -> bool {
        matches!(self, Self::Record { .. } | Self::Attempt { .. })
    }
}

/// Name of a draft within this process.
pub(super) type DraftKey = u64;

/// What a caller hears after the commit; what its work does not speak of is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) number: Number,
    pub(super) outcome: Option<Outcome>,
    /// Where the answer's further bytes go.
    pub(super) streams_at: Option<Position>,
    pub(super) removed: Removed,
    pub(super) restored: u64,
}

/// Where a caller hears it. The work goes back too: memory is freed most cheaply by those who took it.
pub(super) type Answer = oneshot::Sender<(Result<Told, HistoryError>, Work)>;

/// Work, who waits for it, and the room it takes until it is written.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) work: Work,
    pub(super) answer: Option<Answer>,
    pub(super) _room: Room,
}

impl Entry {
    /// Removes what came of a body whose head will not come.
    pub(super) fn forget(draft: DraftKey) -> Self {
        Self {
            work: Work::Forget { draft },
            answer: None,
            _room: Room::default(),
        }
    }
}

/// A place in the queue and bytes of it, given back when dropped.
#[derive(Debug, Default)]
pub(super) struct Room {
    _event: Option<OwnedSemaphorePermit>,
    _bytes: Option<OwnedSemaphorePermit>,
    _body: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Adds the body's own share.
    pub(super) fn of_body(mut self, share: OwnedSemaphorePermit) -> Self {
        self._body = Some(share);
        self
    }
}

/// What the writer finds.
pub(super) enum Taken {
    Entries(VecDeque<Entry>),
    /// Nothing came for that long.
    Idle,
    /// Nothing will come.
    Closed,
}

/// The writer has stopped, so nothing is taken.
#[derive(Debug)]
pub(super) struct Stopped;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    line: Mutex<Line>,
    filled: Condvar,
    events: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Line {
    entries: VecDeque<Entry>,
    /// One of them is to be written at once.
    is_urgent: bool,
    /// The writer waits for the first entry, and was not woken yet.
    is_idle: bool,
    is_closed: bool,
}

impl Line {
    fn is_enough(&self) -> bool {
        self.is_urgent || self.is_closed || self.entries.len() >= ENOUGH
    }
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            line: Mutex::default(),
            filled: Condvar::new(),
            events: Arc::new(Semaphore::new(EVENTS)),
            bytes: Arc::new(Semaphore::new(BYTES)),
        }
    }

    /// Waits for a place and for room for so many bytes; first come, first served.
    ///
    /// # Cancel safety
    /// Safe; the place in the line is lost.
    pub(super) async fn room(&self, bytes: usize) -> Result<Room, Stopped> {
        let bytes = bytes.min(BYTES) as u32;
        let event = Arc::clone(&self.events).acquire_owned().await;
        let event = event.map_err(|_| Stopped)?;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(bytes).await;
        Ok(Room {
            _event: Some(event),
            _bytes: Some(bytes.map_err(|_| Stopped)?),
            _body: None,
        })
    }

    /// Puts an entry at the end. Once the writer has stopped it is dropped, which whoever waits for its answer hears.
    pub(super) fn push(&self, entry: Entry) {
        let mut line = self.line();
        if line.is_closed {
            return;
        }
        let was_enough = line.is_enough();
        line.is_urgent |= !entry.work.can_wait();
        line.entries.push_back(entry);
        // Once each: the writer may take a while to wake, and every further call would be one to the kernel.
        let is_first = std::mem::take(&mut line.is_idle);
        let wakes = is_first || (!was_enough && line.is_enough());
        drop(line);
        if wakes {
            self.filled.notify_one();
        }
    }

    /// All that has gathered, and what follows it closely; waits at most so long for the first. What came before the end is
    /// still given.
    pub(super) fn take(&self, wait: Duration) -> Taken {
        let mut line = self.line();
        line.is_idle = true;
        let waited = self.filled.wait_timeout_while(line, wait, |line| {
            line.entries.is_empty() && !line.is_closed
        });
        let (mut line, _) = waited.unwrap_or_else(PoisonError::into_inner);
        line.is_idle = false;
        if !line.entries.is_empty() {
            let waited = self
                .filled
                .wait_timeout_while(line, GATHER, |line| !line.is_enough());
            let (mut line, _) = waited.unwrap_or_else(PoisonError::into_inner);
            line.is_urgent = false;
            return Taken::Entries(std::mem::take(&mut line.entries));
        }
        if line.is_closed {
            Taken::Closed
        } else {
            Taken::Idle
        }
    }

    /// Nobody brings anything any more.
    pub(super) fn close(&self) {
        self.line().is_closed = true;
        self.filled.notify_one();
    }

    /// Nobody takes anything any more: whoever waits hears it.
    pub(super) fn stop(&self) {
        self.events.close();
        self.bytes.close();
        let mut line = self.line();
        line.is_closed = true;
        let left = std::mem::take(&mut line.entries);
        drop(line);
        drop(left);
    }

    /// Whether the writer has taken all.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.line().entries.is_empty()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
