//! Stored requests and their tries, as the values that exports and comparisons take: one reading for commands and the screen.
//!
//! In: a reader of the history, a number. Out: an [`Exchange`] with its tries, or a side of a comparison. Must not know: who asks,
//! where it is written.

use bytes::Bytes;
use hooktool_relay::capture::Body;

use crate::{
    export::{Answer, Exchange, Try},
    history::{Attempt, HistoryError, Reader, Request},
    target::Target,
};

mod again;
mod desk;
mod draft;
mod evidence;
mod heard;
mod kept;
mod side;

pub use again::again;
pub use desk::Desk;
pub use draft::{Part, edits, header_line, text, without_added_end};
pub use evidence::Evidence;
pub use heard::next;
pub use kept::kept;
pub use side::Picked;

/// A request's body, whatever its size; none if there is none.
///
/// # Errors
/// The reader's.
pub fn whole(reader: &Reader, request: &Request) -> Result<Option<Bytes>, HistoryError> {
    match &request.capture.body {
        Body::Absent => Ok(None),
        Body::Whole(bytes) => Ok(Some(bytes.clone())),
        Body::Pieces(len) => {
            let len = usize::try_from(*len).unwrap_or(usize::MAX);
            reader.body(request.summary.number, 0, len).map(Some)
        }
    }
}

/// The path as a request line has it: never empty.
pub fn path(request: &Request) -> &[u8] {
    match request.capture.path.as_ref() {
        b"" => b"/",
        path => path,
    }
}

/// A request with its tries. Its URL is that of the last try, else at `target`. `wants_body`: bodies above
/// [`Body::INLINE`] are read too.
///
/// # Errors
/// The reader's.
pub fn exchange(
    reader: &Reader,
    request: &Request,
    target: Option<&Target>,
    wants_body: bool,
) -> Result<Exchange, HistoryError> {
    let attempts = reader.attempts(request.summary.number)?;
    let tries: Vec<Try> = attempts.into_iter().filter_map(one_try).collect();
    let at_target = || {
        let base = target?.to_string();
        Some([base.as_bytes(), path(request)].concat().into())
    };
    let url = tries.last().map(|last| last.url.clone()).or_else(at_target);
    let body = match wants_body {
        true => whole(reader, request)?,
        false => None,
    };
    Ok(Exchange {
        number: request.summary.number,
        capture: request.capture.as_ref().clone(),
        relay: request.relay.clone(),
        body,
        url,
        tries,
    })
}

/// A try; what was held, parked or skipped is none.
fn one_try(attempt: Attempt) -> Option<Try> {
    Some(Try {
        number: attempt.try_number?,
        url: attempt.target.into(),
        started_at: attempt.started_at,
        connect: attempt.connect,
        took: attempt.took,
        error: attempt.error,
        answer: attempt.answer.map(|answer| Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            len: answer.len,
        }),
    })
}
