//! The writing half of a link.
//!
//! In: frames from the lanes. Out: websocket messages, flushed when nothing more is ready. Must not know: what frames mean.
//!
//! ```text
//! writing ─lanes empty, close asked─▶ goodbye ─flushed─▶ linger ─peer hung up, or 1 s─▶ over
//!    └─no progress for write_stall, broken, the other half ended──────────────────────────┘
//! ```

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Sink;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::{
    Error as SocketError, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    LINGER, LinkError, Socket,
    inbound::link_error,
    shared::{Next, Shared},
    watched::Alarm,
};

/// The writing half.
pub struct Writer<S> {
    socket: Socket<S>,
    shared: Arc<Shared>,
    write_stall: Duration,
    alarm: Alarm,
    /// Since when the socket has taken nothing that it should.
    blocked_since: Option<Instant>,
    is_unflushed: bool,
    /// Whether others that were ready to run had their turn since the last flush.
    has_waited: bool,
}

impl<S> fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("blocked_since", &self.blocked_since)
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Writer<S> {
    pub(super) fn new(socket: Socket<S>, shared: Arc<Shared>, write_stall: Duration) -> Self {
        Self {
            socket,
            shared,
            write_stall,
            alarm: Alarm::new(write_stall),
            blocked_since: None,
            is_unflushed: false,
            has_waited: false,
        }
    }

    /// Writes until the link ends: control before heads, heads before DATA; DATA streams take turns, one frame each. Dropped
    /// before, it ends the link.
    ///
    /// # Errors
    /// Why it ended, unless [`Outbound::close`](super::Outbound::close) was asked for.
    pub async fn run(mut self) -> Result<(), LinkError> {
        let written = self.write().await;
        let mut state = self.shared.lock();
        let failed = state.failed.take();
        let was_asked = state.closing.is_some();
        drop(state);
        let error = match (failed, written) {
            (Some(error), _) | (None, Err(error)) => error,
            (None, Ok(())) => LinkError::Closed,
        };
        self.shared.end(error.clone());
        match error {
            LinkError::Closed if was_asked => Ok(()),
            error => Err(error),
        }
    }

    async fn write(&mut self) -> Result<(), LinkError> {
        let code = poll_fn(|cx| self.poll_frames(cx)).await?;
        poll_fn(|cx| self.poll_room(cx)).await?;
        self.start(Message::Close(Some(CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        })))?;
        poll_fn(|cx| self.poll_flushed(cx)).await?;
        // Closing a socket with unread bytes in it makes TCP reset the connection, and the peer lose what it has not read.
        let farewell = async {
            // The peer need not answer to learn that nothing more comes; if this fails, it has gone already.
            let _ = poll_fn(|cx| {
                self.socket
                    .with(|ws| Pin::new(ws.get_mut()).poll_shutdown(cx))
            })
            .await;
            poll_fn(|cx| self.poll_hung_up(cx)).await;
        };
        // Either way it is over.
        let _ = timeout(LINGER, farewell).await;
        Ok(())
    }

    /// Writes what the lanes give, flushes when they are empty, and waits for more. Ready with the code to close with.
    fn poll_frames(&mut self, cx: &mut Context<'_>) -> Poll<Result<u16, LinkError>> {
        loop {
            self.shared.writer.register(cx.waker());
            if let Some(error) = self.shared.lock().over.clone() {
                return Poll::Ready(Err(error));
            }
            ready!(self.poll_room(cx))?;
            match self.shared.next() {
                Next::Frame(bytes) => self.start_frame(bytes)?,
                Next::Close(code) => return Poll::Ready(Ok(code)),
                Next::Over(error) => return Poll::Ready(Err(error)),
                Next::Nothing => break,
            }
        }
        if self.is_unflushed {
            // Whoever is ready to run may have a frame, too: they go out in one write.
            if !std::mem::replace(&mut self.has_waited, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            ready!(self.poll_flushed(cx))?;
        }
        Poll::Pending
    }

    fn start_frame(&mut self, bytes: Bytes) -> Result<(), LinkError> {
        self.start(Message::Binary(bytes))
    }

    fn start(&mut self, message: Message) -> Result<(), LinkError> {
        self.is_unflushed = true;
        let started = self.socket.with(|ws| Pin::new(ws).start_send(message));
        started.map_err(|error| link_error(&error))
    }

    /// Ready when the websocket takes another message.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let room = self.socket.with(|ws| Pin::new(ws).poll_ready(cx));
        self.poll_patiently(room, cx)
    }

    /// Ready when all has gone out.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let flushed = self.socket.with(|ws| Pin::new(ws).poll_flush(cx));
        let flushed = self.poll_patiently(flushed, cx);
        if flushed.is_ready() {
            self.is_unflushed = false;
            self.has_waited = false;
            // Only here: a websocket with room for another message may still be stuck with the last.
            self.blocked_since = None;
        }
        flushed
    }

    /// Passes on what the socket said, unless it has kept us waiting for too long.
    fn poll_patiently(
        &mut self,
        polled: Poll<Result<(), SocketError>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), LinkError>> {
        if let Poll::Ready(result) = polled {
            return Poll::Ready(result.map_err(|error| link_error(&error)));
        }
        let since = *self.blocked_since.get_or_insert_with(Instant::now);
        let last = self.socket.with(|ws| ws.get_ref().last_write());
        ready!(self.alarm.poll(cx, since.max(last) + self.write_stall));
        Poll::Ready(Err(LinkError::Stalled(self.write_stall)))
    }

    /// Ready when the reading half saw the peer's goodbye; reads it itself, and throws away what comes before, if that half
    /// is gone.
    fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.writer.register(cx.waker());
        let state = self.shared.lock();
        let (is_over, is_read) = (state.over.is_some(), state.is_read);
        drop(state);
        if is_over {
            return Poll::Ready(());
        }
        if is_read {
            return Poll::Pending;
        }
        let mut scratch = [0; 1024];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = self
                .socket
                .with(|ws| Pin::new(ws.get_mut()).poll_read(cx, &mut buf));
            if ready!(read).is_err() || buf.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<S> Drop for Writer<S> {
    fn drop(&mut self) {
        self.shared.end(LinkError::Closed);
    }
}
