//! Evil listeners over a raw websocket: the link ends with a reason, or the frame is ignored; nobody else notices.

use futures_util::{SinkExt, StreamExt};
use hooktool_relay::{
    capture::{AnswerPolicy, Epoch, Headers, Outcome, SessionId},
    protocol::{
        Done, ErrorCode, Frame, From, Heartbeat, Hello, INITIAL_WINDOW, LINK_PATH, MAX_DATA, Reset,
        ResetCode, ResponseHead, Resume, SUBPROTOCOL, StreamId, Welcome, WireError, probe::Holds,
    },
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::*;
use crate::server::link;

/// A relay for whoever has the token.
async fn embedded() -> (TestRelay, Store) {
    let token = "the-token".into();
    with(Access::Embedded { token }, limits()).await
}

/// A listener that does as the test says.
struct Evil {
    socket: WebSocketStream<TcpStream>,
}

impl Evil {
    /// One that has said nothing yet.
    async fn upgraded(relay: &TestRelay) -> Self {
        let url = format!("ws://{}{LINK_PATH}", relay.addr);
        let mut request = url.into_client_request().expect("a request");
        let lines = request.headers_mut();
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        lines.append("sec-websocket-protocol", protocol);
        let token = HeaderValue::from_static("Bearer the-token");
        lines.append("authorization", token);
        let opened = tokio_tungstenite::client_async(request, relay.connect().await).await;
        Self {
            socket: opened.expect("a websocket").0,
        }
    }

    /// One that claimed the endpoint.
    async fn claimed(relay: &TestRelay, resume: Option<Resume>) -> (Self, Welcome) {
        let mut evil = Self::upgraded(relay).await;
        evil.send(hello(resume)).await;
        let welcome = evil.welcome().await;
        (evil, welcome)
    }

    async fn welcome(&mut self) -> Welcome {
        match self.frame().await {
            Some(Frame::Welcome(welcome)) => *welcome,
            other => panic!("{other:?}"),
        }
    }

    async fn send(&mut self, frame: Frame) {
        self.raw(Message::Binary(frame.encode())).await;
    }

    /// The relay may have hung up already.
    async fn raw(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The next frame but heartbeats; none when the link is over.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            match next.expect("something in time") {
                Some(Ok(Message::Binary(bytes))) => match Frame::decode(bytes) {
                    Ok(Some(Frame::Heartbeat(_))) => {}
                    Ok(frame) => return frame,
                    Err(error) => panic!("{error}"),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn request(&mut self) -> (StreamId, bool) {
        match self.frame().await {
            Some(Frame::Request { stream, head, .. }) => {
                (stream, head.kind == hooktool_relay::capture::Kind::Live)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Reads to the end of the link; the ERROR that came before it.
    async fn over(&mut self) -> Option<WireError> {
        let mut said = None;
        while let Some(frame) = self.frame().await {
            if let Frame::Error(error) = frame {
                said = Some(error);
            }
        }
        said
    }
}

fn hello(resume: Option<Resume>) -> Frame {
    Frame::Hello(Box::new(Hello {
        version: "0".into(),
        endpoint: otter(),
        name: "evil".into(),
        answer: AnswerPolicy::App,
        deadline_ms: 4_500,
        from: From::Cursor,
        max_in_flight: 32,
        resume,
    }))
}

fn response(stream: StreamId, status: u16, end: bool) -> Frame {
    Frame::Response {
        stream,
        head: Box::new(ResponseHead {
            status,
            headers: Headers::new(),
            ms: 1,
        }),
        first: "evil".into(),
        end,
    }
}

fn data(stream: StreamId) -> Frame {
    Frame::Data {
        stream,
        bytes: vec![b'x'; MAX_DATA].into(),
        end: false,
    }
}

fn done(stream: StreamId) -> Frame {
    let outcome = Outcome::Answered;
    let done = Done { outcome, ms: None };
    Frame::Done { stream, done }
}

/// What a POST to the endpoint gets.
async fn sent(relay: &TestRelay) -> String {
    let request = post("Content-Length: 1\r\nConnection: close\r\n", "x");
    status(&relay.ask(&request).await).to_owned()
}

#[tokio::test]
async fn who_says_nothing_after_the_upgrade_is_told_and_closed() {
    let (relay, _store) = embedded().await;
    let mut silent = Evil::upgraded(&relay).await;
    let said = silent.over().await.expect("a reason");
    assert_eq!(said.code, ErrorCode::Silent);
    assert_eq!(sent(&relay).await, "202");
}

#[tokio::test]
async fn a_first_frame_that_is_no_hello_ends_the_link() {
    let (relay, _store) = embedded().await;
    let cases = [
        Message::text("HELLO"),
        Message::binary(vec![]),
        Message::binary(vec![0xff; 300]),
        Message::binary(vec![1, 0, 0, 0, 0, 0, b'{']),
        Message::binary(vec![0x02; 300_000]),
        Message::Binary(done(1).encode()),
        Message::Binary(data(7).encode()),
    ];
    for message in cases {
        let shown = format!("{message:?}");
        let mut evil = Evil::upgraded(&relay).await;
        evil.raw(message).await;
        let said = evil.over().await;
        let is_told =
            said.is_none_or(|error| matches!(error.code, ErrorCode::Protocol | ErrorCode::Silent));
        assert!(is_told, "{}", &shown[..shown.len().min(80)]);
    }
    assert_eq!(sent(&relay).await, "202");
}

#[tokio::test]
async fn a_claimed_link_that_breaks_a_rule_ends_and_its_senders_are_let_go() {
    let other = Heartbeat {
        session: SessionId::new(),
        epoch: Epoch(1),
        offered: Seq(0),
        head: Seq(0),
    };
    let reset = Reset {
        code: ResetCode::Gone,
        text: String::new(),
    };
    let cases: Vec<Vec<Message>> = vec![
        vec![Message::text("what?")],
        vec![Message::binary(vec![6, 0, 0])],
        vec![Message::Binary(hello(None).encode())],
        vec![Message::Binary(Frame::Heartbeat(other).encode())],
        // The first bytes, and then a window and more of DATA that nobody has read.
        std::iter::once(response(1, 200, false))
            .chain((0..=2 * INITIAL_WINDOW as usize / MAX_DATA + 1_000).map(|_| data(1)))
            .map(|frame| Message::Binary(frame.encode()))
            .collect(),
    ];
    for messages in cases {
        let (relay, _store) = embedded().await;
        let (mut evil, _) = Evil::claimed(&relay, None).await;
        let request = post("Content-Length: 1\r\n", "x");
        let mut sender = relay.connect().await;
        sender.write_all(request.as_bytes()).await.expect("writes");
        assert_eq!(evil.request().await, (1, true));
        // Never opened: ignored.
        for frame in [
            response(999, 200, true),
            done(77),
            Frame::Reset {
                stream: 5,
                reset: reset.clone(),
            },
        ] {
            evil.send(frame).await;
        }
        for message in messages {
            evil.raw(message).await;
        }
        if let Some(error) = evil.over().await {
            assert_eq!(error.code, ErrorCode::Protocol, "{error:?}");
        }
        let head = read_head(&mut sender).await;
        assert!(["200", "202"].contains(&status(&head)), "{head}");
        assert_eq!(sent(&relay).await, "202");
    }
}

#[tokio::test]
async fn a_stream_that_was_never_opened_is_nothing() {
    let (relay, store) = embedded().await;
    let (mut evil, _) = Evil::claimed(&relay, None).await;
    for frame in [
        response(999, 200, true),
        response(998, 200, false),
        done(997),
        data(996),
    ] {
        evil.send(frame).await;
    }
    let answered = async {
        let stream = loop {
            match evil.frame().await {
                Some(Frame::Request { stream, .. }) => break stream,
                Some(Frame::Reset { stream, .. }) => assert_eq!(stream, 998),
                other => panic!("{other:?}"),
            }
        };
        evil.send(response(stream, 299, true)).await;
        evil.send(done(stream)).await;
    };
    let (got, ()) = tokio::join!(sent(&relay), answered);
    assert_eq!(got, "299");
    assert_eq!(stored(&store).await.len(), 1);
}

#[tokio::test]
async fn a_listener_that_never_reads_is_ended_and_loses_nothing() {
    let (relay, store) = embedded().await;
    let (evil, _) = Evil::claimed(&relay, None).await;
    let body = "x".repeat(200_000);
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let mut socket = relay.connect().await;
        let request = post("Content-Length: 200000\r\nConnection: close\r\n", &body);
        senders.spawn(async move {
            socket.write_all(request.as_bytes()).await.expect("writes");
            read_to_end(&mut socket).await
        });
    }
    while let Some(answer) = senders.join_next().await {
        assert_eq!(status(&answer.expect("no panic")), "202");
    }
    eventually(async || {
        let page = relay.get("/_hooktool/metrics").await;
        let is_gone = page.contains("hooktool_relay_links 0");
        is_gone.then_some(()).ok_or(page)
    })
    .await;
    assert_eq!(stored(&store).await.len(), 24);
    drop(evil);
}

#[tokio::test]
async fn after_a_takeover_the_older_link_has_no_say() {
    let (relay, store) = embedded().await;
    let (mut older, first) = Evil::claimed(&relay, None).await;
    let (got, newer) = tokio::join!(sent(&relay), async {
        let (stream, is_live) = older.request().await;
        assert!(is_live);
        // It neither reads nor leaves: it only answers, too late.
        let (newer, second) = Evil::claimed(&relay, None).await;
        assert!(second.epoch > first.epoch);
        older.send(response(stream, 299, true)).await;
        older.send(done(stream)).await;
        newer
    });
    let mut newer = newer;
    assert_eq!(got, "202");
    let said = older.over().await.expect("a reason");
    assert_eq!((said.code, said.fatal), (ErrorCode::TakenOver, true));
    assert_eq!(
        newer.request().await,
        (1, false),
        "offered again, as waited"
    );

    // One that slept through it names its session and epoch, and is told then.
    let mut slept = Evil::upgraded(&relay).await;
    let resume = Resume {
        session: first.session,
        epoch: first.epoch,
    };
    slept.send(hello(Some(resume))).await;
    let said = slept.over().await.expect("a reason");
    assert_eq!((said.code, said.fatal), (ErrorCode::TakenOver, true));
    let got = tokio::join!(sent(&relay), async {
        let (stream, _) = newer.request().await;
        newer.send(response(stream, 201, true)).await;
        newer.send(done(stream)).await;
    });
    assert_eq!(got.0, "201");
    assert_eq!(stored(&store).await.len(), 2);
}

#[tokio::test]
async fn a_page_in_a_browser_gets_no_link_whatever_its_origin() {
    let (relay, _store) = embedded().await;
    for origin in ["https://evil.example", "http://localhost", "null", ""] {
        let lines = format!(
            "{}Authorization: Bearer the-token\r\nOrigin: {origin}\r\nConnection: close\r\n",
            link::V1
        );
        let answer = relay.ask(&link::request(&lines)).await;
        assert_eq!(status(&answer), "403", "{origin:?}");
    }
}

#[tokio::test]
async fn a_probe_finds_the_link_that_asks_and_tells_nobody_else() {
    let (relay, store) = embedded().await;
    let (evil, welcome) = Evil::claimed(&relay, None).await;
    let token = "Authorization: Bearer the-token\r\n";
    let ask = async |endpoint: &str, token: &str, session: &SessionId, epoch: Epoch| {
        let lines = format!(
            "{token}Hooktool-Session: {session}\r\nHooktool-Epoch: {}\r\nConnection: close\r\n",
            epoch.0
        );
        let request =
            format!("GET /_hooktool/probe/{endpoint} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        relay.ask(&request).await
    };
    let (session, epoch) = (&welcome.session, welcome.epoch);
    let yes = ask("tidy-otter", token, session, epoch).await;
    assert_eq!(status(&yes), "200", "{yes}");
    let (_, said) = yes.split_once("\r\n\r\n").expect("a body");
    let holds: Holds = serde_json::from_str(said).expect("JSON");
    assert_eq!((&holds.session, holds.epoch), (session, epoch));
    assert!(yes.contains("cache-control: no-store\r\n"), "{yes}");

    let nothing = relay.get("/_hooktool/else").await;
    let (_, nothing) = nothing.split_once("\r\n\r\n").expect("a body");
    let (other, older) = (SessionId::new(), Epoch(epoch.0 - 1));
    for (endpoint, token, session, epoch) in [
        ("tidy-otter", "", session, epoch),
        ("tidy-otter", "Authorization: Bearer no\r\n", session, epoch),
        (
            "tidy-otter",
            "Authorization: Basic dGhl\r\n",
            session,
            epoch,
        ),
        ("tidy-otter", token, &other, epoch),
        ("tidy-otter", token, session, older),
        ("no-such-name", token, session, epoch),
        ("tidy-otter/x", token, session, epoch),
        ("", token, session, epoch),
    ] {
        let no = ask(endpoint, token, session, epoch).await;
        assert_eq!(status(&no), "404", "{endpoint} {token} {session}");
        assert!(no.ends_with(nothing), "{no}");
    }
    drop(evil);
    eventually(async || {
        let answer = ask("tidy-otter", token, session, epoch).await;
        (status(&answer) == "404").then_some(()).ok_or(answer)
    })
    .await;
    assert!(stored(&store).await.is_empty());
}
