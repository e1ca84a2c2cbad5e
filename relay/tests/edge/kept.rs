//! What is stored, byte for byte, and what its sender gets by each policy.

use bytes::Bytes;
use hooktool_relay::{
    capture::{AnswerPolicy, Body, Version},
    config::Limits,
};

use super::{TestEdge, ask, body, line, post, status};

#[tokio::test]
async fn a_post_is_stored_and_answered() {
    let edge = TestEdge::plain().await;
    let answer = edge.say(post("/otter/hook?x=1", "hello")).await;
    assert_eq!(status(&answer), 202);
    assert_eq!(
        body(&answer),
        "stored; nobody listens, it will be delivered later\n"
    );
    let stored = edge.stored().await;
    assert_eq!(stored.len(), 1);
    assert_eq!(
        line(&answer, "hooktool-request-id"),
        Some(&*stored[0].id.to_string())
    );
    assert_eq!(stored[0].path, "/hook?x=1");
    assert_eq!(stored[0].body, Body::Whole(Bytes::from_static(b"hello")));
    assert_eq!(stored[0].version, Version::Http11);
    assert!(stored[0].peer.is_loopback());
}

#[tokio::test]
async fn every_policy_answers_while_nobody_listens() {
    let fixed = |status, body: &str| AnswerPolicy::Respond {
        status,
        body: body.to_owned(),
    };
    let waits = "stored; nobody listens, it will be delivered later\n";
    for (policy, to_post, to_get) in [
        (AnswerPolicy::App, (202, waits), (503, waits)),
        (AnswerPolicy::Now, (202, "stored\n"), (202, "stored\n")),
        (AnswerPolicy::Strict, (503, waits), (503, waits)),
        (fixed(200, "[1]"), (200, "[1]"), (200, "[1]")),
        (fixed(204, "unseen"), (204, ""), (204, "")),
    ] {
        let edge = TestEdge::start(policy.clone(), Limits::default()).await;
        let posted = edge.say(post("/otter", "x")).await;
        let got = edge.say(ask("GET", "/otter")).await;
        let head = edge.say(ask("HEAD", "/otter")).await;
        assert_eq!((status(&posted), body(&posted)), to_post, "{policy:?}");
        assert_eq!((status(&got), body(&got)), to_get, "{policy:?}");
        assert_eq!((status(&head), body(&head)), (to_get.0, ""), "{policy:?}");
        let retries = line(&posted, "retry-after").is_some();
        assert_eq!(retries, policy == AnswerPolicy::Strict, "{policy:?}");
        for answer in [&posted, &got, &head] {
            assert!(line(answer, "hooktool-request-id").is_some(), "{answer}");
        }
        assert_eq!(edge.stored().await.len(), 3, "{policy:?}");
    }
}

#[tokio::test]
async fn odd_bytes_are_stored_as_they_came() {
    let edge = TestEdge::plain().await;
    let every: Vec<u8> = (0..=255).collect();
    let path = "/a/../b/./c//d/%2e%2e/%2F%zz|{}^\\\u{fc}?a??b=%1b&c";
    let mut request = Vec::new();
    request.extend(
        format!("b-r.e~w /otter{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n").bytes(),
    );
    request.extend(
        b"X-Odd: a\t\xff\x80\xc3\xbc b\r\nx-odd: 2\r\nX-Empty:\r\nContent-Length: 256\r\n\r\n",
    );
    request.extend(&every);
    let answer = edge.say(request).await;
    assert_eq!(status(&answer), 202, "{answer}");
    let stored = edge.stored().await;
    let capture = &stored[0];
    assert_eq!(capture.method.as_str(), "b-r.e~w");
    assert_eq!(capture.path, path);
    assert_eq!(capture.body, Body::Whole(Bytes::from(every)));
    let odd: Vec<_> = capture.headers.all("x-odd").collect();
    assert_eq!(odd, [&b"a\t\xff\x80\xc3\xbc b"[..], b"2"]);
    assert_eq!(capture.headers.first("x-empty"), Some(&b""[..]));
}
