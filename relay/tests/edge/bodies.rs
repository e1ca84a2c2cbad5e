//! Bodies: over the limit, broken, slow, absent, empty, large.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::{
    capture::{AnswerPolicy, Body},
    config::Limits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{PATIENCE, TestEdge, ask, line, post, read, status};

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
