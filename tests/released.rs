//! Stories of what was not forwarded when it came: held, parked, refused; and of `--retry` and a second claim.

use std::{sync::Arc, time::Duration};

use hooktool::{
    agent::{Agent, Ended, Plan},
    event::{Board, Hold, Link},
    forward::{Forwarder, HostHeader, Options},
    history::{Cause, History, Retention},
    replay,
};
use hooktool_relay::{capture::Outcome, protocol::From};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::support::{
    Request, Sender, TestListener, TestRelay, TestTarget, eventually,
    listener::{Setup, nothing_waits},
    pattern, story,
    target::answer,
};

async fn wait_hold(listener: &TestListener, what: &str, is_so: impl Fn(&Hold) -> bool) {
    eventually(what, || async {
        let hold = listener.board.hold.borrow().clone();
        if is_so(&hold) {
            Ok(())
        } else {
            Err(format!("{hold:?}"))
        }
    })
    .await;
}

async fn claimed(relay: &TestRelay) {
    let mut listener = Setup::new(relay, None).start().await.live().await;
    listener.stop().await;
}

/// An address where nothing listens.
async fn closed() -> std::net::SocketAddr {
    TestTarget::start().await.addr
}

fn forwarder() -> Forwarder {
    Forwarder::new(Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(60),
    })
    .expect("a forwarder")
}

fn outcomes(listener: &TestListener, number: u64) -> Vec<(Cause, Outcome)> {
    let attempts = listener.attempts(number);
    attempts.iter().map(|a| (a.cause, a.outcome)).collect()
}

#[test]
fn what_is_released_twice_is_forwarded_once() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let mut setup = Setup::new(&relay, Some(target.addr));
        setup.hold = true;
        let listener = setup.start().await.live().await;
        for n in 0..10 {
            let path = format!("/tidy-otter/{n}");
            Sender::to(relay.addr).send(Request::post(&path, "x")).await;
        }
        wait_hold(&listener, "ten held", |hold| hold.held == 10).await;
        listener.valve.release();
        listener.valve.release();
        wait_hold(&listener, "none held", |hold| hold.held == 0).await;
        listener.valve.hold(false);
        let sender = Sender::to(relay.addr);
        let after = sender.send(Request::post("/tidy-otter/after", "x")).await;
        assert_eq!(after.status, 200);
        let paths: Vec<String> = target.got().into_iter().map(|got| got.path).collect();
        let expected: Vec<String> = (0..10).map(|n| format!("/{n}")).collect();
        assert_eq!((&paths[..10], paths.len()), (&expected[..], 11));
    });
}

#[test]
fn what_is_released_to_a_closed_port_is_parked() {
    story(async {
        let relay = TestRelay::start().await;
        let addr = closed().await;
        let mut setup = Setup::new(&relay, Some(addr));
        setup.hold = true;
        let listener = setup.start().await.live().await;
        Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "x"))
            .await;
        wait_hold(&listener, "one held", |hold| hold.held == 1).await;
        listener.valve.hold(false);
        listener.valve.release();
        wait_hold(&listener, "one parked", |hold| {
            (hold.held, hold.parked) == (0, 1)
        })
        .await;
        let target = TestTarget::on(addr, |_| async { answer(200, "ok") }).await;
        target.wait_for(1).await;
        wait_hold(&listener, "none parked", |hold| hold.parked == 0).await;
    });
}

#[test]
fn a_closed_port_holds_up_no_other_route() {
    story(async {
        let relay = TestRelay::start().await;
        claimed(&relay).await;
        let shut = closed().await.to_string();
        let target = TestTarget::start().await;
        for path in ["/tidy-otter/shut/1", "/tidy-otter/2"] {
            Sender::to(relay.addr).send(Request::post(path, "x")).await;
        }
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| {
                plan.max_in_flight = 1;
                let shut = shut.parse().expect("a target");
                plan.routes.routes.push(("/shut".into(), shut));
            })
            .start()
            .await
            .live()
            .await;
        assert_eq!(target.wait_for(1).await[0].path, "/2");
        wait_hold(&listener, "one parked", |hold| hold.parked == 1).await;
    });
}

