//! Bytes as sent: what the sender wrote is what the app gets, but for the edits that are listed.

use hooktool_relay::capture::Edit;
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};

use crate::support::{
    Request, Sender, TestListener, TestRelay, TestTarget, listener::Setup, story, target::Got,
};

/// Names that hop-by-hop rules, framing or hooktool itself own; every other name must come through.
const OWNED: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "hooktool-request-id",
];

fn requests() -> impl Strategy<Value = Request> {
    let method = prop_oneof![
        "GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "x-odd!"
    ];
    // What a request line may hold in a path and a query, percent signs that mean nothing included.
    let path = "(/[A-Za-z0-9._~!$&'()*+,;=:@%|{}\\[\\]^\\\\/-]{0,20}){0,3}";
    let query = prop_oneof![
        Just(String::new()),
        "\\?[A-Za-z0-9=&%+/?:@!$',;.~*()-]{0,30}"
    ];
    let name = "(x-[a-z0-9!#$%&'*+.^_|~-]{1,12}|stripe-signature|authorization|cookie|accept)";
    let value = prop::collection::vec(
        prop_oneof![4 => 0x21_u8..=0x7e, 1 => 0x80_u8..=0xff, 1 => Just(b' ')],
        0..40,
    );
    let headers = prop::collection::vec((name, value), 0..12);
    let body = prop::option::of(prop::collection::vec(any::<u8>(), 0..2_000));
    (method, path, query, headers, body).prop_map(|(method, path, query, headers, body)| Request {
        method: method.into(),
        path: format!("/tidy-otter{path}{query}").into(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.into(), value.trim_ascii().to_vec()))
            .collect(),
        body,
    })
}

/// What the app must have got of a request.
fn check(sent: &Request, got: &Got) {
    assert_eq!(got.method.as_bytes(), &sent.method[..]);
    let rest = &sent.path[b"/tidy-otter".len()..];
    let expected = match rest.first() {
        Some(b'/') => rest.to_vec(),
        _ => [b"/", rest].concat(),
    };
    assert_eq!(got.path.as_bytes(), &expected[..]);
    assert_eq!(&got.body[..], sent.body.as_deref().unwrap_or_default());
    let mut names: Vec<String> = sent
        .headers
        .iter()
        .map(|(name, _)| String::from_utf8(name.to_ascii_lowercase()).expect("a name"))
        .collect();
    names.sort();
    names.dedup();
    for name in &names {
        let values: Vec<&[u8]> = sent
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| &value[..])
            .collect();
        assert_eq!(got.all(name), values, "{name}");
    }
    for (name, _) in &got.headers {
        assert!(
            OWNED.contains(&name.as_str()) || names.contains(name),
            "{name} came from nowhere"
        );
    }
    assert_eq!(
        got.all("content-length").len(),
        usize::from(sent.body.is_some())
    );
}

#[test]
fn what_was_sent_is_what_the_target_got() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::default()
        });
        for n in 0..300 {
            let sent = requests()
                .new_tree(&mut runner)
                .expect("a request")
                .current();
            let answer = sender.send(sent.clone()).await;
            assert_eq!(answer.status, 200, "{n}: {sent:?} {answer:?}");
            let got = target.got().pop().expect("a request at the target");
            check(&sent, &got);
        }
        stored_as_sent(&listener).await;
    });
}

/// The history holds what the target got, and lists every edit in between.
async fn stored_as_sent(listener: &TestListener) {
    let requests = listener.wait_for(300).await;
    let attempt = listener.attempts(requests[0].summary.number).remove(0);
    let has = |wanted: &str| {
        attempt.changes.iter().any(|edit| match edit {
            Edit::Changed { what, .. } => what.eq_ignore_ascii_case(wanted),
            Edit::Added { name, .. } | Edit::Removed { name, .. } => {
                name.eq_ignore_ascii_case(wanted)
            }
        })
    };
    for edit in [
        "path",
        "host",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "hooktool-request-id",
    ] {
        assert!(has(edit), "{edit} is not listed: {:?}", attempt.changes);
    }
}

#[test]
fn repeated_headers_and_odd_bytes_verify_at_the_target() {
    story(async {
        let relay = TestRelay::start().await;
        let target = TestTarget::start().await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"whsec_test");
        let body: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let signature = data_encoding::HEXLOWER.encode(aws_lc_rs::hmac::sign(&key, &body).as_ref());
        let request = Request::post("/tidy-otter/%2e%2e/a//b?x=%zz", body)
            .header("X-Signature", signature)
            .header("X-Twice", "one")
            .header("X-Twice", "two")
            .header("X-Latin", b"caf\xe9".to_vec());
        assert_eq!(Sender::to(relay.addr).send(request).await.status, 200);
        let got = target.got().remove(0);
        assert_eq!(got.path, "/%2e%2e/a//b?x=%zz");
        assert_eq!(got.all("x-twice"), [&b"one"[..], b"two"]);
        assert_eq!(got.all("x-latin"), [&b"caf\xe9"[..]]);
        let tag = data_encoding::HEXLOWER
            .decode(got.all("x-signature")[0])
            .expect("hex");
        aws_lc_rs::hmac::verify(&key, &got.body, &tag).expect("the signature verifies");
    });
}
