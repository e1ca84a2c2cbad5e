//! Webhooks as they come to a listener: what its records and lines call them, and what filters make of that.

use std::fs;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::support::{Home, Program, Request, Sender, TestTarget, eventually, story};

const BODY: &str = r#"{"action":"opened","number":7}"#;

/// GitHub's request about an issue, signed with this secret.
fn github(path: &str, secret: &str) -> Request {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = HEXLOWER.encode(hmac::sign(&key, BODY.as_bytes()).as_ref());
    Request::post(&format!("{path}/gh"), BODY)
        .header("Content-Type", "application/json")
        .header("X-GitHub-Event", "issues")
        .header("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .header("X-Hub-Signature-256", format!("sha256={signature}"))
}

fn stripe(path: &str) -> Request {
    Request::post(
        &format!("{path}/stripe"),
        r#"{"id":"evt_1","type":"invoice.paid"}"#,
    )
    .header("Stripe-Signature", "t=1760265101,v1=00")
}

/// A home where GitHub's secret is kept, and a listener in it.
async fn listener(home: &Home, more: &[&str]) -> (Program, Sender, String) {
    let file = home.path("secret.txt");
    fs::write(&file, "shh").expect("written");
    let origin = format!("file:{}", file.display());
    home.records("app", &["secret", "add", "github", &origin]);
    let program = home.start_piped("app", &[&["listen"], more].concat());
    let (addr, path) = program.url().await;
    (program, Sender::to(addr), path)
}

/// What an ended listener printed.
async fn printed(mut program: Program) -> String {
    program.signal("INT");
    assert_eq!(program.code().await, 0, "{}", program.stderr());
    let mut text = String::new();
    let stdout = program.stdout.as_mut().expect("a pipe");
    std::io::Read::read_to_string(stdout, &mut text).expect("text");
    text
}

fn said(record: &Value) -> Value {
    let names = ["provider", "event", "action", "delivery_id", "sig"];
    names.map(|name| record[name].clone()).into()
}

#[test]
fn lines_and_records_name_sender_event_and_verdict() {
    story(async {
        let home = Home::new();
        let (program, sender, path) = listener(&home, &["--respond", "200"]).await;
        let plain = Request::post(&format!("{path}/plain"), "{}");
        for request in [
            github(&path, "shh"),
            github(&path, "another"),
            stripe(&path),
            plain,
        ] {
            assert_eq!(sender.send(request).await.status, 200);
        }
        let text = printed(program).await;
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| Some(line.split_once("POST ")?.1.split_once("  -->")?.0))
            .collect();
        assert_eq!(
            lines,
            [
                "/gh  github issues.opened  sig=ok",
                "/gh  github issues.opened  sig=bad",
                "/stripe  stripe invoice.paid",
                "/plain",
            ],
            "{text}"
        );
        let records = home.records("app", &["list", "--json"]);
        let all: Vec<Value> = records.iter().map(said).collect();
        let delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
        assert_eq!(
            all,
            [
                json!(["github", "issues", "opened", delivery, {"verdict": "ok", "scheme": "github-sha256"}]),
                json!(["github", "issues", "opened", delivery, {"verdict": "bad", "scheme": "github-sha256"}]),
                json!(["stripe", "invoice.paid", null, "evt_1", {"verdict": "unknown", "scheme": "stripe-v1"}]),
                json!([null, null, null, null, null]),
            ]
        );
        let mut first = said(&home.records("app", &["show", "1", "--json"])[0]);
        let now = first[4].as_object_mut().and_then(|sig| sig.remove("now"));
        assert_eq!(first, all[0]);
        let right = json!({"verdict": "ok", "reason": "the signature is right", "cause": null});
        assert_eq!(now, Some(right));
        for (filter, numbers) in [
            ("provider:github", vec![1, 2]),
            ("src:stripe,github sig:bad,unknown", vec![2, 3]),
            ("event:invoice.*", vec![3]),
            ("event:issues", vec![1, 2]),
            ("event:issues.opened sig:ok", vec![1]),
            ("event:opened", vec![]),
            ("-sig:ok", vec![2, 3, 4]),
            ("sig:none", vec![4]),
            ("invoice.paid", vec![3]),
        ] {
            let found = home.records("app", &["list", "--json", filter]);
            let found: Vec<_> = found
                .iter()
                .map(|record| record["number"].as_u64())
                .collect();
            let wanted: Vec<_> = numbers.into_iter().map(Some).collect();
            assert_eq!(found, wanted, "{filter}");
        }
    });
}

