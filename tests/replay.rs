//! Stored requests sent again: with a real history and a real app.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool::{
    event::Replays,
    forward::{Forwarder, HostHeader, Options},
    history::{Arrival, Attempt, Cause, History, KeptAnswer, Number, Retention},
    replay::{self, Edits, ReplayError},
    target::{Routes, Target},
    webhook::Keys,
};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Edit, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};
use tokio::{io::AsyncWriteExt as _, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::app::{App, read_request};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn open(folder: &Path) -> History {
    let retention = Retention {
        count: 100,
        bytes: 1 << 30,
    };
    History::open(&folder.join("history.db"), retention).expect("a new history")
}

fn forwarder() -> Forwarder {
    let options = Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(20),
    };
    Forwarder::new(options).expect("options that can be set")
}

fn capture(path: &'static [u8], body: Body) -> Capture {
    let mut headers = Headers::new();
    headers.push("host", "relay.example");
    headers.push("stripe-signature", &b"t=1,v1=\xe9"[..]);
    Capture {
        id: CaptureId::new(),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis::now(),
        peer: "203.0.113.9".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(path),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body,
    }
}

async fn stored(history: &History, capture: Capture, bytes: Option<Bytes>) -> Number {
    let mut draft = None;
    if let Some(bytes) = bytes {
        let mut pieces = history.draft(capture.id);
        for piece in bytes.chunks(50_000) {
            let piece = Bytes::copy_from_slice(piece);
            pieces.push(piece).await.expect("a writable history");
        }
        draft = Some(pieces);
    }
    let is_upgrade = capture.headers.first("upgrade").is_some();
    let arrival = Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "local".into(),
        seq: (!is_upgrade).then_some(Seq(1)),
        kind: Kind::Waited,
    };
    let recorded = history.record(arrival, draft).await;
    recorded.expect("a writable history").number
}

async fn replayed(
    history: &History,
    number: Number,
    to: Option<&Target>,
    edits: &Edits,
) -> Result<Attempt, ReplayError> {
    let with = replay::With {
        history,
        forwarder: &forwarder(),
        otherwise: &Routes::default(),
        keys: &Arc::new(Keys::default()),
        say: &|_, _| (),
    };
    replay::run(&with, number, to.cloned(), edits).await
}

fn attempts(history: &History, number: Number) -> Vec<Attempt> {
    let reader = history.reader().expect("a readable history");
    reader.attempts(number).expect("a readable history")
}

#[tokio::test]
async fn a_request_goes_out_as_captured_and_its_attempt_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let app = App::answering(OK).await;
    let body = Body::Whole(Bytes::from_static(b"\0\xffbody"));
    let original = capture(b"/stripe?a=%00", body);
    let id = original.id;
    let number = stored(&history, original, None).await;
    let target = app.target();
    let attempt = replayed(&history, number, Some(&target), &Edits::default())
        .await
        .unwrap();
    assert_eq!(attempt.cause, Cause::Replay);
    assert_eq!(attempt.outcome, Outcome::Answered);
    assert_eq!(attempt.target, format!("{target}/stripe?a=%00"));
    let answer = attempt.answer.as_ref().unwrap();
    assert_eq!(
        (answer.status, &answer.body[..], answer.ended),
        (200, &b"ok"[..], true)
    );
    let replay_of = Edit::Added {
        name: "hooktool-replay-of".to_owned(),
        value: id.to_string().into(),
    };
    assert!(attempt.changes.contains(&replay_of));
    let request = app.seen().pop().unwrap();
    assert!(request.starts_with(b"POST /stripe?a=%00 HTTP/1.1\r\n"));
    assert!(request.ends_with(b"\r\n\r\n\0\xffbody"));
    let line = b"stripe-signature: t=1,v1=\xe9\r\n";
    assert!(request.windows(line.len()).any(|part| part == line));
    let recorded = attempts(&history, number);
    let expected = Attempt {
        try_number: Some(1),
        // Kept to the microsecond or coarser.
        connect: recorded[0].connect,
        took: recorded[0].took,
        ..attempt
    };
    assert_eq!(recorded, [expected]);
}

