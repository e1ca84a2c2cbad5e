//! What each format holds, field by field, and what never gets into it.

use serde_json::Value;

use super::*;

const SECRET: &str = "hunter2canary";

fn exchange(body: Body) -> Exchange {
    let mut headers = Headers::new();
    headers.push("Host", "relay.example");
    headers.push("Content-Type", "application/json");
    headers.push("X-Odd", &b"\x9b31m"[..]);
    for name in [
        "Authorization",
        "COOKIE",
        "Stripe-Signature",
        "x-api-key",
        "X-Some-Token",
        "Client-Secret",
    ] {
        headers.push(name, format!("a={SECRET}; b=2"));
    }
    let mut answered = Headers::new();
    answered.push("Set-Cookie", format!("sid={SECRET}; Path=/"));
    answered.push("Location", format!("/next?token={SECRET}"));
    answered.push("Content-Type", "text/plain");
    let path = format!("/hook?a=1&token={SECRET}&b");
    Exchange {
        number: 7,
        capture: Capture {
            id: hooktool_relay::capture::CaptureId::from_bytes([0; 16]),
            endpoint: "tidy-otter".parse().expect("a name"),
            received_at: UnixMillis(1_760_265_121_004),
            peer: "203.0.113.9".parse().expect("an address"),
            method: ::http::Method::POST,
            path: path.clone().into(),
            version: hooktool_relay::capture::Version::Http11,
            headers,
            scheme: None,
            trailers: Headers::new(),
            body,
        },
        relay: "https://relay.example".to_owned(),
        body: None,
        url: Some(format!("http://localhost:3000{path}").into()),
        tries: vec![Try {
            number: 1,
            url: format!("http://localhost:3000{path}").into(),
            started_at: UnixMillis(1_760_265_121_010),
            connect: Some(Duration::from_millis(2)),
            took: Some(Duration::from_millis(19)),
            error: None,
            answer: Some(Answer {
                status: 302,
                headers: answered,
                body: Bytes::from_static(b"\xff\0"),
                len: 2,
            }),
        }],
    }
}

fn written(format: Format, exchanges: &[Exchange]) -> String {
    let mut export = Export::new(format, Vec::new()).expect("in memory");
    for exchange in exchanges {
        export.add(exchange).expect("in memory");
    }
    String::from_utf8(export.finish().expect("in memory")).expect("utf-8")
}

fn json() -> Body {
    Body::Whole(Bytes::from_static(b"{\"a\":1}"))
}

#[test]
fn no_secret_is_in_any_export_unless_asked_for() {
    for format in [Format::Curl, Format::Http, Format::Har] {
        let whole = exchange(json());
        let text = written(format, std::slice::from_ref(&whole));
        assert!(text.contains(SECRET), "{format:?}");
        let mut masked = whole.clone();
        assert_eq!(masked.mask(), 9, "{format:?}");
        let text = written(format, &[masked]);
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains(MASK), "{text}");
        assert!(
            !text
                .bytes()
                .any(|byte| byte.is_ascii_control() && byte != b'\n')
        );
    }
}

/// Whether a field is as it should be.
type Check = fn(&Value) -> bool;

/// Checks that a JSON object has all these fields, each of its type; `?` before a name: it may be left out.
#[track_caller]
fn has(value: &Value, fields: &[(&str, Check)]) {
    let object = value.as_object().expect("an object");
    for (name, is_right) in fields {
        let name = name.trim_start_matches('?');
        match object.get(name) {
            Some(field) => assert!(is_right(field), "{name}: {field}"),
            None => assert!(
                fields.iter().any(|(field, _)| *field == format!("?{name}")),
                "{name} is missing"
            ),
        }
    }
    let is_known = |name: &str| {
        let mut names = fields
            .iter()
            .map(|(field, _)| field.trim_start_matches('?'));
        name.starts_with('_') || names.any(|field| field == name)
    };
    for name in object.keys() {
        assert!(is_known(name), "{name} is no field of the format");
    }
}

