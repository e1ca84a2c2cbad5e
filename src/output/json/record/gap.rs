//! Requests that never come, as JSON says it.

use hooktool_relay::capture::Seq;
use serde::Serialize;

use super::V;
use crate::event::Gap;

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
