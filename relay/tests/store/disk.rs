//! What only a store in a file can do: be damaged, locked, full, newer, half written, shared with another process.
//!
//! In: temporary folders. Out: pass or fail.

use std::{fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Capture, Seq},
    store::{Options, Retention, Store, StoreError},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Kept, Kind, append, capture, name, noise, record, small, token, whole_body};

fn options(folder: &Path) -> Options {
    Options {
        folder: Some(folder.to_owned()),
        retention: Retention::default(),
        max_pages: None,
        reserve: 0,
    }
}

/// Polls until a fact holds, at most 5 s.
async fn eventually(what: &str, fact: impl Fn() -> bool) {
    for _ in 0..500 {
        if fact() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come");
}

#[test]
fn sqlite_is_new_enough_to_be_checkpointed_by_two_processes() {
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}

#[test]
fn one_relay_holds_a_folder() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    let second = Store::open(options(folder.path()));
    assert!(matches!(second, Err(StoreError::Locked(_))), "{second:?}");
    drop(store);
    Store::open(options(folder.path())).unwrap();
}

#[tokio::test]
async fn a_token_added_beside_a_running_store_is_there_at_once() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    store.append(small(&name("a")), None).await.unwrap();
    assert_eq!(store.token([1; 32]).await.unwrap(), None);
    let beside = Store::open_beside(options(folder.path())).unwrap();
    beside.add_token(token(1, "ada")).await.unwrap();
    assert_eq!(store.token([1; 32]).await.unwrap(), Some(token(1, "ada")));
    assert_eq!(beside.tokens().await.unwrap(), [token(1, "ada")]);
    let refused = beside.append(small(&name("a")), None).await;
    assert!(
        matches!(refused, Err(StoreError::Denied { .. })),
        "{refused:?}"
    );
    let refused = beside.put_endpoint(record(&name("a"), 1), None).await;
    assert!(
        matches!(refused, Err(StoreError::Denied { .. })),
        "{refused:?}"
    );
    drop(beside);
    assert_eq!(store.append(small(&name("a")), None).await.unwrap(), Seq(2));
}

