//! `hooktool wait` beside a listener, and without one.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use crate::support::{Home, Program, Request, Sender, story};

/// What an ended program printed, a record a line.
fn records(program: &mut Program) -> Vec<serde_json::Value> {
    let mut text = String::new();
    let stdout = program.stdout.as_mut().expect("a pipe");
    stdout.read_to_string(&mut text).expect("records");
    let records = text.lines().map(serde_json::from_str);
    records.map(|record| record.expect("a record")).collect()
}

#[test]
fn it_ends_when_what_it_waits_for_has_come() {
    story(async {
        let home = Home::new();
        let listener = home.start("app", &["listen", "--respond", "200"]);
        let (addr, path) = listener.url().await;
        let sender = Sender::to(addr);
        let send = async |name: &str, body: &str| {
            let request = Request::post(&format!("{path}/{name}"), body);
            assert_eq!(sender.send(request).await.status, 200);
        };
        send("stripe", r#"{"type":"early"}"#).await;
        let args = [
            "wait",
            "path:/stripe",
            "-.type:other",
            "--count",
            "2",
            "--json",
        ];
        let mut waiting = home.start_piped("app", &args);
        // It says nothing before something fits, so what it may miss is sent until it ends.
        let mut number = 0;
        while waiting.ended().is_none() {
            number += 1;
            send("stripe", r#"{"type":"other"}"#).await;
            send("gh", "{}").await;
            send("stripe", &format!(r#"{{"number":{number}}}"#)).await;
        }
        assert_eq!(waiting.code().await, 0, "{}", waiting.stderr());
        let records = records(&mut waiting);
        let bodies: Vec<_> = records
            .iter()
            .map(|record| &record["body"]["data"])
            .collect();
        assert_eq!(bodies.len(), 2, "{bodies:?}");
        for body in &bodies {
            assert!(
                body.as_str().is_some_and(|text| text.contains("number")),
                "{bodies:?}"
            );
        }
        assert_ne!(bodies[0], bodies[1]);

        let early = ["wait", ".type:early", "--since", "1h", "--timeout", "20s"];
        let mut waiting = home.start("app", &early);
        assert_eq!(waiting.code().await, 0, "{}", waiting.stderr());
    });
}

#[test]
fn it_gives_up_with_6_and_says_how_many_came() {
    story(async {
        let home = Home::new();
        let began = Instant::now();
        let mut waiting = home.start("app", &["wait", "path:/never", "--timeout", "300ms"]);
        assert_eq!(waiting.code().await, 6);
        assert!(began.elapsed() >= Duration::from_millis(300));
        let said = waiting.stderr();
        assert!(
            said.starts_with("error: 0 of 1 request came in 300ms\n"),
            "{said}"
        );
        let mut waiting = home.start("app", &["wait", "path:("]);
        assert_eq!(waiting.code().await, 2);
    });
}
