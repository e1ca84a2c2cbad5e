//! The listener's own store of captures and attempts: `history.db`, shared by every hooktool process of this user.
//!
//! In: captures as they come, attempts as they end. Out: summaries, heads, bodies, and a [`Change`] for each write of this
//! process. Must not know: the link, forwarding, who looks.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{
    Capture, CaptureId, Edit, EndpointName, Headers, Kind, Outcome, Sent, Seq, UnixMillis,
};
use tokio::sync::broadcast;

/// A request's number in this history: 1, 2, 3 …; what people type.
pub type Number = u64;

/// Place of an attempt in the order of recording, over all requests; readers that must miss nothing go by it.
pub type Position = u64;

/// What happened to the history; a hint to read again, idempotent. A receiver that lagged reads everything again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A capture was recorded.
    Captured(Number),
    /// An attempt was recorded, or its answer grew or ended.
    Attempted(Number),
    /// A bookmark, note or deletion; or another process wrote.
    Reload,
}

/// A capture and what the relay said of it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The capture; its endpoint is in it.
    pub capture: Arc<Capture>,
    /// The relay it came from: its origin as configured, or `local`.
    pub relay: Arc<str>,
    /// Place in its endpoint; none for an upgrade.
    pub seq: Option<Seq>,
    /// Whether a sender waited.
    pub kind: Kind,
}

/// What the history knew of a capture when it was recorded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub number: Number,
    /// The outcome of its latest attempt, if there was one before: then it is not forwarded again.
    pub outcome: Option<Outcome>,
}

/// Why an attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// As it came, with a sender waiting.
    Live,
    /// As it came, after it had waited at the relay.
    Waited,
    /// After hold or parking.
    Released,
    /// By `--retry`.
    Retry,
    /// By a person.
    Replay,
}

impl Cause {
    /// The word in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Waited => "waited",
            Self::Released => "released",
            Self::Retry => "retry",
            Self::Replay => "replay",
        }
    }
}

/// One forward and its outcome; or, for held, parked and skipped, that there was none.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which try of this request, from 1; none if there was no try. Filled by the history.
    pub try_number: Option<u32>,
    /// Why it was made.
    pub cause: Cause,
    /// The URL it went to, path included; empty without a try.
    pub target: String,
    /// When it began.
    pub started_at: UnixMillis,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, in words; none if it was answered.
    pub error: Option<String>,
    /// Time to connect, if a new connection was made and measured.
    pub connect: Option<Duration>,
    /// Time to the answer's head, or to the failure.
    pub took: Option<Duration>,
    /// What was changed on the way, in order.
    pub changes: Vec<Edit>,
    /// The app's answer, if there was one.
    pub answer: Option<KeptAnswer>,
    /// What the sender got; none if no sender waited or it is not known.
    pub sent: Option<Sent>,
    /// Whether the app's answer came after the sender had to be answered.
    pub late: bool,
}

/// The app's answer as far as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// Its first bytes, at most [`KeptAnswer::KEPT`].
    pub body: Bytes,
    /// How long it was in all, as far as it has come.
    pub len: u64,
    /// Whether it came to its end. While false it streams, or it broke off (then the attempt's `error` says so).
    pub ended: bool,
}

impl KeptAnswer {
    /// How much of an answer's body is kept, in bytes.
    pub const KEPT: usize = 1024 * 1024;
}

/// What a list shows of a request: about 200 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Local number.
    pub number: Number,
    /// Global id.
    pub id: CaptureId,
    /// Endpoint.
    pub endpoint: EndpointName,
    /// Place in the endpoint.
    pub seq: Option<Seq>,
    /// Whether a sender waited.
    pub kind: Kind,
    /// When the relay received it.
    pub received_at: UnixMillis,
    /// Method.
    pub method: String,
    /// Path and query, bytes.
    pub path: Bytes,
    /// Body length; none if absent.
    pub size: Option<u64>,
    /// Who sent it.
    pub peer: std::net::IpAddr,
    /// How many tries there were.
    pub tries: u32,
    /// The latest attempt in short.
    pub last: Option<LastAttempt>,
    /// Whether it is kept by retention.
    pub bookmarked: bool,
}

/// The latest attempt, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct LastAttempt {
    /// How it ended.
    pub outcome: Outcome,
    /// The app's status.
    pub status: Option<u16>,
    /// Time to the answer's head.
    pub took: Option<Duration>,
    /// Whether the sender had been answered before.
    pub late: bool,
    /// Why it was made.
    pub cause: Cause,
}

/// A request as recorded: a summary and its whole head. The body is read apart.
#[derive(Clone, Debug)]
pub struct Request {
    /// What a list shows.
    pub summary: Summary,
    /// The capture. A body up to 64 KiB is in it, a larger one is read by range.
    pub capture: Arc<Capture>,
    /// The relay it came from.
    pub relay: String,
}

/// What a reader asks for.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Only these endpoints (with their relay); empty: all.
    pub endpoints: Vec<(String, EndpointName)>,
    /// Only numbers above this.
    pub after: Option<Number>,
    /// At most so many, the newest ones; always ascending.
    pub limit: Option<usize>,
}

/// What is kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Requests; bookmarked ones exempt.
    pub count: u64,
    /// Bytes of bodies and heads.
    pub bytes: u64,
}

