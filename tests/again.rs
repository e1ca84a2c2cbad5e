//! The same event again, through the real binary: retries, redeliveries, batches that repeat in part, and what the sender does next.

use serde_json::{Value, json};

use crate::{
    recognise::printed,
    support::{Home, Request, Sender, TestTarget, story, target::answer},
};

/// An app that answers what the request's `X-Want` says.
async fn app() -> TestTarget {
    TestTarget::answering(|got| {
        let want = got.all("x-want").first().copied().unwrap_or(b"200");
        let status = str::from_utf8(want).ok().and_then(|want| want.parse().ok());
        let status = status.expect("a status");
        async move { answer(status, "") }
    })
    .await
}

fn post(path: &str, body: &str, want: u16, headers: &[(&str, &str)]) -> Request {
    let request = Request::post(path, body)
        .header("Content-Type", "application/json")
        .header("X-Want", want.to_string());
    headers.iter().fold(request, |request, (name, value)| {
        request.header(name, *value)
    })
}

fn github(want: u16) -> Request {
    let headers = [
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ];
    post("/gh", r#"{"ref":"refs/heads/main"}"#, want, &headers)
}

fn shopify(want: u16) -> Request {
    let headers = [
        ("X-Shopify-Topic", "orders/create"),
        (
            "X-Shopify-Webhook-Id",
            "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        ),
        ("X-Shopify-Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5"),
    ];
    post("/shopify", r#"{"id":820982911946154508}"#, want, &headers)
}

const SLACK: &str =
    r#"{"type":"event_callback","event":{"type":"app_mention"},"event_id":"Ev0PV52K25"}"#;

fn slack(want: u16, retry: Option<&str>) -> Request {
    let mut headers = vec![
        ("X-Slack-Request-Timestamp", "1760265101"),
        ("X-Slack-Signature", "v0=00"),
    ];
    if let Some(retry) = retry {
        headers.extend([
            ("X-Slack-Retry-Num", retry),
            ("X-Slack-Retry-Reason", "http_timeout"),
        ]);
    }
    post("/slack", SLACK, want, &headers)
}

fn stripe(want: u16, signature: &str) -> Request {
    let body = r#"{"id":"evt_1PqL2xA7","object":"event","type":"invoice.paid"}"#;
    post("/stripe", body, want, &[("Stripe-Signature", signature)])
}

fn svix(want: u16, at: &str, body: &str) -> Request {
    let headers = [
        ("svix-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"),
        ("svix-timestamp", at),
        ("svix-signature", "v1,AAAA"),
    ];
    post("/svix", body, want, &headers)
}

fn sendgrid(want: u16, ids: &[&str]) -> Request {
    let events = ids.iter().map(|id| {
        json!({"email": "a@example.com", "event": "processed", "sg_event_id": id, "timestamp": 1_760_265_101})
    });
    let body = Value::from(events.collect::<Vec<_>>()).to_string();
    post("/sendgrid", &body, want, &[])
}

fn zoom(path: &str) -> Request {
    let headers = [
        ("x-zm-request-timestamp", "1760265101"),
        ("x-zm-signature", "v0=00"),
    ];
    let body = r#"{"event":"meeting.started","event_ts":1760265101380}"#;
    post(path, body, 200, &headers)
}

/// Sends each request in turn to a listener with an app behind it; what it printed.
async fn after(home: &Home, more: &[&str], requests: Vec<Request>) -> String {
    let app = app().await;
    let port = app.addr.port().to_string();
    let program = home.start_piped("app", &[&["listen", &port], more].concat());
    let (addr, path) = program.url().await;
    let sender = Sender::to(addr);
    for mut request in requests {
        request.path = [path.as_bytes(), &request.path].concat();
        sender.send(request).await;
    }
    printed(program).await
}

fn numbers(home: &Home, filter: &str) -> Vec<u64> {
    let found = home.records("app", &["list", "--json", filter]);
    let numbers = found.iter().map(|record| record["number"].as_u64());
    numbers.map(|number| number.expect("a number")).collect()
}

fn shown(home: &Home, number: &str) -> String {
    home.text("app", &["show", number])
}

#[test]
fn retries_and_redeliveries_are_linked_by_the_senders_own_id() {
    story(async {
        let home = Home::new();
        let text = after(
            &home,
            &[],
            vec![
                github(200),
                shopify(500),
                slack(500, None),
                stripe(500, "t=1760265101,v1=aa"),
                svix(500, "1760265101", "{}"),
                // Again: by hand, and by the senders themselves.
                github(200),
                shopify(200),
                slack(200, Some("1")),
                stripe(200, "t=1760265141,v1=bb"),
                svix(200, "1760265106", r#"{"changed":true}"#),
                stripe(200, "t=1760268741,v1=cc"),
            ],
        )
        .await;
        let flags: Vec<&str> = text
            .lines()
            .map(|line| {
                line.split("  ")
                    .find(|field| field.contains("-of="))
                    .unwrap_or("-")
            })
            .collect();
        let wanted = [
            "-",
            "-",
            "-",
            "-",
            "-",
            "dup-of=1",
            "retry-of=2",
            "retry-of=3",
            "retry-of=4",
            "retry-of=5",
            "dup-of=4",
        ];
        assert_eq!(flags, wanted, "{text}");
        let records = home.records("app", &["list", "--json"]);
        let id = |number: usize| records[number - 1]["id"].clone();
        for (number, retry, duplicate) in [
            (1, Value::Null, Value::Null),
            (6, Value::Null, id(1)),
            (7, id(2), Value::Null),
            (8, id(3), Value::Null),
            (11, Value::Null, id(4)),
        ] {
            let record = &records[number - 1];
            assert_eq!(record["retry_of"], retry, "{record}");
            assert_eq!(record["duplicate_of"], duplicate, "{record}");
        }
        assert_eq!(records[7]["sender_attempt"], "1");
        assert_eq!(records[7]["sender_attempt_reason"], "http_timeout");
        assert_eq!(records[8]["again"]["same_body"], true);
        assert_eq!(records[9]["again"]["same_body"], false);
        assert_eq!(records[10]["again"]["times"], 3);
        assert_eq!(numbers(&home, "is:dup"), [6, 11]);
        assert_eq!(numbers(&home, "is:retry"), [7, 8, 9, 10]);
        assert_eq!(numbers(&home, "is:dup,retry provider:stripe"), [9, 11]);
        let list = home.text("app", &["list"]);
        let marked: Vec<_> = list.lines().filter(|line| line.contains("-of=")).collect();
        assert_eq!(marked.len(), 6, "{list}");
        let again = |number: &str| {
            let shown = shown(&home, number);
            let line = shown.lines().find_map(|line| line.strip_prefix("again: "));
            let line = line.unwrap_or_else(|| panic!("{shown}")).to_owned();
            line.split(", ")
                .filter(|part| !part.ends_with(" later"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        assert_eq!(again("6"), "duplicate of #1, body identical");
        assert_eq!(
            again("8"),
            "retry of #3, sender's attempt 2 (http_timeout), body identical"
        );
        assert_eq!(again("10"), "retry of #5, body changed");
        assert_eq!(
            again("11"),
            "duplicate of #4, 3 times by now, body identical"
        );
        let next = |number: &str, words: &str| {
            let shown = shown(&home, number);
            assert!(shown.contains(words), "{shown}");
        };
        next(
            "2",
            "Shopify got 500: it tries again up to 8 times within 4 h",
        );
        next("3", "Slack got 500: it tries again at once");
        next("4", "Stripe got 500: it tries again for up to 3 days");
    });
}

#[test]
fn a_batch_that_repeats_in_part_says_how_many() {
    story(async {
        let home = Home::new();
        let requests = vec![
            sendgrid(500, &["one", "two"]),
            sendgrid(200, &["one", "two", "three"]),
            sendgrid(200, &["three"]),
            sendgrid(200, &["four", "five"]),
        ];
        let text = after(&home, &[], requests).await;
        assert!(text.contains("retry-of=1 seen=2/3"), "{text}");
        let records = home.records("app", &["list", "--json"]);
        assert_eq!(records[1]["retry_of"], records[0]["id"]);
        assert_eq!(records[1]["again"]["events"], 3);
        assert_eq!(records[1]["again"]["events_seen"], 2);
        assert_eq!(records[2]["duplicate_of"], records[1]["id"]);
        assert_eq!(records[3]["again"], Value::Null);
        let shown = shown(&home, "2");
        assert!(
            shown.contains("again: retry of #1 in part: 2 of 3 events seen before, "),
            "{shown}"
        );
    });
}

#[test]
fn without_an_id_the_same_path_and_body_are_probably_the_same_event() {
    story(async {
        let home = Home::new();
        let plain = || post("/plain", r#"{"hello":"world"}"#, 500, &[]);
        let requests = vec![
            zoom("/zoom"),
            zoom("/zoom"),
            zoom("/other"),
            plain(),
            plain(),
        ];
        let text = after(&home, &[], requests).await;
        assert!(text.contains("dup-of=1?"), "{text}");
        assert_eq!(text.matches("-of=").count(), 1, "{text}");
        let records = home.records("app", &["list", "--json"]);
        assert_eq!(records[1]["duplicate_of"], records[0]["id"]);
        assert_eq!(records[1]["again"]["probable"], true);
        let shown = shown(&home, "2");
        assert!(
            shown.contains("again: probably a duplicate of #1 (the same path and body)"),
            "{shown}"
        );
    });
}
