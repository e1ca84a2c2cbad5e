//! One link of a listener over a pipe, in paused time, against a relay that says what the test says: when it counts as lost.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hooktool_relay::{
    capture::{CaptureId, Epoch, Headers, Kind, Seq, SessionId, UnixMillis, Version},
    link::{self, Watched},
    protocol::{Frame, GoAway, Heartbeat, RequestHead, Welcome},
};
use tempfile::TempDir;
use tokio::{
    io::{DuplexStream, duplex},
    task::{JoinSet, spawn_blocking},
    time::sleep,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::*;
use crate::{
    agent::{dial::Wire, serving::Lost},
    forward::{HostHeader, Options},
    history::Retention,
};

/// Interval of the relay's heartbeats.
const BEAT: Duration = Duration::from_secs(15);

/// A listener that captures only.
async fn agent(folder: &TempDir) -> Agent {
    let path = folder.path().join("history.db");
    let history = spawn_blocking(move || History::open(&path, Retention::default()));
    let history = history.await.unwrap().unwrap();
    let options = Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(60),
    };
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let plan = Plan {
        recognise: None,
        relay: Endpoint {
            is_tls: false,
            host: nowhere.ip().to_string(),
            port: nowhere.port(),
            path: String::new(),
            token: None,
            offer: None,
        },
        relay_name: Arc::from("test"),
        endpoint: "tidy-otter".parse().unwrap(),
        name: "laptop".into(),
        answer: AnswerPolicy::App,
        deadline: Duration::from_millis(4_500),
        from: From::Cursor,
        max_in_flight: 32,
        routes: Routes {
            default: None,
            routes: Vec::new(),
        },
        wait_for_target: false,
        retry: 0,
        answer_challenges: false,
        only: None,
    };
    let (minted, _) = tokio::sync::mpsc::channel(1);
    Agent::new(
        plan,
        Forwarder::new(options).unwrap(),
        history,
        Board::new(),
        Arc::new(Notify::new()),
        minted,
    )
}

/// The relay's end of the pipe, as bare as can be.
struct Relay {
    socket: WebSocketStream<DuplexStream>,
    session: SessionId,
}

impl Relay {
    async fn welcome(&mut self) {
        let hello = self.socket.next().await.unwrap().unwrap();
        let hello = Frame::decode(hello.into_data()).unwrap();
        assert!(matches!(hello, Some(Frame::Hello(_))), "{hello:?}");
        let welcome = Welcome {
            url: "http://relay/tidy-otter".into(),
            session: self.session.clone(),
            epoch: Epoch(1),
            offered: Seq(0),
            head: Seq(0),
            waiting: 0,
            waiting_since: None,
            max_body: 1,
            heartbeat_ms: 15_000,
            token: None,
        };
        self.send(Frame::Welcome(Box::new(welcome))).await;
    }

    async fn beat(&mut self, offered: u64, head: u64) {
        let beat = Heartbeat {
            session: self.session.clone(),
            epoch: Epoch(1),
            offered: Seq(offered),
            head: Seq(head),
        };
        self.send(Frame::Heartbeat(beat)).await;
    }

    /// Offers a capture that has waited.
    async fn offer(&mut self, seq: u64) {
        let head = RequestHead {
            id: CaptureId::new(),
            seq: Some(Seq(seq)),
            kind: Kind::Waited,
            method: "POST".into(),
            path: Bytes::from_static(b"/"),
            version: Version::Http11,
            scheme: None,
            headers: Headers::new(),
            trailers: Headers::new(),
            peer: [192, 0, 2, 1].into(),
            received_at: UnixMillis::now(),
            length: None,
            gap: 0,
            upgrade: false,
        };
        self.send(Frame::Request {
            stream: u32::try_from(seq).unwrap(),
            head: Box::new(head),
            first: Bytes::new(),
            end: true,
        })
        .await;
    }

    async fn send(&mut self, frame: Frame) {
        // A listener that has given up reads no more, which the test sees by itself.
        let _ = self.socket.send(Message::Binary(frame.encode())).await;
    }
}

/// Serves one link against this relay. How it was lost, and how long after the script ended or, if it never does, began.
async fn served<F>(script: impl FnOnce(Relay) -> F) -> (Lost, Duration)
where
    F: Future<Output = Relay> + Send + 'static,
{
    let folder = tempfile::tempdir().unwrap();
    let mut agent = agent(&folder).await;
    tokio::time::pause();
    // Room for all that a link says in a minute: a black hole takes it, and nobody reads it.
    let (near, far) = duplex(64 * 1024);
    let near: Box<dyn Wire> = Box::new(near);
    let config = Some(link::websocket_config());
    let socket = WebSocketStream::from_raw_socket(Watched::new(near), Role::Client, config).await;
    let relay = Relay {
        socket: WebSocketStream::from_raw_socket(far, Role::Server, None).await,
        session: SessionId::new(),
    };
    let script = script(relay);
    let began = Instant::now();
    let (told, mut ended) = tokio::sync::oneshot::channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let relay = script.await;
        let _ = told.send(Instant::now());
        // The pipe stays open, and nothing passes it.
        std::future::pending::<()>().await;
        drop(relay);
    });
    let hello = agent.hello();
    let never = CancellationToken::new();
    let lost = serving::serve(socket, hello, &mut agent, &never);
    let lost = lost.await.unwrap();
    let since = ended.try_recv().unwrap_or(began);
    (lost, since.elapsed())
}

