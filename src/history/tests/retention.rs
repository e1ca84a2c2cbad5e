//! What is let go: the oldest, never a bookmarked one, and it is counted.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::capture::{Body, UnixMillis};

use super::{
    super::{History, Limit, Retention},
    Place, answered, arrival, capture, count, eventually, numbers, recorded, small, streaming,
};

const MANY: u64 = 1 << 40;

#[tokio::test]
async fn the_oldest_go_but_bookmarked_ones_stay() {
    let place = Place::new();
    let history = place.open_keeping(3, MANY);
    let reader = place.reader();
    assert_eq!(reader.dropped().unwrap(), None);
    for number in 1..=6 {
        let arrival = small();
        recorded(&history, &arrival).await;
        history
            .attempted(arrival.capture.id, answered(200, b"ok"))
            .await
            .unwrap();
        if number == 2 {
            history.bookmark(2, true).await.unwrap();
        }
    }
    assert_eq!(numbers(&reader), [2, 4, 5, 6]);
    let dropped = reader.dropped().unwrap().unwrap();
    assert_eq!((dropped.count, dropped.limit), (2, Limit::Count));
    assert!(UnixMillis::now().since(dropped.at) < Duration::from_secs(60));
    assert_eq!(
        (count(&place, "contents"), count(&place, "attempts")),
        (4, 4)
    );
    assert!(reader.request(1).unwrap().is_none());

    history.bookmark(2, false).await.unwrap();
    assert_eq!(numbers(&reader), [4, 5, 6]);
    assert_eq!(recorded(&history, &small()).await.number, 7);
}

#[tokio::test]
async fn bytes_count_with_pieces_and_answers_and_nothing_is_left_behind() {
    let place = Place::new();
    let history = place.open_keeping(MANY, 500_000);
    for _ in 0..5 {
        let large = arrival(capture("a", Body::Pieces(150_000)));
        let mut draft = history.draft(large.capture.id);
        draft.push(Bytes::from(vec![1; 150_000])).await.unwrap();
        history.record(large.clone(), Some(draft)).await.unwrap();
        let begun = history
            .attempted(large.capture.id, streaming(b"ab"))
            .await
            .unwrap();
        let mut stream = begun.unwrap();
        stream.push(Bytes::from(vec![2; 50_000])).await.unwrap();
        stream.end(None).await.unwrap();
    }
    assert_eq!(numbers(&place.reader()), [4, 5]);
    let dropped = place.reader().dropped().unwrap().unwrap();
    assert_eq!((dropped.count, dropped.limit), (3, Limit::Bytes));
    // Three of the body, two of the answer.
    assert_eq!(count(&place, "pieces"), 2 * (3 + 2));
    let kept: i64 = place
        .sql()
        .query_row(
            "SELECT sum(bytes) - (SELECT bytes FROM totals) FROM captures",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn the_newest_stays_whatever_its_size() {
    let place = Place::new();
    let history = place.open_keeping(MANY, 10);
    recorded(&history, &small()).await;
    recorded(&history, &small()).await;
    assert_eq!(numbers(&place.reader()), [2]);
}

#[tokio::test]
async fn requests_go_in_groups() {
    let place = Place::new();
    let history = place.open_keeping(128, MANY);
    let reader = place.reader();
    for _ in 0..130 {
        recorded(&history, &small()).await;
    }
    assert_eq!(numbers(&reader).len(), 130);
    recorded(&history, &small()).await;
    assert_eq!(numbers(&reader), (4..=131).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_lower_limit_is_reached_step_by_step() {
    let place = Place::new();
    let history = place.open();
    for _ in 0..600 {
        drop(futures_util::FutureExt::now_or_never(
            history.record(small(), None),
        ));
    }
    drop(history);
    let history = History::open(
        &place.path,
        Retention {
            count: 2,
            bytes: MANY,
        },
    )
    .unwrap();
    recorded(&history, &small()).await;
    let reader = place.reader();
    eventually("all but two are gone", || numbers(&reader) == [600, 601]).await;
}

#[tokio::test]
async fn a_stream_whose_request_went_ends_quietly() {
    let place = Place::new();
    let history = place.open_keeping(1, MANY);
    let first = small();
    recorded(&history, &first).await;
    let mut stream = history
        .attempted(first.capture.id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    recorded(&history, &small()).await;
    stream.push("cd".into()).await.unwrap();
    stream.end(None).await.unwrap();
    assert_eq!((count(&place, "pieces"), count(&place, "attempts")), (0, 0));
}
