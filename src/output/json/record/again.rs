//! Which request before brought the same event, as JSON says it.

use serde::Serialize;

use super::millis;
use crate::history::{Again, Repeat, Summary};

/// The id of the first request with this event, if it stands to it so.
pub(super) fn first(row: &Summary, repeat: Repeat) -> Option<String> {
    let again = row.again.as_deref();
    let again = again.filter(|again| again.repeat == repeat);
    again.map(|again| again.id.to_string())
}

/// How a request stands to the first one with its event.
#[derive(Debug, Serialize)]
pub(super) struct AgainRecord {
    /// That one's number.
    number: u64,
    after_ms: u64,
    /// How often the event has come.
    times: u32,
    /// Whether only path and body say so.
    probable: bool,
    same_body: Option<bool>,
    /// Of a batch: its events, and those of them that had come before.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_seen: Option<u32>,
}

impl AgainRecord {
    pub(super) fn new(again: &Again) -> Self {
        Self {
            number: again.of,
            after_ms: millis(again.after),
            times: again.times,
            probable: again.is_probable,
            same_body: again.is_same_body,
            events: again.batch.map(|(events, _)| events),
            events_seen: again.batch.map(|(_, seen)| seen),
        }
    }
}
