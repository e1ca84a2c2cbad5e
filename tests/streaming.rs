//! Stories of bodies that do not fit into one frame: large ones, slow ones, endless ones, and upgraded connections.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::support::{
    Request, Sender, TestRelay, TestTarget, eventually,
    listener::Setup,
    pattern,
    proxy::Proxy,
    sender, story,
    target::{Answer, answer},
};

/// An answer whose body is what comes by the channel.
pub(crate) fn streamed(mut pieces: mpsc::Receiver<Bytes>) -> Answer {
    let stream = futures_util::stream::poll_fn(move |context| pieces.poll_recv(context))
        .map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
    use futures_util::StreamExt;
    let body = StreamBody::new(stream)
        .map_err(|never| match never {})
        .boxed_unsync();
    http::Response::builder()
        .status(200)
        .header("content-type", "text/event-stream")
        .body(body)
        .expect("an answer")
}

#[test]
fn twenty_five_mebibytes_go_both_ways_unchanged() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|got| {
            let body = got.body.clone();
            async move { answer(200, body) }
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.deadline = Duration::from_secs(60))
            .start()
            .await
            .live()
            .await;
        let body = pattern(25 * 1024 * 1024);
        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", body.to_vec()))
            .await;
        assert_eq!((answer.status, answer.is_whole), (200, true));
        assert!(answer.body == body[..], "the answer is the body");
        let requests = listener.wait_for(1).await;
        let kept = eventually("the answer's end", || async {
            let kept = listener
                .attempts(requests[0].summary.number)
                .remove(0)
                .answer
                .expect("an answer");
            if kept.ended {
                Ok(kept)
            } else {
                Err(format!("{} bytes so far", kept.len))
            }
        })
        .await;
        assert_eq!((kept.len, kept.body.len()), (25 * 1024 * 1024, 1024 * 1024));
        assert_eq!(requests[0].summary.size, Some(25 * 1024 * 1024));
    });
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_read() {
    story(async {
        let relay = TestRelay::start().await;
        let _listener = Setup::new(&relay, None).start().await.live().await;
        let mut stream = TcpStream::connect(relay.addr).await.unwrap();
        let head = format!(
            "POST /tidy-otter HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            relay.addr,
            25 * 1024 * 1024 + 1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(sender::read(&mut stream, false).await.unwrap().status, 413);
    });
}

#[test]
fn each_server_sent_event_reaches_the_sender_as_the_app_writes_it() {
    story(async {
        let relay = TestRelay::start().await;
        let (events, pieces) = mpsc::channel(1);
        let pieces = std::sync::Mutex::new(Some(pieces));
        let target = TestTarget::answering(move |_| {
            let pieces = pieces.lock().unwrap().take().expect("one request");
            async move { streamed(pieces) }
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let mut stream = TcpStream::connect(relay.addr).await.unwrap();
        stream
            .write_all(&Request::get("/tidy-otter/events").head(relay.addr))
            .await
            .unwrap();
        let mut got = Vec::new();
        for n in 0..5 {
            let event = format!("data: {n}\n\n");
            events.send(Bytes::from(event.clone())).await.unwrap();
            while !String::from_utf8(got.clone()).unwrap().contains(&event) {
                assert!(
                    stream.read_buf(&mut got).await.unwrap() > 0,
                    "the connection goes on"
                );
            }
        }
        // Its attempt is recorded although the answer streams on.
        listener.wait_for(1).await;
        drop(events);
        let mut rest = Vec::new();
        while !rest.ends_with(b"0\r\n\r\n") {
            assert!(stream.read_buf(&mut rest).await.unwrap() > 0, "a clean end");
        }
    });
}

#[test]
fn an_answer_is_kept_whole_though_its_sender_left_after_the_beginning() {
    story(async {
        let relay = TestRelay::start().await;
        let (events, pieces) = mpsc::channel(1);
        let pieces = std::sync::Mutex::new(Some(pieces));
        let target = TestTarget::answering(move |_| {
            let pieces = pieces.lock().unwrap().take();
            async move { pieces.map_or_else(|| answer(200, "ok"), streamed) }
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let mut stream = TcpStream::connect(relay.addr).await.unwrap();
        stream
            .write_all(&Request::get("/tidy-otter/long").head(relay.addr))
            .await
            .unwrap();
        events.send(Bytes::from("first, ")).await.unwrap();
        let mut got = Vec::new();
        while !got.windows(7).any(|part| part == b"first, ") {
            assert!(stream.read_buf(&mut got).await.unwrap() > 0, "it goes on");
        }
        drop(stream);
        // The relay tells the listener before it carries what comes later.
        let sender = Sender::to(relay.addr);
        for _ in 0..2 {
            let later = sender.send(Request::post("/tidy-otter/later", "x")).await;
            assert_eq!(later.status, 200);
        }
        events.send(Bytes::from("last")).await.unwrap();
        drop(events);
        let requests = listener.wait_for(3).await;
        let number = requests.iter().map(|one| one.summary.number).min();
        eventually("the whole answer", || async {
            let attempt = listener.attempts(number.expect("a request")).remove(0);
            let kept = attempt.answer.as_ref().expect("an answer");
            match (kept.ended, &kept.body[..]) {
                (true, b"first, last") => Ok(()),
                _ => Err(format!("{attempt:?}")),
            }
        })
        .await;
        let attempt = listener.attempts(number.expect("a request")).remove(0);
        assert_eq!(
            (attempt.outcome.as_str(), attempt.error),
            ("answered", None)
        );
    });
}

#[test]
fn an_answer_that_breaks_off_never_looks_whole() {
    story(async {
        let relay = TestRelay::start().await;
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = app.local_addr().unwrap();
        let breaking = async {
            let mut request = vec![0; 4096];
            // The listener also looks whether the port is open, and sends nothing then.
            let mut stream = loop {
                let (mut stream, _) = app.accept().await.unwrap();
                if stream.read(&mut request).await.unwrap() > 0 {
                    break stream;
                }
            };
            let part = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nonly this";
            stream.write_all(part).await.unwrap();
        };
        let listener = Setup::new(&relay, Some(addr)).start().await.live().await;
        let sender = Sender::to(relay.addr);
        let (answer, ()) = tokio::join!(sender.send(Request::post("/tidy-otter", "x")), breaking);
        assert!(answer.status == 502 || !answer.is_whole, "{answer:?}");
        let requests = listener.wait_for(1).await;
        eventually("the reason", || async {
            let attempt = listener.attempts(requests[0].summary.number).remove(0);
            let ended = attempt.answer.as_ref().is_some_and(|kept| kept.ended);
            if attempt.error.is_some() && !ended {
                Ok(())
            } else {
                Err(format!("{attempt:?}"))
            }
        })
        .await;
    });
}

#[test]
fn a_hundred_thousand_pieces_of_one_byte_arrive() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|_| async {
            let (sender, pieces) = mpsc::channel(64);
            #[expect(clippy::disallowed_methods, reason = "ends with its channel")]
            tokio::spawn(async move {
                for n in 0..100_000_u32 {
                    if sender
                        .send(Bytes::from(vec![(n % 251) as u8]))
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
            });
            streamed(pieces)
        })
        .await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let answer = Sender::to(relay.addr)
            .send(Request::get("/tidy-otter"))
            .await;
        assert_eq!(
            (answer.status, answer.is_whole, answer.body.len()),
            (200, true, 100_000)
        );
        assert!(
            answer
                .body
                .iter()
                .enumerate()
                .all(|(n, byte)| *byte == (n as u32 % 251) as u8)
        );
    });
}

#[test]
fn a_sender_that_stops_reading_delays_no_other() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|got| {
            let is_stream = got.path == "/stream";
            async move {
                if !is_stream {
                    return answer(200, "ok");
                }
                let (sender, pieces) = mpsc::channel(4);
                #[expect(clippy::disallowed_methods, reason = "ends with its channel")]
                tokio::spawn(async move {
                    while sender
                        .send(Bytes::from(vec![b'x'; 16 * 1024]))
                        .await
                        .is_ok()
                    {}
                });
                streamed(pieces)
            }
        })
        .await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let mut stuck = TcpStream::connect(relay.addr).await.unwrap();
        stuck
            .write_all(&Request::get("/tidy-otter/stream").head(relay.addr))
            .await
            .unwrap();
        let mut some = vec![0; 1024];
        stuck.read_exact(&mut some).await.unwrap();
        let sender = Sender::to(relay.addr);
        // It never reads on: what waited for it would wait until the story's end.
        for _ in 0..50 {
            let request = Request::post("/tidy-otter/other", "x");
            assert_eq!(sender.send(request).await.status, 200);
        }
    });
}

