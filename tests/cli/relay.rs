//! A relay in a process of its own, and the verbs that work beside it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use super::Home;

/// Ends when dropped.
pub(crate) struct Relay {
    process: Child,
    pub(crate) url: String,
    /// Kept open, so that the relay's later lines go somewhere.
    _log: BufReader<ChildStderr>,
}

impl Relay {
    pub(crate) fn start(home: &Home) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_hooktool"))
            .args(["relay", "--listen", "127.0.0.1:0", "--max-rate", "1"])
            .env_clear()
            .env("HOME", home.path(""))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the relay starts");
        let mut first = String::new();
        let stderr = process.stderr.take().expect("piped");
        let mut log = BufReader::new(stderr);
        log.read_line(&mut first).expect("a line");
        let url = first
            .split_whitespace()
            .find_map(|word| word.strip_prefix("url="));
        let url = url
            .unwrap_or_else(|| panic!("no URL in {first:?}"))
            .to_owned();
        Self {
            process,
            url,
            _log: log,
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `hooktool login` with this on stdin: its code and what it says.
fn login(home: &Home, url: &str, typed: &str) -> (i32, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_hooktool"))
        .args(["login", url])
        .env_clear()
        .env("HOME", home.path(""))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = process.stdin.take().expect("piped");
    stdin.write_all(typed.as_bytes()).expect("written");
    drop(stdin);
    let output = process.wait_with_output().expect("it ends");
    let stderr = String::from_utf8(output.stderr).expect("utf-8");
    (output.status.code().expect("no signal"), stderr)
}

#[test]
fn a_token_made_beside_a_running_relay_logs_in_until_it_is_revoked() {
    let home = Home::new();
    let relay = Relay::start(&home);
    let token = home.run(&["relay", "token", "add", "alice"]).stdout;
    let url = &relay.url;
    let kept = format!("hooktool: `hooktool listen 3000` uses {url} from now on\n");
    assert_eq!(login(&home, url, &token), (0, kept));
    let settings = fs::read_to_string(home.path(".config/hooktool/config.toml")).expect("there");
    assert_eq!(settings, format!("relay = \"{url}\"\n"));
    let secrets = fs::read_to_string(home.path(".config/hooktool/secrets.toml")).expect("there");
    assert!(secrets.contains(token.trim()));
    assert_eq!(home.run(&["relay", "token", "revoke", "alice"]).code, 0);
    let refused = format!(
        "error: {url} does not take this token\n  \
         hint: it may be revoked, or cut when it was copied; nothing was changed here\n"
    );
    assert_eq!(login(&home, url, &token), (4, refused));
}
