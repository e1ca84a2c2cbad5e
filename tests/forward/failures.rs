//! Every way an app can fail has its outcome and its words.

use std::{net::Ipv4Addr, time::Duration};

use hooktool::forward::{Failure, Options};
use hooktool_relay::{
    answer::Cut,
    capture::{Body, Outcome},
};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
};

use crate::app::{App, read_request};

use super::{capture, forwarder, full, get, options, send};

async fn failure(app: &App) -> Failure {
    let tried = send(&forwarder(options()), &app.target(), &get()).await;
    assert_eq!(tried.url, format!("{}/", app.target()));
    tried.result.expect_err("no answer")
}

/// An app that reads the request, writes these bytes and closes.
async fn closing_after(bytes: &'static [u8]) -> App {
    App::scripted(move |mut stream, seen| async move {
        seen.push(read_request(&mut stream).await.expect("a request"));
        // A peer that has seen enough may close first.
        let _ = stream.write_all(bytes).await;
    })
    .await
}

#[tokio::test]
async fn a_closed_port_is_refused_and_the_port_is_named() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let port = addr.port();
    for target in [format!("{addr}"), format!("localhost:{port}")] {
        let target = target.parse().unwrap();
        let tried = send(&forwarder(options()), &target, &get()).await;
        assert_eq!(tried.connect, None);
        let expected = Failure {
            outcome: Outcome::Refused,
            text: format!("connection refused: does the app listen on port {port}?"),
        };
        assert_eq!(tried.result.unwrap_err(), expected);
        let reach = forwarder(options()).reach(&target).await;
        assert_eq!(reach.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn an_open_port_is_reached_without_a_request() {
    let app = App::answering(b"").await;
    forwarder(options()).reach(&app.target()).await.unwrap();
    assert!(app.seen().is_empty());
}

#[tokio::test]
async fn a_host_that_no_resolver_knows_is_refused_and_named() {
    let target = "http://no-such-host.invalid:3000".parse().unwrap();
    let tried = send(&forwarder(options()), &target, &get()).await;
    let failure = tried.result.unwrap_err();
    assert_eq!(failure.outcome, Outcome::Refused);
    assert!(
        failure
            .text
            .starts_with("no address for the host no-such-host.invalid"),
        "{}",
        failure.text
    );
}

#[tokio::test]
async fn silence_is_timed_out() {
    let silent = |mut stream: TcpStream, _| async move {
        while read_request(&mut stream).await.is_some() {}
    };
    let app = App::scripted(silent).await;
    let options = Options {
        timeout: Duration::from_millis(200),
        ..options()
    };
    let tried = send(&forwarder(options), &app.target(), &get()).await;
    assert!(tried.took >= Duration::from_millis(200));
    assert!(tried.connect.is_some());
    let failure = tried.result.unwrap_err();
    assert_eq!(failure.outcome, Outcome::TimedOut);
    let expected = format!("no answer from {} within 200ms", app.addr);
    assert_eq!(failure.text, expected);
}

#[tokio::test]
async fn closing_garbage_and_unasked_switches_are_broken_each_in_its_words() {
    let many: &[u8] = [
        &b"HTTP/1.1 200 OK\r\n"[..],
        &b"x: 1\r\n".repeat(101),
        b"\r\n",
    ]
    .concat()
    .leak();
    let cases: [(&'static [u8], &str); 7] = [
        (b"", "closed the connection before it answered"),
        (
            b"HTTP/1.1 200 O",
            "closed the connection before it answered",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Le",
            "closed the connection before it answered",
        ),
        (
            b"220 mail.example ESMTP\r\n",
            "answered something that is not HTTP/1.1",
        ),
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            "answered something that is not HTTP/1.1",
        ),
        (many, "over 64 KiB or 100 lines"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "switched to another protocol without being asked",
        ),
    ];
    for (bytes, words) in cases {
        let app = closing_after(bytes).await;
        let failure = failure(&app).await;
        let shown = bytes.escape_ascii();
        assert_eq!(failure.outcome, Outcome::Broken, "{shown}");
        assert!(failure.text.contains(words), "{shown}: {}", failure.text);
        assert!(
            failure.text.contains(&app.addr.to_string()),
            "{}",
            failure.text
        );
        assert_eq!(app.seen().len(), 1, "{shown}: sent once");
    }
}

#[tokio::test]
async fn a_reset_is_broken() {
    let app = App::scripted(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        // What lies unread when a socket closes makes the system send a reset.
        stream.set_zero_linger().expect("a socket option");
    })
    .await;
    let failure = failure(&app).await;
    assert_eq!(failure.outcome, Outcome::Broken);
    let expected = format!("{} reset the connection before it answered", app.addr);
    assert_eq!(failure.text, expected);
}

#[tokio::test]
async fn a_head_without_end_is_broken_at_64_kib() {
    let app = App::scripted(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        let mut piece: Vec<u8> = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
        while stream.write_all(&piece).await.is_ok() {
            piece = vec![b'a'; 1024];
        }
    })
    .await;
    let failure = failure(&app).await;
    assert_eq!(failure.outcome, Outcome::Broken);
    assert!(failure.text.contains("over 64 KiB"), "{}", failure.text);
}

#[tokio::test]
async fn a_body_of_another_length_than_declared_is_cut_and_not_blamed_on_the_app() {
    let app = App::scripted(|mut stream, seen| async move {
        if let Some(request) = read_request(&mut stream).await {
            seen.push(request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    })
    .await;
    let pieces = [Ok(http_body::Frame::data("1234".into())), Err(Cut)];
    let broken = StreamBody::new(futures_util::stream::iter(pieces)).boxed_unsync();
    for body in [full("1234"), full("123456"), broken] {
        let capture = capture("POST", b"/", &[], Body::Pieces(5));
        let forwarder = forwarder(options());
        let tried = forwarder.send(&app.target(), &capture, body, None).await;
        let failure = tried.result.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Broken);
        assert_eq!(failure.text, "the request's body broke off before its end");
    }
    assert!(app.seen().is_empty(), "no app took one for whole");
}

#[tokio::test]
async fn what_cannot_be_sent_makes_no_connection() {
    let app = App::answering(b"").await;
    for (method, path) in [
        ("CONNECT", &b"/"[..]),
        ("TRACE", b"/"),
        ("GET", b"@evil/"),
        ("GET", b"/ "),
    ] {
        let capture = capture(method, path, &[], Body::Absent);
        let tried = send(&forwarder(options()), &app.target(), &capture).await;
        assert_eq!(tried.result.unwrap_err().outcome, Outcome::Broken);
    }
    assert_eq!(app.connections(), 0);
}
