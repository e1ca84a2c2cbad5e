//! Typed frames over a websocket on any byte stream: credits, liveness, write timeout. Both ends use it.
//!
//! In: frames to send, by lane. Out: what the peer sent; bodies as streams. Must not know: registry, store, who is at the ends.
//!
//! ```text
//! owner ─frames, bodies─▶ Outbound ─▶ lanes, streams ─▶ Writer ─▶┐
//!                                        ▲ credit, resets        ├ websocket ─ Watched ─ connection
//! owner ◀─Incoming, bodies────────────── Inbound ◀───────────────┘
//! ```
//!
//! Either half ends both. A link over is an error for whoever waits on it; a body that it cuts off never ends as if whole.

mod body;
mod inbound;
mod outbound;
mod shared;
mod stream;
#[cfg(test)]
mod tests;
mod watched;
mod writer;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::WebSocketConfig};

use self::shared::Shared;
pub use self::{
    inbound::Inbound,
    outbound::{OutBody, Outbound},
    watched::Watched,
    writer::Writer,
};
use crate::{
    answer::AnswerBody,
    capture::Sent,
    protocol::{
        Done, GoAway, Heartbeat, Hello, MAX_MESSAGE, RequestHead, Reset, ResponseHead, StreamId,
        Welcome, WireError,
    },
};

/// How long a link that is closing waits for the peer to hang up, so that its last words are read.
const LINGER: Duration = Duration::from_secs(1);

/// What tungstenite is to bound. Whoever makes the websocket of a link makes it with this.
///
/// The read buffer is allocated for every socket: 4 KiB keep an idle link at about 7 KiB, the default would make it 135. Up to
/// 16 KiB of frames go out in one write. The largest message fits behind those, so that a legal frame is never refused here.
pub fn websocket_config() -> WebSocketConfig {
    const READ: usize = 4 * 1024;
    const WRITE: usize = 16 * 1024;
    WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(WRITE)
        .max_write_buffer_size(MAX_MESSAGE + 2 * WRITE)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

/// What a link bounds.
#[derive(Clone, Copy, Debug)]
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

/// Splits a websocket into its two halves and the task that writes. The caller spawns [`Writer::run`]; the websocket is made
/// over a [`Watched`] connection with [`websocket_config`].
pub fn split<S>(
    socket: WebSocketStream<Watched<S>>,
    limits: Limits,
) -> (Outbound, Inbound<S>, Writer<S>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits {
        dead_after,
        write_stall,
    } = limits;
    let socket = Socket(Arc::new(Mutex::new(socket)));
    let shared = Arc::new(Shared::new());
    let inbound = Inbound::new(socket.clone(), Arc::clone(&shared), dead_after);
    let writer = Writer::new(socket, Arc::clone(&shared), write_stall);
    (Outbound::new(shared), inbound, writer)
}

/// The websocket, which both halves poll; never locked across an await.
struct Socket<S>(Arc<Mutex<WebSocketStream<Watched<S>>>>);

impl<S> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Socket<S> {
    fn with<T>(&self, act: impl FnOnce(&mut WebSocketStream<Watched<S>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
