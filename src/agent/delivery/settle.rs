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
    pub(super) told: Told,
    pub(super) received: Instant,
}

/// What the sender got.
pub(super) enum Told {
    /// The relay will say it.
    Waiting(oneshot::Receiver<Sent>),
    /// It is known; none if no sender waited, or the link is gone.
    Known(Option<Sent>),
}

impl Reply {
    /// Whether the sender still waits for an answer, as far as is known.
    pub(super) fn is_wanted(&mut self) -> bool {
        if let Told::Waiting(receiver) = &mut self.told {
            match receiver.try_recv() {
                Err(oneshot::error::TryRecvError::Empty) => return true,
                told => self.told = Told::Known(told.ok()),
            }
        }
        false
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
    pub(super) async fn sent(self) -> Option<Sent> {
        match self.told {
            Told::Known(sent) => sent,
            Told::Waiting(receiver) => timeout(SENT_WITHIN, receiver).await.ok()?.ok(),
        }
    }
}

impl Deliveries {
    /// Records that a capture was not forwarded, and answers its sender.
    pub(super) async fn keep_back(
        &self,
        capture: &Capture,
        recording: impl Future<Output = Result<Recorded, HistoryError>>,
        outcome: Outcome,
        reply: Reply,
    ) -> Result<Option<Done>, HistoryError> {
        let recorded = recording.await?;
        if reply.kind == Kind::Waited
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        self.record_kept_back(capture, outcome, reply).await
    }

    /// Records held, parked or skipped, and answers for the app that was not asked.
    pub(super) async fn record_kept_back(
        &self,
        capture: &Capture,
        outcome: Outcome,
        mut reply: Reply,
    ) -> Result<Option<Done>, HistoryError> {
        if reply.is_wanted() {
            let has_target = self.routes.pick(&capture.path).is_some();
            let (status, text) = match outcome {
                Outcome::Skipped if has_target => (202, "captured; not to be forwarded\n"),
                Outcome::Skipped => (200, "captured; there is no target\n"),
                Outcome::Held => (
                    202,
                    "captured and held; it is forwarded when a person says so\n",
                ),
                _ => (202, "captured; it is forwarded when the target answers\n"),
            };
            reply.answer(status, text).await;
        }
        let attempt = no_try(cause(reply.kind), outcome, reply.sent().await);
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
        reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let (answered, facts) = split(tried);
        match answered {
            Ok(answered) => self.pass(capture, answered, facts, reply, slot).await,
            Err(failure)
                if failure.outcome == Outcome::Refused
                    && (reply.kind == Kind::Waited || self.wait_for_target) =>
            {
                self.record_kept_back(capture, Outcome::Parked, reply).await
            }
            Err(failure) => self.fall_short(capture, failure, facts, reply, slot).await,
        }
    }

    /// Records a forward without an answer, and lets the relay answer by its policy.
    pub(super) async fn fall_short(
        &self,
        capture: &Capture,
        failure: Failure,
        facts: Facts,
        mut reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let outcome = failure.outcome;
        if reply.is_wanted() {
            let frame = Frame::Reset {
                stream: reply.stream,
                reset: reset(outcome),
            };
            let _ = reply.out.control(frame).await;
        }
        drop(slot);
        let ms = u64::try_from(facts.took.as_millis()).ok();
        let cause = cause(reply.kind);
        let attempt = facts.attempt(cause, Err(failure), reply.sent().await);
        self.history.attempted(capture.id, attempt).await?;
        Ok(Some(Done { outcome, ms }))
    }
}

/// What is recorded of a capture that was not forwarded.
pub(super) fn no_try(cause: Cause, outcome: Outcome, sent: Option<Sent>) -> Attempt {
    Attempt {
        try_number: None,
        cause,
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
