//! Heads: which endpoint they name, the rules they keep, their limits; and where a request ends on its connection.

use std::fmt::Write as _;

use bytes::Bytes;
use hooktool_relay::{
    capture::{AnswerPolicy, Body},
    config::Limits,
};

use super::{TestEdge, line, post, status};

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
