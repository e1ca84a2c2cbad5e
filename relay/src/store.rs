//! What the relay keeps: captures, cursors, endpoints, tokens. [`Store`] is a cheap handle; its methods are the seam
//! behind which a second engine may come one day, and each says what it promises.
//!
//! In: captures with their bodies, records to keep. Out: the same, and the newest [`Seq`] of an endpoint as it moves.
//! Must not know: the wire, who listens, who asks.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::capture::{
    AccountId, AnswerPolicy, Capture, CaptureId, EndpointName, Epoch, Seq, UnixMillis,
};

mod sqlite;

/// A capture and its place in its endpoint's arrival order.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place.
    pub seq: Seq,
    /// The capture. A body up to [`Body::INLINE`](crate::capture::Body::INLINE) is in it, a larger one is read by range.
    pub capture: Arc<Capture>,
}

/// What an endpoint keeps at most; whatever is beyond goes, oldest first, and is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Captures an endpoint.
    pub count: u64,
    /// Bytes of bodies and heads an endpoint.
    pub bytes: u64,
    /// Age.
    pub age: Duration,
    /// Bytes in the whole store.
    pub total_bytes: u64,
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of `relay.db`, made (0700) if it is missing; none: in memory, for tests.
    pub folder: Option<PathBuf>,
    /// What is kept.
    pub retention: Retention,
    /// Most pages the database may have (`PRAGMA max_page_count`); none: SQLite's own limit. Tests fill a disk by it.
    pub max_pages: Option<u32>,
}

/// How far an endpoint's captures were offered. The relay keeps it, whoever listens.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Highest seq that was offered to a listener.
    pub offered: Seq,
    /// Those at or below it without DONE, ascending; at most [`Cursor::MAX_OPEN`].
    pub open: Vec<Seq>,
}

impl Cursor {
    /// Most captures offered and not done: one slow forward holds up nobody, 256 of them stop the endpoint.
    pub const MAX_OPEN: usize = 256;
}

/// What is known of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRecord {
    /// Its name.
    pub name: EndpointName,
    /// Whose it is: the account that claimed it first.
    pub account: AccountId,
    /// Raised by every claim.
    pub epoch: Epoch,
    /// What senders get, also while nobody listens.
    pub answer: AnswerPolicy,
    /// How long a sender waits for the app's answer, from the commit.
    pub deadline: Duration,
    /// First claim.
    pub created_at: UnixMillis,
}

/// A page of captures, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The captures, ascending by seq.
    pub captures: Vec<Stored>,
    /// The oldest seq that the endpoint still keeps; what is between the asked-for place and this was dropped.
    pub oldest: Option<Seq>,
}

/// One account's token as it is kept: never the token, only its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// SHA-256 of the whole written token.
    pub digest: [u8; 32],
    /// The account it stands for.
    pub account: AccountId,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was revoked, if it was.
    pub revoked_at: Option<UnixMillis>,
}

/// What a store holds, for metrics and `relay` at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Captures kept.
    pub captures: u64,
    /// Bytes of heads and bodies kept.
    pub bytes: u64,
    /// Endpoints known.
    pub endpoints: u64,
    /// Captures that retention dropped since the store was made.
    pub dropped: u64,
}

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

/// Captures of one endpoint as they are committed, for whoever delivers them.
#[derive(Debug)]
pub struct Tail {
    /// The newest committed seq; may coalesce, is never lost.
    pub newest: watch::Receiver<Seq>,
    /// Captures in order of seq, straight from the commit. When its [`Tail::RECENT`] places are taken further ones are left
    /// out: they are in the store, and [`Store::read`] gives them.
    pub recent: mpsc::Receiver<Stored>,
}

impl Tail {
    /// Places in [`Tail::recent`]: what a listener may have in flight.
    pub const RECENT: usize = 32;
}

/// Pieces of one large body on their way into the store, before its head. Dropped without
/// [`Store::append`], they are discarded.
#[derive(Debug)]
pub struct Draft {
    // filled by the engine
    _engine: sqlite::Draft,
}

impl Draft {
    /// Hands over the next bytes, of any number. Waits for room in the writer's queue, at most 2 s.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::Fatal`]; the draft is of no use then.
    pub async fn push(&mut self, _bytes: Bytes) -> Result<(), StoreError> {
        todo!()
    }
}

/// The relay's store. Cloned freely; the last clone to go stops the writer after its last commit.
#[derive(Clone, Debug)]
pub struct Store {
    _engine: Arc<sqlite::Engine>,
}

impl Store {
    /// Opens or makes the store, takes the folder's lock, repairs modes, sweeps orphan pieces.
    ///
    /// # Errors
    /// Every variant but `Busy`, `Uncertain` and `Conflict`.
    pub fn open(_options: Options) -> Result<Self, StoreError> {
        todo!()
    }