fn pairs(value: &Value) -> bool {
    let all = value.as_array().expect("a list");
    all.iter().for_each(|pair| {
        has(
            pair,
            &[("name", Value::is_string), ("value", Value::is_string)],
        );
    });
    true
}

/// The required fields of HAR 1.2, with their types, and no others.
fn validate(entry: &Value) {
    has(
        entry,
        &[
            ("startedDateTime", |value| {
                let text = value.as_str().unwrap_or_default();
                text.parse::<Timestamp>().is_ok()
            }),
            ("time", Value::is_number),
            ("request", Value::is_object),
            ("response", Value::is_object),
            ("cache", Value::is_object),
            ("timings", Value::is_object),
            ("?comment", Value::is_string),
        ],
    );
    has(
        &entry["request"],
        &[
            ("method", Value::is_string),
            ("url", |value| {
                let url = value.as_str().unwrap_or_default();
                url.parse::<::http::Uri>()
                    .is_ok_and(|url| url.authority().is_some())
            }),
            ("httpVersion", Value::is_string),
            ("cookies", pairs),
            ("headers", pairs),
            ("queryString", pairs),
            ("?postData", |data| {
                has(
                    data,
                    &[
                        ("mimeType", Value::is_string),
                        ("text", Value::is_string),
                        ("?encoding", |text| text == "base64"),
                    ],
                );
                true
            }),
            ("headersSize", Value::is_i64),
            ("bodySize", Value::is_i64),
        ],
    );
    has(
        &entry["response"],
        &[
            ("status", Value::is_u64),
            ("statusText", Value::is_string),
            ("httpVersion", Value::is_string),
            ("cookies", pairs),
            ("headers", pairs),
            ("content", Value::is_object),
            ("redirectURL", Value::is_string),
            ("headersSize", Value::is_i64),
            ("bodySize", Value::is_i64),
        ],
    );
    has(
        &entry["response"]["content"],
        &[
            ("size", Value::is_u64),
            ("mimeType", Value::is_string),
            ("?text", Value::is_string),
            ("?encoding", |text| text == "base64"),
            ("?comment", Value::is_string),
        ],
    );
    let timings = &entry["timings"];
    for name in ["blocked", "dns", "connect", "ssl"] {
        assert!(
            timings[name].as_f64().is_some_and(|time| time >= -1.0),
            "{name}"
        );
    }
    let known = ["blocked", "dns", "connect", "send", "wait", "receive"]
        .map(|name| timings[name].as_f64().expect("a number"));
    let sum: f64 = known.iter().filter(|time| **time > 0.0).sum();
    assert!((entry["time"].as_f64().expect("a number") - sum).abs() < 0.001);
}

