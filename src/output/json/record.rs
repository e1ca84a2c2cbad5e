//! The records themselves, field by field in the order in which they are written (tui.md §11).

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use data_encoding::BASE64;
use hooktool_relay::capture::{Body, Edit, EndpointName, Headers, Kind, Seq, UnixMillis, latin1};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    event::{Gap, Link},
    history::{Attempt, KeptAnswer, LastAttempt, Request, Summary},
};

mod sig;

use sig::SigRecord;

/// Version of the records.
const V: u8 = 1;

/// A link is live, and this is what it serves.
#[derive(Debug, Serialize)]
pub struct SessionRecord<'a> {
    v: u8,
    r#type: &'static str,
    endpoint: &'a str,
    url: &'a str,
    target: Option<&'a str>,
}

impl<'a> SessionRecord<'a> {
    /// For a link that is live.
    pub fn new(endpoint: &'a EndpointName, url: &'a str, target: Option<&'a str>) -> Self {
        Self {
            v: V,
            r#type: "session",
            endpoint: endpoint.as_str(),
            url,
            target,
        }
    }
}

/// The public URL leads to this listener: a request of its own came back from there.
#[derive(Debug, Serialize)]
pub struct ReadyRecord {
    v: u8,
    r#type: &'static str,
}

impl ReadyRecord {
    /// For a link that is live, and proven.
    pub fn new() -> Self {
        Self {
            v: V,
            r#type: "ready",
        }
    }
}

impl Default for ReadyRecord {
    fn default() -> Self {
        Self::new()
    }
}

/// A request.
#[derive(Debug, Serialize)]
pub struct CaptureRecord<'a> {
    v: u8,
    r#type: &'static str,
    id: String,
    number: u64,
    endpoint: &'a str,
    seq: Option<u64>,
    kind: Kind,
    received_at: String,
    peer: std::net::IpAddr,
    method: &'a str,
    #[serde(serialize_with = "latin1::serialize")]
    path: &'a Bytes,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Headers::is_empty")]
    trailers: &'a Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig: Option<SigRecord<'a>>,
    body: Option<BodyRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Option<LastRecord>>,
}

impl<'a> CaptureRecord<'a> {
    /// A request with its body, as far as it is given.
    pub fn new(request: &'a Request, body: Option<&'a Bytes>) -> Self {
        let row = &request.summary;
        let webhook = row.webhook.as_deref();
        let size = match &request.capture.body {
            Body::Absent => None,
            body => Some(body.len()),
        };
        Self {
            v: V,
            r#type: "capture",
            id: row.id.to_string(),
            number: row.number,
            endpoint: row.endpoint.as_str(),
            seq: row.seq.map(|seq| seq.0),
            kind: row.kind,
            received_at: moment(row.received_at),
            peer: row.peer,
            method: &row.method,
            path: &row.path,
            headers: &request.capture.headers,
            trailers: &request.capture.trailers,
            provider: webhook.map(|webhook| webhook.provider.as_str()),
            event: webhook.and_then(|webhook| webhook.event.as_deref()),
            action: webhook.and_then(|webhook| webhook.action.as_deref()),
            delivery_id: webhook.and_then(|webhook| webhook.delivery_id.as_deref()),
            sig: webhook.map(SigRecord::new),
            body: size.map(|size| BodyRecord::new(body.map(AsRef::as_ref), size)),
            note: row.note.as_deref(),
            last: None,
        }
    }

    /// A request as a list has it: without data, with its latest attempt.
    pub fn listed(request: &'a Request) -> Self {
        let last = request.summary.last.as_ref();
        Self {
            last: Some(last.map(LastRecord::new)),
            ..Self::new(request, None)
        }
    }
}

/// A body.
#[derive(Debug, Serialize)]
struct BodyRecord<'a> {
    encoding: Option<&'static str>,
    size: u64,
    data: Option<Cow<'a, str>>,
}

impl<'a> BodyRecord<'a> {
    fn new(data: Option<&'a [u8]>, size: u64) -> Self {
        let (encoding, data) = match data.map(|data| (data, str::from_utf8(data))) {
            None => (None, None),
            Some((_, Ok(text))) => (Some("utf8"), Some(text.into())),
            Some((data, Err(_))) => (Some("base64"), Some(BASE64.encode(data).into())),
        };
        Self {
            encoding,
            size,
            data,
        }
    }
}

/// The latest attempt, in a list.
#[derive(Debug, Serialize)]
struct LastRecord {
    cause: &'static str,
    outcome: &'static str,
    status: Option<u16>,
    ms: Option<u64>,
    late: bool,
    #[serde(skip_serializing_if = "is_not")]
    challenge: bool,
}

