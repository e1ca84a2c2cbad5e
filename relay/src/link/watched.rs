//! A byte stream that remembers when bytes last went through it, and the clock that asks.
//!
//! In: a connection. Out: the same connection, and two moments. It sits below the websocket, so that a long message that is still
//! coming counts as life. Must not know: frames.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// A connection that notes the moment of its last read and its last write. The websocket of a link is made over this:
/// `WebSocketStream::from_raw_socket(Watched::new(stream), …)`.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    last_read: Instant,
    last_write: Instant,
}

impl<S> Watched<S> {
    /// Watches this connection from now on.
    pub fn new(stream: S) -> Self {
        let now = Instant::now();
        Self {
            stream,
            last_read: now,
            last_write: now,
        }
    }

    /// When a byte came last; when it was made, if none did.
    pub fn last_read(&self) -> Instant {
        self.last_read
    }

    /// When a byte went out last; when it was made, if none did.
    pub fn last_write(&self) -> Instant {
        self.last_write
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.last_read = Instant::now();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        if written > 0 {
            self.last_write = Instant::now();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Waits for a deadline that keeps moving away. The timer is set again only when it rings, not at every move: a busy link
/// touches it once a limit, not once a frame.
#[derive(Debug)]
pub(super) struct Alarm {
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm whose deadlines will lie at least `limit` ahead of now.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            sleep: Box::pin(sleep(limit)),
        }
    }

    /// Ready once `deadline` has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline);
        }
    }
}
