//! Stories of one webhook: from the sender to the app and back, as the design's promises say.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool::{
    filter::{Clock, Filter},
    history::Cause,
    text::Zone,
};
use hooktool_relay::capture::{AnswerPolicy, Kind, Outcome, SentBy};

use tokio::sync::Notify;

use crate::support::{
    Request, Sender, TestRelay, TestTarget, eventually, listener::Setup, story, target::answer,
};

#[test]
fn a_webhook_reaches_the_app_and_its_answer_the_sender() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|got| {
            let body = format!("got {} bytes", got.body.len());
            async move {
                let mut answer = answer(201, body);
                answer
                    .headers_mut()
                    .append("x-app", http::HeaderValue::from_static("yes"));
                answer
            }
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;

        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter/hook?a=1", "hello"))
            .await;

        assert_eq!((answer.status, answer.text()), (201, "got 5 bytes"));
        assert_eq!(answer.header("x-app"), Some(&b"yes"[..]));
        let got = target.got();
        assert_eq!(
            (
                got[0].method.as_str(),
                got[0].path.as_str(),
                &got[0].body[..]
            ),
            ("POST", "/hook?a=1", &b"hello"[..])
        );
        let requests = listener.wait_for(1).await;
        let attempts = listener.attempts(requests[0].summary.number);
        assert_eq!(attempts.len(), 1);
        assert_eq!(
            (attempts[0].cause, attempts[0].outcome),
            (Cause::Live, Outcome::Answered)
        );
        assert_eq!(
            attempts[0].sent.as_ref().map(|sent| (sent.status, sent.by)),
            Some((Some(201), SentBy::App))
        );
        assert!(!attempts[0].late);
    });
}

#[test]
fn without_a_target_requests_are_captured_and_answered_with_200() {
    story(async {
        let relay = TestRelay::start().await;
        let listener = Setup::new(&relay, None).start().await.live().await;
        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "hello"))
            .await;
        assert_eq!(answer.status, 200);
        let requests = listener.wait_for(1).await;
        assert_eq!(
            requests[0].summary.last.as_ref().map(|last| last.outcome),
            Some(Outcome::Skipped)
        );
        assert_eq!(requests[0].summary.tries, 0);
    });
}

#[test]
fn only_what_fits_is_forwarded_and_the_rest_is_recorded_and_answered_with_202() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|_| async { answer(201, "made") }).await;
        let clock = Clock::here(Zone::Utc);
        let only = Filter::parse_only("path:/stripe body:paid", clock).expect("a filter");
        let mut listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| plan.only = Some(only))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        // Larger than what travels with its head: it is judged once it is recorded.
        let large = |word: &str| format!("{}{word}", " ".repeat(200_000));
        let table = [
            ("/tidy-otter/stripe", "it is paid".to_owned(), 201),
            ("/tidy-otter/stripe", "it is due".to_owned(), 202),
            ("/tidy-otter/gh", "it is paid".to_owned(), 202),
            ("/tidy-otter/stripe", large("paid"), 201),
            ("/tidy-otter/stripe", large("due"), 202),
            ("/tidy-otter/gh", large("paid"), 202),
        ];
        for (path, body, status) in &table {
            let answer = sender.send(Request::post(path, body.clone())).await;
            assert_eq!(answer.status, *status, "{path}: {}", answer.text());
        }
        let requests = listener.wait_for(table.len()).await;
        let outcomes: Vec<_> = requests
            .iter()
            .map(|request| request.summary.last.as_ref().map(|last| last.outcome))
            .collect();
        let wanted = table.map(|(_, _, status)| match status {
            201 => Some(Outcome::Answered),
            _ => Some(Outcome::Skipped),
        });
        assert_eq!(outcomes, wanted);
        let got = target.got();
        let lengths: Vec<usize> = got.iter().map(|got| got.body.len()).collect();
        assert_eq!(lengths, [10, 200_004]);
        listener.stop().await;
        let next = Setup::new(&relay, Some(target.addr)).start().await;
        next.wait_live().await;
        sender.send(Request::post("/tidy-otter/last", "")).await;
        let offered = next.wait_for(1).await;
        assert_eq!(offered.len(), 1, "all before had their DONE");
    });
}

#[test]
fn a_refused_forward_is_a_502_and_recorded() {
    story(async {
        let relay = TestRelay::start().await;
        let closed = TestTarget::start().await.addr;
        let listener = Setup::new(&relay, Some(closed)).start().await.live().await;
        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "hello"))
            .await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        let requests = listener.wait_for(1).await;
        let attempts = listener.attempts(requests[0].summary.number);
        assert_eq!(attempts[0].outcome, Outcome::Refused);
        assert!(
            attempts[0]
                .error
                .as_deref()
                .is_some_and(|text| text.contains("refused")),
            "{attempts:?}"
        );
    });
}

