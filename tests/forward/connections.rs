//! Connections are used again when that is safe, and never so that a webhook acts twice.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::Instant};

use crate::app::{App, read_request};

use super::{ask, forwarder, get, options, send, whole};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_connection_that_stays_open_is_used_again() {
    let app = App::answering(OK).await;
    let forwarder = forwarder(options());
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let tried = send(&forwarder, &app.target(), &get()).await;
        let body = tried.result.expect("an answer").body;
        assert!(whole(body).await.is_ok());
        if tried.connect.is_none() {
            break;
        }
        assert!(Instant::now() < deadline, "every forward connected anew");
    }
    let before = app.connections();
    for _ in 0..50 {
        ask(&forwarder, &app.target()).await;
    }
    assert!(
        app.connections() - before < 10,
        "{} more",
        app.connections() - before
    );
}

#[tokio::test]
async fn an_app_that_closes_without_saying_so_answers_each_request_once() {
    let app = App::scripted(|mut stream, seen| async move {
        if let Some(request) = read_request(&mut stream).await {
            seen.push(request);
            stream.write_all(OK).await.expect("a peer that reads");
        }
    })
    .await;
    let forwarder = forwarder(options());
    let began = Instant::now();
    let mut sent = 0;
    while sent < 200 || began.elapsed() < Duration::from_millis(200) {
        assert_eq!(ask(&forwarder, &app.target()).await.0, 200);
        sent += 1;
    }
    assert_eq!(app.seen().len(), sent);
}

#[tokio::test]
async fn an_app_that_says_it_closes_is_not_asked_again_there_and_its_body_comes_whole() {
    const LEN: usize = 1_000_000;
    let app = App::scripted(|mut stream, seen| async move {
        seen.push(read_request(&mut stream).await.expect("a request"));
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        stream.write_all(head).await.expect("a peer that reads");
        let body = vec![7; LEN];
        stream.write_all(&body).await.expect("a peer that reads");
    })
    .await;
    let forwarder = forwarder(options());
    for _ in 0..5 {
        assert_eq!(ask(&forwarder, &app.target()).await.1.len(), LEN);
    }
    assert_eq!((app.seen().len(), app.connections()), (5, 5));
}

#[tokio::test]
async fn idle_connections_are_closed_by_us() {
    let (closed, mut ends) = tokio::sync::mpsc::channel(1);
    let app = App::scripted(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(OK).await.expect("a peer that reads");
            }
            closed.send(()).await.expect("a test that waits");
        }
    })
    .await;
    let forwarder = forwarder(options());
    ask(&forwarder, &app.target()).await;
    let end = tokio::time::timeout(Duration::from_secs(10), ends.recv());
    end.await.expect("an idle connection is closed in time");
}

#[tokio::test]
async fn localhost_is_found_on_either_loopback_address() {
    for addr in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(addr).await else {
            eprintln!("skipped: this machine has no {addr}");
            continue;
        };
        let app = App::on(listener, |mut stream, seen| async move {
            seen.push(read_request(&mut stream).await.expect("a request"));
            stream.write_all(OK).await.expect("a peer that reads");
        });
        let port = app.addr.port();
        let target = format!("localhost:{port}").parse().unwrap();
        assert_eq!(ask(&forwarder(options()), &target).await.0, 200, "{addr}");
        let host = format!("host: localhost:{port}\r\n");
        let request = app.seen().pop().expect("a request");
        let is_there = request
            .windows(host.len())
            .any(|part| part == host.as_bytes());
        assert!(is_there, "{}", request.escape_ascii());
        assert!(app.addr.ip() == Ipv4Addr::LOCALHOST || app.addr.ip() == Ipv6Addr::LOCALHOST);
    }
}
