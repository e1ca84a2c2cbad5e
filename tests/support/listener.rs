//! A listener in this process: the real agent, a history in a temporary folder.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use hooktool::{
    agent::{Agent, Ended, Endpoint, Plan, Valve},
    event::{Board, Link},
    forward::{self, Forwarder, HostHeader},
    history::{self, History, Number, Reader, Request, Select},
    target::{Routes, Target},
};
use hooktool_relay::{capture::AnswerPolicy, protocol::From};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use super::TestRelay;

/// How a listener is started.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) plan: Plan,
    pub(crate) options: forward::Options,
    pub(crate) hold: bool,
}

impl Setup {
    /// A listener of `tidy-otter` at this relay, forwarding to this app.
    pub(crate) fn new(relay: &TestRelay, target: Option<SocketAddr>) -> Self {
        Self::at(relay.addr, &relay.token, target)
    }

    /// The same at a relay of this address, with this token, if it is not empty.
    pub(crate) fn at(relay: SocketAddr, token: &str, target: Option<SocketAddr>) -> Self {
        let target = target.map(|addr| addr.to_string().parse::<Target>().expect("a target"));
        let plan = Plan {
            recognise: None,
            relay: Endpoint {
                is_tls: false,
                host: relay.ip().to_string(),
                port: relay.port(),
                path: String::new(),
                token: Some(token.to_owned()).filter(|token| !token.is_empty()),
                offer: None,
            },
            relay_name: Arc::from("test"),
            endpoint: "tidy-otter".parse().expect("a name"),
            name: "laptop".into(),
            answer: AnswerPolicy::App,
            deadline: Duration::from_millis(4_500),
            from: From::Cursor,
            max_in_flight: 32,
            routes: Routes {
                default: target,
                routes: Vec::new(),
            },
            only: None,
            wait_for_target: false,
            retry: 0,
            answer_challenges: false,
        };
        let options = forward::Options {
            host: HostHeader::Target,
            headers: Vec::new(),
            insecure: false,
            timeout: Duration::from_secs(60),
        };
        Self {
            plan,
            options,
            hold: false,
        }
    }

    /// With another plan.
    pub(crate) fn plan(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// Starts it with a history of its own.
    pub(crate) async fn start(self) -> TestListener {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        TestListener::run(self, path, Some(folder)).await
    }

    /// Starts it on the history of another one.
    pub(crate) async fn start_on(self, path: PathBuf) -> TestListener {
        TestListener::run(self, path, None).await
    }
}

/// A running listener.
pub(crate) struct TestListener {
    pub(crate) board: Board,
    pub(crate) path: PathBuf,
    pub(crate) valve: Valve,
    /// Ends a wait before the next connect.
    pub(crate) connect_now: Arc<Notify>,
    stop: CancellationToken,
    running: Option<JoinHandle<Ended>>,
    _folder: Option<tempfile::TempDir>,
}

impl TestListener {
    async fn run(setup: Setup, path: PathBuf, folder: Option<tempfile::TempDir>) -> Self {
        let opened = path.clone();
        let opening = move || History::open(&opened, history::Retention::default());
        let history = spawn_blocking(opening)
            .await
            .expect("it does not panic")
            .expect("a history");
        let board = Board::new();
        board.hold.send_modify(|hold| hold.on = setup.hold);
        let forwarder = Forwarder::new(setup.options).expect("a forwarder");
        let (minted, _) = mpsc::channel(1);
        let connect_now = Arc::new(Notify::new());
        let mut agent = Agent::new(
            setup.plan,
            forwarder,
            history.clone(),
            board.clone(),
            connect_now.clone(),
            minted,
        );
        let valve = agent.valve();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "the handle is kept, and awaited or aborted in Drop"
        )]
        let running = tokio::spawn(async move { agent.run(&stopped).await });
        Self {
            board,
            path,
            valve,
            connect_now,
            stop,
            running: Some(running),
            _folder: folder,
        }
    }

    /// Waits until it is live.
    pub(crate) async fn live(self) -> Self {
        self.wait_live().await;
        self
    }

    /// Waits until it is live (again).
    pub(crate) async fn wait_live(&self) {
        super::eventually("a live link", || async {
            match &*self.board.link.borrow() {
                Link::Live(_) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// Stops it as Ctrl-C does.
    pub(crate) async fn stop(&mut self) -> Ended {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until it ended by itself.
    pub(crate) async fn ended(&mut self) -> Ended {
        self.running
            .take()
            .expect("it runs")
            .await
            .expect("it does not panic")
    }

    /// Ends it as a crash would: no goodbye, no DONE.
    pub(crate) async fn crash(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
    }

    /// Every request in its history.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let reader = self.reader();
        let rows = reader.list(&Select::default()).expect("rows");
        rows.iter()
            .map(|row| {
                reader
                    .request(row.number)
                    .expect("a read")
                    .expect("a request")
            })
            .collect()
    }

    /// All attempts of a request.
    pub(crate) fn attempts(&self, number: Number) -> Vec<history::Attempt> {
        self.reader().attempts(number).expect("attempts")
    }

    /// Waits until so many requests have an attempt.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Request> {
        super::eventually("recorded attempts", || async {
            let requests = self.requests();
            let done = requests
                .iter()
                .filter(|request| request.summary.last.is_some())
                .count();
            if done >= count {
                Ok(requests)
            } else {
                Err(format!("{done} of {count}, {} recorded", requests.len()))
            }
        })
        .await
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path).expect("a reader")
    }
}

/// Takes the endpoint over, without a target, until nothing waits there: the one before may have had no time to say that its last
/// one was done.
pub(crate) async fn nothing_waits(relay: &TestRelay) {
    super::eventually("nothing waits", || async {
        let mut next = Setup::new(relay, None).start().await.live().await;
        let waiting = match &*next.board.link.borrow() {
            Link::Live(live) => live.waiting,
            other => panic!("{other:?}"),
        };
        next.stop().await;
        (waiting == 0).then_some(()).ok_or(waiting.to_string())
    })
    .await;
}

impl Drop for TestListener {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}
