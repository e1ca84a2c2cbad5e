//! Bodies in pieces: large requests, answers that stream.

use bytes::Bytes;
use hooktool_relay::capture::{Body, Outcome};

use super::{
    super::{Change, History, HistoryError, KeptAnswer, Retention},
    Place, arrival, capture, count, eventually, recorded, small, streaming,
};

/// Bytes that differ from place to place.
fn pattern(len: usize) -> Bytes {
    (0..len).map(|at| (at % 251) as u8).collect()
}

async fn pushed(
    history: &History,
    id: hooktool_relay::capture::CaptureId,
    body: &Bytes,
    step: usize,
) -> super::super::Draft {
    let mut draft = history.draft(id);
    for chunk in body.chunks(step) {
        draft.push(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    draft
}

#[tokio::test]
async fn a_large_body_is_read_by_range() {
    let place = Place::new();
    let history = place.open();
    let inline = Body::INLINE;
    for (len, step) in [
        (inline + 1, 7_001),
        (3 * inline, 16_384),
        (3_000_000, 3_000_000),
    ] {
        let body = pattern(len);
        let large = arrival(capture("a", Body::Pieces(len as u64)));
        let draft = pushed(&history, large.capture.id, &body, step).await;
        let number = history
            .record(large.clone(), Some(draft))
            .await
            .unwrap()
            .number;
        let reader = place.reader();
        let request = reader.request(number).unwrap().unwrap();
        assert_eq!(request.capture.body, Body::Pieces(len as u64));
        assert_eq!(request.summary.size, Some(len as u64));
        for (offset, wanted) in [
            (0, len),
            (0, 1),
            (inline - 1, 2),
            (inline, 10),
            (5, inline),
            (len - 1, 99),
            (len, 1),
        ] {
            let end = (offset + wanted).min(len);
            let read = reader.body(number, offset as u64, wanted).unwrap();
            assert!(read == body[offset..end], "{len}: {wanted} from {offset}");
        }
    }
    assert_eq!(count(&place, "drafts"), 0);
}

#[tokio::test]
async fn a_small_body_is_read_by_range_too() {
    let place = Place::new();
    let history = place.open();
    let whole = arrival(capture("a", Body::Whole("hello".into())));
    recorded(&history, &whole).await;
    recorded(&history, &arrival(capture("a", Body::Absent))).await;
    let reader = place.reader();
    assert_eq!(reader.body(1, 1, 3).unwrap(), "ell");
    assert_eq!(reader.body(1, 0, usize::MAX).unwrap(), "hello");
    assert_eq!(reader.body(1, u64::MAX, 3).unwrap(), "");
    assert_eq!(reader.body(2, 0, 3).unwrap(), "");
    assert_eq!(reader.body(9, 0, 3).unwrap(), "");
}

#[tokio::test]
async fn a_body_that_is_known_dropped_or_too_short_leaves_nothing() {
    let place = Place::new();
    let history = place.open();
    let body = pattern(200_000);
    let large = arrival(capture("a", Body::Pieces(200_000)));
    let id = large.capture.id;

    let short = pushed(&history, id, &body.slice(1..), 9_999).await;
    let refused = history.record(large.clone(), Some(short)).await;
    assert!(
        matches!(refused, Err(HistoryError::Damaged { .. })),
        "{refused:?}"
    );
    let missing = history.record(large.clone(), None).await;
    assert!(
        matches!(missing, Err(HistoryError::Damaged { .. })),
        "{missing:?}"
    );
    assert_eq!((count(&place, "pieces"), count(&place, "captures")), (0, 0));

    let whole = pushed(&history, id, &body, 9_999).await;
    let first = history.record(large.clone(), Some(whole)).await.unwrap();
    let pieces = count(&place, "pieces");
    let again = pushed(&history, id, &body, 70_000).await;
    assert_eq!(history.record(large, Some(again)).await.unwrap(), first);
    drop(pushed(&history, small().capture.id, &body, 70_000).await);
    recorded(&history, &small()).await;
    assert_eq!(
        (count(&place, "pieces"), count(&place, "drafts")),
        (pieces, 0)
    );
    assert_eq!(place.reader().body(1, 0, 200_000).unwrap(), body);
}

#[tokio::test]
async fn drafts_that_a_crash_left_are_swept_and_young_ones_are_not() {
    let place = Place::new();
    drop(place.open());
    let young = hooktool_relay::capture::UnixMillis::now().0;
    place
        .sql()
        .execute_batch(&format!(
            "INSERT INTO drafts VALUES (7, 1), (8, {young});
             INSERT INTO pieces VALUES (7 << 20, x'00'), (8 << 20, x'00');"
        ))
        .unwrap();
    drop(History::open(&place.path, Retention::default()).unwrap());
    assert_eq!((count(&place, "drafts"), count(&place, "pieces")), (1, 1));
}

#[tokio::test]
async fn an_answer_grows_while_it_streams_and_is_cut() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    let mut changes = history.changes();
    recorded(&history, &request).await;
    let mut stream = history
        .attempted(request.capture.id, streaming(b"data: "))
        .await
        .unwrap()
        .unwrap();
    let reader = place.reader();
    let answer = || reader.attempts(1).unwrap().remove(0).answer.unwrap();
    assert_eq!(
        (answer().body, answer().len, answer().ended),
        ("data: ".into(), 6, false)
    );

    stream.push("1\n\n".into()).await.unwrap();
    for expected in [
        Change::Captured(1),
        Change::Attempted(1),
        Change::Attempted(1),
    ] {
        assert_eq!(changes.recv().await.unwrap(), expected);
    }
    assert_eq!(answer().body, "data: 1\n\n");

    let chunk = pattern(600_000);
    for _ in 0..5 {
        stream.push(chunk.clone()).await.unwrap();
    }
    stream.end(None).await.unwrap();
    let kept = answer();
    assert_eq!(
        (kept.len, kept.ended, kept.body.len()),
        (3_000_009, true, KeptAnswer::KEPT)
    );
    assert!(
        kept.body[9..600_009] == chunk
            && kept.body[600_009..] == chunk[..KeptAnswer::KEPT - 600_009]
    );
    let row = reader.request(1).unwrap().unwrap().summary;
    assert_eq!(row.last.unwrap().outcome, Outcome::Answered);
}

#[tokio::test]
async fn an_answer_of_many_small_pieces_is_whole() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let mut stream = history
        .attempted(request.capture.id, streaming(b""))
        .await
        .unwrap()
        .unwrap();
    let body = pattern(1_000);
    for at in 0..body.len() {
        stream.push(body.slice(at..=at)).await.unwrap();
    }
    stream.end(None).await.unwrap();
    let attempts = place.reader().attempts(1).unwrap();
    assert_eq!(attempts[0].answer.as_ref().unwrap().body, body);
}

