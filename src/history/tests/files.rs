//! The file: made, missing, damaged, newer, foreign, not allowed, and one that fails while it is written.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::FutureExt;

use super::{
    super::{History, HistoryError, Reader, Retention, Select, schema::FORMAT},
    Place, answered, is_locked, numbers, recorded, small,
};

fn open(path: &Path) -> Result<History, HistoryError> {
    History::open(path, Retention::default())
}

#[test]
fn sqlite_has_no_reset_bug() {
    // 3.7.0 to 3.51.2 may lose commits when two connections move the log: https://sqlite.org/wal.html#walresetbug
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}

#[tokio::test]
async fn a_missing_file_reads_as_empty_until_it_is_there() {
    let place = Place::new();
    let reader = place.reader();
    assert_eq!(reader.list(&Select::default()).unwrap(), []);
    assert_eq!(
        (reader.position().unwrap(), reader.version().unwrap()),
        (0, 0)
    );
    assert!(reader.request(1).unwrap().is_none());
    assert!(reader.dropped().unwrap().is_none());
    assert!(reader.pick("last", &Select::default()).is_err());
    assert!(!place.path.exists());
    let history = place.open();
    recorded(&history, &small()).await;
    assert_eq!(numbers(&reader), [1]);
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let place = Place::new();
    let arrival = small();
    let history = place.open();
    recorded(&history, &arrival).await;
    history
        .attempted(arrival.capture.id, answered(200, b"ok"))
        .await
        .unwrap();
    drop(history);
    let history = place.open();
    let again = recorded(&history, &arrival).await;
    assert_eq!(again.number, 1);
    assert!(again.outcome.is_some());
    assert_eq!(recorded(&history, &small()).await.number, 2);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let place = Place::new();
    let history = place.open();
    let reader = place.reader();
    recorded(&history, &small()).await;
    assert_eq!(mode(place.path.parent().unwrap()), 0o700);
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        assert_eq!(mode(&place.path.with_file_name(name)), 0o600, "{name}");
    }
    drop((history, reader));
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o664)).unwrap();
    drop(place.open());
    assert_eq!(mode(&place.path), 0o600);
}

#[test]
fn what_is_no_history_is_refused_and_left_alone() {
    let place = Place::new();
    fs::create_dir_all(place.path.parent().unwrap()).unwrap();
    fs::write(
        &place.path,
        b"these are somebody's notes, and long enough to be read as a header: ".repeat(40),
    )
    .unwrap();
    let before = fs::read(&place.path).unwrap();
    assert!(matches!(
        open(&place.path),
        Err(HistoryError::Damaged { .. })
    ));
    assert!(matches!(
        Reader::open(&place.path),
        Err(HistoryError::Damaged { .. })
    ));
    assert_eq!(fs::read(&place.path).unwrap(), before);

    fs::remove_file(&place.path).unwrap();
    place
        .sql()
        .execute_batch("CREATE TABLE songs (name TEXT)")
        .unwrap();
    let before = fs::read(&place.path).unwrap();
    assert!(matches!(
        open(&place.path),
        Err(HistoryError::Damaged { .. })
    ));
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[test]
fn a_newer_file_is_refused_in_numbers() {
    let place = Place::new();
    drop(place.open());
    place
        .sql()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    for error in [
        open(&place.path).map(|_| ()),
        Reader::open(&place.path).map(|_| ()),
    ] {
        let error = error.unwrap_err();
        assert!(
            matches!(
                error,
                HistoryError::Newer {
                    found: 99,
                    known: FORMAT,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn damaged_pages_are_damage_to_a_reader_and_end_a_writer() {
    let place = Place::new();
    let history = place.open();
    for _ in 0..50 {
        recorded(&history, &small()).await;
    }
    drop(history);
    let mut bytes = fs::read(&place.path).unwrap();
    let page = super::super::schema::PAGE as usize;
    bytes[2 * page..].fill(0xff);
    fs::write(&place.path, &bytes).unwrap();

    let reader = place.reader();
    let read = reader.list(&Select::default());
    assert!(
        matches!(read, Err(HistoryError::Damaged { .. })),
        "{read:?}"
    );
    let history = open(&place.path).unwrap();
    let written = history.record(small(), None).await;
    assert!(
        matches!(written, Err(HistoryError::Unwritable { .. })),
        "{written:?}"
    );
    assert!(place.path.exists());
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_recorded_and_everyone_hears_it() {
    let place = Place::new();
    let history = place.open();
    let kept = small();
    recorded(&history, &kept).await;
    assert!(history.failed().now_or_never().is_none());
    place.sql().execute_batch("DROP TABLE contents").unwrap();
    let first = history.record(small(), None).await;
    assert!(
        matches!(first, Err(HistoryError::Unwritable { .. })),
        "{first:?}"
    );
    let failed = tokio::time::timeout(Duration::from_secs(5), history.failed()).await;
    assert!(matches!(failed, Ok(HistoryError::Unwritable { .. })));
    let attempted = history.attempted(kept.capture.id, answered(200, b"")).await;
    assert!(
        matches!(attempted, Err(HistoryError::Unwritable { .. })),
        "{attempted:?}"
    );
    let mut draft = history.draft(kept.capture.id);
    let pushed = draft.push(vec![0; 100_000].into()).await;
    assert!(
        matches!(pushed, Err(HistoryError::Unwritable { .. })),
        "{pushed:?}"
    );
    assert_eq!(numbers(&place.reader()), [1]);
}

#[test]
fn a_folder_that_cannot_be_made_is_denied() {
    let place = Place::new();
    let folder = place.path.parent().unwrap();
    fs::write(folder, b"a file").unwrap();
    assert!(matches!(
        open(&place.path),
        Err(HistoryError::Denied { .. })
    ));
    fs::remove_file(folder).unwrap();
    fs::create_dir_all(&place.path).unwrap();
    assert!(matches!(
        open(&place.path),
        Err(HistoryError::Denied { .. })
    ));
    assert!(matches!(
        Reader::open(&place.path),
        Err(HistoryError::Denied { .. })
    ));
}

#[cfg(unix)]
#[test]
fn what_was_made_read_only_is_read_but_never_written_nor_made_writable() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    drop(place.open());
    let folder = place.path.parent().unwrap();
    let log = folder.join("history.db-wal");
    fs::write(&log, b"").unwrap();
    for protected in [place.path.as_path(), &log, folder] {
        let before = fs::metadata(protected).unwrap().permissions();
        let only_read = fs::Permissions::from_mode(before.mode() & 0o500);
        fs::set_permissions(protected, only_read.clone()).unwrap();
        let opened = open(&place.path);
        let found = fs::metadata(protected).unwrap().permissions();
        fs::set_permissions(protected, before).unwrap();
        let Err(HistoryError::ReadOnly(path)) = opened else {
            panic!("{}: {opened:?}", protected.display());
        };
        assert_eq!(path, protected);
        assert_eq!(found.mode() & 0o777, only_read.mode() & 0o777);
    }
    assert!(numbers(&place.reader()).is_empty());
}

#[test]
fn opening_beside_a_process_that_holds_it_waits_and_then_is_locked() {
    let place = Place::new();
    drop(place.open());
    let other = place.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let options = super::super::Options {
        busy: Duration::from_millis(50),
        ..Default::default()
    };
    let begun = Instant::now();
    let opened = History::open_with(&place.path, options);
    assert!(is_locked(&opened), "{opened:?}");
    assert!(begun.elapsed() >= Duration::from_millis(40));
}
