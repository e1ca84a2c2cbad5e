//! What a store keeps and says: captures in their places, cursors, endpoints, tokens, limits. Values only.
//!
//! In: nothing. Out: the types of the store's seam. Must not know: how they are kept.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

use crate::capture::{AccountId, AnswerPolicy, Capture, EndpointName, Epoch, Seq, UnixMillis};

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
    /// Bytes of the disk kept back, to be given up when it is full: then what is over age can still be dropped, and its room
    /// used again. 0: none.
    pub reserve: u64,
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

/// Captures of one endpoint as they are committed, for whoever delivers them.
#[derive(Debug)]
pub struct Tail {
    /// The newest committed seq; may coalesce, is never lost.
    pub newest: watch::Receiver<Seq>,
    /// Captures in order of seq, straight from the commit. When its [`Tail::RECENT`] places are taken, or it holds bytes
    /// enough, further ones are left out: they are in the store, and [`Store::read`](super::Store::read) gives them.
    pub recent: mpsc::Receiver<Stored>,
}

impl Tail {
    /// Places in [`Tail::recent`]: what a burst of senders brings while a listener has its 32 in flight. With fewer, every
    /// burst would be read back from the store.
    pub const RECENT: usize = 256;

    /// The place `n`, counted from 1, is for captures of at most this many bytes divided by `n`: 256 of 2 KiB or 8 of 64 KiB
    /// may wait, and all together, at worst, hold six times this.
    pub(super) const BYTES: usize = 512 * 1024;
}
