//! How a delivery ends: its sender is answered, its attempt recorded; then it has earned its DONE.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Capture, Edit, Headers, Kind, Outcome, Sent, SentBy, UnixMillis},
    link::Outbound,
    protocol::{Done, Frame, Reset, ResetCode, ResponseHead, StreamId},
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::timeout,
};

use crate::{
    forward::{Answered, Failure, Tried},
    history::{Attempt, Cause, HistoryError, KeptAnswer, Recorded},
};

use super::Deliveries;

/// How long DONE waits for SENT. Longer means that the relay forgot it; the attempt is recorded without.
const SENT_WITHIN: Duration = Duration::from_secs(5);

/// How to answer a delivery.
pub(super) struct Reply {
    pub(super) out: Outbound,
    pub(super) stream: StreamId,
    pub(super) kind: Kind,
    pub(super) told: oneshot::Receiver<Sent>,
    pub(super) received: Instant,
}

impl Reply {
    /// Whether the sender still waits for an answer, as far as is known.
    pub(super) fn is_wanted(&mut self, sent: &mut Option<Sent>) -> bool {
        if sent.is_none() {
            *sent = self.told.try_recv().ok();
        }
        self.kind == Kind::Live && sent.is_none()
    }

    /// An answer of the listener's own, whole.
    async fn answer(&self, status: u16, text: &'static str) {
        let mut headers = Headers::new();
        headers.push("content-type", "text/plain; charset=utf-8");
        let head = ResponseHead {
            status,
            headers,
            ms: self.ms(),
        };
        let first = Bytes::from_static(text.as_bytes());
        let frame = Frame::Response {
            stream: self.stream,
            head: Box::new(head),
            first,
            end: true,
        };
        drop(self.out.head(frame).await);
    }

    pub(super) fn ms(&self) -> u64 {
        u64::try_from(self.received.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// What the sender got, if a sender waited and the relay says it in time.
    pub(super) async fn sent(&mut self, known: Option<Sent>) -> Option<Sent> {
        if known.is_some() || self.kind == Kind::Waited {
            return known;
        }
        timeout(SENT_WITHIN, &mut self.told).await.ok()?.ok()
    }
}

impl Deliveries {
    /// Records that a capture was not forwarded, and answers its sender.
    pub(super) async fn keep_back(
        &self,
        capture: &Capture,
        recording: impl Future<Output = Result<Recorded, HistoryError>>,
        mut reply: Reply,
    ) -> Result<Option<Done>, HistoryError> {
        let recorded = recording.await?;
        if reply.kind == Kind::Waited
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        let has_target = self.routes.pick(&capture.path).is_some();
        let outcome = match (has_target, self.board.hold.borrow().on) {
            (false, _) => Outcome::Skipped,
            (true, true) => Outcome::Held,
            (true, false) => Outcome::Parked,
        };
        self.record_kept_back(capture, outcome, &mut reply).await
    }

    /// Records held, parked or skipped, and answers for the app that was not asked.
    async fn record_kept_back(
        &self,
        capture: &Capture,
        outcome: Outcome,
        reply: &mut Reply,
    ) -> Result<Option<Done>, HistoryError> {
        let mut sent = None;
        if reply.is_wanted(&mut sent) {
            match outcome {
                Outcome::Skipped => reply.answer(200, "captured; there is no target\n").await,
                Outcome::Held => {
                    reply
                        .answer(
                            202,
                            "captured and held; it is forwarded when a person says so\n",
                        )
                        .await
                }
                _ => {
                    reply
                        .answer(202, "captured; it is forwarded when the target answers\n")
                        .await
                }
            }
        }
        let sent = reply.sent(sent).await;
        let attempt = Attempt {
            try_number: None,
            cause: cause(reply.kind),
            target: String::new(),
            started_at: UnixMillis::now(),
            outcome,
            error: None,
            connect: None,
            took: None,
            changes: Vec::new(),
            answer: None,
            sent,
            late: false,
        };
        self.history.attempted(capture.id, attempt).await?;
        self.board.hold.send_modify(|hold| match outcome {
            Outcome::Held => hold.held += 1,
            Outcome::Parked => hold.parked += 1,
            _ => {}
        });
        Ok(Some(Done { outcome, ms: None }))
    }

    /// Answers and records what a forward came to.
    pub(super) async fn settle(
        &self,
        capture: &Capture,
        tried: Tried,
        mut reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let (answered, tried) = split(tried);
        let failure = match answered {
            Ok(answered) => return self.pass(capture, answered, tried, reply, slot).await,
            Err(failure) => failure,
        };
        let is_parked = failure.outcome == Outcome::Refused
            && (reply.kind == Kind::Waited || self.wait_for_target);
        if is_parked {
            return self
                .record_kept_back(capture, Outcome::Parked, &mut reply)
                .await;
        }
        let mut sent = None;
        if reply.is_wanted(&mut sent) {
            let _ = reply
                .out
                .control(Frame::Reset {
                    stream: reply.stream,
                    reset: reset(failure.outcome),
                })
                .await;
        }
        drop(slot);
        let outcome = failure.outcome;
        let sent = reply.sent(sent).await;
        let ms = u64::try_from(tried.took.as_millis()).ok();
        self.history
            .attempted(
                capture.id,
                tried.attempt(cause(reply.kind), Err(failure), sent),
            )
            .await?;
        Ok(Some(Done { outcome, ms }))
    }
}

/// A forward without its answer.
pub(super) struct Facts {
    url: String,
    started_at: UnixMillis,
    connect: Option<Duration>,
    pub(super) took: Duration,
    edits: Vec<Edit>,
}

pub(super) fn split(tried: Tried) -> (Result<Answered, Failure>, Facts) {
    let Tried {
        url,
        started_at,
        connect,
        took,
        edits,
        result,
    } = tried;
    (
        result,
        Facts {
            url,
            started_at,
            connect,
            took,
            edits,
        },
    )
}

impl Facts {
    pub(super) fn attempt(
        self,
        cause: Cause,
        result: Result<KeptAnswer, Failure>,
        sent: Option<Sent>,
    ) -> Attempt {
        let late = result.is_ok()
            && sent
                .as_ref()
                .is_some_and(|sent| sent.by == SentBy::Deadline);
        let (outcome, error, answer) = match result {
            Ok(answer) => (Outcome::Answered, None, Some(answer)),
            Err(failure) => (failure.outcome, Some(failure.text), None),
        };
        Attempt {
            try_number: None,
            cause,
            target: self.url,
            started_at: self.started_at,
            outcome,
            error,
            connect: self.connect,
            took: Some(self.took),
            changes: self.edits,
            answer,
            sent,
            late,
        }
    }
}

pub(super) fn cause(kind: Kind) -> Cause {
    match kind {
        Kind::Live => Cause::Live,
        Kind::Waited => Cause::Waited,
    }
}

/// What the relay hears of a failed forward.
pub(super) fn reset(outcome: Outcome) -> Reset {
    let code = match outcome {
        Outcome::Refused => ResetCode::Refused,
        Outcome::TimedOut => ResetCode::TimedOut,
        _ => ResetCode::Broken,
    };
    Reset {
        code,
        text: String::new(),
    }
}
