//! An app that does as its script says, on a real socket.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use hooktool::target::Target;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Stops when dropped.
pub(crate) struct App {
    pub(crate) addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    _tasks: JoinSet<()>,
}

impl App {
    /// Runs `script` for each connection.
    pub(crate) async fn scripted<F, S>(script: S) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream, Seen) -> F + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        Self::on(listener, script)
    }

    pub(crate) fn on<F, S>(listener: TcpListener, script: S) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream, Seen) -> F + Send + 'static,
    {
        let addr = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen_too, connections_too) = (Arc::clone(&seen), Arc::clone(&connections));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut scripts = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections_too.fetch_add(1, Ordering::SeqCst);
                scripts.spawn(script(stream, Seen(Arc::clone(&seen_too))));
            }
        });
        Self {
            addr,
            connections,
            seen,
            _tasks: tasks,
        }
    }

    /// Answers every request of every connection with these bytes.
    pub(crate) async fn answering(answer: &'static [u8]) -> Self {
        Self::scripted(move |mut stream, seen| async move {
            while let Some(request) = read_request(&mut stream).await {
                seen.push(request);
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        })
        .await
    }

    pub(crate) fn target(&self) -> Target {
        self.addr
            .to_string()
            .parse()
            .expect("an address is a target")
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Every request as it came, head and body.
    pub(crate) fn seen(&self) -> Vec<Vec<u8>> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Where a script puts the requests it read.
pub(crate) struct Seen(Arc<Mutex<Vec<Vec<u8>>>>);

impl Seen {
    pub(crate) fn push(&self, request: Vec<u8>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
    }
}

/// One request: its head, and as many bytes more as its Content-Length says. None at the end of the connection.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let head = request.to_ascii_lowercase();
    let length = head
        .split(|&b| b == b'\n')
        .find_map(|line| line.strip_prefix(b"content-length: "))
        .and_then(|length| std::str::from_utf8(length).ok()?.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.extend(body);
    Some(request)
}
