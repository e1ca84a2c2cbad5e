//! The wire: golden bytes of every frame, and what must hold for all of them.
//!
//! A change to the golden bytes is a change to the wire: the README's protocol story changes in the same commit.

mod properties;
mod rules;

use std::net::IpAddr;

use bytes::Bytes;
use hooktool_relay::{
    capture::{
        AnswerPolicy, CaptureId, Epoch, Headers, Kind, Outcome, Scheme, Sent, SentBy, Seq,
        SessionId, UnixMillis, Version,
    },
    protocol::{
        Done, ErrorCode, Frame, From as Begin, GoAway, Heartbeat, Hello, RequestHead, Reset,
        ResetCode, ResponseHead, Resume, Welcome, WireError,
    },
};

fn session(name: &str) -> SessionId {
    serde_json::from_value(name.into()).expect("a session's name is any text")
}

fn id() -> CaptureId {
    "req_01JD3Z0G5V8M4Q2N7R6T9W1X3Y".parse().expect("an id")
}

fn peer() -> IpAddr {
    "203.0.113.7".parse().expect("an address")
}

fn request_head() -> RequestHead {
    let mut headers = Headers::new();
    headers.push("Host", "relay.example");
    headers.push("X-Odd", Bytes::from_static(b"caf\xe9 \"\\"));
    headers.push("x-odd", "again");
    RequestHead {
        id: id(),
        seq: Some(Seq(42)),
        kind: Kind::Live,
        method: "POST".to_owned(),
        path: Bytes::from_static(b"/hooks?a=\xff"),
        version: Version::Http11,
        scheme: Some(Scheme::Https),
        headers,
        trailers: Headers::new(),
        peer: peer(),
        received_at: UnixMillis(1_763_900_000_123),
        length: Some(5),
        gap: 0,
        upgrade: false,
    }
}

fn upgrade_head() -> RequestHead {
    let mut trailers = Headers::new();
    trailers.push("x-sum", "1");
    RequestHead {
        seq: None,
        kind: Kind::Waited,
        path: Bytes::new(),
        version: Version::Http2,
        scheme: None,
        headers: Headers::new(),
        trailers,
        length: None,
        gap: 3,
        upgrade: true,
        ..request_head()
    }
}

fn hello() -> Hello {
    Hello {
        version: "0.1.0".to_owned(),
        endpoint: "tidy-otter".parse().expect("a name"),
        name: "laptop".to_owned(),
        answer: AnswerPolicy::App,
        deadline_ms: 4500,
        from: Begin::Cursor,
        max_in_flight: 32,
        resume: None,
    }
}

fn error(code: ErrorCode) -> WireError {
    WireError {
        code,
        text: "a newer listener took over".to_owned(),
        retry_after_ms: None,
        fatal: true,
    }
}

/// A frame as it is written in this file: prefix in hex, head length if it has one, JSON, body.
fn golden(prefix: &str, head_len: Option<u32>, json: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = prefix
        .split(' ')
        .flat_map(|part| {
            (0..part.len() / 2)
                .map(|i| u8::from_str_radix(&part[i * 2..i * 2 + 2], 16).expect("hex"))
        })
        .collect();
    if let Some(len) = head_len {
        bytes.extend(len.to_be_bytes());
    }
    bytes.extend(json.as_bytes());
    bytes.extend(body);
    bytes
}

#[track_caller]
fn is_golden(frame: &Frame, bytes: &[u8]) {
    let encoded = frame.encode();
    assert_eq!(
        encoded.escape_ascii().to_string(),
        bytes.escape_ascii().to_string()
    );
    let decoded = Frame::decode(Bytes::copy_from_slice(bytes));
    assert_eq!(decoded, Ok(Some(frame.clone())));
}

