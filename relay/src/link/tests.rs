//! The link over a pipe of 8 bytes, in paused time: what it does to frames, and when it ends.
//!
//! One end is a link, the other a bare websocket that does as the test says, or a second link. Bodies are in `tests/bodies.rs`.

mod bodies;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::*;
use crate::{
    capture::{CaptureId, Headers, Kind, Outcome, SentBy, UnixMillis, Version},
    protocol::{ErrorCode, Frame, ResetCode},
};

const LIMITS: Limits = Limits {
    dead_after: Duration::from_secs(40),
    write_stall: Duration::from_secs(60),
};

/// A link whose writer runs.
struct End {
    out: Outbound,
    inbound: Inbound<DuplexStream>,
    writer: JoinSet<Result<(), LinkError>>,
}

impl End {
    async fn new(stream: DuplexStream, role: Role) -> Self {
        let config = Some(websocket_config());
        let socket = WebSocketStream::from_raw_socket(Watched::new(stream), role, config).await;
        let (out, inbound, run) = split(socket, LIMITS);
        let mut writer = JoinSet::new();
        writer.spawn(run.run());
        Self {
            out,
            inbound,
            writer,
        }
    }

    async fn written(&mut self) -> Result<(), LinkError> {
        self.writer.join_next().await.unwrap().unwrap()
    }
}

/// The other end, with nothing of ours but the codec.
struct Bare(WebSocketStream<DuplexStream>);