#[tokio::test]
async fn without_a_target_it_goes_where_its_last_try_went() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let (first, second) = (App::answering(OK).await, App::answering(OK).await);
    let at = |app: &App, path: &str| format!("http://{}{path}", app.addr).parse().unwrap();
    for (path, target, sent) in [
        (&b""[..], at(&first, ""), "/"),
        (b"?a", at(&first, "/in"), "/in?a"),
        (b"/x/", at(&first, "/x"), "/x/x/"),
        (b"/x", at(&first, "/tidy-otter"), "/tidy-otter/x"),
    ] {
        let number = stored(&history, capture(path, Body::Absent), None).await;
        let refused = replayed(&history, number, None, &Edits::default()).await;
        assert!(
            matches!(refused, Err(ReplayError::NoTarget(_))),
            "{refused:?}"
        );
        let edits = Edits {
            path: Some(Bytes::from_static(b"/edited")),
            ..Edits::default()
        };
        for (to, edits) in [
            (Some(at(&second, "/away")), &Edits::default()),
            (Some(target), &edits),
            (None, &edits),
            (None, &Edits::default()),
        ] {
            let done = replayed(&history, number, to.as_ref(), edits).await;
            assert_eq!(done.unwrap().outcome, Outcome::Answered);
        }
        let request = first.seen().pop().unwrap();
        let line = format!("POST {sent} HTTP/1.1\r\n");
        assert!(request.starts_with(line.as_bytes()), "{line}");
    }
    assert_eq!((first.seen().len(), second.seen().len()), (12, 4));
}

#[tokio::test]
async fn edits_reach_the_app_and_stand_first_in_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let app = App::answering(OK).await;
    let body = Body::Whole(Bytes::from_static(b"old"));
    let number = stored(&history, capture(b"/x", body), None).await;
    let edits = Edits {
        body: Some(Bytes::from(vec![b'n'; 100_000])),
        removed: vec![http::HeaderName::from_static("stripe-signature")],
        ..Edits::default()
    };
    let attempt = replayed(&history, number, Some(&app.target()), &edits).await;
    let changes = attempt.unwrap().changes;
    assert!(
        matches!(&changes[0], Edit::Removed { name, .. } if name == "stripe-signature"),
        "{changes:?}"
    );
    let request = app.seen().pop().unwrap();
    let shown = request.escape_ascii().to_string();
    assert!(shown.contains("content-length: 100000\\r\\n"), "{shown}");
    assert!(!shown.contains("stripe-signature"), "{shown}");
    assert!(request.ends_with(&[b'n'; 100_000]));
    let stored = history.reader().unwrap().request(number).unwrap().unwrap();
    assert_eq!(stored.capture.body, Body::Whole(Bytes::from_static(b"old")));
}

#[tokio::test]
async fn a_large_body_is_read_from_the_history_as_it_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let app = App::answering(OK).await;
    let bytes: Bytes = (0..3_000_001_u32).map(|n| (n % 251) as u8).collect();
    let capture = capture(b"/", Body::Pieces(bytes.len() as u64));
    let number = stored(&history, capture, Some(bytes.clone())).await;
    let attempt = replayed(&history, number, Some(&app.target()), &Edits::default()).await;
    let attempt = attempt.unwrap();
    assert_eq!(attempt.outcome, Outcome::Answered, "{attempt:?}");
    assert!(app.seen().pop().unwrap().ends_with(&bytes), "all bytes");
}

