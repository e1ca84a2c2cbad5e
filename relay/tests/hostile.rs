//! Peers that break rules, against a whole relay over raw sockets: senders here, listeners in `hostile/listener.rs`.
//!
//! In: bytes as nobody honest would write them. Out: a refusal, a close, a count; and above all nothing stored.

use std::{sync::Arc, time::Duration};

use hooktool_relay::{
    Config, Relay,
    capture::{AccountId, AnswerPolicy, Body, Capture, EndpointName, Epoch, Seq, UnixMillis},
    config::{Access, Limits},
    store::{EndpointRecord, Store},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, interval, timeout},
};

use crate::server::{PATIENCE, TestRelay, eventually, read_head, read_to_end, status};

mod listener;

/// Short enough that who is slow is found within a test.
fn limits() -> Limits {
    Limits {
        establish: Duration::from_millis(500),
        body_grace: Duration::from_millis(300),
        heartbeat: Duration::from_millis(200),
        dead_after: Duration::from_secs(2),
        write_stall: Duration::from_secs(1),
        rate: 0,
        ..Limits::default()
    }
}

fn otter() -> EndpointName {
    "tidy-otter".parse().expect("a name")
}

/// A public relay with one endpoint, `tidy-otter`, and its store.
async fn relay() -> (TestRelay, Store) {
    with(Access::Tokens, limits()).await
}

async fn with(access: Access, limits: Limits) -> (TestRelay, Store) {
    let relay = Relay::bind(Config {
        listen: ([127, 0, 0, 1], 0).into(),
        access,
        limits,
        ..Config::default()
    });
    let relay = relay.await.expect("binds");
    let store = relay.store().clone();
    let record = EndpointRecord {
        name: otter(),
        account: AccountId("local".into()),
        epoch: Epoch(1),
        answer: AnswerPolicy::App,
        deadline: Duration::from_millis(4_500),
        created_at: UnixMillis::now(),
    };
    store.put_endpoint(record, None).await.expect("made");
    (TestRelay::of(relay), store)
}

async fn stored(store: &Store) -> Vec<Arc<Capture>> {
    let page = store.read(&otter(), Seq(0), 100).await.expect("reads");
    page.captures.into_iter().map(|s| s.capture).collect()
}

/// A POST to the endpoint with these lines, and what follows its head.
fn post(lines: &str, rest: &str) -> String {
    format!("POST /tidy-otter HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{rest}")
}

