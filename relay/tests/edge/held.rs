//! The same edge while a listener holds the endpoint: what the app says reaches the sender, and what the sender got
//! reaches the listener.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::{AnswerHead, AnswerPolicy, Epoch, Headers, Sent, SentBy},
    config::Limits,
    registry::{Answer, Held, NoAnswer, Offered, Order, Upgrade},
    store::Stored,
};
use http_body_util::{
    BodyExt, Empty,
    channel::{Channel, Sender},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{PATIENCE, TestEdge, ask, body, line, otter, post, read, status};

/// A listener that does as the test says.
struct TestListener {
    held: Held,
    recent: tokio::sync::mpsc::Receiver<Stored>,
}

impl TestListener {
    async fn on(edge: &TestEdge) -> Self {
        let tail = edge.store.tail(&otter()).await.unwrap();
        Self {
            held: edge.registry.hold(&otter(), Epoch(1)).unwrap(),
            recent: tail.recent,
        }
    }

    /// Takes the next capture, offers it and gives this answer.
    async fn answer(&mut self, answer: Result<Answer, NoAnswer>) -> Offered {
        let stored = in_time(self.recent.recv()).await.unwrap();
        let (offers, _) = self.held.halves();
        let offered = offers.offer(stored.capture.id);
        // Given back when nobody waits any more, which is the caller's to expect.
        let _ = offers.answer(stored.capture.id, answer);
        offered
    }

    /// What the sender of an offered capture got.
    async fn sent(&mut self) -> Sent {
        match in_time(self.held.halves().1.recv()).await {
            Some(Order::Sent(_, sent)) => sent,
            other => panic!("{other:?}"),
        }
    }

    async fn carried(&mut self) -> Upgrade {
        match in_time(self.held.halves().1.recv()).await {
            Some(Order::Carry(upgrade)) => upgrade,
            other => panic!("{other:?}"),
        }
    }
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("happens in time")
}

fn answer(code: u16, lines: &[(&'static str, &'static str)], body: AnswerBody) -> Answer {
    let mut headers = Headers::new();
    for &(name, value) in lines {
        headers.push(name, value);
    }
    let status = code.try_into().unwrap();
    Answer {
        head: AnswerHead { status, headers },
        body,
    }
}

fn nothing() -> AnswerBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn stream() -> (Sender<Bytes, Cut>, AnswerBody) {
    let (sender, body) = Channel::new(1);
    (sender, AnswerBody::new(body))
}

async fn until(socket: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(in_time(socket.read_u8()).await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn the_apps_answer_passes_piece_by_piece() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let (mut app, streamed) = stream();
    let lines = &[
        ("X-Two", "1"),
        ("x-two", "2"),
        ("Keep-Alive", "9"),
        ("Set-Cookie", "a=1"),
        ("Alt-Svc", "x"),
    ];
    let mut socket = edge.connect().await;
    socket
        .write_all(post("/otter", "x").as_bytes())
        .await
        .unwrap();
    let offered = listener.answer(Ok(answer(418, lines, streamed))).await;
    assert_eq!(offered, Offered::Live(None));
    let head = until(&mut socket, "\r\n\r\n").await;
    assert_eq!(status(&head), 418);
    assert_eq!(head.matches("x-two: ").count(), 2, "{head}");
    for gone in ["keep-alive", "set-cookie", "alt-svc", "hooktool-request-id"] {
        assert_eq!(line(&head, gone), None);
    }
    assert_eq!(line(&head, "x-content-type-options"), Some("nosniff"));
    let by_app = Sent {
        status: Some(418),
        by: SentBy::App,
        ms: None,
    };
    let sent = listener.sent().await;
    assert!(sent.ms.is_some(), "{sent:?}");
    assert_eq!(Sent { ms: None, ..sent }, by_app);
    // Each piece is there before the next is written.
    for piece in ["data: 1\n\n", "data: 2\n\n"] {
        app.send_data(piece.into()).await.unwrap();
        assert!(
            until(&mut socket, &format!("{piece}\r\n"))
                .await
                .contains(piece)
        );
    }
    drop(app);
    assert_eq!(read(&mut socket).await, "0\r\n\r\n");
}

#[tokio::test]
async fn an_answer_that_breaks_off_never_looks_whole() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let (mut app, streamed) = stream();
    let mut socket = edge.connect().await;
    socket
        .write_all(post("/otter", "x").as_bytes())
        .await
        .unwrap();
    listener.answer(Ok(answer(200, &[], streamed))).await;
    app.send_data("half".into()).await.unwrap();
    until(&mut socket, "half\r\n").await;
    app.abort(Cut);
    assert_eq!(read(&mut socket).await, "");
}

#[tokio::test]
async fn failures_are_answered_by_policy() {
    for (policy, no_answer, to_post, to_get) in [
        (AnswerPolicy::App, NoAnswer::Refused, 502, 502),
        (AnswerPolicy::App, NoAnswer::Broken, 502, 502),
        (AnswerPolicy::App, NoAnswer::TimedOut, 202, 504),
        (AnswerPolicy::Strict, NoAnswer::TimedOut, 504, 504),
    ] {
        let edge = TestEdge::start(policy.clone(), Limits::default()).await;
        let mut listener = TestListener::on(&edge).await;
        for (request, code) in [
            (post("/otter", "x"), to_post),
            (ask("GET", "/otter"), to_get),
        ] {
            let (said, _) = tokio::join!(edge.say(request), listener.answer(Err(no_answer)));
            assert_eq!(status(&said), code, "{policy:?} {no_answer:?}");
            assert!(line(&said, "hooktool-request-id").is_some());
            assert_eq!(listener.sent().await.status, Some(code));
        }
    }
}

#[tokio::test]
async fn answers_that_http_does_not_know_are_broken() {
    for bad in [
        answer(101, &[("Upgrade", "x")], nothing()),
        answer(199, &[], nothing()),
        answer(200, &[("Content-Length", "5")], nothing()),
    ] {
        let edge = TestEdge::plain().await;
        let mut listener = TestListener::on(&edge).await;
        let (said, _) = tokio::join!(edge.say(post("/otter", "x")), listener.answer(Ok(bad)));
        assert_eq!(status(&said), 502, "{said}");
    }
}

#[tokio::test]
async fn a_head_answer_keeps_its_length_and_a_204_has_none() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    for (method, code, length) in [("HEAD", 200, Some("5")), ("POST", 204, None)] {
        let (_app, streamed) = stream();
        let given = answer(code, &[("Content-Length", "5")], streamed);
        let (said, _) = tokio::join!(edge.say(ask(method, "/otter")), listener.answer(Ok(given)));
        assert_eq!((status(&said), body(&said)), (code, ""));
        assert_eq!(line(&said, "content-length"), length, "{said}");
    }
}

