//! How a try ended, in a few words: for where the detail has no room.

use super::text;
use crate::{history::Attempt, text::Safe};

/// Bytes of an answer that are looked at for its first line.
const LOOKED_AT: usize = 256;

/// Why it failed, else the beginning of what the app answered; empty if there is neither.
pub(super) fn outcome(attempt: &Attempt) -> Safe<'static> {
    if let Some(error) = &attempt.error {
        return text(error.as_bytes());
    }
    let body = attempt.answer.as_ref().map(|answer| answer.body.as_ref());
    let body = body.unwrap_or_default();
    let body = &body[..body.len().min(LOOKED_AT)];
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.into_iter().find(|line| !line.is_empty());
    first.map_or(Safe::default(), |first| {
        Safe::format(format_args!("\"{}\"", text(first)))
    })
}
