//! Stories of what is full: the one slot of a listener, a body that goes both ways at once, a history that another process holds.

use std::time::Duration;

use hooktool::{agent::Ended, event::Link};
use hooktool_relay::capture::{AnswerPolicy, Outcome, SentBy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
    task::JoinSet,
};

use crate::support::{
    Request, Sender, TestRelay, TestTarget, eventually,
    listener::{Setup, nothing_waits},
    pattern,
    proxy::Proxy,
    story,
    target::answer,
};

#[test]
fn what_is_held_needs_no_slot_while_it_is_recorded() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let mut setup = Setup::new(&relay, Some(target.addr)).plan(|plan| plan.max_in_flight = 1);
        setup.hold = true;
        let listener = setup.start().await.live().await;
        let mut senders = JoinSet::new();
        for n in 0..20 {
            let addr = relay.addr;
            senders.spawn(async move {
                let path = format!("/tidy-otter/{n}");
                Sender::to(addr).send(Request::post(&path, "x")).await
            });
        }
        while let Some(answer) = senders.join_next().await {
            let answer = answer.unwrap();
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
        let requests = listener.wait_for(20).await;
        assert!(requests.iter().all(|request| {
            request.summary.last.as_ref().map(|last| last.outcome) == Some(Outcome::Held)
        }));
    });
}

#[test]
fn a_slot_of_a_lost_link_is_none_of_the_next() {
    story(async {
        let relay = TestRelay::start().await;
        let network = Proxy::to(relay.addr).await;
        let (open, opened) = watch::channel(false);
        let target = TestTarget::answering(move |_| {
            let mut opened = opened.clone();
            async move {
                let _ = opened.wait_for(|open| *open).await;
                answer(200, "done")
            }
        })
        .await;
        let mut listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| {
                plan.max_in_flight = 1;
                plan.relay.port = network.addr.port();
            })
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let cutting = async {
            target.wait_for(1).await;
            let mut link = listener.board.link.subscribe();
            network.cut();
            let _ = link.wait_for(|link| !matches!(link, Link::Live(_))).await;
            listener.wait_live().await;
        };
        let (cut, ()) = tokio::join!(sender.send(Request::post("/tidy-otter/1", "x")), cutting);
        assert_eq!(cut.status, 202);
        let opening = async {
            // The second is with the relay when the first is done.
            eventually("a waiting sender", || async {
                match target.got().len() {
                    1 => Ok(()),
                    more => Err(format!("{more} at the target")),
                }
            })
            .await;
            open.send_replace(true);
        };
        let (after, ()) = tokio::join!(sender.send(Request::post("/tidy-otter/2", "x")), opening);
        assert_eq!((after.status, after.text()), (200, "done"));
        listener.wait_for(2).await;
        listener.stop().await;
        nothing_waits(&relay).await;
        assert_eq!(target.got().len(), 2);
    });
}

#[test]
fn a_body_that_is_echoed_while_it_comes_goes_both_ways() {
    story(async {
        const LEN: usize = 16 * 1024 * 1024;
        let relay = TestRelay::start().await;
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = app.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // The listener looks first whether the port is open, and says nothing then.
            let mut stream = loop {
                let (stream, _) = app.accept().await.unwrap();
                if stream.peek(&mut [0]).await.unwrap() > 0 {
                    break stream;
                }
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        let listener = Setup::new(&relay, Some(addr))
            .plan(|plan| plan.deadline = Duration::from_secs(60))
            .start()
            .await
            .live()
            .await;
        let body = pattern(LEN);
        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", body.to_vec()))
            .await;
        assert_eq!((answer.status, answer.is_whole), (200, true));
        assert!(answer.body == body[..], "the answer is the body");
        let requests = listener.wait_for(1).await;
        eventually("the answer's end", || async {
            let kept = listener.attempts(requests[0].summary.number).remove(0);
            let kept = kept.answer.expect("an answer");
            if kept.ended && kept.len == LEN as u64 && kept.body[..] == body[..1024 * 1024] {
                Ok(())
            } else {
                Err(format!(
                    "{} bytes so far, {} kept",
                    kept.len,
                    kept.body.len()
                ))
            }
        })
        .await;
    });
}

#[test]
fn what_the_sender_of_a_large_body_got_at_once_is_recorded() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.answer = AnswerPolicy::Now)
            .start()
            .await
            .live()
            .await;
        for n in 1..=5 {
            let body = pattern(200 * 1024).to_vec();
            let answer = Sender::to(relay.addr)
                .send(Request::post("/tidy-otter", body))
                .await;
            assert_eq!(answer.status, 202);
            let requests = listener.wait_for(n).await;
            let attempts = listener.attempts(requests[n - 1].summary.number);
            let sent = attempts[0].sent.as_ref().expect("SENT came");
            assert_eq!((sent.status, sent.by), (Some(202), SentBy::Policy));
        }
    });
}

#[test]
fn a_history_that_another_process_holds_ends_the_listener_and_loses_nothing() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let mut listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let other = rusqlite::Connection::open(&listener.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let sender = Sender::to(relay.addr);
        let sending = sender.send(Request::post("/tidy-otter/kept", "x"));
        let (answer, ended) = tokio::join!(sending, listener.ended());
        assert!(matches!(ended, Ended::History(_)), "{ended:?}");
        assert!(matches!(answer.status, 200 | 202), "{answer:?}");
        drop(other);
        let next = Setup::new(&relay, Some(target.addr)).start().await;
        let requests = next.wait_for(1).await;
        assert_eq!(&requests[0].capture.path[..], b"/kept");
    });
}
