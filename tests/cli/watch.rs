//! `replay --watch`: a change of a file and an app that comes back each make one round more.

use std::fs;

use hooktool::history::{History, Retention};

use crate::support::{Home, Request, Sender, TestTarget, eventually, story, target::answer};

#[test]
fn files_and_the_app_are_watched_until_a_person_ends_it() {
    story(async {
        let home = Home::new();
        let first = TestTarget::answering(|_| async { answer(200, "{\"state\":\"old\"}") }).await;
        let addr = first.addr;
        let mut listener = home.start("app", &["listen", &addr.to_string()]);
        let (relay, path) = listener.url().await;
        let sent = Sender::to(relay).send(Request::post(&path, "{}")).await;
        assert_eq!(sent.status, 200);
        eventually("a record", || async {
            let history = History::open(&home.history(), Retention::default());
            let reader = history.expect("a history").reader().expect("a reader");
            let attempts = reader.attempts(1).expect("attempts");
            (attempts.len() == 1)
                .then_some(())
                .ok_or(format!("{attempts:?}"))
        })
        .await;
        listener.signal("TERM");
        assert_eq!(listener.code().await, 0);

        let source = home.path("app/src");
        fs::create_dir_all(source.join("deep")).expect("made");
        fs::write(source.join("deep/main.rs"), "one").expect("written");
        let args = ["replay", "1", "--expect", "200", "--watch", "src"];
        let mut watching = home.start_piped("app", &args);
        first.wait_for(2).await;
        // What a tool writes is no change; the second write is one, and so is a new file.
        fs::create_dir_all(source.join("node_modules")).expect("made");
        fs::write(source.join("node_modules/x"), "x").expect("written");
        fs::write(source.join("deep/main.rs"), "three").expect("written");
        first.wait_for(3).await;
        drop(first);
        fs::write(source.join("new.rs"), "new").expect("written");
        let mut out = std::io::BufReader::new(watching.stdout.take().expect("a pipe"));
        let mut next = || {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
            line
        };
        assert!(next().contains("  --> 200  "));
        assert_eq!(next(), "pass\n");
        assert!(next().contains("  --> 200  "));
        assert_eq!(next(), "pass\n");
        assert!(next().contains("  --> ERR  "));
        assert_eq!(next(), "FAIL\n");

        let second = TestTarget::on(addr, |_| async { answer(200, "{\"state\":\"new\"}") }).await;
        second.wait_for(1).await;
        assert!(next().contains("  --> 200  "));
        assert_eq!(next(), "pass\n");
        assert!(next().starts_with("    diff before → now"));
        assert_eq!(next(), "    body\n");
        assert_eq!(next(), "    ~ .state  \"old\"  →  \"new\"\n");
        watching.signal("INT");
        assert_eq!(watching.code().await, 0, "{}", watching.stderr());
        assert_eq!(
            watching.stderr(),
            "hooktool: 4 rounds: 3 passed, 1 failed\n"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there_is_told_before_anything_is_sent() {
    let home = super::requests::home("http://127.0.0.1:1").await;
    home.run(&["replay", "1", "--watch", "src"]).fails(
        2,
        "error: src cannot be watched\n  cause: it is not there\n",
    );
}
