//! What is done with requests on a real terminal: an edit goes through a real editor and out by the form alone, a copy to a real
//! program, an export into a real file.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{home, pty::Terminal};
use crate::support::{Request, Sender, TestTarget, eventually, story};

fn program(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path.to_str().expect("text").to_owned()
}

/// Presses a key until the screen shows a text: a box ignores keys in its first moment.
async fn until(terminal: &mut Terminal, key: &str, wanted: &str) {
    eventually(wanted, || {
        terminal.press(key);
        let text = terminal.text();
        let is_shown = text.contains(wanted);
        async move { is_shown.then_some(()).ok_or(text) }
    })
    .await;
}

#[test]
fn an_edit_is_shown_and_sent_by_the_form_and_an_editor_that_fails_sends_nothing() {
    story(async {
        let (home, target) = (home(), TestTarget::start().await);
        let port = target.addr.port().to_string();
        // It fails once, then edits; and writes down how private its file is.
        let editor = program(
            home.path(),
            "editor",
            "#!/bin/sh\nstat -c '%a' \"$1\" \"$(dirname \"$1\")\" > \"$HOME/modes\"\n\
             [ -e \"$HOME/again\" ] || { touch \"$HOME/again\"; exit 3; }\nsed -i s/4200/1/ \"$1\"\n",
        );
        let variables = [("EDITOR", editor.as_str())];
        let Some(mut terminal) = Terminal::start(home.path(), &["listen", &port], &variables)
        else {
            return;
        };
        let (relay, name) = terminal.live().await;
        let path = format!("{name}/stripe");
        let request = Request::post(&path, "{\"amount\":4200}");
        assert_eq!(Sender::to(relay).send(request).await.status, 200);
        terminal.shows("amount").await;

        terminal.press("e");
        terminal.shows("nothing was sent").await;
        let modes = fs::read_to_string(home.path().join("modes")).expect("the editor ran");
        assert_eq!(modes, "600\n700\n");
        terminal.press("e");
        terminal.shows("diff #1 → your edit").await;
        terminal.shows("4200  →  1").await;
        until(&mut terminal, "r", "[ s Send ]").await;
        terminal.shows("s sends 1 request on this machine").await;
        until(&mut terminal, "s", "replay of #1: 200").await;
        let got = target.wait_for(2).await;
        assert_eq!(
            (&got[0].body[..], &got[1].body[..]),
            (&b"{\"amount\":4200}"[..], &b"{\"amount\":1}"[..])
        );
        terminal.press("\x03");
        assert_eq!(terminal.ended().await.code(), Some(0));
        terminal.gives_back().await;
    });
}

#[test]
fn a_copy_goes_to_the_program_that_is_named_and_an_export_into_its_file() {
    story(async {
        let home = home();
        program(home.path(), "xclip", "#!/bin/sh\ncat > \"$HOME/copied\"\n");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", home.path().display());
        // `o` pressed once more than needed pages nothing.
        let variables = [
            ("PATH", path.as_str()),
            ("DISPLAY", ":0"),
            ("PAGER", "true"),
        ];
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &variables) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        let hook = format!("{name}/hook");
        let request = Request::post(&hook, "{\"a\":\"\x1b[31m\"}");
        assert_eq!(Sender::to(relay).send(request).await.status, 200);
        terminal.shows("a: ").await;

        terminal.press("yy");
        terminal.shows("[ok] body of #1 copied by xclip").await;
        let copied = fs::read_to_string(home.path().join("copied")).expect("copied");
        assert!(
            copied.contains("^[[31m") && !copied.contains('\x1b'),
            "{copied:?}"
        );
        terminal.press("yb");
        terminal
            .shows("[ok] body bytes of #1 copied by xclip")
            .await;
        let copied = fs::read(home.path().join("copied")).expect("copied");
        assert_eq!(copied, b"{\"a\":\"\x1b[31m\"}");

        let file = home.path().join("project/webhook-1.jsonl");
        fs::write(&file, "mine").expect("written");
        terminal.press("xj");
        terminal.shows("webhook-1.jsonl").await;
        until(&mut terminal, "\r", "is there already").await;
        assert_eq!(fs::read(&file).expect("it is there"), b"mine");
        until(&mut terminal, "o", "1 request in").await;
        let written = fs::read_to_string(&file).expect("written");
        assert!(
            written.starts_with("{\"v\":1,\"type\":\"capture\""),
            "{written}"
        );
        assert_eq!(terminal.quit().await.code(), Some(0));
    });
}
