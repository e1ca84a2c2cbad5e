//! The wire: golden bytes of every frame, and what must hold for all of them.
//!
//! A change to the golden bytes is a change to the wire: the README's protocol story changes in the same commit.

use std::net::IpAddr;

use bytes::Bytes;
use hooktool_relay::{
    capture::{
        AnswerPolicy, CaptureId, Epoch, Headers, Kind, Outcome, Sent, SentBy, Seq, SessionId,
        UnixMillis, Version,
    },
    protocol::{
        DecodeError, Done, ErrorCode, Frame, From as Begin, GoAway, Heartbeat, Hello, MAX_DATA,
        MAX_FIRST, MAX_HEAD, MAX_MESSAGE, RequestHead, Reset, ResetCode, ResponseHead, Resume,
        Welcome, WireError,
    },
};
use proptest::prelude::*;

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
    assert_eq!(
        Frame::decode(Bytes::copy_from_slice(bytes))
            .unwrap()
            .unwrap(),
        *frame
    );
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
            Some(0xfd),
            r#"{"id":"req_01JD3Z0G5V8M4Q2N7R6T9W1X3Y","seq":42,"kind":"live","method":"POST","path":"/hooks?a=ÿ","version":"1.1","headers":[["Host","relay.example"],["X-Odd","café \"\\"],["x-odd","again"]],"peer":"203.0.113.7","received_at":1763900000123,"length":5}"#,
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
        sent: Sent { status, by },
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

#[test]
fn what_a_later_version_adds_is_ignored() {
    let kind = golden("7f 00 00000001", None, "anything", b"");
    assert_eq!(Frame::decode(Bytes::from(kind)), Ok(None));
    let field = golden(
        "06 fe 00000001",
        None,
        r#"{"outcome":"held","new":[1]}"#,
        b"",
    );
    let held = Frame::Done {
        stream: 1,
        done: Done {
            outcome: Outcome::Held,
            ms: None,
        },
    };
    assert_eq!(Frame::decode(Bytes::from(field)), Ok(Some(held)));
    let code = golden("08 00 00000001", None, r#"{"code":"new"}"#, b"");
    let Ok(Some(Frame::Reset { reset, .. })) = Frame::decode(Bytes::from(code)) else {
        panic!("a RESET with a new code is a RESET");
    };
    assert_eq!(reset.code, ResetCode::Unknown);
}

#[test]
fn lengths_are_checked_whatever_the_websocket_allows() {
    let decode = |bytes: Vec<u8>| Frame::decode(Bytes::from(bytes)).unwrap_err();
    let too_long = |what, len, max| DecodeError::TooLong { what, len, max };

    assert_eq!(decode(vec![3, 0, 0, 0, 0]), DecodeError::Short(5));
    assert_eq!(
        decode(vec![9; MAX_MESSAGE + 1]),
        too_long("frame", MAX_MESSAGE + 1, MAX_MESSAGE)
    );
    assert_eq!(
        decode(golden("05 00 00000001", None, "", &[0; MAX_DATA + 1])),
        too_long("DATA", MAX_DATA + 1, MAX_DATA)
    );
    assert_eq!(
        decode(golden("04 00 00000001", Some(u32::MAX), "", b"")),
        too_long("head", u32::MAX as usize, MAX_HEAD)
    );
    assert_eq!(
        decode(golden("04 00 00000001", Some(3), "{}", b"")),
        DecodeError::Short(6)
    );
    assert_eq!(
        decode(golden("03 00 00000001", Some(2), "{}", &[0; MAX_FIRST + 1])),
        too_long("first body", MAX_FIRST + 1, MAX_FIRST)
    );
    assert_eq!(
        decode(golden("09 00 00000001", None, "", b"\0\0\x01")),
        DecodeError::Short(3)
    );
}

#[test]
fn stream_0_is_the_links_and_no_other() {
    let decode = |bytes: Vec<u8>| Frame::decode(Bytes::from(bytes)).unwrap_err();
    let stream = |kind, stream| DecodeError::Stream { kind, stream };
    assert_eq!(
        decode(golden("05 00 00000000", None, "", b"x")),
        stream("DATA", 0)
    );
    assert_eq!(
        decode(golden("0c 00 00000009", None, "{}", b"")),
        stream("ERROR", 9)
    );
}

#[test]
fn an_error_quotes_nothing_of_the_payload() {
    let bytes = golden(
        "06 00 00000001",
        None,
        r#"{"outcome":"sk_live_secret"}"#,
        b"",
    );
    let error = Frame::decode(Bytes::from(bytes)).unwrap_err();
    assert_eq!(error.to_string(), "DONE payload: Data at line 1 column 27");
}

#[test]
fn the_largest_head_that_ingress_takes_fits() {
    let mut head = request_head();
    head.path = Bytes::from(vec![0xff; 8 * 1024]);
    for _ in 0..100 {
        head.headers
            .push(vec![b'n'; 16], vec![b'"'; 64 * 1024 / 100 - 16]);
    }
    let frame = Frame::Request {
        stream: u32::MAX,
        head: Box::new(head),
        first: Bytes::from(vec![0; MAX_FIRST]),
        end: false,
    };
    let encoded = frame.encode();
    assert!(encoded.len() <= MAX_MESSAGE, "{}", encoded.len());
    assert_eq!(Frame::decode(encoded), Ok(Some(frame)));
}

fn some_bytes(max: usize) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..max).prop_map(Bytes::from)
}

fn headers() -> impl Strategy<Value = Headers> {
    prop::collection::vec((some_bytes(12), some_bytes(40)), 0..6).prop_map(Headers)
}

