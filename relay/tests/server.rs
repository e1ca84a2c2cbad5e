//! A bound relay from outside, over real sockets: who is let in, who is sent away, and how it stops.
//!
//! In: bytes as a sender, a listener, a web page or nobody at all would write them. Out: what comes back.

use std::{net::SocketAddr, path::Path, time::Duration};

use hooktool_relay::{
    Config, Relay,
    config::{Access, Limits, TlsFiles},
    server::{BindError, RelayError},
    tls::TlsError,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

mod data;
pub(crate) mod link;
mod proxy;
mod tls;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A relay that runs until it is told to stop or dropped.
pub(crate) struct TestRelay {
    pub(crate) addr: SocketAddr,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    running: JoinSet<Result<(), RelayError>>,
}

impl TestRelay {
    pub(crate) async fn start(config: Config) -> Self {
        Self::of(Relay::bind(config).await.expect("binds"))
    }

    pub(crate) fn of(relay: Relay) -> Self {
        let (addr, url) = (relay.addr(), relay.public_url().to_owned());
        let (stop, stopped) = oneshot::channel::<()>();
        let mut running = JoinSet::new();
        running.spawn(relay.run(async move {
            stopped.await.ok();
        }));
        Self {
            addr,
            url,
            stop: Some(stop),
            running,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.expect("connects")
    }

    /// Sends a whole request on a connection of its own and reads until the relay closes it.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.expect("writes");
        read_to_end(&mut socket).await
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.ask(&get(path, "")).await
    }

    async fn stop(mut self) -> Result<(), RelayError> {
        self.stop.take().expect("not stopped yet").send(()).ok();
        let ended = timeout(PATIENCE, self.running.join_next()).await;
        ended
            .expect("stops in time")
            .expect("runs")
            .expect("does not panic")
    }
}

fn config() -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::default()
    }
}

fn with(limits: Limits) -> Config {
    Config { limits, ..config() }
}

fn get(path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
}

/// Everything until the relay closes. A reset is a close too.
pub(crate) async fn read_to_end(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut all))
        .await
        .expect("the relay closes in time")
        .ok();
    String::from_utf8(all).expect("the relay's own answers are text")
}

/// One answer's head, byte by byte, so that nothing behind it is taken.
pub(crate) async fn read_head(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(PATIENCE, socket.read_u8()).await;
        head.push(byte.expect("answers in time").expect("does not close"));
    }
    String::from_utf8(head).expect("the relay's own heads are text")
}

