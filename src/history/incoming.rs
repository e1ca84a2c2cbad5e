//! Bytes on their way into the history: a large request body before its head ([`Draft`]), an answer that streams ([`Streaming`]).
//!
//! In: bytes as they come. Out: work for the writer, in pieces that the queue has room for. Must not know: SQLite.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hooktool_relay::capture::{Body, CaptureId};
use tokio::sync::Semaphore;

use super::{
    Carried, History, HistoryError, KeptAnswer, Position,
    queue::{DraftKey, Room, Work},
    writers::LEFT,
};

/// Bytes of one request body that wait or are being written, at most.
const BODY_WAITING: usize = 1024 * 1024;

/// Bytes of an answer beyond [`KeptAnswer::KEPT`] that are only counted: how many come before the count is written.
const COUNTED: u64 = 1024 * 1024;

/// A large request body on its way into the history, before its head. Dropped without [`History::record`], it is discarded.
#[derive(Debug)]
pub struct Draft {
    history: History,
    id: CaptureId,
    key: DraftKey,
    /// Whether its bytes go when it is dropped.
    is_open: bool,
    /// Less than a piece.
    buffer: BytesMut,
    waiting: Arc<Semaphore>,
}

impl Draft {
    /// Hands over the next bytes; waits for room in the queue (of one body at most 1 MiB waits).
    ///
    /// # Errors
    /// `Unwritable`.
    ///
    /// # Cancel safety
    /// Not safe: a part of the bytes may be handed over. The draft is of no use then.
    pub async fn push(&mut self, mut bytes: Bytes) -> Result<(), HistoryError> {
        let draft = self.key;
        while self.buffer.len() + bytes.len() >= Body::INLINE {
            let missing = Body::INLINE - self.buffer.len();
            self.buffer.extend_from_slice(&bytes.split_to(missing));
            let share = Arc::clone(&self.waiting)
                .acquire_many_owned(Body::INLINE as u32)
                .await;
            let room = self.history.room(Body::INLINE).await?;
            let room = match share {
                Ok(share) => room.of_body(share),
                Err(_) => room,
            };
            let bytes = self.buffer.split().freeze();
            self.history.push(Work::Piece { draft, bytes }, None, room);
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    pub(super) fn new(history: History, id: CaptureId, key: DraftKey) -> Self {
        Self {
            history,
            id,
            key,
            is_open: true,
            buffer: BytesMut::new(),
            waiting: Arc::new(Semaphore::new(BODY_WAITING)),
        }
    }

    /// Its name for the writer, and its last piece.
    pub(super) fn close(mut self) -> (DraftKey, Bytes) {
        self.is_open = false;
        (self.key, self.buffer.split().freeze())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_open {
            tracing::debug!(id = %self.id, "a body came without its head");
            let draft = self.key;
            self.history
                .push(Work::Forget { draft }, None, Room::default());
        }
    }
}

/// An attempt whose answer still streams. Dropped without [`Streaming::end`], its answer counts as broken off.
#[derive(Debug)]
pub struct Streaming {
    history: History,
    /// None once its end is told.
    position: Option<Position>,
    /// Bytes that are still kept.
    room_left: usize,
    /// Bytes that came beyond, not told yet.
    counted: u64,
}

impl Streaming {
    pub(super) fn new(history: History, position: Position, kept: usize) -> Self {
        Self {
            history,
            position: Some(position),
            room_left: KeptAnswer::KEPT.saturating_sub(kept),
            counted: 0,
        }
    }

    /// Keeps further answer bytes (up to [`KeptAnswer::KEPT`] in all; beyond that only their number). Waits for room in the
    /// queue, not for the disk.
    ///
    /// # Errors
    /// `Unwritable`.
    pub async fn push(&mut self, mut bytes: Bytes) -> Result<(), HistoryError> {
        let kept = bytes.split_to(bytes.len().min(self.room_left));
        self.counted += bytes.len() as u64;
        let Some(position) = self.position else {
            return Ok(());
        };
        if kept.is_empty() && self.counted < COUNTED {
            return Ok(());
        }
        let room = self.history.room(kept.len()).await?;
        self.room_left -= kept.len();
        let work = Work::Grow {
            position,
            bytes: kept,
            more: std::mem::take(&mut self.counted),
        };
        self.history.push(work, None, room);
        Ok(())
    }

    /// The answer ended, whole, or broken off for this reason; `Ok` once that is on disk. One that broke off has the outcome
    /// *broken* from here on.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn end(self, broken: Option<String>) -> Result<(), HistoryError> {
        self.over(broken, None).await
    }

    /// As [`Streaming::end`], of an upgrade.
    ///
    /// # Errors
    /// `Unwritable`, `Locked`.
    pub async fn end_upgrade(
        self,
        broken: Option<String>,
        carried: Carried,
    ) -> Result<(), HistoryError> {
        self.over(broken, Some(carried)).await
    }

    async fn over(
        mut self,
        broken: Option<String>,
        carried: Option<Carried>,
    ) -> Result<(), HistoryError> {
        let Some(work) = self.close(broken, carried) else {
            return Ok(());
        };
        self.history.hand_over(work, Room::default()).await?;
        Ok(())
    }

    fn close(&mut self, broken: Option<String>, carried: Option<Carried>) -> Option<Work> {
        let more = std::mem::take(&mut self.counted);
        self.position.take().map(|position| Work::End {
            position,
            more,
            broken,
            carried,
        })
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if let Some(work) = self.close(Some(LEFT.to_owned()), None) {
            self.history.push(work, None, Room::default());
        }
    }
}
