//! The wire `hooktool.v1`: frames, version, close codes, encode and decode, size limits. Bytes ⇄ meaning, no sockets.
//!
//! One frame a binary websocket message: `kind u8 · flags u8 · stream u32 BE · payload`. Stream 0 is the link itself. REQUEST
//! and RESPONSE carry `head_len u32 BE · JSON head · first body bytes`; DATA raw bytes; WINDOW `u32 BE`; all others JSON.
//! [`Frame::encode`] and [`Frame::decode`] are in `protocol/codec.rs`.

#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod codec;
pub mod probe;

use std::net::IpAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::capture::{
    AnswerPolicy, CaptureId, EndpointName, Epoch, Headers, Kind, Outcome, Scheme, Sent, Seq,
    SessionId, UnixMillis, Version, latin1,
};

/// The websocket subprotocol, and so the version of the wire.
pub const SUBPROTOCOL: &str = "hooktool.v1";

/// Path of the link on a relay.
pub const LINK_PATH: &str = "/_hooktool/link";

/// Line of the upgrade in which a listener without a token offers one that it made and kept beforehand. An open relay takes it for
/// a new account's, and gives it back in WELCOME; a relay that does not know the line makes one itself.
pub const OFFER: &str = "hooktool-offered-token";

/// Largest websocket message either end accepts, in bytes. A 64 KiB head at worst doubles as JSON (each byte above
/// 0x7f takes two), then up to 64 KiB of first body, then ids and punctuation: about 200 KiB, and slack.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// Most body bytes in a REQUEST or RESPONSE, in bytes: the common webhook is one frame.
pub const MAX_FIRST: usize = 64 * 1024;

/// Largest JSON head of a REQUEST or RESPONSE, in bytes: what a message leaves beside the first body bytes.
pub const MAX_HEAD: usize = MAX_MESSAGE - MAX_FIRST - 16;

/// Most bytes in a DATA frame: at 10 Mbit/s one takes 13 ms, and that is what a small webhook waits behind.
pub const MAX_DATA: usize = 16 * 1024;

/// Credit of a fresh stream in each direction, in bytes; only DATA counts.
pub const INITIAL_WINDOW: u32 = 256 * 1024;

/// Number of a stream; chosen by the relay, never reused on a link. 0 is the link itself.
pub type StreamId = u32;

/// One unit of the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Listener: what it wants, whole, first on every link.
    Hello(Box<Hello>),
    /// Relay: the claim stands.
    Welcome(Box<Welcome>),
    /// Relay: opens a stream with a capture (or an upgrade) and the first bytes of its body.
    Request {
        /// The new stream.
        stream: StreamId,
        /// Its head.
        head: Box<RequestHead>,
        /// First body bytes, at most [`MAX_FIRST`].
        first: Bytes,
        /// Whether that is the whole body.
        end: bool,
    },
    /// Listener: the answer's head and first bytes.
    Response {
        /// The stream that asked.
        stream: StreamId,
        /// The head.
        head: Box<ResponseHead>,
        /// First body bytes, at most [`MAX_FIRST`].
        first: Bytes,
        /// Whether that is the whole body.
        end: bool,
    },
    /// Both: more of a body.
    Data {
        /// Its stream.
        stream: StreamId,
        /// Bytes, at most [`MAX_DATA`].
        bytes: Bytes,
        /// Whether they are the last.
        end: bool,
    },
    /// Listener: the outcome is recorded.
    Done {
        /// Its stream.
        stream: StreamId,
        /// The outcome.
        done: Done,
    },
    /// Relay: what the sender got.
    Sent {
        /// Its stream.
        stream: StreamId,
        /// The answer in short.
        sent: Sent,
    },
    /// Both: no more of this stream's body (its answer, from either end).
    Reset {
        /// Its stream.
        stream: StreamId,
        /// Why.
        reset: Reset,
    },
    /// Both: credit for DATA.
    Window {
        /// Its stream.
        stream: StreamId,
        /// Further bytes that may be sent.
        credit: u32,
    },
    /// Both: proof of life.
    Heartbeat(Heartbeat),
    /// Relay: reconnect elsewhere or later.
    GoAway(GoAway),
    /// Both: something is wrong.
    Error(WireError),
}

/// The listener's whole intent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// hooktool's version, for logs.
    pub version: String,
    /// The endpoint it wants.
    pub endpoint: EndpointName,
    /// What to call it in messages: the host name.
    pub name: String,
    /// What senders get.
    pub answer: AnswerPolicy,
    /// Milliseconds a sender waits for the app's answer.
    pub deadline_ms: u64,
    /// Where to begin; honoured at a process's first connect only.
    #[serde(default)]
    pub from: From,
    /// Most deliveries without an answer head, RESET or DONE.
    pub max_in_flight: u16,
    /// On a reconnect: what WELCOME said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// A session that reconnects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Its name.
    pub session: SessionId,
    /// Its epoch.
    pub epoch: Epoch,
}