pub(crate) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[tokio::test]
async fn start_up_errors_say_what_is_wrong() {
    let first = TestRelay::start(config()).await;
    let taken = Relay::bind(Config {
        listen: first.addr,
        ..config()
    });
    assert!(matches!(taken.await, Err(BindError::InUse(addr)) if addr == first.addr));

    let open = Config {
        listen: ([0, 0, 0, 0], 0).into(),
        ..config()
    };
    let refused = Relay::bind(open.clone()).await;
    assert!(matches!(refused, Err(BindError::Insecure(_))));
    let allowed = Relay::bind(Config {
        insecure_http: true,
        ..open
    });
    allowed.await.expect("binds when it is told to");

    let missing = Relay::bind(Config {
        tls: Some(TlsFiles {
            cert: "/nowhere/cert.pem".into(),
            key: "/nowhere/key.pem".into(),
        }),
        ..config()
    });
    match missing.await {
        Err(BindError::Tls(TlsError::Unreadable { path, .. })) => {
            assert_eq!(path, Path::new("/nowhere/cert.pem"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_public_url_is_the_bound_address_or_what_was_configured() {
    let plain = TestRelay::start(config()).await;
    assert_ne!(plain.addr.port(), 0);
    assert_eq!(plain.url, format!("http://{}", plain.addr));
    let named = TestRelay::start(Config {
        public_url: Some("https://relay.example/".into()),
        ..config()
    });
    assert_eq!(named.await.url, "https://relay.example");
}

#[tokio::test]
async fn the_relays_own_pages() {
    let relay = TestRelay::start(config()).await;
    for (path, expected) in [
        ("/", "200"),
        ("/_hooktool/health", "200"),
        ("/_hooktool/ready", "200"),
        ("/_hooktool/metrics", "200"),
        ("/_hooktool", "404"),
        ("/_hooktool/", "404"),
        ("/_hooktool/else", "404"),
        ("/_hooktool/health/", "404"),
    ] {
        assert_eq!(status(&relay.get(path).await), expected, "{path}");
    }
    let post = "POST /_hooktool/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&relay.ask(post).await), "404");
    let proxied = get("/_hooktool/metrics", "X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!(status(&relay.ask(&proxied).await), "404");
}

#[tokio::test]
async fn what_the_parser_refuses_is_counted() {
    let relay = TestRelay::start(config()).await;
    let bad_target = relay.ask("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(status(&bad_target), "400");
    let filler = "a".repeat(70 * 1024);
    let big_head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Big: {filler}\r\n\r\n");
    relay.ask(&big_head).await;
    // The count comes with the end of the connection, a moment after its last byte.
    let lines = [
        r#"hooktool_relay_ingress_refused_total{reason="parse"} 1"#,
        r#"hooktool_relay_ingress_refused_total{reason="head_too_large"} 1"#,
    ];
    eventually(async || {
        let page = relay.get("/_hooktool/metrics").await;
        match lines.iter().find(|line| !page.contains(**line)) {
            Some(line) => Err(format!("no {line} in {page}")),
            None => Ok(()),
        }
    })
    .await;
}

#[tokio::test]
async fn an_embedded_relay_answers_to_loopback_names_only() {
    let relay = TestRelay::start(Config {
        access: Access::Embedded {
            token: "the-token".into(),
        },
        ..config()
    })
    .await;
    let ask = async |host: &str| {
        let request =
            format!("GET /_hooktool/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        status(&relay.ask(&request).await).to_owned()
    };
    for good in ["127.0.0.1:4141", "localhost", "[::1]:9", "a.localhost"] {
        assert_eq!(ask(good).await, "200", "{good}");
    }
    for bad in [
        "evil.example",
        "localhost.evil.example",
        "[::1",
        "",
        "10.0.0.1",
    ] {
        assert_eq!(ask(bad).await, "403", "{bad:?}");
    }
    let hostless = relay
        .ask("GET /_hooktool/health HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(status(&hostless), "403");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_freed_seats_are_given_again() {
    let relay = TestRelay::start(with(Limits {
        connections: 2,
        ..Limits::default()
    }))
    .await;
    let (mut one, mut two) = (relay.connect().await, relay.connect().await);
    for socket in [&mut one, &mut two] {
        let request = "GET /_hooktool/health HTTP/1.1\r\nHost: x\r\n\r\n";
        socket.write_all(request.as_bytes()).await.expect("writes");
        assert_eq!(status(&read_head(socket).await), "200");
    }
    assert_eq!(read_to_end(&mut relay.connect().await).await, "");
    drop(one);
    eventually(async || {
        let answer = relay.get("/_hooktool/health").await;
        if status(&answer) == "200" {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
}

#[tokio::test]
async fn who_says_nothing_or_too_slowly_is_closed() {
    let limits = Limits {
        establish: Duration::from_millis(100),
        ..Limits::default()
    };
    let relay = TestRelay::start(with(limits)).await;
    assert_eq!(read_to_end(&mut relay.connect().await).await, "");
    let mut half = relay.connect().await;
    half.write_all(b"POST /tidy-otter HTT")
        .await
        .expect("writes");
    assert_eq!(read_to_end(&mut half).await, "");
    let mut idle = relay.connect().await;
    idle.write_all(b"GET /_hooktool/health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("writes");
    assert!(read_to_end(&mut idle).await.ends_with("ok\n"));
}

#[tokio::test]
async fn a_stopped_relay_lets_idle_connections_go_and_returns() {
    let relay = TestRelay::start(config()).await;
    let addr = relay.addr;
    let mut idle = relay.connect().await;
    idle.write_all(b"GET /_hooktool/health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("writes");
    read_head(&mut idle).await;
    let mut silent = relay.connect().await;
    relay.stop().await.expect("stops well");
    assert!(read_to_end(&mut idle).await.ends_with("ok\n"));
    assert_eq!(read_to_end(&mut silent).await, "");
    TcpStream::connect(addr).await.expect_err("nobody listens");
}

#[tokio::test]
async fn a_dropped_relay_closes_everything() {
    let relay = TestRelay::start(config()).await;
    let addr = relay.addr;
    let mut open = relay.connect().await;
    open.write_all(b"GET /_hooktool/health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .expect("writes");
    read_head(&mut open).await;
    drop(relay);
    read_to_end(&mut open).await;
    eventually(async || match TcpStream::connect(addr).await {
        Ok(_) => Err("somebody listens"),
        Err(_) => Ok(()),
    })
    .await;
}

/// Asks again until it is so, and says what was last seen if it never is.
pub(crate) async fn eventually<E: std::fmt::Debug>(mut is_so: impl AsyncFnMut() -> Result<(), E>) {
    let started = tokio::time::Instant::now();
    while let Err(last) = is_so().await {
        assert!(started.elapsed() < PATIENCE, "still: {last:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
