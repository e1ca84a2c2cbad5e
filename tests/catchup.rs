//! Stories of links that are not there: nothing acknowledged is lost, nothing is done twice without need.

use std::time::Duration;

use hooktool::history::Cause;
use hooktool_relay::{
    capture::{Kind, Outcome},
    protocol::From,
};

use crate::support::{
    Request, Sender, TestRelay, TestTarget, eventually, listener::Setup, proxy::Proxy, story,
    target::answer,
};

/// Claims the endpoint once, so that it exists while nobody listens.
async fn claimed(relay: &TestRelay) {
    let mut listener = Setup::new(relay, None).start().await.live().await;
    listener.stop().await;
}

#[test]
fn everything_sent_while_the_laptop_slept_is_offered_in_order() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        claimed(&relay).await;
        let sender = Sender::to(relay.addr);
        for n in 0..150 {
            let answer = sender
                .send(Request::post(
                    &format!("/tidy-otter/{n}"),
                    format!("body {n}"),
                ))
                .await;
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.max_in_flight = 1)
            .start()
            .await
            .live()
            .await;
        let got = target.wait_for(150).await;
        for (n, got) in got.iter().enumerate() {
            assert_eq!(
                (got.path.as_str(), &got.body[..]),
                (format!("/{n}").as_str(), format!("body {n}").as_bytes())
            );
        }
        let requests = listener.wait_for(150).await;
        assert!(
            requests
                .iter()
                .all(|request| request.summary.kind == Kind::Waited)
        );
        let seqs: Vec<u64> = requests
            .iter()
            .map(|request| request.summary.seq.unwrap().0)
            .collect();
        assert!(seqs.is_sorted());
        assert_eq!(
            Sender::to(relay.addr)
                .send(Request::post("/tidy-otter/live", "x"))
                .await
                .status,
            200
        );
    });
}

#[test]
fn a_relay_that_restarts_keeps_what_it_acknowledged() {
    story(async {
        let mut relay = TestRelay::start().await;
        claimed(&relay).await;
        let sent = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter/kept", "kept"))
            .await;
        assert_eq!(sent.status, 202);
        relay.restart().await;
        let target = TestTarget::start().await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        assert_eq!(&target.wait_for(1).await[0].body[..], b"kept");
    });
}

