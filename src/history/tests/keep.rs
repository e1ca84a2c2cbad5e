//! Bookmarks, notes, deletion and its undo: what readers see, what retention counts, what is left on disk.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::capture::Body;
use tokio::sync::broadcast::Receiver;

use super::{
    super::{Bookmarked, Change, Going, History, Number, Options, Removal, Select},
    Place, answered, arrival, attempt, capture, count, eventually, numbers, recorded, small,
    streaming,
};

/// A history whose deletions are purged after this.
fn open_purging(place: &Place, undo: Duration) -> History {
    let options = Options {
        undo,
        ..Options::default()
    };
    History::open_with(&place.path, options).unwrap()
}

async fn fill(history: &History, many: u64) {
    for _ in 0..many {
        let arrival = small();
        recorded(history, &arrival).await;
        let id = arrival.capture.id;
        history.attempted(id, answered(200, b"ok")).await.unwrap();
    }
}

/// As [`fill`]; the changes after it, which come a little later than what made them is done.
async fn filled(history: &History, many: u64) -> Receiver<Change> {
    let mut changes = history.changes();
    fill(history, many).await;
    while changes.recv().await.unwrap() != Change::Attempted(many) {}
    changes
}

/// Requests and bytes that retention counts, by its own books and by what is there.
fn counted(place: &Place) -> [(i64, i64); 2] {
    let row = |sql: &str| {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        place.sql().query_row(sql, [], read).unwrap()
    };
    [
        row("SELECT requests, bytes FROM totals"),
        row("SELECT count(*), coalesce(sum(bytes), 0) FROM requests WHERE bookmarked = 0"),
    ]
}

fn assert_counts(place: &Place) {
    let [books, there] = counted(place);
    assert_eq!(books, there);
}

async fn remove(history: &History, numbers: &[Number]) -> (u64, u64, Removal) {
    let what = Going::Those(numbers.to_vec());
    let removed = history.remove(what, Bookmarked::Stay).await.unwrap();
    (removed.count, removed.stayed, removed.removal)
}

#[tokio::test]
async fn a_note_is_read_back_changed_and_taken_away() {
    let place = Place::new();
    let history = place.open();
    let mut changes = filled(&history, 2).await;
    let reader = place.reader();
    let note = || reader.request(1).unwrap().unwrap().summary.note;
    history.note(1, "  the flaky one \n").await.unwrap();
    assert_eq!(note().as_deref(), Some("the flaky one"));
    assert_eq!(changes.recv().await.unwrap(), Change::Noted(1));
    history.note(1, "the flaky one").await.unwrap();
    history.note(2, "another").await.unwrap();
    let next = changes.recv().await.unwrap();
    assert_eq!(next, Change::Noted(2), "the first one did not change");
    history.note(1, &"é".repeat(History::NOTE)).await.unwrap();
    assert_eq!(note().map(|note| note.len()), Some(History::NOTE));
    history.note(1, " ").await.unwrap();
    assert_eq!(note(), None);
    history.note(99, "nobody").await.unwrap();
    assert_eq!(reader.list(&Select::default()).unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_deleted_is_gone_for_every_reader_and_comes_back_as_it_was() {
    let place = Place::new();
    let history = place.open();
    let mut changes = filled(&history, 5).await;
    history.note(3, "a note").await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), Change::Noted(3));
    let reader = place.reader();
    let before = reader.list(&Select::default()).unwrap();

    let (gone, stayed, removal) = remove(&history, &[2, 3, 5, 99]).await;
    assert_eq!((gone, stayed), (3, 0));
    assert_eq!(changes.recv().await.unwrap(), Change::Reload);
    assert_eq!(numbers(&reader), [1, 4]);
    assert!(reader.request(3).unwrap().is_none());
    assert!(reader.summary(3).unwrap().is_none());
    assert!(reader.attempts(3).unwrap().is_empty());
    assert!(reader.body(3, 0, 10).unwrap().is_empty());
    assert_eq!(reader.pick("last", &Select::default()).unwrap(), 4);
    assert!(reader.pick("3", &Select::default()).is_err());
    assert!(reader.by_id(before[2].id).unwrap().is_none());
    assert_eq!(reader.dropped().unwrap(), None);
    assert_counts(&place);
    // It is gone: no bookmark, no note, no second deletion reaches it.
    history.bookmark(3, true).await.unwrap();
    history.note(3, "other").await.unwrap();
    assert_eq!(remove(&history, &[3]).await.0, 0);

    assert_eq!(history.restore(removal).await.unwrap(), 3);
    assert_eq!(reader.list(&Select::default()).unwrap(), before);
    assert_eq!(reader.attempts(3).unwrap().len(), 1);
    assert_counts(&place);
    assert_eq!(history.restore(removal).await.unwrap(), 0);
}

