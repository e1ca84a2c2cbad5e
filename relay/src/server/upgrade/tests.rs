//! What a request for a link must look like, and what each refusal says.

use super::*;

/// RFC 6455 §1.3's example.
const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");

const GOOD: [(&str, &str); 5] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-protocol", "other, hooktool.v1"),
    KEY,
];

fn request(lines: &[(&str, &str)]) -> Request<()> {
    let mut head = Request::get("/_hooktool/link");
    for (name, value) in lines {
        head = head.header(*name, *value);
    }
    head.body(()).unwrap()
}

fn status(request: &Request<()>) -> u16 {
    check(request).unwrap_err().status.as_u16()
}

#[test]
fn a_listener_is_accepted() {
    let accept = check(&request(&GOOD)).unwrap();
    assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn any_origin_is_refused_first() {
    for origin in ["https://evil.example", "null", "", "http://localhost:3000"] {
        let mut lines = GOOD.to_vec();
        lines.push(("origin", origin));
        assert_eq!(status(&request(&lines)), 403, "{origin:?}");
        assert_eq!(status(&request(&[("origin", origin)])), 403);
    }
}

#[test]
fn whatever_is_missing_or_another_version_is_426() {
    for left_out in GOOD {
        let mut lines = GOOD.to_vec();
        lines.retain(|line| *line != left_out);
        assert_eq!(status(&request(&lines)), 426, "without {left_out:?}");
    }
    for (name, value) in [
        ("sec-websocket-protocol", "hooktool.v2"),
        ("sec-websocket-version", "8"),
        ("upgrade", "h2c"),
    ] {
        let other = GOOD.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
        assert_eq!(status(&request(&other)), 426, "{name}: {value}");
    }
    let mut twice = GOOD.to_vec();
    twice.push(KEY);
    assert_eq!(status(&request(&twice)), 426);
    let mut post = request(&GOOD);
    *post.method_mut() = Method::POST;
    assert_eq!(status(&post), 426);
    let mut h2 = request(&GOOD);
    *h2.version_mut() = Version::HTTP_2;
    assert_eq!(status(&h2), 426);
}

#[test]
fn a_token_is_what_follows_bearer() {
    let token = |lines: &[(&str, &str)]| bearer(request(lines).headers()).map(str::to_owned);
    assert_eq!(token(&[]), None);
    assert_eq!(
        token(&[("authorization", "Bearer hkt_a")]),
        Some("hkt_a".into())
    );
    assert_eq!(
        token(&[("authorization", "bearer  hkt_a ")]),
        Some("hkt_a".into())
    );
    for odd in ["", "Bearer", "Basic hkt_a", "hkt_a", "Bearer \u{e9}"] {
        let found = token(&[("authorization", odd)]);
        assert_ne!(found, Some("hkt_a".into()), "{odd:?}");
        assert!(found.is_some(), "{odd:?}");
    }
    let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
    assert_eq!(token(&twice), Some(String::new()));
}

#[tokio::test]
async fn refusals_are_json_that_says_when_to_come_again() {
    let refusal = Refusal::from(LoginError::TooMany(Duration::from_millis(1_500)));
    let answer = refusal.answer();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()[RETRY_AFTER], "2");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let error: WireError = serde_json::from_slice(&body).unwrap();
    assert_eq!(error.code, ErrorCode::TooMany);
    assert_eq!(error.retry_after_ms, Some(1_500));
    assert!(!error.fatal);

    let answer = Refusal::from(LoginError::Invalid).answer();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let error: WireError = serde_json::from_slice(&body).unwrap();
    assert_eq!(error.code, ErrorCode::Unauthorized);
    assert!(error.fatal);
}

#[test]
fn a_failing_store_tells_strangers_no_path() {
    let damaged = crate::store::StoreError::Damaged {
        path: "/var/lib/hooktool/relay.db".into(),
        detail: "checksum".into(),
    };
    let refusal = Refusal::from(LoginError::Store(damaged));
    assert_eq!(refusal.status, 503);
    assert!(!refusal.error.text.contains("relay.db"));
}