#[test]
fn a_large_body_does_not_delay_a_small_one() {
    story(async {
        // A machine that is busy with something else may spoil a round, not each of them.
        let mut rounds = Vec::new();
        while rounds.len() < 3 {
            let took = beside_a_large_body().await;
            if took < Duration::from_millis(500) {
                return;
            }
            rounds.push(took);
        }
        panic!("small webhooks took up to {rounds:?}");
    });
}

/// How long the slowest of some small webhooks took while a large one crawled over the same link.
async fn beside_a_large_body() -> Duration {
    let relay = TestRelay::start().await;
    let network = Proxy::to(relay.addr).await;
    let target = TestTarget::start().await;
    let _listener = Setup::new(&relay, Some(target.addr))
        .plan(|plan| {
            plan.relay.port = network.addr.port();
            plan.deadline = Duration::from_secs(60);
        })
        .start()
        .await
        .live()
        .await;
    network.slow(10_000_000 / 8);
    let sender = Sender::to(relay.addr);
    // 25 MiB take 21 s at 10 Mbit/s; a fifth of them shows the same.
    let body = pattern(5 * 1024 * 1024).to_vec();
    let large = sender.send(Request::post("/tidy-otter/large", body));
    let small = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let began = Instant::now();
            let request = Request::post("/tidy-otter/small", vec![b'x'; 1024]);
            assert_eq!(sender.send(request).await.status, 200);
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let (large, slowest) = tokio::join!(large, small);
    assert_eq!(large.status, 200);
    slowest
}

