//! Lines as people read them, whatever a stranger sent.

use std::{sync::Arc, time::Duration};

use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Sent, SentBy, Seq, UnixMillis, Version,
};

use super::*;
use crate::{
    history::{KeptAnswer, Summary},
    text::corpus::CORPUS,
};

const AT: UnixMillis = UnixMillis(1_760_265_121_004);

pub(crate) fn request(path: &'static [u8]) -> Request {
    let mut headers = Headers::new();
    headers.push("Content-Type", "application/json");
    let peer = "54.187.174.169".parse().expect("an address");
    let id = CaptureId::new();
    let endpoint: EndpointName = "tidy-otter".parse().expect("a name");
    let summary = Summary {
        number: 1201,
        id,
        endpoint: endpoint.clone(),
        seq: Some(Seq(988)),
        kind: Kind::Live,
        received_at: AT,
        method: "POST".to_owned(),
        path: Bytes::from_static(path),
        size: Some(7),
        peer,
        tries: 1,
        last: None,
        bookmarked: false,
        note: None,
        webhook: None,
        again: None,
    };
    let capture = Capture {
        id,
        endpoint,
        received_at: AT,
        peer,
        method: http::Method::POST,
        path: Bytes::from_static(path),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::from_static(b"{\"a\":1}")),
    };
    Request {
        summary,
        capture: Arc::new(capture),
        relay: "local".to_owned(),
    }
}

pub(crate) fn attempt(status: Option<u16>) -> Attempt {
    Attempt {
        try_number: Some(1),
        cause: Cause::Live,
        target: "http://localhost:3000/stripe".to_owned(),
        started_at: AT,
        outcome: if status.is_some() {
            Outcome::Answered
        } else {
            Outcome::Refused
        },
        error: status.is_none().then(|| "connection refused".to_owned()),
        connect: None,
        took: Some(Duration::from_millis(4)),
        changes: Vec::new(),
        answer: status.map(|status| KeptAnswer {
            status,
            headers: Headers::new(),
            body: Bytes::new(),
            len: 0,
            ended: true,
            carried: None,
        }),
        sent: Some(Sent {
            status: Some(status.unwrap_or(502)),
            by: SentBy::App,
            ms: None,
        }),
        late: false,
    }
}

fn printed(level: i16, path: &'static [u8], attempt: &Attempt) -> String {
    let options = Options {
        level,
        color: false,
        zone: Zone::Utc,
    };
    let mut lines = Lines::new(Vec::new(), options);
    let request = request(path);
    lines.capture(&request, None).expect("written");
    lines.attempt(&request.summary, attempt).expect("written");
    String::from_utf8(lines.out).expect("utf-8")
}

#[test]
fn a_try_is_a_line() {
    assert_eq!(
        printed(0, b"/stripe", &attempt(Some(200))),
        "2025-10-12 10:32:01Z  #1201  POST /stripe  --> 200  4ms\n"
    );
    assert_eq!(
        printed(0, b"", &attempt(None)),
        "2025-10-12 10:32:01Z  #1201  POST /  --> ERR  connection refused  sender=502\n"
    );
}

#[test]
fn flags_say_what_is_not_ordinary() {
    let again = Attempt {
        try_number: Some(4),
        cause: Cause::Replay,
        sent: None,
        late: true,
        ..attempt(Some(200))
    };
    assert!(printed(0, b"/", &again).ends_with("--> 200  4ms  try=4 replay late\n"));
    let held = Attempt {
        try_number: None,
        outcome: Outcome::Held,
        error: None,
        ..attempt(None)
    };
    assert!(printed(0, b"/", &held).ends_with("--> -  held\n"));
}

#[test]
fn quiet_leaves_out_what_went_well() {
    let lines = |level, status| printed(level, b"/", &attempt(status)).lines().count();
    assert_eq!(
        (lines(-1, Some(200)), lines(-1, Some(404)), lines(-1, None)),
        (0, 1, 1)
    );
    assert_eq!((lines(-2, Some(500)), lines(-2, None)), (0, 1));
    assert_eq!((lines(1, Some(200)), lines(2, Some(200))), (2, 3));
}

#[test]
fn a_line_stays_a_line() {
    let text = printed(0, b"/\x1b]0;x\x07\r\n\xe2\x80\xae\xff", &attempt(Some(200)));
    assert_eq!(text.lines().count(), 1);
    assert!(!text.trim_end().chars().any(char::is_control), "{text:?}");
    assert!(text.contains("<202e>"), "{text}");
}

#[test]
fn whatever_strangers_send_a_record_is_a_line() {
    for bytes in CORPUS {
        let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        let tried = Attempt {
            error: Some(text),
            ..attempt(None)
        };
        for level in [0, 1, 2] {
            let printed = printed(level, bytes, &tried);
            let records = printed.matches("#1201").count();
            assert_eq!(records, 1 + usize::from(level > 0), "{printed:?}");
            let is_denied = |c: char| c != '\n' && c.is_control() || "\u{202e}\u{2028}".contains(c);
            assert!(!printed.contains(is_denied), "{printed:?}");
        }
        assert_eq!(printed(0, bytes, &tried).lines().count(), 1);
    }
}