fn request() -> impl Strategy<Value = Frame> {
    let head = (
        any::<[u8; 16]>(),
        prop::option::of(any::<u64>()),
        (any::<bool>(), any::<bool>()),
        "[!-~]{1,8}",
        some_bytes(60),
        (headers(), headers()),
        any::<IpAddr>(),
        any::<i64>(),
        (prop::option::of(any::<u64>()), any::<u64>()),
    );
    let head = head.prop_map(
        |(id, seq, (live, upgrade), method, path, (headers, trailers), peer, at, (length, gap))| {
            RequestHead {
                id: CaptureId::from_bytes(id),
                seq: seq.map(Seq),
                kind: if live { Kind::Live } else { Kind::Waited },
                method,
                path,
                version: if live {
                    Version::Http10
                } else {
                    Version::Http2
                },
                headers,
                trailers,
                peer,
                received_at: UnixMillis(at),
                length,
                gap,
                upgrade,
            }
        },
    );
    (1_u32.., head, some_bytes(300), any::<bool>()).prop_map(|(stream, head, first, end)| {
        Frame::Request {
            stream,
            head: Box::new(head),
            first,
            end,
        }
    })
}

fn response() -> impl Strategy<Value = Frame> {
    let parts = (
        1_u32..,
        (any::<u16>(), headers(), any::<u64>()),
        some_bytes(300),
        any::<bool>(),
    );
    parts.prop_map(
        |(stream, (status, headers, ms), first, end)| Frame::Response {
            stream,
            head: Box::new(ResponseHead {
                status,
                headers,
                ms,
            }),
            first,
            end,
        },
    )
}

fn begin() -> impl Strategy<Value = Begin> {
    prop_oneof![
        Just(Begin::Cursor),
        Just(Begin::Now),
        Just(Begin::Start),
        any::<u64>().prop_map(|seq| Begin::Seq(Seq(seq))),
        any::<i64>().prop_map(|at| Begin::At(UnixMillis(at))),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    let greeting = (
        ".{0,20}",
        any::<u64>(),
        begin(),
        any::<u16>(),
        any::<bool>(),
    );
    let greeting = greeting.prop_map(|(name, deadline_ms, from, max_in_flight, resumes)| {
        let resume = resumes.then(|| Resume {
            session: session(&name),
            epoch: Epoch(deadline_ms),
        });
        Frame::Hello(Box::new(Hello {
            name,
            deadline_ms,
            from,
            max_in_flight,
            resume,
            ..hello()
        }))
    });
    let numbers = (1_u32.., any::<u64>(), prop::option::of(any::<u64>()));
    let small = (numbers, ".{0,20}", 0..6).prop_map(|((stream, number, maybe), text, which)| {
        small_frame(which, stream, number, maybe, &text)
    });
    let data = (1_u32.., some_bytes(MAX_DATA), any::<bool>())
        .prop_map(|(stream, bytes, end)| Frame::Data { stream, bytes, end });
    prop_oneof![request(), response(), greeting, small, data]
}

fn small_frame(which: i32, stream: u32, number: u64, ms: Option<u64>, text: &str) -> Frame {
    let text = text.to_owned();
    match which {
        0 => Frame::Done {
            stream,
            done: Done {
                outcome: Outcome::Parked,
                ms,
            },
        },
        1 => Frame::Sent {
            stream,
            sent: Sent {
                status: ms.and_then(|ms| u16::try_from(ms).ok()),
                by: SentBy::App,
            },
        },
        2 => Frame::Reset {
            stream,
            reset: Reset {
                code: ResetCode::Busy,
                text,
            },
        },
        3 => Frame::Window {
            stream,
            credit: u32::try_from(number >> 32).expect("half of it"),
        },
        4 => Frame::GoAway(GoAway {
            reason: text,
            reconnect_in_ms: number,
        }),
        _ => Frame::Error(WireError {
            code: ErrorCode::Store,
            text,
            retry_after_ms: ms,
            fatal: number % 2 == 0,
        }),
    }
}

proptest! {
    #[test]
    fn decode_undoes_encode(frame in frame()) {
        prop_assert_eq!(Frame::decode(frame.encode()), Ok(Some(frame)));
    }

    #[test]
    fn the_claimed_length_is_the_real_one(frame in prop_oneof![request(), response()]) {
        let bytes = frame.encode();
        let (Frame::Request { first, .. } | Frame::Response { first, .. }) = &frame else {
            unreachable!();
        };
        let claimed = u32::from_be_bytes(bytes[6..10].try_into().unwrap()) as usize;
        prop_assert_eq!(10 + claimed + first.len(), bytes.len());
        let head: serde_json::Value = serde_json::from_slice(&bytes[10..10 + claimed]).unwrap();
        prop_assert!(head.is_object());
    }

    #[test]
    fn cut_bytes_never_panic_and_are_never_the_same_frame(frame in frame(), at in any::<prop::sample::Index>()) {
        let whole = frame.encode();
        let cut = whole.slice(..at.index(whole.len()));
        prop_assert_ne!(Frame::decode(cut), Ok(Some(frame)));
    }

    #[test]
    fn flipped_bytes_never_panic(frame in frame(), flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4)) {
        let mut bytes = frame.encode().to_vec();
        for (at, mask) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        if let Ok(Some(other)) = Frame::decode(Bytes::from(bytes)) {
            prop_assert_eq!(Frame::decode(other.encode()), Ok(Some(other)));
        }
    }

    #[test]
    fn noise_never_panics(kind in 0..16_u8, noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = noise;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let _ = Frame::decode(Bytes::from(bytes));
    }
}
