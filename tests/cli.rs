//! The real binary, from outside: what it prints, where, and the code it ends with. Every check compares all three in full.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

mod bodies;
mod export;
mod filters;
pub(crate) mod relay;
mod requests;

/// A home that is empty but for what a test puts there, and one run of the binary in it.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("project/.git")).expect("made");
        Self { folder }
    }

    /// Where a file of this home is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
        self
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_hooktool"))
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.iter().copied())
            .current_dir(self.path("project"))
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let home = self.folder.path().display().to_string();
        let text = |bytes| {
            let text = String::from_utf8(bytes).expect("utf-8");
            text.replace(&home, "~")
        };
        Ran {
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            code: output.status.code().expect("no signal"),
        }
    }
}

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Ran {
    /// It said this on stdout, nothing on stderr, and ended well.
    #[track_caller]
    pub(crate) fn says(&self, stdout: &str) {
        self.is(stdout, "", 0);
    }

    /// It said nothing on stdout.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, stderr: &str) {
        self.is("", stderr, code);
    }

    #[track_caller]
    pub(crate) fn is(&self, stdout: &str, stderr: &str, code: i32) {
        let wanted = Self {
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            code,
        };
        assert_eq!(*self, wanted);
    }
}

#[test]
fn help_is_what_was_reviewed() {
    let home = Home::new();
    let verbs = [
        "",
        "listen",
        "open",
        "list",
        "show",
        "replay",
        "diff",
        "export",
        "relay",
        "relay token",
        "relay token add",
        "relay token list",
        "relay token revoke",
        "verify",
        "secret",
        "secret add",
        "secret list",
        "secret remove",
        "providers",
        "providers show",
        "login",
        "config",
        "completions",
        "man",
    ];
    let mut all = String::new();
    for verb in verbs {
        let mut args: Vec<_> = verb.split_whitespace().collect();
        args.push("--help");
        let ran = home.run(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{verb}");
        all.push_str(&format!("$ hooktool {}\n{}\n", args.join(" "), ran.stdout));
    }
    insta::assert_snapshot!("help", all);
    let bare = home.run(&[]);
    assert_eq!((bare.code, bare.stderr.as_str()), (0, ""));
    assert!(all.contains(&bare.stdout));
}

#[test]
fn a_typing_error_is_told_with_what_was_meant() {
    let home = Home::new();
    let ran = home.run(&["listen", "--relya", "local"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("'--relay'"), "{}", ran.stderr);
    home.run(&["listen", "--deadline", "5"]).fails(
        2,
        "error: invalid value '5' for '--deadline <TIME>': give a number and a unit, such as 4.5s, 250ms, 30m or 2h\n\n\
         For more information, try '--help'.\n",
    );
}

#[test]
fn the_higher_layer_counts_and_says_where_it_stands() {
    let home = Home::new();
    home.file(
        ".config/hooktool/config.toml",
        "relay = \"https://relay.example\"\ntimeout = \"5s\"\nretry = 1\nheader = [\"X-A: 1\"]\n",
    );
    home.file("project/hooktool.toml", "target = 3000\nretry = 2\n");
    let variables = [
        ("HOOKTOOL_RETRY", "3"),
        ("HOOKTOOL_HOLD", "yes"),
        ("HOOKTOOL_ANSWER", ""),
    ];
    home.run_with(&["config", "show"], &variables).says(
        "target = \"3000\"                  # ~/project/hooktool.toml:1\n\
         relay = \"https://relay.example\"  # ~/.config/hooktool/config.toml:1\n\
         answer = \"app\"                   # default\n\
         deadline = \"4.5s\"                # default\n\
         answer-challenges = false        # default\n\
         timeout = \"5s\"                   # ~/.config/hooktool/config.toml:2\n\
         max-in-flight = 32               # default\n\
         retry = 3                        # HOOKTOOL_RETRY\n\
         hold = true                      # HOOKTOOL_HOLD\n\
         wait-for-target = false          # default\n\
         header = [\"X-A: 1\"]              # ~/.config/hooktool/config.toml:4\n\
         host-header = \"target\"           # default\n\
         insecure = false                 # default\n\
         color = \"auto\"                   # default\n\
         theme = \"auto\"                   # default\n\
         animation = true                 # default\n\
         utc = false                      # default\n",
    );
}

#[test]
fn the_example_settings_are_valid_in_a_project() {
    let home = Home::new();
    home.file(
        "project/hooktool.toml",
        include_str!("../hooktool.example.toml"),
    );
    let ran = home.run(&["config", "show"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("target = \"3000\""), "{}", ran.stdout);
}

#[test]
fn a_bad_setting_names_file_line_and_what_would_be_right() {
    let home = Home::new();
    home.file("project/hooktool.toml", "\ntagret = 3000\n");
    home.run(&["config", "show"]).fails(
        3,
        "error: ~/project/hooktool.toml:2: unknown key `tagret`\n  hint: the nearest key is `target`\n",
    );
    home.file(
        "project/hooktool.toml",
        "relay = \"https://evil.example\"\n",
    );
    home.run(&["list"]).fails(
        3,
        "error: ~/project/hooktool.toml:1: a project may not set `relay` to `https://evil.example`\n  \
         cause: it comes with a repository: it may name targets on this machine, nothing beyond\n  \
         hint: give it by flag, or as `relay` in your own config.toml\n",
    );
    home.file("project/hooktool.toml", "");
    home.run_with(&["config", "show"], &[("HOOKTOOL_DEADLINE", "soon")])
        .fails(
            3,
            "error: HOOKTOOL_DEADLINE: `deadline` cannot be `soon`\n  \
             hint: give a number and a unit, such as 4.5s, 250ms, 30m or 2h\n",
        );
}

#[test]
fn the_files_are_told() {
    Home::new().run(&["config", "path"]).says(
        "config   ~/.config/hooktool/config.toml  (not there)\n\
         secrets  ~/.config/hooktool/secrets.toml  (not there)\n\
         senders  ~/.config/hooktool/providers.toml  (not there)\n\
         project  ~/project/hooktool.toml  (not there)\n\
         history  ~/.local/share/hooktool/history.db  (not there)\n\
         relay    ~/.local/share/hooktool/relay  (not there)\n",
    );
}

#[test]
fn completions_and_the_manual_page_are_there() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = home.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        assert!(ran.stdout.contains("replay"), "{shell}");
    }
    let ran = home.run(&["man"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains(".TH") && ran.stdout.contains("max\\-in\\-flight"));
}

#[test]
fn a_token_is_shown_once_and_stored_hashed() {
    let home = Home::new();
    let ran = home.run(&["relay", "token", "add", "alice"]);
    let token = ran.stdout.trim().to_owned();
    assert!(token.starts_with("hkt_"), "{ran:?}");
    let said = "hooktool: for the relay in ~/.local/share/hooktool/relay; it is shown this once, and alice gives it to `hooktool login`\n";
    assert_eq!((ran.stderr.as_str(), ran.code), (said, 0));
    let listed = home.run(&["relay", "token", "list"]);
    assert!(listed.stdout.starts_with("alice "), "{listed:?}");
    assert!(!listed.stdout.contains(&token));
    for file in fs::read_dir(home.path(".local/share/hooktool/relay")).expect("there") {
        let bytes = fs::read(file.expect("a file").path()).expect("read");
        let secret = token.as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    home.run(&["relay", "token", "revoke", "alice"]).is(
        "",
        "hooktool: 1 revoked; open links of alice end within a heartbeat\n",
        0,
    );
    home.run(&["relay", "token", "revoke", "alice"]).fails(
        1,
        "error: alice has no valid token\n  hint: `hooktool relay token list` shows them all\n",
    );
}

#[test]
fn a_relay_without_tls_stays_on_this_machine() {
    Home::new().run(&["relay", "--listen", "0.0.0.0:0"]).fails(
        2,
        "error: the relay will not listen on 0.0.0.0:0 without TLS\n  \
         cause: tokens and bodies could be read on the way\n  \
         hint: give --tls-cert and --tls-key, or --insecure-http behind a proxy with TLS\n",
    );
}

#[test]
fn a_relay_that_is_not_there_is_told_and_not_kept() {
    let home = Home::new();
    // Free a moment ago, and the system hands a port out again only after all others.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    home.run(&["login", &url]).fails(
        4,
        &format!(
            "error: cannot reach the relay {url}\n  cause: connection refused\n  \
             hint: is it running? `hooktool listen 3000 --relay local` works without it\n"
        ),
    );
    assert!(!home.path(".config").exists());
}