#[test]
fn a_relay_puts_the_next_try_off_by_minutes_at_most() {
    let mut backoff = Backoff::default();
    for (asked, waited) in [
        (Duration::ZERO, Duration::ZERO),
        (Duration::from_secs(7), Duration::from_secs(7)),
        (Duration::from_millis(u64::MAX), LONGEST_WAIT),
        (Duration::MAX, LONGEST_WAIT),
    ] {
        assert_eq!(next_try(Some(asked), &mut backoff), waited);
    }
    assert!(next_try(None, &mut backoff) <= Duration::from_secs(30));
}

#[tokio::test]
async fn a_black_holed_link_is_found_in_under_45_s() {
    let (lost, after) = served(|mut relay| async move {
        relay.welcome().await;
        for _ in 0..4 {
            sleep(BEAT).await;
            relay.beat(0, 0).await;
        }
        relay
    })
    .await;
    assert!(lost.was_live);
    assert!(after < Duration::from_secs(45), "{lost:?} after {after:?}");
    assert!(after > Duration::from_secs(30), "{lost:?} after {after:?}");
}

#[tokio::test]
async fn a_forgotten_session_is_noticed() {
    let (lost, after) = served(|mut relay| async move {
        relay.welcome().await;
        loop {
            relay.beat(0, 3).await;
            sleep(BEAT).await;
        }
    })
    .await;
    assert!(lost.cause.contains("up to 3"), "{lost:?}");
    assert_eq!(lost.retry_after, Some(Duration::ZERO));
    assert!(after < Duration::from_secs(45), "{lost:?} after {after:?}");
}

#[tokio::test]
async fn a_relay_that_catches_up_has_forgotten_nobody() {
    let (lost, after) = served(|mut relay| async move {
        relay.welcome().await;
        for seq in 1..=8 {
            relay.beat(seq - 1, 100).await;
            relay.offer(seq).await;
            sleep(BEAT).await;
        }
        relay
    })
    .await;
    // The script was not cut short: the link ends by the silence that follows it.
    assert!(
        lost.cause.contains("nothing came"),
        "{lost:?} after {after:?}"
    );
}

/// What the two clocks of a machine that slept do not agree about; less than a silent link may last.
const NAP: Duration = Duration::from_secs(35);

#[tokio::test]
async fn a_machine_that_slept_connects_again_at_once() {
    let (lost, after) = served(|mut relay| async move {
        relay.welcome().await;
        relay.beat(0, 0).await;
        sleep(BEAT).await;
        relay.beat(0, 0).await;
        // Paused time is monotonic time alone: the wall clock stays behind.
        tokio::time::advance(NAP).await;
        relay
    })
    .await;
    assert_eq!(lost.cause, "the machine slept");
    assert_eq!(
        (lost.was_live, lost.retry_after),
        (true, Some(Duration::ZERO))
    );
    let at_once = BEAT + NAP + Duration::from_secs(3);
    assert!(after < at_once, "{lost:?} after {after:?}");
}

#[tokio::test]
async fn a_relay_that_goes_away_says_when_to_come_back() {
    let (lost, after) = served(|mut relay| async move {
        relay.welcome().await;
        let reason = "the relay is restarting".into();
        let reconnect_in_ms = 1_234;
        relay
            .send(Frame::GoAway(GoAway {
                reason,
                reconnect_in_ms,
            }))
            .await;
        relay
    })
    .await;
    assert_eq!(lost.cause, "the relay is restarting");
    assert_eq!(
        (lost.was_live, lost.retry_after),
        (true, Some(Duration::from_millis(1_234)))
    );
    // This relay never answers the goodbye.
    assert!(after < Duration::from_secs(2), "left after {after:?}");
}

/// How long a wait of this length is, and whether it was a stop that ended it.
async fn waited(agent: &Agent, after: Duration, stop: &CancellationToken) -> (Duration, bool) {
    let began = Instant::now();
    let stopped = agent.wait(after, 1, "gone".into(), stop).await;
    (began.elapsed(), stopped)
}

#[tokio::test]
async fn a_wait_lasts_as_long_as_the_relay_said_unless_something_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&folder).await;
    tokio::time::pause();
    let stop = CancellationToken::new();
    let said = Duration::from_millis(1_234);
    let (took, stopped) = waited(&agent, said, &stop).await;
    // Timers tick by the millisecond.
    assert!(
        took.abs_diff(said) < Duration::from_millis(5) && !stopped,
        "{took:?}"
    );
    let link = agent.board.link.borrow().clone();
    assert!(
        matches!(link, Link::Reconnecting { after, .. } if after == said),
        "{link:?}"
    );

    let night = Duration::from_secs(600);
    let nap = async {
        sleep(BEAT).await;
        tokio::time::advance(NAP).await;
    };
    let ((took, stopped), ()) = tokio::join!(waited(&agent, night, &stop), nap);
    assert!(
        took < BEAT + NAP + Duration::from_secs(3) && !stopped,
        "{took:?}"
    );

    agent.connect_now.notify_one();
    assert_eq!(waited(&agent, night, &stop).await, (Duration::ZERO, false));
    stop.cancel();
    assert_eq!(waited(&agent, night, &stop).await, (Duration::ZERO, true));
}
