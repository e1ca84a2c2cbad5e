//! The public edge from outside: raw bytes over real sockets into a bare hyper server around [`Ingress`], with nobody
//! listening. What comes back, what is stored, and above all what is not.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hooktool_relay::{
    accounts::Accounts,
    capture::{AccountId, AnswerPolicy, Capture, EndpointName, Epoch, Seq, UnixMillis},
    config::{Access, Config, Limits},
    ingress::Ingress,
    metrics::Metrics,
    registry::Registry,
    store::{EndpointRecord, Options, Retention, Store},
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::task::TaskTracker;

mod bodies;
mod full;
mod heads;
mod held;
mod kept;
mod upgrades;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// An edge with one endpoint, `otter`. Its server stops when it is dropped.
struct TestEdge {
    addr: SocketAddr,
    store: Store,
    registry: Registry,
    _server: JoinSet<()>,
}

impl TestEdge {
    async fn start(answer: AnswerPolicy, limits: Limits) -> Self {
        Self::with_deadline(answer, limits, Duration::from_millis(4500)).await
    }

    async fn with_deadline(answer: AnswerPolicy, limits: Limits, deadline: Duration) -> Self {
        let store = Store::open(Options {
            folder: None,
            retention: Retention::default(),
            max_pages: None,
            reserve: 0,
        });
        Self::over(store.unwrap(), answer, limits, deadline).await
    }

    /// The same over this store.
    async fn on(store: Store, answer: AnswerPolicy, limits: Limits) -> Self {
        Self::over(store, answer, limits, Duration::from_millis(4500)).await
    }

    async fn over(store: Store, answer: AnswerPolicy, limits: Limits, deadline: Duration) -> Self {
        let record = EndpointRecord {
            name: otter(),
            account: AccountId("a".into()),
            epoch: Epoch(1),
            answer,
            deadline,
            created_at: UnixMillis::now(),
        };
        store.put_endpoint(record, None).await.unwrap();
        let registry = Registry::default();
        let ingress = Ingress::new(
            Arc::new(config(limits.clone())),
            store.clone(),
            registry.clone(),
            Accounts::new(store.clone(), Access::Tokens, limits.rate),
            Metrics::default(),
            TaskTracker::new(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(accept(listener, ingress));
        Self {
            addr,
            store,
            registry,
            _server: server,
        }
    }

    /// Ends its server, and gives the store back: its folder is free then.
    async fn end(mut self) {
        self._server.shutdown().await;
    }

    async fn plain() -> Self {
        Self::start(AnswerPolicy::App, Limits::default()).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Writes these bytes on a new connection and reads until the relay closes it.
    async fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut socket = self.connect().await;
        // The relay may refuse and close before it has read everything.
        let _ = socket.write_all(bytes.as_ref()).await;
        read(&mut socket).await
    }

    /// What is stored for `otter`, in order.
    async fn stored(&self) -> Vec<Arc<Capture>> {
        let page = self.store.read(&otter(), Seq(0), 100).await.unwrap();
        page.captures.into_iter().map(|s| s.capture).collect()
    }
}

fn otter() -> EndpointName {
    "otter".parse().unwrap()
}

fn config(limits: Limits) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        limits,
        ..Config::default()
    }
}

async fn accept(listener: TcpListener, ingress: Ingress) {
    let mut connections = JoinSet::new();
    loop {
        let (socket, peer) = listener.accept().await.unwrap();
        let ingress = ingress.clone();
        connections.spawn(async move {
            let service = service_fn(|request| async {
                Ok::<_, Infallible>(Box::pin(ingress.serve(request, peer, None)).await)
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
            // How a connection ends is what the sender sees of it.
            let _ = connection.with_upgrades().await;
        });
    }
}

/// Reads until the relay closes; a reset after what came counts as closed.
async fn read(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer))
        .await
        .expect("the relay answers and closes");
    String::from_utf8(answer).unwrap()
}

/// A whole POST to `path` on a connection of its own.
fn post(path: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}"
    )
}

/// A request without a body.
fn ask(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

fn status(answer: &str) -> u16 {
    answer
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5)?.parse().ok())
        .unwrap_or_else(|| panic!("no status line: {answer:?}"))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

/// The value of a header line, by its lower-case name.
fn line<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(n, _)| *n == name).map(|(_, value)| value)
}
