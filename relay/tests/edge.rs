//! The public edge from outside: raw bytes over real sockets into a bare hyper server around [`Ingress`], with nobody
//! listening. What comes back, what is stored, and above all what is not.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::{convert::Infallible, fmt::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::{
    accounts::Accounts,
    capture::{
        AccountId, AnswerPolicy, Body, Capture, EndpointName, Epoch, Seq, UnixMillis, Version,
    },
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

mod full;
mod held;

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
                Ok::<_, Infallible>(Box::pin(ingress.serve(request, peer)).await)
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

#[tokio::test]
async fn a_post_is_stored_and_answered() {
    let edge = TestEdge::plain().await;
    let answer = edge.say(post("/otter/hook?x=1", "hello")).await;
    assert_eq!(status(&answer), 202);
    assert_eq!(
        body(&answer),
        "stored; nobody listens, it will be delivered later\n"
    );
    let stored = edge.stored().await;
    assert_eq!(stored.len(), 1);
    assert_eq!(
        line(&answer, "hooktool-request-id"),
        Some(&*stored[0].id.to_string())
    );
    assert_eq!(stored[0].path, "/hook?x=1");
    assert_eq!(stored[0].body, Body::Whole(Bytes::from_static(b"hello")));
    assert_eq!(stored[0].version, Version::Http11);
    assert!(stored[0].peer.is_loopback());
}

