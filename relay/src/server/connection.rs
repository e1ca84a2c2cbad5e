//! One connection: TLS, HTTP/1.1 or HTTP/2, the requests on it.
//!
//! In: an accepted socket and its seat. Out: metrics, and the session that it may become. Must not know: what is asked for (routes).
//!
//! ```text
//! accepted ─▶ TLS ─▶ head ─▶ requests … ─▶ closed
//!    └─ one deadline ─┘         └─ 101 ─▶ what the session needs
//! ```

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::task::TaskTracker;

use super::{Edge, routes, seats::Seat, socket::Socket, upgrade::Pending};
use crate::{answer::AnswerBody, config::Limits};

/// Smallest buffer that hyper takes, in bytes.
const LEAST_BUFFER: usize = 8 * 1024;

/// hyper's own limit of header lines. Set explicitly it would cost an allocation a request.
const HYPER_HEADERS: usize = 100;

/// An HTTP/2 connection without a request for this long is closed; HTTP/1.1 has hyper's timeout for the next head.
const IDLE: Duration = Duration::from_secs(60);

/// HTTP/2: streams at once, in number; windows in bytes; pings. hyper's own (200 streams, 1 MiB each, no ping) are for
/// few and friendly peers.
const H2_STREAMS: u32 = 32;
const H2_STREAM_WINDOW: u32 = 256 * 1024;
const H2_WINDOW: u32 = 1024 * 1024;
const H2_PING: Duration = Duration::from_secs(20);

/// What the requests of one connection share.
#[derive(Debug)]
pub(super) struct Connection {
    /// Who is at the other end.
    pub(super) peer: SocketAddr,
    /// Its seat.
    pub(super) seat: Arc<Seat>,
    activity: Mutex<Activity>,
    pending: Mutex<Option<Pending>>,
}

#[derive(Debug)]
struct Activity {
    has_begun: bool,
    running: usize,
    since: Instant,
}

/// What a look at a connection finds.
enum Found {
    /// No head came yet.
    Silence,
    /// Requests run, or ended a moment ago.
    Life,
    /// None since a while.
    Idleness,
}

impl Connection {
    fn new(peer: SocketAddr, seat: Arc<Seat>) -> Self {
        Self {
            peer,
            seat,
            activity: Mutex::new(Activity {
                has_begun: false,
                running: 0,
                since: Instant::now(),
            }),
            pending: Mutex::default(),
        }
    }

    /// This connection becomes a session once its 101 is written.
    pub(super) fn becomes(&self, pending: Pending) {
        self.seat.becomes_link();
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(pending);
    }

    /// The session that it became.
    fn became(&self) -> Option<Pending> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take()
    }

    fn begin(&self) -> Running<'_> {
        let mut activity = self.activity();
        activity.has_begun = true;
        activity.running += 1;
        Running(self)
    }

    fn look(&self) -> Found {
        let activity = self.activity();
        if !activity.has_begun {
            Found::Silence
        } else if activity.running == 0 && activity.since.elapsed() >= IDLE {
            Found::Idleness
        } else {
            Found::Life
        }
    }

    fn activity(&self) -> std::sync::MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
struct Running<'a>(&'a Connection);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut activity = self.0.activity();
        activity.running = activity.running.saturating_sub(1);
        activity.since = Instant::now();
    }
}

/// Serves a connection until it is closed, or until it becomes a session: that is told, and served by a task of its own, so that
/// this one is freed.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    edge: Arc<Edge>,
) -> Option<Pending> {
    let limits = &edge.rooms.config.limits;
    let deadline = Instant::now() + limits.establish;
    let seat = Arc::new(seat);
    let socket = Socket::new(stream, seat.clone(), limits.answer_stall);
    let connection = Arc::new(Connection::new(peer, seat));
    let Some(acceptor) = &edge.tls else {
        http1(socket, &connection, &edge, deadline).await;
        return connection.became();
    };
    match timeout_at(deadline, acceptor.accept(socket)).await {
        Ok(Ok(socket)) if socket.get_ref().1.alpn_protocol() == Some(b"h2") => {
            http2(socket, &connection, &edge, deadline).await;
        }
        Ok(Ok(socket)) => http1(socket, &connection, &edge, deadline).await,
        Ok(Err(_)) => edge.metrics.connection_refused("tls"),
        Err(_) => edge.metrics.connection_refused("silent"),
    }
    connection.became()
}