#[tokio::test]
async fn an_answer_that_breaks_off_says_so() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let id = request.capture.id;
    let told = history
        .attempted(id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    told.end(Some("connection reset".to_owned())).await.unwrap();
    let dropped = history
        .attempted(id, streaming(b"cd"))
        .await
        .unwrap()
        .unwrap();
    drop(dropped);
    let reader = place.reader();
    eventually("the dropped one is told", || {
        reader.attempts(1).unwrap()[1].error.is_some()
    })
    .await;
    let attempts = reader.attempts(1).unwrap();
    assert_eq!(attempts[0].error.as_deref(), Some("connection reset"));
    for attempt in &attempts {
        assert_eq!(attempt.outcome, Outcome::Broken);
        assert!(!attempt.answer.as_ref().unwrap().ended);
    }
    let last = reader.request(1).unwrap().unwrap().summary.last.unwrap();
    assert_eq!((last.outcome, last.status), (Outcome::Broken, Some(200)));
}

#[tokio::test]
async fn an_older_answer_that_breaks_off_does_not_change_the_row() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let id = request.capture.id;
    let older = history
        .attempted(id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    history
        .attempted(id, super::answered(201, b""))
        .await
        .unwrap();
    older.end(Some("cut".to_owned())).await.unwrap();
    let last = place
        .reader()
        .request(1)
        .unwrap()
        .unwrap()
        .summary
        .last
        .unwrap();
    assert_eq!((last.outcome, last.status), (Outcome::Answered, Some(201)));
}