#[tokio::test]
async fn unknown_and_malformed_endpoints_look_alike() {
    let edge = TestEdge::plain().await;
    let mut answers = Vec::new();
    for path in [
        "/badger",
        "/badger/x?y",
        "/Otter",
        "/otter%20",
        "/-",
        "/",
        "/../otter",
        "//otter",
    ] {
        let answer = edge.say(post(path, "x")).await;
        assert_eq!(status(&answer), 404, "{path}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut same = String::new();
        for line in head.lines().filter(|line| !line.starts_with("date: ")) {
            writeln!(same, "{line}").unwrap();
        }
        answers.push(same + body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn heads_that_break_a_rule_are_refused_and_nothing_is_stored() {
    let edge = TestEdge::plain().await;
    for (request, refused) in [
        ("POST /otter HTTP/1.1\r\n\r\n", 400),
        ("POST /otter HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("POST /otter HTTP/1.1\r\nHost: a b/../~@x\r\n\r\n", 400),
        ("POST http://b/otter HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET otter HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET otter:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (
            "POST /otter HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST /otter HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            400,
        ),
        ("CONNECT otter:80 HTTP/1.1\r\nHost: otter:80\r\n\r\n", 405),
        ("TRACE /otter HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (
            "POST /otter HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\nx",
            417,
        ),
    ] {
        let answer = edge.say(request).await;
        assert_eq!(status(&answer), refused, "{request:?}");
    }
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn limits_of_the_head_are_told_apart() {
    let limits = Limits {
        head: 300,
        path: 40,
        headers: 5,
        ..Limits::default()
    };
    let edge = TestEdge::start(AnswerPolicy::App, limits).await;
    let long = format!("/otter/{}", "x".repeat(40));
    let many = "X: 1\r\n".repeat(5);
    let large = "x".repeat(300);
    for (request, found) in [
        (post("/otter", ""), 202),
        (post(&long, ""), 414),
        (
            format!("POST /otter HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
            431,
        ),
        (
            format!("POST /otter HTTP/1.1\r\nHost: a\r\nX: {large}\r\n\r\n"),
            431,
        ),
    ] {
        assert_eq!(status(&edge.say(&request).await), found, "{request:?}");
    }
    assert_eq!(edge.stored().await.len(), 1);
}

#[tokio::test]
async fn a_declared_size_over_the_limit_gets_no_100() {
    let limits = Limits {
        body: 10,
        ..Limits::default()
    };
    let edge = TestEdge::start(AnswerPolicy::App, limits).await;
    for length in ["11", "9223372036854775807"] {
        let answer = edge
            .say(format!(
                "POST /otter HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
            ))
            .await;
        assert_eq!(status(&answer), 413, "{answer:?}");
        assert_eq!(line(&answer, "connection"), Some("close"));
    }
    let chunked = "POST /otter HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n";
    assert_eq!(status(&edge.say(chunked).await), 413);
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn an_expected_body_is_asked_for() {
    let edge = TestEdge::plain().await;
    let mut socket = edge.connect().await;
    let head = "POST /otter HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    timeout(PATIENCE, socket.read_exact(&mut asked))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"ok").await.unwrap();
    assert_eq!(status(&read(&mut socket).await), 202);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_whole_is_never_stored() {
    let edge = TestEdge::plain().await;
    let chunked = "POST /otter HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for request in [
        "POST /otter HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc".to_owned(),
        format!("{chunked}5\r\nab"),
        format!("{chunked}5\r\nabcde\r\n"),
        format!("{chunked}zz\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}-1\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}2\r\nabc\r\n0\r\n\r\n"),
        format!("{chunked}ffffffffffffffffff\r\nabc"),
    ] {
        let mut socket = edge.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        let answer = read(&mut socket).await;
        assert!(
            answer.is_empty() || status(&answer) == 400,
            "{request:?}: {answer:?}"
        );
    }
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn a_body_that_stops_coming_is_refused() {
    let limits = Limits {
        body_grace: Duration::from_millis(50),
        ..Limits::default()
    };
    let edge = TestEdge::start(AnswerPolicy::App, limits).await;
    let answer = edge
        .say("POST /otter HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        .await;
    assert_eq!(status(&answer), 408);
    assert_eq!(line(&answer, "connection"), Some("close"));
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn both_framings_are_read_as_chunked_and_the_connection_ends() {
    let edge = TestEdge::plain().await;
    let smuggled = post("/otter/smuggled", "");
    for framings in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ] {
        let request = format!(
            "POST /otter HTTP/1.1\r\nHost: a\r\n{framings}\r\n\r\n5\r\nabcde\r\n0\r\n\r\n{smuggled}"
        );
        let answer = edge.say(request).await;
        assert_eq!(status(&answer), 202, "{answer:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer:?}");
    }
    for capture in edge.stored().await {
        assert_eq!(capture.path, "");
        assert_eq!(capture.body, Body::Whole(Bytes::from_static(b"abcde")));
    }
    assert_eq!(edge.stored().await.len(), 2);
}

#[tokio::test]
async fn every_policy_answers_while_nobody_listens() {
    let fixed = |status, body: &str| AnswerPolicy::Respond {
        status,
        body: body.to_owned(),
    };
    let waits = "stored; nobody listens, it will be delivered later\n";
    for (policy, to_post, to_get) in [
        (AnswerPolicy::App, (202, waits), (503, waits)),
        (AnswerPolicy::Now, (202, "stored\n"), (202, "stored\n")),
        (AnswerPolicy::Strict, (503, waits), (503, waits)),
        (fixed(200, "[1]"), (200, "[1]"), (200, "[1]")),
        (fixed(204, "unseen"), (204, ""), (204, "")),
    ] {
        let edge = TestEdge::start(policy.clone(), Limits::default()).await;
        let posted = edge.say(post("/otter", "x")).await;
        let got = edge.say(ask("GET", "/otter")).await;
        let head = edge.say(ask("HEAD", "/otter")).await;
        assert_eq!((status(&posted), body(&posted)), to_post, "{policy:?}");
        assert_eq!((status(&got), body(&got)), to_get, "{policy:?}");
        assert_eq!((status(&head), body(&head)), (to_get.0, ""), "{policy:?}");
        let retries = line(&posted, "retry-after").is_some();
        assert_eq!(retries, policy == AnswerPolicy::Strict, "{policy:?}");
        for answer in [&posted, &got, &head] {
            assert!(line(answer, "hooktool-request-id").is_some(), "{answer}");
        }
        assert_eq!(edge.stored().await.len(), 3, "{policy:?}");
    }
}

#[tokio::test]
async fn odd_bytes_are_stored_as_they_came() {
    let edge = TestEdge::plain().await;
    let every: Vec<u8> = (0..=255).collect();
    let path = "/a/../b/./c//d/%2e%2e/%2F%zz|{}^\\\u{fc}?a??b=%1b&c";
    let mut request = Vec::new();
    request.extend(
        format!("b-r.e~w /otter{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n").bytes(),
    );
    request.extend(
        b"X-Odd: a\t\xff\x80\xc3\xbc b\r\nx-odd: 2\r\nX-Empty:\r\nContent-Length: 256\r\n\r\n",
    );
    request.extend(&every);
    let answer = edge.say(request).await;
    assert_eq!(status(&answer), 202, "{answer}");
    let stored = edge.stored().await;
    let capture = &stored[0];
    assert_eq!(capture.method.as_str(), "b-r.e~w");
    assert_eq!(capture.path, path);
    assert_eq!(capture.body, Body::Whole(Bytes::from(every)));
    let odd: Vec<_> = capture.headers.all("x-odd").collect();
    assert_eq!(odd, [&b"a\t\xff\x80\xc3\xbc b"[..], b"2"]);
    assert_eq!(capture.headers.first("x-empty"), Some(&b""[..]));
}

#[tokio::test]
async fn an_absent_body_is_not_an_empty_one() {
    let edge = TestEdge::plain().await;
    edge.say(ask("DELETE", "/otter")).await;
    edge.say(post("/otter", "")).await;
    edge.say("POST /otter HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n").await;
    let stored = edge.stored().await;
    let bodies: Vec<_> = stored.iter().map(|capture| &capture.body).collect();
    let empty = Body::Whole(Bytes::new());
    assert_eq!(bodies, [&Body::Absent, &empty, &empty]);
    assert_eq!(stored[2].trailers.first("x-sum"), Some(&b"1"[..]));
    assert_eq!(stored[2].trailers.len(), 1);
    assert_eq!(stored[2].headers.first("x-sum"), None);
}

#[tokio::test]
async fn a_large_body_is_stored_in_pieces_and_read_back() {
    let edge = TestEdge::plain().await;
    let large: String = (0..3 * 1024 * 1024)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    for len in [Body::INLINE, Body::INLINE + 1, large.len()] {
        let answer = edge.say(post("/otter", &large[..len])).await;
        assert_eq!(status(&answer), 202, "{len}");
    }
    let stored = edge.stored().await;
    assert!(matches!(stored[0].body, Body::Whole(_)));
    for (capture, len) in stored[1..].iter().zip([Body::INLINE + 1, large.len()]) {
        assert_eq!(capture.body, Body::Pieces(len as u64));
        let mut read = Vec::new();
        while read.len() < len {
            let piece = edge.store.body(capture.id, read.len() as u64, len);
            let piece = piece.await.unwrap().unwrap();
            assert!(!piece.is_empty(), "ends at {} of {len}", read.len());
            read.extend(piece);
        }
        assert!(read == large.as_bytes()[..len], "{len} bytes differ");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let edge = TestEdge::plain().await;
    let first = "POST /otter/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    let answer = edge.say(format!("{first}{}", post("/otter/2", "y"))).await;
    assert_eq!(answer.matches("HTTP/1.1 202").count(), 2, "{answer}");
    let paths: Vec<_> = edge.stored().await.iter().map(|c| c.path.clone()).collect();
    assert_eq!(paths, ["/1", "/2"]);
}

#[tokio::test]
async fn a_rate_that_is_used_up_refuses_before_the_body() {
    let limits = Limits {
        rate: 1,
        ..Limits::default()
    };
    let edge = TestEdge::start(AnswerPolicy::App, limits).await;
    let mut refused = None;
    // The burst is ten; a slow machine may earn a few more meanwhile.
    for _ in 0..100 {
        let request = "POST /otter HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n";
        let answer = edge.say(request).await;
        if status(&answer) == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the burst ends");
    assert!(line(&refused, "retry-after").is_some(), "{refused}");
    assert!(edge.stored().await.len() >= 10);
}

#[tokio::test]
async fn a_websocket_without_a_listener_is_refused_and_never_stored() {
    let edge = TestEdge::plain().await;
    let answer = edge
        .say("GET /otter/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        .await;
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(line(&answer, "retry-after").is_some());
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn other_upgrades_are_ordinary_requests() {
    let edge = TestEdge::plain().await;
    let answer = edge
        .say("POST /otter HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 1\r\n\r\nx")
        .await;
    assert_eq!(status(&answer), 202, "{answer}");
    let stored = edge.stored().await;
    assert_eq!(stored[0].headers.first("upgrade"), Some(&b"h2c"[..]));
}
