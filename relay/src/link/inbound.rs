//! The reading half of a link.
//!
//! In: websocket messages. Out: [`Incoming`] to the owner; DATA, WINDOW and the bodies' share of RESET to the streams. Must not
//! know: lanes. It waits for nothing but the peer, and says nothing but the ERROR that ends the link.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink, Stream as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, error::ProtocolError};

use super::{
    Incoming, LINGER, LinkError, Socket,
    body::{streamed, whole},
    shared::{MAX_STREAMS, Shared, wake},
    stream::{Kind, Receiving, Stream},
    watched::Alarm,
};
use crate::{
    answer::AnswerBody,
    protocol::{DecodeError, Frame, RequestHead, Reset, StreamId},
};

/// Reads frames. Never waits but for the peer.
pub struct Inbound<S> {
    socket: Socket<S>,
    shared: Arc<Shared>,
    dead_after: Duration,
    alarm: Alarm,
    /// The peer broke a rule; until when it is given time to read why.
    failed: Option<(LinkError, Instant)>,
    has_warned: bool,
}

impl<S> fmt::Debug for Inbound<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Inbound<S> {
    pub(super) fn new(socket: Socket<S>, shared: Arc<Shared>, dead_after: Duration) -> Self {
        Self {
            socket,
            shared,
            dead_after,
            alarm: Alarm::new(dead_after),
            failed: None,
            has_warned: false,
        }
    }

