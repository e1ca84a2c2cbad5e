//! What reaches beyond one screen: text printed on the normal one, the border's place from run to run, what is forwarded, the mouse.

use super::{home, pty::Terminal};
use crate::support::{Request, Sender, TestTarget, eventually, story};

#[test]
fn a_body_is_printed_on_the_normal_screen_and_enter_goes_back() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        let before = terminal.before.clone();
        let (relay, name) = terminal.live().await;
        let request = Request::post(&name, "{\"evil\":\"\x1b[31m\",\"id\":7}");
        Sender::to(relay).send(request).await;
        terminal.shows("evil").await;
        terminal.press("y");
        terminal.press("P");
        let text = terminal.shows("-- Enter goes back to hooktool --").await;
        assert!(text.contains("\"id\": 7"), "not laid out:\n{text}");
        assert!(text.contains("^[[31m"), "not sanitised:\n{text}");
        assert!(!terminal.is_taken());
        assert_eq!(terminal.settings(), before);
        // No key acts but Enter.
        terminal.press("Q\r");
        terminal.shows("FOLLOW").await;
        assert!(terminal.is_taken());
        terminal.quit().await;
        terminal.gives_back().await;
    });
}

#[test]
fn the_border_stands_where_it_stood_the_last_time() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        Sender::to(relay).send(Request::post(&name, "{}")).await;
        terminal.shows("1 request").await;
        terminal.resize(120, 40);
        terminal.shows("│").await;
        terminal.press("|");
        eventually("the detail under the list", || async {
            let text = terminal.text();
            (!text.contains('│')).then_some(()).ok_or(text)
        })
        .await;
        let kept = home.path().join(".local/share/hooktool/panes.toml");
        eventually("the file", || async {
            kept.exists().then_some(()).ok_or_else(String::new)
        })
        .await;
        terminal.quit().await;

        let mut terminal = Terminal::start(home.path(), &["open"], &[]).expect("a second one");
        terminal.resize(120, 40);
        let text = terminal.shows("1 request").await;
        assert!(!text.contains('│'), "beside again:\n{text}");
        terminal.quit().await;
    });
}

#[test]
fn what_is_forwarded_is_changed_while_it_runs() {
    story(async {
        let (home, target) = (home(), TestTarget::start().await);
        let port = target.addr.port().to_string();
        let args = ["listen", &port];
        let Some(mut terminal) = Terminal::start(home.path(), &args, &[]) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        let post = |path: &str| Request::post(&format!("{name}{path}"), "{}");
        assert_eq!(Sender::to(relay).send(post("/a")).await.status, 200);
        terminal.press(":only path:/b");
        terminal.shows("only FILTER").await;
        // Enter does not count in the moment after the palette opened.
        eventually("the words beside the counts", || {
            terminal.press("\r");
            let text = terminal.text();
            async move { text.contains("· only path:/b").then_some(()).ok_or(text) }
        })
        .await;
        assert_eq!(Sender::to(relay).send(post("/a")).await.status, 202);
        assert_eq!(Sender::to(relay).send(post("/b")).await.status, 200);
        assert_eq!(target.wait_for(2).await.len(), 2);
        terminal.press(":only");
        terminal.shows("> only FILTER").await;
        eventually("everything is forwarded", || {
            terminal.press("\r");
            let text = terminal.text();
            async move { (!text.contains("· only")).then_some(()).ok_or(text) }
        })
        .await;
        assert_eq!(Sender::to(relay).send(post("/a")).await.status, 200);
        terminal.quit().await;
    });
}

#[test]
fn a_click_selects_while_the_mouse_is_taken_and_it_is_given_back() {
    story(async {
        let home = home();
        let Some(mut terminal) = Terminal::start(home.path(), &["listen"], &[]) else {
            return;
        };
        let (relay, name) = terminal.live().await;
        for body in ["{\"first\":1}", "{\"second\":2}"] {
            Sender::to(relay).send(Request::post(&name, body)).await;
        }
        terminal.shows("second: 2").await;
        terminal.press("M");
        terminal.shows("mouse on").await;
        assert!(terminal.has_mouse());
        // The first request stands on the fourth line.
        terminal.press("\x1b[<0;10;4M\x1b[<0;10;4m");
        terminal.shows("first: 1").await;
        terminal.quit().await;
        terminal.gives_back().await;
        assert!(!terminal.has_mouse());
    });
}