/// The app answers after the deadline.
async fn slowly(policy: AnswerPolicy, method: &str) -> (u16, bool, Option<SentBy>) {
    let relay = TestRelay::start().await;
    let target = TestTarget::answering(|_| async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        answer(200, "at last")
    })
    .await;
    let listener = Setup::new(&relay, Some(target.addr))
        .plan(|plan| {
            plan.answer = policy;
            plan.deadline = Duration::from_millis(200);
        })
        .start()
        .await
        .live()
        .await;
    let request = Request {
        method: method.into(),
        ..Request::post("/tidy-otter", "hello")
    };
    let answer = Sender::to(relay.addr).send(request).await;
    let requests = listener.wait_for(1).await;
    let attempt = listener.attempts(requests[0].summary.number).remove(0);
    assert_eq!(
        attempt.answer.as_ref().map(|kept| &kept.body[..]),
        Some(&b"at last"[..])
    );
    (
        answer.status,
        attempt.late,
        attempt.sent.map(|sent| sent.by),
    )
}

#[test]
fn a_late_answer_is_kept_and_the_sender_has_202() {
    story(async {
        assert_eq!(
            slowly(AnswerPolicy::App, "POST").await,
            (202, true, Some(SentBy::Deadline))
        );
    });
}

#[test]
fn a_get_waits_for_its_answer() {
    story(async {
        assert_eq!(
            slowly(AnswerPolicy::App, "GET").await,
            (200, false, Some(SentBy::App))
        );
    });
}

#[test]
fn strict_is_a_504_at_the_deadline() {
    story(async {
        assert_eq!(
            slowly(AnswerPolicy::Strict, "POST").await,
            (504, true, Some(SentBy::Deadline))
        );
    });
}

#[test]
fn now_answers_before_the_app_does() {
    story(async {
        assert_eq!(
            slowly(AnswerPolicy::Now, "POST").await,
            (202, false, Some(SentBy::Policy))
        );
    });
}

#[test]
fn a_fixed_answer_goes_out_and_the_app_gets_the_request_all_the_same() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .plan(|plan| {
                plan.answer = AnswerPolicy::Respond {
                    status: 299,
                    body: r#"{"fixed":1}"#.into(),
                }
            })
            .start()
            .await
            .live()
            .await;
        let answer = Sender::to(relay.addr)
            .send(Request::post("/tidy-otter", "hello"))
            .await;
        assert_eq!((answer.status, answer.text()), (299, r#"{"fixed":1}"#));
        assert_eq!(
            answer.header("content-type"),
            Some(&b"application/json"[..])
        );
        target.wait_for(1).await;
    });
}

#[test]
fn a_slow_request_delays_no_other() {
    story(async {
        let relay = TestRelay::start().await;
        let fast_ones_are_done = Arc::new(Notify::new());
        let done = Arc::clone(&fast_ones_are_done);
        let target = TestTarget::answering(move |got| {
            let done = Arc::clone(&done);
            let is_slow = got.path == "/slow";
            async move {
                if is_slow {
                    done.notified().await;
                }
                answer(200, "ok")
            }
        })
        .await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let slow = sender.send(Request::post("/tidy-otter/slow", "x"));
        let fast = async {
            target.wait_for(1).await;
            for _ in 0..20 {
                let request = Request::post("/tidy-otter/fast", "x");
                assert_eq!(sender.send(request).await.status, 200);
            }
            fast_ones_are_done.notify_one();
        };
        let (slow, ()) = tokio::join!(slow, fast);
        assert_eq!(slow.status, 200);
    });
}

#[test]
fn requests_are_held_and_released_in_order() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let setup = Setup::new(&relay, Some(target.addr));
        let listener = Setup {
            hold: true,
            ..setup
        }
        .start()
        .await
        .live()
        .await;
        let sender = Sender::to(relay.addr);
        for n in 0..5 {
            assert_eq!(
                sender
                    .send(Request::post(&format!("/tidy-otter/{n}"), "x"))
                    .await
                    .status,
                202
            );
        }
        listener.wait_for(5).await;
        assert_eq!(listener.board.hold.borrow().held, 5);
        assert!(target.got().is_empty());
        listener.valve.hold(false);
        listener.valve.release();
        let paths: Vec<String> = target
            .wait_for(5)
            .await
            .into_iter()
            .map(|got| got.path)
            .collect();
        assert_eq!(paths, ["/0", "/1", "/2", "/3", "/4"]);
        eventually("released attempts", || async {
            let held = listener.board.hold.borrow().held;
            if held == 0 {
                Ok(())
            } else {
                Err(format!("{held} held"))
            }
        })
        .await;
        let last = listener.requests()[4].summary.last.clone();
        assert_eq!(
            last.map(|last| (last.cause, last.outcome)),
            Some((Cause::Released, Outcome::Answered))
        );
    });
}

