//! Takes a request's body: within its size, at its pace, small ones into memory and large ones into the store in pieces.
//!
//! In: the body as it comes, what its head declared, the limits. Out: the body as a capture holds it, or a refusal; with a
//! refusal nothing was stored. Must not know: who sent it, where it goes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Version, header, request::Parts};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::{
    capture::{Body, CaptureId, Headers},
    config::Limits,
    headers,
    ingress::reply::Refusal,
    store::{Draft, Store},
};

/// Slowest average rate of a body after `Limits::body_grace`, in bytes a second.
const SLOWEST: u64 = 1024;

/// Longest that any body may take, whatever its size.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// What a body of no bytes may take in all; each `BYTES_A_SECOND` declared or received give a second more.
const TOTAL_BASE: Duration = Duration::from_secs(30);

/// See [`TOTAL_BASE`].
const BYTES_A_SECOND: u64 = 64 * 1024;

/// What a head says about its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// There is none.
    Absent,
    /// So many bytes.
    Length(u64),
    /// It ends when it ends.
    Open,
}

impl Declared {
    /// What this head declares; `is_ended` says that an HTTP/2 stream ended with its head.
    ///
    /// # Errors
    /// A length over the limit: refused before the body is polled, so that `Expect: 100-continue` gets no 100.
    pub(super) fn of(parts: &Parts, is_ended: bool, limits: &Limits) -> Result<Self, Refusal> {
        let lines = &parts.headers;
        if lines.contains_key(header::TRANSFER_ENCODING) {
            return Ok(Self::Open);
        }
        if !lines.contains_key(header::CONTENT_LENGTH) {
            let is_open = parts.version == Version::HTTP_2 && !is_ended;
            return Ok(if is_open { Self::Open } else { Self::Absent });
        }
        let mut lengths = Headers::new();
        for value in lines.get_all(header::CONTENT_LENGTH) {
            lengths.push("content-length", Bytes::copy_from_slice(value.as_bytes()));
        }
        match headers::declared_length(&lengths) {
            Some(length) if length > limits.body => Err(Refusal::BODY_TOO_LARGE),
            Some(length) => Ok(Self::Length(length)),
            None => Err(Refusal::BODY_BROKEN),
        }
    }
}

/// A body that arrived whole.
#[derive(Debug)]
pub(super) struct Taken {
    /// As the capture holds it.
    pub(super) body: Body,
    /// The bytes of a [`Body::Pieces`].
    pub(super) draft: Option<Draft>,
    /// Trailer lines.
    pub(super) trailers: Headers,
}

/// Takes all of a body.
///
/// # Errors
/// It is too large, too slow or broken, or the store takes no pieces.
pub(super) async fn take<B>(
    store: &Store,
    id: CaptureId,
    body: B,
    declared: Declared,
    limits: &Limits,
) -> Result<Taken, Refusal>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut intake = Intake::new(body, declared, limits);
    let mut whole = BytesMut::new();
    let mut draft = None;
    while let Some(bytes) = intake.next().await? {
        match &mut draft {
            None if whole.len() + bytes.len() <= Body::INLINE => whole.extend_from_slice(&bytes),
            None => {
                let mut begun = store.draft(id);
                begun.push(whole.split().freeze()).await?;
                begun.push(bytes).await?;
                draft = Some(begun);
            }
            Some(draft) => draft.push(bytes).await?,
        }
    }
    let body = match (&draft, declared) {
        (Some(_), _) => Body::Pieces(intake.received),
        (None, Declared::Absent) => Body::Absent,
        (None, _) => Body::Whole(whole.freeze()),
    };
    Ok(Taken {
        body,
        draft,
        trailers: intake.trailers,
    })
}

/// Pieces of a body, each within size and pace.
struct Intake<B> {
    body: B,
    pace: Pace,
    /// Most bytes.
    limit: u64,
    /// Bytes so far.
    received: u64,
    /// Trailer lines, once they came.
    trailers: Headers,
}

impl<B: HttpBody<Data = Bytes> + Unpin> Intake<B> {
    /// The clock starts now.
    fn new(body: B, declared: Declared, limits: &Limits) -> Self {
        let declared = match declared {
            Declared::Length(length) => length,
            Declared::Absent | Declared::Open => 0,
        };
        Self {
            body,
            pace: Pace {
                start: Instant::now(),
                grace: limits.body_grace,
                declared,
            },
            limit: limits.body,
            received: 0,
            trailers: Headers::new(),
        }
    }

    /// The next bytes, never none of them; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let deadline = self.pace.deadline(self.received);
            let frame = match timeout_at(deadline, self.body.frame()).await {
                Err(_) => return Err(Refusal::BODY_TOO_SLOW),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Refusal::BODY_BROKEN),
                Ok(Some(Ok(frame))) => frame,
            };
            match frame.into_data() {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    self.received += bytes.len() as u64;
                    if self.received > self.limit {
                        return Err(Refusal::BODY_TOO_LARGE);
                    }
                    return Ok(Some(bytes));
                }
                Err(frame) => {
                    if let Ok(map) = frame.into_trailers() {
                        self.trailers = headers::trailers(&map);
                    }
                }
            }
        }
    }
}

/// How slowly a body may come.
struct Pace {
    start: Instant,
    /// How long before the rate counts.
    grace: Duration,
    /// Bytes that the head declared.
    declared: u64,
}

impl Pace {
    /// When the next bytes must be there, `received` being there already.
    fn deadline(&self, received: u64) -> Instant {
        let rate = self.grace + Duration::from_millis(received.saturating_mul(1000) / SLOWEST);
        let size = received.max(self.declared);
        let total = TOTAL_BASE + Duration::from_secs(size / BYTES_A_SECOND);
        self.start + rate.min(total).min(LONGEST)
    }
}

#[cfg(test)]
mod tests;
