//! What the history keeps of a request as a webhook: who sent it, which event, and which request before it was the same event.
//!
//! Plain values. Must not know: SQLite, how a sender is recognised.

use std::time::Duration;

use hooktool_relay::capture::CaptureId;

use super::Number;

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
    /// Why the sender tried again, in its word.
    pub attempt_reason: Option<String>,
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

/// What the same event has again when it comes again. Two requests with a number in common are the same event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// A number for each id in the request; of one without an id, one for its path and body. They hold for one endpoint.
    pub keys: Vec<u64>,
    /// Whether they are of path and body: then what fits is the same only probably, and only within [`Fingerprint::WINDOW`].
    pub is_of_body: bool,
    /// A number for the body's bytes, to tell whether they are the same; none if it came in pieces.
    pub body: Option<u64>,
}

impl Fingerprint {
    /// For how long the same path and body are taken for the same event.
    pub const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
}

/// That an event had come before: how this request stands to the first one with it. As it was when this one came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// What it is beside them.
    pub repeat: Repeat,
    /// The first one with the event; it may be gone by now.
    pub of: Number,
    /// Its id.
    pub id: CaptureId,
    /// How long after that one it came.
    pub after: Duration,
    /// How often the event has come, this time included: 2 or more.
    pub times: u32,
    /// Whether that is known from path and body alone.
    pub is_probable: bool,
    /// Whether the body is that of the first one, byte for byte; none if that is not known.
    pub is_same_body: Option<bool>,
    /// Of a batch: its events, and how many of them had come before.
    pub batch: Option<(u32, u32)>,
}

/// What a request is beside those before it with the same event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// All of those failed: the sender tries again.
    Retry,
    /// One of those was answered well, or taken without an answer of the app: it must not do its work twice.
    Duplicate,
}

impl Repeat {
    /// The word in the store.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Duplicate => "duplicate",
        }
    }

    /// The repeat of a word.
    pub(super) fn named(word: &str) -> Option<Self> {
        let mut all = [Self::Retry, Self::Duplicate].into_iter();
        all.find(|repeat| repeat.as_str() == word)
    }
}
