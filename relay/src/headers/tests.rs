//! Tables of cases for the header rules.

use http::{Request, StatusCode, header::CONTENT_LENGTH};

use super::*;
use crate::config::Limits;

fn lines(of: &[(&'static str, &'static str)]) -> Headers {
    let mut headers = Headers::new();
    for &(name, value) in of {
        headers.push(name, value);
    }
    headers
}

fn names(headers: &Headers) -> Vec<&str> {
    headers
        .iter()
        .map(|(name, _)| std::str::from_utf8(name).unwrap())
        .collect()
}

/// A head from a request line (`GET /a HTTP/1.1`) and its lines.
fn head(first: &str, of: &[(&'static str, &str)]) -> Parts {
    let mut words = first.split(' ');
    let mut request = Request::builder()
        .method(words.next().unwrap())
        .uri(words.next().unwrap())
        .version(match words.next().unwrap() {
            "HTTP/1.0" => Version::HTTP_10,
            "HTTP/2" => Version::HTTP_2,
            _ => Version::HTTP_11,
        });
    for (name, value) in of {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[test]
fn connection_takes_what_it_names_but_never_what_the_app_verifies() {
    let given = lines(&[
        ("Host", "a"),
        (
            "Connection",
            "close, X-Drop , Stripe-Signature,host, content-type",
        ),
        ("connection", "authorization, x-also"),
        ("X-Drop", "1"),
        ("x-also", "1"),
        ("Stripe-Signature", "t=1"),
        ("Content-Type", "a/b"),
        ("Authorization", "b"),
        ("Keep-Alive", "1"),
        ("Proxy-Authorization", "p"),
        ("TE", "trailers"),
        ("X-Kept", "1"),
        ("Upgrade", "h2c"),
        ("x-kept", "2"),
    ]);
    let (kept, dropped) = strip_hop_by_hop(&given);
    assert_eq!(
        names(&kept),
        [
            "Host",
            "Stripe-Signature",
            "Content-Type",
            "Authorization",
            "X-Kept",
            "x-kept"
        ]
    );
    assert_eq!(
        names(&dropped),
        [
            "Connection",
            "connection",
            "X-Drop",
            "x-also",
            "Keep-Alive",
            "Proxy-Authorization",
            "TE",
            "Upgrade"
        ]
    );
}

#[test]
fn the_app_gets_everything_but_framing_expect_and_hops() {
    let given = lines(&[
        ("Content-Length", "3"),
        ("Expect", "100-continue"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Encoding", "gzip"),
        ("X-Hub-Signature-256", "s"),
    ]);
    let (kept, dropped) = for_app(&given);
    assert_eq!(names(&kept), ["Content-Encoding", "X-Hub-Signature-256"]);
    assert_eq!(
        names(&dropped),
        ["Content-Length", "Expect", "Transfer-Encoding"]
    );
}

#[test]
fn forwarded_lines_name_the_peer_in_its_plain_form() {
    let peer: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    let given = forwarded(peer, Some(b"relay.example:8080"), "https");
    assert_eq!(
        given,
        lines(&[
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Host", "relay.example:8080"),
            ("X-Forwarded-Proto", "https"),
        ])
    );
    assert_eq!(forwarded(peer, None, "http").len(), 2);
}

#[test]
fn an_answer_loses_what_would_act_on_its_neighbours() {
    let head = AnswerHead {
        status: StatusCode::OK,
        headers: lines(&[
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Strict-Transport-Security", "x"),
            ("Alt-Svc", "x"),
            ("Clear-Site-Data", "x"),
            ("Service-Worker-Allowed", "/"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Security-Policy", "default-src *"),
            ("X-Content-Type-Options", "no"),
            ("Bad Name", "x"),
            ("X-Split", "a\r\nX-Evil: 1"),
            ("X-Nul", "a\0b"),
            ("Content-Length", "5"),
        ]),
    };
    let alone = for_sender(&head, true);
    assert_eq!(alone.get_all("set-cookie").iter().count(), 2);
    assert_eq!(alone["content-security-policy"], "default-src *");
    assert_eq!(alone[CONTENT_LENGTH], "5");
    assert_eq!(alone.len(), 5, "{alone:?}");

    let shared = for_sender(&head, false);
    assert!(!shared.contains_key("set-cookie"));
    let policies: Vec<_> = shared.get_all("content-security-policy").iter().collect();
    assert_eq!(policies, ["default-src *", "sandbox; default-src 'none'"]);
    let sniffing: Vec<_> = shared.get_all("x-content-type-options").iter().collect();
    assert_eq!(sniffing, ["nosniff"]);
}

#[test]
fn only_one_plain_number_is_a_length() {
    for (values, length) in [
        (&["5"][..], Some(5)),
        (&["0"], Some(0)),
        (&["5", "5"], None),
        (&["+5"], None),
        (&["-1"], None),
        (&["5, 5"], None),
        (&[""], None),
        (&["18446744073709551616"], None),
        (&[], None),
    ] {
        let mut headers = Headers::new();
        for value in values {
            headers.push("Content-Length", *value);
        }
        assert_eq!(declared_length(&headers), length, "{values:?}");
    }
}

#[test]
fn trailers_say_nothing_about_framing() {
    let mut map = HeaderMap::new();
    for name in [
        "content-length",
        "transfer-encoding",
        "host",
        "x-checksum",
        "authorization",
    ] {
        map.append(name, HeaderValue::from_static("1"));
    }
    assert_eq!(names(&trailers(&map)), ["x-checksum"]);
}

#[test]
fn only_a_bodyless_get_on_http_1_1_becomes_a_websocket() {
    let upgrade: &[_] = &[
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
    ];
    let with = |more: (&'static str, &'static str)| [upgrade, &[more]].concat();
    for (first, of, is_one) in [
        ("GET /a HTTP/1.1", upgrade.to_vec(), true),
        ("GET /a HTTP/1.1", with(("content-length", "0")), true),
        ("GET /a HTTP/1.1", with(("content-length", "1")), false),
        (
            "GET /a HTTP/1.1",
            with(("transfer-encoding", "chunked")),
            false,
        ),
        ("POST /a HTTP/1.1", upgrade.to_vec(), false),
        ("GET /a HTTP/1.0", upgrade.to_vec(), false),
        ("GET /a HTTP/2", upgrade.to_vec(), false),
        ("GET /a HTTP/1.1", upgrade[1..].to_vec(), false),
        (
            "GET /a HTTP/1.1",
            vec![("connection", "upgrade"), ("upgrade", "h2c")],
            false,
        ),
    ] {
        assert_eq!(
            is_websocket_upgrade(&head(first, &of)),
            is_one,
            "{first} {of:?}"
        );
    }
}

#[test]
fn heads_that_break_a_rule_are_refused() {
    const HOST: (&str, &str) = ("host", "a");
    let ok = Ok(());
    for (first, of, verdict) in [
        ("GET /a HTTP/1.1", &[HOST][..], ok),
        ("brew /a HTTP/1.1", &[HOST], ok),
        ("GET /a HTTP/1.0", &[], ok),
        ("GET https://a/x HTTP/2", &[], ok),
        ("GET https://a/x HTTP/2", &[HOST], ok),
        ("GET http://A/x HTTP/1.1", &[HOST], ok),
        ("GET /a HTTP/1.1", &[], Err(Invalid::Host)),
        ("GET /a HTTP/1.1", &[HOST, HOST], Err(Invalid::Host)),
        ("GET /a HTTP/1.0", &[HOST, HOST], Err(Invalid::Host)),
        ("GET http://b/x HTTP/1.1", &[HOST], Err(Invalid::Authority)),
        (
            "GET http://u@a/x HTTP/1.1",
            &[HOST],
            Err(Invalid::Authority),
        ),
        ("GET https://b/x HTTP/2", &[HOST], Err(Invalid::Authority)),
        ("GET ftp://a/x HTTP/1.1", &[HOST], Err(Invalid::Target)),
        ("GET abc HTTP/1.1", &[HOST], Err(Invalid::Target)),
        ("GET foo:80 HTTP/1.1", &[HOST], Err(Invalid::Target)),
        ("GET * HTTP/1.1", &[HOST], Err(Invalid::Target)),
        ("OPTIONS * HTTP/1.1", &[HOST], Err(Invalid::Target)),
        ("CONNECT foo:80 HTTP/1.1", &[HOST], Err(Invalid::Method)),
        ("TRACE /a HTTP/1.1", &[HOST], Err(Invalid::Method)),
        ("POST /a HTTP/1.1", &[HOST, ("expect", "100-Continue")], ok),
        (
            "POST /a HTTP/1.1",
            &[HOST, ("expect", "200-ok")],
            Err(Invalid::Expectation),
        ),
        (
            "POST /a HTTP/1.1",
            &[HOST, ("transfer-encoding", "Chunked")],
            ok,
        ),
        (
            "POST /a HTTP/1.1",
            &[HOST, ("transfer-encoding", "gzip, chunked")],
            Err(Invalid::TransferCoding),
        ),
        (
            "POST /a HTTP/1.1",
            &[
                HOST,
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            Err(Invalid::TransferCoding),
        ),
    ] {
        let found = validate(&head(first, of), &Limits::default());
        assert_eq!(found, verdict, "{first} {of:?}");
    }
}

#[test]
fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
    for (host, is_one) in [
        ("a", true),
        ("relay.example:8080", true),
        ("my_box", true),
        ("127.0.0.1:1", true),
        ("[::1]", true),
        ("[::1]:80", true),
        ("a:", true),
        ("", false),
        (":80", false),
        ("a b", false),
        ("a/b", false),
        ("b/../~@x", false),
        ("u@a", false),
        ("a:b", false),
        ("a:65536", false),
        ("a:1:2", false),
        ("[::1", false),
        ("[a]", false),
        ("[::1]x", false),
    ] {
        let found = validate(
            &head("GET /a HTTP/1.1", &[("host", host)]),
            &Limits::default(),
        );
        assert_eq!(found.is_ok(), is_one, "{host:?}");
    }
}

#[test]
fn limits_hold_to_the_byte() {
    let limits = Limits {
        path: 10,
        headers: 2,
        head: 100,
        ..Limits::default()
    };
    let check = |first: &str, of: &[_]| validate(&head(first, of), &limits);
    let host = ("host", "a");
    assert_eq!(check("GET /234567?90 HTTP/1.1", &[host]), Ok(()));
    assert_eq!(
        check("GET /234567?901 HTTP/1.1", &[host]),
        Err(Invalid::PathTooLong)
    );
    assert_eq!(
        check("GET /a HTTP/1.1", &[host, host, host]),
        Err(Invalid::HeadTooLarge)
    );
    // `GET /a HTTP/1.1`, `host: a` and `x: ` with their line ends are 17 + 9 + 5 bytes.
    let long = |len: usize| {
        let value = "v".repeat(len);
        validate(&head("GET /a HTTP/1.1", &[host, ("x", &value)]), &limits)
    };
    assert_eq!(long(100 - 31), Ok(()));
    assert_eq!(long(101 - 31), Err(Invalid::HeadTooLarge));
}
