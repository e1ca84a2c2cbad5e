//! Captures and attempts: what is recorded is what is read, in the order of calls.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use hooktool_relay::capture::{Body, Edit, Kind, Outcome, Sent, SentBy, Seq, Version};

use super::{
    super::{Arrival, Attempt, Cause, Change, LastAttempt, Missing, Select},
    Place, answered, arrival, attempt, capture, headers, numbers, recorded, small,
};

#[tokio::test]
async fn a_capture_is_read_as_it_was_recorded() {
    let place = Place::new();
    let history = place.open();
    let mut odd = capture("tidy-otter", Body::Whole(Bytes::new()));
    odd.method = "M-SEARCH".parse().unwrap();
    odd.version = Version::Http2;
    odd.trailers = headers(&[("x-sum", b"1"), ("x-sum", b"\xff")]);
    let captures = [
        capture("tidy-otter", Body::Whole(Bytes::from_static(b"\0\xff{}"))),
        odd,
        capture("other", Body::Absent),
    ];
    for capture in &captures {
        let sent = Arrival {
            seq: Some(Seq(u64::MAX)),
            kind: Kind::Waited,
            relay: "https://relay.example".into(),
            capture: Arc::new(capture.clone()),
            webhook: None,
        };
        let number = recorded(&history, &sent).await.number;
        let request = history.reader().unwrap().request(number).unwrap().unwrap();
        assert_eq!(*request.capture, *capture);
        assert_eq!(request.relay, "https://relay.example");
        assert_eq!(request.summary.seq, Some(Seq(u64::MAX)));
        assert_eq!(request.summary.kind, Kind::Waited);
        assert_eq!(request.summary.id, capture.id);
        assert_eq!(request.summary.peer, capture.peer);
        assert_eq!(request.summary.last, None);
    }
    let sizes: Vec<_> = place.reader().list(&Select::default()).unwrap();
    let sizes: Vec<_> = sizes.iter().map(|row| row.size).collect();
    assert_eq!(sizes, [Some(4), Some(0), None]);
    assert!(place.reader().request(99).unwrap().is_none());
}

#[tokio::test]
async fn recording_again_gives_the_number_and_the_latest_outcome() {
    let place = Place::new();
    let history = place.open();
    let first = small();
    let id = first.capture.id;
    let once = recorded(&history, &first).await;
    assert_eq!((once.number, once.outcome), (1, None));
    assert_eq!(recorded(&history, &first).await, once);
    history
        .attempted(id, attempt(Outcome::Refused))
        .await
        .unwrap();
    history
        .attempted(id, attempt(Outcome::Parked))
        .await
        .unwrap();
    let again = recorded(&history, &first).await;
    assert_eq!((again.number, again.outcome), (1, Some(Outcome::Parked)));
    assert_eq!(recorded(&history, &small()).await.number, 2);
    assert_eq!(numbers(&place.reader()), [1, 2]);
    assert_eq!(place.reader().by_id(id).unwrap(), Some(1));
}

#[tokio::test]
async fn a_record_whose_future_is_dropped_stands() {
    let place = Place::new();
    let history = place.open();
    let (first, second) = (small(), small());
    let _ = history.record(first.clone(), None).now_or_never();
    assert_eq!(recorded(&history, &second).await.number, 2);
    assert_eq!(recorded(&history, &first).await.number, 1);
}

#[tokio::test]
async fn more_records_than_the_queue_holds_are_all_taken_at_their_first_poll() {
    let place = Place::new();
    let history = place.open();
    for _ in 0..400 {
        let _ = history.record(small(), None).now_or_never();
    }
    drop(history);
    assert_eq!(numbers(&place.reader()), (1..=400).collect::<Vec<_>>());
}

#[tokio::test]
async fn attempts_come_back_in_order_and_the_row_shows_the_latest() {
    let place = Place::new();
    let history = place.open();
    let (one, other) = (small(), small());
    recorded(&history, &one).await;
    recorded(&history, &other).await;
    let full = Attempt {
        cause: Cause::Replay,
        connect: Some(Duration::from_micros(77)),
        changes: vec![
            Edit::Changed {
                what: "Host".to_owned(),
                from: "relay.example".into(),
                to: Bytes::from_static(b"localhost\xff"),
            },
            Edit::Added {
                name: "X-Forwarded-For".to_owned(),
                value: "::1".into(),
            },
        ],
        sent: Some(Sent {
            status: Some(202),
            by: SentBy::Deadline,
        }),
        late: true,
        ..answered(500, b"oh\0no")
    };
    let broken = Attempt {
        error: Some("connection reset".to_owned()),
        ..attempt(Outcome::Broken)
    };
    let id = one.capture.id;
    for made in [attempt(Outcome::Held), broken.clone(), full.clone()] {
        assert!(history.attempted(id, made).await.unwrap().is_none());
        let refused = attempt(Outcome::Refused);
        history.attempted(other.capture.id, refused).await.unwrap();
    }
    let tried = |attempt: Attempt, try_number| Attempt {
        try_number,
        ..attempt
    };
    let expected = [
        tried(attempt(Outcome::Held), None),
        tried(broken, Some(1)),
        tried(full, Some(2)),
    ];
    let reader = place.reader();
    assert_eq!(reader.attempts(1).unwrap(), expected);
    let row = reader.request(1).unwrap().unwrap().summary;
    let last = LastAttempt {
        outcome: Outcome::Answered,
        status: Some(500),
        took: Some(Duration::from_micros(1_234)),
        late: true,
        cause: Cause::Replay,
    };
    assert_eq!((row.tries, row.last), (2, Some(last)));
    assert_eq!(reader.attempts(99).unwrap(), []);

    let after = reader.attempts_after(1, 3).unwrap();
    let places: Vec<_> = after
        .iter()
        .map(|it| (it.position, it.request.number))
        .collect();
    assert_eq!(places, [(2, 2), (3, 1), (4, 2)]);
    let last = &reader.attempts_after(4, 9).unwrap()[0];
    let answer = last.attempt.answer.as_ref().unwrap();
    assert_eq!((answer.status, answer.len, answer.body.len()), (500, 5, 0));
    assert_eq!(reader.position().unwrap(), 6);
}