#[test]
fn a_listener_killed_before_done_gets_the_request_once_more_with_the_same_id() {
    story(async {
        let relay = TestRelay::start().await;
        let stuck = TestTarget::answering(|_| async {
            std::future::pending::<()>().await;
            answer(200, "never")
        })
        .await;
        let mut first = Setup::new(&relay, Some(stuck.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let sending = sender.send(Request::post("/tidy-otter/once", "x"));
        let killing = async {
            stuck.wait_for(1).await;
            first.crash().await;
        };
        let (answer, ()) = tokio::join!(sending, killing);
        assert_eq!(
            answer.status, 202,
            "the link was lost while the sender waited"
        );
        let target = TestTarget::start().await;
        let second = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let got = target.wait_for(1).await;
        assert_eq!(
            got[0].all("hooktool-request-id"),
            stuck.got()[0].all("hooktool-request-id")
        );
        second.wait_for(1).await;
        assert_eq!(target.got().len(), 1);
    });
}

#[test]
fn a_slow_forward_and_a_lost_link_make_no_second_try() {
    story(async {
        let relay = TestRelay::start().await;
        let network = Proxy::to(relay.addr).await;
        let target = TestTarget::answering(|_| async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            answer(200, "done")
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.relay.port = network.addr.port())
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let sending = sender.send(Request::post("/tidy-otter", "x"));
        let cutting = async {
            target.wait_for(1).await;
            network.cut();
        };
        let (answer, ()) = tokio::join!(sending, cutting);
        assert_eq!(answer.status, 202);
        listener.wait_live().await;
        let requests = listener.wait_for(1).await;
        // One more request proves that the endpoint goes on, and that nothing was offered again in between.
        assert_eq!(
            sender
                .send(Request::post("/tidy-otter/after", "x"))
                .await
                .status,
            200
        );
        let attempts = listener.attempts(requests[0].summary.number);
        assert_eq!(
            attempts
                .iter()
                .map(|a| (a.cause, a.outcome))
                .collect::<Vec<_>>(),
            [(Cause::Live, Outcome::Answered)]
        );
        assert_eq!(target.got().len(), 2);
    });
}

#[test]
fn what_waited_is_parked_until_the_target_opens() {
    story(async {
        let relay = TestRelay::start().await;
        claimed(&relay).await;
        let sender = Sender::to(relay.addr);
        for n in 0..3 {
            assert_eq!(
                sender
                    .send(Request::post(&format!("/tidy-otter/{n}"), "x"))
                    .await
                    .status,
                202
            );
        }
        let target = TestTarget::start().await;
        let addr = target.addr;
        drop(target);
        let listener = Setup::new(&relay, Some(addr)).start().await.live().await;
        eventually("three parked", || async {
            let parked = listener.board.hold.borrow().parked;
            if parked == 3 {
                Ok(())
            } else {
                Err(format!("{parked} parked"))
            }
        })
        .await;
        let target = TestTarget::on(addr, |_| async { answer(200, "ok") }).await;
        let paths: Vec<String> = target
            .wait_for(3)
            .await
            .into_iter()
            .map(|got| got.path)
            .collect();
        assert_eq!(paths, ["/0", "/1", "/2"]);
        eventually("nothing parked", || async {
            let parked = listener.board.hold.borrow().parked;
            if parked == 0 {
                Ok(())
            } else {
                Err(format!("{parked} parked"))
            }
        })
        .await;
        assert!(
            listener
                .requests()
                .iter()
                .all(|request| request.summary.tries == 1)
        );
    });
}

#[test]
fn a_reconnect_repeats_nothing_and_loses_nothing() {
    story(async {
        let relay = TestRelay::start().await;
        let network = Proxy::to(relay.addr).await;
        let target = TestTarget::start().await;
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.relay.port = network.addr.port())
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        for n in 0..60 {
            if n % 20 == 10 {
                network.cut();
            }
            let answer = sender
                .send(Request::post(&format!("/tidy-otter/{n}"), "x"))
                .await;
            assert!(answer.status == 200 || answer.status == 202, "{answer:?}");
        }
        listener.wait_live().await;
        listener.wait_for(60).await;
        let mut paths: Vec<String> = target.got().into_iter().map(|got| got.path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), 60);
        assert_eq!(target.got().len(), 60);
    });
}

#[test]
fn from_start_forwards_again_what_was_done() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let mut first = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        for n in 0..3 {
            assert_eq!(
                sender
                    .send(Request::post(&format!("/tidy-otter/{n}"), "x"))
                    .await
                    .status,
                200
            );
        }
        first.wait_for(3).await;
        first.stop().await;
        let again = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.from = From::Start)
            .start_on(first.path.clone())
            .await
            .live()
            .await;
        target.wait_for(6).await;
        eventually("second tries", || async {
            let tries: Vec<u32> = again
                .requests()
                .iter()
                .map(|request| request.summary.tries)
                .collect();
            if tries == [2, 2, 2] {
                Ok(())
            } else {
                Err(format!("{tries:?}"))
            }
        })
        .await;
    });
}

#[test]
fn from_now_leaves_what_waited() {
    story(async {
        let relay = TestRelay::start().await;
        claimed(&relay).await;
        let sender = Sender::to(relay.addr);
        assert_eq!(
            sender
                .send(Request::post("/tidy-otter/old", "x"))
                .await
                .status,
            202
        );
        let target = TestTarget::start().await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.from = From::Now)
            .start()
            .await
            .live()
            .await;
        assert_eq!(
            sender
                .send(Request::post("/tidy-otter/new", "x"))
                .await
                .status,
            200
        );
        assert_eq!(target.got().len(), 1);
        assert_eq!(target.got()[0].path, "/new");
    });
}

#[test]
fn what_retention_dropped_is_told_as_a_gap() {
    story(async {
        let relay = TestRelay::keeping(5).await;
        claimed(&relay).await;
        let sender = Sender::to(relay.addr);
        for n in 1..=8 {
            let answer = sender
                .send(Request::post(&format!("/tidy-otter/{n}"), "x"))
                .await;
            assert_eq!(answer.status, 202);
        }
        let target = TestTarget::start().await;
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.max_in_flight = 1)
            .start()
            .await;
        let mut gaps = listener.board.feed().gaps;
        let gap = gaps.recv().await.expect("a gap");
        assert_eq!((gap.first.0, gap.last.0), (1, 3));
        assert_eq!(target.wait_for(5).await[0].path, "/4");
    });
}
