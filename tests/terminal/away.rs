//! The terminal lent to a pager and to the shell: it is theirs as it was before, its keys go to them alone, and it comes back whole.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::{home, pty::Terminal};
use crate::support::{Request, Sender, eventually, story};

/// A pager that shows how it finds the terminal, then what it is given, then the keys it gets until `q`.
const PAGER: &str = r#"#!/bin/sh
stty -a </dev/tty >"$HOME/settings"
cat
echo "-- pager has it --"
old=$(stty -g </dev/tty)
stty -icanon -echo </dev/tty
while key=$(dd bs=1 count=1 2>/dev/null </dev/tty); do
  printf '<%s>' "$key"
  [ "$key" = q ] && break
done
stty "$old" </dev/tty
"#;

fn pager(folder: &std::path::Path) -> String {
    let path = folder.join("pager");
    fs::write(&path, PAGER).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path.to_str().expect("text").to_owned()
}

#[test]
fn a_pager_has_the_terminal_alone_and_gives_it_back() {
    story(async {
        let home = home();
        let pager = pager(home.path());
        let variables = [("PAGER", pager.as_str())];
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &variables) else {
            return;
        };
        let before = terminal.before.clone();
        let (relay, name) = terminal.live().await;
        let post = |body: &'static str| Request::post(&name, body);
        Sender::to(relay)
            .send(post("{\"evil\":\"\x1b[31m\"}"))
            .await;
        terminal.shows("evil").await;

        terminal.press("o");
        let text = terminal.shows("-- pager has it --").await;
        assert!(text.contains("^[[31m"), "not sanitised:\n{text}");
        assert!(!terminal.is_taken());
        let found = fs::read_to_string(home.path().join("settings")).expect("written");
        assert_eq!(found, before, "the pager found other settings");

        // Keys are the pager's, ^C too; forwards go on.
        terminal.press("rx");
        terminal.shows("<r><x>").await;
        let answer = Sender::to(relay).send(post("{\"second\":2}")).await;
        assert_eq!(answer.status, 200);
        terminal.press("q");
        terminal.shows("2 requests").await;
        terminal.shows("second").await;
        assert!(terminal.is_taken());
        assert_eq!(terminal.quit().await.code(), Some(0));
        terminal.gives_back().await;
        assert_eq!(terminal.settings(), before);
    });
}

#[test]
fn a_pager_that_does_not_start_is_told() {
    story(async {
        let home = home();
        let variables = [("PAGER", "/no/such/pager")];
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &variables) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        Sender::to(relay).send(Request::post(&name, "{}")).await;
        terminal.shows("1 request").await;
        terminal.press("o");
        terminal.shows("`/no/such/pager` does not start").await;
        assert!(terminal.is_taken());
        assert_eq!(terminal.quit().await.code(), Some(0));
    });
}

#[test]
fn a_pager_ends_with_the_inspector() {
    story(async {
        let home = home();
        let pager = pager(home.path());
        let variables = [("PAGER", pager.as_str())];
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &variables) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        Sender::to(relay).send(Request::post(&name, "{}")).await;
        terminal.shows("1 request").await;
        terminal.press("o");
        terminal.shows("-- pager has it --").await;
        terminal.signal("TERM");
        assert_eq!(terminal.ended().await.code(), Some(0));
    });
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_fg() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::shell(home.path(), &[]) else {
            return;
        };
        terminal.shows("$ ").await;
        terminal.press("$HOOKTOOL listen\r");
        let (relay, name) = terminal.live().await;
        Sender::to(relay).send(Request::post(&name, "{}")).await;
        terminal.shows("1 request").await;

        terminal.press("\x1a");
        terminal
            .shows("suspended, and the relay on this machine with it")
            .await;
        terminal.shows("Stopped").await;
        assert!(!terminal.is_taken());
        terminal.press("echo the $((40 + 2)) shell\r");
        terminal.shows("the 42 shell").await;

        terminal.press("fg\r");
        terminal.shows("[!] suspended").await;
        terminal.shows("1 request").await;
        assert!(terminal.is_taken());
        // It goes on as before.
        eventually("it takes requests again", || async {
            let answer = Sender::to(relay).send(Request::post(&name, "{}")).await;
            (answer.status == 200)
                .then_some(())
                .ok_or_else(|| answer.text().to_owned())
        })
        .await;
        // What came before it went on is a request, too.
        terminal.shows(" requests").await;
        terminal.press("Q");
        terminal.shows(" requests in ").await;
        terminal.press("exit\r");
        terminal.ended().await;
    });
}
