//! A body that comes over a link, as its reader sees it.
//!
//! In: the first bytes of its head, then what the stream has buffered. Out: pieces as they came, then the end, or [`Cut`]; and to
//! the peer, credit as the pieces are read. Must not know: frames, sockets.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};

use super::{shared::Shared, stream::Piece};
use crate::{
    answer::{AnswerBody, Cut},
    protocol::{Reset, ResetCode, StreamId},
};

/// The body of a head that said `end`.
pub(super) fn whole(bytes: Bytes) -> AnswerBody {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The body of a head that did not: its first bytes, which cost no credit, and then what comes.
pub(super) fn streamed(shared: Arc<Shared>, stream: StreamId, first: Bytes) -> AnswerBody {
    let body = Received {
        shared,
        stream,
        first,
        is_over: false,
    };
    body.boxed_unsync()
}

/// Reads one stream. Dropped before the end of an answer, it sends RESET `gone`; of a request, the rest is discarded as it
/// comes.
#[derive(Debug)]
struct Received {
    shared: Arc<Shared>,
    stream: StreamId,
    first: Bytes,
    is_over: bool,
}

impl Body for Received {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if !self.first.is_empty() {
            let first = std::mem::take(&mut self.first);
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match self.shared.read(self.stream, cx) {
            Piece::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Piece::Nothing => Poll::Pending,
            Piece::End => {
                self.is_over = true;
                Poll::Ready(None)
            }
            Piece::Cut => {
                self.is_over = true;
                Poll::Ready(Some(Err(Cut)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.first.len() as u64);
        hint
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.leave(self.stream);
        }
    }
}

impl Shared {
    /// The next piece of the body that comes on this stream; what was read is credit again.
    fn read(&self, id: StreamId, cx: &Context<'_>) -> Piece {
        let mut state = self.lock();
        let Some(stream) = state.streams.get_mut(&id) else {
            return Piece::Cut;
        };
        let Some(receiving) = &mut stream.receiving else {
            return Piece::Cut;
        };
        let piece = receiving.read();
        match piece {
            Piece::Bytes(_) => {
                let credit = receiving.give_back();
                if credit > 0 {
                    stream.credit_owed = stream.credit_owed.saturating_add(credit);
                    state.list_owed(id);
                    drop(state);
                    self.writer.wake();
                }
            }
            Piece::Nothing => receiving.waker = Some(cx.waker().clone()),
            Piece::End | Piece::Cut => {
                stream.receiving = None;
                state.forget_if_over(id);
            }
        }
        piece
    }

    /// The reader left before the end.
    fn leave(&self, id: StreamId) {
        let mut state = self.lock();
        let is_ending = state.is_ending();
        let Some(stream) = state.streams.get_mut(&id) else {
            return;
        };
        let Some(receiving) = &mut stream.receiving else {
            return;
        };
        receiving.waker = None;
        receiving.discard();
        if receiving.is_wanted_no_more() {
            stream.receiving = None;
            stream.reset_owed = Some(Reset {
                code: ResetCode::Gone,
                text: String::new(),
            });
        } else if receiving.is_over() {
            stream.receiving = None;
        } else {
            stream.credit_owed = stream.credit_owed.saturating_add(receiving.give_back());
        }
        let owes = stream.reset_owed.is_some() || stream.credit_owed > 0;
        if owes && !is_ending {
            state.list_owed(id);
        }
        state.forget_if_over(id);
        drop(state);
        self.writer.wake();
    }
}
