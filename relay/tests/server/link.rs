//! A listener at the door: which requests for a link are refused, how, and which become a websocket.
//!
//! In: an upgrade as a listener, a web page or something older would write it. Out: what comes back.

use hooktool_relay::{
    Config,
    config::Access,
    protocol::{ErrorCode, WireError},
};
use tokio::io::AsyncWriteExt;

use super::{TestRelay, config, read_head, status};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A request for a link, with these lines besides.
pub(crate) fn request(lines: &str) -> String {
    format!("GET /_hooktool/link HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}{lines}\r\n")
}

/// The line that offers our subprotocol.
pub(crate) const V1: &str = "Sec-WebSocket-Protocol: hooktool.v1\r\n";

fn refusal(answer: &str) -> WireError {
    let (_, body) = answer.split_once("\r\n\r\n").expect("has a body");
    serde_json::from_str(body).expect("is JSON")
}

/// Asks for a link and reads the refusal, whose connection the relay keeps.
pub(super) async fn refused(relay: &TestRelay, lines: &str) -> (String, WireError) {
    let request = request(lines).replacen("Connection: Upgrade", "Connection: Upgrade, close", 1);
    let answer = relay.ask(&request).await;
    (status(&answer).to_owned(), refusal(&answer))
}

#[tokio::test]
async fn a_link_is_refused_in_json() {
    let relay = TestRelay::start(config()).await;
    let cases = [
        (V1.to_owned(), "401", ErrorCode::Unauthorized),
        (
            format!("{V1}Authorization: Bearer hkt_no\r\n"),
            "401",
            ErrorCode::Unauthorized,
        ),
        (
            format!("{V1}Origin: https://evil.example\r\n"),
            "403",
            ErrorCode::Forbidden,
        ),
        (String::new(), "426", ErrorCode::Version),
        (
            "Sec-WebSocket-Protocol: hooktool.v9\r\n".to_owned(),
            "426",
            ErrorCode::Version,
        ),
    ];
    for (lines, expected, code) in cases {
        let (status, error) = refused(&relay, &lines).await;
        assert_eq!((status.as_str(), error.code), (expected, code), "{lines}");
        assert!(error.fatal);
    }
    let plain = relay.get("/_hooktool/link").await;
    assert_eq!(status(&plain), "426");
}

#[tokio::test]
async fn a_listener_with_the_token_gets_a_websocket() {
    let relay = TestRelay::start(Config {
        access: Access::Embedded {
            token: "the-token".into(),
        },
        ..config()
    })
    .await;
    let mut socket = relay.connect().await;
    let request = request(&format!("{V1}Authorization: Bearer the-token\r\n"));
    socket.write_all(request.as_bytes()).await.expect("writes");
    let head = read_head(&mut socket).await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("sec-websocket-protocol: hooktool.v1\r\n"));
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"));
}