#[test]
fn a_websocket_is_carried_through_to_the_app() {
    story(async {
        use futures_util::{SinkExt, StreamExt};
        use tokio_tungstenite::tungstenite::Message;

        let relay = TestRelay::start().await;
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = app.local_addr().unwrap();
        let listener = Setup::new(&relay, Some(addr)).start().await.live().await;
        let echo = async {
            loop {
                let (stream, _) = app.accept().await.unwrap();
                // The listener also looks whether the port is open.
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                    continue;
                };
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_close() {
                        break;
                    }
                    socket.send(message).await.unwrap();
                }
                break;
            }
        };
        let talk = async {
            let stream = TcpStream::connect(relay.addr).await.unwrap();
            let url = format!("ws://{}/tidy-otter/chat?room=1", relay.addr);
            let (mut socket, response) =
                tokio_tungstenite::client_async(url, stream).await.unwrap();
            assert_eq!(response.status(), 101);
            for size in [0, 1, 70_000, 300_000] {
                let message = Message::Binary(pattern(size).to_vec().into());
                socket.send(message.clone()).await.unwrap();
                assert_eq!(socket.next().await.unwrap().unwrap(), message);
            }
            socket.close(None).await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
        };
        tokio::join!(echo, talk);
        let requests = listener.wait_for(1).await;
        assert_eq!(requests[0].summary.seq, None);
        assert_eq!(
            requests[0]
                .summary
                .last
                .as_ref()
                .and_then(|last| last.status),
            Some(101)
        );
        let carried = eventually("what it carried", || async {
            let attempts = listener.attempts(1);
            let answer = attempts[0].answer.clone().expect("an answer");
            let carried = answer.carried.filter(|_| answer.ended);
            carried
                .map(|it| (it, answer.len))
                .ok_or(format!("{attempts:?}"))
        })
        .await;
        // Four messages each way, their frames' heads, and a close.
        let messages = 370_001;
        for way in [carried.0.up, carried.1] {
            assert!((messages + 4..messages + 100).contains(&way), "{carried:?}");
        }
        assert!(carried.0.lasted > Duration::ZERO);
    });
}

#[test]
fn an_upgrade_without_a_listener_is_a_503() {
    story(async {
        let relay = TestRelay::start().await;
        Setup::new(&relay, None)
            .start()
            .await
            .live()
            .await
            .stop()
            .await;
        let request = Request::get("/tidy-otter/chat")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(Sender::to(relay.addr).send(request).await.status, 503);
    });
}
