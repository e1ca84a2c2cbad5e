//! The nouns of the history: what is written to it ([`Arrival`], [`Attempt`]), what is read from it ([`Summary`],
//! [`Request`]), what is asked of it ([`Select`], [`Options`]).
//!
//! Plain values. Must not know: SQLite, the writer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{
    Capture, CaptureId, Edit, EndpointName, Headers, Kind, Outcome, Sent, Seq, UnixMillis,
};

/// A request's number in this history: 1, 2, 3 …; what people type.
pub type Number = u64;

/// Place of an attempt in the order of recording, over all requests; readers that must miss nothing go by it.
pub type Position = u64;

/// What happened to the history; a hint to read again, idempotent. A receiver that lagged reads everything again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A capture was recorded.
    Captured(Number),
    /// An attempt was recorded, or its answer grew or ended.
    Attempted(Number),
    /// Its bookmark or its note changed.
    Noted(Number),
    /// The relay let requests go before they were delivered.
    Missed,
    /// Requests were deleted, came back, or were let go; or another process wrote.
    Reload,
}

/// Requests that the relay let go before they were delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub count: u64,
    /// The first request that came after them has at least this number.
    pub before: Number,
}

/// A capture and what the relay said of it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The capture; its endpoint is in it.
    pub capture: Arc<Capture>,
    /// The relay it came from: its origin as configured, or `local`.
    pub relay: Arc<str>,
    /// Place in its endpoint; none for an upgrade.
    pub seq: Option<Seq>,
    /// Whether a sender waited.
    pub kind: Kind,
    /// What it is as a webhook; none: no known sender.
    pub webhook: Option<Box<Webhook>>,
}

/// What a request is as a webhook, as it was judged when it came. Its texts are a stranger's, a few hundred bytes each at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id of its provider: `stripe`.
    pub provider: String,
    /// The type of its event; of a batch, the first one's.
    pub event: Option<String>,
    /// The event's action, where that is a field of its own.
    pub action: Option<String>,
    /// The id that stays the same on a redelivery; none for a batch of several.
    pub delivery_id: Option<String>,
    /// The sender's own attempt, as it counts.
    pub attempt: Option<String>,
    /// What its signature was worth: `ok`, `bad`, `old`, `token`, `unknown` or `none`.
    pub verdict: String,
}

impl Webhook {
    /// `event.action`, or what there is of it.
    pub fn title(&self) -> Option<String> {
        match (&self.event, &self.action) {
            (Some(event), Some(action)) => Some(format!("{event}.{action}")),
            (Some(only), None) | (None, Some(only)) => Some(only.clone()),
            (None, None) => None,
        }
    }
}

/// What the history knew of a capture when it was recorded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub number: Number,
    /// The outcome of its latest attempt, if there was one before: then it is not forwarded again.
    pub outcome: Option<Outcome>,
}

/// Why an attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// As it came, with a sender waiting.
    Live,
    /// As it came, after it had waited at the relay.
    Waited,
    /// After hold or parking.
    Released,
    /// By `--retry`.
    Retry,
    /// By a person.
    Replay,
}

impl Cause {
    /// Every cause.
    pub(super) const ALL: [Self; 5] = [
        Self::Live,
        Self::Waited,
        Self::Released,
        Self::Retry,
        Self::Replay,
    ];

    /// The word in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Waited => "waited",
            Self::Released => "released",
            Self::Retry => "retry",
            Self::Replay => "replay",
        }
    }
}

/// One forward and its outcome; or, for held, parked and skipped, that there was none.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which try of this request, from 1; none if there was no try. Filled by the history.
    pub try_number: Option<u32>,
    /// Why it was made.
    pub cause: Cause,
    /// The URL it went to, path included; empty without a try.
    pub target: String,
    /// When it began.
    pub started_at: UnixMillis,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, in words; none if it was answered.
    pub error: Option<String>,
    /// Time to connect, if a new connection was made and measured.
    pub connect: Option<Duration>,
    /// Time to the answer's head, or to the failure.
    pub took: Option<Duration>,
    /// What was changed on the way, in order.
    pub changes: Vec<Edit>,
    /// The app's answer, if there was one; of a challenge the listener's own.
    pub answer: Option<KeptAnswer>,
    /// What the sender got; none if no sender waited or it is not known.
    pub sent: Option<Sent>,
    /// Whether the app's answer came after the sender had to be answered.
    pub late: bool,
}

/// The app's answer as far as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// Its first bytes, at most [`KeptAnswer::KEPT`].
    pub body: Bytes,
    /// How long it was in all, as far as it has come.
    pub len: u64,
    /// Whether it came to its end. While false it streams, or it broke off (then the attempt's `error` says so).
    pub ended: bool,
    /// What an upgrade carried, once that is over; none of any other answer. What the app wrote is in `len`.
    pub carried: Option<Carried>,
}

/// An upgrade that is over, as the sender's side saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Bytes that the sender wrote to the app.
    pub up: u64,
    /// From the app's head to the end of either side.
    pub lasted: Duration,
}

