//! The language: every example and edge, and that nothing typed makes it panic.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, UnixMillis, Version,
};
use proptest::prelude::*;

use super::*;

const NOW: UnixMillis = UnixMillis(1_760_265_121_004);
const BODY: &str = r#"{"id":"evt_1","data":{"object":{"amount_paid":1500,"price":"10.00","ok":true,"gone":null}},"note":"refund"}"#;

fn clock() -> Clock {
    Clock {
        now: NOW,
        zone: Zone::Utc,
    }
}

fn parsed(text: &str) -> Filter {
    Filter::parse(text, clock()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// A request that came ten minutes ago, was answered with 500 and then, replayed, with 201.
fn capture() -> Capture {
    let mut headers = Headers::new();
    headers.push("Host", "relay.example");
    headers.push("X-GitHub-Event", "push");
    headers.push("x-foo", "a b");
    Capture {
        id: CaptureId::from_bytes([1; 16]),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis(NOW.0 - 600_000),
        peer: "54.187.174.169".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(b"/stripe/admin/Hook?token=1"),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::from_static(BODY.as_bytes())),
    }
}

fn verdict(filter: &Filter, capture: &Capture, headers: bool, body: bool, tries: bool) -> Verdict {
    let mut answered = Headers::new();
    answered.push("Location", "/next");
    let attempt = |is_replay, sent, answer| Attempt {
        target: "http://localhost:4000/stripe",
        is_replay,
        is_edited: is_replay,
        sent,
        answer: Some((&answered, answer)),
    };
    let attempts = [
        attempt(false, Some(202), &b"timeout"[..]),
        attempt(true, None, &b"done"[..]),
    ];
    let last = Last {
        outcome: Outcome::Answered,
        status: Some(201),
        took: Some(Duration::from_micros(1_200_400)),
        is_late: true,
        is_replay: true,
        is_challenge: false,
    };
    let whole = Subject {
        number: Some(1199),
        tries: 2,
        repeats: Some(Repeats::Taken),
        note: Some("the Flaky test"),
        last: Some(last),
        attempts: tries.then_some(&attempts[..]),
        ..Subject::arrived(capture, Kind::Waited)
    };
    let subject = Subject {
        headers: whole.headers.filter(|_| headers),
        body: whole.body.filter(|_| body),
        ..whole
    };
    filter.test(&subject, NOW)
}

#[test]
fn requests_that_fit_and_requests_that_do_not() {
    let capture = capture();
    let fitting = [
        "",
        "method:POST,PUT",
        "m:post",
        "method:P*",
        "method=POST",
        "method~^p",
        "path:/stripe",
        "p:admin",
        "note:flaky",
        "note:the*test note~t$ has:note",
        "Flaky",
        "path:*admin*",
        "path:/stripe/*/hook",
        "path=/stripe/admin/hook",
        r"path~\w\Dadmin/hook",
        "host:relay.example -host:Relay",
        "query:token",
        "query=token=1",
        "from:54.187",
        "status:2xx",
        "st:500,201",
        "status:200..204",
        "status:>=201",
        "status>=201",
        "status<300",
        "status:200..,100",
        "sender:202",
        "sender:2xx",
        "took>1s",
        "lat<1.3s",
        "took:1s..2s",
        "took:1200ms",
        "size>0.1k",
        "size<1M",
        "body:refund",
        "b:REFUND,refund",
        r#"body~"ref(und|used)""#,
        "body~^.",
        "resp:timeout",
        "resp:done",
        "header:x-github-event=push",
        "h:X-GitHub-EVENT",
        "header:x-*",
        "header:x-foo~^a",
        r#"header:x-foo="a b""#,
        "header:x-foo=push,\"a b\"",
        "header:x-foo:b",
        "header:nope,x-foo",
        r#"header~"^x-foo: a""#,
        "respheader:location=/next",
        ".data.object.amount_paid>1000",
        ".data.object.amount_paid>=1500.0",
        ".data.object.amount_paid:1.5e3",
        ".data.object.amount_paid:1000..2000",
        ".data.object.price<11",
        ".data.object.price=10",
        ".data.object.price=10.00",
        ".data.object.ok:true",
        ".id:evt_,sub_",
        ".id~^evt_[0-9]$",
        ".note=refund",
        "is:ok",
        "is:failed,late",
        "is:waited",
        "is:dup",
        "-is:retry",
        "is:replayed",
        "is:edited",
        "-is:binary",
        "-is:marked",
        "has:body",
        "has:response",
        "-has:error",
        "has:.data.object.ok",
        "-has:.data.object.gone",
        "-has:.x",
        "since:15m",
        "-since:5m",
        "before:5m",
        "since:10:20",
        "since:2025-10-12",
        "before:2025-10-13",
        "tries>1",
        "tries:2",
        "since:2025-10-12T10:00:00Z",
        "endpoint:tidy",
        "endpoint:*",
        "endpoint:t*r",
        "target::4000",
        "target:local*stripe",
        "id:1199",
        "id:#1199",
        "id:req_0",
        "admin",
        "ADMIN | hook",
        "54.187",
        "201",
        "#1199",
        "relay.example",
        "timeout",
        "refund",
        "\"a b\"",
        "\"token=1\"",
        "(path:/x or path:/s) and m:post",
        "path:/x|status:2xx",
        "-(path:/x)",
        "!nope",
        "post refund",
        "order | 201",
        "10:20 | 201",
        "\"\\\"id\\\"\"",
    ];
    for text in fitting {
        assert_eq!(
            verdict(&parsed(text), &capture, true, true, true),
            Verdict::Yes,
            "{text}"
        );
    }
    let others = [
        "method:PUT",
        "method:post -m:POST",
        "method:Post",
        "path:/admin",
        "path:hook -path:Hook",
        "path=/stripe",
        "host:Relay",
        "query:admin",
        "from:187.54",
        "status:5xx",
        "status:pending,err,held",
        "status>201",
        "sender:500",
        "took<1s",
        "took>1200ms",
        "size<1",
        "size>1G",
        "body:Refund",
        "resp:Timeout",
        "header:x-foo=a",
        "header:x-nope",
        "header:x-foo~B",
        ".data.object.amount_paid>1500",
        ".data.object.amount_paid:150",
        ".data.object.amount_paid:Refund",
        ".data.object.gone:x",
        ".nope:x",
        ".data.object.price<=9.99",
        "is:failed",
        "is:pending,held,bookmarked",
        "has:error",
        "since:10:30",
        "before:2025-10-12",
        "tries:1",
        "tries<0",
        "endpoint:other",
        "target::3000",
        "id:119",
        "id:0",
        "nothere",
        "note:FLAKY",
        "note:other",
        "Admin",
        "post nothere",
        ".note",
        ".env",
        "-(path:/s)",
        "path:\"*admin*\"",
    ];
    for text in others {
        assert_eq!(
            verdict(&parsed(text), &capture, true, true, true),
            Verdict::No,
            "{text}"
        );
    }
}

#[test]
fn a_fault_is_told_at_its_byte() {
    let long = "x".repeat(LONGEST + 1);
    let deep = "(".repeat(40);
    let many = "a ".repeat(65);
    let table = [
        (
            "status:5xxx provider:stripe",
            7,
            "expected 5xx, 500, 500..599, >=500, pending, err or held",
            None,
        ),
        (
            "sig:ok,oldd",
            7,
            "expected one of ok, bad, old, token, unknown, none",
            Some("the nearest is `old`"),
        ),
        ("status:4xx,wat", 11, "expected 5xx, 500", None),
        (
            "a provder:x",
            2,
            "unknown field provder",
            Some("the nearest field is `provider`"),
        ),
        (
            "colour:stripe",
            0,
            "unknown field colour",
            Some("a text is put in quotes"),
        ),
        (
            "metod:GET",
            0,
            "unknown field metod",
            Some("the nearest field is `method`"),
        ),
        (
            "end:x",
            0,
            "unknown field end",
            Some("the nearest field is `endpoint`"),
        ),
        (
            "or:x",
            0,
            "unknown field or",
            Some("a text is put in quotes"),
        ),
        (
            "x-github-event:push",
            0,
            "unknown field x-github-event",
            Some("a header is asked for as `header:x-github-event`"),
        ),
        (
            "é http://x",
            3,
            "unknown field http; put it in quotes",
            None,
        ),
        ("is:gone", 3, "expected one of ok, failed", None),
        (
            "is:wait",
            3,
            "expected one of ok, failed",
            Some("the nearest is `waited`"),
        ),
        (
            "has:zzzzz",
            4,
            "expected one of body, note, error, response or .path",
            None,
        ),
        ("path:", 5, "expected a value", None),
        ("path:a, b", 7, "expected a value", None),
        ("path>1", 5, "a text is compared by : = or ~", None),
        ("took>5", 5, "expected a time such as 250ms", None),
        ("size:10q", 5, "expected a size", None),
        ("tries~1", 6, "expected a number, 2..5 or >1", None),
        (
            "since:yesterday",
            6,
            "expected an age, a time or a date",
            None,
        ),
        ("since>5m", 6, "expected since:, as in since:5m", None),
        (".a>x", 3, "expected a number", None),
        (".a[:1", 0, "expected a path such as", None),
        ("header>1", 7, "expected header:NAME", None),
        ("body~\"a(\"", 5, "this is no regex: unclosed group", None),
        (
            "body~ref(und|used)",
            8,
            "a value with ( in it needs quotes",
            None,
        ),
        ("body:\"x", 5, "this quote is not closed", None),
        ("(a", 0, "this ( is not closed", None),
        ("a)", 1, "this ) closes nothing", None),
        ("()", 1, "expected a term", None),
        ("a or", 4, "expected a term", None),
        ("a | | b", 4, "expected a term", None),
        ("and a", 0, "expected a term", None),
        ("a and", 5, "expected a term", None),
        ("a and and b", 6, "expected a term", None),
        ("a -", 2, "expected a term behind this", None),
        (
            long.as_str(),
            LONGEST,
            "a filter has at most 4096 bytes",
            None,
        ),
        (
            deep.as_str(),
            32,
            "these parentheses are nested too deep",
            None,
        ),
        (many.as_str(), 128, "a filter has at most 64 terms", None),
        ("body~\\w{9999}", 5, "this pattern is too large", None),
    ];
    for (text, at, what, hint) in table {
        let error = Filter::parse(text, clock()).expect_err(text);
        assert!(error.what.starts_with(what), "{text}: {error:?}");
        assert_eq!(error.at, at, "{text}: {error:?}");
        if hint.is_some() || !text.starts_with("is:") {
            assert_eq!(error.hint.as_deref(), hint, "{text}");
        }
    }
}

#[test]
fn the_caret_stands_below_the_fault() {
    let text = "a\u{202e}中 status:x";
    let error = Filter::parse(text, clock()).expect_err("no status");
    let [line, caret] = error.marked(text);
    assert_eq!(line, "a<202e>中 status:x");
    assert_eq!(caret, format!("{}^", " ".repeat(17)));
}

#[test]
fn only_what_the_filter_asks_for_is_needed() {
    let capture = capture();
    let table = [
        ("path:/stripe", Needs::default(), Verdict::Yes),
        ("path:/x refund", all_needs(), Verdict::No),
        ("path:/stripe | refund", all_needs(), Verdict::Yes),
        ("refund", all_needs(), Verdict::Unknown),
        ("-refund", all_needs(), Verdict::Unknown),
        (
            "body:refund",
            Needs {
                body: true,
                ..Needs::default()
            },
            Verdict::Unknown,
        ),
        (
            ".a:1",
            Needs {
                body: true,
                ..Needs::default()
            },
            Verdict::Unknown,
        ),
        (
            "header:a host:b",
            Needs {
                headers: true,
                ..Needs::default()
            },
            Verdict::Unknown,
        ),
        (
            "sender:200",
            Needs {
                attempts: true,
                ..Needs::default()
            },
            Verdict::Unknown,
        ),
        (
            "is:replayed",
            Needs {
                attempts: true,
                ..Needs::default()
            },
            Verdict::Yes,
        ),
        (
            "is:edited",
            Needs {
                attempts: true,
                ..Needs::default()
            },
            Verdict::Unknown,
        ),
    ];
    for (text, needs, wanted) in table {
        let filter = parsed(text);
        assert_eq!(filter.needs(), needs, "{text}");
        assert_eq!(
            verdict(&filter, &capture, false, false, false),
            wanted,
            "{text}"
        );
        assert_ne!(
            verdict(&filter, &capture, true, true, true),
            Verdict::Unknown,
            "{text}"
        );
    }
}

fn all_needs() -> Needs {
    Needs {
        headers: true,
        body: true,
        attempts: true,
    }
}

#[test]
fn only_refuses_what_a_forward_decides() {
    for text in [
        "status:2xx",
        "a took>1s",
        "resp:x",
        "respheader:x",
        "sender:1xx",
        "tries>0",
        "target:x",
        "a is:ok",
        "is:waited,late",
        "is:dup",
        "-is:retry",
        "is:bookmarked",
        "note:x",
        "has:note",
        "has:error",
        "a (b | -has:response)",
    ] {
        let error = Filter::parse_only(text, clock()).expect_err(text);
        assert_eq!(error.what, "this is known only after a forward", "{text}");
    }
    assert_eq!(
        Filter::parse_only("a is:ok", clock()).expect_err("late").at,
        2
    );
    for text in [
        "",
        "method:POST path:/a refund",
        "is:waited,binary",
        "has:body",
        "has:.a",
        "header:x .a>1",
    ] {
        let filter = Filter::parse_only(text, clock()).expect(text);
        let capture = capture();
        let subject = Subject::arrived(&capture, Kind::Live);
        assert_ne!(filter.test(&subject, NOW), Verdict::Unknown, "{text}");
    }
}

#[test]
fn an_endpoint_in_the_filter_widens_it() {
    assert!(parsed("a (b | -endpoint:x)").names_endpoints());
    assert!(!parsed("endpoint").names_endpoints());
}

#[test]
fn what_may_come_next_is_offered() {
    let inserts = |text: &str, cursor| -> Vec<String> {
        let found = complete(text, cursor);
        found
            .into_iter()
            .map(|candidate| candidate.insert)
            .collect()
    };
    assert_eq!(inserts("pa", 2), ["path:"]);
    assert_eq!(inserts("st", 2), ["status:"]);
    assert_eq!(inserts("lat", 3), ["took>"]);
    assert_eq!(inserts("path:/a -is:bo x", 14), ["bookmarked"]);
    assert_eq!(inserts("is:ok,bo", 8), ["bookmarked"]);
    assert_eq!(
        inserts("status:", 7),
        ["2xx", "3xx", "4xx", "5xx", "pending", "err", "held"]
    );
    assert_eq!(inserts("body:x", 6), Vec::<String>::new());
    assert_eq!(inserts("body:\"a st", 10), Vec::<String>::new());
    assert_eq!(inserts("", 0).len(), FIELDS.len() + 1);
    let one = complete("a (m:po", 7).remove(0);
    assert_eq!((one.replaces, one.insert.as_str()), (5..7, "POST"));
    for field in FIELDS {
        parsed(field.example);
        assert_eq!(
            inserts(field.name, field.name.len()).len(),
            1 + usize::from(field.name == "resp"),
            "{}",
            field.name
        );
    }
}

proptest! {
    #[test]
    fn whatever_is_typed_is_a_filter_or_a_fault_within_it(
        text in r#"([a-z]{1,3}|(status|path|header|is|since|took|\.a\[0\])[:=~<>]{1,2}|[()|!"*,.\-\\ é中]|[0-9]{1,3}|or |and ){0,24}"#,
        cut in any::<prop::sample::Index>(),
    ) {
        if let Err(error) = Filter::parse(&text, clock()) {
            prop_assert!(text.is_char_boundary(error.at), "{error:?}");
            error.marked(&text);
        } else {
            verdict(&parsed(&text), &capture(), true, true, true);
        }
        let cursor = cut.index(text.len().saturating_add(1));
        for candidate in complete(&text, cursor) {
            prop_assert!(text.get(candidate.replaces.clone()).is_some(), "{candidate:?}");
        }
    }

    #[test]
    fn any_characters_at_all_do_no_harm(text in "\\PC{0,60}") {
        if let Err(error) = Filter::parse(&text, clock()) {
            prop_assert!(text.is_char_boundary(error.at), "{error:?}");
        }
    }
}
