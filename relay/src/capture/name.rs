//! What things are called and in which order they came: ids, seqs, epochs, names, moments.

use std::{
    fmt,
    str::FromStr,
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

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
        // 26 characters of five bits are two bits more than an id has: a first one above 7 would overflow.
        if !ulid.starts_with(|first: char| matches!(first, '0'..='7')) {
            return Err(NameError::Id);
        }
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

impl From<String> for SessionId {
    /// A name as a listener gave it; whether a relay knows it is another matter.
    fn from(name: String) -> Self {
        Self(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_rise() {
        let (first, second) = (CaptureId::new(), CaptureId::new());
        assert!(first < second);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(CaptureId::from_bytes(first.to_bytes()), first);
        for wrong in [
            "",
            "req_",
            "01K7CH5XQ0000000000000000A",
            "req_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "req_01K7CH5XQ0000000000000000",
        ] {
            assert_eq!(wrong.parse::<CaptureId>(), Err(NameError::Id), "{wrong}");
        }
    }

    #[test]
    fn endpoint_names_are_dns_labels() {
        let longest = "a".repeat(EndpointName::MAX);
        for right in ["a", "tidy-otter", "0", longest.as_str()] {
            assert!(right.parse::<EndpointName>().is_ok(), "{right}");
        }
        let too_long = "a".repeat(EndpointName::MAX + 1);
        for wrong in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "a.b",
            "é",
            "_hooktool",
            too_long.as_str(),
        ] {
            assert_eq!(
                wrong.parse::<EndpointName>(),
                Err(NameError::Endpoint),
                "{wrong}"
            );
        }
    }
}
