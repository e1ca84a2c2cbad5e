//! The app's answer on its way back: to the sender as it comes, to the history as far as it is kept.
//!
//! The common answer is there whole when its head is: one RESPONSE, one record. A longer one is pumped to the sender while the
//! attempt is recorded at its head; what the history gets is a copy over a bounded queue.

use bytes::Bytes;
use futures_util::FutureExt;
use hooktool_relay::{
    capture::{Capture, Outcome},
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
    forward::{Answered, Failure},
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
enum Beginning {
    /// All of it.
    Whole(Bytes),
    /// What is there already; more comes.
    Part(Bytes),
    /// It broke off here.
    Cut(usize),
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
        let (first, ended) = match begin(&mut body) {
            Beginning::Whole(first) => (first, true),
            Beginning::Part(first) => (first, false),
            Beginning::Cut(after) => {
                // Nothing of it has gone out yet, so the sender can still be told the truth.
                let text = format!("the answer broke off after {after} bytes");
                let failure = Failure {
                    outcome: Outcome::Broken,
                    text,
                };
                return self.fall_short(capture, failure, facts, reply, slot).await;
            }
        };
        // The client reads larger pieces than a frame takes: what is over goes first in the rest.
        let over = first.slice(first.len().min(MAX_FIRST)..);
        let ended = ended && over.is_empty();
        let mut rest = None;
        if reply.is_wanted() {
            let response = ResponseHead {
                status: head.status.as_u16(),
                headers: head.headers.clone(),
                ms: reply.ms(),
            };
            let frame = Frame::Response {
                stream: reply.stream,
                head: Box::new(response),
                first: first.slice(..first.len() - over.len()),
                end: ended,
            };
            rest = reply.out.head(frame).await.ok().filter(|_| !ended);
        }
        drop(slot);
        let kept = KeptAnswer {
            status: head.status.as_u16(),
            headers: head.headers,
            len: first.len() as u64,
            body: first,
            ended,
        };
        let ms = u64::try_from(facts.took.as_millis()).ok();
        let done = Done {
            outcome: Outcome::Answered,
            ms,
        };
        if !ended {
            return self
                .stream(
                    capture,
                    kept,
                    facts,
                    reply,
                    Rest {
                        over,
                        body,
                        out: rest,
                        done,
                    },
                )
                .await;
        }
        let cause = cause(reply.kind);
        let attempt = facts.attempt(cause, Ok(kept), reply.sent().await);
        self.history.attempted(capture.id, attempt).await?;
        Ok(Some(done))
    }

    /// Pumps a streaming answer and records it; DONE is said as soon as its attempt is on disk.
    async fn stream(
        &self,
        capture: &Capture,
        kept: KeptAnswer,
        facts: Facts,
        reply: Reply,
        rest: Rest,
    ) -> Result<Option<Done>, HistoryError> {
        let Rest {
            over,
            body,
            mut out,
            done,
        } = rest;
        let (copies, mut copied) = mpsc::channel(COPIES);
        let pumping = async {
            if let Some(out) = &mut out
                && out.send(over).await.is_err()
            {
                return Err("the sender left".into());
            }
            pump(body, out, copies).await
        };
        let recording = async {
            let cause = cause(reply.kind);
            let attempt = facts.attempt(cause, Ok(kept), reply.sent().await);
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
    /// Kept already, not yet sent.
    over: Bytes,
    body: AnswerBody,
    out: Option<OutBody>,
    done: Done,
}

/// Takes what is there already, without waiting.
fn begin(body: &mut AnswerBody) -> Beginning {
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut len = 0;
    while len < MAX_FIRST {
        match body.frame().now_or_never() {
            None => return Beginning::Part(joined(pieces)),
            Some(None) => return Beginning::Whole(joined(pieces)),
            Some(Some(Err(_))) => return Beginning::Cut(len),
            Some(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                len += bytes.len();
                pieces.push(bytes);
            }
        }
    }
    Beginning::Part(joined(pieces))
}

/// Pieces as one; a single one is not copied.
fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        1 => pieces.swap_remove(0),
        _ => pieces.concat().into(),
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
    let mut pieces = Vec::new();
    while copied.recv_many(&mut pieces, COPIES).await > 0 {
        let bytes = joined(std::mem::take(&mut pieces));
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
