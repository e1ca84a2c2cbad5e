//! What the app gets for a capture, and that every difference is listed.

use std::time::Duration;

use hooktool_relay::capture::{Scheme, UnixMillis, Version};
use proptest::prelude::*;

use super::*;

fn capture(path: &'static [u8], headers: &[(&'static str, &'static [u8])], body: Body) -> Capture {
    let mut lines = Headers::new();
    for (name, value) in headers {
        lines.push(*name, *value);
    }
    Capture {
        id: CaptureId::from_bytes([0; 16]),
        endpoint: "tidy-otter".parse().unwrap(),
        received_at: UnixMillis(0),
        peer: "203.0.113.9".parse().unwrap(),
        method: Method::POST,
        path: Bytes::from_static(path),
        version: Version::Http11,
        scheme: None,
        headers: lines,
        trailers: Headers::new(),
        body,
    }
}

fn options() -> Options {
    Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(1),
    }
}

fn sent(options: &Options, target: &str, capture: &Capture, way: Way) -> Outgoing {
    outgoing(options, &target.parse().unwrap(), capture, way).unwrap()
}

fn lines_of(outgoing: &Outgoing) -> Vec<String> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        format!("{name}: {}", value.as_bytes().escape_ascii())
    };
    outgoing.head.headers().iter().map(line).collect()
}

fn edits_of(outgoing: &Outgoing) -> Vec<String> {
    let edit = |edit: &Edit| match edit {
        Edit::Changed { what, from, to } => {
            format!("~ {what} {} → {}", from.escape_ascii(), to.escape_ascii())
        }
        Edit::Added { name, value } => format!("+ {name} {}", value.escape_ascii()),
        Edit::Removed { name, value } => format!("- {name} {}", value.escape_ascii()),
    };
    outgoing.edits.iter().map(edit).collect()
}

