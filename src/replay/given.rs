//! A request that stands in no history, sent and not recorded: of a file, or made for the purpose.
//!
//! In: the request with its body, where to, what to change. Out: the attempt, with what is kept of an answer. Must not know: where it
//! came from.

use bytes::Bytes;
use hooktool_relay::capture::Capture;

use super::{End, attempt_of, close, next, settle, whole};
use crate::{
    event::Edits,
    forward::{Forwarder, Kept},
    history::{Attempt, KeptAnswer},
    target::Target,
};

/// Sends it, and waits for the end of its answer.
pub async fn given(
    forwarder: &Forwarder,
    target: &Target,
    (capture, body): (&Capture, &Bytes),
    edits: &Edits,
) -> Attempt {
    let (edited, changes) = edits.apply(capture);
    let body = whole(edits.body.as_ref().unwrap_or(body).clone());
    let sent = forwarder
        .send(target, &edited, body, Some(capture.id))
        .await;
    let (mut attempt, body) = attempt_of(sent, changes);
    let Some(mut body) = body else {
        return attempt;
    };
    let mut kept = Kept::new(KeptAnswer::KEPT);
    let mut end = settle(&mut body, &mut kept).await;
    while end.is_none() {
        match next(&mut body).await {
            Ok(piece) => kept.take(&piece),
            Err(how) => end = Some(how),
        }
    }
    close(&mut attempt, kept.len(), end.or(Some(End::Cut)));
    if let Some(answer) = &mut attempt.answer {
        answer.body = kept.into_bytes();
    }
    attempt
}