#[test]
fn hello_is_golden() {
    is_golden(
        &Frame::Hello(Box::new(hello())),
        &golden(
            "01 00 00000000",
            None,
            r#"{"version":"0.1.0","endpoint":"tidy-otter","name":"laptop","answer":{"kind":"app"},"deadline_ms":4500,"from":"cursor","max_in_flight":32}"#,
            b"",
        ),
    );
    let again = Hello {
        answer: AnswerPolicy::Respond {
            status: 200,
            body: "ok".to_owned(),
        },
        from: Begin::Seq(Seq(7)),
        resume: Some(Resume {
            session: session("ses_1"),
            epoch: Epoch(3),
        }),
        ..hello()
    };
    is_golden(
        &Frame::Hello(Box::new(again)),
        &golden(
            "01 00 00000000",
            None,
            r#"{"version":"0.1.0","endpoint":"tidy-otter","name":"laptop","answer":{"kind":"respond","status":200,"body":"ok"},"deadline_ms":4500,"from":{"seq":7},"max_in_flight":32,"resume":{"session":"ses_1","epoch":3}}"#,
            b"",
        ),
    );
}

#[test]
fn welcome_is_golden() {
    let welcome = Welcome {
        url: "https://relay.example/tidy-otter".to_owned(),
        session: session("ses_1"),
        epoch: Epoch(3),
        offered: Seq(41),
        head: Seq(44),
        waiting: 3,
        waiting_since: Some(UnixMillis(1_763_900_000_000)),
        max_body: 26_214_400,
        heartbeat_ms: 15_000,
        token: Some("hk_secret".to_owned()),
    };
    is_golden(
        &Frame::Welcome(Box::new(welcome)),
        &golden(
            "02 00 00000000",
            None,
            r#"{"url":"https://relay.example/tidy-otter","session":"ses_1","epoch":3,"offered":41,"head":44,"waiting":3,"waiting_since":1763900000000,"max_body":26214400,"heartbeat_ms":15000,"token":"hk_secret"}"#,
            b"",
        ),
    );
}

#[test]
fn request_is_golden() {
    let whole = Frame::Request {
        stream: 1,
        head: Box::new(request_head()),
        first: Bytes::from_static(b"a\0\xff\r\n"),
        end: true,
    };
    is_golden(
        &whole,
        &golden(
            "03 01 00000001",
            Some(0x10e),
            r#"{"id":"req_01JD3Z0G5V8M4Q2N7R6T9W1X3Y","seq":42,"kind":"live","method":"POST","path":"/hooks?a=ÿ","version":"1.1","scheme":"https","headers":[["Host","relay.example"],["X-Odd","café \"\\"],["x-odd","again"]],"peer":"203.0.113.7","received_at":1763900000123,"length":5}"#,
            b"a\0\xff\r\n",
        ),
    );
    let upgrade = Frame::Request {
        stream: 0x0102_0304,
        head: Box::new(upgrade_head()),
        first: Bytes::new(),
        end: false,
    };
    is_golden(
        &upgrade,
        &golden(
            "03 00 01020304",
            Some(0xcf),
            r#"{"id":"req_01JD3Z0G5V8M4Q2N7R6T9W1X3Y","kind":"waited","method":"POST","path":"","version":"2","headers":[],"trailers":[["x-sum","1"]],"peer":"203.0.113.7","received_at":1763900000123,"gap":3,"upgrade":true}"#,
            b"",
        ),
    );
}

#[test]
fn response_is_golden() {
    let mut headers = Headers::new();
    headers.push("set-cookie", "a=1");
    headers.push("set-cookie", "b=2");
    let frame = Frame::Response {
        stream: 1,
        head: Box::new(ResponseHead {
            status: 201,
            headers,
            ms: 12,
        }),
        first: Bytes::from_static(b"done"),
        end: false,
    };
    is_golden(
        &frame,
        &golden(
            "04 00 00000001",
            Some(0x4c),
            r#"{"status":201,"headers":[["set-cookie","a=1"],["set-cookie","b=2"]],"ms":12}"#,
            b"done",
        ),
    );
}

