//! The terminal says what its background is, when it likes: that is no typing.

use super::{home, pty::Terminal};
use crate::support::{Request, Sender, TestTarget, eventually, story};

/// White, as most terminals say it. Its `r` would replay, its `f` pause, its `/` filter.
const WHITE: &str = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\";

#[test]
fn a_late_answer_in_any_pieces_presses_no_key() {
    story(async {
        // Cut before its `r`, behind its first byte, within its end; and whole.
        for cuts in [&[5][..], &[1], &[24], &[1, 2, 5, 8, 24], &[]] {
            let (home, target) = (home(), TestTarget::start().await);
            let port = target.addr.port().to_string();
            let args = ["listen", &port];
            let Some(mut terminal) = Terminal::start(home.path(), &args, &[]) else {
                return;
            };
            let (relay, name) = terminal.live().await;
            let request = Request::post(&format!("{name}/stripe"), "{\"id\":\"evt_1\"}");
            assert_eq!(Sender::to(relay).send(request).await.status, 200);
            terminal.shows("id: \"evt_1\"").await;
            terminal.press("4");
            terminal.shows("[4 Tries(1)]").await;
            assert!(terminal.has_cyan(), "a dark background is assumed");

            let mut from = 0;
            for (round, &cut) in (0..).zip(cuts) {
                terminal.press(&WHITE[from..cut]);
                // The piece has been read by the time that the new size is drawn.
                terminal.resize(28 + round, 6);
                terminal
                    .shows(&format!("{}x6 is too small", 28 + round))
                    .await;
                from = cut;
            }
            terminal.press(&WHITE[from..]);
            terminal.resize(80, 24);
            eventually("the colours of a light background", || async {
                let text = terminal.text();
                let is_light = text.contains("FOLLOW") && !terminal.has_cyan();
                is_light.then_some(()).ok_or(text)
            })
            .await;

            terminal.press("r");
            terminal.shows("[ok] replay of #1: 200").await;
            let text = terminal.shows("Tries(2)").await;
            assert!(text.contains("FOLLOW"), "{cuts:?}:\n{text}");
            assert_eq!(target.wait_for(2).await.len(), 2, "{cuts:?}");
            terminal.quit().await;
        }
    });
}
