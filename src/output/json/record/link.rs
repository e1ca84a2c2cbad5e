//! Records of a listener's link: what it serves, that it is reached, what becomes of it, what it never brings.

use hooktool_relay::capture::{EndpointName, Seq};
use serde::Serialize;

use super::{V, millis};
use crate::event::{Gap, Link};

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
    pub(in crate::output::json) state: &'static str,
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
