//! Stored requests signed anew, against an app that checks signatures as the senders' own libraries do: refused before, accepted after.

use std::{io::Write as _, sync::Arc};

use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use hooktool::history::{Arrival, History, Retention};
use hooktool_relay::capture::{Body, Capture, CaptureId, Headers, Kind, Seq, UnixMillis, Version};

use crate::{
    cli::{Home, Ran},
    support::{
        TestTarget,
        target::{Got, answer},
    },
};

const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

/// An app that answers 200 to what is signed by `key` and fresh, 400 to all else, and says which.
async fn app() -> TestTarget {
    TestTarget::answering(|got| {
        let judged = judged(got);
        async move {
            match judged {
                Ok(()) => answer(200, "accepted"),
                Err(why) => answer(400, why),
            }
        }
    })
    .await
}

fn judged(got: &Got) -> Result<(), &'static str> {
    let header = |name: &str| {
        let value = got.all(name).first().map(|value| value.to_vec());
        value.and_then(|value| String::from_utf8(value).ok())
    };
    let hex = |text: &[u8]| HEXLOWER.encode(mac(HMAC_SHA256, text).as_ref());
    let fresh = |seconds: &str| {
        let at: i64 = seconds.parse().map_err(|_| "no time")?;
        match UnixMillis::now().0 / 1_000 - at {
            ..=300 => Ok(()),
            _ => Err("too old"),
        }
    };
    let same = |is_same: bool| {
        if is_same {
            Ok(())
        } else {
            Err("bad signature")
        }
    };
    if let Some(value) = header("stripe-signature") {
        let (time, sig) = value.split_once(",v1=").ok_or("no signature")?;
        let time = time.trim_start_matches("t=");
        let text = [time.as_bytes(), b".", &got.body].concat();
        same(sig == hex(&text))?;
        return fresh(time);
    }
    if let Some(value) = header("x-slack-signature") {
        let time = header("x-slack-request-timestamp").ok_or("no time")?;
        let text = [b"v0:", time.as_bytes(), b":", &got.body].concat();
        same(value == format!("v0={}", hex(&text)))?;
        return fresh(&time);
    }
    if let Some(value) = header("x-hub-signature-256") {
        return same(value == format!("sha256={}", hex(&got.body)));
    }
    if let Some(value) = header("x-twilio-signature") {
        let host = header("host").ok_or("no host")?;
        let text = format!("http://{host}{}Body+49", got.path);
        let mac = mac(HMAC_SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        return same(value == BASE64.encode(mac.as_ref()));
    }
    Err("unsigned")
}

fn mac(by: hmac::Algorithm, text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(by, b"key"), text)
}

/// What a sender signs two hours ago.
fn past() -> i64 {
    UnixMillis::now().0 / 1_000 - 7_200
}

