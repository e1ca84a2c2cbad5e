//! A session over a pipe, against a listener that says what the test says: order, limits, what is offered again, what is kept.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    io::{DuplexStream, duplex},
    time::timeout,
};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::{
    capture::{
        AnswerPolicy, Body, Capture, CaptureId, EndpointName, Headers, Kind, Outcome, Sent, SentBy,
        Seq, UnixMillis, Version,
    },
    config::{Access, Limits},
    protocol::{Done, From, Hello, RequestHead, Reset, ResetCode, Resume, StreamId, Welcome},
    registry::{Expected, NoAnswer},
    store::{Cursor, Options, Retention},
};

/// Long enough for anything that happens at all on a busy machine.
const SOON: Duration = Duration::from_secs(10);

fn endpoint() -> EndpointName {
    "tidy-otter".parse().unwrap()
}

fn rooms(retention: Retention) -> Rooms {
    let access = Access::Embedded {
        token: "token".into(),
    };
    let store = Store::open(Options {
        folder: None,
        retention: retention.clone(),
        max_pages: None,
        reserve: 0,
    });
    let store = store.unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        public_url: None,
        data: None,
        tls: None,
        insecure_http: false,
        trusted_proxies: Vec::new(),
        access: access.clone(),
        limits: Limits::default(),
        retention,
        reserve: 0,
    };
    Rooms {
        config: Arc::new(config),
        accounts: Accounts::new(store.clone(), access, 0),
        store,
        registry: Registry::default(),
        public_url: "http://relay".into(),
        stop: CancellationToken::new(),
    }
}

/// A capture with a body of so many bytes, committed; its sender waits if it came as live.
async fn commit(rooms: &Rooms, body: usize) -> (CaptureId, Option<Expected>) {
    let id = CaptureId::new();
    let expected = rooms.registry.expect(&endpoint(), id);
    let bytes = Bytes::from(vec![b'x'; body]);
    let is_large = body > Body::INLINE;
    let mut draft = rooms.store.draft(id);
    if is_large {
        draft.push(bytes.clone()).await.unwrap();
    }
    let capture = Capture {
        id,
        endpoint: endpoint(),
        received_at: UnixMillis::now(),
        peer: [127, 0, 0, 1].into(),
        method: http::Method::POST,
        path: Bytes::from_static(b"/"),
        version: Version::Http11,
        scheme: None,
        headers: Headers::new(),
        trailers: Headers::new(),
        body: if is_large {
            Body::Pieces(body as u64)
        } else {
            Body::Whole(bytes)
        },
    };
    let draft = is_large.then_some(draft);
    rooms.store.append(Arc::new(capture), draft).await.unwrap();
    (id, expected)
}

fn hello(max_in_flight: u16, from: From, resume: Option<Resume>) -> Hello {
    Hello {
        version: "0".into(),
        endpoint: endpoint(),
        name: "laptop".into(),
        answer: AnswerPolicy::App,
        deadline_ms: 4_500,
        from,
        max_in_flight,
        resume,
    }
}

/// A listener at its end of the pipe; the session at the other end runs beside it.
struct Listener {
    out: Outbound,
    inbound: Inbound<DuplexStream>,
    tasks: JoinSet<()>,
}

impl Listener {
    async fn dial(rooms: &Rooms, max_in_flight: u16, resume: Option<Resume>) -> Self {
        Self::saying(rooms, hello(max_in_flight, From::Cursor, resume)).await
    }