    /// Stores a capture. `Ok` means: on stable storage (fsync done), visible to every later read, in the order of the
    /// seqs given out. Idempotent by id: the same capture again gives its first seq. If the future is dropped after it was
    /// polled once, the capture is stored all the same.
    ///
    /// `draft` holds the bytes of a [`Body::Pieces`](crate::capture::Body::Pieces).
    ///
    /// # Errors
    /// `Full` and `Busy`: nothing was stored. `Uncertain`, `Fatal`: never acknowledge it.
    pub async fn append(
        &self,
        _capture: Arc<Capture>,
        _draft: Option<Draft>,
    ) -> Result<Seq, StoreError> {
        todo!()
    }

    /// Begins a body that is larger than [`Body::INLINE`](crate::capture::Body::INLINE).
    pub fn draft(&self, _id: CaptureId) -> Draft {
        todo!()
    }

    /// Captures after `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn read(
        &self,
        _endpoint: &EndpointName,
        _after: Seq,
        _limit: usize,
    ) -> Result<Page, StoreError> {
        todo!()
    }

    /// These captures of one endpoint, ascending; those that retention dropped are left out.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn read_these(
        &self,
        _endpoint: &EndpointName,
        _seqs: Vec<Seq>,
    ) -> Result<Vec<Stored>, StoreError> {
        todo!()
    }

    /// One capture by its id.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn get(&self, _id: CaptureId) -> Result<Option<Stored>, StoreError> {
        todo!()
    }

    /// Bytes of a body from `offset`, at most `len` (fewer only at its end or at a piece's). `None` if it was dropped.
    ///
    /// # Errors
    /// `Damaged` (a checksum does not fit: never a wrong body), `Denied`.
    pub async fn body(
        &self,
        _id: CaptureId,
        _offset: u64,
        _len: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        todo!()
    }

    /// Follows the commits of an endpoint from now on. One follower an endpoint: a later call replaces the earlier, whose
    /// [`Tail::recent`] ends.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn tail(&self, _endpoint: &EndpointName) -> Result<Tail, StoreError> {
        todo!()
    }

    /// Newest seq of an endpoint and how many captures after `after` it keeps.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn waiting(
        &self,
        _endpoint: &EndpointName,
        _after: Seq,
    ) -> Result<(Seq, u64), StoreError> {
        todo!()
    }

    /// The first seq received at or after a moment, if there is one.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn seq_at(
        &self,
        _endpoint: &EndpointName,
        _moment: UnixMillis,
    ) -> Result<Option<Seq>, StoreError> {
        todo!()
    }

    /// The record of an endpoint. Answered from memory once known: ingress asks it for every request.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn endpoint(
        &self,
        _name: &EndpointName,
    ) -> Result<Option<EndpointRecord>, StoreError> {
        todo!()
    }

    /// Makes or changes an endpoint if its epoch is still `expected` (none: it must not exist). Durable when `Ok`.
    ///
    /// # Errors
    /// `Conflict`, and those of [`Store::append`].
    pub async fn put_endpoint(
        &self,
        _record: EndpointRecord,
        _expected: Option<Epoch>,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// The cursor of an endpoint; the default one if none was ever kept.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn cursor(&self, _endpoint: &EndpointName) -> Result<Cursor, StoreError> {
        todo!()
    }

    /// Keeps a cursor if the endpoint's epoch is still `epoch`. Joins the next group commit.
    ///
    /// # Errors
    /// `Conflict` (somebody else holds the endpoint), and those of [`Store::append`].
    pub async fn put_cursor(
        &self,
        _endpoint: &EndpointName,
        _epoch: Epoch,
        _cursor: Cursor,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Applies the retention now; what it dropped is counted.
    ///
    /// # Errors
    /// `Fatal`.
    pub async fn trim(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Adds a token; visible to other processes when `Ok`.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub async fn add_token(&self, _token: TokenRecord) -> Result<(), StoreError> {
        todo!()
    }

    /// The token of this digest, revoked or not, also if another process added it a moment ago.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn token(&self, _digest: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        todo!()
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        todo!()
    }

    /// Revokes every token of an account; how many were valid before.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub async fn revoke(&self, _account: &AccountId) -> Result<u64, StoreError> {
        todo!()
    }

    /// What it holds.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        todo!()
    }

    /// Whether the disk is so full that appends are refused before they are tried.
    pub fn is_full(&self) -> bool {
        todo!()
    }

    /// Waits until a write or fsync failed for good; pending as long as all is well.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn failed(&self) -> StoreError {
        todo!()
    }
}
