//! A large body on its way into the store, piece by piece, before its head.
//!
//! In: bytes as they come. Out: pieces for the writer, and what is left for the append. Must not know: SQL.
//!
//! ```text
//! push… ─▶ pieces of 64 KiB ─▶ append: last piece, head row (the commit)
//!                          └─▶ dropped: removed by the writer (after a crash: swept at open)
//! ```

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use bytes::{Bytes, BytesMut};
use tokio::sync::Semaphore;

use super::{
    StoreError,
    queue::What,
    reader::lock,
    row::PIECE,
    sqlite::{Engine, Shared},
};
use crate::capture::CaptureId;

/// Pieces of one body that may wait for the writer: 1 MiB.
const WAITING: usize = 16;

/// What draft and writer both know of a body. When the last of them lets go of one that was not stored, its pieces are
/// removed.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Its number, upper part of its pieces' keys.
    pub(super) number: i64,
    /// Whether its head row was committed.
    pub(super) is_stored: AtomicBool,
    /// Why one of its pieces was not written.
    pub(super) failure: OnceLock<StoreError>,
    shared: Arc<Shared>,
}

impl Drop for Pieces {
    fn drop(&mut self) {
        if !self.is_stored.load(Ordering::Acquire) {
            lock(&self.shared.abandoned).push(self.number);
        }
    }
}

/// What an append takes over from a draft.
#[derive(Debug)]
pub(super) struct Remainder {
    pub(super) body: Arc<Pieces>,
    /// Place of the last piece.
    pub(super) place: u64,
    /// The last piece; may be empty.
    pub(super) bytes: Bytes,
    /// Bytes in all.
    pub(super) len: u64,
}

/// Pieces of one large body on their way into the store, before its head. Dropped without
/// [`Store::append`](super::Store::append), they are discarded.
#[derive(Debug)]
pub struct Draft {
    id: CaptureId,
    body: Arc<Pieces>,
    room: Arc<Semaphore>,
    gathered: BytesMut,
    place: u64,
    store: Nudge,
}

impl Draft {
    pub(super) fn new(id: CaptureId, engine: Arc<Engine>) -> Self {
        let shared = Arc::clone(&engine.shared);
        let body = Pieces {
            number: shared.next_body.fetch_add(1, Ordering::Relaxed),
            is_stored: AtomicBool::new(false),
            failure: OnceLock::new(),
            shared,
        };
        Self {
            id,
            body: Arc::new(body),
            room: Arc::new(Semaphore::new(WAITING)),
            gathered: BytesMut::new(),
            place: 0,
            store: Nudge(engine),
        }
    }

    /// Hands over the next bytes, of any number. Waits for room in the writer's queue, at most 2 s.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::Fatal`]; the draft is of no use then.
    pub async fn push(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        while self.gathered.len() + bytes.len() > PIECE {
            let part = bytes.split_to(PIECE - self.gathered.len());
            let piece = if self.gathered.is_empty() {
                part
            } else {
                self.gathered.extend_from_slice(&part);
                self.gathered.split().freeze()
            };
            self.hand_over(piece).await.inspect_err(|error| {
                // A draft that lost a piece must never be appended. It keeps the first failure.
                let _ = self.body.failure.set(error.clone());
            })?;
        }
        self.gathered.extend_from_slice(&bytes);
        Ok(())
    }

    async fn hand_over(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.store.0.check_capture()?;
        if let Some(failure) = self.body.failure.get() {
            return Err(failure.clone());
        }
        let room = Arc::clone(&self.room).acquire_owned();
        let room = tokio::time::timeout(super::queue::PATIENCE, room).await;
        let Ok(Ok(room)) = room else {
            return Err(StoreError::Busy);
        };
        let piece = What::Piece {
            body: Arc::clone(&self.body),
            place: self.place,
            bytes,
            _room: room,
        };
        self.place += 1;
        self.store.0.queue()?.tell(piece).await
    }

    /// What is left of it for the append of this capture.
    pub(super) fn finish(self, id: CaptureId, len: u64) -> Result<Remainder, StoreError> {
        if let Some(failure) = self.body.failure.get() {
            return Err(failure.clone());
        }
        let found = self.place * PIECE as u64 + self.gathered.len() as u64;
        if self.id != id || found != len {
            let detail = format!("{len} bytes of {id} announced, {found} of {} came", self.id);
            return Err(StoreError::denied(&self.store.0.shared.path, detail));
        }
        Ok(Remainder {
            body: self.body,
            place: self.place,
            bytes: self.gathered.freeze(),
            len,
        })
    }
}

/// The store, woken when this goes: declared last in a draft, it goes after the pieces.
#[derive(Debug)]
struct Nudge(Arc<Engine>);

impl Drop for Nudge {
    fn drop(&mut self) {
        if let Ok(queue) = self.0.queue() {
            queue.nudge();
        }
    }
}