impl Bare {
    async fn frame(&mut self) -> Frame {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Binary(bytes) => return Frame::decode(bytes).unwrap().unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn send(&mut self, frame: Frame) {
        self.0.send(Message::Binary(frame.encode())).await.unwrap();
    }

    async fn close_code(&mut self) -> u16 {
        match self.0.next().await.unwrap().unwrap() {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }
}

/// A relay's link and a bare listener.
async fn relay() -> (End, Bare) {
    let (near, far) = duplex(8);
    let far = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
    (End::new(near, Role::Server).await, Bare(far))
}

/// A listener's link and a bare relay.
async fn listener() -> (End, Bare) {
    let (near, far) = duplex(8);
    let far = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
    (End::new(near, Role::Client).await, Bare(far))
}

/// Sends a frame and takes what the link makes of it; apart they would wait for each other.
async fn over(bare: &mut Bare, end: &mut End, frame: Frame) -> Incoming {
    let ((), incoming) = tokio::join!(bare.send(frame), end.inbound.next());
    incoming.unwrap()
}

fn request(stream: StreamId, end: bool) -> Frame {
    let head = RequestHead {
        id: CaptureId::new(),
        seq: None,
        kind: Kind::Live,
        method: "POST".to_owned(),
        path: Bytes::from_static(b"/"),
        version: Version::Http11,
        scheme: None,
        headers: Headers::new(),
        trailers: Headers::new(),
        peer: [127, 0, 0, 1].into(),
        received_at: UnixMillis(0),
        length: None,
        gap: 0,
        upgrade: false,
    };
    Frame::Request {
        stream,
        head: Box::new(head),
        first: Bytes::from_static(b"first"),
        end,
    }
}

fn response(stream: StreamId, end: bool) -> Frame {
    let head = ResponseHead {
        status: 200,
        headers: Headers::new(),
        ms: 1,
    };
    Frame::Response {
        stream,
        head: Box::new(head),
        first: Bytes::from_static(b"first"),
        end,
    }
}

fn done(stream: StreamId) -> Frame {
    let outcome = Outcome::Answered;
    Frame::Done {
        stream,
        done: Done { outcome, ms: None },
    }
}

fn sent(stream: StreamId) -> Frame {
    let (status, by) = (Some(200), SentBy::App);
    Frame::Sent {
        stream,
        sent: Sent {
            status,
            by,
            ms: None,
        },
    }
}

fn reset(code: ResetCode) -> Reset {
    let text = String::new();
    Reset { code, text }
}

fn is_protocol(result: &Result<Incoming, LinkError>) -> bool {
    matches!(result, Err(LinkError::Protocol(_)))
}

#[tokio::test(start_paused = true)]
async fn silence_ends_the_link_on_time() {
    let (mut end, _bare) = relay().await;
    let start = Instant::now();
    let error = end.inbound.next().await.unwrap_err();
    assert_eq!(error, LinkError::Silent(LIMITS.dead_after));
    assert_eq!(start.elapsed().as_secs(), 40);
    assert_eq!(end.written().await, Err(error.clone()));
    assert_eq!(end.inbound.next().await.unwrap_err(), error);
    assert_eq!(end.out.control(done(1)).await, Err(LinkError::Closed));
}

#[tokio::test(start_paused = true)]
async fn bytes_of_an_unfinished_message_are_life() {
    let (near, mut far) = duplex(8);
    let mut end = End::new(near, Role::Client).await;
    let start = Instant::now();
    let dribble = async {
        // The head of a binary message of 100 bytes, and four of them.
        for byte in [0x82, 100, 5, 0, 0, 0] {
            sleep(Duration::from_secs(30)).await;
            far.write_all(&[byte]).await.unwrap();
        }
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        error = end.inbound.next() => error.unwrap_err(),
        () = dribble => unreachable!(),
    };
    assert_eq!(error, LinkError::Silent(LIMITS.dead_after));
    assert_eq!(start.elapsed().as_secs(), 6 * 30 + 40);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_stands_still_ends_the_link() {
    let (mut end, _bare) = relay().await;
    let start = Instant::now();
    let mut body = end.out.head(request(1, false)).await.unwrap();
    assert_eq!(
        end.written().await,
        Err(LinkError::Stalled(LIMITS.write_stall))
    );
    assert_eq!(start.elapsed().as_secs(), 60);
    body.cancelled().await;
    assert_eq!(
        end.inbound.next().await.unwrap_err(),
        LinkError::Stalled(LIMITS.write_stall)
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_creeps_does_not() {
    let (near, mut far) = duplex(8);
    let mut end = End::new(near, Role::Server).await;
    end.out.control(done(1)).await.unwrap();
    for _ in 0..12 {
        sleep(Duration::from_secs(50)).await;
        far.read_u8().await.unwrap();
    }
    assert!(end.writer.try_join_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn control_goes_before_heads_and_heads_before_data() {
    let (end, mut bare) = relay().await;
    let mut body = end.out.head(request(1, false)).await.unwrap();
    body.send(Bytes::from(vec![0; 256 * 1024])).await.unwrap();
    // The pipe is full of the first frames by now, and nothing is read yet.
    sleep(Duration::from_secs(1)).await;
    let _other = end.out.head(request(2, true)).await.unwrap();
    end.out.control(sent(7)).await.unwrap();
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(match bare.frame().await {
            Frame::Request { stream: 1, .. } => "first",
            Frame::Request { .. } => "head",
            Frame::Sent { .. } => "control",
            _ => "data",
        });
    }
    let at = |what| order.iter().position(|o| *o == what).expect(what);
    assert!(at("control") < at("head"), "{order:?}");
    // What was in the websocket's buffer (16 KiB and a frame, twice) cannot be overtaken; all else is.
    assert!(at("head") <= 5, "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_of_a_stream_before_its_head() {
    let (end, mut bare) = relay().await;
    let _stuck = end.out.head(request(1, true)).await.unwrap();
    let body = end.out.head(request(2, false)).await.unwrap();
    end.out.control(sent(2)).await.unwrap();
    body.reset(reset(ResetCode::Unavailable));
    end.out.control(sent(9)).await.unwrap();
    let mut order = Vec::new();
    for _ in 0..5 {
        let frame = bare.frame().await;
        order.push((frame.stream(), frame.encode()[0]));
    }
    assert_eq!(order, [(9, 7), (1, 3), (2, 3), (2, 7), (2, 8)]);
}

#[tokio::test(start_paused = true)]
async fn a_full_lane_says_so_and_frees_itself() {
    let (near, far) = duplex(8);
    let socket = WebSocketStream::from_raw_socket(
        Watched::new(near),
        Role::Server,
        Some(websocket_config()),
    )
    .await;
    let (out, _inbound, writer) = split(socket, LIMITS);
    for _ in 0..shared::CONTROL_LANE {
        assert!(out.try_control(done(1)));
    }
    assert!(!out.try_control(done(1)));
    let mut tasks = JoinSet::new();
    tasks.spawn(writer.run());
    let mut bare = Bare(WebSocketStream::from_raw_socket(far, Role::Client, None).await);
    let wait = out.control(done(2));
    let read = async {
        for _ in 0..shared::CONTROL_LANE {
            assert_eq!(bare.frame().await, done(1));
        }
        assert_eq!(bare.frame().await, done(2));
    };
    let (waited, ()) = tokio::join!(wait, read);
    waited.unwrap();
}

#[tokio::test(start_paused = true)]
async fn close_flushes_what_is_queued_and_gives_the_code() {
    let (mut end, mut bare) = relay().await;
    end.out.control(done(1)).await.unwrap();
    let _body = end.out.head(request(2, true)).await.unwrap();
    end.out.close(1012);
    assert_eq!(end.out.control(done(3)).await, Err(LinkError::Closed));
    let peer = async {
        assert_eq!(bare.frame().await, done(1));
        assert_eq!(bare.frame().await.stream(), 2);
        assert_eq!(bare.close_code().await, 1012);
        assert!(bare.0.next().await.is_none());
    };
    let inbound = async { end.inbound.next().await.unwrap_err() };
    let ((), error) = tokio::join!(peer, inbound);
    assert_eq!(error, LinkError::Closed);
    assert_eq!(end.written().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn last_words_reach_a_peer_that_is_still_talking() {
    let (mut end, bare) = relay().await;
    end.out.control(done(1)).await.unwrap();
    end.out.close(1008);
    drop(end.inbound);
    let (mut talk, mut listen) = bare.0.split();
    let talking = async {
        // The link hangs up some time; until then it takes what comes.
        while talk
            .send(Message::Binary(response(5, false).encode()))
            .await
            .is_ok()
        {}
    };
    let listening = async {
        let words = listen.next().await.unwrap().unwrap();
        assert_eq!(words, Message::Binary(done(1).encode()));
        let Message::Close(Some(frame)) = listen.next().await.unwrap().unwrap() else {
            panic!("a close comes last");
        };
        assert_eq!(u16::from(frame.code), 1008);
    };
    tokio::join!(talking, listening);
    assert_eq!(end.writer.join_next().await.unwrap().unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_or_vanishes_ends_both_halves() {
    let (mut end, mut bare) = relay().await;
    bare.0.close(None).await.unwrap();
    assert_eq!(end.inbound.next().await.unwrap_err(), LinkError::Closed);
    assert_eq!(end.written().await, Err(LinkError::Closed));

    let (mut end, bare) = listener().await;
    drop(bare);
    assert_eq!(end.inbound.next().await.unwrap_err(), LinkError::Closed);
    assert_eq!(end.written().await, Err(LinkError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_writer_ends_the_link() {
    let (mut end, _bare) = relay().await;
    end.writer.abort_all();
    assert_eq!(end.inbound.next().await.unwrap_err(), LinkError::Closed);
    assert!(!end.out.try_control(done(1)));
}

#[tokio::test(start_paused = true)]
async fn a_broken_rule_is_told_before_the_link_ends() {
    let rules = [
        vec![Message::text("hello")],
        vec![Message::Binary(Bytes::from_static(b"\x09\0\0"))],
        vec![Message::Binary(Bytes::from_static(b"\x06\0\0\0\0\x01{}"))],
        vec![Message::Binary(Bytes::from(vec![0; MAX_MESSAGE + 1]))],
        vec![
            Message::Binary(request(1, true).encode()),
            Message::Binary(request(1, true).encode()),
        ],
        vec![
            Message::Binary(response(1, false).encode()),
            Message::Binary(response(1, false).encode()),
        ],
    ];
    for messages in rules {
        let (mut end, mut bare) = relay().await;
        let peer = async {
            for message in messages {
                // An over-long message is refused from its head, so not all of it goes out.
                let _ = tokio::time::timeout(Duration::from_millis(1), bare.0.send(message)).await;
            }
            let Frame::Error(error) = bare.frame().await else {
                panic!("ERROR comes first");
            };
            assert_eq!(error.code, ErrorCode::Protocol);
            assert_eq!(bare.close_code().await, 1002);
        };
        let inbound = async {
            let mut kept = Vec::new();
            loop {
                match end.inbound.next().await {
                    Ok(incoming) => kept.push(incoming),
                    error => break error,
                }
            }
        };
        let ((), error) = tokio::join!(peer, inbound);
        assert!(is_protocol(&error));
        assert!(matches!(end.written().await, Err(LinkError::Protocol(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_or_over_is_ignored() {
    let (mut end, mut bare) = relay().await;
    let bytes = Bytes::from_static(b"late");
    let peer = async {
        let unknown = Bytes::from_static(b"\x7f\0\0\0\0\x01?");
        bare.0.send(Message::Binary(unknown)).await.unwrap();
        bare.send(Frame::Data {
            stream: 3,
            bytes,
            end: false,
        })
        .await;
        bare.send(Frame::Window {
            stream: 3,
            credit: u32::MAX,
        })
        .await;
        bare.0
            .send(Message::Ping(Bytes::from_static(b"hi")))
            .await
            .unwrap();
        bare.send(done(3)).await;
    };
    let ((), incoming) = tokio::join!(peer, end.inbound.next());
    assert!(matches!(incoming, Ok(Incoming::Done(3, _))));
    let pong = async {
        loop {
            if let Message::Pong(bytes) = bare.0.next().await.unwrap().unwrap() {
                return bytes;
            }
        }
    };
    tokio::select! {
        bytes = pong => assert_eq!(bytes, "hi"),
        _ = end.inbound.next() => panic!("nothing came"),
    }
}