/// The requests in the history, once there are so many.
async fn recorded(home: &Home, count: usize) -> Vec<Value> {
    eventually("requests in the history", || async {
        let records = home.records("app", &["list", "--json"]);
        match records.len() >= count {
            true => Ok(records),
            false => Err(format!("{} records", records.len())),
        }
    })
    .await
}

#[test]
fn a_secret_and_a_definition_that_come_later_count_from_the_next_request_on() {
    story(async {
        let home = Home::new();
        let program = home.start_piped("app", &["listen", "--respond", "200"]);
        let (addr, path) = program.url().await;
        let sender = Sender::to(addr);
        sender.send(github(&path, "shh")).await;
        recorded(&home, 1).await;
        let file = home.path("secret.txt");
        fs::write(&file, "another").expect("written");
        let origin = format!("file:{}", file.display());
        home.records("app", &["secret", "add", "github", &origin]);
        sender.send(github(&path, "shh")).await;
        recorded(&home, 2).await;
        // The file that the entry names is looked at, too.
        fs::write(&file, "shh").expect("written");
        sender.send(github(&path, "shh")).await;
        recorded(&home, 3).await;
        let config = home.path(".config/hooktool/providers.toml");
        fs::write(&config, "nonsense").expect("written");
        sender.send(github(&path, "shh")).await;
        recorded(&home, 4).await;
        let mine = "[[provider]]\nid = \"mine\"\ndetect = [{ header = \"x-mine\" }]\n";
        fs::write(&config, mine).expect("written");
        sender
            .send(Request::post(&path, "{}").header("X-Mine", "1"))
            .await;
        let records = recorded(&home, 5).await;
        let verdict = |record: &Value| record["sig"]["verdict"].clone();
        let verdicts: Vec<_> = records.iter().map(verdict).collect();
        assert_eq!(verdicts, ["unknown", "bad", "ok", "ok", "none"]);
        assert_eq!(records[4]["provider"], "mine");
        let now = &home.records("app", &["show", "1", "--json"])[0]["sig"];
        assert_eq!(now["now"]["verdict"], "ok");
        assert!(
            program
                .stderr()
                .contains("the definitions stay as they were")
        );
        printed(program).await;
    });
}

#[test]
fn only_chooses_by_sender_and_event() {
    story(async {
        let home = Home::new();
        let app = TestTarget::start().await;
        let target = app.addr.port().to_string();
        let only = "provider:github -sig:bad";
        let (program, sender, path) = listener(&home, &[&target, "--only", only]).await;
        sender.send(stripe(&path)).await;
        sender.send(github(&path, "another")).await;
        sender.send(github(&path, "shh")).await;
        assert_eq!(app.wait_for(1).await.len(), 1);
        let text = printed(program).await;
        assert_eq!(text.lines().count(), 3, "{text}");
        let records = home.records("app", &["list", "--json"]);
        let outcomes: Vec<_> = records
            .iter()
            .map(|record| [&record["provider"], &record["last"]["outcome"]])
            .collect();
        let wanted = [
            ["stripe", "skipped"],
            ["github", "skipped"],
            ["github", "answered"],
        ];
        assert_eq!(outcomes, wanted);
        assert_eq!(app.got().len(), 1);
    });
}
