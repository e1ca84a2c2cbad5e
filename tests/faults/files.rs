//! Databases that are locked, damaged, read-only or of a later version: said clearly, exit 1, and the file as it was.

use std::{fs, path::Path};

use rusqlite::Connection;

use crate::support::{Home, story};

/// The two databases, and who opens them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    History,
    Relay,
}

impl Base {
    fn path(self, home: &Home) -> std::path::PathBuf {
        match self {
            Self::History => home.history(),
            Self::Relay => home.path("relay/relay.db"),
        }
    }

    /// Makes it, as its owner does.
    async fn make(self, home: &Home) {
        let mut owner = match self {
            Self::History => home.start("app", &["listen"]),
            Self::Relay => home.relay("127.0.0.1:0"),
        };
        owner.url().await;
        owner.signal("TERM");
        assert_eq!(owner.code().await, 0);
    }

    /// Runs each command that opens it; what each says before it ends with 1.
    async fn opened(self, home: &Home) -> Vec<String> {
        let programs = match self {
            Self::History => vec![home.start("app", &["listen"]), home.start("app", &["list"])],
            Self::Relay => vec![home.relay("127.0.0.1:0")],
        };
        let mut said = Vec::new();
        for mut program in programs {
            assert_eq!(program.code().await, 1, "{}", program.stderr());
            said.push(program.stderr());
        }
        said
    }
}

/// All files beside a database, by name, with their bytes.
fn files(path: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let name = path.file_name().expect("a file");
    let bytes = fs::read(path).expect("it is there");
    vec![(name.to_owned(), bytes)]
}

async fn is_refused_untouched(base: Base, spoil: impl FnOnce(&Path), word: &str) {
    let home = Home::new();
    base.make(&home).await;
    let path = base.path(&home);
    spoil(&path);
    let before = files(&path);
    for said in base.opened(&home).await {
        assert!(said.contains("error: "), "{said}");
        assert!(said.contains(word), "no `{word}`: {said}");
        assert!(said.contains(&path.display().to_string()), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(files(&path) == before, "{base:?}, {word}: the file changed");
}

fn random_bytes(path: &Path) {
    fs::write(path, crate::support::pattern(40_000)).expect("written");
}

fn cut_short(path: &Path) {
    let bytes = fs::read(path).expect("read");
    fs::write(path, &bytes[..bytes.len() / 2 + 100]).expect("written");
}

fn of_a_later_version(path: &Path) {
    let db = Connection::open(path).expect("opens");
    db.pragma_update(None, "user_version", 999).expect("set");
}

#[test]
fn a_damaged_database_is_refused_and_left_alone() {
    story(async {
        for base in [Base::History, Base::Relay] {
            is_refused_untouched(base, random_bytes, "damaged").await;
            is_refused_untouched(base, cut_short, "damaged").await;
        }
    });
}

#[test]
fn a_database_of_a_later_version_is_refused_and_left_alone() {
    story(async {
        for base in [Base::History, Base::Relay] {
            is_refused_untouched(base, of_a_later_version, "999").await;
        }
    });
}

#[cfg(unix)]
#[test]
fn a_database_that_was_made_read_only_is_refused_and_stays_so() {
    use std::os::unix::fs::PermissionsExt;

    story(async {
        for base in [Base::History, Base::Relay] {
            let home = Home::new();
            base.make(&home).await;
            let path = base.path(&home);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("set");
            let before = files(&path);
            let mut program = match base {
                Base::History => home.start("app", &["listen"]),
                Base::Relay => home.relay("127.0.0.1:0"),
            };
            assert_eq!(program.code().await, 1, "{}", program.stderr());
            let said = program.stderr();
            let path = path.canonicalize().expect("it is there");
            let refused = format!("{} is read-only", path.display());
            assert!(
                said.contains("error: ") && said.contains(&refused),
                "{said}"
            );
            let hint = format!("  hint: `chmod u+w {}` makes it writable", path.display());
            assert!(said.contains(&hint), "{said}");
            assert!(files(&path) == before, "{base:?}: the file changed");
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o400, "{base:?}");
            // What is stored can still be read.
            if base == Base::History {
                assert!(home.records("app", &["list", "--json"]).is_empty());
            }
        }
    });
}

#[test]
fn a_database_that_another_process_holds_is_refused_after_a_while() {
    story(async {
        let mut held = Vec::new();
        for base in [Base::History, Base::Relay] {
            let home = Home::new();
            base.make(&home).await;
            let db = Connection::open(base.path(&home)).expect("opens");
            db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
                .expect("locks");
            let program = match base {
                Base::History => home.start("app", &["listen"]),
                Base::Relay => home.relay("127.0.0.1:0"),
            };
            held.push((home, base, db, program));
        }
        for (home, base, _db, program) in &mut held {
            assert_eq!(program.code().await, 1, "{}", program.stderr());
            let said = program.stderr();
            assert!(said.contains("locked") || said.contains("in use"), "{said}");
            let path = base.path(home).display().to_string();
            assert!(said.contains(&path), "{said}");
        }
    });
}
