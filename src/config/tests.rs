//! The layers: which one counts, and what a file may not say.

use std::fs;

use super::{file, secrets, *};

fn folders_in(folder: &std::path::Path) -> Folders {
    Folders {
        config: folder.join("config"),
        data: folder.join("data"),
    }
}

#[test]
fn an_unknown_key_names_file_line_and_the_nearest_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    fs::write(&path, "# mine\nendpoint = \"a\"\ntimeuot = \"3s\"\n").expect("written");
    let error = file::read(&path, false).expect_err("unknown");
    let ConfigError::Unknown { line, nearest, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!((*line, *nearest), (3, "timeout"));
}

#[test]
fn values_have_the_shape_of_their_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    for wrong in [
        "hold = \"yes\"",
        "retry = \"1\"",
        "retry = -1",
        "deadline = 5",
        "header = \"a: b\"",
        "answer = true",
        "[relay]\na=1",
    ] {
        fs::write(&path, wrong).expect("written");
        let error = file::read(&path, false).expect_err(wrong);
        assert!(
            matches!(error, ConfigError::Value { .. }),
            "{wrong}: {error:?}"
        );
    }
}

#[test]
fn a_project_names_only_targets_on_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hooktool.toml");
    for fine in [
        "target = 3000",
        "target = \"http://127.0.0.2:80\"",
        "target = \"http://[::1]:80/x\"",
        "route = [\"/a=localhost:1\"]",
    ] {
        fs::write(&path, fine).expect("written");
        file::read(&path, true).expect(fine);
    }
    for foreign in [
        "relay = \"https://relay.example\"",
        "relay = \"local\"",
        "target = \"http://169.254.169.254/\"",
        "target = \"http://localhost.example:80\"",
        "route = [\"/a=3000\", \"/b=http://10.0.0.1:80\"]",
    ] {
        fs::write(&path, foreign).expect("written");
        let error = file::read(&path, true).expect_err(foreign);
        assert!(
            matches!(error, ConfigError::Forbidden { line: 1, .. }),
            "{foreign}: {error:?}"
        );
    }
}

#[test]
fn a_relay_is_kept_without_touching_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = folders_in(folder.path());
    secrets::keep_relay(&folders, "https://one.example").expect("kept");
    assert_eq!(
        fs::read_to_string(folders.settings()).expect("there"),
        "relay = \"https://one.example\"\n"
    );
    fs::write(
        folders.settings(),
        "# mine\nretry = 2\nrelay   = 'x' # why\n",
    )
    .expect("written");
    secrets::keep_relay(&folders, "https://two.example").expect("kept");
    let text = fs::read_to_string(folders.settings()).expect("there");
    assert_eq!(
        text,
        "# mine\nretry = 2\nrelay = \"https://two.example\" # why\n"
    );
}

#[test]
fn tokens_are_kept_for_each_relay_and_for_this_user_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = folders_in(folder.path());
    let secret = |text| Secret::new(text).expect("a token");
    secrets::add(&folders, "https://one.example", secret("first")).expect("kept");
    secrets::add(&folders, "https://two.example", secret("second")).expect("kept");
    secrets::add(&folders, "https://one.example", secret("third")).expect("kept");
    let token = secrets::token(&folders, "https://one.example").expect("read");
    assert_eq!(token, Some(secret("third")));
    assert_eq!(
        secrets::token(&folders, "https://other.example").expect("read"),
        None
    );
    assert_eq!(format!("{token:?}"), "Some(Secret(…))");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(
            (mode(folders.secrets()), mode(folders.config)),
            (0o600, 0o700)
        );
    }
}

#[test]
fn the_project_is_the_nearest_folder_with_a_mark() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("a/b/c");
    fs::create_dir_all(&deep).expect("made");
    fs::create_dir(folder.path().join("a/.git")).expect("made");
    assert_eq!(project(&deep), folder.path().join("a"));
    fs::write(folder.path().join("a/b/hooktool.toml"), "").expect("written");
    assert_eq!(project(&deep), folder.path().join("a/b"));
}

#[test]
fn an_offer_is_kept_until_a_relay_has_given_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders = folders_in(folder.path());
    let relay = "https://open.example";
    let secret = |text| Secret::new(text).expect("a token");
    let offered = || secrets::offered(&folders, relay).expect("read");
    let token = || secrets::token(&folders, relay).expect("read");
    assert_eq!(offered(), None);
    secrets::offer(&folders, relay, secret("offer")).expect("kept");
    assert_eq!((offered(), token()), (Some(secret("offer")), None));
    secrets::add(&folders, relay, secret("given")).expect("kept");
    assert_eq!((offered(), token()), (None, Some(secret("given"))));
}
