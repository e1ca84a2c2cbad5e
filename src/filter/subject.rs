//! What a filter is tested against: a request, as far as it is loaded.
//!
//! Whoever tests begins with what a list has, and loads more only when the verdict is [`Verdict::Unknown`]. Must not know: where
//! it is loaded from.

use std::{net::IpAddr, time::Duration};

use hooktool_relay::capture::{Body, Capture, CaptureId, Headers, Kind, Outcome, UnixMillis};

/// A request; what is `None` of the last three has not been loaded.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its local number, if it has one by now.
    pub number: Option<u64>,
    /// Its global id.
    pub id: CaptureId,
    /// Its endpoint.
    pub endpoint: &'a str,
    /// Method.
    pub method: &'a str,
    /// Path and query, bytes.
    pub path: &'a [u8],
    /// Who sent it.
    pub peer: IpAddr,
    /// When the relay received it.
    pub received_at: UnixMillis,
    /// Whether a sender waited.
    pub kind: Kind,
    /// Body length; none if absent.
    pub size: Option<u64>,
    /// How many tries there were.
    pub tries: u32,
    /// The latest attempt in short; none if there is none yet.
    pub last: Option<Last>,
    /// Whether it is kept by retention.
    pub is_bookmarked: bool,
    /// What a person wrote beside it.
    pub note: Option<&'a str>,
    /// What it says of itself as a webhook; none: no known sender.
    pub said: Option<Said<'a>>,
    /// Whether a person has marked it on the screen.
    pub is_marked: bool,
    /// Its header lines.
    pub headers: Option<&'a Headers>,
    /// Its body.
    pub body: Option<&'a [u8]>,
    /// Its attempts, oldest first.
    pub attempts: Option<&'a [Attempt<'a>]>,
}

/// What a webhook says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The event's type.
    pub event: Option<&'a str>,
    /// Its action, where that is a field of its own.
    pub action: Option<&'a str>,
    /// What its signature is worth, a word of `sig:`.
    pub verdict: &'a str,
}

impl Said<'_> {
    /// The event's type, and the type with its action, as far as there are any.
    pub(super) fn events(&self) -> impl Iterator<Item = String> {
        let whole = match (self.event, self.action) {
            (Some(event), Some(action)) => Some(format!("{event}.{action}")),
            (None, Some(action)) => Some(action.to_owned()),
            (_, None) => None,
        };
        self.event.map(str::to_owned).into_iter().chain(whole)
    }
}

/// The latest attempt, as a list has it.
#[derive(Clone, Copy, Debug)]
pub struct Last {
    /// How it ended.
    pub outcome: Outcome,
    /// The app's status.
    pub status: Option<u16>,
    /// Time to the answer's head.
    pub took: Option<Duration>,
    /// Whether the sender had been answered before.
    pub is_late: bool,
    /// Whether a person sent it again.
    pub is_replay: bool,
    /// Whether it was a challenge of the sender's, answered by hooktool.
    pub is_challenge: bool,
}

/// One attempt.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The URL it went to; empty without a try.
    pub target: &'a str,
    /// Whether a person sent it again.
    pub is_replay: bool,
    /// Whether that person changed it.
    pub is_edited: bool,
    /// The status that the sender got.
    pub sent: Option<u16>,
    /// Header lines and kept body of the app's answer.
    pub answer: Option<(&'a Headers, &'a [u8])>,
}

impl<'a> Subject<'a> {
    /// A request that has just come, and was not forwarded yet. A body in pieces is not loaded.
    pub fn arrived(capture: &'a Capture, kind: Kind) -> Self {
        Self {
            number: None,
            id: capture.id,
            endpoint: capture.endpoint.as_str(),
            method: capture.method.as_str(),
            path: &capture.path,
            peer: capture.peer,
            received_at: capture.received_at,
            kind,
            size: match &capture.body {
                Body::Absent => None,
                body => Some(body.len()),
            },
            tries: 0,
            last: None,
            is_bookmarked: false,
            note: None,
            said: None,
            is_marked: false,
            headers: Some(&capture.headers),
            body: inline(&capture.body),
            attempts: Some(&[]),
        }
    }

    /// The path without its query, never empty.
    pub(super) fn bare_path(&self) -> &'a [u8] {
        let end = self.path.iter().position(|&byte| byte == b'?');
        match end.map_or(Some(self.path), |end| self.path.get(..end)) {
            None | Some([]) => b"/",
            Some(path) => path,
        }
    }

    /// The query without its question mark; empty if there is none.
    pub(super) fn query(&self) -> &'a [u8] {
        let start = self.path.iter().position(|&byte| byte == b'?');
        let query = start.and_then(|start| self.path.get(start.saturating_add(1)..));
        query.unwrap_or_default()
    }
}

/// A body that needs no loading.
pub fn inline(body: &Body) -> Option<&[u8]> {
    match body {
        Body::Absent => Some(&[]),
        Body::Whole(bytes) => Some(bytes),
        Body::Pieces(_) => None,
    }
}

/// Whether a request fits, as far as it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Yes,
    /// It does not.
    No,
    /// That depends on what is not loaded yet.
    Unknown,
}

impl From<bool> for Verdict {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

/// What of a request must be loaded before every verdict is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Needs {
    /// Its header lines.
    pub headers: bool,
    /// Its body.
    pub body: bool,
    /// Its attempts with their answers.
    pub attempts: bool,
}

impl Needs {
    /// What either needs.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            headers: self.headers || other.headers,
            body: self.body || other.body,
            attempts: self.attempts || other.attempts,
        }
    }
}
