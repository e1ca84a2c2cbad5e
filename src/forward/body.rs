//! Bodies on their way: what goes to the app, what comes back, and how much of that is kept.
//!
//! In: pieces as they come. Out: the same pieces, never gathered and never decoded; an error where they break off. Must not
//! know: headers, targets.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use hooktool_relay::answer::{AnswerBody, Cut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::{RequestBody, pool::Lease};

/// A request's body, exactly as long as its capture says.
#[derive(Debug)]
pub(super) struct Outbound {
    inner: Option<RequestBody>,
    left: u64,
    progress: Progress,
}

impl Outbound {
    /// `inner` is not asked for anything when `len` is 0.
    pub(super) fn new(inner: RequestBody, len: u64, progress: Progress) -> Self {
        if len == 0 {
            progress.ended();
        }
        Self {
            inner: (len > 0).then_some(inner),
            left: len,
            progress,
        }
    }
}

impl Body for Outbound {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        loop {
            let Some(inner) = self.inner.as_mut() else {
                return Poll::Ready(None);
            };
            let piece = match ready!(Pin::new(inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().ok(),
                Some(Err(Cut)) => None,
                None if self.left == 0 => return Poll::Ready(None),
                None => None,
            };
            // More than was declared is as wrong as less: it would be read as the next request.
            let left = piece
                .as_ref()
                .and_then(|piece| self.left.checked_sub(piece.len() as u64));
            let (Some(piece), Some(left)) = (piece, left) else {
                self.inner = None;
                self.progress.cut();
                return Poll::Ready(Some(Err(Cut)));
            };
            self.left = left;
            self.progress.moved();
            if left == 0 {
                self.inner = None;
                self.progress.ended();
            }
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none() && self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// When a request's body last moved, and how it ended.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<Mutex<Moves>>);

#[derive(Debug)]
struct Moves {
    last: Instant,
    /// It broke off before its end.
    is_cut: bool,
    /// All of it was handed over.
    is_ended: bool,
}

impl Progress {
    pub(super) fn new(began: Instant) -> Self {
        Self(Arc::new(Mutex::new(Moves {
            last: began,
            is_cut: false,
            is_ended: false,
        })))
    }

    pub(super) fn last(&self) -> Instant {
        self.lock().last
    }

    pub(super) fn is_cut(&self) -> bool {
        self.lock().is_cut
    }

    pub(super) fn is_ended(&self) -> bool {
        self.lock().is_ended
    }

    fn moved(&self) {
        self.lock().last = Instant::now();
    }

    fn cut(&self) {
        self.lock().is_cut = true;
    }

    fn ended(&self) {
        self.lock().is_ended = true;
    }

    fn lock(&self) -> MutexGuard<'_, Moves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer's body; the connection is lent again once it has ended.
pub(super) fn answer(incoming: Incoming, lease: Option<Lease>) -> AnswerBody {
    if incoming.is_end_stream() {
        if let Some(lease) = lease {
            lease.give_back();
        }
        return Empty::new().map_err(|never| match never {}).boxed_unsync();
    }
    Inbound { incoming, lease }.boxed_unsync()
}

struct Inbound {
    incoming: Incoming,
    lease: Option<Lease>,
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        if matches!(frame, Some(Err(_))) {
            self.lease = None;
        } else if (frame.is_none() || self.incoming.is_end_stream())
            && let Some(lease) = self.lease.take()
        {
            lease.give_back();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|_| Cut)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The first bytes of a body that goes by, and how long it was.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    first: BytesMut,
    limit: usize,
    len: u64,
}

impl Kept {
    /// Nothing yet; keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Keeps of a piece what there is room for, and counts the rest.
    pub fn take(&mut self, piece: &[u8]) {
        let room = self.limit.saturating_sub(self.first.len());
        let (kept, _) = piece.split_at(room.min(piece.len()));
        self.first.extend_from_slice(kept);
        self.len += piece.len() as u64;
    }

    /// How many bytes went by.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none did.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether nothing more would be kept.
    pub fn is_full(&self) -> bool {
        self.first.len() >= self.limit
    }

    /// What was kept.
    pub fn into_bytes(self) -> Bytes {
        self.first.freeze()
    }
}
