//! The app's answer on its way back: to the sender as it comes, to the history as far as it is kept.
//!
//! The common answer is there whole when its head is: one RESPONSE, one record. A longer one is pumped to the sender while the
//! attempt is recorded at its head; what the history gets is a copy over a bounded queue.

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use hooktool_relay::{
    capture::{Capture, Outcome, Sent},
    link::OutBody,
    protocol::{Done, Frame, MAX_FIRST, Reset, ResetCode, ResponseHead},
    registry::AnswerBody,
};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Duration, timeout},
};

use crate::{
    forward::Answered,
    history::{HistoryError, KeptAnswer, Streaming},
};

use super::{
    Deliveries,
    settle::{Facts, Reply, cause},
};

/// Pieces of an answer that wait for the history; when it is full the pump waits, and so the app.
const COPIES: usize = 16;

/// An answer that nobody waits for is read to its end for so long, to be kept.
const UNWANTED: Duration = Duration::from_secs(60);

/// The beginning of an answer.
struct Beginning {
    first: Bytes,
    /// How the body ended, if it did.
    ended: Option<Result<(), String>>,
}

impl Deliveries {
    /// Gives the app's answer to the sender, records the attempt, and streams the rest.
    pub(super) async fn pass(
        &self,
        capture: &Capture,
        answered: Answered,
        facts: Facts,
        mut reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let Answered { head, mut body } = answered;
        let Beginning { first, ended } = begin(&mut body);
        let mut sent = None;
        let mut rest = None;
        if reply.is_wanted(&mut sent) {
            let whole = matches!(ended, Some(Ok(())));
            let response = ResponseHead {
                status: head.status.as_u16(),
                headers: head.headers.clone(),
                ms: reply.ms(),
            };
            let frame = Frame::Response {
                stream: reply.stream,
                head: Box::new(response),
                first: first.clone(),
                end: whole,
            };
            rest = reply.out.head(frame).await.ok().filter(|_| !whole);
        }
        drop(slot);
        let kept = KeptAnswer {
            status: head.status.as_u16(),
            headers: head.headers,
            len: first.len() as u64,
            body: first,
            ended: matches!(ended, Some(Ok(()))),
        };
        let ms = u64::try_from(facts.took.as_millis()).ok();
        let done = Done {
            outcome: Outcome::Answered,
            ms,
        };
        if let Some(ended) = ended {
            if let (Err(_), Some(rest)) = (&ended, rest) {
                rest.reset(Reset {
                    code: ResetCode::Broken,
                    text: String::new(),
                });
            }
            let sent = reply.sent(sent).await;
            let mut attempt = facts.attempt(cause(reply.kind), Ok(kept), sent);
            attempt.error = ended.err();
            if let Some(streaming) = self.history.attempted(capture.id, attempt).await? {
                streaming.end(Some("the answer broke off".into())).await?;
            }
            return Ok(Some(done));
        }
        self.stream(
            capture,
            kept,
            facts,
            reply,
            sent,
            Rest {
                body,
                out: rest,
                done,
            },
        )
        .await
    }

    /// Pumps a streaming answer and records it; DONE is said as soon as its attempt is on disk.
    async fn stream(
        &self,
        capture: &Capture,
        kept: KeptAnswer,
        facts: Facts,
        mut reply: Reply,
        sent: Option<Sent>,
        rest: Rest,
    ) -> Result<Option<Done>, HistoryError> {
        let Rest { body, out, done } = rest;
        let (copies, mut copied) = mpsc::channel(COPIES);
        let pumping = pump(body, out, copies);
        let recording = async {
            let sent = reply.sent(sent).await;
            let attempt = facts.attempt(cause(reply.kind), Ok(kept), sent);
            let streaming = self.history.attempted(capture.id, attempt).await?;
            self.finish(capture.id, Some(done)).await;
            keep(streaming, &mut copied).await
        };
        let (ended, recorded) = tokio::join!(pumping, recording);
        if let Some(streaming) = recorded? {
            streaming.end(ended.err()).await?;
        }
        Ok(None)
    }
}

