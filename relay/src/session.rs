//! One listener's task on the relay: hello, catch-up, live deliveries, answers, heartbeat.
//!
//! In: frames from its link; the newest seq of its endpoint; what senders got, from the registry.
//! Out: frames to its link; answers to the registry; the cursor to the store.
//! Must not know: how requests arrive (ingress) or where the socket came from (server).
//!
//!     HELLO ─▶ WELCOME ─▶ catch-up ─▶ live ─▶ GOAWAY | takeover | dead

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;

use crate::{
    accounts::{Accounts, Login},
    config::Config,
    registry::Registry,
    store::Store,
};

/// What a session needs of its relay. Cloned freely.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// Limits and the like.
    pub config: Arc<Config>,
    /// The store.
    pub store: Store,
    /// The meeting point.
    pub registry: Registry,
    /// Whether tokens are still valid.
    pub accounts: Accounts,
    /// What senders reach the relay by, without a trailing slash.
    pub public_url: Arc<str>,
    /// Cancelled when the relay stops: GOAWAY.
    pub stop: CancellationToken,
}

/// Serves one listener until its link ends.
pub async fn serve<S>(_socket: WebSocketStream<S>, _login: Login, _rooms: Rooms)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    todo!()
}
