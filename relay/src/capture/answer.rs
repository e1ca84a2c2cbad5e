//! What becomes of a capture: its answer, its outcome, the edits on its way, what its sender gets.

use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Headers, latin1};

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
    /// How long it had waited for it, or until it went, in milliseconds from when its request was there whole; none by policy, and
    /// if the relay does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
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
