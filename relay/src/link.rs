//! Typed frames over a websocket on any byte stream: credits, liveness, write timeout. Both ends use it.
//!
//! In: frames to send, by lane. Out: what the peer sent; bodies as streams. Must not know: registry, store, who is at the ends.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;

use crate::{
    capture::Sent,
    protocol::{
        Done, Frame, GoAway, Heartbeat, Hello, RequestHead, Reset, ResponseHead, StreamId, Welcome,
        WireError,
    },
    registry::AnswerBody,
};

/// What a link bounds.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Dead after this long without a byte.
    pub dead_after: Duration,
    /// Dead when a write makes no progress for this long.
    pub write_stall: Duration,
}

/// Why a link ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The peer closed it, or the connection broke.
    #[error("the connection closed")]
    Closed,
    /// No byte came for too long.
    #[error("nothing came for {0:?}")]
    Silent(Duration),
    /// Writing made no progress for too long.
    #[error("writing stalled for {0:?}")]
    Stalled(Duration),
    /// The peer broke the wire's rules.
    #[error("the peer broke the protocol: {0}")]
    Protocol(String),
}

/// What the peer sent. DATA and WINDOW are the link's own business.
#[derive(Debug)]
pub enum Incoming {
    /// From a listener.
    Hello(Box<Hello>),
    /// From a relay.
    Welcome(Box<Welcome>),
    /// A delivery and its body.
    Request(StreamId, Box<RequestHead>, AnswerBody),
    /// An answer and its body.
    Response(StreamId, Box<ResponseHead>, AnswerBody),
    /// An outcome is recorded.
    Done(StreamId, Done),
    /// What the sender got.
    Sent(StreamId, Sent),
    /// A stream's body has no end; bodies under way were told already.
    Reset(StreamId, Reset),
    /// Proof of life.
    Heartbeat(Heartbeat),
    /// Reconnect later.
    GoAway(GoAway),
    /// Something is wrong.
    Error(WireError),
}

/// Splits a websocket into its two halves and the task that writes. The caller spawns `Writer::run`.
pub fn split<S>(_socket: WebSocketStream<S>, _limits: Limits) -> (Outbound, Inbound<S>, Writer<S>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    todo!()
}

/// Sends frames. Cloned freely; a full lane makes the sender wait, at most until the link ends.
#[derive(Clone, Debug)]
pub struct Outbound {}

impl Outbound {
    /// Sends a control frame (anything but REQUEST, RESPONSE and DATA): 32 wait.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the link has ended.
    ///
    /// # Cancel safety
    /// Safe: not sent, or sent whole.
    pub async fn control(&self, _frame: Frame) -> Result<(), LinkError> {
        todo!()
    }

    /// Sends a REQUEST or RESPONSE: 8 wait. Unless it says `end`, the rest goes through the [`OutBody`].
    ///
    /// # Errors
    /// [`LinkError::Closed`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn head(&self, _frame: Frame) -> Result<OutBody, LinkError> {
        todo!()
    }

    /// Ends the link after what is queued has been written, with this websocket close code.
    pub fn close(&self, _code: u16) {
        todo!()
    }
}

/// The rest of a body that was begun with a head. Dropped before [`OutBody::finish`], it sends RESET: a cut body is never
/// ended as if whole.
#[derive(Debug)]
pub struct OutBody {}

impl OutBody {
    /// Sends bytes as DATA, in frames of at most 16 KiB, as the peer's credit allows; waits for credit.
    ///
    /// # Errors
    /// [`LinkError::Closed`] when the link ended or the peer reset the stream.
    pub async fn send(&mut self, _bytes: Bytes) -> Result<(), LinkError> {
        todo!()
    }

    /// Waits until the peer takes at least one byte more, and says how many.
    ///
    /// # Errors
    /// [`LinkError::Closed`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ready(&mut self) -> Result<usize, LinkError> {
        todo!()
    }

    /// Ends the body as whole.
    pub async fn finish(self) {
        todo!()
    }

    /// Ends the body as cut, for this reason.
    pub fn reset(self, _reset: Reset) {
        todo!()
    }

    /// Resolves when the peer reset this stream or the link ended.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn cancelled(&mut self) {
        todo!()
    }
}

/// Reads frames. Never waits but for the peer.
#[derive(Debug)]
pub struct Inbound<S> {
    _socket: std::marker::PhantomData<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Inbound<S> {
    /// The next thing the peer sent.
    ///
    /// # Errors
    /// The link is over.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn next(&mut self) -> Result<Incoming, LinkError> {
        todo!()
    }
}

/// The writing half.
#[derive(Debug)]
pub struct Writer<S> {
    _socket: std::marker::PhantomData<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Writer<S> {
    /// Writes until the link ends: control before heads, heads before DATA; DATA streams take turns, one frame each.
    ///
    /// # Errors
    /// Why it ended, unless [`Outbound::close`] was asked for.
    pub async fn run(self) -> Result<(), LinkError> {
        todo!()
    }
}