/// What is left of an answer.
struct Rest {
    body: AnswerBody,
    out: Option<OutBody>,
    done: Done,
}

/// Takes what is there already, without waiting.
fn begin(body: &mut AnswerBody) -> Beginning {
    let mut first = BytesMut::new();
    let mut one: Option<Bytes> = None;
    let ended = loop {
        if one.as_ref().map_or(first.len(), Bytes::len) >= MAX_FIRST / 2 {
            break None;
        }
        match body.frame().now_or_never() {
            None => break None,
            Some(None) => break Some(Ok(())),
            Some(Some(Err(cut))) => break Some(Err(cut.to_string())),
            Some(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                match (one.take(), first.is_empty()) {
                    (None, true) => one = Some(bytes),
                    (earlier, _) => {
                        first.extend_from_slice(&earlier.unwrap_or_default());
                        first.extend_from_slice(&bytes);
                    }
                }
            }
        }
    };
    Beginning {
        first: one.unwrap_or_else(|| first.freeze()),
        ended,
    }
}

/// Carries an answer from the app to the sender, with a copy to the history.
///
/// # Errors
/// Why it did not come to its end, in words.
async fn pump(
    mut body: AnswerBody,
    out: Option<OutBody>,
    copies: mpsc::Sender<Bytes>,
) -> Result<(), String> {
    let Some(mut out) = out else {
        return drain(body, copies).await;
    };
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = out.cancelled() => return Err("the sender left".into()),
        };
        match frame {
            None => {
                out.finish().await;
                return Ok(());
            }
            Some(Err(cut)) => {
                out.reset(Reset {
                    code: ResetCode::Broken,
                    text: String::new(),
                });
                return Err(cut.to_string());
            }
            Some(Ok(frame)) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                // Without a recorder the sender still gets its answer.
                let _ = copies.send(bytes.clone()).await;
                if out.send(bytes).await.is_err() {
                    return Err("the sender left".into());
                }
            }
        }
    }
}

/// Reads an answer that no sender waits for, for its copy alone.
async fn drain(mut body: AnswerBody, copies: mpsc::Sender<Bytes>) -> Result<(), String> {
    let to_its_end = async {
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|cut| cut.to_string())?.into_data() {
                let _ = copies.send(bytes).await;
            }
        }
        Ok(())
    };
    timeout(UNWANTED, to_its_end)
        .await
        .unwrap_or_else(|_| Err("nobody waited for the rest of the answer".into()))
}

/// Keeps copies until the pump ends.
async fn keep(
    mut streaming: Option<Streaming>,
    copied: &mut mpsc::Receiver<Bytes>,
) -> Result<Option<Streaming>, HistoryError> {
    let mut pieces = Vec::with_capacity(COPIES);
    while copied.recv_many(&mut pieces, COPIES).await > 0 {
        let bytes = match pieces.len() {
            1 => pieces.swap_remove(0),
            _ => pieces.concat().into(),
        };
        pieces.clear();
        if let Some(streaming) = &mut streaming {
            streaming.push(bytes).await?;
        }
    }
    Ok(streaming)
}

/// Keeps an answer that nobody but the history wants, for as long as that is worth it.
pub(super) async fn keep_all(streaming: Streaming, body: AnswerBody) -> Result<(), HistoryError> {
    carry_on(Some(streaming), body, None).await
}

/// Pumps what the app writes on an upgraded connection, with a copy to the history.
pub(super) async fn carry_on(
    streaming: Option<Streaming>,
    body: AnswerBody,
    out: Option<OutBody>,
) -> Result<(), HistoryError> {
    let (copies, mut copied) = mpsc::channel(COPIES);
    let (ended, kept) = tokio::join!(pump(body, out, copies), keep(streaming, &mut copied));
    match kept? {
        Some(streaming) => streaming.end(ended.err()).await,
        None => Ok(()),
    }
}
