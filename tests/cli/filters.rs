//! Filters through the real binary: `list FILTER`, `replay --where FILTER`, `listen --only FILTER`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool::history::{Arrival, Attempt, Cause, History, KeptAnswer, Retention};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};

use super::Home;
use crate::app::App;

const AT: UnixMillis = UnixMillis(1_760_265_121_004);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request that is stored, and the status that it was answered with at `url`.
async fn store(history: &History, url: &str, path: &str, body: Vec<u8>, status: Option<u16>) {
    let mut headers = Headers::new();
    headers.push("x-kind", path.trim_start_matches('/').to_owned());
    let id = CaptureId::new();
    let is_large = body.len() > Body::INLINE;
    let mut draft = None;
    if is_large {
        let mut pieces = history.draft(id);
        for piece in body.chunks(16 * 1024) {
            let piece = Bytes::copy_from_slice(piece);
            pieces.push(piece).await.expect("recorded");
        }
        draft = Some(pieces);
    }
    let capture = Capture {
        id,
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: AT,
        peer: "203.0.113.9".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::copy_from_slice(path.as_bytes()),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: match is_large {
            true => Body::Pieces(body.len() as u64),
            false => Body::Whole(body.into()),
        },
    };
    let arrival = Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "local".into(),
        seq: Some(Seq(1)),
        kind: Kind::Live,
    };
    history.record(arrival, draft).await.expect("recorded");
    let Some(status) = status else { return };
    let mut answer = Headers::new();
    answer.push("x-app", "yes");
    let attempt = Attempt {
        try_number: None,
        cause: Cause::Live,
        target: format!("{url}{path}"),
        started_at: AT,
        outcome: Outcome::Answered,
        error: None,
        connect: None,
        took: Some(Duration::from_millis(4)),
        changes: Vec::new(),
        answer: Some(KeptAnswer {
            status,
            headers: answer,
            body: Bytes::from(format!("answer {status}")),
            len: 10,
            ended: true,
            carried: None,
        }),
        sent: None,
        late: false,
    };
    history.attempted(id, attempt).await.expect("recorded");
}

/// Four requests: 1 and 2 at /stripe, 3 at /gh with a large body, 4 never forwarded.
async fn home(url: &str) -> Home {
    let home = Home::new();
    home.file(".config/hooktool/config.toml", "utc = true\n");
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a new history");
    let body = |amount: u32| format!("{{\"data\":{{\"amount\":{amount}}}}}").into_bytes();
    let mut large = vec![b' '; 100_000];
    large.extend_from_slice(b"{\"needle\":true}");
    store(&history, url, "/stripe", body(500), Some(200)).await;
    store(&history, url, "/stripe", body(1500), Some(500)).await;
    store(&history, url, "/gh", large, Some(200)).await;
    store(&history, url, "/new", body(1), None).await;
    home
}

