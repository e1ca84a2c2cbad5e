//! The relay as a whole: bind, accept, serve, stop.
//!
//! In: a [`Config`], and a reason to stop. Out: a bound address, then nothing until it ends. Must not know: the wire, and
//! what becomes of a request (ingress) or a link (session).
//!
//! ```text
//! bind ─▶ run ─┬─ shutdown ──────────▶ not ready ─▶ sessions say GOAWAY ─▶ nothing new is accepted
//!              └─ the store failed ─▶      └─▶ connections finish, ≤ limits.drain ─▶ last commit ─▶ Ok | Err
//!
//! dropped at any point: every connection is closed at once
//! ```

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{
    accounts::Accounts,
    config::Config,
    ingress::Ingress,
    metrics::Metrics,
    registry::Registry,
    session::Rooms,
    store::{Options, Store, StoreError},
    tls::{Certificates, TlsError},
};

mod accept;
mod connection;
mod host;
mod probe;
mod routes;
mod seats;
mod sender;
mod socket;
mod upgrade;

use accept::Door;
use seats::Seats;

/// How often retention is applied and idle limits are forgotten. Retention by age is in days, so minutes are exact.
const TIDY: Duration = Duration::from_secs(3 * 60);

/// Why a relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("{0} is in use")]
    InUse(SocketAddr),
    /// The system does not allow it: a port below 1024, say.
    #[error("{0} is not allowed")]
    Denied(SocketAddr),
    /// The address cannot be listened on: it is not this machine's, say.
    #[error("{addr}")]
    Address {
        /// The address.
        addr: SocketAddr,
        /// The system's words.
        source: io::Error,
    },
    /// Plain HTTP was asked for where others can read it, without [`Config::insecure_http`].
    #[error("{0} is not loopback, and without TLS tokens and bodies can be read on the way")]
    Insecure(SocketAddr),
    /// The certificate's files cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a running relay ended.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A write or fsync failed. Nothing was acknowledged after it.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

/// A bound relay. [`Relay::run`] serves; dropping either ends it.
#[derive(Debug)]
pub struct Relay {
    listener: TcpListener,
    addr: SocketAddr,
    edge: Arc<Edge>,
    certificates: Option<Arc<Certificates>>,
    stop: DropGuard,
}

/// What every connection needs.
struct Edge {
    rooms: Rooms,
    ingress: Ingress,
    metrics: Metrics,
    seats: Seats,
    tls: Option<TlsAcceptor>,
    tasks: TaskTracker,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// Binds the address, reads the certificate, opens the store. Whoever connects from here on waits for [`Relay::run`].
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        if config.tls.is_none() && !config.insecure_http && !config.listen.ip().is_loopback() {
            return Err(BindError::Insecure(config.listen));
        }
        let certificates = config.tls.clone().map(Certificates::open).transpose()?;
        let certificates = certificates.map(Arc::new);
        let tls = certificates.as_ref().map(|c| c.server_config());
        let tls = tls.transpose()?.map(|c| TlsAcceptor::from(Arc::new(c)));
        let asked = config.listen;
        let listener = TcpListener::bind(asked).await;
        let listener = listener.map_err(|source| unbound(asked, source))?;
        let addr = listener.local_addr();
        let addr = addr.map_err(|source| unbound(asked, source))?;
        let store = open_store(&config).await?;
        let rooms = rooms(config, addr, store);
        let (metrics, tasks) = (Metrics::default(), TaskTracker::new());
        let ingress = Ingress::new(
            rooms.config.clone(),
            rooms.store.clone(),
            rooms.registry.clone(),
            rooms.accounts.clone(),
            metrics.clone(),
            tasks.clone(),
        );
        let stop = rooms.stop.clone().drop_guard();
        let seats = Seats::new(&rooms.config.limits, &rooms.config.trusted_proxies);
        let edge = Edge {
            rooms,
            ingress,
            metrics,
            seats,
            tls,
            tasks,
        };
        Ok(Self {
            listener,
            addr,
            edge: Arc::new(edge),
            certificates,
            stop,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What senders reach it by, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.edge.rooms.public_url
    }

    /// Its store, for tests and for whoever embeds it.
    pub fn store(&self) -> &Store {
        &self.edge.rooms.store
    }

    /// Serves until `shutdown` resolves, then stops as drawn above.
    ///
    /// # Errors
    /// [`RelayError::Store`]: the process must end, and another one read the store again.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RelayError> {
        let Self {
            listener,
            edge,
            certificates,
            stop,
            ..
        } = self;
        let mut upkeep = JoinSet::new();
        upkeep.spawn(tidy(edge.rooms.store.clone(), edge.rooms.accounts.clone()));
        if let Some(certificates) = certificates {
            upkeep.spawn(certificates.watch());
        }
        let mut connections = JoinSet::new();
        let door = Door::new(listener, edge.seats.clone(), edge.metrics.clone());
        let ended = serve(door, &edge, &mut connections, &mut upkeep, shutdown).await;
        drop(stop);
        drain(&edge, &mut connections).await;
        upkeep.shutdown().await;
        close(edge).await;
        ended
    }
}

