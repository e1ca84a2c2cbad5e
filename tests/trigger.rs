//! Samples: made new, signed, sent to a target or through the public URL, by the real binary.

use std::fs;

use aws_lc_rs::hmac;
use hooktool_relay::capture::UnixMillis;
use serde_json::{Value, json};

use crate::support::{Home, TestTarget, eventually, story, target::answer};

const SECRET: &str = "whsec_of_a_test";

/// Whether a Stripe signature holds, and is not old.
fn is_right(signature: &[u8], body: &[u8]) -> bool {
    let text = str::from_utf8(signature).expect("text");
    let part = |name: &str| {
        let found = text.split(',').find_map(|part| part.strip_prefix(name));
        found.expect("a part").to_owned()
    };
    let at = part("t=");
    let tag = data_encoding::HEXLOWER.decode(part("v1=").as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = [at.as_bytes(), b".", body].concat();
    let age = UnixMillis::now().0 / 1000 - at.parse::<i64>().expect("a time");
    age < 300 && tag.is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
}

/// A home where Stripe's secret is kept.
fn home() -> Home {
    let home = Home::new();
    let file = home.path("secret.txt");
    fs::write(&file, SECRET).expect("written");
    let origin = format!("file:{}", file.display());
    home.text("app", &["secret", "add", "stripe", &origin]);
    home
}

#[test]
fn samples_go_straight_to_a_target_and_are_recorded() {
    story(async {
        let home = home();
        let app = TestTarget::start().await;
        let to = format!("{}/hooks", app.addr.port());
        let args = ["trigger", "stripe", "invoice.paid", "--to", &to, "--json"];
        let more = ["--times", "2", "--set", "data.object.amount_paid=4200"];
        let tries = home.records("app", &[&args[..], &more].concat());
        assert_eq!(tries.len(), 2);
        assert_eq!(tries[0]["status"], 200);
        assert_eq!(tries[0]["type"], "attempt");
        let got = app.wait_for(2).await;
        let bodies: Vec<Value> = got
            .iter()
            .map(|got| serde_json::from_slice(&got.body).expect("JSON"))
            .collect();
        assert_eq!(got[0].path, "/hooks");
        assert_eq!(bodies[0]["data"]["object"]["amount_paid"], 4200);
        assert_eq!(bodies[0], bodies[1], "one event, sent twice");
        home.records("app", &args);
        let fresh = app.wait_for(3).await;
        let fresh: Value = serde_json::from_slice(&fresh[2].body).expect("JSON");
        assert_ne!(fresh["id"], bodies[0]["id"]);
        let records = home.records("app", &["list", "--json"]);
        assert_eq!(records.len(), 2);
        assert_eq!(records[0]["event"], "invoice.paid");
        let sig = json!({"scheme": "stripe-v1", "verdict": "ok"});
        assert_eq!(records[0]["sig"], sig);
        assert_eq!(records[0]["delivery_id"], bodies[0]["id"]);
        let verdict = home.records("app", &["verify", "1", "--json"]);
        assert_eq!(verdict[0]["verdict"], "ok");
        let again = home.records("app", &["replay", "1", "--json"]);
        assert_eq!(again[0]["status"], 200);
        assert_eq!(app.wait_for(4).await[3].body, got[0].body);
    });
}

#[test]
fn the_lab_takes_samples() {
    story(async {
        let home = home();
        // An app that knows what it signed last: anything else is refused.
        let app = TestTarget::answering(|got| {
            let signed = got
                .headers
                .iter()
                .find(|(name, _)| name == "stripe-signature");
            let is_new = signed.is_some_and(|(_, value)| is_right(value, &got.body));
            async move { answer(if is_new { 200 } else { 400 }, "") }
        })
        .await;
        let to = app.addr.port().to_string();
        let event = ["trigger", "stripe", "invoice.paid", "--json"];
        let send = |more: &[&str]| {
            let args = [&event[..], &["--to", to.as_str()], more].concat();
            home.records("app", &args)
        };
        let twice = send(&["--times", "2", "--parallel", "2"]);
        assert_eq!(twice[2]["type"], "summary");
        assert_eq!(twice[2]["groups"][0]["statuses"], json!([200, 200]));
        let wrong = send(&["--bad-signature", "--old"]);
        let groups = &wrong[2]["groups"];
        let told = |at: usize| {
            (
                groups[at]["variant"].clone(),
                groups[at]["statuses"].clone(),
            )
        };
        assert_eq!(told(0), (json!("bad signature"), json!([400])));
        assert_eq!(told(1), (json!("old"), json!([400])));
        assert_eq!(app.got().len(), 4);
        // The secret that was given is the one that it is signed by.
        let other = home.path("other.txt");
        fs::write(&other, "whsec_of_another").expect("written");
        let other = format!("file:{}", other.display());
        let given = send(&["--secret", &other, "--old"]);
        assert_eq!(given[1]["groups"][0]["statuses"], json!([400]));
        for flag in ["--cut", "--shuffle", "--old"] {
            let (code, _, said) = home.said("app", &[&event[..], &[flag]].concat());
            assert_eq!(code, 2, "{said}");
            assert!(said.contains(&format!("{flag} needs a target")), "{said}");
        }
    });
}

#[test]
fn samples_go_through_the_public_url_to_the_listener() {
    story(async {
        let home = home();
        let app = TestTarget::answering(|got| {
            let status = if got.path == "/gone" { 410 } else { 200 };
            async move { answer(status, "as you say\n") }
        })
        .await;
        let program = home.start("app", &["listen", &app.addr.port().to_string()]);
        let (addr, path) = program.url().await;
        let send = |event: &str, path: &str| {
            let args = ["trigger", "stripe", event, "--json", "--path", path];
            home.records("app", &args).remove(0)
        };
        let sent = send("charge.refunded", "/stripe");
        let url = format!("http://{addr}{path}/stripe");
        let wanted = json!({
            "v": 1, "type": "trigger", "provider": "stripe", "event": "charge.refunded", "url": url, "signed": true,
            "status": 200, "ms": sent["ms"], "error": null
        });
        assert_eq!(sent, wanted);
        let gone = send("customer.created", "/gone");
        assert_eq!(
            (&gone["status"], &gone["error"]),
            (&json!(410), &json!("as you say"))
        );
        let got = app.wait_for(2).await;
        assert_eq!(got[0].path, "/stripe");
        let names: Vec<_> = got[0]
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(names.contains(&"stripe-signature"), "{names:?}");
        let records = eventually("both in the history", || async {
            let records = home.records("app", &["list", "--json", "sig:ok", "status:2xx,4xx"]);
            match records.len() {
                2 => Ok(records),
                _ => Err(format!("{records:?}")),
            }
        })
        .await;
        assert_eq!(records[0]["event"], "charge.refunded");
        let shown = home.text("app", &["show", "1", "--headers"]);
        assert!(!shown.contains("x-forwarded"), "{shown}");
        assert!(!shown.contains("hooktool"), "{shown}");
        // Without a secret it says so, and sends all the same.
        let args = ["trigger", "github", "push"];
        let (code, text, said) = home.said("app", &args);
        assert_eq!(code, 0, "{said}");
        assert!(
            text.contains("  github push  unsigned  POST http://"),
            "{text}"
        );
        assert_eq!(
            said,
            "hooktool: not signed: no secret is set: `hooktool secret add github` takes it\n"
        );
    });
}

#[test]
fn a_url_that_is_signed_is_the_one_that_was_called() {
    story(async {
        let home = home();
        let file = home.path("secret.txt");
        let origin = format!("file:{}", file.display());
        let app = TestTarget::start().await;
        let program = home.start("app", &["listen", &app.addr.port().to_string()]);
        for provider in ["twilio", "square", "hubspot"] {
            home.text("app", &["secret", "add", provider, &origin]);
            let event = match provider {
                "twilio" => "received",
                "square" => "payment.created",
                _ => "contact.creation",
            };
            program.url().await;
            let args = [
                "trigger", provider, event, "--path", "/in?a=1", "--expect", "2xx",
            ];
            home.text("app", &args);
        }
        app.wait_for(3).await;
        for id in ["1", "2", "3"] {
            let verdict = eventually("the request in the history", || async {
                let (code, text, said) = home.said("app", &["verify", id, "--json"]);
                match code {
                    0 => Ok(text),
                    _ => Err(format!("{text} {said}")),
                }
            })
            .await;
            assert!(verdict.contains("\"verdict\":\"ok\""), "{verdict}");
        }
    });
}

#[test]
fn what_cannot_be_sent_is_said_in_words() {
    story(async {
        let home = home();
        let said = |args: &[&str]| home.said("app", &[&["trigger"], args].concat());
        let wrong = |args: &[&str], code: i32, words: &str| {
            let (found, text, said) = said(args);
            assert_eq!((found, text.as_str()), (code, ""), "{args:?}: {said}");
            assert_eq!(said, words, "{args:?}");
        };
        wrong(
            &["strip", "invoice.paid"],
            2,
            "error: there are no samples of `strip`\n  hint: the nearest is `stripe`; `hooktool trigger --list` shows all\n",
        );
        wrong(
            &["stripe", "invoice.pay"],
            2,
            "error: there is no sample `invoice.pay` of stripe\n  hint: the nearest is `invoice.paid`; `hooktool trigger --list stripe` shows all\n",
        );
        wrong(
            &["svix"],
            2,
            "error: which event of svix?\n  hint: there are invoice.paid, order.shipped\n",
        );
        wrong(
            &["stripe", "invoice.paid"],
            4,
            "error: this folder has no public URL yet\n  hint: `hooktool listen` makes one; --to 3000 sends straight to the app\n",
        );
        let app = TestTarget::answering(|_| async { answer(500, "no") }).await;
        let to = app.addr.port().to_string();
        wrong(
            &[
                "stripe",
                "invoice.paid",
                "--to",
                &to,
                "--set",
                "data.object.amount=1",
            ],
            2,
            "error: there is no field `data.object.amount`\n  hint: the nearest is `data.object.amount_due`\n",
        );
        wrong(
            &[
                "stripe",
                "invoice.paid",
                "--to",
                &to,
                "--secret",
                "whsec_bare",
            ],
            2,
            "error: a secret is never given on the command line\n  hint: env:NAME or file:PATH says where it stands; `hooktool secret add` asks for it\n",
        );
        assert_eq!(app.got(), []);
        let (code, text, said) = said(&["stripe", "invoice.paid", "--to", &to, "--expect", "2xx"]);
        assert_eq!(code, 6, "{said}");
        assert!(
            text.contains("  stripe invoice.paid  sig=ok  --> 500  "),
            "{text}"
        );
        let list = home.text("app", &["trigger", "--list"]);
        let lines: Vec<_> = list.lines().collect();
        assert!(lines.len() > 60 && lines.is_sorted(), "{list}");
        assert!(lines.contains(&"stripe             invoice.paid"), "{list}");
        let svix = home.records("app", &["trigger", "--list", "svix", "--json"]);
        assert_eq!(
            svix,
            [
                json!({"provider": "svix", "event": "invoice.paid"}),
                json!({"provider": "svix", "event": "order.shipped"})
            ]
        );
        let script = home.text("app", &["completions", "bash"]);
        assert!(
            script.contains("standard-webhooks"),
            "no provider is completed"
        );
        assert!(
            script.contains("payment_intent.succeeded"),
            "no event is completed"
        );
    });
}