fn named(lines: &str) -> String {
    format!("GET /tidy-otter HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
}

/// Waits until the relay has counted this, so many times.
async fn counted(relay: &TestRelay, reason: &str, times: usize) {
    let line = format!(r#"hooktool_relay_ingress_refused_total{{reason="{reason}"}} {times}"#);
    eventually(async || {
        let page = relay.get("/_hooktool/metrics").await;
        page.contains(&line).then_some(()).ok_or(page)
    })
    .await;
}

#[tokio::test]
async fn heads_that_no_sender_of_ours_writes_are_refused() {
    let (relay, store) = relay().await;
    let lines = |count: usize| "X: 1\r\n".repeat(count);
    let large = format!("X: {}\r\n", "x".repeat(70_000));
    let long = "x".repeat(8 * 1024);
    for (request, expected) in [
        ("POST /tidy-otter HTTP/1.1\r\n\r\n".into(), "400"),
        (named("Host: localhost\r\n"), "400"),
        (
            "GET tidy-otter HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
            "400",
        ),
        ("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n".into(), "400"),
        (
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
            "400",
        ),
        (
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n".into(),
            "405",
        ),
        (
            "TRACE /tidy-otter HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
            "405",
        ),
        (named(&lines(101)), "431"),
        (named(&large), "431"),
        (
            format!("GET /tidy-otter/{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            "414",
        ),
        (
            post("Content-Length: 1\r\nContent-Length: 2\r\n", "x"),
            "400",
        ),
        (post("Content-Length: -1\r\n", "x"), "400"),
        (post("Content-Length: 9223372036854775807\r\n", "x"), "413"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".into(), "400"),
    ] {
        let answer = relay.ask(&request).await;
        let shown = &request[..request.len().min(80)];
        assert_eq!(status(&answer), expected, "{shown:?}: {answer}");
    }
    assert!(stored(&store).await.is_empty());
}

#[tokio::test]
async fn who_is_silent_or_sends_a_byte_at_a_time_is_closed() {
    let (relay, store) = relay().await;
    let mut silent = relay.connect().await;
    let (mut slow, mut writing) = relay.connect().await.into_split();
    let began = Instant::now();
    let dribble = async {
        let mut tick = interval(Duration::from_millis(20));
        for byte in named("X-Long: ").bytes().cycle() {
            tick.tick().await;
            if writing.write_all(&[byte]).await.is_err() {
                break;
            }
        }
    };
    let closed = async {
        assert_eq!(read_to_end(&mut silent).await, "");
        read_to_end(&mut slow).await
    };
    let said = tokio::select! {
        said = closed => said,
        () = dribble => String::new(),
    };
    assert!(said.is_empty() || status(&said) == "408", "{said}");
    // The default is ten seconds and more: these limits count.
    assert!(began.elapsed() < Duration::from_secs(8));
    assert!(stored(&store).await.is_empty());
}

#[tokio::test]
async fn a_body_that_creeps_is_refused_and_not_stored() {
    let (relay, store) = relay().await;
    let (mut reading, mut writing) = relay.connect().await.into_split();
    let head = post("Content-Length: 100000\r\n", "");
    writing.write_all(head.as_bytes()).await.expect("writes");
    let dribble = async {
        let mut tick = interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            if writing.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let head = tokio::select! {
        head = read_head(&mut reading) => head,
        () = dribble => unreachable!("it goes on"),
    };
    assert_eq!(status(&head), "408");
    assert!(stored(&store).await.is_empty());
}

#[tokio::test]
async fn a_sender_that_leaves_midway_leaves_nothing_but_a_count() {
    let (relay, store) = relay().await;
    let chunked = "Transfer-Encoding: chunked\r\n";
    let large = "x".repeat(200_000);
    for request in [
        post("Content-Length: 10\r\n", "abc"),
        post("Content-Length: 300000\r\n", &large),
        post(chunked, "5\r\nab"),
        post(chunked, &format!("30d40\r\n{large}\r\n")),
        post(chunked, "zz\r\nabc\r\n0\r\n\r\n"),
        post(chunked, "2\r\nabc\r\n0\r\n\r\n"),
        post(chunked, "ffffffffffffffffff\r\nabc"),
    ] {
        let mut socket = relay.connect().await;
        socket.write_all(request.as_bytes()).await.expect("writes");
        socket.shutdown().await.expect("half closes");
        let answer = read_to_end(&mut socket).await;
        let shown = &request[..request.len().min(120)];
        assert!(
            answer.is_empty() || status(&answer) == "400",
            "{shown:?}: {answer}"
        );
    }
    counted(&relay, "body_broken", 7).await;
    assert!(stored(&store).await.is_empty());
    // Neither are their first pieces kept.
    let stats = store.stats().await.expect("reads");
    assert_eq!((stats.captures, stats.bytes), (0, 0));
}

#[tokio::test]
async fn both_framings_are_read_as_chunked_and_what_follows_is_no_request() {
    let (relay, store) = relay().await;
    let second = post("Content-Length: 0\r\n", "");
    for framings in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let request = post(framings, &format!("5\r\nabcde\r\n0\r\n\r\n{second}"));
        let answer = relay.ask(&request).await;
        assert_eq!(status(&answer), "202", "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    let stored = stored(&store).await;
    assert_eq!(stored.len(), 2);
    for capture in stored {
        assert_eq!(capture.body, Body::Whole("abcde".into()));
    }
}

#[tokio::test]
async fn no_name_says_more_than_another() {
    let (relay, _store) = relay().await;
    let mut answers = Vec::new();
    for name in [
        "quiet-badger",
        "a",
        "-",
        "_hooktool-x",
        "Tidy-Otter",
        "tidy%2dotter",
    ] {
        let request =
            format!("GET /{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = relay.ask(&request).await;
        assert_eq!(status(&answer), "404", "{name}");
        let lines = answer.lines().filter(|line| !line.starts_with("date: "));
        answers.push(lines.collect::<Vec<_>>().join("\n"));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn a_crowd_of_slow_senders_keeps_nobody_waiting() {
    let patient = Limits {
        body_grace: Duration::from_secs(60),
        ..limits()
    };
    let (relay, store) = with(Access::Tokens, patient).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let mut socket = relay.connect().await;
        let begun = post("Content-Length: 1000\r\n", "x");
        socket.write_all(begun.as_bytes()).await.expect("writes");
        crowd.push(socket);
    }
    let mut socket = relay.connect().await;
    let whole = post("Content-Length: 2\r\nConnection: close\r\n", "ok");
    socket.write_all(whole.as_bytes()).await.expect("writes");
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
    read.expect("in time").expect("an answer");
    assert!(
        answer.starts_with(b"HTTP/1.1 202"),
        "{}",
        answer.escape_ascii()
    );
    assert_eq!(stored(&store).await.len(), 1);
}