/// Accepts until there is a reason to stop; the door is shut when it returns.
async fn serve(
    mut door: Door,
    edge: &Arc<Edge>,
    connections: &mut JoinSet<()>,
    upkeep: &mut JoinSet<()>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RelayError> {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut failed = std::pin::pin!(edge.rooms.store.failed());
    loop {
        tokio::select! {
            (stream, peer, seat) = door.next() => {
                connections.spawn(connection::serve(stream, peer, seat, edge.clone()));
            }
            Some(ended) = connections.join_next() => notice(ended, &edge.metrics),
            Some(ended) = upkeep.join_next() => notice(ended, &edge.metrics),
            () = &mut shutdown => return Ok(()),
            error = &mut failed => return Err(RelayError::Store(error)),
        }
    }
}

/// Lets what is under way finish, as long as the limits say; then ends it.
async fn drain(edge: &Edge, connections: &mut JoinSet<()>) {
    edge.tasks.close();
    let finished = async {
        while let Some(ended) = connections.join_next().await {
            notice(ended, &edge.metrics);
        }
        edge.tasks.wait().await;
    };
    if timeout(edge.rooms.config.limits.drain, finished)
        .await
        .is_err()
    {
        tracing::warn!(
            cut = connections.len(),
            "stopped before every connection had finished"
        );
    }
    connections.shutdown().await;
}

/// Gives the store back: its last holder waits for the last commit, which blocks.
async fn close(edge: Arc<Edge>) {
    let closing = tokio::task::spawn_blocking(move || drop(edge));
    if let Err(error) = closing.await {
        tracing::error!(%error, "closing the store");
    }
}

/// Applies retention and forgets idle limits, for ever.
async fn tidy(store: Store, accounts: Accounts) {
    let mut ticks = interval(TIDY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        accounts.forget_idle();
        match store.trim().await {
            Ok(0) => {}
            Ok(dropped) => tracing::info!(dropped, "retention"),
            // A fatal one ends the relay by Store::failed.
            Err(error) => tracing::error!(%error, "retention"),
        }
    }
}

/// A task that panicked is a bug of ours; the others go on.
fn notice(ended: Result<(), JoinError>, metrics: &Metrics) {
    if let Err(error) = ended
        && error.is_panic()
    {
        metrics.panicked();
        tracing::error!("a task panicked");
    }
}

fn unbound(addr: SocketAddr, source: io::Error) -> BindError {
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(addr),
        io::ErrorKind::PermissionDenied => BindError::Denied(addr),
        _ => BindError::Address { addr, source },
    }
}

async fn open_store(config: &Config) -> Result<Store, StoreError> {
    let options = Options {
        folder: config.data.clone(),
        retention: config.retention.clone(),
        max_pages: None,
        reserve: config.reserve,
    };
    let opening = tokio::task::spawn_blocking(move || Store::open(options)).await;
    opening.unwrap_or(Err(StoreError::Uncertain))
}

fn rooms(config: Config, addr: SocketAddr, store: Store) -> Rooms {
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let url = match &config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("{scheme}://{addr}"),
    };
    let accounts = Accounts::new(store.clone(), config.access.clone(), config.limits.rate);
    Rooms {
        config: Arc::new(config),
        store,
        registry: Registry::default(),
        accounts,
        public_url: url.into(),
        stop: CancellationToken::new(),
    }
}