#[tokio::test]
async fn held_and_parked_ones_are_found_until_they_are_forwarded() {
    let place = Place::new();
    let history = place.open();
    let mut ids = Vec::new();
    for (endpoint, outcome) in [
        ("a", Outcome::Parked),
        ("b", Outcome::Held),
        ("b", Outcome::Parked),
        ("a", Outcome::Parked),
    ] {
        let arrival = arrival(capture(endpoint, Body::Absent));
        recorded(&history, &arrival).await;
        history
            .attempted(arrival.capture.id, attempt(outcome))
            .await
            .unwrap();
        ids.push(arrival.capture.id);
    }
    let reader = place.reader();
    let all = Select::default();
    let of_a = Select {
        endpoints: vec![("local".to_owned(), super::endpoint("a"))],
        ..Select::default()
    };
    assert_eq!(reader.parked(&all).unwrap(), [1, 3, 4]);
    assert_eq!(reader.parked(&of_a).unwrap(), [1, 4]);
    assert_eq!(reader.held(&all).unwrap(), [2]);
    assert!(reader.held(&of_a).unwrap().is_empty());
    history.attempted(ids[0], answered(200, b"")).await.unwrap();
    assert_eq!(reader.parked(&all).unwrap(), [3, 4]);
}

#[tokio::test]
async fn a_list_is_ascending_and_takes_the_newest() {
    let place = Place::new();
    let history = place.open();
    for name in ["a", "b", "a", "a", "b"] {
        recorded(&history, &arrival(capture(name, Body::Absent))).await;
    }
    let reader = place.reader();
    let list = |endpoints: &[(&str, &str)], after, limit| {
        let endpoints = endpoints
            .iter()
            .map(|(relay, name)| ((*relay).to_owned(), super::endpoint(name)));
        let select = Select {
            endpoints: endpoints.collect(),
            after,
            limit,
            ..Select::default()
        };
        let rows = reader.list(&select).unwrap();
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(list(&[], None, None), [1, 2, 3, 4, 5]);
    assert_eq!(list(&[], Some(1), Some(2)), [4, 5]);
    assert_eq!(list(&[("local", "a")], None, None), [1, 3, 4]);
    assert_eq!(list(&[("local", "a")], Some(1), Some(1)), [4]);
    assert_eq!(
        list(&[("local", "a"), ("local", "b")], None, Some(3)),
        [3, 4, 5]
    );
    assert!(list(&[("elsewhere", "a")], None, None).is_empty());
}

#[tokio::test]
async fn changes_come_after_their_commit() {
    let place = Place::new();
    let history = place.open();
    let mut changes = history.changes();
    let arrival = small();
    recorded(&history, &arrival).await;
    recorded(&history, &arrival).await;
    history
        .attempted(arrival.capture.id, answered(200, b"ok"))
        .await
        .unwrap();
    history.bookmark(1, true).await.unwrap();
    history.bookmark(1, true).await.unwrap();
    recorded(&history, &small()).await;
    for expected in [
        Change::Captured(1),
        Change::Attempted(1),
        Change::Noted(1),
        Change::Captured(2),
    ] {
        assert_eq!(changes.recv().await.unwrap(), expected);
    }
    assert!(
        place
            .reader()
            .request(1)
            .unwrap()
            .unwrap()
            .summary
            .bookmarked
    );
}

#[tokio::test]
async fn an_attempt_on_a_request_that_is_not_kept_is_nothing() {
    let place = Place::new();
    let history = place.open();
    let gone = small().capture.id;
    assert!(
        history
            .attempted(gone, answered(200, b""))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(place.reader().position().unwrap(), 0);
}

#[tokio::test]
async fn what_never_came_has_its_place_in_every_later_run() {
    let place = Place::new();
    {
        let history = place.open();
        recorded(&history, &small()).await;
        history.missed("local".into(), "tidy-otter".parse().unwrap(), 312);
        history.missed("local".into(), "other".parse().unwrap(), 4);
        recorded(&history, &small()).await;
    }
    let history = place.open();
    let reader = history.reader().unwrap();
    let missing = |count| Missing { count, before: 2 };
    let all = reader.missing(&Select::default()).unwrap();
    assert_eq!(all, [missing(312), missing(4)]);
    let select = Select {
        endpoints: vec![("local".into(), "tidy-otter".parse().unwrap())],
        ..Select::default()
    };
    assert_eq!(reader.missing(&select).unwrap(), [missing(312)]);
    let mut changes = history.changes();
    history.missed("local".into(), "tidy-otter".parse().unwrap(), 1);
    assert_eq!(changes.recv().await, Ok(Change::Missed));
}