#[test]
fn refused_forwards_are_repeated_and_the_sender_has_the_first_answer() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let addr = target.addr;
        drop(target);
        let listener = Setup::new(&relay, Some(addr))
            .plan(|plan| plan.retry = 2)
            .start()
            .await
            .live()
            .await;
        assert_eq!(
            Sender::to(relay.addr)
                .send(Request::post("/tidy-otter", "x"))
                .await
                .status,
            502
        );
        let target = TestTarget::on(addr, |_| async { answer(200, "ok") }).await;
        target.wait_for(1).await;
        let number = listener.requests()[0].summary.number;
        let causes = eventually("a second try", || async {
            let causes: Vec<_> = listener
                .attempts(number)
                .into_iter()
                .map(|a| (a.cause, a.outcome))
                .collect();
            if causes.len() == 2 {
                Ok(causes)
            } else {
                Err(format!("{causes:?}"))
            }
        })
        .await;
        assert_eq!(
            causes,
            [
                (Cause::Live, Outcome::Refused),
                (Cause::Retry, Outcome::Answered)
            ]
        );
    });
}

#[test]
fn a_route_takes_its_paths() {
    story(async {
        let relay = TestRelay::start().await;
        let (main, stripe) = (TestTarget::start().await, TestTarget::start().await);
        let _listener = Setup::new(&relay, Some(main.addr))
            .plan(|plan| {
                let target = stripe.addr.to_string().parse().unwrap();
                plan.routes.routes.push(("/stripe".into(), target));
            })
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        for path in [
            "/tidy-otter/stripe/a?b",
            "/tidy-otter/stripes",
            "/tidy-otter",
        ] {
            assert_eq!(sender.send(Request::post(path, "x")).await.status, 200);
        }
        let paths = |target: &TestTarget| {
            target
                .got()
                .into_iter()
                .map(|got| got.path)
                .collect::<Vec<_>>()
        };
        assert_eq!(paths(&stripe), ["/stripe/a?b"]);
        assert_eq!(paths(&main), ["/stripes", "/"]);
    });
}

#[test]
fn the_newer_listener_takes_over_and_the_older_says_so() {
    story(async {
        let relay = TestRelay::start().await;
        let (first, second) = (TestTarget::start().await, TestTarget::start().await);
        let mut older = Setup::new(&relay, Some(first.addr))
            .start()
            .await
            .live()
            .await;
        let _newer = Setup::new(&relay, Some(second.addr))
            .plan(|plan| plan.name = "laptop-2".into())
            .start()
            .await
            .live()
            .await;
        let ended = older.ended().await;
        assert!(
            matches!(&ended, hooktool::agent::Ended::TakenOver(by) if by == "laptop-2"),
            "{ended:?}"
        );
        assert_eq!(
            Sender::to(relay.addr)
                .send(Request::post("/tidy-otter", "x"))
                .await
                .status,
            200
        );
        assert_eq!((first.got().len(), second.got().len()), (0, 1));
    });
}

#[test]
fn an_answer_is_as_the_app_wrote_it() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::answering(|got| {
            let path = got.path.clone();
            async move {
                match path.as_str() {
                    "/204" => answer(204, Bytes::new()),
                    "/304" => answer(304, Bytes::new()),
                    "/302" => {
                        let mut answer = answer(302, "gone");
                        let there = http::HeaderValue::from_static("http://169.254.169.254/latest");
                        answer.headers_mut().append("location", there);
                        answer
                    }
                    _ => {
                        let mut answer = answer(200, &b"\x00\xff\r\n\r\nHTTP/1.1 200 OK\r\n"[..]);
                        for value in ["a=1", "b=2"] {
                            answer
                                .headers_mut()
                                .append("set-cookie", http::HeaderValue::from_static(value));
                        }
                        answer
                    }
                }
            }
        })
        .await;
        let listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let odd = sender.send(Request::get("/tidy-otter/odd")).await;
        assert_eq!(odd.body, b"\x00\xff\r\n\r\nHTTP/1.1 200 OK\r\n");
        let cookies: Vec<_> = odd
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .map(|(_, v)| &v[..])
            .collect();
        assert_eq!(cookies, [&b"a=1"[..], b"b=2"]);
        for (path, status) in [("/tidy-otter/204", 204), ("/tidy-otter/304", 304)] {
            let answer = sender.send(Request::get(path)).await;
            assert_eq!((answer.status, answer.body.len()), (status, 0));
        }
        let redirect = sender.send(Request::get("/tidy-otter/302")).await;
        assert_eq!(
            redirect.header("location"),
            Some(&b"http://169.254.169.254/latest"[..])
        );
        let head = sender
            .send(Request {
                method: b"HEAD".to_vec(),
                ..Request::get("/tidy-otter/odd")
            })
            .await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        listener.wait_for(5).await;
        assert!(
            listener
                .requests()
                .iter()
                .all(|request| request.summary.kind == Kind::Live)
        );
    });
}
