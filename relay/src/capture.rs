//! The nouns that every room shares: ids, a [`Capture`], its [`Headers`], an answer's head, an [`Outcome`].
//!
//! No I/O, no clock but [`UnixMillis::now`], and nothing of ours imported. Header values and paths are bytes; in JSON
//! each byte is the character of the same number (Latin-1), which is lossless and which [`latin1`] does.

use std::{
    fmt,
    net::IpAddr,
    str::FromStr,
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use ulid::{Generator, Ulid};

/// A moment, in milliseconds since 1970 (UTC). For people and retention; order is by [`Seq`], never by time.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The wall clock now; 0 if it stands before 1970.
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Global name of a capture: `req_` and a ULID, monotonic within a process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaptureId(Ulid);

impl CaptureId {
    /// What every written id begins with.
    pub const PREFIX: &'static str = "req_";

    /// A new id, above every id made by this process before.
    pub fn new() -> Self {
        static IDS: Mutex<Generator> = Mutex::new(Generator::new());
        let mut ids = IDS
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // Generation fails only when 2^80 ids were made within one millisecond; a random one serves then.
        Self(ids.generate().unwrap_or_else(|_| Ulid::generate()))
    }

    /// The 16 bytes that stores keep; they sort as the written form does.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }

    /// The id that [`to_bytes`](Self::to_bytes) gave these bytes for.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }
}

impl Default for CaptureId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for CaptureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

impl fmt::Debug for CaptureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CaptureId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let ulid = text.strip_prefix(Self::PREFIX).ok_or(NameError::Id)?;
        Ulid::from_string(ulid).map(Self).map_err(|_| NameError::Id)
    }
}

impl Serialize for CaptureId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaptureId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Place of a capture in its endpoint's arrival order: 1, 2, 3 … without holes but those that retention made. 0 is
/// "before the first".
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The one after this.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often an endpoint was claimed: each new session raises it, and a link of an older one is refused.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Name of a session, made by the relay with its claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// A new name that no other session has.
    pub fn new() -> Self {
        Self(format!("ses_{}", Ulid::generate()))
    }
}

impl Default for SessionId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of an account on a relay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of an endpoint: `[a-z0-9-]`, 1 to 63 characters, not beginning or ending with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointName(std::sync::Arc<str>);

impl EndpointName {
    /// Longest name, in characters: a DNS label, so that a name may become a subdomain one day.
    pub const MAX: usize = 63;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EndpointName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Endpoint)
        }
    }
}

impl TryFrom<String> for EndpointName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<EndpointName> for String {
    fn from(name: EndpointName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is not the name or id it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not an endpoint's name.
    #[error("an endpoint's name is 1 to 63 of a-z, 0-9 and -, not beginning or ending with -")]
    Endpoint,
    /// Not a capture's id.
    #[error("a request's id is `req_` and 26 letters and digits")]
    Id,
}

/// Header lines in the order they came, repeats kept. Names are tokens (RFC 9110 §5.1), values any bytes but CR, LF, NUL.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Headers(pub Vec<(Bytes, Bytes)>);

impl Headers {
    /// No lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line at the end.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push((name.into(), value.into()));
    }

    /// Every line, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Value of the first line of that name, whatever its case.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Values of all lines of that name, whatever its case, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Removes every line of that name, whatever its case.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()));
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&http::HeaderMap> for Headers {
    fn from(map: &http::HeaderMap) -> Self {
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (
                Bytes::copy_from_slice(name.as_str().as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        };
        Self(map.iter().map(line).collect())
    }
}

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(
            self.iter()
                .map(|(name, value)| (latin1::Text(name), latin1::Text(value))),
        )
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(latin1::Owned, latin1::Owned)>::deserialize(from)?;
        Ok(Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.0, value.0))
                .collect(),
        ))
    }
}

/// Bytes in JSON: each byte as the character of the same number, which keeps every byte. For `#[serde(with)]`.
pub mod latin1 {
    use std::borrow::Cow;

    use bytes::Bytes;
    use serde::{Deserialize, Serialize};

    /// Borrowed bytes that serialize as text.
    pub struct Text<'a>(pub &'a [u8]);

    impl Serialize for Text<'_> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            match std::str::from_utf8(self.0) {
                Ok(text) if text.is_ascii() => to.serialize_str(text),
                _ => to.serialize_str(&self.0.iter().map(|&b| char::from(b)).collect::<String>()),
            }
        }
    }

    /// Bytes read back from such text.
    pub struct Owned(pub Bytes);

    impl<'de> Deserialize<'de> for Owned {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            deserialize(from).map(Self)
        }
    }

    /// Writes bytes as text.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: serde::Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        Text(bytes).serialize(to)
    }

    /// Reads bytes from text.
    ///
    /// # Errors
    /// A character above U+00FF, or the deserializer's own.
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        if text.is_ascii() {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
        bytes
            .map(Bytes::from)
            .map_err(|_| serde::de::Error::custom("a character above U+00FF stands for no byte"))
    }
}

