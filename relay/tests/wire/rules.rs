//! What a decoder refuses, what it ignores, and what it says of it.

use bytes::Bytes;
use hooktool_relay::{
    capture::Outcome,
    protocol::{DecodeError, Done, Frame, MAX_DATA, MAX_FIRST, MAX_HEAD, MAX_MESSAGE, ResetCode},
};

use super::{golden, request_head};

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
fn a_request_of_an_older_relay_has_no_scheme() {
    let mut head = request_head();
    head.scheme = None;
    let old = r#"{"id":"req_01JD3Z0G5V8M4Q2N7R6T9W1X3Y","seq":42,"kind":"live","method":"POST","path":"/hooks?a=\u00ff","version":"1.1","headers":[["Host","relay.example"],["X-Odd","caf\u00e9 \"\\"],["x-odd","again"]],"peer":"203.0.113.7","received_at":1763900000123,"length":5}"#;
    let len = u32::try_from(old.len()).unwrap();
    let bytes = golden("03 01 00000001", Some(len), old, b"hello");
    let request = Frame::Request {
        stream: 1,
        head: Box::new(head),
        first: Bytes::from_static(b"hello"),
        end: true,
    };
    assert_eq!(Frame::decode(Bytes::from(bytes)), Ok(Some(request)));
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