async fn http1<S>(socket: S, connection: &Arc<Connection>, edge: &Arc<Edge>, deadline: Instant)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &edge.rooms.config.limits;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Also how long a kept-alive connection may idle.
        .header_read_timeout(limits.establish)
        .max_buf_size(limits.head.max(LEAST_BUFFER))
        .max_header_size(limits.head);
    if limits.headers != HYPER_HEADERS {
        builder.max_headers(limits.headers);
    }
    let (answering, shared) = (edge.clone(), connection.clone());
    let service = service_fn(move |request| answer(answering.clone(), shared.clone(), request));
    let serving = pin!(
        builder
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades()
    );
    drive(serving, connection, edge, deadline, |c| {
        c.graceful_shutdown();
    })
    .await;
}

async fn http2<S>(socket: S, connection: &Arc<Connection>, edge: &Arc<Edge>, deadline: Instant)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (answering, shared) = (edge.clone(), connection.clone());
    let service = service_fn(move |request| answer(answering.clone(), shared.clone(), request));
    let serving = pin!(
        http2_builder(&edge.rooms.config.limits, edge.tasks.clone())
            .serve_connection(TokioIo::new(socket), service)
    );
    drive(serving, connection, edge, deadline, |c| {
        c.graceful_shutdown();
    })
    .await;
}

fn http2_builder(limits: &Limits, tasks: TaskTracker) -> http2::Builder<Tracked> {
    let mut builder = http2::Builder::new(Tracked(tasks));
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_concurrent_streams(H2_STREAMS)
        .initial_stream_window_size(H2_STREAM_WINDOW)
        .initial_connection_window_size(H2_WINDOW)
        .keep_alive_interval(H2_PING)
        .keep_alive_timeout(H2_PING);
    builder
}

/// Runs the streams of an HTTP/2 connection; they end with it.
#[derive(Clone, Debug)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.0.spawn(stream);
    }
}

async fn answer(
    edge: Arc<Edge>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let _running = connection.begin();
    Ok(Box::pin(routes::answer(&edge, &connection, request)).await)
}

/// Polls a connection to its end, which silence, idleness and the relay's stop bring nearer.
async fn drive<C>(
    mut serving: Pin<&mut C>,
    connection: &Connection,
    edge: &Edge,
    deadline: Instant,
    close: impl Fn(Pin<&mut C>),
) where
    C: Future<Output = hyper::Result<()>>,
{
    let mut next_look = deadline;
    let mut is_closing = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                return ended.err().iter().for_each(|error| refused(error, edge));
            }
            () = edge.rooms.stop.cancelled(), if !is_closing => {
                is_closing = true;
                close(serving.as_mut());
            }
            () = sleep_until(next_look) => {
                match connection.look() {
                    Found::Silence => return edge.metrics.connection_refused("silent"),
                    Found::Idleness if !is_closing => {
                        is_closing = true;
                        close(serving.as_mut());
                    }
                    Found::Idleness | Found::Life => {}
                }
                next_look = Instant::now() + IDLE;
            }
        }
    }
}

/// Counts what hyper refused before any of our code ran: such a webhook is stored nowhere, and this number is its only
/// trace.
fn refused(error: &hyper::Error, edge: &Edge) {
    if error.is_parse_too_large() {
        edge.metrics.refused("head_too_large");
    } else if error.is_parse() {
        edge.metrics.refused("parse");
    } else if error.is_timeout() {
        edge.metrics.refused("head_timeout");
    }
}