impl LastRecord {
    fn new(last: &LastAttempt) -> Self {
        Self {
            cause: last.cause.as_str(),
            outcome: last.outcome.as_str(),
            status: last.app_status(),
            ms: last.took.map(millis),
            late: last.late,
            challenge: last.is_challenge(),
        }
    }
}

/// A try, or that there was none.
#[derive(Debug, Serialize)]
pub struct AttemptRecord<'a> {
    v: u8,
    r#type: &'static str,
    capture: String,
    number: u64,
    r#try: Option<u32>,
    cause: &'static str,
    target: Option<&'a str>,
    started_at: String,
    outcome: &'static str,
    status: Option<u16>,
    ms: Option<u64>,
    sender_status: Option<u16>,
    late: bool,
    #[serde(skip_serializing_if = "is_not")]
    challenge: bool,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<&'a [Edit]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Option<AnswerRecord<'a>>>,
}

impl<'a> AttemptRecord<'a> {
    /// An attempt on a request.
    pub fn new(row: &'a Summary, attempt: &'a Attempt) -> Self {
        Self {
            v: V,
            r#type: "attempt",
            capture: row.id.to_string(),
            number: row.number,
            r#try: attempt.try_number,
            cause: attempt.cause.as_str(),
            target: Some(attempt.target.as_str()).filter(|target| !target.is_empty()),
            started_at: moment(attempt.started_at),
            outcome: attempt.outcome.as_str(),
            status: attempt.app_status(),
            ms: attempt.took.map(millis),
            sender_status: attempt.sent.as_ref().and_then(|sent| sent.status),
            late: attempt.late,
            challenge: attempt.is_challenge(),
            error: attempt.error.as_deref(),
            changes: None,
            answer: None,
        }
    }

    /// The same with what was changed for the app, and what it answered.
    pub fn whole(row: &'a Summary, attempt: &'a Attempt) -> Self {
        Self {
            changes: Some(&attempt.changes),
            answer: Some(attempt.answer.as_ref().map(AnswerRecord::new)),
            ..Self::new(row, attempt)
        }
    }
}

/// What the app answered, as far as it is kept.
#[derive(Debug, Serialize)]
struct AnswerRecord<'a> {
    headers: &'a Headers,
    body: BodyRecord<'a>,
    ended: bool,
    cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<CarriedRecord>,
}

/// What an upgrade carried: bytes to the app and from it, and how long it was open.
#[derive(Debug, Serialize)]
struct CarriedRecord {
    up: u64,
    down: u64,
    ms: u64,
}

impl<'a> AnswerRecord<'a> {
    fn new(answer: &'a KeptAnswer) -> Self {
        Self {
            headers: &answer.headers,
            body: BodyRecord::new(Some(&answer.body), answer.len),
            ended: answer.ended,
            cut: answer.len > answer.body.len() as u64,
            carried: answer.carried.map(|carried| CarriedRecord {
                up: carried.up,
                down: answer.len,
                ms: millis(carried.lasted),
            }),
        }
    }
}

/// Requests that never come: the relay's retention dropped them before they were delivered.
#[derive(Debug, Serialize)]
pub struct GapRecord {
    v: u8,
    r#type: &'static str,
    first_seq: Seq,
    last_seq: Seq,
}

impl GapRecord {
    /// A gap as the relay told it.
    pub fn new(gap: Gap) -> Self {
        Self {
            v: V,
            r#type: "gap",
            first_seq: gap.first,
            last_seq: gap.last,
        }
    }
}

/// What becomes of the link.
#[derive(Debug, Serialize)]
pub struct LinkRecord<'a> {
    v: u8,
    r#type: &'static str,
    /// connecting, live, reconnecting, taken_over or refused.
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#try: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

impl<'a> LinkRecord<'a> {
    /// The link as it is now.
    pub fn new(link: &'a Link) -> Self {
        let bare = Self {
            v: V,
            r#type: "link",
            state: "connecting",
            waiting: None,
            in_ms: None,
            r#try: None,
            by: None,
            cause: None,
        };
        match link {
            Link::Connecting { attempt } => Self {
                r#try: Some(*attempt),
                ..bare
            },
            Link::Live(live) => Self {
                state: "live",
                waiting: Some(live.waiting),
                ..bare
            },
            Link::Reconnecting {
                after,
                attempt,
                cause,
            } => Self {
                state: "reconnecting",
                in_ms: Some(millis(*after)),
                r#try: Some(*attempt),
                cause: Some(cause),
                ..bare
            },
            Link::TakenOver { by } => Self {
                state: "taken_over",
                by: Some(by.as_str()).filter(|by| !by.is_empty()),
                ..bare
            },
            Link::Refused { cause } => Self {
                state: "refused",
                cause: Some(cause),
                ..bare
            },
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_not(word: &bool) -> bool {
    !*word
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// RFC 3339 in UTC, to the millisecond. A moment out of the calendar's range is its beginning.
fn moment(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}