fn stripe(key: &str) -> Vec<(&'static str, String)> {
    let at = past();
    let key = hmac::Key::new(HMAC_SHA256, key.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{BODY}").as_bytes());
    let sig = HEXLOWER.encode(tag.as_ref());
    vec![("stripe-signature", format!("t={at},v1={sig}"))]
}

/// A request in the history that came two hours ago.
async fn stored(home: &Home, lines: Vec<(&'static str, String)>, body: &str) {
    let mut headers = Headers::new();
    headers.push("host", "relay.example");
    for (name, value) in lines {
        headers.push(name, value);
    }
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a history");
    let capture = Capture {
        id: CaptureId::new(),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis(past() * 1_000),
        peer: "203.0.113.9".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(b"/hooks"),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::copy_from_slice(body.as_bytes())),
    };
    let arrival = Arrival {
        webhook: None,
        capture: Arc::new(capture),
        relay: "https://relay.example".into(),
        seq: Some(Seq(1)),
        kind: Kind::Live,
    };
    history.record(arrival, None).await.expect("recorded");
}

fn secret(home: &Home, provider: &str, text: &str) {
    let path = home.path("secret.txt");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let origin = format!("file:{}", path.display());
    let ran = home.run(&["secret", "add", provider, &origin]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn replay(home: &Home, app: &TestTarget, more: &[&str]) -> Ran {
    let to = app.addr.to_string();
    let args = [&["replay", "last", "--to", &to], more].concat();
    tokio::task::block_in_place(|| home.run(&args))
}

/// The statuses of the tries that were printed.
fn statuses(ran: &Ran) -> Vec<&str> {
    let lines = ran.stdout.lines();
    lines
        .filter_map(|line| line.split_once("--> ")?.1.split(' ').next())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_request_is_refused_until_it_is_signed_anew() {
    let (home, app) = (Home::new(), app().await);
    stored(&home, stripe("key"), BODY).await;
    secret(&home, "stripe", "key");
    let ran = replay(&home, &app, &[]);
    assert_eq!(statuses(&ran), ["400"]);
    assert_eq!(
        ran.stderr,
        "hooktool: #1 keeps its signature, 2 h old: Stripe allows 5 min, so the app may refuse it; --resign signs it anew\n"
    );
    let ran = replay(&home, &app, &["--resign"]);
    assert_eq!((statuses(&ran), ran.code), (vec!["200"], 0));
    assert_eq!(
        ran.stderr,
        "hooktool: #1 re-signed as Stripe (original 2 h old)\n"
    );
    let sent = app.got();
    assert_eq!(sent[1].body, BODY);
    let ran = home.run(&["show", "last"]);
    let mark =
        "  changed signed: as it came → anew (stripe-signature)\n  changed stripe-signature: t=";
    assert!(ran.stdout.contains(mark), "{}", ran.stdout);
    // Signed anew is not edited.
    assert_eq!(home.run(&["list", "is:edited"]).stdout, "");
    assert_ne!(home.run(&["list", "is:replayed"]).stdout, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_variant_is_sent_and_the_app_says_what_it_makes_of_it() {
    let (home, app) = (Home::new(), app().await);
    stored(&home, stripe("key"), BODY).await;
    secret(&home, "stripe", "key");
    let ran = replay(&home, &app, &["--resign", "--bad-signature", "--old"]);
    assert_eq!(statuses(&ran), ["200", "400", "400"], "{}", ran.stderr);
    assert_eq!(
        ran.stderr,
        "hooktool: #1 re-signed as Stripe (original 2 h old)\n\
         hooktool: #1 signed as Stripe, wrong in one character\n\
         hooktool: #1 signed as Stripe, rightly, but 6 min ago\n"
    );
    let records = home.run(&["show", "last", "--json"]).stdout;
    assert!(
        records.contains("bad signature") && records.contains("too old"),
        "{records}"
    );
    // An edited body is signed as it is sent.
    let ran = replay(&home, &app, &["--resign", "--body", "{\"id\":\"evt_2\"}"]);
    assert_eq!(statuses(&ran), ["200"], "{}", ran.stderr);
    let ran = replay(&home, &app, &["--body", "{}"]);
    assert_eq!(statuses(&ran), ["400"]);
    assert!(
        ran.stderr.contains("which is not of this body"),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_bad_is_signed_anew_only_when_that_is_meant() {
    let (home, app) = (Home::new(), app().await);
    stored(&home, stripe("another"), BODY).await;
    secret(&home, "stripe", "key");
    replay(&home, &app, &["--resign"]).fails(
        1,
        "error: #1 is not signed anew\n  cause: it came with a bad signature, and a new one would hide that\n  hint: `hooktool verify 1` says why it is bad; --even-bad signs it all the same\n",
    );
    assert_eq!(app.got().len(), 0);
    let ran = replay(&home, &app, &["--resign", "--even-bad"]);
    assert_eq!(statuses(&ran), ["200"], "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sender_signs_as_its_app_checks() {
    let form = "application/x-www-form-urlencoded".to_owned();
    let signed = |name, by: &str| vec![(name, by.to_owned())];
    let mut slack = signed("x-slack-signature", "v0=00");
    slack.push(("x-slack-request-timestamp", past().to_string()));
    let mut github = signed("x-hub-signature-256", "sha256=00");
    github.push(("x-github-event", "push".to_owned()));
    let mut twilio = signed("x-twilio-signature", "AA==");
    twilio.push(("content-type", form));
    for (provider, lines, body) in [
        ("slack", slack, "{\"type\":\"event_callback\"}"),
        ("github", github, "{\"action\":\"opened\"}"),
        ("twilio", twilio, "Body=%2B49"),
    ] {
        let (home, app) = (Home::new(), app().await);
        stored(&home, lines, body).await;
        let none = replay(&home, &app, &["--resign"]);
        let hint = format!(
            "error: #1 cannot be signed\n  cause: no secret of `{provider}` is set\n  hint: `hooktool secret add {provider}` takes it\n"
        );
        none.fails(3, &hint);
        secret(&home, provider, "key");
        assert_eq!(statuses(&replay(&home, &app, &[])), ["400"], "{provider}");
        let ran = replay(&home, &app, &["--resign", "--even-bad"]);
        assert_eq!(statuses(&ran), ["200"], "{provider}: {}", ran.stderr);
        if provider == "twilio" {
            let told = format!("#1 re-signed as Twilio for http://{}/hooks", app.addr);
            assert!(ran.stderr.contains(&told), "{}", ran.stderr);
            let url = [
                "--resign",
                "--even-bad",
                "--sign-url",
                "https://other.example/",
            ];
            assert_eq!(statuses(&replay(&home, &app, &url)), ["400"]);
        }
        let wrong = replay(&home, &app, &["--bad-signature"]);
        assert_eq!(statuses(&wrong), ["400"], "{provider}: {}", wrong.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_signed_is_told_and_not_sent() {
    let (home, app) = (Home::new(), app().await);
    stored(&home, vec![("x-plain", "1".to_owned())], BODY).await;
    replay(&home, &app, &["--resign"]).fails(
        1,
        "error: #1 cannot be signed\n  cause: it is not signed by a sender that is known\n  hint: `hooktool verify 1` says more\n",
    );
    let public = HEXLOWER.encode(&[7; 32]);
    let lines = vec![
        ("x-signature-ed25519", "00".repeat(64)),
        ("x-signature-timestamp", past().to_string()),
    ];
    stored(&home, lines, "{\"type\":0}").await;
    secret(&home, "discord", &public);
    let ran = replay(&home, &app, &["--resign", "--even-bad"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("only Discord can sign"),
        "{}",
        ran.stderr
    );
    let github = vec![
        ("x-github-event", "push".to_owned()),
        ("x-hub-signature-256", "sha256=00".to_owned()),
    ];
    stored(&home, github, "{}").await;
    secret(&home, "github", "key");
    let ran = replay(&home, &app, &["--old"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("GitHub signs no time"),
        "{}",
        ran.stderr
    );
    assert_eq!(app.got().len(), 0);
    let alone = home.run(&["replay", "last", "--even-bad"]);
    assert_eq!(alone.code, 2);
    assert!(alone.stderr.contains("--resign"), "{}", alone.stderr);
}