/// What goes wrong in the history.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HistoryError {
    /// Another process holds it for longer than 5 s.
    #[error("{0} is locked by another process")]
    Locked(std::path::PathBuf),
    /// Written by a newer hooktool.
    #[error("{path} has format {found}, this hooktool knows up to {known}")]
    Newer {
        /// The file.
        path: std::path::PathBuf,
        /// Its format.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// What was read is not what was written.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: std::path::PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file or its folder may not be read or written.
    #[error("{path}: {detail}")]
    Denied {
        /// The file or folder.
        path: std::path::PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A write failed; nothing is recorded from here on.
    #[error("{path} cannot be written: {detail}")]
    Unwritable {
        /// The file.
        path: std::path::PathBuf,
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

/// A large request body on its way into the history, before its head.
#[derive(Debug)]
pub struct Draft {}

impl Draft {
    /// Hands over the next bytes; waits for room in the queue (of one body at most 1 MiB waits).
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn push(&mut self, _bytes: Bytes) -> Result<(), HistoryError> {
        todo!()
    }
}

/// An attempt whose answer still streams.
#[derive(Debug)]
pub struct Streaming {}

impl Streaming {
    /// Keeps further answer bytes (up to [`KeptAnswer::KEPT`] in all; beyond that only their number).
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn push(&mut self, _bytes: Bytes) -> Result<(), HistoryError> {
        todo!()
    }

    /// The answer ended, whole, or broken off for this reason.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn end(self, _broken: Option<String>) -> Result<(), HistoryError> {
        todo!()
    }
}

/// The history, open for writing and reading. Cloned freely; the last clone to go flushes and stops the writer.
#[derive(Clone, Debug)]
pub struct History {}

impl History {
    /// Opens or makes `history.db`.
    ///
    /// # Errors
    /// Any variant.
    pub fn open(_path: &Path, _retention: Retention) -> Result<Self, HistoryError> {
        todo!()
    }

    /// Records an arrival; `Ok` once it is on disk. Idempotent by id. `draft` holds the bytes of a large body.
    /// The order of calls is the order of numbers. If the future is dropped after its first poll, it is recorded all the same.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn record(
        &self,
        _arrival: Arrival,
        _draft: Option<Draft>,
    ) -> Result<Recorded, HistoryError> {
        todo!()
    }

    /// Begins a request body larger than 64 KiB.
    pub fn draft(&self, _id: CaptureId) -> Draft {
        todo!()
    }

    /// Records an attempt on a capture that was handed to [`History::record`] before; `Ok` once it is on disk. When its answer
    /// has not ended, [`Streaming`] takes the rest.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn attempted(
        &self,
        _id: CaptureId,
        _attempt: Attempt,
    ) -> Result<Option<Streaming>, HistoryError> {
        todo!()
    }

    /// Keeps a request, or stops keeping it.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn bookmark(&self, _number: Number, _on: bool) -> Result<(), HistoryError> {
        todo!()
    }

    /// Changes from now on; 1,024 wait for a slow reader, then it lags and reads again.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        todo!()
    }

    /// A blocking reader with its own connection, for `spawn_blocking` and for commands.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub fn reader(&self) -> Result<Reader, HistoryError> {
        todo!()
    }

    /// Waits until a write failed for good; pending while all is well.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn failed(&self) -> HistoryError {
        todo!()
    }
}

/// Reads the history; blocking. Every call is one short transaction.
#[derive(Debug)]
pub struct Reader {}

impl Reader {
    /// Opens the history only to read; sees other processes' writes. A file that does not exist reads as empty.
    ///
    /// # Errors
    /// `Newer`, `Damaged`, `Denied`.
    pub fn open(_path: &Path) -> Result<Self, HistoryError> {
        todo!()
    }

    /// Rows, ascending by number.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn list(&self, _select: &Select) -> Result<Vec<Summary>, HistoryError> {
        todo!()
    }

    /// One request.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn request(&self, _number: Number) -> Result<Option<Request>, HistoryError> {
        todo!()
    }

    /// What `1199`, `#1199`, `req_…`, a unique prefix of it, or `last` means. `last` looks at `select`'s endpoints.
    ///
    /// # Errors
    /// [`PickError`].
    pub fn pick(&self, _text: &str, _select: &Select) -> Result<Number, PickError> {
        todo!()
    }

    /// Bytes of a request's body from `offset`, at most `len`.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn body(&self, _number: Number, _offset: u64, _len: usize) -> Result<Bytes, HistoryError> {
        todo!()
    }

    /// All attempts of a request, oldest first, those without a try included.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn attempts(&self, _number: Number) -> Result<Vec<Attempt>, HistoryError> {
        todo!()
    }

    /// Attempts recorded after a position, with their request's number, at most `limit`, in order; answer bodies left out.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn attempts_after(
        &self,
        _position: Position,
        _limit: usize,
    ) -> Result<Vec<(Position, Number, Attempt)>, HistoryError> {
        todo!()
    }

    /// The newest position.
    ///
    /// # Errors
    /// `Damaged`, `Denied`, `Locked`.
    pub fn position(&self) -> Result<Position, HistoryError> {
        todo!()
    }

    /// A number that changes when any process wrote (`PRAGMA data_version`).
    ///
    /// # Errors
    /// `Denied`, `Locked`.
    pub fn version(&self) -> Result<u64, HistoryError> {
        todo!()
    }
}
