//! A websocket upgrade is carried to the app, and from its 101 on bytes go both ways untouched.

use bytes::Bytes;
use hooktool::forward::RequestBody;
use hooktool_relay::{answer::Cut, capture::Body, capture::Capture};
use http_body::Frame;
use http_body_util::{BodyExt as _, channel::Channel};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{App, read_request};

use super::{capture, forwarder, full, options, whole};

fn asking() -> Capture {
    capture(
        "GET",
        b"/ws",
        &[
            ("host", b"relay.example"),
            ("connection", b"keep-alive, Upgrade"),
            ("upgrade", b"websocket"),
            ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", b"13"),
        ],
        Body::Absent,
    )
}

async fn echo() -> App {
    App::scripted(|mut stream, seen| async move {
        seen.push(read_request(&mut stream).await.expect("a request"));
        let head =
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello";
        stream.write_all(head).await.expect("a peer that reads");
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            stream.write_all(&buffer[..read]).await.expect("a peer");
        }
        stream.write_all(b"bye").await.expect("a peer that reads");
    })
    .await
}

async fn next(body: &mut hooktool_relay::answer::AnswerBody) -> Bytes {
    let frame = body.frame().await.expect("a piece").expect("no cut");
    frame.into_data().expect("data")
}

#[tokio::test]
async fn bytes_go_both_ways_until_the_sender_ends() {
    let app = echo().await;
    let (mut sender, upstream) = Channel::<Bytes, Cut>::new(4);
    let upstream: RequestBody = upstream.boxed_unsync();
    let tried = forwarder(options())
        .upgrade(&app.target(), &asking(), upstream)
        .await;
    let answered = tried.result.expect("a 101");
    assert_eq!(answered.head.status, 101);
    assert!(
        answered
            .head
            .headers
            .first("sec-websocket-accept")
            .is_some()
    );
    let mut body = answered.body;
    assert_eq!(next(&mut body).await, "hello");
    for piece in [&b"\x81\x02hi"[..], b"GET / HTTP/1.1\r\n\r\n", b"\0\xff"] {
        let frame = Frame::data(Bytes::from_static(piece));
        sender.send(frame).await.expect("an app that reads");
        assert_eq!(next(&mut body).await, piece);
    }
    drop(sender);
    assert_eq!(whole(body).await.expect("an end"), "bye");
    let request = app.seen().pop().expect("a request");
    let request = request.escape_ascii().to_string();
    for line in [
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
    ] {
        assert!(request.contains(line), "{request}");
    }
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_answer() {
    let app = App::answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    let tried = forwarder(options())
        .upgrade(&app.target(), &asking(), full(""))
        .await;
    let answered = tried.result.expect("an answer");
    assert_eq!(answered.head.status, 403);
    assert_eq!(whole(answered.body).await.unwrap(), "no");
}

#[tokio::test]
async fn dropping_the_answer_ends_the_connection_to_the_app() {
    let (closed, mut ends) = tokio::sync::mpsc::channel(1);
    let app = App::scripted(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read_request(&mut stream).await.expect("a request");
            let head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
            stream.write_all(head).await.expect("a peer that reads");
            assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            closed.send(()).await.expect("a test that waits");
        }
    })
    .await;
    let (_sender, upstream) = Channel::<Bytes, Cut>::new(1);
    let forwarder = forwarder(options());
    let tried = forwarder
        .upgrade(&app.target(), &asking(), upstream.boxed_unsync())
        .await;
    drop(tried);
    let end = tokio::time::timeout(std::time::Duration::from_secs(5), ends.recv());
    end.await.expect("the connection is closed in time");
}