impl KeptAnswer {
    /// How much of an answer's body is kept, in bytes.
    pub const KEPT: usize = 1024 * 1024;
}

/// What a list shows of a request: about 200 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Local number.
    pub number: Number,
    /// Global id.
    pub id: CaptureId,
    /// Endpoint.
    pub endpoint: EndpointName,
    /// Place in the endpoint.
    pub seq: Option<Seq>,
    /// Whether a sender waited.
    pub kind: Kind,
    /// When the relay received it.
    pub received_at: UnixMillis,
    /// Method.
    pub method: String,
    /// Path and query, bytes.
    pub path: Bytes,
    /// Body length; none if absent.
    pub size: Option<u64>,
    /// Who sent it.
    pub peer: IpAddr,
    /// How many tries there were.
    pub tries: u32,
    /// The latest attempt in short.
    pub last: Option<LastAttempt>,
    /// Whether it is kept by retention.
    pub bookmarked: bool,
    /// What a person wrote beside it.
    pub note: Option<Box<str>>,
    /// What it is as a webhook; none: no known sender, or nobody looked when it came.
    pub webhook: Option<Box<Webhook>>,
}

/// The latest attempt, as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct LastAttempt {
    /// How it ended.
    pub outcome: Outcome,
    /// The app's status; of a challenge the listener's own.
    pub status: Option<u16>,
    /// Time to the answer's head.
    pub took: Option<Duration>,
    /// Whether the sender had been answered before.
    pub late: bool,
    /// Why it was made.
    pub cause: Cause,
}

/// An attempt and its request, as whoever follows the history reads them.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// The attempt's place among all.
    pub position: Position,
    /// The relay that the request came from.
    pub relay: String,
    /// The request.
    pub request: Summary,
    /// The attempt, without what was changed and without its answer's headers and body.
    pub attempt: Attempt,
}

/// A request as recorded: a summary and its whole head. The body is read apart.
#[derive(Clone, Debug)]
pub struct Request {
    /// What a list shows.
    pub summary: Summary,
    /// The capture. A body up to 64 KiB is in it, a larger one is read by range.
    pub capture: Arc<Capture>,
    /// The relay it came from.
    pub relay: String,
}

/// What a reader asks for.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Only these endpoints (with their relay); empty: all.
    pub endpoints: Vec<(String, EndpointName)>,
    /// Only numbers above this.
    pub after: Option<Number>,
    /// Only numbers below this.
    pub before: Option<Number>,
    /// At most so many, the newest ones; always ascending.
    pub limit: Option<usize>,
}

/// What a person deletes.
#[derive(Clone, Debug)]
pub enum Going {
    /// These; those that are not there are none.
    Those(Vec<Number>),
    /// All that this chooses.
    All(Select),
}

/// What a deletion does with bookmarked requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bookmarked {
    /// They stay.
    Stay,
    /// They go too: the person was asked.
    Go,
}

/// Names one deletion, for its undo. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Removal(pub(super) i64);

/// What a deletion came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Removed {
    /// Takes it back.
    pub removal: Removal,
    /// How many went.
    pub count: u64,
    /// How many stayed because they are bookmarked.
    pub stayed: u64,
}

/// What is kept; whatever is beyond goes, oldest first, and is counted. Bookmarked requests are exempt. A sixty-fourth more
/// may be there for a moment, so that requests go in groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Requests.
    pub count: u64,
    /// Bytes of bodies and heads, of requests and of their attempts.
    pub bytes: u64,
}

impl Default for Retention {
    /// 10,000 requests, 1 GiB.
    fn default() -> Self {
        Self {
            count: 10_000,
            bytes: 1024 * 1024 * 1024,
        }
    }
}

/// How the history is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is kept.
    pub retention: Retention,
    /// How long a read or a write waits for other processes before it is `Locked`.
    pub busy: Duration,
    /// How long after a deletion it is purged at the earliest.
    pub undo: Duration,
}

impl Options {
    /// How long to wait for other processes by default. Their transactions take milliseconds.
    pub const BUSY: Duration = Duration::from_secs(5);

    /// How long a deletion can be taken back by default: the 10 s that a person is told, and as much for a wish that comes at the
    /// last moment.
    pub const UNDO: Duration = Duration::from_secs(20);
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            busy: Self::BUSY,
            undo: Self::UNDO,
        }
    }
}

/// What retention let go since the history was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// How many requests.
    pub count: u64,
    /// When the latest of them went.
    pub at: UnixMillis,
    /// Which limit the latest of them was beyond.
    pub limit: Limit,
}

/// A limit of [`Retention`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Too many requests.
    Count,
    /// Too many bytes.
    Bytes,
}

/// The stable place of a project folder on one relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEndpoint {
    /// Its endpoint.
    pub endpoint: EndpointName,
    /// Local port of the embedded relay; none for a relay elsewhere.
    pub port: Option<u16>,
}