    async fn saying(rooms: &Rooms, hello: Hello) -> Self {
        let (near, far) = duplex(64 * 1024);
        let config = Some(link::websocket_config());
        let far = Watched::new(far);
        let served = WebSocketStream::from_raw_socket(far, Role::Server, config).await;
        let login = rooms
            .accounts
            .login(Some("token"), [127, 0, 0, 1].into())
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(served, login, rooms.clone()));
        let near = Watched::new(near);
        let socket = WebSocketStream::from_raw_socket(near, Role::Client, config).await;
        let limits = link::Limits {
            dead_after: SOON,
            write_stall: SOON,
        };
        let (out, inbound, writer) = link::split(socket, limits);
        tasks.spawn(async move { drop(writer.run().await) });
        out.control(Frame::Hello(Box::new(hello))).await.unwrap();
        Self {
            out,
            inbound,
            tasks,
        }
    }

    /// The next frame that is no heartbeat.
    async fn next(&mut self) -> Incoming {
        loop {
            match timeout(SOON, self.inbound.next()).await.unwrap().unwrap() {
                Incoming::Heartbeat(_) => {}
                incoming => return incoming,
            }
        }
    }

    async fn welcome(&mut self) -> Welcome {
        match self.next().await {
            Incoming::Welcome(welcome) => *welcome,
            other => panic!("{other:?}"),
        }
    }

    async fn request(&mut self) -> (StreamId, RequestHead) {
        match self.next().await {
            Incoming::Request(stream, head, _) => (stream, *head),
            other => panic!("{other:?}"),
        }
    }

    async fn done(&self, stream: StreamId) {
        let done = Done {
            outcome: Outcome::Answered,
            ms: None,
        };
        self.out
            .control(Frame::Done { stream, done })
            .await
            .unwrap();
    }

    /// Hangs up, and waits until the session has ended.
    async fn leave(mut self) {
        self.out.close(1000);
        while self.inbound.next().await.is_ok() {}
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Claims the endpoint once, so that it exists.
async fn claimed(rooms: &Rooms) {
    let mut listener = Listener::dial(rooms, 32, None).await;
    listener.welcome().await;
    listener.leave().await;
}

#[tokio::test]
async fn what_is_offered_comes_in_order_and_never_more_than_is_allowed() {
    let rooms = rooms(Retention::default());
    claimed(&rooms).await;
    for _ in 0..8 {
        commit(&rooms, 1).await;
    }
    let mut listener = Listener::dial(&rooms, 3, None).await;
    assert_eq!(listener.welcome().await.waiting, 8);
    let mut open = Vec::new();
    for seq in 1..=3 {
        let (stream, head) = listener.request().await;
        assert_eq!((head.seq, head.kind), (Some(Seq(seq)), Kind::Waited));
        open.push(stream);
    }
    let more = timeout(Duration::from_millis(50), listener.request()).await;
    assert!(more.is_err(), "a fourth without a DONE: {more:?}");
    for seq in 4..=8 {
        listener.done(open.remove(0)).await;
        let (stream, head) = listener.request().await;
        assert_eq!(head.seq, Some(Seq(seq)));
        open.push(stream);
    }
}

#[tokio::test]
async fn the_next_link_is_offered_what_has_no_done_and_nothing_else() {
    // Many times, since a link that ends is seen by both halves of the session, in any order.
    for _ in 0..20 {
        let rooms = rooms(Retention::default());
        claimed(&rooms).await;
        for _ in 0..3 {
            commit(&rooms, 1).await;
        }
        let mut first = Listener::dial(&rooms, 32, None).await;
        first.welcome().await;
        let (one, _) = first.request().await;
        first.request().await;
        let (three, _) = first.request().await;
        first.done(one).await;
        first.done(three).await;
        first.leave().await;
        let kept = rooms.store.cursor(&endpoint()).await.unwrap();
        let open = vec![Seq(2)];
        assert_eq!(
            kept,
            Cursor {
                offered: Seq(3),
                open
            }
        );
        commit(&rooms, 1).await;
        let mut second = Listener::dial(&rooms, 32, None).await;
        assert_eq!(second.welcome().await.waiting, 2);
        assert_eq!(second.request().await.1.seq, Some(Seq(2)));
        assert_eq!(second.request().await.1.seq, Some(Seq(4)));
        second.leave().await;
    }
}

#[tokio::test]
async fn what_retention_dropped_is_a_gap() {
    let retention = Retention {
        count: 2,
        ..Retention::default()
    };
    let rooms = rooms(retention);
    claimed(&rooms).await;
    for _ in 0..5 {
        commit(&rooms, 1).await;
    }
    rooms.store.trim().await.unwrap();
    let mut listener = Listener::dial(&rooms, 32, None).await;
    listener.welcome().await;
    let (_, head) = listener.request().await;
    assert_eq!((head.seq, head.gap), (Some(Seq(4)), 3));
    let (_, head) = listener.request().await;
    assert_eq!((head.seq, head.gap), (Some(Seq(5)), 0));
}

#[tokio::test]
async fn a_link_of_an_older_epoch_is_refused_and_one_of_this_epoch_replaces_its_own() {
    let rooms = rooms(Retention::default());
    let mut first = Listener::dial(&rooms, 32, None).await;
    let old = first.welcome().await;
    let resume = Resume {
        session: old.session,
        epoch: old.epoch,
    };
    let mut same = Listener::dial(&rooms, 32, Some(resume.clone())).await;
    assert_eq!(same.welcome().await.epoch, resume.epoch);
    let gone = timeout(SOON, first.inbound.next()).await.unwrap();
    assert!(
        matches!(gone, Err(LinkError::Closed) | Ok(Incoming::Heartbeat(_))),
        "{gone:?}"
    );
    let mut newer = Listener::dial(&rooms, 32, None).await;
    assert!(newer.welcome().await.epoch > resume.epoch);
    let mut late = Listener::dial(&rooms, 32, Some(resume)).await;
    match late.next().await {
        Incoming::Error(error) => {
            assert_eq!((error.code, error.fatal), (ErrorCode::TakenOver, true));
            // By whom: the name that the newer one gave.
            assert_eq!(error.text, hello(32, From::Cursor, None).name);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_listener_was_too_busy_for_is_offered_again_on_the_same_link() {
    let rooms = rooms(Retention::default());
    let mut listener = Listener::dial(&rooms, 32, None).await;
    listener.welcome().await;
    let (id, expected) = commit(&rooms, 10).await;
    let (refused, head) = listener.request().await;
    assert_eq!((head.id, head.kind), (id, Kind::Live));
    let reset = Reset {
        code: ResetCode::Busy,
        text: String::new(),
    };
    let frame = Frame::Reset {
        stream: refused,
        reset,
    };
    listener.out.control(frame).await.unwrap();
    let mut expected = expected.unwrap();
    let answer = timeout(SOON, expected.answer()).await.unwrap();
    assert_eq!(answer.unwrap_err(), NoAnswer::NoListener);
    expected.sent(Sent {
        status: Some(202),
        by: SentBy::Policy,
    });
    // What comes meanwhile keeps nobody waiting.
    let (second, _waits) = commit(&rooms, 10).await;
    let (stream, head) = listener.request().await;
    assert_eq!(head.id, second);
    listener.done(stream).await;
    let (again, head) = listener.request().await;
    assert_eq!((head.id, head.kind), (id, Kind::Waited));
    assert_ne!(again, refused);
    listener.done(again).await;
    listener.leave().await;
    let cursor = rooms.store.cursor(&endpoint()).await.unwrap();
    assert_eq!((cursor.offered, cursor.open), (Seq(2), Vec::new()));
}

#[tokio::test]
async fn what_the_sender_got_is_never_said_before_its_request() {
    let rooms = rooms(Retention::default());
    let mut listener = Listener::dial(&rooms, 32, None).await;
    listener.welcome().await;
    let mut senders = Vec::new();
    for _ in 0..20 {
        senders.push(commit(&rooms, Body::INLINE).await);
    }
    // Pipe and lanes are full by then, and one REQUEST waits for its place.
    while rooms.store.cursor(&endpoint()).await.unwrap().offered < Seq(9) {
        tokio::task::yield_now().await;
    }
    let ids: Vec<CaptureId> = senders.iter().map(|(id, _)| *id).collect();
    for (_, expected) in senders {
        expected.expect("a listener is there").sent(Sent {
            status: Some(202),
            by: SentBy::Policy,
        });
    }
    let (mut begun, mut told) = (Vec::new(), Vec::new());
    while told.len() < ids.len() {
        match listener.next().await {
            Incoming::Request(stream, head, _) => {
                assert_eq!(head.kind, Kind::Live);
                begun.push(stream);
            }
            Incoming::Sent(stream, _) => {
                assert!(begun.contains(&stream), "{stream} was never begun");
                told.push(stream);
            }
            other => panic!("{other:?}"),
        }
    }
    told.sort_unstable();
    assert_eq!(told, begun);
}

#[tokio::test]
async fn where_a_listener_begins_is_kept_before_it_is_welcome() {
    let rooms = rooms(Retention::default());
    claimed(&rooms).await;
    commit(&rooms, 1).await;
    commit(&rooms, 1).await;
    let mut listener = Listener::saying(&rooms, hello(32, From::Now, None)).await;
    assert_eq!(listener.welcome().await.waiting, 0);
    let kept = rooms.store.cursor(&endpoint()).await.unwrap();
    assert_eq!((kept.offered, kept.open), (Seq(2), Vec::new()));
}

#[tokio::test]
async fn a_black_holed_link_is_found_in_under_45_s() {
    let rooms = rooms(Retention::default());
    let mut listener = Listener::dial(&rooms, 32, None).await;
    listener.welcome().await;
    let (_, expected) = commit(&rooms, 1).await;
    let mut expected = expected.expect("a listener is there");
    listener.request().await;
    // From here on it says nothing, though the pipe is open and takes what the relay says.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = expected.answer().await;
    let after = began.elapsed();
    assert_eq!(answer.unwrap_err(), NoAnswer::NoListener);
    assert!(after < Duration::from_secs(45), "{after:?}");
    assert!(after > Duration::from_secs(30), "{after:?}");
    assert!(!rooms.registry.is_held(&endpoint()));
    assert_eq!(
        rooms.store.cursor(&endpoint()).await.unwrap().open,
        [Seq(1)]
    );
    drop(listener);
}

#[tokio::test]
async fn a_relay_that_stops_tells_each_listener_when_to_come_back() {
    let rooms = rooms(Retention::default());
    let mut listener = Listener::dial(&rooms, 32, None).await;
    listener.welcome().await;
    rooms.stop.cancel();
    let said = loop {
        match listener.next().await {
            Incoming::GoAway(said) => break said,
            Incoming::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(said.reason, "the relay is restarting");
    // One session is one of a thousand that come back within a second.
    assert!(said.reconnect_in_ms < 1_000, "{said:?}");
}
