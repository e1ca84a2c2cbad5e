//! Apps that fail in every way: the try has its outcome in the history, and the sender its status by policy.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    app::{App, Seen, read_request},
    support::{Home, Request, Sender, eventually, story},
};

/// What the app does, what that is called, and what the sender of a POST gets by `app` and by `strict`.
const CASES: [(&str, &str, u16, u16); 6] = [
    ("/refuses", "refused", 502, 502),
    ("/is-silent", "timed_out", 202, 504),
    ("/closes", "broken", 502, 502),
    ("/says-garbage", "broken", 502, 502),
    ("/never-ends-its-head", "timed_out", 202, 504),
    ("/has-a-large-head", "broken", 502, 502),
];

async fn fail(mut stream: TcpStream, seen: Seen) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let line = String::from_utf8(request.clone()).expect("text");
    seen.push(request);
    let path = line.split(' ').nth(1).expect("a path");
    // The forward may have given up already.
    match path {
        "/is-silent" => std::future::pending().await,
        "/says-garbage" => {
            let _ = stream.write_all(b"\x16\x03\x01\x02 what?\r\n\r\n").await;
        }
        "/never-ends-its-head" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: b\r\n").await;
            std::future::pending::<()>().await;
        }
        "/has-a-large-head" => {
            let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(70_000));
            let _ = stream.write_all(head.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        _ => {}
    }
}

async fn fails_by(policy: &str, status: impl Fn(&(&str, &str, u16, u16)) -> u16) {
    let home = Home::new();
    let app = App::scripted(fail).await;
    let closed = App::scripted(fail).await;
    let refuses = format!("/refuses={}", closed.addr.port());
    closed.stop().await;
    let to = app.addr.to_string();
    let mut args = vec!["listen", &to, "--timeout", "300ms", "--answer", policy];
    args.extend(["--route", &refuses]);
    let listener = home.start("app", &args);
    let (addr, path) = listener.url().await;
    let sender = Sender::to(addr);
    for case in &CASES {
        let request = Request::post(&format!("{path}{}", case.0), "x");
        let answer = tokio::time::timeout(Duration::from_secs(10), sender.send(request)).await;
        let answer = answer.expect("an answer in time");
        assert_eq!(answer.status, status(case), "{policy} {}", case.0);
    }
    let listed = eventually("all recorded", || async {
        let listed = home.records("app", &["list", "--json"]);
        let is_done = |record: &serde_json::Value| !record["last"].is_null();
        if listed.len() == CASES.len() && listed.iter().all(is_done) {
            Ok(listed)
        } else {
            Err(format!("{listed:?}"))
        }
    })
    .await;
    for (case, record) in CASES.iter().zip(&listed) {
        assert_eq!(record["path"], case.0);
        assert_eq!(record["last"]["outcome"], case.1, "{record}");
        let id = record["id"].as_str().expect("an id");
        let shown = home.records("app", &["show", id, "--json"]);
        let attempt = shown.last().expect("an attempt");
        assert_eq!(attempt["type"], "attempt", "{attempt}");
        assert_eq!(attempt["outcome"], case.1, "{attempt}");
        assert_eq!(attempt["sender_status"], status(case), "{attempt}");
        assert!(attempt["error"].is_string(), "{attempt}");
    }
}

#[test]
fn every_failure_of_an_app_has_its_outcome_and_its_status() {
    story(async {
        fails_by("app", |case| case.2).await;
        fails_by("strict", |case| case.3).await;
    });
}