#[test]
fn what_another_process_replayed_is_parked_no_more() {
    story(async {
        let relay = TestRelay::start().await;
        claimed(&relay).await;
        Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "x"))
            .await;
        let listener = Setup::new(&relay, Some(closed().await))
            .start()
            .await
            .live()
            .await;
        wait_hold(&listener, "one parked", |hold| hold.parked == 1).await;
        let number = listener.wait_for(1).await[0].summary.number;
        let elsewhere = TestTarget::start().await;
        let other = History::open(&listener.path, Retention::default()).unwrap();
        let to = elsewhere.addr.to_string().parse().unwrap();
        let edits = replay::Edits::default();
        let with = replay::With {
            history: &other,
            forwarder: &forwarder(),
            otherwise: &hooktool::target::Routes::default(),
            keys: &Arc::new(hooktool::webhook::Keys::default()),
            say: &|_, _| (),
        };
        let replayed = replay::run(&with, number, Some(to), &edits).await;
        assert_eq!(replayed.unwrap().outcome, Outcome::Answered);
        wait_hold(&listener, "none parked", |hold| hold.parked == 0).await;
        assert_eq!(elsewhere.got().len(), 1);
    });
}

#[test]
fn a_large_request_is_retried_as_a_small_one_is() {
    story(async {
        let relay = TestRelay::start().await;
        let addr = closed().await;
        let listener = Setup::new(&relay, Some(addr))
            .plan(|plan| plan.retry = 1)
            .start()
            .await
            .live()
            .await;
        let body = pattern(200 * 1024);
        let sent = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", body.to_vec()))
            .await;
        assert_eq!(sent.status, 502);
        let target = TestTarget::on(addr, |_| async { answer(200, "ok") }).await;
        assert!(target.wait_for(1).await[0].body == body[..]);
        let number = listener.wait_for(1).await[0].summary.number;
        eventually("a retry", || async {
            match outcomes(&listener, number)[..] {
                [
                    (Cause::Live, Outcome::Refused),
                    (Cause::Retry, Outcome::Answered),
                ] => Ok(()),
                ref other => Err(format!("{other:?}")),
            }
        })
        .await;
    });
}

#[test]
fn a_retry_that_waits_delays_no_stop() {
    story(async {
        let relay = TestRelay::start().await;
        let mut listener = Setup::new(&relay, Some(closed().await))
            .plan(|plan| plan.retry = 9)
            .start()
            .await
            .live()
            .await;
        let sent = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "x"))
            .await;
        assert_eq!(sent.status, 502);
        let number = listener.wait_for(1).await[0].summary.number;
        // The waits are 1, 5 and 30 s: after the second try a stop would wait for them in vain.
        eventually("two tries", || async {
            match outcomes(&listener, number).len() {
                2 => Ok(()),
                tries => Err(format!("{tries}")),
            }
        })
        .await;
        let began = std::time::Instant::now();
        listener.stop().await;
        assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    });
}

#[test]
fn from_start_is_for_the_first_connect_alone() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let plan = Setup::new(&relay, Some(target.addr)).plan;
        let plan = Plan {
            recognise: None,
            from: From::Start,
            ..plan
        };
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(&folder.path().join("history.db"), Retention::default());
        let (board, stop) = (Board::new(), CancellationToken::new());
        let (minted, _) = mpsc::channel(1);
        let connect = Arc::new(Notify::new());
        let history = history.unwrap();
        let mut agent = Agent::new(plan, forwarder(), history, board.clone(), connect, minted);
        let live = async || {
            let mut link = board.link.subscribe();
            let live = link.wait_for(|link| matches!(link, Link::Live(_))).await;
            match &*live.unwrap() {
                Link::Live(live) => live.waiting,
                other => panic!("{other:?}"),
            }
        };
        let taking = async {
            live().await;
            let sender = Sender::to(relay.addr);
            let sent = sender.send(Request::post("/tidy-otter/1", "x")).await;
            assert_eq!(sent.status, 200);
            nothing_waits(&relay).await;
        };
        let (ended, ()) = tokio::join!(agent.run(&stop), taking);
        assert!(matches!(ended, Ended::TakenOver(_)), "{ended:?}");
        let claiming = async {
            board.link.send_replace(Link::Connecting { attempt: 1 });
            assert_eq!(live().await, 0, "what was done is not offered again");
            stop.cancel();
        };
        tokio::join!(agent.run(&stop), claiming);
        assert_eq!(target.got().len(), 1);
    });
}
