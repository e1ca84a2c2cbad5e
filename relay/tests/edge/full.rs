//! The same edge on a disk that is full: 503 while there is no room, and everything again once there is.

use std::time::Duration;

use hooktool_relay::{
    capture::{AnswerPolicy, Body, CaptureId, Seq},
    config::Limits,
    store::{Options, Retention, Store},
};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{PATIENCE, TestEdge, body, line, otter, post, status};

/// Pages the database may have: a little over a megabyte.
const PAGES: u32 = 150;

/// A store that keeps a capture so long, with so much room.
fn store(folder: &TempDir, age: Duration, max_pages: Option<u32>) -> Store {
    Store::open(Options {
        folder: Some(folder.path().to_owned()),
        retention: Retention {
            age,
            ..Retention::default()
        },
        max_pages,
        reserve: 0,
    })
    .unwrap()
}

/// Posts bodies of so many bytes until one is refused: the ids of those that were acknowledged, and the refusal.
async fn fill(edge: &TestEdge, len: usize) -> (Vec<CaptureId>, String) {
    let text = "x".repeat(len);
    let mut acknowledged = Vec::new();
    loop {
        let answer = edge.say(post("/otter", &text)).await;
        if status(&answer) != 202 {
            return (acknowledged, answer);
        }
        let id = line(&answer, "hooktool-request-id").unwrap();
        acknowledged.push(id.parse().unwrap());
    }
}

#[tokio::test]
async fn a_full_disk_answers_503_and_recovers() {
    let folder = TempDir::new().unwrap();
    let age = Duration::from_secs(2);
    let edge = TestEdge::on(
        store(&folder, age, Some(PAGES)),
        AnswerPolicy::App,
        Limits::default(),
    )
    .await;
    let began = Instant::now();
    let (acknowledged, refused) = fill(&edge, 30_000).await;
    let is_young = began.elapsed() < age;
    assert_eq!(status(&refused), 503, "{refused}");
    assert!(line(&refused, "retry-after").is_some(), "{refused}");
    assert!(!body(&refused).contains(&folder.path().display().to_string()));
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    // Large bodies are refused as well, and the endpoint goes on being read.
    let large = edge.say(post("/otter", &"x".repeat(200_000))).await;
    assert_eq!(status(&large), 503, "{large}");
    let kept = edge.store.read(&otter(), Seq(0), 100).await.unwrap();
    if is_young && began.elapsed() < age {
        let ids: Vec<_> = kept.captures.iter().map(|s| s.capture.id).collect();
        assert_eq!(ids, acknowledged);
    }
    for stored in &kept.captures {
        assert_eq!(stored.capture.body, Body::Whole("x".repeat(30_000).into()));
    }

    // What was stored grows old, and its room is free again: nobody restarts anything.
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = edge.say(post("/otter", "again")).await;
        if status(&answer) == 202 {
            break;
        }
        assert_eq!(status(&answer), 503, "{answer}");
        assert!(Instant::now() < until, "it never recovers: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let last = edge.stored().await.pop().unwrap();
    assert_eq!(last.body, Body::Whole("again".into()));
}

#[tokio::test]
async fn what_was_acknowledged_before_the_disk_was_full_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let age = Duration::from_secs(3600);
    let full = store(&folder, age, Some(PAGES));
    let edge = TestEdge::on(full, AnswerPolicy::App, Limits::default()).await;
    let (acknowledged, _) = fill(&edge, 30_000).await;
    edge.end().await;
    let larger = store(&folder, age, None);
    let page = larger.read(&otter(), Seq(0), 100).await.unwrap();
    let ids: Vec<_> = page.captures.iter().map(|s| s.capture.id).collect();
    assert_eq!(ids, acknowledged);
}