#[tokio::test]
async fn a_failure_is_a_recorded_attempt_and_what_cannot_be_sent_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let app = App::scripted(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        let half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
        stream.write_all(half).await.expect("a peer that reads");
    })
    .await;
    let number = stored(&history, capture(b"/", Body::Absent), None).await;
    let cut = replayed(&history, number, Some(&app.target()), &Edits::default())
        .await
        .unwrap();
    assert_eq!(cut.outcome, Outcome::Broken);
    assert_eq!(cut.error.as_deref(), Some("the answer broke off"));
    assert_eq!(cut.answer.unwrap().len, 4);
    let target = app.target();
    app.stop().await;
    let refused = replayed(&history, number, Some(&target), &Edits::default())
        .await
        .unwrap();
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(refused.error.unwrap().starts_with("connection refused"));
    let outcomes: Vec<Outcome> = attempts(&history, number)
        .iter()
        .map(|attempt| attempt.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Broken, Outcome::Refused]);
    let mut upgrade = capture(b"/ws", Body::Absent);
    upgrade.headers.push("upgrade", "websocket");
    let number = stored(&history, upgrade, None).await;
    let live_only = replayed(&history, number, Some(&target), &Edits::default()).await;
    assert!(
        matches!(live_only, Err(ReplayError::Upgrade(_))),
        "{live_only:?}"
    );
    let unknown = replayed(&history, 99, Some(&target), &Edits::default()).await;
    assert!(
        matches!(unknown, Err(ReplayError::NoRequest(99))),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn an_answer_that_goes_on_is_recorded_at_its_head_and_counted_to_its_end() {
    const MORE: usize = 1_500_000;
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let (go_on, steps) = tokio::sync::watch::channel(false);
    let app = App::scripted(move |mut stream, _| {
        let mut steps = steps.clone();
        async move {
            read_request(&mut stream).await.expect("a request");
            let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: 1\n\n";
            stream.write_all(head).await.expect("a peer that reads");
            steps.wait_for(|&go| go).await.expect("a test");
            let rest = vec![b'.'; MORE];
            stream.write_all(&rest).await.expect("a peer that reads");
        }
    })
    .await;
    let number = stored(&history, capture(b"/", Body::Absent), None).await;
    let (target, edits) = (app.target(), Edits::default());
    let replay = replayed(&history, number, Some(&target), &edits);
    let watching = async {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut changes = history.changes();
        while attempts(&history, number).is_empty() {
            let change = tokio::time::timeout_at(deadline, changes.recv()).await;
            change.expect("an attempt in time").expect("a history");
        }
        let answer = attempts(&history, number).remove(0).answer.unwrap();
        assert_eq!(
            (&answer.body[..], answer.ended),
            (&b"data: 1\n\n"[..], false)
        );
        go_on.send(true).expect("an app that waits");
    };
    let (attempt, ()) = tokio::join!(replay, watching);
    let answer = attempt.unwrap().answer.unwrap();
    assert_eq!((answer.len, answer.ended), (MORE as u64 + 9, true));
    let recorded = attempts(&history, number).remove(0).answer.unwrap();
    assert_eq!((recorded.len, recorded.ended), (MORE as u64 + 9, true));
    assert_eq!(recorded.body.len(), KeptAnswer::KEPT);
}

#[tokio::test]
async fn a_set_that_is_stopped_begins_no_more_and_records_what_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(folder.path());
    let app = App::answering(OK).await;
    let number = stored(&history, capture(b"/a", Body::Absent), None).await;
    let replays = Replays {
        numbers: vec![number],
        to: Some(app.target()),
        times: 5,
        // Nobody waits for the third one.
        gap: Duration::from_secs(3600),
        parallel: 2,
        edits: Edits::default(),
    };
    let stop = CancellationToken::new();
    let mut told = Vec::new();
    let tell = |sent| {
        stop.cancel();
        told.push(sent);
    };
    let (forwarder, routes) = (forwarder(), Routes::default());
    let with = replay::With {
        history: &history,
        forwarder: &forwarder,
        otherwise: &routes,
        keys: &Arc::new(Keys::default()),
        say: &|_, _| (),
    };
    replay::many(&with, &replays, &stop, tell).await;
    assert_eq!(told.len(), 1);
    assert_eq!(attempts(&history, number).len(), 1);
}