    /// The next thing the peer sent. When the peer broke a rule, the error comes after the peer was told, or a second later.
    ///
    /// # Errors
    /// The link is over; the same error every time from then on.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn next(&mut self) -> Result<Incoming, LinkError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// How many streams have something left to do.
    #[cfg(test)]
    pub(super) fn streams(&self) -> usize {
        self.shared.lock().streams.len()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, LinkError>> {
        self.shared.reader.register(cx.waker());
        loop {
            if let Some((error, until)) = &self.failed {
                let is_over = self.shared.lock().over.is_some();
                if is_over || self.alarm.poll(cx, *until).is_ready() {
                    return Poll::Ready(Err(error.clone()));
                }
                return Poll::Pending;
            }
            if let Some(error) = self.shared.lock().over.clone() {
                return Poll::Ready(Err(error));
            }
            let Poll::Ready(message) = self.socket.with(|ws| Pin::new(ws).poll_next(cx)) else {
                return self.poll_silence(cx);
            };
            match self.take_message(message, cx) {
                Ok(Some(incoming)) => return Poll::Ready(Ok(incoming)),
                Ok(None) => {}
                Err(error @ LinkError::Protocol(_)) => {
                    self.shared.fail(error.clone());
                    self.failed = Some((error, Instant::now() + LINGER));
                }
                Err(error) => self.shared.end(error),
            }
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, LinkError>> {
        let last = self.socket.with(|ws| ws.get_ref().last_read());
        std::task::ready!(self.alarm.poll(cx, last + self.dead_after));
        let error = LinkError::Silent(self.dead_after);
        self.shared.end(error.clone());
        Poll::Ready(Err(error))
    }

    fn take_message(
        &mut self,
        message: Option<Result<Message, SocketError>>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Incoming>, LinkError> {
        match message {
            Some(Ok(Message::Binary(bytes))) => self.take_bytes(bytes),
            Some(Ok(Message::Text(_))) => Err(LinkError::Protocol("a text message".to_owned())),
            // tungstenite answers pings by itself, with the next read.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
            Some(Ok(Message::Close(_))) => {
                // Its answer to the close is queued; if it cannot go now, the closed socket says the same.
                let _ = self.socket.with(|ws| Pin::new(ws).poll_flush(cx));
                Err(LinkError::Closed)
            }
            Some(Err(error)) => Err(link_error(&error)),
            None => Err(LinkError::Closed),
        }
    }

    fn take_bytes(&mut self, bytes: Bytes) -> Result<Option<Incoming>, LinkError> {
        let kind = bytes.first().copied();
        let frame = Frame::decode(bytes).map_err(|error: DecodeError| broken(&error))?;
        let Some(frame) = frame else {
            if !self.has_warned {
                self.has_warned = true;
                tracing::warn!(kind, "frames of a kind unknown here are ignored");
            }
            return Ok(None);
        };
        Ok(Some(match frame {
            Frame::Hello(hello) => Incoming::Hello(hello),
            Frame::Welcome(welcome) => Incoming::Welcome(welcome),
            Frame::Request {
                stream,
                head,
                first,
                end,
            } => {
                let body = self.open(stream, &head, first, end)?;
                Incoming::Request(stream, head, body)
            }
            Frame::Response {
                stream,
                head,
                first,
                end,
            } => Incoming::Response(stream, head, self.answer(stream, first, end)?),
            Frame::Data { stream, bytes, end } => {
                return self.shared.take_data(stream, &bytes, end).map(|()| None);
            }
            Frame::Window { stream, credit } => {
                self.shared.take_window(stream, credit);
                return Ok(None);
            }
            Frame::Done { stream, done } => Incoming::Done(stream, done),
            Frame::Sent { stream, sent } => Incoming::Sent(stream, sent),
            Frame::Reset { stream, reset } => {
                self.shared.take_reset(stream, &reset);
                Incoming::Reset(stream, reset)
            }
            Frame::Heartbeat(heartbeat) => Incoming::Heartbeat(heartbeat),
            Frame::GoAway(goaway) => Incoming::GoAway(goaway),
            Frame::Error(error) => Incoming::Error(error),
        }))
    }

    /// A REQUEST: its stream is live until its DONE was sent and its bodies are over. An upgrade has no DONE to wait for.
    fn open(
        &self,
        id: StreamId,
        head: &RequestHead,
        first: Bytes,
        end: bool,
    ) -> Result<AnswerBody, LinkError> {
        let kind = if head.upgrade {
            Kind::Upgrade
        } else {
            Kind::Request
        };
        let stream = Stream {
            awaits_done: kind == Kind::Request,
            receiving: (!end).then(|| Receiving::new(kind)),
            ..Stream::default()
        };
        let mut state = self.shared.lock();
        if state.streams.contains_key(&id) {
            return Err(broken(&format_args!("a second REQUEST on stream {id}")));
        }
        if state.streams.len() >= MAX_STREAMS {
            return Err(broken(&format_args!("more than {MAX_STREAMS} streams")));
        }
        if !stream.is_over() {
            state.streams.insert(id, stream);
        }
        drop(state);
        Ok(self.body(id, first, end))
    }

    /// A RESPONSE: whether its stream is one of ours is the owner's to know; a body that nobody wants is dropped, and reset.
    fn answer(&self, id: StreamId, first: Bytes, end: bool) -> Result<AnswerBody, LinkError> {
        if !end {
            let mut state = self.shared.lock();
            // Made-up streams stay until their RESET has gone, which a peer that never reads can prevent.
            if !state.streams.contains_key(&id) && state.streams.len() >= MAX_STREAMS {
                return Err(broken(&format_args!("more than {MAX_STREAMS} streams")));
            }
            let stream = state.streams.entry(id).or_default();
            if stream.receiving.is_some() {
                return Err(broken(&format_args!("a second body on stream {id}")));
            }
            stream.receiving = Some(Receiving::new(Kind::Response));
        }
        Ok(self.body(id, first, end))
    }

    fn body(&self, id: StreamId, first: Bytes, end: bool) -> AnswerBody {
        if end {
            whole(first)
        } else {
            streamed(Arc::clone(&self.shared), id, first)
        }
    }
}

impl<S> Drop for Inbound<S> {
    fn drop(&mut self) {
        self.shared.lock().is_read = false;
        self.shared.writer.wake();
    }
}

impl Shared {
    /// DATA: to its body, if there is one.
    fn take_data(&self, id: StreamId, bytes: &[u8], end: bool) -> Result<(), LinkError> {
        let mut state = self.lock();
        let Some(stream) = state.streams.get_mut(&id) else {
            return Ok(());
        };
        let Some(receiving) = &mut stream.receiving else {
            return Ok(());
        };
        if !receiving.take(bytes, end) {
            return Err(broken(&format_args!(
                "DATA beyond its credit on stream {id}"
            )));
        }
        let waker = receiving.waker.take();
        if receiving.is_over() {
            stream.receiving = None;
            state.forget_if_over(id);
        } else if receiving.is_discarded() {
            let credit = receiving.give_back();
            if credit > 0 {
                stream.credit_owed = stream.credit_owed.saturating_add(credit);
                state.list_owed(id);
                drop(state);
                self.writer.wake();
                return Ok(());
            }
        }
        drop(state);
        wake(waker);
        Ok(())
    }

    /// WINDOW: to the body that goes, if there is one.
    fn take_window(&self, id: StreamId, credit: u32) {
        let mut state = self.lock();
        let waker = state.sending(id).and_then(|sending| {
            sending.grant(credit);
            sending.waker.take()
        });
        drop(state);
        wake(waker);
    }

    /// RESET: cuts or cancels the stream's bodies, as far as its code concerns them.
    fn take_reset(&self, id: StreamId, reset: &Reset) {
        let mut state = self.lock();
        let sending = state.sending(id).and_then(|sending| {
            sending.reset(reset.code);
            sending.waker.take()
        });
        let receiving = state.receiving(id).and_then(|receiving| {
            receiving.reset(reset.code);
            receiving.waker.take()
        });
        if let Some(stream) = state.streams.get_mut(&id)
            && stream.receiving.as_ref().is_some_and(Receiving::is_over)
        {
            stream.receiving = None;
            state.forget_if_over(id);
        }
        drop(state);
        wake(sending);
        wake(receiving);
    }
}

/// What an error of the websocket means for the link.
pub(super) fn link_error(error: &SocketError) -> LinkError {
    match error {
        SocketError::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
        ) => LinkError::Closed,
        SocketError::Protocol(_) | SocketError::Capacity(_) | SocketError::Utf8(_) => broken(error),
        _ => LinkError::Closed,
    }
}

fn broken(why: &dyn fmt::Display) -> LinkError {
    LinkError::Protocol(why.to_string())
}
