//! Size and pace over scripted bodies, in paused time.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::channel::Channel;
use tokio::time::{Sleep, sleep};

use super::*;

const KIB: u64 = 1024;

/// A body that gives `piece` every `every`, `times` times, and then `last`.
struct Scripted {
    piece: Bytes,
    every: Duration,
    times: u64,
    last: Option<Result<Frame<Bytes>, &'static str>>,
    pause: Option<Pin<Box<Sleep>>>,
}

fn scripted(piece: u64, every: Duration, times: u64) -> Scripted {
    Scripted {
        piece: Bytes::from(vec![b'x'; usize::try_from(piece).unwrap()]),
        every,
        times,
        last: None,
        pause: None,
    }
}

impl HttpBody for Scripted {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        if self.times == 0 {
            return Poll::Ready(self.last.take());
        }
        let every = self.every;
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(every)));
        ready!(pause.as_mut().poll(cx));
        self.pause = None;
        self.times -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}

/// Takes all of it: bytes or the refusal's status, and after how many seconds.
async fn taken(body: Scripted, declared: Declared, limits: &Limits) -> (Result<u64, u16>, u64) {
    let start = Instant::now();
    let mut intake = Intake::new(body, declared, limits);
    let result = loop {
        match intake.next().await {
            Ok(Some(_)) => {}
            Ok(None) => break Ok(intake.received),
            Err(refusal) => break Err(refusal.status.as_u16()),
        }
    };
    (result, start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_body_must_come_at_its_pace() {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    let open = Declared::Open;
    for (body, declared, found) in [
        // Silence and drops end with the grace.
        (scripted(1, minute, 1), open, (Err(408), 5)),
        (scripted(1, second, 60), open, (Err(408), 5)),
        // Twice the rate is enough; half of it falls behind at 5 s + 9 × 0.5 s.
        (scripted(2 * KIB, second, 20), open, (Ok(40 * KIB), 20)),
        (scripted(KIB / 2, second, 60), open, (Err(408), 9)),
        // Fast enough by the rate, but over the total: 30 s, and one for each 64 KiB.
        (scripted(2 * KIB, second, 60), open, (Err(408), 30)),
        (
            scripted(2 * KIB, second, 60),
            Declared::Length(40 * 64 * KIB),
            (Ok(120 * KIB), 60),
        ),
        // Nothing takes longer than ten minutes.
        (
            scripted(20 * KIB, second, 1200),
            Declared::Length(u64::MAX),
            (Err(408), 600),
        ),
    ] {
        let times = body.times;
        let took = taken(body, declared, &Limits::default()).await;
        assert_eq!(took, found, "{times} pieces, {declared:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_byte_over_the_limit_is_too_many() {
    let limits = Limits {
        body: 3,
        ..Limits::default()
    };
    for (bytes, found) in [(2, Ok(2)), (3, Ok(3)), (4, Err(413))] {
        let body = scripted(1, Duration::from_millis(1), bytes);
        assert_eq!(taken(body, Declared::Open, &limits).await, (found, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_body_is_never_whole() {
    let mut body = scripted(1, Duration::from_millis(1), 3);
    body.last = Some(Err("cut"));
    let found = taken(body, Declared::Length(4), &Limits::default()).await;
    assert_eq!(found, (Err(400), 0));
}

#[tokio::test]
async fn trailers_are_kept_apart() {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(4);
    let mut map = HeaderMap::new();
    map.append("x-sum", HeaderValue::from_static("1"));
    map.append("content-length", HeaderValue::from_static("9"));
    sender.send_data(Bytes::from_static(b"abc")).await.unwrap();
    sender.send_trailers(map).await.unwrap();
    drop(sender);
    let mut intake = Intake::new(body, Declared::Open, &Limits::default());
    assert_eq!(intake.next().await.unwrap().unwrap(), "abc");
    assert_eq!(intake.next().await.unwrap(), None);
    assert_eq!(intake.trailers.len(), 1);
    assert_eq!(intake.trailers.first("x-sum"), Some(&b"1"[..]));
}

#[test]
fn the_head_says_what_will_come() {
    let limits = Limits {
        body: 10,
        ..Limits::default()
    };
    let length = |text| Some(("content-length", text));
    let chunked = Some(("transfer-encoding", "chunked"));
    let (h1, h2) = (Version::HTTP_11, Version::HTTP_2);
    for (version, line, is_ended, found) in [
        (h1, None, true, Ok(Declared::Absent)),
        (h1, length("0"), true, Ok(Declared::Length(0))),
        (h1, length("10"), false, Ok(Declared::Length(10))),
        (h1, length("11"), false, Err(413)),
        (h1, length("9223372036854775807"), false, Err(413)),
        (h1, length("+1"), false, Err(400)),
        (h1, chunked, false, Ok(Declared::Open)),
        (h2, None, true, Ok(Declared::Absent)),
        (h2, None, false, Ok(Declared::Open)),
    ] {
        let mut request = Request::builder().version(version);
        if let Some((name, value)) = line {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let declared = Declared::of(&parts, is_ended, &limits);
        let declared = declared.map_err(|refusal| refusal.status.as_u16());
        assert_eq!(declared, found, "{line:?}");
    }
}
