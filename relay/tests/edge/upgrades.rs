//! Upgrades while nobody listens: a websocket is refused, every other one is an ordinary request.

use super::{TestEdge, line, status};

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
