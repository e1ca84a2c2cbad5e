//! Files of earlier formats: opened, brought up to date, and nothing of them lost.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use super::{
    super::{
        Reader, Select,
        schema::{APPLICATION, FORMAT, MIGRATIONS},
    },
    Outcome, Place, answered, numbers, recorded, small,
};

/// The beginning of each migration's SHA-256: one that was released is never edited.
const SEALS: [&str; 5] = [
    "303504a52dc0",
    "780d9bad3f1b",
    "f98cf24c68f7",
    "484342cec387",
    "b8375607a864",
];

/// A file of this format with a request and its try in it.
fn make(place: &Place, format: u32) {
    std::fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    let db = place.sql();
    for migration in &MIGRATIONS[..format as usize] {
        db.execute_batch(migration).unwrap();
    }
    db.pragma_update(None, "application_id", APPLICATION)
        .unwrap();
    db.pragma_update(None, "user_version", format).unwrap();
    db.execute_batch(
        "UPDATE totals SET last_number = 7, last_position = 1, requests = 1, bytes = 100;
         INSERT INTO places VALUES (1, 'local', 'tidy-otter');
         INSERT INTO captures (number, id, place, kind, received_at, method, path, size, peer, bytes, tries, last, outcome, cause, status, late)
             VALUES (7, x'01020304050607080910111213141516', 1, 'live', 1760000000000, 'POST', x'2f6f6c64', 2, '::1', 100, 1, 1, 'answered', 'live', 200, 0);
         INSERT INTO contents VALUES (7, '{\"version\":\"1.1\",\"headers\":[[\"a\",\"b\"]]}', NULL, x'7b7d');
         INSERT INTO attempts (position, number, try_number, cause, target, started_at, outcome, late)
             VALUES (1, 7, 1, 'live', 'http://localhost:3000/old', 1760000000001, 'answered', 0);",
    )
    .unwrap();
}

fn format_of(place: &Place) -> u32 {
    place
        .sql()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_migration_is_never_edited() {
    for (migration, seal) in MIGRATIONS.iter().zip(SEALS) {
        let found = HEXLOWER.encode(digest(&SHA256, migration.as_bytes()).as_ref());
        assert!(found.starts_with(seal), "{found} is not {seal}");
    }
}

#[tokio::test]
async fn a_file_of_each_earlier_format_opens_with_all_that_is_in_it() {
    for format in 1..FORMAT {
        let place = Place::new();
        make(&place, format);
        let history = place.open();
        assert_eq!(format_of(&place), FORMAT);
        let reader = history.reader().unwrap();
        let request = reader.request(7).unwrap().unwrap();
        assert_eq!(request.capture.path.as_ref(), b"/old");
        assert_eq!(request.summary.last.unwrap().outcome, Outcome::Answered);
        assert_eq!(request.summary.note, None);
        assert_eq!(request.summary.webhook, None);
        assert_eq!(reader.attempts(7).unwrap().len(), 1);
        history.note(7, "kept").await.unwrap();
        let arrival = small();
        assert_eq!(recorded(&history, &arrival).await.number, 8);
        let id = arrival.capture.id;
        history.attempted(id, answered(200, b"ok")).await.unwrap();
        let rows = reader.list(&Select::default()).unwrap();
        assert_eq!(rows[0].note.as_deref(), Some("kept"));
        assert_eq!(rows.len(), 2);
    }
}

#[test]
fn whoever_only_reads_brings_the_file_up_too() {
    let place = Place::new();
    make(&place, 1);
    let reader = Reader::open(&place.path).unwrap();
    assert_eq!(numbers(&reader), [7]);
    assert_eq!(format_of(&place), FORMAT);
}
