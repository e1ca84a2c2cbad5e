//! The sending side of a link as its owner sees it: frames by lane, and bodies within the peer's credit.
//!
//! In: frames and body bytes. Out: encoded frames in the lanes, bytes in the streams' buffers. Must not know: sockets.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    LinkError,
    shared::{Lane, Queued, Shared, wake},
    stream::{Kind, Sending},
};
use crate::protocol::{Frame, Reset, ResetCode, StreamId};

/// Sends frames. Cloned freely; a full lane makes the sender wait, at most until the link ends.
#[derive(Clone, Debug)]
pub struct Outbound {
    shared: Arc<Shared>,
}

impl Outbound {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Sends a control frame (anything but REQUEST, RESPONSE and DATA): 32 wait. It goes before every head and all DATA, but
    /// never before the head of its own stream.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the link has ended, or is about to by [`close`](Self::close).
    ///
    /// # Cancel safety
    /// Safe: not sent, or sent whole.
    pub async fn control(&self, frame: Frame) -> Result<(), LinkError> {
        let place = self.shared.control.acquire().await;
        place.map_err(|_| LinkError::Closed)?.forget();
        self.queue_control(frame)
    }

    /// Sends a control frame if its lane has room. False: it has none, or the link has ended.
    pub fn try_control(&self, frame: Frame) -> bool {
        let Ok(place) = self.shared.control.try_acquire() else {
            return false;
        };
        place.forget();
        self.queue_control(frame).is_ok()
    }

    /// Sends a REQUEST or RESPONSE: 8 wait. Unless it says `end`, the rest goes through the [`OutBody`].
    ///
    /// # Errors
    /// [`LinkError::Closed`], as in [`control`](Self::control).
    ///
    /// # Cancel safety
    /// Safe: not sent, or sent whole.
    pub async fn head(&self, frame: Frame) -> Result<OutBody, LinkError> {
        let (stream, kind, end) = match &frame {
            Frame::Response { stream, end, .. } => (*stream, Kind::Response, *end),
            Frame::Request {
                stream, head, end, ..
            } if head.upgrade => (*stream, Kind::Upgrade, *end),
            frame => (
                frame.stream(),
                Kind::Request,
                !matches!(frame, Frame::Request { end: false, .. }),
            ),
        };
        let place = self.shared.heads.acquire().await;
        place.map_err(|_| LinkError::Closed)?.forget();
        let bytes = frame.encode();
        let mut state = self.shared.lock();
        if state.is_ending() {
            return Err(LinkError::Closed);
        }
        state.heads.push_back(Queued {
            stream,
            lane: Lane::Heads,
            bytes,
        });
        if !end {
            state.streams.entry(stream).or_default().sending = Some(Sending::new(kind));
        }
        drop(state);
        self.shared.writer.wake();
        Ok(OutBody {
            shared: Arc::clone(&self.shared),
            stream,
            is_open: !end,
        })
    }

    /// Ends the link with this websocket close code, after the control frames and heads that are queued have been written;
    /// bodies under way are cut. Go on calling [`Inbound::next`](super::Inbound::next) until it fails, or drop it: then the
    /// last words reach a peer that is still talking.
    pub fn close(&self, code: u16) {
        self.shared.close(code);
    }

    fn queue_control(&self, frame: Frame) -> Result<(), LinkError> {
        let bytes = frame.encode();
        let stream = frame.stream();
        let mut state = self.shared.lock();
        if state.is_ending() {
            return Err(LinkError::Closed);
        }
        if state.has_head_of(stream) {
            let lane = Lane::Control;
            state.heads.push_back(Queued {
                stream,
                lane,
                bytes,
            });
        } else {
            state.control.push_back(bytes);
        }
        if ends_delivery(frame) {
            if let Some(stream) = state.streams.get_mut(&stream) {
                stream.awaits_done = false;
            }
            state.forget_if_over(stream);
        }
        drop(state);
        self.shared.writer.wake();
        Ok(())
    }
}

/// Whether the listener says with it that it is through with the capture.
fn ends_delivery(frame: Frame) -> bool {
    match frame {
        Frame::Done { .. } => true,
        Frame::Reset { reset, .. } => reset.code == ResetCode::Busy,
        _ => false,
    }
}

/// The rest of a body that was begun with a head. Dropped before [`OutBody::finish`], it sends RESET: a cut body is never
/// ended as if whole.
#[derive(Debug)]
pub struct OutBody {
    shared: Arc<Shared>,
    stream: StreamId,
    /// Whether the body has neither ended nor been reset from here.
    is_open: bool,
}

