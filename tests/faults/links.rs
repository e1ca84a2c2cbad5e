//! Links that are bad in ways of their own: a listener that slept through a takeover, and one that never reads.

use std::time::Duration;

use futures_util::SinkExt;
use hooktool::{agent::Ended, history::Cause};
use hooktool_relay::{
    capture::{AnswerPolicy, Outcome},
    protocol::{Frame, From, Hello, LINK_PATH, SUBPROTOCOL},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    app::App,
    support::{
        Home, Request, Sender, TestRelay, TestTarget, eventually, listener::Setup, pattern,
        proxy::Proxy, story, target::answer,
    },
};

/// A body that takes its time over a slow link, in bytes.
const LARGE: usize = 1024 * 1024;

#[test]
fn a_listener_that_slept_through_a_takeover_is_told_and_has_no_say() {
    story(async {
        let relay = TestRelay::start().await;
        let network = Proxy::to(relay.addr).await;
        let (awake, waking) = watch::channel(false);
        let first = TestTarget::answering(move |_| {
            let mut waking = waking.clone();
            async move {
                let _ = waking.wait_for(|awake| *awake).await;
                answer(299, "too late")
            }
        })
        .await;
        let second = TestTarget::start().await;
        let mut older = Setup::at(network.addr, &relay.token, Some(first.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let send = sender.send(Request::post("/tidy-otter", "begun"));
        let sleep = async {
            first.wait_for(1).await;
            network.down();
        };
        let (begun, ()) = tokio::join!(send, sleep);
        assert_eq!(begun.status, 202);

        let _newer = Setup::new(&relay, Some(second.addr))
            .plan(|plan| plan.name = "laptop-2".into())
            .start()
            .await
            .live()
            .await;
        assert_eq!(second.wait_for(1).await[0].body, "begun");
        awake.send_replace(true);
        network.up();
        older.connect_now.notify_one();
        let ended = older.ended().await;
        assert!(matches!(&ended, Ended::TakenOver(_)), "{ended:?}");
        let live = sender.send(Request::post("/tidy-otter", "live")).await;
        assert_eq!(live.status, 200);
        assert_eq!((first.got().len(), second.got().len()), (1, 2));
    });
}

/// A websocket that has claimed the endpoint, and reads nothing.
async fn deaf(addr: std::net::SocketAddr) -> WebSocketStream<TcpStream> {
    let url = format!("ws://{addr}{LINK_PATH}");
    let mut request = url.into_client_request().expect("a request");
    let protocol = http::HeaderValue::from_static(SUBPROTOCOL);
    let lines = request.headers_mut();
    lines.append("sec-websocket-protocol", protocol);
    let stream = TcpStream::connect(addr).await.expect("the relay listens");
    let opened = tokio_tungstenite::client_async(request, stream).await;
    let mut socket = opened.expect("a websocket").0;
    let hello = Frame::Hello(Box::new(Hello {
        version: "0".into(),
        endpoint: "tidy-otter".parse().expect("a name"),
        name: "deaf".into(),
        answer: AnswerPolicy::App,
        deadline_ms: 500,
        from: From::Cursor,
        max_in_flight: 32,
        resume: None,
    }));
    let sent = socket.send(Message::Binary(hello.encode())).await;
    sent.expect("the relay reads");
    socket
}

#[test]
fn a_listener_that_never_reads_costs_the_relay_no_memory() {
    story(async {
        let home = Home::new();
        let relay = home.relay("127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let socket = deaf(addr).await;
        eventually("the endpoint", || async {
            let answer = Sender::to(addr)
                .send(Request::post("/tidy-otter", "x"))
                .await;
            match answer.status {
                202 => Ok(()),
                other => Err(format!("{other}")),
            }
        })
        .await;
        let Some(before) = relay.peak_memory() else {
            eprintln!("skipped: this system does not say how much memory a process has");
            return;
        };
        let mut senders = JoinSet::new();
        for n in 0..4_u8 {
            senders.spawn(async move {
                for _ in 0..6 {
                    let body = vec![n; 2 * 1024 * 1024];
                    let sender = Sender::to(addr);
                    let sent = sender.send(Request::post("/tidy-otter", body));
                    let sent = tokio::time::timeout(Duration::from_secs(10), sent).await;
                    assert_eq!(sent.expect("an answer in time").status, 202);
                }
            });
        }
        while let Some(ended) = senders.join_next().await {
            ended.expect("no panic");
        }
        let grown = relay.peak_memory().expect("as before") - before;
        assert!(grown < 32 * 1024, "48 MiB for nobody cost {grown} KiB");
        drop(socket);
    });
}

#[test]
fn a_large_body_whose_link_broke_is_two_tries_and_the_first_says_why() {
    story(async {
        let relay = TestRelay::start().await;
        let network = Proxy::to(relay.addr).await;
        let app = App::scripted(|mut stream, seen| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                // The listener also looks whether the port is open, and says nothing then.
                let Ok(byte) = stream.read_u8().await else {
                    return;
                };
                head.push(byte);
            }
            seen.push(head);
            let mut body = vec![0; LARGE];
            if stream.read_exact(&mut body).await.is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).await.expect("a peer that reads");
            }
        })
        .await;
        let listener = Setup::at(network.addr, &relay.token, Some(app.addr))
            .start()
            .await
            .live()
            .await;
        network.slow(100_000);
        let sender = Sender::to(relay.addr);
        let body = pattern(LARGE).to_vec();
        let send = sender.send(Request::post("/tidy-otter", body));
        let lose = async {
            eventually("the beginning at the app", || async {
                let seen = app.seen().len();
                (seen == 1).then_some(()).ok_or(format!("{seen}"))
            })
            .await;
            network.slow(0);
            network.cut();
            listener.connect_now.notify_one();
        };
        let (answer, ()) = tokio::join!(send, lose);
        assert_eq!(answer.status, 202, "{}", answer.text());
        let attempts = eventually("two tries", || async {
            let requests = listener.requests();
            let attempts = requests.first().map(|_| listener.attempts(1));
            let attempts = attempts.unwrap_or_default();
            let shown = format!("{attempts:?}");
            (attempts.len() == 2).then_some(attempts).ok_or(shown)
        })
        .await;
        let told: Vec<_> = attempts
            .iter()
            .map(|it| (it.try_number, it.cause, it.outcome))
            .collect();
        let expected = [
            (Some(1), Cause::Live, Outcome::Broken),
            (Some(2), Cause::Waited, Outcome::Answered),
        ];
        assert_eq!(told, expected, "{attempts:?}");
        let why = attempts[0].error.as_deref().unwrap_or_default();
        assert!(why.contains("broke off before its end"), "{why}");
    });
}
