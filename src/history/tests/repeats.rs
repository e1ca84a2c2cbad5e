//! Which request before brought the same event: retries, duplicates, batches, what is only probable; and that it costs little.

use std::time::Duration;

use super::{
    super::{Again, Bookmarked, Fingerprint, Going, History, Number, Repeat},
    Arrival, Body, Outcome, Place, UnixMillis, answered, arrival, attempt, capture, count,
    eventually, recorded,
};

/// A request with these events, so many milliseconds after the first.
fn brings(keys: &[u64], after: i64) -> Arrival {
    let mut capture = capture("tidy-otter", Body::Whole("{}".into()));
    capture.received_at = UnixMillis(1_760_000_000_000 + after);
    Arrival {
        fingerprint: Some(Box::new(Fingerprint {
            keys: keys.to_vec(),
            is_of_body: false,
            body: Some(7),
        })),
        ..arrival(capture)
    }
}

/// The same, known by its body alone.
fn looks_like(key: u64, after: i64) -> Arrival {
    let mut arrival = brings(&[key], after);
    if let Some(fingerprint) = &mut arrival.fingerprint {
        fingerprint.is_of_body = true;
    }
    arrival
}

async fn comes(history: &History, arrival: &Arrival, status: u16) -> Number {
    let number = recorded(history, arrival).await.number;
    ends(history, arrival, status).await;
    number
}

async fn ends(history: &History, arrival: &Arrival, status: u16) {
    let attempt = answered(status, b"");
    history
        .attempted(arrival.capture.id, attempt)
        .await
        .unwrap();
}

fn again(history: &History, number: Number) -> Option<Again> {
    let reader = history.reader().unwrap();
    let (_, summary) = reader.summary(number).unwrap().unwrap();
    summary.again.map(|again| *again)
}

fn repeat(history: &History, number: Number) -> Option<(Repeat, Number)> {
    again(history, number).map(|again| (again.repeat, again.of))
}

#[tokio::test]
async fn the_same_event_is_a_retry_until_one_went_well_and_a_duplicate_from_then_on() {
    let place = Place::new();
    let history = place.open();
    let first = brings(&[5], 0);
    comes(&history, &first, 500).await;
    comes(&history, &brings(&[6], 1), 200).await;
    comes(&history, &brings(&[5], 5_000), 500).await;
    comes(&history, &brings(&[5], 9_000), 200).await;
    comes(&history, &brings(&[5], 9_500), 200).await;
    assert_eq!(again(&history, 1), None);
    assert_eq!(again(&history, 2), None);
    let retry = Again {
        repeat: Repeat::Retry,
        of: 1,
        id: first.capture.id,
        after: Duration::from_secs(5),
        times: 2,
        is_probable: false,
        is_same_body: Some(true),
        batch: None,
    };
    assert_eq!(again(&history, 3), Some(retry.clone()));
    let third = Again {
        after: Duration::from_secs(9),
        times: 3,
        ..retry
    };
    assert_eq!(again(&history, 4), Some(third));
    assert_eq!(repeat(&history, 5), Some((Repeat::Duplicate, 1)));
}

#[tokio::test]
async fn in_one_transaction_it_is_the_same() {
    let place = Place::new();
    let history = place.open();
    let (one, two) = (brings(&[5], 0), brings(&[5], 1));
    // Handed over before the writer wakes, both are of one commit.
    let (done, _, _) = tokio::join!(
        history.record(one.clone(), None),
        history.attempted(one.capture.id, answered(200, b"")),
        history.record(two.clone(), None),
    );
    assert_eq!(done.unwrap().number, 1);
    assert_eq!(repeat(&history, 2), Some((Repeat::Duplicate, 1)));
}

#[tokio::test]
async fn what_is_under_way_is_judged_when_it_ends() {
    let place = Place::new();
    let history = place.open();
    let (slow, retried, last) = (brings(&[5], 0), brings(&[5], 3_000), brings(&[5], 60_000));
    recorded(&history, &slow).await;
    comes(&history, &retried, 500).await;
    recorded(&history, &last).await;
    assert_eq!(repeat(&history, 2), Some((Repeat::Retry, 1)));
    ends(&history, &slow, 200).await;
    assert_eq!(repeat(&history, 2), Some((Repeat::Duplicate, 1)));
    assert_eq!(repeat(&history, 3), Some((Repeat::Duplicate, 1)));
    // One that fails changes nothing.
    let (slow, retried) = (brings(&[6], 0), brings(&[6], 3_000));
    recorded(&history, &slow).await;
    recorded(&history, &retried).await;
    ends(&history, &slow, 500).await;
    assert_eq!(repeat(&history, 5), Some((Repeat::Retry, 4)));
}

