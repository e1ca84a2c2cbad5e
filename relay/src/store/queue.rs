//! The way to the writer: a bounded queue with room counted in pieces and in bytes.
//!
//! In: what callers want written. Out: [`Order`]s in the order they came, each with the room it takes until it is done.
//! Must not know: SQL.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

use super::{
    Cursor, EndpointRecord, StoreError, TokenRecord,
    draft::{Pieces, Remainder},
};
use crate::capture::{AccountId, Body, Capture, EndpointName, Epoch};

/// Orders between acceptance and commit: four commits' worth. When they are taken a caller waits [`PATIENCE`].
const PLACES: usize = 1024;
/// Bytes of their bodies, the same.
const BYTES: u32 = 32 * 1024 * 1024;
/// How long a caller waits for room; then the store is busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// What an order weighs beside its bytes: head, bookkeeping.
const HEAD: usize = 1024;

/// What the writer may be asked to write.
#[derive(Debug)]
pub(super) enum What {
    /// A piece of a large body, before its head.
    Piece {
        body: Arc<Pieces>,
        place: u64,
        bytes: Bytes,
        _room: OwnedSemaphorePermit,
    },
    /// A capture, and what is left of its body if that is large.
    Append {
        capture: Arc<Capture>,
        rest: Option<Remainder>,
    },
    /// A cursor, if the endpoint's epoch is still this.
    Cursor {
        endpoint: EndpointName,
        epoch: Epoch,
        cursor: Cursor,
    },
    /// A claim, if the endpoint's epoch is still the expected one.
    Endpoint {
        record: EndpointRecord,
        expected: Option<Epoch>,
    },
    /// A new token.
    Token(TokenRecord),
    /// The end of an account's tokens.
    Revoke(AccountId),
    /// Retention, one transaction's worth of it.
    Trim,
    /// Nothing, but abandoned bodies lie there to be removed.
    Sweep,
}

impl What {
    /// Bytes it keeps in memory.
    pub(super) fn size(&self) -> usize {
        let bytes = match self {
            Self::Piece { bytes, .. } => bytes.len(),
            Self::Append { capture, rest } => {
                let whole = match &capture.body {
                    Body::Whole(bytes) => bytes.len(),
                    _ => 0,
                };
                whole + rest.as_ref().map_or(0, |rest| rest.bytes.len())
            }
            _ => 0,
        };
        HEAD + bytes
    }

    /// Whether a full disk refuses it: captures and their pieces. All else may go on.
    pub(super) fn is_capture(&self) -> bool {
        matches!(self, Self::Append { .. } | Self::Piece { .. })
    }
}

/// What the writer says: the seq of an append, the number that a trim or revocation met, else 0.
pub(super) type Reply = Result<u64, StoreError>;

/// Something to write, with the room it takes until it is done.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) what: What,
    pub(super) reply: Option<oneshot::Sender<Reply>>,
    _room: Room,
}

/// Room of one order; free again when dropped.
#[derive(Debug)]
struct Room {
    _place: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// The callers' end.
#[derive(Debug)]
pub(super) struct Queue {
    orders: SyncSender<Order>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Queue {
    /// A queue and the writer's end of it.
    pub(super) fn new() -> (Self, Receiver<Order>) {
        let (orders, taken) = sync_channel(PLACES);
        let queue = Self {
            orders,
            places: Arc::new(Semaphore::new(PLACES)),
            bytes: Arc::new(Semaphore::new(BYTES as usize)),
        };
        (queue, taken)
    }

    /// Hands something over and waits until it is on disk. With room in the queue it is handed over at the first poll,
    /// and dropping the future afterwards changes nothing.
    pub(super) async fn ask(&self, what: What) -> Reply {
        let room = self.room(what.size()).await?;
        let (reply, answer) = oneshot::channel();
        self.hand_over(what, Some(reply), room)?;
        answer.await.unwrap_or(Err(StoreError::Uncertain))
    }

    /// Hands something over and does not wait.
    pub(super) async fn tell(&self, what: What) -> Result<(), StoreError> {
        let room = self.room(what.size()).await?;
        self.hand_over(what, None, room)
    }

    /// Wakes the writer if it has nothing else to do.
    pub(super) fn nudge(&self) {
        // Without room it is awake anyway.
        if let Some(room) = self.room_now(HEAD as u32) {
            let _ = self.hand_over(What::Sweep, None, room);
        }
    }

    async fn room(&self, size: usize) -> Result<Room, StoreError> {
        let size = u32::try_from(size).map_or(BYTES, |size| size.min(BYTES));
        if let Some(room) = self.room_now(size) {
            return Ok(room);
        }
        let waiting = async {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            let bytes = Arc::clone(&self.bytes)
                .acquire_many_owned(size)
                .await
                .ok()?;
            Some(Room {
                _place: place,
                _bytes: bytes,
            })
        };
        let found = timeout(PATIENCE, waiting).await.ok().flatten();
        found.ok_or(StoreError::Busy)
    }

    fn room_now(&self, size: u32) -> Option<Room> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(size).ok()?;
        Some(Room {
            _place: place,
            _bytes: bytes,
        })
    }

    fn hand_over(
        &self,
        what: What,
        reply: Option<oneshot::Sender<Reply>>,
        room: Room,
    ) -> Result<(), StoreError> {
        let order = Order {
            what,
            reply,
            _room: room,
        };
        match self.orders.try_send(order) {
            Ok(()) => Ok(()),
            // There are as many places in the channel as permits; a writer that panicked takes nothing any more.
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Uncertain),
        }
    }
}