#[tokio::test]
async fn an_app_that_is_late_leaves_a_202_or_504() {
    for (policy, code) in [(AnswerPolicy::App, 202), (AnswerPolicy::Strict, 504)] {
        let deadline = Duration::from_millis(30);
        let edge = TestEdge::with_deadline(policy, Limits::default(), deadline).await;
        let mut listener = TestListener::on(&edge).await;
        let said = edge.say(post("/otter", "x")).await;
        assert_eq!(status(&said), code);
        let (_app, streamed) = stream();
        let offered = listener.answer(Ok(answer(200, &[], streamed))).await;
        assert_eq!(offered, Offered::Waited);
    }
}

#[tokio::test]
async fn a_policy_that_waits_for_nothing_tells_the_listener_what_it_said() {
    let edge = TestEdge::start(AnswerPolicy::Now, Limits::default()).await;
    let mut listener = TestListener::on(&edge).await;
    assert_eq!(status(&edge.say(post("/otter", "x")).await), 202);
    let offered = listener.answer(Err(NoAnswer::Refused)).await;
    let by_policy = Sent {
        status: Some(202),
        by: SentBy::Policy,
        ms: None,
    };
    assert_eq!(offered, Offered::Live(Some(by_policy)));
}

#[tokio::test]
async fn a_lost_listener_frees_its_senders_at_once() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let (said, ()) = tokio::join!(edge.say(post("/otter", "x")), async {
        in_time(listener.recent.recv()).await.unwrap();
        drop(listener);
    });
    assert_eq!(status(&said), 202);
    assert!(body(&said).contains("nobody listens"));
}

#[tokio::test]
async fn a_sender_that_leaves_is_told_to_the_listener_and_stays_stored() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let mut socket = edge.connect().await;
    let request = post("/otter", "x");
    socket.write_all(request.as_bytes()).await.unwrap();
    let stored = in_time(listener.recent.recv()).await.unwrap();
    let offered = listener.held.halves().0.offer(stored.capture.id);
    assert_eq!(offered, Offered::Live(None));
    drop(socket);
    let gone = Sent {
        status: None,
        by: SentBy::Gone,
        ms: None,
    };
    let sent = listener.sent().await;
    assert!(sent.ms.is_some(), "{sent:?}");
    assert_eq!(Sent { ms: None, ..sent }, gone);
    assert_eq!(edge.stored().await.len(), 1);
}

#[tokio::test]
async fn a_websocket_is_carried_and_pumped_and_never_stored() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let mut socket = edge.connect().await;
    let head = "GET /otter/ws?x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let Upgrade {
        capture,
        mut upstream,
        answer: reply,
    } = listener.carried().await;
    assert_eq!(capture.path, "/ws?x");
    let (mut app, streamed) = stream();
    let lines = &[("Sec-WebSocket-Accept", "s"), ("Upgrade", "websocket")];
    reply.send(Ok(answer(101, lines, streamed))).unwrap();
    let head = until(&mut socket, "\r\n\r\n").await;
    assert_eq!(status(&head), 101);
    assert_eq!(line(&head, "sec-websocket-accept"), Some("s"));
    assert_eq!(line(&head, "upgrade"), Some("websocket"));
    assert_eq!(line(&head, "connection"), Some("Upgrade"));
    socket.write_all(b"up").await.unwrap();
    let up = in_time(upstream.frame()).await.unwrap().unwrap();
    assert_eq!(up.into_data().unwrap(), "up");
    app.send_data("down".into()).await.unwrap();
    assert_eq!(until(&mut socket, "down").await, "down");
    drop(app);
    assert_eq!(read(&mut socket).await, "");
    assert!(edge.stored().await.is_empty());
}

#[tokio::test]
async fn a_refused_websocket_is_an_ordinary_answer() {
    let edge = TestEdge::plain().await;
    let mut listener = TestListener::on(&edge).await;
    let head = "GET /otter HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
    for (given, code) in [
        (Ok(answer(403, &[], nothing())), 403),
        (Err(NoAnswer::Refused), 502),
        (Err(NoAnswer::NoListener), 503),
        (Err(NoAnswer::TimedOut), 504),
    ] {
        let (said, ()) = tokio::join!(edge.say(head), async {
            let upgrade = listener.carried().await;
            upgrade.answer.send(given).unwrap();
        });
        assert_eq!(status(&said), code);
    }
}