/// HTTP version in which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Version {
    /// HTTP/1.0.
    #[serde(rename = "1.0")]
    Http10,
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2: header names have no case and came as lower-case.
    #[serde(rename = "2")]
    Http2,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None was declared: neither Content-Length nor Transfer-Encoding.
    Absent,
    /// All of it, at most [`Body::INLINE`] bytes; may be empty (`Content-Length: 0`).
    Whole(Bytes),
    /// Larger: its bytes are in the store (or come by DATA frames), this is their number.
    Pieces(u64),
}

impl Body {
    /// Largest body that travels with its head, in bytes; a larger one is stored and sent in pieces. The common webhook
    /// is a few KiB, so it is one row and one frame.
    pub const INLINE: usize = 64 * 1024;

    /// Its length in bytes; 0 if absent.
    pub fn len(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Pieces(len) => *len,
        }
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One request as received. Never changed; an edit is a copy with its list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Global name.
    pub id: CaptureId,
    /// The endpoint that it came to.
    pub endpoint: EndpointName,
    /// When its head had been read.
    pub received_at: UnixMillis,
    /// Who sent it: the address of the connection.
    pub peer: IpAddr,
    /// Method as sent, any token.
    pub method: http::Method,
    /// Path and query behind the endpoint's name, raw bytes as sent; empty, or beginning with `/` or `?`.
    pub path: Bytes,
    /// HTTP version it came in.
    pub version: Version,
    /// Header lines as received, hop-by-hop ones too.
    pub headers: Headers,
    /// Trailer lines, never merged into the headers.
    pub trailers: Headers,
    /// The body, or its length.
    pub body: Body,
}

/// Whether a sender was waiting for the answer when a capture was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A sender waits.
    Live,
    /// It waited at the relay; no sender is left.
    Waited,
}

/// Status and headers of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    /// 100 to 999 (RFC 9110 §15).
    pub status: http::StatusCode,
    /// Header lines in the order the app wrote them, as far as its client library keeps it.
    pub headers: Headers,
}

/// How the forward of a capture ended, or why there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The app answered with HTTP, whatever the status.
    Answered,
    /// Nothing accepted the connection.
    Refused,
    /// No answer head within the timeout.
    TimedOut,
    /// The connection broke, or what came was not HTTP.
    Broken,
    /// Captured, to be forwarded when a person says so.
    Held,
    /// Captured, to be forwarded when the target's port opens.
    Parked,
    /// Captured, not to be forwarded: no target, or left out by `--only`.
    Skipped,
}

impl Outcome {
    /// The word on the wire, in JSON and in stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken",
            Self::Held => "held",
            Self::Parked => "parked",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the target was tried at all.
    pub fn is_try(self) -> bool {
        !matches!(self, Self::Held | Self::Parked | Self::Skipped)
    }
}

impl FromStr for Outcome {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [
            Self::Answered,
            Self::Refused,
            Self::TimedOut,
            Self::Broken,
            Self::Held,
            Self::Parked,
            Self::Skipped,
        ];
        all.into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or(())
    }
}

/// One edit made on the way to the app; the inspector lists them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Edit {
    /// A line (or `path`, `method`, `body`) that went out otherwise than it came.
    Changed {
        /// What: a header's name, or `path`, `method`, `body`.
        what: String,
        /// As it came.
        #[serde(with = "latin1")]
        from: Bytes,
        /// As it went out.
        #[serde(with = "latin1")]
        to: Bytes,
    },
    /// A header line that was added.
    Added {
        /// Its name.
        name: String,
        /// Its value.
        #[serde(with = "latin1")]
        value: Bytes,
    },
    /// A header line that was left out.
    Removed {
        /// Its name.
        name: String,
        /// Its value.
        #[serde(with = "latin1")]
        value: Bytes,
    },
}

/// What the sender gets, and when; kept with the endpoint, so that it holds while nobody listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnswerPolicy {
    /// What the app answered; 202 at the deadline and while nobody listens.
    App,
    /// 202 as soon as it is stored.
    Now,
    /// What the app answered; 504 at the deadline, 503 while nobody listens.
    Strict,
    /// Always this, once stored.
    Respond {
        /// Status, 200 to 599.
        status: u16,
        /// Body, served as JSON if it parses, else as plain text.
        body: String,
    },
}

/// What the sender of a live delivery got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Status; none if the sender had gone.
    pub status: Option<u16>,
    /// Whose answer it was.
    pub by: SentBy,
}

/// Whose answer the sender got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentBy {
    /// The listener's: the app's answer, or the one it made itself.
    App,
    /// The relay's, because the deadline passed.
    Deadline,
    /// The relay's, by policy.
    Policy,
    /// Nobody's: the sender went away before.
    Gone,
}