#[tokio::test]
async fn what_is_held_was_taken_and_a_replay_that_goes_well_counts() {
    let place = Place::new();
    let history = place.open();
    let held = brings(&[5], 0);
    recorded(&history, &held).await;
    let outcome = attempt(Outcome::Held);
    history.attempted(held.capture.id, outcome).await.unwrap();
    comes(&history, &brings(&[5], 1), 200).await;
    assert_eq!(repeat(&history, 2), Some((Repeat::Duplicate, 1)));
    let failed = brings(&[6], 0);
    comes(&history, &failed, 500).await;
    comes(&history, &brings(&[6], 1), 500).await;
    ends(&history, &failed, 200).await;
    comes(&history, &brings(&[6], 2), 200).await;
    assert_eq!(repeat(&history, 4), Some((Repeat::Retry, 3)));
    assert_eq!(repeat(&history, 5), Some((Repeat::Duplicate, 3)));
}

#[tokio::test]
async fn a_batch_tells_how_many_of_its_events_had_come() {
    let place = Place::new();
    let history = place.open();
    comes(&history, &brings(&[1, 2], 0), 500).await;
    comes(&history, &brings(&[8, 9], 0), 200).await;
    comes(&history, &brings(&[1, 2, 3], 1), 500).await;
    comes(&history, &brings(&[3], 2), 200).await;
    comes(&history, &brings(&[4, 8], 3), 200).await;
    comes(&history, &brings(&[10, 11], 3), 200).await;
    assert_eq!(again(&history, 2), None);
    let part = again(&history, 3).unwrap();
    assert_eq!((part.of, part.repeat), (1, Repeat::Retry));
    assert_eq!(part.batch, Some((3, 2)));
    // The batch itself repeats #1, its third event did not.
    let single = again(&history, 4).unwrap();
    assert_eq!((single.of, single.batch), (3, None));
    assert_eq!(again(&history, 5).unwrap().batch, Some((2, 1)));
    assert_eq!(repeat(&history, 5), Some((Repeat::Duplicate, 2)));
    assert_eq!(again(&history, 6), None);
}

#[tokio::test]
async fn the_same_body_is_probably_the_same_event_for_a_day() {
    const HOUR: i64 = 60 * 60 * 1000;
    let place = Place::new();
    let history = place.open();
    for at in [0, 20 * HOUR, 30 * HOUR, 31 * HOUR] {
        comes(&history, &looks_like(5, at), 200).await;
    }
    assert!(again(&history, 2).unwrap().is_probable);
    assert_eq!(again(&history, 3), None);
    assert_eq!(repeat(&history, 4), Some((Repeat::Duplicate, 3)));
    // An id holds for longer.
    comes(&history, &brings(&[6], 0), 200).await;
    comes(&history, &brings(&[6], 300 * HOUR), 200).await;
    assert_eq!(repeat(&history, 6), Some((Repeat::Duplicate, 5)));
}

#[tokio::test]
async fn a_body_that_changed_is_told() {
    let place = Place::new();
    let history = place.open();
    comes(&history, &brings(&[5], 0), 500).await;
    let mut other = brings(&[5], 1);
    if let Some(fingerprint) = &mut other.fingerprint {
        fingerprint.body = Some(8);
    }
    comes(&history, &other, 500).await;
    let mut unknown = brings(&[5], 2);
    if let Some(fingerprint) = &mut unknown.fingerprint {
        fingerprint.body = None;
    }
    comes(&history, &unknown, 500).await;
    assert_eq!(again(&history, 2).unwrap().is_same_body, Some(false));
    assert_eq!(again(&history, 3).unwrap().is_same_body, None);
}

#[tokio::test]
async fn what_was_let_go_or_deleted_is_repeated_by_nobody_and_leaves_nothing() {
    let place = Place::new();
    let history = place.open_keeping(4, u64::MAX);
    comes(&history, &brings(&[5], 0), 200).await;
    comes(&history, &brings(&[5], 1), 500).await;
    let all = Going::Those(vec![2]);
    history.remove(all, Bookmarked::Stay).await.unwrap();
    comes(&history, &brings(&[5], 2), 500).await;
    assert_eq!(repeat(&history, 3), Some((Repeat::Duplicate, 1)));
    for key in 10..16 {
        comes(&history, &brings(&[key], 3), 200).await;
    }
    comes(&history, &brings(&[5], 4), 200).await;
    assert_eq!(again(&history, 10), None);
    let kept = history.reader().unwrap();
    let kept = || kept.list(&super::super::Select::default()).unwrap().len() as i64;
    // The one that was deleted waits for its undo.
    eventually("only rows of requests", || {
        count(&place, "events") == kept() + 1
    })
    .await;
}

#[tokio::test]
async fn without_a_fingerprint_nothing_is_looked_for() {
    let place = Place::new();
    let history = place.open();
    for _ in 0..2 {
        let bare = arrival(capture("tidy-otter", Body::Whole("{}".into())));
        comes(&history, &bare, 200).await;
    }
    assert_eq!(again(&history, 2), None);
    assert_eq!(count(&place, "events"), 0);
}

#[tokio::test]
async fn the_look_is_one_step_in_an_index() {
    let place = Place::new();
    let history = place.open();
    comes(&history, &brings(&[5], 0), 200).await;
    let plan: String = place
        .sql()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT number FROM events WHERE key = 1 ORDER BY number DESC LIMIT 8",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert_eq!(plan, "SEARCH events USING PRIMARY KEY (key=?)");
}
