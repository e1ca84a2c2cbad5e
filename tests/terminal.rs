//! The real binary on a real terminal: it starts, shows what comes, follows the window, and leaves everything as it was.
//!
//! A machine without pseudo-terminals skips these, and says so.

mod act;
mod answer;
mod away;
mod edit;
mod more;
mod pty;

use std::{fs, net::SocketAddr};

use tempfile::TempDir;

use self::pty::Terminal;
use crate::support::{Request, Sender, TestTarget, eventually, story};

/// An empty home with a project in it.
fn home() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("project/.git")).expect("made");
    folder
}

/// The address and the path of the public URL that the screen names.
fn url(text: &str) -> (SocketAddr, String) {
    let start = text.find("http://127.0.0.1:").expect("a URL");
    let url = text[start..].split_whitespace().next().expect("a word");
    let rest = url.strip_prefix("http://").expect("its scheme");
    let (addr, name) = rest.split_once('/').expect("an endpoint");
    (addr.parse().expect("an address"), format!("/{name}"))
}

#[test]
fn a_webhook_comes_and_is_replayed_and_the_terminal_is_as_before() {
    story(async {
        let (home, target) = (home(), TestTarget::start().await);
        let port = target.addr.port().to_string();
        let args = ["listen", &port];
        let Some(mut terminal) = Terminal::start(home.path(), &args, &[]) else {
            return;
        };
        let before = terminal.before.clone();
        let text = terminal.shows("● live").await;
        assert!(
            text.contains("waiting for the first request"),
            "no empty screen:\n{text}"
        );
        assert!(terminal.is_taken());
        assert_ne!(terminal.settings(), before, "the terminal is not raw");

        let (relay, name) = terminal.live().await;
        let path = format!("{name}/stripe");
        let answer = Sender::to(relay)
            .send(Request::post(&path, "{\"id\":\"evt_1\"}"))
            .await;
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        terminal.shows("id: \"evt_1\"").await;
        terminal.press("4");
        terminal.shows("[4 Tries(1)]").await;

        terminal.press("r");
        terminal.shows("[ok] replay of #1: 200").await;
        terminal.shows("[4 Tries(2)]").await;
        let got = target.wait_for(2).await;
        assert_eq!(got[0].body, got[1].body);

        terminal.resize(28, 6);
        terminal.shows("28x6 is too small").await;
        terminal.resize(120, 40);
        let text = terminal.shows("[4 Tries(2)]").await;
        assert!(text.contains('│'), "not side by side:\n{text}");

        terminal.resize(80, 24);
        terminal.press("q");
        let text = terminal.shows("[ y Quit ]").await;
        assert!(
            text.contains("senders get no answer until you start again."),
            "{text}"
        );
        // The box takes no key that was pressed before it could be seen.
        eventually("the answer to the box", || {
            terminal.press("y");
            let ended = terminal.has_ended();
            async move { ended.then_some(()).ok_or_else(String::new) }
        })
        .await;
        assert_eq!(terminal.ended().await.code(), Some(0));
        terminal.shows("1 request in").await;
        terminal.gives_back().await;
        assert_eq!(terminal.settings(), before);
    });
}

#[test]
fn a_key_and_a_new_size_at_once_are_both_taken() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        terminal.shows("● live").await;
        terminal.press(":");
        let mut typed = String::new();
        for round in 0..40 {
            typed.push(if round % 3 == 0 { 'o' } else { 'x' });
            terminal.resize(90 + round, 24);
            terminal.press(&typed[typed.len() - 1..]);
            terminal.shows(&typed).await;
        }
        terminal.press("\x03");
        assert_eq!(terminal.ended().await.code(), Some(0));
    });
}

#[test]
fn a_signal_gives_the_terminal_back_too() {
    story(async {
        for signal in ["TERM", "INT", "HUP"] {
            let home = home();
            let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
                return;
            };
            let before = terminal.before.clone();
            terminal.shows("● live").await;
            assert!(terminal.is_taken());
            terminal.signal(signal);
            assert_eq!(terminal.ended().await.code(), Some(0), "{signal}");
            terminal.shows("0 requests in").await;
            terminal.gives_back().await;
            assert_eq!(terminal.settings(), before, "{signal}");
        }
    });
}

#[test]
fn keys_typed_ahead_reach_no_shell() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        terminal.shows("● live").await;
        terminal.press("?");
        terminal.shows("Keys here (list)").await;
        terminal.press("\x1b[200~rm -rf q\x1b[201~");
        terminal.shows("paste ignored").await;
        terminal.press("\x03");
        assert_eq!(terminal.ended().await.code(), Some(0));
    });
}

#[test]
fn what_is_stored_is_opened_without_a_relay_and_sent_where_a_person_says() {
    story(async {
        let (home, target) = (home(), TestTarget::start().await);
        let Some(mut listener) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        let (relay, name) = listener.live().await;
        let request = Request::post(&format!("{name}/stripe"), "{\"id\":\"evt_1\"}");
        assert_eq!(Sender::to(relay).send(request).await.status, 200);
        listener.shows("id: \"evt_1\"").await;

        let mut terminal = Terminal::start(home.path(), &["open"], &[]).expect("a second one");
        let before = terminal.before.clone();
        terminal.shows("□ HISTORY  1 request · not listening").await;
        terminal.press("r");
        terminal.shows("It was never forwarded.").await;
        terminal.press(&target.addr.port().to_string());
        // Enter does not count in the moment after the box opened.
        eventually("the end of the replay", || {
            terminal.press("\r");
            let text = terminal.text();
            let has_ended = text.contains("[ok] replay of #1: 200");
            async move { has_ended.then_some(()).ok_or(text) }
        })
        .await;
        // If it counted twice, the second one opened the request.
        terminal.press("\x1b");
        assert_eq!(target.wait_for(1).await[0].body, "{\"id\":\"evt_1\"}");

        // Each sees what the other one does.
        listener.press("4");
        listener.shows("[4 Tries(1)]").await;
        let request = Request::post(&format!("{name}/later"), "{}");
        Sender::to(relay).send(request).await;
        terminal.shows("HISTORY  2 requests").await;
        terminal.press("q");
        assert_eq!(terminal.ended().await.code(), Some(0));
        terminal.gives_back().await;
        assert_eq!(terminal.settings(), before);
    });
}
