//! Answers that stream, and processes that end before them; a file of an older version.

use std::{fs, time::Duration};

use hooktool_relay::capture::{Outcome, UnixMillis};
use rusqlite::params;

use super::{
    super::{Carried, schema, writers::LEFT},
    Place, recorded, small, streaming,
};

/// Puts into the file what a killed process leaves: an answer that streams, and its writer's sign without a lock on it.
async fn left_behind(place: &Place) {
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let stream = history
        .attempted(request.capture.id, streaming(b"ab"))
        .await
        .unwrap();
    drop(stream);
    drop(history);
    place
        .sql()
        .execute_batch(
            "UPDATE attempts SET outcome = 'answered', error = NULL, writer = 7; UPDATE captures SET outcome = 'answered'",
        )
        .unwrap();
    fs::write(
        place
            .path
            .with_file_name("history.db-writer-0000000000000007"),
        "",
    )
    .unwrap();
}

fn signs(place: &Place) -> usize {
    let files = fs::read_dir(place.path.parent().unwrap()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("-writer-")).count()
}

fn last(place: &Place) -> Outcome {
    let request = place.reader().request(1).unwrap().unwrap();
    request.summary.last.unwrap().outcome
}

#[tokio::test]
async fn an_answer_whose_process_was_killed_reads_as_broken_off() {
    let place = Place::new();
    left_behind(&place).await;
    let attempt = place.reader().attempts(1).unwrap().remove(0);
    assert_eq!(attempt.outcome, Outcome::Broken);
    assert_eq!(attempt.error.as_deref(), Some(LEFT));
    assert_eq!(last(&place), Outcome::Answered, "nothing was written yet");
}

#[tokio::test]
async fn the_next_start_marks_it_in_the_list_too() {
    let place = Place::new();
    left_behind(&place).await;
    drop(place.open());
    assert_eq!((last(&place), signs(&place)), (Outcome::Broken, 0));
    let error: String = place
        .sql()
        .query_row("SELECT error FROM attempts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(error, LEFT);
}

#[tokio::test]
async fn an_answer_that_still_streams_is_left_alone_by_other_processes() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let stream = history
        .attempted(request.capture.id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    drop(place.open());
    let attempt = || place.reader().attempts(1).unwrap().remove(0);
    assert_eq!(
        (attempt().outcome, attempt().error),
        (Outcome::Answered, None)
    );
    assert_eq!(signs(&place), 1);
    stream.end(None).await.unwrap();
    assert!(attempt().answer.unwrap().ended);
    drop(history);
    assert_eq!(signs(&place), 0);
}

#[tokio::test]
async fn one_that_was_taken_for_dead_can_still_end_well() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let stream = history
        .attempted(request.capture.id, streaming(b"ab"))
        .await
        .unwrap()
        .unwrap();
    // As on a file system without locks.
    place
        .sql()
        .execute("UPDATE attempts SET writer = NULL", [])
        .unwrap();
    drop(place.open());
    assert_eq!(last(&place), Outcome::Broken);
    stream.end(None).await.unwrap();
    let attempt = place.reader().attempts(1).unwrap().remove(0);
    assert_eq!((attempt.outcome, attempt.error), (Outcome::Answered, None));
    assert_eq!(last(&place), Outcome::Answered);
}

#[tokio::test]
async fn what_an_upgrade_carried_is_kept() {
    let place = Place::new();
    let history = place.open();
    let request = small();
    recorded(&history, &request).await;
    let stream = history
        .attempted(request.capture.id, streaming(b""))
        .await
        .unwrap()
        .unwrap();
    let carried = Carried {
        up: 1_234,
        lasted: Duration::from_micros(5_678),
    };
    stream.end_upgrade(None, carried).await.unwrap();
    let attempt = place.reader().attempts(1).unwrap().remove(0);
    assert_eq!(attempt.answer.unwrap().carried, Some(carried));
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_to_date_by_a_reader_too() {
    let (arrival, made) = (small(), UnixMillis(1).0);
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("history.db");
    let db = rusqlite::Connection::open(&old).unwrap();
    db.execute_batch(schema::MIGRATIONS[0]).unwrap();
    db.pragma_update(None, "application_id", schema::APPLICATION)
        .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute_batch(
        "INSERT INTO places VALUES (1, 'local', 'tidy-otter'); UPDATE totals SET last_number = 1",
    )
    .unwrap();
    db.execute(
        "INSERT INTO captures (number, id, place, kind, received_at, method, path, peer, bytes, tries, last, outcome, cause, status, late)
         VALUES (1, ?1, 1, 'live', ?2, 'POST', x'2f', '127.0.0.1', 0, 1, 1, 'answered', 'live', 200, 0)",
        params![arrival.capture.id.to_bytes(), made],
    )
    .unwrap();
    db.execute(
        "INSERT INTO attempts (position, number, try_number, cause, target, started_at, outcome, late, status, len, ended, headers, bytes)
         VALUES (1, 1, 1, 'live', 'http://localhost:3000/', ?1, 'answered', 0, 200, 2, 1, '[]', x'6f6b')",
        params![made],
    )
    .unwrap();
    drop(db);
    let reader = super::Reader::open(&old).unwrap();
    let answer = reader.attempts(1).unwrap().remove(0).answer.unwrap();
    assert_eq!((answer.body.as_ref(), answer.carried), (&b"ok"[..], None));
}