/// Where a listener begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// Where the endpoint's cursor stands.
    #[default]
    Cursor,
    /// Only what comes from now on.
    Now,
    /// Everything that is kept.
    Start,
    /// This capture and what came after it.
    Seq(Seq),
    /// What was received at or after this moment.
    At(UnixMillis),
}

/// The relay's yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// Public URL of the endpoint, without a trailing slash.
    pub url: String,
    /// Name of this session.
    pub session: SessionId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Highest seq offered so far.
    pub offered: Seq,
    /// Newest seq of the endpoint.
    pub head: Seq,
    /// How many captures wait to be offered (again).
    pub waiting: u64,
    /// When the oldest of those was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<UnixMillis>,
    /// Largest body the relay takes, in bytes.
    pub max_body: u64,
    /// Interval of heartbeats, in milliseconds.
    pub heartbeat_ms: u64,
    /// A token made for this listener, on an open relay, if it came with none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Head of a REQUEST.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestHead {
    /// Global id.
    pub id: CaptureId,
    /// Place in the arrival order; none for an upgrade, which is never stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// Whether a sender waits.
    pub kind: Kind,
    /// Method, any token.
    pub method: String,
    /// Path and query behind the endpoint's name.
    #[serde(with = "latin1")]
    pub path: Bytes,
    /// HTTP version it came in.
    pub version: Version,
    /// How the sender spoke to the relay, or to the proxy before it; none when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// Header lines.
    pub headers: Headers,
    /// Trailer lines.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub trailers: Headers,
    /// Who sent it.
    pub peer: IpAddr,
    /// When it was received.
    pub received_at: UnixMillis,
    /// Length of the body in bytes; none if it has none, or if this is an upgrade (its DATA has no known end).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// How many captures just before this one retention dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gap: u64,
    /// Whether this is an upgrade to be carried through: DATA both ways after a 101.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upgrade: bool,
}

/// Head of a RESPONSE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseHead {
    /// Status code.
    pub status: u16,
    /// Header lines.
    pub headers: Headers,
    /// Milliseconds from REQUEST to this head, as the listener measured.
    pub ms: u64,
}

/// What a DONE says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds to the answer's head, if there was a try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

/// What a RESET says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// Why.
    pub code: ResetCode,
    /// Words for people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Why a stream was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetCode {
    /// Listener: the target refused the connection.
    Refused,
    /// Listener: no answer head in time.
    TimedOut,
    /// Listener: the connection broke, or what came was no HTTP.
    Broken,
    /// Listener: more deliveries than it said it takes.
    Busy,
    /// Relay: the sender went away.
    Gone,
    /// Relay: the stored body cannot be read (it was dropped meanwhile, or is damaged).
    Unavailable,
    /// A code of a later version.
    #[serde(other)]
    Unknown,
}

/// Proof of life: what each end believes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The session.
    pub session: SessionId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Highest seq offered (relay) or seen (listener).
    pub offered: Seq,
    /// Newest seq of the endpoint, as this end knows it.
    pub head: Seq,
}

/// The relay wants the listener to reconnect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAway {
    /// Why, for people.
    pub reason: String,
    /// When to come back, in milliseconds.
    pub reconnect_in_ms: u64,
}

/// What an ERROR says; also the JSON body of a refusal before the upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireError {
    /// What kind.
    pub code: ErrorCode,
    /// Words for people.
    pub text: String,
    /// When trying again makes sense, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Whether trying again makes no sense at all.
    #[serde(default)]
    pub fatal: bool,
}

/// Kinds of ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No token, or one that is not valid (any more).
    Unauthorized,
    /// The endpoint belongs to another account.
    Forbidden,
    /// A newer session of the same account holds the endpoint.
    TakenOver,
    /// The wire's version is not spoken here.
    Version,
    /// Too many links or failures.
    TooMany,
    /// A frame that breaks the wire's rules.
    Protocol,
    /// No byte came for too long.
    Silent,
    /// The relay cannot store or read.
    Store,
    /// A code of a later version.
    #[serde(other)]
    Unknown,
}

/// Bytes that are no frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than its parts say.
    #[error("frame of {0} bytes is cut short")]
    Short(usize),
    /// A part is larger than the wire allows.
    #[error("{what} of {len} bytes is over the limit of {max}")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// JSON that does not fit.
    #[error("{kind} payload: {detail}")]
    Json {
        /// Which frame.
        kind: &'static str,
        /// What kind of fault, and at which byte; never a part of the payload, since this ends up in logs.
        detail: String,
    },
    /// A stream id where none belongs, or none where one does.
    #[error("{kind} on stream {stream}")]
    Stream {
        /// Which frame.
        kind: &'static str,
        /// The stream it named.
        stream: StreamId,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