#[test]
fn an_archive_has_every_field_that_a_browser_wants() {
    let mut never = exchange(Body::Whole(Bytes::from_static(b"\xff\xfe")));
    never.url = None;
    never.tries.clear();
    let mut failed = exchange(Body::Absent);
    failed.tries[0].answer = None;
    failed.tries[0].error = Some("connection refused".to_owned());
    let text = written(Format::Har, &[exchange(json()), never, failed]);
    let har: Value = serde_json::from_str(&text).expect("JSON");
    let log = &har["log"];
    assert_eq!(
        (&log["version"], &log["creator"]["name"]),
        (&"1.2".into(), &"hooktool".into())
    );
    assert!(log["creator"]["version"].is_string() && log["pages"].is_array());
    let entries = log["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 3);
    entries.iter().for_each(validate);
    let first = &entries[0];
    assert_eq!(first["startedDateTime"], "2025-10-12T10:32:01.010Z");
    assert_eq!(first["request"]["postData"]["text"], "{\"a\":1}");
    assert_eq!(first["request"]["bodySize"], 7);
    assert_eq!(first["request"]["headers"][2]["value"], "\u{9b}31m");
    assert_eq!(first["request"]["cookies"][1]["name"], "b");
    assert_eq!(first["request"]["queryString"][0]["value"], "1");
    assert_eq!(first["response"]["content"]["encoding"], "base64");
    assert_eq!(first["response"]["content"]["text"], "/wA=");
    assert_eq!(first["response"]["cookies"][0]["name"], "sid");
    assert_eq!(first["response"]["statusText"], "Found");
    assert_eq!(first["time"], 19.0);
    let never = &entries[1];
    assert_eq!(never["response"]["status"], 0);
    assert_eq!(never["request"]["postData"]["encoding"], "base64");
    let url = never["request"]["url"].as_str().expect("a URL");
    assert!(
        url.starts_with("https://relay.example/tidy-otter/hook?"),
        "{url}"
    );
    assert_eq!(entries[2]["_error"], "connection refused");
    assert!(entries[2]["request"]["postData"].is_null());
    let empty = written(Format::Har, &[]);
    assert!(serde_json::from_str::<Value>(&empty).is_ok(), "{empty}");
}

#[test]
fn a_request_file_is_what_editors_read() {
    let mut one = exchange(json());
    one.mask();
    assert_eq!(
        written(Format::Http, &[one]),
        "### #7 2025-10-12T10:32:01.004Z\n\
         # left out: X-Odd: \\x9b31m\n\
         POST http://localhost:3000/hook?a=1&token=[masked]&b HTTP/1.1\n\
         Content-Type: application/json\nAuthorization: [masked]\nCOOKIE: [masked]\nStripe-Signature: [masked]\n\
         x-api-key: [masked]\nX-Some-Token: [masked]\nClient-Secret: [masked]\n\n{\"a\":1}\n"
    );
}

#[test]
fn a_body_can_neither_read_a_file_nor_run_a_script_nor_begin_a_request() {
    for body in [
        "< /etc/passwd",
        "<@ ./x",
        "a\n### \nGET http://evil.example",
        "{{$processEnv HOME}}",
        "x\n> {% client.exec() %}",
        "// x",
        "# x",
        "\u{1b}]0;x\u{7}",
        "line\r\nline",
        "ends with a line end\n",
        "\0",
    ] {
        let text = written(Format::Http, &[exchange(Body::Whole(Bytes::from(body)))]);
        assert!(
            text.ends_with("\n\n< ./hooktool-7.body\n"),
            "{body:?}: {text}"
        );
        assert!(
            text.contains("hooktool show 7 --body > hooktool-7.body\n"),
            "{text}"
        );
        assert!(!text.contains(body), "{text}");
    }
    let xml = written(
        Format::Http,
        &[exchange(Body::Whole(Bytes::from(
            "<?xml?>\n<a>\n\t<b/></a>",
        )))],
    );
    assert!(xml.ends_with("\n\n<?xml?>\n<a>\n\t<b/></a>\n"), "{xml}");
    let mut odd = exchange(Body::Absent);
    odd.capture.headers.push("#x", "1");
    odd.capture.headers.push("X-V", "{{$guid}}");
    odd.url = Some(Bytes::from_static(b"http://localhost/{{x}}\xff"));
    let text = written(Format::Http, &[odd]);
    assert!(
        text.contains("# left out: #x: 1\n# left out: X-V: {{$guid}}\n"),
        "{text}"
    );
    assert!(
        text.contains("POST http://localhost/%7B%7Bx%7D%7D%FF HTTP/1.1\n"),
        "{text}"
    );
}

#[test]
fn what_no_command_line_can_hold_is_piped() {
    for body in [
        Body::Whole(Bytes::from_static(b"a\0b")),
        Body::Whole(Bytes::from(vec![b'x'; 40_000])),
        Body::Pieces(1_000_000),
    ] {
        let text = written(Format::Curl, &[exchange(body)]);
        assert!(text.starts_with("hooktool show 7 --body | curl "), "{text}");
        assert!(text.contains("--data-binary @-") && text.len() < 2000);
    }
    let mut head = exchange(Body::Absent);
    head.capture.method = ::http::Method::HEAD;
    head.url = Some(Bytes::from_static(b"https://localhost/"));
    let text = written(Format::Curl, &[head]);
    assert!(
        text.starts_with("curl --globoff --path-as-is --http1.1 --head \\\n"),
        "{text}"
    );
}