#[tokio::test]
async fn bookmarked_ones_stay_unless_the_person_said_so() {
    let place = Place::new();
    let history = place.open();
    fill(&history, 3).await;
    history.bookmark(2, true).await.unwrap();
    let reader = place.reader();
    let all = || Going::All(Select::default());
    let removed = history.remove(all(), Bookmarked::Stay).await.unwrap();
    assert_eq!((removed.count, removed.stayed), (2, 1));
    assert_eq!(numbers(&reader), [2]);
    let removed = history.remove(all(), Bookmarked::Go).await.unwrap();
    assert_eq!((removed.count, removed.stayed), (1, 0));
    assert_counts(&place);
    assert_eq!(history.restore(removed.removal).await.unwrap(), 1);
    assert!(reader.request(2).unwrap().unwrap().summary.bookmarked);
    assert_counts(&place);
}

#[tokio::test]
async fn clearing_takes_one_endpoint_s_requests_only() {
    let place = Place::new();
    let history = place.open();
    for name in ["a", "b", "a"] {
        recorded(&history, &arrival(capture(name, Body::Absent))).await;
    }
    let clear = |name: &str| {
        let endpoints = vec![("local".to_owned(), super::endpoint(name))];
        Going::All(Select {
            endpoints,
            ..Select::default()
        })
    };
    let none = history.remove(clear("c"), Bookmarked::Go).await.unwrap();
    assert_eq!(none.count, 0);
    let removed = history.remove(clear("a"), Bookmarked::Go).await.unwrap();
    assert_eq!(removed.count, 2);
    assert_eq!(numbers(&place.reader()), [2]);
    // Numbers are given out once.
    assert_eq!(recorded(&history, &small()).await.number, 4);
}

#[tokio::test]
async fn an_attempt_that_ends_meanwhile_is_there_after_the_undo() {
    let place = Place::new();
    let history = place.open();
    let arrival = small();
    recorded(&history, &arrival).await;
    let (_, _, removal) = remove(&history, &[1]).await;
    let id = arrival.capture.id;
    let begun = history.attempted(id, streaming(b"ab")).await.unwrap();
    let mut stream = begun.unwrap();
    stream.push("cd".into()).await.unwrap();
    stream.end(None).await.unwrap();
    assert_counts(&place);
    // The relay offers it again: it is known, and not a new request.
    let again = recorded(&history, &arrival).await;
    assert!(again.number == 1 && again.outcome.is_some());
    history.restore(removal).await.unwrap();
    let attempts = place.reader().attempts(1).unwrap();
    assert_eq!(attempts[0].answer.as_ref().unwrap().body, "abcd");
    assert_counts(&place);
}

#[tokio::test]
async fn a_deletion_whose_undo_is_over_leaves_nothing() {
    let place = Place::new();
    let history = open_purging(&place, Duration::ZERO);
    let large = arrival(capture("a", Body::Pieces(150_000)));
    let mut draft = history.draft(large.capture.id);
    draft.push(Bytes::from(vec![1; 150_000])).await.unwrap();
    history.record(large.clone(), Some(draft)).await.unwrap();
    let id = large.capture.id;
    let mut stream = history
        .attempted(id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    stream.push(Bytes::from(vec![2; 50_000])).await.unwrap();
    fill(&history, 1).await;
    let (_, _, removal) = remove(&history, &[1]).await;
    eventually("it is purged", || count(&place, "captures") == 1).await;
    for table in ["contents", "attempts"] {
        assert_eq!(count(&place, table), 1, "{table}");
    }
    assert_eq!(count(&place, "pieces"), 0);
    assert_eq!(history.restore(removal).await.unwrap(), 0);
    stream.end(None).await.unwrap();
    let late = history
        .attempted(id, attempt(super::Outcome::Refused))
        .await;
    assert!(late.unwrap().is_none());
    assert_eq!(place.reader().dropped().unwrap(), None);
    assert_counts(&place);
}

#[tokio::test]
async fn what_a_killed_process_deleted_is_purged_by_the_next_one() {
    let place = Place::new();
    let history = place.open();
    fill(&history, 2).await;
    remove(&history, &[1]).await;
    drop(history);
    assert_eq!(count(&place, "captures"), 2);
    let _next = open_purging(&place, Duration::ZERO);
    eventually("it is purged", || count(&place, "captures") == 1).await;
}

#[tokio::test]
async fn a_deletion_of_more_than_a_step_is_whole_at_once_and_purged_by_and_by() {
    let place = Place::new();
    let history = open_purging(&place, Duration::from_millis(1));
    for _ in 0..700 {
        drop(futures_util::FutureExt::now_or_never(
            history.record(small(), None),
        ));
    }
    let all = Going::All(Select::default());
    let removed = history.remove(all, Bookmarked::Stay).await.unwrap();
    assert_eq!(removed.count, 700);
    assert_eq!(numbers(&place.reader()), [0; 0]);
    eventually("all are purged", || count(&place, "captures") == 0).await;
}