#[test]
fn a_file_of_a_newer_hooktool_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    drop(Store::open(options(folder.path())).unwrap());
    let path = folder.path().join("relay.db");
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let opened = Store::open(options(folder.path()));
    let is_newer = matches!(
        opened,
        Err(StoreError::Newer {
            found: 99,
            known: 2,
            ..
        })
    );
    assert!(is_newer, "{opened:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("relay.db");
    fs::write(&path, [b'?'; 9000]).unwrap();
    let opened = Store::open(options(folder.path()));
    assert!(
        matches!(opened, Err(StoreError::Damaged { .. })),
        "{opened:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), [b'?'; 9000]);
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE notes (text)").unwrap();
    drop(other);
    let opened = Store::open(options(folder.path()));
    assert!(
        matches!(opened, Err(StoreError::Damaged { .. })),
        "{opened:?}"
    );
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let opened = Store::open(options(folder.path()));
    assert!(
        matches!(opened, Err(StoreError::Denied { .. })),
        "{opened:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_the_folder_and_no_link_leads_out_of_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("deep/data");
    drop(Store::open(options(&folder)).unwrap());
    let path = folder.join("relay.db");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(options(&folder)).unwrap();
    store.append(small(&name("a")), None).await.unwrap();
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
    fs::rename(&path, outer.path().join("elsewhere.db")).unwrap();
    symlink(outer.path().join("elsewhere.db"), &path).unwrap();
    let opened = Store::open(options(&folder));
    assert!(
        matches!(opened, Err(StoreError::Denied { .. })),
        "{opened:?}"
    );
}

#[cfg(unix)]
#[test]
fn what_was_made_read_only_is_refused_and_never_made_writable() {
    use std::os::unix::fs::PermissionsExt;

    let outer = TempDir::new().unwrap();
    let folder = outer.path().canonicalize().unwrap().join("data");
    drop(Store::open(options(&folder)).unwrap());
    fs::write(folder.join("relay.db-wal"), b"").unwrap();
    for (name, mode) in [("relay.db", 0o400), ("relay.db-wal", 0o444), ("", 0o500)] {
        let path = if name.is_empty() {
            folder.clone()
        } else {
            folder.join(name)
        };
        let before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let opened = [
            Store::open(options(&folder)),
            Store::open_beside(options(&folder)),
        ];
        let found = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, before).unwrap();
        for opened in opened {
            let Err(StoreError::ReadOnly(said)) = opened else {
                panic!("{name:?}: {opened:?}");
            };
            assert_eq!(said, path);
        }
        assert_eq!(found.mode() & 0o777, mode, "{name:?}");
    }
    Store::open(options(&folder)).unwrap();
}

#[tokio::test]
async fn pieces_without_a_head_are_removed_at_once_or_after_a_crash_when_it_opens() {
    let kept = Kept::new(Kind::Disk, Retention::default());
    let folder = kept.options.folder.clone().unwrap();
    let count = |folder: &Path| -> u32 {
        let database = Connection::open(folder.join("relay.db")).unwrap();
        database
            .query_row("SELECT count(*) FROM piece", [], |row| row.get(0))
            .unwrap()
    };
    let whole = capture(&name("a"), 1, Body::Pieces(300_000));
    append(kept.store(), &whole, &noise(300_000)).await.unwrap();
    let of_whole = count(&folder);
    let mut draft = kept.store().draft(small(&name("a")).id);
    draft.push(noise(200_000)).await.unwrap();
    eventually("a piece", || count(&folder) == of_whole + 3).await;
    let crashed = TempDir::new().unwrap();
    for file in ["relay.db", "relay.db-wal"] {
        fs::copy(folder.join(file), crashed.path().join(file)).unwrap();
    }
    let reopened = Store::open(options(crashed.path())).unwrap();
    assert_eq!(count(crashed.path()), of_whole);
    assert_eq!(
        whole_body(&reopened, whole.id).await.unwrap(),
        noise(300_000)
    );
    drop(draft);
    eventually("the removal", || count(&folder) == of_whole).await;
}

#[tokio::test]
async fn a_full_disk_refuses_captures_only_and_recovers_when_there_is_room() {
    let folder = TempDir::new().unwrap();
    let mut options = options(folder.path());
    options.max_pages = Some(150);
    let store = Store::open(options).unwrap();
    let a = name("a");
    store.put_endpoint(record(&a, 1), None).await.unwrap();
    let body = || Body::Whole(noise(30_000));
    let mut stored = 0;
    let refused = loop {
        match store.append(capture(&a, 1, body()), None).await {
            Ok(seq) => stored = seq.0,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    assert!(stored > 10 && store.is_full());
    assert_eq!(
        store.waiting(&a, Seq(0)).await.unwrap(),
        (Seq(stored), stored)
    );
    let page = store.read(&a, Seq(stored - 1), 1).await.unwrap();
    assert_eq!(page.captures[0].capture.body, body());
    store
        .put_endpoint(record(&a, 2), Some(hooktool_relay::capture::Epoch(1)))
        .await
        .unwrap();
    // A week later all that is there is over age, and its room is free.
    let week = 8 * 24 * 3600 * 1000;
    let late = store.append(capture(&a, week, body()), None).await;
    assert!(matches!(late, Err(StoreError::Full(_))), "{late:?}");
    assert_eq!(store.trim().await.unwrap(), stored);
    eventually("room", || !store.is_full()).await;
    let next = store.append(capture(&a, week, body()), None).await.unwrap();
    assert_eq!(next, Seq(stored + 1));
}

/// Where the disk of the test below is, in the process that has it.
#[cfg(target_os = "linux")]
const SMALL_DISK: &str = "HOOKTOOL_TEST_SMALL_DISK";

/// Runs a test of this file once more, where a folder is a disk of its own; false if none can be mounted here.
#[cfg(target_os = "linux")]
fn ran_on_a_small_disk(test: &str, size: &str) -> bool {
    let folder = TempDir::new().expect("a folder");
    let script =
        "mount -t tmpfs -o size=$1 none \"$2\" || exit 77; exec \"$3\" --exact \"$4\" --nocapture";
    let ran = std::process::Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh", size])
        .arg(folder.path())
        .arg(std::env::current_exe().expect("this test"))
        .arg(test)
        .env(SMALL_DISK, folder.path())
        .output();
    let Ok(ran) = ran else { return false };
    let said = String::from_utf8(ran.stdout).expect("text");
    if said.contains("1 passed") {
        return true;
    }
    let complained = String::from_utf8(ran.stderr).expect("text");
    let could_not = ran.status.code() == Some(77) || complained.contains("unshare:");
    assert!(could_not, "{said}\n{complained}");
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_disk_that_others_filled_what_is_over_age_still_goes_and_makes_room() {
    let Some(folder) = std::env::var_os(SMALL_DISK) else {
        let test =
            "store::disk::on_a_disk_that_others_filled_what_is_over_age_still_goes_and_makes_room";
        if !ran_on_a_small_disk(test, "24m") {
            eprintln!("SKIPPED: no file system can be mounted here (unshare -rm)");
        }
        return;
    };
    let folder = Path::new(&folder);
    let mut options = options(&folder.join("data"));
    options.reserve = 8 * 1024 * 1024;
    let reserve = folder.join("data/relay.reserve");
    let store = Store::open(options).unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 8 * 1024 * 1024);
    let a = name("a");
    let body = || Body::Whole(noise(60_000));
    let mut stored = 0;
    for _ in 0..40 {
        stored = store.append(capture(&a, 1, body()), None).await.unwrap().0;
    }
    // Another program takes all that is left: nothing in the log fits into the database any more.
    let other = folder.join("other");
    let mut others = fs::File::create(&other).unwrap();
    while std::io::Write::write_all(&mut others, &[1; 4096]).is_ok() {}
    let refused = loop {
        match store.append(capture(&a, 1, body()), None).await {
            Ok(seq) => stored = seq.0,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    // A week later all that is there is over age.
    let week = 8 * 24 * 3600 * 1000;
    let late = store.append(capture(&a, week, body()), None).await;
    assert!(matches!(late, Err(StoreError::Full(_))), "{late:?}");
    eventually("room", || !store.is_full()).await;
    assert!(!reserve.exists(), "the disk is as full as it was");
    // Much more than there is room for, had nothing gone; the captures of a week each make those before them over age.
    for weeks in 1..200 {
        let next = capture(&a, weeks * week, body());
        let mut next = store.append(Arc::clone(&next), None).await;
        if matches!(next, Err(StoreError::Full(_))) {
            eventually("room", || !store.is_full()).await;
            next = store.append(capture(&a, weeks * week, body()), None).await;
        }
        next.unwrap_or_else(|error| panic!("after {weeks} weeks: {error}"));
    }
    let page = store.read(&a, Seq(stored), 1000).await.unwrap();
    assert!(
        page.captures
            .iter()
            .all(|found| found.capture.body == body())
    );
    drop(others);
    fs::remove_file(other).unwrap();
    eventually("the reserve", || reserve.exists()).await;
    assert!(!store.is_full());
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_acknowledged_any_more() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(options(folder.path())).unwrap();
    let a = name("a");
    store.append(small(&a), None).await.unwrap();
    let other = Connection::open(folder.path().join("relay.db")).unwrap();
    other.execute_batch("DROP TABLE draft").unwrap();
    let large = capture(&a, 1, Body::Pieces(100_000));
    assert!(append(&store, &large, &noise(100_000)).await.is_err());
    let failed = tokio::time::timeout(Duration::from_secs(5), store.failed()).await;
    assert!(matches!(failed, Ok(StoreError::Fatal { .. })), "{failed:?}");
    let after = store.append(small(&a), None).await;
    assert!(matches!(after, Err(StoreError::Fatal { .. })), "{after:?}");
    assert_eq!(store.waiting(&a, Seq(0)).await.unwrap().0, Seq(1));
}

/// A store with one capture of each kind, closed: the file's bytes, and what was stored.
async fn filled() -> (Vec<u8>, Vec<(Arc<Capture>, Bytes)>) {
    let folder = TempDir::new().expect("a small store");
    let store = Store::open(options(folder.path())).expect("a small store");
    let a = name("a");
    let mut stored = Vec::new();
    for len in [5, 3000, 100_000] {
        let bytes = noise(len);
        let body = match len {
            100_000 => Body::Pieces(len as u64),
            _ => Body::Whole(bytes.clone()),
        };
        let capture = capture(&a, 1, body);
        append(&store, &capture, &bytes)
            .await
            .expect("a small store");
        stored.push((capture, bytes));
    }
    drop(store);
    (
        fs::read(folder.path().join("relay.db")).expect("a small store"),
        stored,
    )
}

/// Reads everything back: whether all is as stored. Panics if something is there and differs.
async fn read_back(bytes: &[u8], stored: &[(Arc<Capture>, Bytes)]) -> Result<bool, StoreError> {
    let folder = TempDir::new().expect("a small store");
    fs::write(folder.path().join("relay.db"), bytes).expect("a small store");
    let store = Store::open(options(folder.path()))?;
    let page = store.read(&name("a"), Seq(0), 10).await?;
    let mut is_whole = page.captures.len() == stored.len();
    for (place, found) in page.captures.iter().enumerate() {
        assert_eq!(
            (found.seq.0, &found.capture),
            (place as u64 + 1, &stored[place].0)
        );
        if let Some(by_id) = store.get(found.capture.id).await? {
            assert_eq!(by_id.capture, found.capture);
            let body = whole_body(&store, found.capture.id).await?;
            assert_eq!(body, stored[place].1);
        } else {
            is_whole = false;
        }
    }
    Ok(is_whole)
}

#[tokio::test]
async fn a_flipped_byte_of_a_head_or_body_is_found() {
    let (bytes, stored) = filled().await;
    assert!(read_back(&bytes, &stored).await.unwrap());
    let place_of = |part: &[u8]| bytes.windows(part.len()).position(|at| at == part).unwrap();
    let large = noise(100_000);
    for part in [
        &b"BREW"[..],
        b"/a%2Fb",
        b"caf\xe9",
        &noise(3000)[2000..2020],
        &large[70_000..70_020],
    ] {
        let mut damaged = bytes.clone();
        damaged[place_of(part)] ^= 0x20;
        let found = read_back(&damaged, &stored).await;
        assert!(
            matches!(found, Err(StoreError::Damaged { .. })),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn no_flipped_byte_anywhere_gives_a_wrong_capture() {
    let (bytes, stored) = filled().await;
    let mut found = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 400) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        // An error, or a byte that nothing depends on: `read_back` sees to it that nothing comes back changed.
        found += u32::from(!matches!(read_back(&damaged, &stored).await, Ok(true)));
    }
    assert!(found > 100, "only {found} were noticed");
}