/// The numbers that a list names.
fn numbers(stdout: &str) -> Vec<&str> {
    let words = stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    words.map(|word| word.trim_start_matches('#')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_what_fits() {
    let home = home("http://localhost:3000").await;
    let table: &[(&[&str], &[&str])] = &[
        (&[], &["1", "2", "3", "4"]),
        (&["path:/stripe"], &["1", "2"]),
        (&["path:/stripe", "status:5xx"], &["2"]),
        (&[".data.amount>1000"], &["2"]),
        (&["!path:/stripe", "-is:pending"], &["3"]),
        (&["needle"], &["3"]),
        (&[".needle:true"], &["3"]),
        (&["\"answer 500\" | header:x-kind=new"], &["2", "4"]),
        (
            &["target:3000 respheader:x-app", "--limit", "2"],
            &["2", "3"],
        ),
        (&["since:2025-10-12T10:32:02Z"], &[]),
        (&["before:2025-10-13", "size<10"], &[]),
    ];
    for (filter, wanted) in table {
        let args: Vec<&str> = [&["list"], *filter].concat();
        let ran = home.run(&args);
        assert_eq!((ran.stderr.as_str(), ran.code), ("", 0), "{filter:?}");
        assert_eq!(numbers(&ran.stdout), *wanted, "{filter:?}");
    }
    let json = home.run(&["list", "path:/gh", "--json"]).stdout;
    assert_eq!(json.lines().count(), 1);
    assert!(json.contains("\"number\":3"), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_makes_no_sense_has_a_caret() {
    let home = home("http://localhost:3000").await;
    let fault = "error: expected 5xx, 500, 500..599, >=500, pending, err or held\n  \
                 path:/x status:5xxx\n                 ^\n";
    home.run(&["list", "path:/x", "status:5xxx"])
        .fails(2, fault);
    home.run(&["replay", "--where", "path:/x status:5xxx"])
        .fails(2, fault);
    home.run(&["list", "pahh:/x"]).fails(
        2,
        "error: unknown field pahh\n  pahh:/x\n  ^\n  hint: the nearest field is `path`\n",
    );
    home.run(&["listen", "--only", "path:/x took>1s"]).fails(
        2,
        "error: invalid value 'path:/x took>1s' for '--only <FILTER>': this is known only after a forward\n  \
         path:/x took>1s\n          ^\n  \
         hint: ask for what a request brings: method, path, header, body\n\n\
         For more information, try '--help'.\n",
    );
    home.run_with(&["config", "show"], &[("HOOKTOOL_ONLY", "took>1s")])
        .fails(
            3,
            "error: HOOKTOOL_ONLY: `only` cannot be `took>1s`\n  \
             hint: this is known only after a forward (at byte 0); ask for what a request brings: method, path, header, body\n",
        );
    home.file("project/hooktool.toml", "only = \"path:/stripe\"\n");
    let shown = home.run(&["config", "show"]).stdout;
    assert!(shown.starts_with("only = \"path:/stripe\" "), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_sends_what_fits_in_order() {
    let app = App::answering(OK).await;
    let home = home(&format!("http://{}", app.addr)).await;
    let ran = home.run(&["replay", "--where", "path:/stripe", "--expect", "2xx"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0), "{ran:?}");
    let seen = app.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen[0].ends_with(b"500}}") && seen[1].ends_with(b"1500}}"),
        "{seen:?}"
    );
    assert_eq!(
        numbers(&home.run(&["list", "is:replayed"]).stdout),
        ["1", "2"]
    );
    assert_eq!(numbers(&home.run(&["list", "is:edited"]).stdout), [""; 0]);
    let edited = home.run(&[
        "replay", "--where", "id:1", "--header", "X-A: 1", "--body", "new",
    ]);
    assert_eq!(edited.code, 0, "{edited:?}");
    assert_eq!(
        numbers(&home.run(&["list", "is:edited tries:3"]).stdout),
        ["1"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_many_or_to_far_away_needs_a_word() {
    let app = App::answering(OK).await;
    let home = home(&format!("http://{}", app.addr)).await;
    home.run(&["replay", "--where", "path:/stripe", "--times", "11"])
        .fails(
            2,
            "error: 22 requests would be sent, and nobody can be asked\n  hint: --yes sends them\n",
        );
    home.run(&["replay", "--where", "status:500", "--to", "app.example:80"]).fails(
        2,
        "error: 1 request would be sent to http://app.example, another machine, and nobody can be asked\n  \
         hint: --yes sends them\n",
    );
    assert_eq!(app.seen().len(), 0);
    let yes = home.run(&[
        "replay",
        "--where",
        "path:/stripe",
        "--times",
        "11",
        "--yes",
    ]);
    assert_eq!((yes.code, yes.stdout.lines().count()), (0, 22), "{yes:?}");
    assert_eq!(app.seen().len(), 22);
    home.run(&["replay", "--where", "path:/new"]).fails(
        2,
        "error: #4 was never forwarded\n  hint: name a target with --to\n",
    );
    home.run(&["replay", "--where", "path:/none"]).fails(
        7,
        "error: no request fits `path:/none`\n  hint: `hooktool list` shows what there is\n",
    );
    let both = home.run(&["replay", "1", "--where", "path:/new"]);
    assert_eq!(both.code, 2, "{both:?}");
}
