//! An evil relay: it can only ever make the listener talk to its target, and never makes it fall over.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hooktool_relay::{
    capture::{CaptureId, Epoch, Headers, Kind, Seq, SessionId, UnixMillis, Version},
    protocol::{Frame, RequestHead, SUBPROTOCOL, Welcome},
};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{Request, Response},
};

use crate::support::{TestRelay, TestTarget, eventually, listener::Setup, story};

fn head(method: &str, path: &[u8], headers: Headers) -> RequestHead {
    RequestHead {
        id: CaptureId::new(),
        seq: Some(Seq(1)),
        kind: Kind::Live,
        method: method.into(),
        path: bytes::Bytes::copy_from_slice(path),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        peer: "192.0.2.1".parse().expect("an address"),
        received_at: UnixMillis::now(),
        length: None,
        gap: 0,
        upgrade: false,
    }
}

/// Requests that try to reach something else than the target, or to be something else than one request.
fn attempts(elsewhere: SocketAddr) -> Vec<RequestHead> {
    let mut injected = Headers::new();
    injected.push(
        "x-evil",
        &b"a\r\nHost: other\r\n\r\nGET /second HTTP/1.1"[..],
    );
    let mut named = Headers::new();
    named.push(&b"x evil: 1\r\nx"[..], "b");
    let mut framed = Headers::new();
    framed.push("content-length", "5");
    framed.push("transfer-encoding", "chunked");
    let mut hosts = Headers::new();
    hosts.push("host", elsewhere.to_string());
    vec![
        head(
            "GET",
            format!("http://{elsewhere}/").as_bytes(),
            Headers::new(),
        ),
        head("GET", format!("@{elsewhere}/").as_bytes(), Headers::new()),
        head("GET", format!("//{elsewhere}/").as_bytes(), Headers::new()),
        head(
            "GET",
            b"/a HTTP/1.1\r\nHost: x\r\n\r\nGET /second",
            Headers::new(),
        ),
        head("GET", b"/\0\x1b[2J", Headers::new()),
        head("CONNECT", elsewhere.to_string().as_bytes(), Headers::new()),
        head("TRACE", b"/", Headers::new()),
        head("GET /second HTTP/1.1\r\nX:", b"/", Headers::new()),
        head("GET", b"/", injected),
        head("GET", b"/", named),
        head("POST", b"/", framed),
        head("GET", b"/", hosts),
        head("GET", &[b'/'; 20_000], Headers::new()),
    ]
}

#[test]
fn an_evil_relay_reaches_only_the_target() {
    story(async {
        let target = TestTarget::start().await;
        let elsewhere = TestTarget::start().await;
        let evil = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = TestRelay::start().await;
        let port = evil.local_addr().unwrap().port();
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.relay.port = port)
            .start()
            .await;

        let (stream, _) = evil.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "tungstenite's own callback type")]
        let agree = |_: &Request, mut answer: Response| {
            let protocol = http::HeaderValue::from_static(SUBPROTOCOL);
            answer
                .headers_mut()
                .append("sec-websocket-protocol", protocol);
            Ok(answer)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, agree)
            .await
            .unwrap();
        let hello = socket.next().await.unwrap().unwrap();
        assert!(matches!(
            Frame::decode(hello.into_data()),
            Ok(Some(Frame::Hello(_)))
        ));
        let welcome = Welcome {
            // What it calls public is no place that it may choose.
            url: format!("http://{}/tidy-otter", elsewhere.addr),
            session: SessionId::new(),
            epoch: Epoch(1),
            offered: Seq(0),
            head: Seq(0),
            waiting: u64::MAX,
            waiting_since: None,
            max_body: 1,
            heartbeat_ms: 0,
            token: None,
        };
        let mut frames = vec![Frame::Welcome(Box::new(welcome))];
        let tried = attempts(elsewhere.addr);
        for (stream, head) in tried.iter().enumerate() {
            let stream = stream as u32 + 1;
            frames.push(Frame::Request {
                stream,
                head: Box::new(head.clone()),
                first: bytes::Bytes::new(),
                end: true,
            });
        }
        for frame in frames {
            socket.send(Message::Binary(frame.encode())).await.unwrap();
        }
        socket
            .send(Message::Binary(bytes::Bytes::from_static(
                b"\xff\x00\x00\x00\x00\x01what?",
            )))
            .await
            .unwrap();
        // The last one is honest, and proves that the listener still works.
        let honest = Frame::Request {
            stream: 1_000,
            head: Box::new(head("GET", b"/honest", Headers::new())),
            first: bytes::Bytes::new(),
            end: true,
        };
        socket.send(Message::Binary(honest.encode())).await.unwrap();
        eventually("the honest request", || async {
            let paths: Vec<String> = target.got().into_iter().map(|got| got.path).collect();
            if paths.iter().any(|path| path == "/honest") {
                Ok(())
            } else {
                Err(format!("{paths:?}"))
            }
        })
        .await;
        let reading = async { while let Some(Ok(_)) = socket.next().await {} };
        let _ = tokio::time::timeout(Duration::from_millis(500), reading).await;
        assert!(elsewhere.got().is_empty(), "{:?}", elsewhere.got());
        assert!(
            target.got().iter().all(|got| got.path != "/second"),
            "{:?}",
            target.got()
        );
        drop(listener);
    });
}
