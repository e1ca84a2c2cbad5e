//! `list`, `show` and `replay` on a history that was written before, with nothing running.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool::history::{
    Arrival, Attempt, Bookmarked, Cause, Going, History, KeptAnswer, Retention,
};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, Sent, SentBy, Seq, UnixMillis, Version,
};

use super::Home;
use crate::app::App;

const AT: UnixMillis = UnixMillis(1_760_265_121_004);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NO: &[u8] = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n";
const ID: &str = "req_00000000800000000000000000";

/// One request, which the target at `url` answered with 400.
pub(super) async fn home(url: &str) -> Home {
    home_after(Some(url)).await
}

/// One request, forwarded there or never.
async fn home_after(url: Option<&str>) -> Home {
    let home = Home::new();
    home.file(".config/hooktool/config.toml", "utc = true\n");
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a new history");
    let mut headers = Headers::new();
    headers.push("host", "relay.example");
    headers.push("content-type", "application/json");
    headers.push("x-odd", &b"\x9b31m\xff"[..]);
    let mut id = [0; 16];
    id[4] = 1;
    let capture = Capture {
        id: CaptureId::from_bytes(id),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: AT,
        peer: "203.0.113.9".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(b"/hook?a='1'"),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::from_static(b"{\"a\":1}")),
    };
    let id = capture.id;
    let arrival = Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "local".into(),
        seq: Some(Seq(7)),
        kind: Kind::Live,
    };
    history.record(arrival, None).await.expect("recorded");
    let Some(url) = url else {
        return home;
    };
    let attempt = Attempt {
        try_number: None,
        cause: Cause::Live,
        target: format!("{url}/hook?a='1'"),
        started_at: AT,
        outcome: Outcome::Answered,
        error: None,
        connect: None,
        took: Some(Duration::from_millis(4)),
        changes: Vec::new(),
        answer: Some(KeptAnswer {
            status: 400,
            headers: Headers::new(),
            body: Bytes::from_static(b"no"),
            len: 2,
            ended: true,
            carried: None,
        }),
        sent: Some(Sent {
            status: Some(400),
            by: SentBy::App,
            ms: None,
        }),
        late: false,
    };
    history.attempted(id, attempt).await.expect("recorded");
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_requests_are_listed() {
    let home = home("http://localhost:1").await;
    home.run(&["list"])
        .says("#1  2025-10-12 10:32:01Z  POST  /hook?a='1'  7 B  400  4ms\n");
    home.run(&["list", "--json", "--limit", "1"]).says(&format!(
        "{{\"v\":1,\"type\":\"capture\",\"id\":\"{ID}\",\"number\":1,\"endpoint\":\"tidy-otter\",\"seq\":7,\"kind\":\"live\",\
         \"received_at\":\"2025-10-12T10:32:01.004Z\",\"peer\":\"203.0.113.9\",\"method\":\"POST\",\"path\":\"/hook?a='1'\",\
         \"headers\":[[\"host\",\"relay.example\"],[\"content-type\",\"application/json\"],[\"x-odd\",\"\\u009b31mÿ\"]],\
         \"body\":{{\"encoding\":null,\"size\":7,\"data\":null}},\"last\":{{\"cause\":\"live\",\"outcome\":\"answered\",\
         \"status\":400,\"ms\":4,\"late\":false}}}}\n"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_stands_beside_its_request_and_a_deleted_one_is_nowhere() {
    let home = home("http://localhost:1").await;
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a history");
    let note = "the flaky\n\u{1b}[31mone";
    history.note(1, note).await.expect("noted");
    home.run(&["list", "note:FLAKY | has:note"]).says(
        "#1  2025-10-12 10:32:01Z  POST  /hook?a='1'  7 B  400  4ms  \"the flaky^J^[[31mone\"\n",
    );
    let listed = home.run(&["list", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&listed.stdout).expect("one record");
    assert_eq!(record["note"], note);
    assert!(!listed.stdout.contains('\u{1b}'));
    home.run(&["list", "note:other"]).says("");
    let gone = Going::Those(vec![1]);
    let removed = history.remove(gone, Bookmarked::Stay).await;
    let removed = removed.expect("deleted");
    home.run(&["list"]).says("");
    assert_eq!(home.run(&["show", "1"]).code, 7);
    history.restore(removed.removal).await.expect("back");
    assert!(home.run(&["list"]).stdout.starts_with("#1 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_shown_whole_and_in_parts() {
    let home = home("http://localhost:1").await;
    let head = "host: relay.example\ncontent-type: application/json\nx-odd: \\x9b31m\\xff\n";
    home.run(&["show", "last"]).says(&format!(
        "#1  {ID}  2025-10-12 10:32:01Z  from 203.0.113.9\n\nPOST /hook?a='1'\n{head}\n{{\n  \"a\": 1\n}}\n\n\
         try 1  live  2025-10-12 10:32:01Z  http://localhost:1/hook?a='1'  --> 400  4ms\n\nno\n"
    ));
    home.run(&["show", "#1", "--body"]).says("{\"a\":1}");
    home.run(&["show", "1", "--headers"]).says(head);
    home.run(&["show", ID, "--as", "curl"]).says(
        "curl --globoff --path-as-is --request 'POST' \\\n  --header 'content-type: application/json' \\\n  \
         --header $'x-odd: \\x9b31m\\xff' \\\n  --header 'Accept:' \\\n  --header 'Expect:' \\\n  \
         --header 'User-Agent:' \\\n  --data-raw '{\"a\":1}' \\\n  $'http://localhost:1/hook?a=\\'1\\''\n",
    );
    let unknown = home.run(&["show", "2"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (7, ""));
    assert!(
        unknown.stderr.starts_with("error: no request 2\n  hint: "),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_sends_the_captured_bytes_where_the_last_try_went() {
    let app = App::answering(OK).await;
    let home = home(&format!("http://{}", app.addr)).await;
    let ran = home.run(&["replay", "last", "--times", "2", "--expect", "2xx"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 2);
    for line in ran.stdout.lines() {
        assert!(line.contains("  #1  POST /hook?a='1'  --> 200  "), "{line}");
    }
    assert!(ran.stdout.ends_with("  try=3 replay\n"), "{}", ran.stdout);
    let seen = app.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with(b"POST /hook?a='1' HTTP/1.1\r\n"));
    assert!(seen[0].ends_with(b"\r\n\r\n{\"a\":1}"));
    let listed = home.run(&["list"]);
    assert!(
        listed.stdout.ends_with("  try 3, replay\n"),
        "{}",
        listed.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_what_was_never_forwarded_goes_where_the_settings_say() {
    let app = App::answering(OK).await;
    let home = home_after(None).await;
    home.run(&["replay", "1"]).fails(
        2,
        "error: #1 was never forwarded\n  hint: name a target: `hooktool replay 1 --to 3000`\n",
    );
    home.file(
        "project/hooktool.toml",
        &format!("target = {}\n", app.addr.port()),
    );
    let ran = home.run(&["replay", "1"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stdout.contains("  #1  POST /hook?a='1'  --> 200  "));
    assert!(app.seen()[0].starts_with(b"POST /hook?a='1' HTTP/1.1\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_replay_sends_what_was_asked_for() {
    let app = App::answering(OK).await;
    let home = home("http://localhost:1").await;
    home.file("project/new.json", "{}");
    let to = app.addr.to_string();
    let args = [
        "replay",
        "1",
        "--to",
        &to,
        "--body",
        "@new.json",
        "--header",
        "X-Odd: even",
        "--json",
    ];
    let ran = home.run(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let record: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one record");
    assert_eq!(
        (&record["try"], &record["cause"]),
        (&2.into(), &"replay".into())
    );
    let seen = app.seen().remove(0);
    assert!(seen.ends_with(b"\r\n\r\n{}"));
    let head = seen.to_ascii_lowercase();
    assert!(head.windows(13).any(|window| window == b"x-odd: even\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_says_by_its_code_what_went_wrong() {
    let app = App::answering(NO).await;
    let home = home("http://127.0.0.1:1").await;
    let unreachable = home.run(&["replay", "1"]);
    assert_eq!(unreachable.code, 5, "{unreachable:?}");
    assert!(unreachable.stdout.contains("--> ERR  "), "{unreachable:?}");
    assert!(
        unreachable
            .stderr
            .starts_with("error: the target could not be reached\n  cause: ")
    );
    let to = app.addr.to_string();
    let unexpected = home.run(&["replay", "1", "--to", &to, "--expect", "2xx"]);
    assert_eq!(unexpected.code, 6, "{unexpected:?}");
    home.run(&["replay", "1", "--to", &to, "--edit"]).fails(
        2,
        "error: --edit needs a terminal\n  hint: --body @FILE sends a body without one\n",
    );
    assert_eq!(home.run(&["replay", "req_zzz"]).code, 7);
}
