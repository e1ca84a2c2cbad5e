//! Several processes on one file: each `History` and each `Reader` here has connections of its own, as processes do.

use std::{collections::HashSet, fs, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, future::join};
use hooktool_relay::capture::{Body, Outcome};

use super::{
    super::{Change, FolderEndpoint, History},
    Place, answered, arrival, attempt, capture, count, eventually, is_locked, numbers, recorded,
    small,
};

async fn record_many(history: &History, many: usize) -> Vec<u64> {
    let mut given = Vec::new();
    for _ in 0..many {
        let arrival = small();
        let id = arrival.capture.id;
        let both = join(
            history.record(arrival, None),
            history.attempted(id, answered(200, b"ok")),
        );
        let (recorded, attempted) = both.await;
        assert!(attempted.unwrap().is_none());
        given.push(recorded.unwrap().number);
    }
    given
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_at_once_and_no_number_is_given_twice() {
    let place = Place::new();
    let (one, two) = (place.open(), place.open());
    let (first, second) = join(record_many(&one, 150), record_many(&two, 150)).await;
    assert!(first.is_sorted() && second.is_sorted());
    let given: HashSet<u64> = first.into_iter().chain(second).collect();
    assert_eq!(given, (1..=300).collect());
    let reader = place.reader();
    assert_eq!(numbers(&reader), (1..=300).collect::<Vec<_>>());
    assert_eq!(reader.position().unwrap(), 300);
    assert!((1..=300).all(|number| reader.attempts(number).unwrap().len() == 1));
}

#[test]
fn several_processes_may_make_the_file_at_once() {
    for _ in 0..5 {
        let place = Place::new();
        std::thread::scope(|scope| {
            let opening: Vec<_> = (0..4).map(|_| scope.spawn(|| place.open())).collect();
            let opened: Vec<History> = opening.into_iter().map(|one| one.join().unwrap()).collect();
            assert_eq!(opened.len(), 4);
        });
        assert_eq!(count(&place, "totals"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_whole_commits_while_others_write() {
    let place = Place::new();
    let history = place.open();
    let reader = place.reader();
    let looking = tokio::task::spawn_blocking(move || {
        let (mut seen, mut looks) = (0, 0);
        while seen < 200 {
            let now = numbers(&reader);
            assert_eq!(now, (1..=now.len() as u64).collect::<Vec<_>>());
            assert!(now.len() >= seen);
            seen = now.len();
            looks += 1;
        }
        looks
    });
    record_many(&history, 200).await;
    let looks = tokio::time::timeout(Duration::from_secs(20), looking).await;
    assert!(looks.unwrap().unwrap() > 0);
}

#[tokio::test]
async fn another_process_writing_is_a_reload() {
    let place = Place::new();
    let (watching, writing) = (place.open(), place.open());
    let mut changes = watching.changes();
    let reader = place.reader();
    let before = reader.version().unwrap();
    recorded(&writing, &small()).await;
    assert_ne!(reader.version().unwrap(), before);
    let change = tokio::time::timeout(Duration::from_secs(5), changes.recv()).await;
    assert_eq!(change.unwrap().unwrap(), Change::Reload);
}

#[tokio::test]
async fn what_a_lock_keeps_out_is_locked_and_works_afterwards() {
    let place = Place::new();
    let history = place.open_waiting(Duration::from_millis(50));
    let other = place.sql();
    let refused = small();
    let body = Bytes::from(vec![7; 100_000]);
    let large = arrival(capture("a", Body::Pieces(100_000)));
    let mut draft = history.draft(large.capture.id);

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    draft.push(body.slice(..70_000)).await.unwrap();
    assert!(is_locked(&history.record(refused.clone(), None).await));
    assert!(is_locked(&history.bookmark(1, true).await));
    other.execute_batch("ROLLBACK").unwrap();

    let attempted = history
        .attempted(refused.capture.id, attempt(Outcome::Refused))
        .await;
    assert!(is_locked(&attempted), "{attempted:?}");
    draft.push(body.slice(70_000..)).await.unwrap();
    assert_eq!(history.record(large, Some(draft)).await.unwrap().number, 1);
    assert_eq!(place.reader().body(1, 0, 100_000).unwrap(), body);
    assert_eq!(recorded(&history, &refused).await.number, 2);
    history
        .attempted(refused.capture.id, attempt(Outcome::Refused))
        .await
        .unwrap();
    assert_eq!(place.reader().position().unwrap(), 1);
    assert!(history.failed().now_or_never().is_none());
}

/// Commits in the write-ahead log: frames that say how large the database is after them
/// (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn commits(place: &Place) -> usize {
    let log = fs::read(place.path.with_extension("db-wal")).unwrap();
    let frames = log[32..].chunks_exact(24 + super::super::schema::PAGE as usize);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn a_record_and_its_attempt_share_a_commit_when_they_can() {
    let place = Place::new();
    let history = place.open();
    recorded(&history, &small()).await;
    let before = commits(&place);
    let other = place.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer takes this one and waits for the other process; what comes meanwhile gathers.
    let mut first = Box::pin(history.record(small(), None));
    assert!(first.as_mut().now_or_never().is_none());
    let taken = || history.writing.queue.is_empty();
    eventually("the writer took it", taken).await;
    let gathered = small();
    let id = gathered.capture.id;
    let mut second = Box::pin(join(
        history.record(gathered, None),
        history.attempted(id, answered(200, b"")),
    ));
    assert!(second.as_mut().now_or_never().is_none());
    other.execute_batch("ROLLBACK").unwrap();
    first.await.unwrap();
    let (recorded, attempted) = second.await;
    assert!(recorded.unwrap().number == 3 && attempted.unwrap().is_none());
    assert_eq!(commits(&place) - before, 2);
}

#[tokio::test]
async fn the_last_clone_to_go_flushes() {
    let place = Place::new();
    let history = place.open();
    let clone = history.clone();
    for _ in 0..20 {
        let _ = history.record(small(), None).now_or_never();
    }
    drop(history);
    let _ = clone.record(small(), None).now_or_never();
    drop(clone);
    assert_eq!(numbers(&place.reader()).len(), 21);
}

#[tokio::test]
async fn a_folder_keeps_its_endpoint_for_each_relay() {
    let place = Place::new();
    let history = place.open();
    let folder = place.path.parent().unwrap();
    let kept = |name: &str, port| FolderEndpoint {
        endpoint: super::endpoint(name),
        port,
    };
    assert_eq!(history.endpoint_of(folder, "local").await.unwrap(), None);
    history
        .keep_endpoint(folder, "local", kept("old", Some(4141)))
        .await
        .unwrap();
    history
        .keep_endpoint(folder, "local", kept("tidy-otter", Some(4142)))
        .await
        .unwrap();
    let relay = "https://relay.example";
    history
        .keep_endpoint(folder, relay, kept("far", None))
        .await
        .unwrap();
    assert_eq!(
        history.endpoint_of(folder, "local").await.unwrap(),
        Some(kept("tidy-otter", Some(4142)))
    );
    assert_eq!(
        history.endpoint_of(folder, relay).await.unwrap(),
        Some(kept("far", None))
    );
    let reader = place.reader();
    let all = [
        (relay.to_owned(), super::endpoint("far")),
        ("local".to_owned(), super::endpoint("tidy-otter")),
    ];
    assert_eq!(reader.endpoints_of(folder).unwrap(), all);
    assert_eq!(reader.endpoints_of(std::path::Path::new("/")).unwrap(), []);
}