#[test]
fn data_is_golden() {
    let more = |end| Frame::Data {
        stream: 258,
        bytes: Bytes::from_static(b"\x00\xffz"),
        end,
    };
    is_golden(&more(false), b"\x05\x00\x00\x00\x01\x02\x00\xffz");
    is_golden(&more(true), b"\x05\x01\x00\x00\x01\x02\x00\xffz");
}

#[test]
fn done_is_golden() {
    let done = |outcome, ms| Frame::Done {
        stream: 1,
        done: Done { outcome, ms },
    };
    is_golden(
        &done(Outcome::Answered, Some(12)),
        &golden(
            "06 00 00000001",
            None,
            r#"{"outcome":"answered","ms":12}"#,
            b"",
        ),
    );
    is_golden(
        &done(Outcome::TimedOut, None),
        &golden("06 00 00000001", None, r#"{"outcome":"timed_out"}"#, b""),
    );
}

#[test]
fn sent_is_golden() {
    let sent = |status, by| Frame::Sent {
        stream: 1,
        sent: Sent {
            status,
            by,
            ms: None,
        },
    };
    is_golden(
        &sent(Some(202), SentBy::Deadline),
        &golden(
            "07 00 00000001",
            None,
            r#"{"status":202,"by":"deadline"}"#,
            b"",
        ),
    );
    is_golden(
        &sent(None, SentBy::Gone),
        &golden(
            "07 00 00000001",
            None,
            r#"{"status":null,"by":"gone"}"#,
            b"",
        ),
    );
    let after = Frame::Sent {
        stream: 1,
        sent: Sent {
            status: Some(202),
            by: SentBy::Deadline,
            ms: Some(4500),
        },
    };
    is_golden(
        &after,
        &golden(
            "07 00 00000001",
            None,
            r#"{"status":202,"by":"deadline","ms":4500}"#,
            b"",
        ),
    );
}

#[test]
fn reset_is_golden() {
    let reset = |code, text: &str| Frame::Reset {
        stream: 1,
        reset: Reset {
            code,
            text: text.to_owned(),
        },
    };
    is_golden(
        &reset(ResetCode::TimedOut, "60 s"),
        &golden(
            "08 00 00000001",
            None,
            r#"{"code":"timed_out","text":"60 s"}"#,
            b"",
        ),
    );
    is_golden(
        &reset(ResetCode::Gone, ""),
        &golden("08 00 00000001", None, r#"{"code":"gone"}"#, b""),
    );
}

#[test]
fn window_is_golden() {
    let frame = Frame::Window {
        stream: 1,
        credit: 131_072,
    };
    is_golden(&frame, b"\x09\x00\x00\x00\x00\x01\x00\x02\x00\x00");
}

#[test]
fn heartbeat_is_golden() {
    let frame = Frame::Heartbeat(Heartbeat {
        session: session("ses_1"),
        epoch: Epoch(3),
        offered: Seq(41),
        head: Seq(44),
    });
    is_golden(
        &frame,
        &golden(
            "0a 00 00000000",
            None,
            r#"{"session":"ses_1","epoch":3,"offered":41,"head":44}"#,
            b"",
        ),
    );
}

#[test]
fn goaway_is_golden() {
    let frame = Frame::GoAway(GoAway {
        reason: "restart".to_owned(),
        reconnect_in_ms: 250,
    });
    is_golden(
        &frame,
        &golden(
            "0b 00 00000000",
            None,
            r#"{"reason":"restart","reconnect_in_ms":250}"#,
            b"",
        ),
    );
}

#[test]
fn error_is_golden() {
    is_golden(
        &Frame::Error(error(ErrorCode::TakenOver)),
        &golden(
            "0c 00 00000000",
            None,
            r#"{"code":"taken_over","text":"a newer listener took over","fatal":true}"#,
            b"",
        ),
    );
}
