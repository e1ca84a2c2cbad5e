//! `replay --edit` at a real terminal, with editors that change the body, leave it, empty it, fail or are not there.

use tempfile::TempDir;

use super::{home, pty::Terminal};
use crate::support::{Request, Sender, TestTarget, story};

/// What the app got first.
const BODY: &str = "{\"id\":\"evt_1\"}";

/// A home in which one request was captured and forwarded; none where there are no terminals.
async fn stored(target: &TestTarget) -> Option<(TempDir, Terminal)> {
    let home = home();
    let port = target.addr.port().to_string();
    let listener = Terminal::start(home.path(), &["listen", &port], &[])?;
    listener.shows("● live").await;
    let (relay, name) = listener.live().await;
    let request = Request::post(&format!("{name}/stripe"), BODY);
    assert_eq!(Sender::to(relay).send(request).await.status, 200);
    listener.shows("id: \"evt_1\"").await;
    Some((home, listener))
}

fn edit(home: &TempDir, editor: &str) -> Terminal {
    let args = ["replay", "1", "--edit"];
    Terminal::start(home.path(), &args, &[("EDITOR", editor)]).expect("a second one")
}

#[test]
fn an_edited_body_is_shown_and_sent_when_a_person_says_so() {
    story(async {
        let target = TestTarget::start().await;
        let Some((home, _listener)) = stored(&target).await else {
            return;
        };
        for (answer, said) in [("n\r", "nothing was sent"), ("\r", "nothing was sent")] {
            let mut terminal = edit(&home, "sed -i s/evt_1/evt_2/");
            let text = terminal.shows("send this for #1? [y/N]").await;
            assert!(text.contains("- {\"id\":\"evt_1\"}"), "{text}");
            assert!(text.contains("+ {\"id\":\"evt_2\"}"), "{text}");
            terminal.press(answer);
            terminal.shows(said).await;
            assert_eq!(terminal.ended().await.code(), Some(0));
        }
        assert_eq!(target.got().len(), 1);
        let mut terminal = edit(&home, "sed -i s/evt_1/evt_2/");
        terminal.shows("send this for #1? [y/N]").await;
        terminal.press("y\r");
        terminal.shows("--> 200").await;
        terminal.shows("try=2 replay").await;
        assert_eq!(terminal.ended().await.code(), Some(0));
        let got = target.wait_for(2).await;
        assert_eq!(got[1].body, BODY.replace("evt_1", "evt_2"));
        assert_eq!(got[1].all("content-length"), [b"14"]);
    });
}

#[test]
fn an_editor_that_changes_nothing_or_fails_sends_nothing() {
    story(async {
        let target = TestTarget::start().await;
        let Some((home, _listener)) = stored(&target).await else {
            return;
        };
        for (editor, said, code) in [
            ("true", "the body of #1 is unchanged: nothing was sent", 0),
            (
                "truncate -s 0",
                "the body of #1 is empty: nothing was sent",
                0,
            ),
            ("false", "error: the editor `false` failed", 1),
            (
                "no-such-editor",
                "error: the editor `no-such-editor` does not start",
                1,
            ),
        ] {
            let mut terminal = edit(&home, editor);
            terminal.shows(said).await;
            assert_eq!(terminal.ended().await.code(), Some(code), "{editor}");
        }
        assert_eq!(target.got().len(), 1);
    });
}