#[test]
fn the_targets_path_stands_before_the_captures_bytes() {
    let cases: [(&str, &'static [u8], &str); 13] = [
        ("3000", b"", "/"),
        ("3000", b"/", "/"),
        ("3000", b"?a=1", "/?a=1"),
        ("3000", b"/x?", "/x?"),
        ("3000", b"//evil.example/x", "//evil.example/x"),
        (
            "3000",
            b"/a/../b/./c//d/%2e%2e/%2F%zz??",
            "/a/../b/./c//d/%2e%2e/%2F%zz??",
        ),
        (
            "3000",
            b"/|{}\"^\\@:[]!$&'()*+,;=~?|{}^\\`",
            "/|{}\"^\\@:[]!$&'()*+,;=~?|{}^\\`",
        ),
        ("3000", "/höök?ü=ß".as_bytes(), "/höök?ü=ß"),
        ("3000/in", b"", "/in"),
        ("3000/in", b"?a=1", "/in?a=1"),
        ("3000/in", b"/", "/in/"),
        ("3000/in", b"/x", "/in/x"),
        ("3000/in", b"//x", "/in//x"),
    ];
    for (target, path, expected) in cases {
        let capture = capture(path, &[], Body::Absent);
        let outgoing = sent(&options(), target, &capture, Way::Forward);
        assert_eq!(outgoing.head.uri().to_string(), expected);
        assert_eq!(outgoing.url, format!("http://localhost:3000{expected}"));
        assert!(outgoing.head.uri().authority().is_none(), "{expected}");
        let edit = format!(
            "~ path /tidy-otter{} → {}",
            path.escape_ascii(),
            expected.as_bytes().escape_ascii()
        );
        assert_eq!(edits_of(&outgoing)[0], edit);
    }
}

#[test]
fn what_cannot_be_carried_is_refused_and_never_bent() {
    let target = "3000".parse().unwrap();
    let refusal = |capture: &Capture| {
        outgoing(&options(), &target, capture, Way::Forward)
            .expect_err("it cannot be sent")
            .clone()
    };
    for path in [
        &b"@evil.example/x"[..],
        b"evil",
        b"*",
        b"/a b",
        b"/a\r\nX: 1",
        b"/a#b",
        b"/a\x1b",
        b"/a\x7f",
        b"/\xff",
        b"/a?\"",
    ] {
        let text = refusal(&capture(path, &[], Body::Absent));
        assert!(text.contains("path"), "{}: {text}", path.escape_ascii());
    }
    let long = vec![b'/'; 8 * 1024 + 1].leak();
    assert!(refusal(&capture(long, &[], Body::Absent)).contains("over 8192 bytes"));
    for method in [Method::CONNECT, Method::TRACE] {
        let mut capture = capture(b"/", &[], Body::Absent);
        capture.method = method;
        assert!(refusal(&capture).contains("never forwarded"));
    }
    for (name, value) in [
        ("x y", &b"1"[..]),
        ("", b"1"),
        ("x", b"1\r\ny: 2"),
        ("x", b"\0"),
    ] {
        refusal(&capture(b"/", &[(name, value)], Body::Absent));
    }
}

#[test]
fn lines_keep_their_order_repeats_and_bytes() {
    let capture = capture(
        b"/",
        &[
            ("x-sig", b"t=1,v1=\xe9\xff\t "),
            ("host", b"relay.example"),
            ("x-tag", b"one"),
            ("x-tag", b""),
            ("x-tag", b"one"),
            ("content-length", b"4"),
            ("accept", b"*/*"),
        ],
        Body::Whole(Bytes::from_static(b"\0\xff\r\n")),
    );
    let outgoing = sent(&options(), "3000", &capture, Way::Forward);
    let id = CaptureId::from_bytes([0; 16]);
    assert_eq!(
        lines_of(&outgoing),
        [
            r"x-sig: t=1,v1=\xe9\xff\t ",
            "host: localhost:3000",
            "x-tag: one",
            "x-tag: ",
            "x-tag: one",
            "content-length: 4",
            "accept: */*",
            "x-forwarded-for: 203.0.113.9",
            "x-forwarded-host: relay.example",
            "x-forwarded-proto: https",
            &format!("hooktool-request-id: {id}"),
        ]
    );
    assert_eq!(
        edits_of(&outgoing),
        [
            "~ path /tidy-otter/ → /",
            "~ host relay.example → localhost:3000",
            "+ x-forwarded-for 203.0.113.9",
            "+ x-forwarded-host relay.example",
            "+ x-forwarded-proto https",
            &format!("+ hooktool-request-id {id}"),
        ]
    );
}

#[test]
fn hop_by_hop_lines_are_dropped_and_listed_but_nothing_an_app_needs() {
    let mut capture = capture(
        b"/",
        &[
            (
                "connection",
                b"close, X-Internal, x-signature, Host, Content-Type, authorization",
            ),
            ("keep-alive", b"timeout=5"),
            ("te", b"trailers"),
            ("transfer-encoding", b"chunked"),
            ("trailer", b"x-sum"),
            ("upgrade", b"h2c"),
            ("expect", b"100-continue"),
            ("x-internal", b"1"),
            ("x-signature", b"2"),
            ("content-type", b"text/plain"),
            ("authorization", b"Bearer x"),
            ("x-forwarded-for", b"127.0.0.1"),
            ("x-forwarded-for", b"10.0.0.1"),
            ("x-forwarded-host", b"forged.example"),
            ("hooktool-replay-of", b"forged"),
        ],
        Body::Whole(Bytes::from_static(b"12345")),
    );
    capture.trailers.push("x-sum", "9");
    let outgoing = sent(&options(), "3000", &capture, Way::Forward);
    let id = CaptureId::from_bytes([0; 16]);
    assert_eq!(
        lines_of(&outgoing),
        [
            "x-signature: 2",
            "content-type: text/plain",
            "authorization: Bearer x",
            "x-forwarded-for: 203.0.113.9",
            "host: localhost:3000",
            "content-length: 5",
            "x-forwarded-proto: http",
            &format!("hooktool-request-id: {id}"),
        ]
    );
    assert_eq!(
        edits_of(&outgoing),
        [
            "~ path /tidy-otter/ → /",
            "- connection close, X-Internal, x-signature, Host, Content-Type, authorization",
            "- keep-alive timeout=5",
            "- te trailers",
            "- transfer-encoding chunked",
            "- trailer x-sum",
            "- upgrade h2c",
            "- expect 100-continue",
            "- x-internal 1",
            "~ x-forwarded-for 127.0.0.1 → 203.0.113.9",
            "- x-forwarded-for 10.0.0.1",
            "- x-forwarded-host forged.example",
            "- hooktool-replay-of forged",
            "+ host localhost:3000",
            "+ content-length 5",
            "+ x-forwarded-proto http",
            &format!("+ hooktool-request-id {id}"),
            "- x-sum 9",
        ]
    );
}

#[test]
fn the_scheme_is_what_the_relay_saw_else_guessed_by_the_host() {
    for (scheme, host, expected) in [
        (Some(Scheme::Http), "relay.example", "http"),
        (Some(Scheme::Https), "localhost:4141", "https"),
        (None, "relay.example", "https"),
        (None, "localhost:4141", "http"),
    ] {
        let mut capture = capture(b"/", &[("host", host.as_bytes())], Body::Absent);
        capture.scheme = scheme;
        let outgoing = sent(&options(), "3000", &capture, Way::Forward);
        let line = format!("x-forwarded-proto: {expected}");
        assert!(lines_of(&outgoing).contains(&line), "{scheme:?}, {host}");
    }
}

#[test]
fn the_host_is_the_targets_or_kept_or_named() {
    let capture = capture(b"/", &[("host", b"relay.example:8080")], Body::Absent);
    let cases = [
        (
            HostHeader::Target,
            "https://app.example:443/x",
            "app.example",
        ),
        (HostHeader::Target, "http://[::1]:80", "[::1]"),
        (
            HostHeader::Target,
            "http://app.example:443",
            "app.example:443",
        ),
        (HostHeader::Keep, "3000", "relay.example:8080"),
        (
            HostHeader::Name("shop.test".to_owned()),
            "3000",
            "shop.test",
        ),
    ];
    for (host, target, expected) in cases {
        let options = Options { host, ..options() };
        let outgoing = sent(&options, target, &capture, Way::Forward);
        assert_eq!(outgoing.head.headers()["host"], expected);
        assert_eq!(
            outgoing.head.headers()["x-forwarded-host"],
            "relay.example:8080"
        );
    }
}

#[test]
fn an_absent_body_has_no_length_and_an_empty_one_has_zero() {
    let length = |body| {
        let capture = capture(b"/", &[], body);
        let outgoing = sent(&options(), "3000", &capture, Way::Forward);
        outgoing.head.headers().get("content-length").cloned()
    };
    assert_eq!(length(Body::Absent), None);
    assert_eq!(length(Body::Whole(Bytes::new())).unwrap(), "0");
    assert_eq!(length(Body::Pieces(5_000_000)).unwrap(), "5000000");
}

#[test]
fn the_users_lines_replace_those_of_their_name() {
    let pair = |name: &'static str, value: &'static str| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    let options = Options {
        headers: vec![
            pair("x-env", "dev"),
            pair("x-two", "1"),
            pair("x-two", "2"),
            pair("host", "mine.test"),
        ],
        ..options()
    };
    let capture = capture(
        b"/",
        &[
            ("x-env", b"live"),
            ("accept", b"*/*"),
            ("x-env", b"b"),
            ("host", b"relay.example"),
        ],
        Body::Absent,
    );
    let outgoing = sent(&options, "3000", &capture, Way::Forward);
    assert_eq!(
        lines_of(&outgoing)[..3],
        ["x-env: dev", "accept: */*", "host: mine.test"]
    );
    let edits = edits_of(&outgoing);
    assert_eq!(
        edits[1..4],
        [
            "~ x-env live → dev",
            "- x-env b",
            "~ host relay.example → mine.test"
        ]
    );
    assert_eq!(edits[edits.len() - 2..], ["+ x-two 1", "+ x-two 2"]);
}

#[test]
fn a_replay_says_so_and_an_upgrade_keeps_its_handshake() {
    let capture = capture(
        b"/ws",
        &[
            ("connection", b"Upgrade"),
            ("upgrade", b"websocket"),
            ("sec-websocket-key", b"k=="),
            ("sec-websocket-extensions", b"permessage-deflate"),
        ],
        Body::Absent,
    );
    let replayed = sent(&options(), "3000", &capture, Way::Replay(capture.id));
    let id = capture.id.to_string();
    assert_eq!(replayed.head.headers()["hooktool-replay-of"], id);
    assert!(edits_of(&replayed).contains(&format!("+ hooktool-replay-of {id}")));
    assert!(!replayed.head.headers().contains_key("upgrade"));
    let upgrade = sent(&options(), "3000", &capture, Way::Upgrade);
    assert_eq!(
        lines_of(&upgrade)[..4],
        [
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-key: k==",
            "sec-websocket-extensions: permessage-deflate",
        ]
    );
    assert!(edits_of(&upgrade).iter().all(|edit| !edit.starts_with('-')));
}

/// What an evil relay may say: anything at all, and often something near to what is allowed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let near = prop::sample::select(&b"/?#@:%. \r\n\t\0\x7f\x80\xc3\xbcaZ09-_"[..]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(near, 0..4),
        "[a-z-]{1,12}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn whatever_a_relay_says_goes_out_as_said_to_the_target_or_not_at_all(
        path in bytes(),
        lines in prop::collection::vec((bytes(), bytes()), 0..4),
    ) {
        let mut capture = capture(b"", &[], Body::Absent);
        capture.path = [b"/", &path[..]].concat().into();
        let lines = lines.into_iter().map(|(name, value)| (name.into(), value.into()));
        capture.headers = Headers(lines.collect());
        let target: Target = "3000".parse().unwrap();
        let Ok(outgoing) = outgoing(&options(), &target, &capture, Way::Forward) else {
            return Ok(());
        };
        let uri = outgoing.head.uri();
        prop_assert!(uri.authority().is_none() && uri.scheme().is_none());
        let path = uri.to_string();
        prop_assert_eq!(path.as_bytes(), &capture.path[..]);
        prop_assert!(!path.contains([' ', '\r', '\n', '\0', '#']), "{path}");
        for (name, value) in outgoing.head.headers() {
            let value = value.as_bytes();
            prop_assert!(!value.iter().any(|b| b"\r\n\0".contains(b)), "{name}: {value:?}");
            let is_as_sent = capture.headers.all(name.as_str()).any(|sent| sent == value);
            let is_listed = outgoing.edits.iter().any(|edit| match edit {
                Edit::Added { name: added, value: to } => added == name.as_str() && to == value,
                Edit::Changed { what, to, .. } => {
                    what.eq_ignore_ascii_case(name.as_str()) && to == value
                }
                Edit::Removed { .. } => false,
            });
            prop_assert!(is_as_sent || is_listed, "{name}: {value:?}");
        }
    }
}
