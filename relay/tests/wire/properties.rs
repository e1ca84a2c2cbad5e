//! What holds for every frame, tried on random ones: encode and decode undo each other, lengths are true, nothing panics.

use std::net::IpAddr;

use bytes::Bytes;
use hooktool_relay::{
    capture::{
        CaptureId, Epoch, Headers, Kind, Outcome, Scheme, Sent, SentBy, Seq, UnixMillis, Version,
    },
    protocol::{
        Done, ErrorCode, Frame, From as Begin, GoAway, Hello, MAX_DATA, RequestHead, Reset,
        ResetCode, ResponseHead, Resume, WireError,
    },
};
use proptest::prelude::*;

use super::{hello, session};

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
                scheme: match gap % 3 {
                    0 => None,
                    1 => Some(Scheme::Http),
                    _ => Some(Scheme::Https),
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
                ms,
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
            fatal: number.is_multiple_of(2),
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
