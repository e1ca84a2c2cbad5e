//! `--deadline provider`: a sender is answered before it gives up, the app goes on, and nothing runs beside what must wait for it.

use std::{fs, sync::Arc, time::Duration};

use hooktool::{
    agent::{Clock, Recognise, Recognised},
    history::Webhook,
    webhook::Challenge,
};
use hooktool_relay::capture::{AnswerPolicy, Capture, SentBy};
use tokio::sync::Semaphore;

use crate::support::{
    Home, Request, Sender, TestRelay, TestTarget, listener::Setup, story, target::answer,
};

/// An app that holds every request until there is a permit for it.
async fn holding() -> (TestTarget, Arc<Semaphore>) {
    let permits = Arc::new(Semaphore::new(0));
    let kept = permits.clone();
    let app = TestTarget::answering(move |_| {
        let permits = kept.clone();
        async move {
            permits.acquire().await.expect("it stays open").forget();
            answer(200, "done")
        }
    })
    .await;
    (app, permits)
}

#[test]
fn each_sender_is_answered_by_its_own_clock_while_the_app_goes_on() {
    story(async {
        let home = Home::new();
        let (app, permits) = holding().await;
        fs::create_dir_all(home.path("app")).expect("made");
        fs::write(home.path("app/hooktool.toml"), "deadline = \"provider\"\n").expect("written");
        let port = app.addr.port().to_string();
        let program = home.start("app", &["listen", &port]);
        let (addr, path) = program.url().await;
        let sender = Sender::to(addr);
        // GitHub waits 10 s, Slack 3 s.
        let github = Request::post(&format!("{path}/gh"), "{}").header("X-GitHub-Event", "push");
        let slack = Request::post(&format!("{path}/slack"), "{}")
            .header("X-Slack-Request-Timestamp", "1760265101");
        let waiting = sender.send(github);
        tokio::pin!(waiting);
        let early = tokio::select! {
            early = sender.send(slack) => early,
            other = &mut waiting => panic!("GitHub was answered first: {other:?}"),
        };
        assert_eq!(early.status, 202);
        assert_eq!(early.body, b"stored; the app has not answered yet\n");
        assert_eq!(app.wait_for(2).await.len(), 2);
        permits.add_permits(2);
        let whole = waiting.await;
        assert_eq!((whole.status, whole.body.as_slice()), (200, &b"done"[..]));
        let tries = crate::support::eventually("both tries", || async {
            let tries = home.records("app", &["list", "--json"]);
            let last = |record: &serde_json::Value| record["last"]["late"].clone();
            let late: Vec<_> = tries.iter().map(last).collect();
            let is_over = late.len() == 2 && late.iter().all(serde_json::Value::is_boolean);
            is_over.then_some(tries.clone()).ok_or(format!("{tries:?}"))
        })
        .await;
        for record in tries {
            let is_slack = record["provider"] == "slack";
            assert_eq!(record["last"]["late"], is_slack, "{record}");
            let shown = home.records("app", &["show", "--json", &record["number"].to_string()]);
            let sent = if is_slack { 202 } else { 200 };
            assert_eq!(shown[1]["status"], 200);
            assert_eq!(shown[1]["sender_status"], sent, "{shown:?}");
        }
    });
}

/// Knows one sender, which waits a second.
#[derive(Debug)]
struct Hasty;

impl Recognise for Hasty {
    fn look(&self, capture: &Capture) -> Option<Recognised> {
        capture.headers.first("x-hasty")?;
        Some(Recognised {
            webhook: Webhook {
                provider: "hasty".to_owned(),
                event: None,
                action: None,
                delivery_id: None,
                attempt: None,
                attempt_reason: None,
                verdict: "none".to_owned(),
            },
            fingerprint: None,
            clock: Some(Clock {
                name: "Hasty".to_owned(),
                waits: Duration::from_secs(1),
            }),
        })
    }

    fn challenge(&self, _capture: &Capture) -> Option<Challenge> {
        None
    }
}

fn hasty(path: &str) -> Request {
    Request::post(&format!("/tidy-otter{path}"), "{}").header("X-Hasty", "1")
}

#[test]
fn one_at_a_time_stays_one_at_a_time_though_senders_are_answered() {
    story(async {
        let relay = TestRelay::start().await;
        let (app, permits) = holding().await;
        let setup = Setup::new(&relay, Some(app.addr)).plan(|plan| {
            plan.recognise = Some(Arc::new(Hasty));
            plan.keeps_clocks = true;
            plan.max_in_flight = 1;
        });
        let listener = setup.start().await.live().await;
        let sender = Sender::to(relay.addr);
        for path in ["/1", "/2"] {
            assert_eq!(sender.send(hasty(path)).await.status, 202, "{path}");
        }
        // Both senders have their answer, and the app has one request.
        assert_eq!(app.got().len(), 1);
        permits.add_permits(1);
        assert_eq!(app.wait_for(2).await[1].path, "/2");
        permits.add_permits(1);
        listener.wait_for(2).await;
        let tried = &listener.attempts(1)[0];
        assert!(tried.late);
        let sent = tried.sent.as_ref().expect("told");
        assert_eq!((sent.status, sent.by), (Some(202), SentBy::Deadline));
    });
}

#[test]
fn a_strict_listener_says_that_the_app_was_too_slow() {
    story(async {
        let relay = TestRelay::start().await;
        let (app, permits) = holding().await;
        let setup = Setup::new(&relay, Some(app.addr)).plan(|plan| {
            plan.recognise = Some(Arc::new(Hasty));
            plan.keeps_clocks = true;
            plan.answer = AnswerPolicy::Strict;
        });
        let listener = setup.start().await.live().await;
        let sender = Sender::to(relay.addr);
        assert_eq!(sender.send(hasty("/1")).await.status, 504);
        permits.add_permits(1);
        listener.wait_for(1).await;
        assert!(listener.attempts(1)[0].late);
    });
}

#[test]
fn whoever_wants_to_read_waits_for_the_app() {
    story(async {
        let relay = TestRelay::start().await;
        let (app, permits) = holding().await;
        let setup = Setup::new(&relay, Some(app.addr)).plan(|plan| {
            plan.recognise = Some(Arc::new(Hasty));
            plan.keeps_clocks = true;
        });
        let _listener = setup.start().await.live().await;
        let sender = Sender::to(relay.addr);
        let get = Request::get("/tidy-otter/page").header("X-Hasty", "1");
        let reading = sender.send(get);
        tokio::pin!(reading);
        // A POST that comes later is answered first.
        let post = tokio::select! {
            post = sender.send(hasty("/post")) => post,
            got = &mut reading => panic!("{got:?}"),
        };
        assert_eq!(post.status, 202);
        permits.add_permits(2);
        assert_eq!(reading.await.status, 200);
    });
}

#[test]
fn without_it_the_first_hasty_sender_is_a_hint() {
    story(async {
        let relay = TestRelay::start().await;
        let app = TestTarget::start().await;
        let setup = Setup::new(&relay, Some(app.addr)).plan(|plan| {
            plan.recognise = Some(Arc::new(Hasty));
        });
        let listener = setup.start().await.live().await;
        let mut told = listener.board.feed().notices;
        let sender = Sender::to(relay.addr);
        for path in ["/1", "/2"] {
            assert_eq!(sender.send(hasty(path)).await.status, 200);
        }
        listener.wait_for(2).await;
        let hint = told.recv().await.expect("a notice").text;
        assert!(
            hint.contains("Hasty waits 1 s") && hint.contains("--deadline provider"),
            "{hint}"
        );
        assert!(told.try_recv().is_err(), "said once");
    });
}
