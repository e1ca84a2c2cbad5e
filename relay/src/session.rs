//! One listener's task on the relay: hello, catch-up, live deliveries, answers, heartbeat.
//!
//! In: frames from its link; the newest seq of its endpoint; what senders got, from the registry.
//! Out: frames to its link; answers to the registry; the cursor to the store.
//! Must not know: how requests arrive (ingress) or where the socket came from (server).
//!
//! ```text
//!     HELLO ─▶ WELCOME ─▶ catch-up ─▶ live ─▶ GOAWAY | takeover | dead
//!
//!     reading  ── answers, DONE, RESET ─▶ streams ◀── offers: what is due, as permits allow
//!     (waits for the peer alone)            ▲
//!                                         keeping: SENT, heartbeat, cursor, eviction, stop
//! ```
//!
//! Three loops side by side in one task; whichever ends, ends the session. Only the reading one listens to the peer, and it
//! never waits for anything else.

use std::sync::Arc;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
    time::timeout,
};
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{
    accounts::{Accounts, Login},
    config::Config,
    link::{self, Inbound, Incoming, LinkError, Outbound, Watched},
    protocol::{ErrorCode, Frame, WireError},
    registry::Registry,
    store::Store,
};

mod claim;
mod keeping;
mod offering;
mod reading;
mod streams;
#[cfg(test)]
mod tests;

use claim::Claim;
use streams::Streams;

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

/// Websocket close codes that a session uses (RFC 6455 §7.4.1 and its registry).
mod close_code {
    /// The session ended as asked.
    pub(super) const NORMAL: u16 = 1000;
    /// An ERROR says why.
    pub(super) const POLICY: u16 = 1008;
    /// The relay restarts.
    pub(super) const RESTART: u16 = 1012;
}

/// Serves one listener until its link ends.
pub async fn serve<S>(socket: WebSocketStream<Watched<S>>, login: Login, rooms: Rooms)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = link::Limits {
        dead_after: rooms.config.limits.dead_after,
        write_stall: rooms.config.limits.write_stall,
    };
    let (out, inbound, writer) = link::split(socket, limits);
    let mut writing = JoinSet::new();
    writing.spawn(writer.run());
    // A writer that ends, ends the reading half too: the session is never cut off before it kept its cursor.
    let ended = serve_link(&out, inbound, login, &rooms).await;
    finish(&out, ended).await;
    drop(out);
    // What is queued goes out, within the link's own write timeout.
    let _ = timeout(rooms.config.limits.establish, writing.join_next()).await;
}

/// How a session ended.
#[derive(Debug)]
enum Ended {
    /// The link went.
    Link(LinkError),
    /// The listener is told why, and the link closed.
    Refused(WireError),
    /// The relay stops; the listener was told when to come back.
    Stopped,
    /// The same session came back over another link.
    Replaced,
}

impl From<LinkError> for Ended {
    fn from(cause: LinkError) -> Self {
        Self::Link(cause)
    }
}

async fn serve_link<S>(
    out: &Outbound,
    mut inbound: Inbound<S>,
    login: Login,
    rooms: &Rooms,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let hello = match timeout(rooms.config.limits.establish, inbound.next()).await {
        Ok(Ok(Incoming::Hello(hello))) => hello,
        Ok(Ok(_)) => {
            return Ended::Refused(refusal(ErrorCode::Protocol, "the first frame is HELLO"));
        }
        Ok(Err(cause)) => return Ended::Link(cause),
        Err(_) => return Ended::Refused(refusal(ErrorCode::Silent, "no HELLO came")),
    };
    let Claim {
        session,
        epoch,
        mut held,
        cursor,
        tail,
        welcome,
    } = match claim::claim(*hello.clone(), &login, rooms).await {
        Ok(claim) => claim,
        Err(error) => return Ended::Refused(error),
    };
    info!(endpoint = %hello.endpoint, %session, epoch = epoch.0, version = %hello.version, "claimed");
    if let Err(cause) = out.control(Frame::Welcome(Box::new(welcome))).await {
        return Ended::Link(cause);
    }
    let streams = Streams::new(cursor, hello.max_in_flight);
    let evicted = held.evicted();
    let ended = {
        let (offers, orders) = held.halves();
        let (carry, carried) = tokio::sync::mpsc::channel(offering::CARRIED);
        let reading = reading::read(&mut inbound, &streams, offers, &session, epoch);
        let offering = offering::offer(
            out,
            &streams,
            offers,
            &rooms.store,
            &hello.endpoint,
            tail,
            carried,
        );
        let keeping = keeping::Keeping {
            out,
            streams: &streams,
            rooms,
            endpoint: &hello.endpoint,
            session: &session,
            epoch,
            login: &login,
        };
        tokio::select! {
            ended = reading => ended,
            ended = offering => ended,
            ended = keeping.run(orders, carry, evicted) => ended,
        }
    };
    // The next link begins where this one stopped; before the hold is given up, for whoever waits for that.
    let kept = rooms
        .store
        .put_cursor(&hello.endpoint, epoch, streams.cursor())
        .await;
    if let Err(error) = kept {
        debug!(endpoint = %hello.endpoint, %error, "the cursor is not kept: captures will be offered again");
    }
    let ended = match ended {
        Ended::Replaced => match held.newcomer() {
            Some(name) => Ended::Refused(taken_over(&name)),
            None => Ended::Replaced,
        },
        other => other,
    };
    info!(endpoint = %hello.endpoint, %session, ?ended, "link ended");
    ended
}

async fn finish(out: &Outbound, ended: Ended) {
    let code = match ended {
        Ended::Refused(error) => {
            if error.code != ErrorCode::TakenOver {
                warn!(code = ?error.code, text = %error.text, "listener refused");
            }
            let _ = out.control(Frame::Error(error)).await;
            close_code::POLICY
        }
        Ended::Link(LinkError::Protocol(text)) => {
            let _ = out
                .control(Frame::Error(refusal(ErrorCode::Protocol, text)))
                .await;
            close_code::POLICY
        }
        Ended::Link(_) | Ended::Replaced => close_code::NORMAL,
        Ended::Stopped => close_code::RESTART,
    };
    out.close(code);
}

fn refusal(code: ErrorCode, text: impl Into<String>) -> WireError {
    WireError {
        code,
        text: text.into(),
        retry_after_ms: None,
        fatal: false,
    }
}

fn fatal(code: ErrorCode, text: impl Into<String>) -> WireError {
    WireError {
        fatal: true,
        ..refusal(code, text)
    }
}

fn taken_over(name: &str) -> WireError {
    fatal(ErrorCode::TakenOver, name)
}