impl OutBody {
    /// Sends bytes as DATA, in frames of at most 16 KiB, as the peer's credit allows; waits for credit, so what is queued is
    /// one window at most.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the link ended, the peer reset the stream, or its head said `end`. A REQUEST's body goes
    /// on when the target failed (the listener's history keeps it whole): only `busy` stops it.
    ///
    /// # Cancel safety
    /// Not safe: a part of the bytes may have been sent. [`ready`](Self::ready) first, then no more than it said, is.
    pub async fn send(&mut self, mut bytes: Bytes) -> Result<(), LinkError> {
        while !bytes.is_empty() {
            let room = self.ready().await?;
            let part = bytes.split_to(room.min(bytes.len()));
            let mut state = self.shared.lock();
            if let Some(sending) = state.sending(self.stream) {
                sending.queue(&part);
                state.list_turn(self.stream);
            }
            drop(state);
            self.shared.writer.wake();
        }
        Ok(())
    }

    /// Waits until the peer takes at least one byte more, and says how many.
    ///
    /// # Errors
    /// As of [`send`](Self::send).
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ready(&mut self) -> Result<usize, LinkError> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// Ends the body as whole. Resolves when the last of it was handed to the websocket, or never will be.
    ///
    /// # Cancel safety
    /// Once polled, the body ends as whole whether or not this is awaited to its end.
    pub async fn finish(mut self) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let mut state = self.shared.lock();
        if let Some(sending) = state.sending(self.stream) {
            sending.is_finished = true;
            state.list_turn(self.stream);
        }
        drop(state);
        self.shared.writer.wake();
        poll_fn(|cx| self.poll_cancelled(cx)).await;
        self.forget();
    }

    /// Ends the body as cut, for this reason. The peer that reset it already is not told.
    pub fn reset(mut self, reset: Reset) {
        self.cut(reset);
    }

    /// Resolves when the peer reset this stream or the link ended; of a body that had ended with its head, only the latter.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn cancelled(&mut self) {
        if self.is_open {
            poll_fn(|cx| self.poll_cancelled(cx)).await;
            return;
        }
        let over = self.shared.over.notified();
        tokio::pin!(over);
        // Registered before the look, so that an end between the two is not missed.
        over.as_mut().enable();
        if self.shared.lock().over.is_none() {
            over.await;
        }
    }

    fn poll_ready(&self, cx: &Context<'_>) -> Poll<Result<usize, LinkError>> {
        let mut state = self.shared.lock();
        if !self.is_open || state.is_ending() {
            return Poll::Ready(Err(LinkError::Closed));
        }
        match state.sending(self.stream) {
            Some(sending) if !sending.is_cancelled => match sending.room() {
                0 => {
                    sending.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
                room => Poll::Ready(Ok(room)),
            },
            _ => Poll::Ready(Err(LinkError::Closed)),
        }
    }

    /// Ready when nothing of this body goes out any more.
    fn poll_cancelled(&self, cx: &Context<'_>) -> Poll<()> {
        match self.shared.lock().sending(self.stream) {
            Some(sending) if !sending.is_cancelled => {
                sending.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    fn cut(&mut self, reset: Reset) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let id = self.stream;
        let mut state = self.shared.lock();
        let has_head = state.has_head_of(id);
        let is_ending = state.is_ending();
        let Some(stream) = state.streams.get_mut(&id) else {
            return;
        };
        let was_told = stream.sending.take().is_none_or(|s| s.is_cancelled);
        if !was_told && !is_ending {
            if has_head {
                let bytes = Frame::Reset { stream: id, reset }.encode();
                let lane = Lane::Free;
                let stream = id;
                state.heads.push_back(Queued {
                    stream,
                    lane,
                    bytes,
                });
            } else {
                stream.reset_owed = Some(reset);
                state.list_owed(id);
            }
        }
        state.forget_if_over(id);
        drop(state);
        self.shared.writer.wake();
    }

    /// Lets go of what the stream still knows of this body.
    fn forget(&self) {
        let mut state = self.shared.lock();
        if let Some(stream) = state.streams.get_mut(&self.stream) {
            let waker = stream.sending.take().and_then(|sending| sending.waker);
            state.forget_if_over(self.stream);
            drop(state);
            wake(waker);
        }
    }
}

impl Drop for OutBody {
    fn drop(&mut self) {
        self.cut(Reset {
            code: ResetCode::Broken,
            text: String::new(),
        });
    }
}
