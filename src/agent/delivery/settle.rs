//! How a delivery ends: its sender is answered, its attempt recorded; then it has earned its DONE.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Capture, Edit, Headers, Kind, Outcome, Sent, SentBy, UnixMillis},
    link::{OutBody, Outbound},
    protocol::{Done, Frame, Reset, ResetCode, ResponseHead, StreamId},
};
use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::timeout,
};

use crate::{
    filter::Verdict,
    forward::{Answered, Failure, Tried},
    history::{Attempt, Cause, HistoryError, KeptAnswer, Recorded},
};

use super::{Deliveries, Recording, again, beside, under_way::Run};

/// How long DONE waits for SENT. Longer means that the relay forgot it; the attempt is recorded without.
const SENT_WITHIN: Duration = Duration::from_secs(5);

/// How to answer a delivery.
pub(super) struct Reply<'a> {
    pub(super) out: Outbound,
    pub(super) stream: StreamId,
    pub(super) kind: Kind,
    pub(super) told: Told,
    pub(super) received: Instant,
    /// Its place among those in flight on the link. Given back *before* an answer goes out: the relay offers the next as soon as
    /// it hears that.
    pub(super) slot: Option<OwnedSemaphorePermit>,
    /// Who hears DONE.
    pub(super) run: &'a Run<'a>,
}

/// What the sender got.
pub(super) enum Told {
    /// The relay will say it.
    Waiting(oneshot::Receiver<Sent>),
    /// It is known; none if no sender waited, or the link is gone.
    Known(Option<Sent>),
}

impl Told {
    /// What there is to hear of a delivery of this kind.
    pub(super) fn of(kind: Kind, told: oneshot::Receiver<Sent>) -> Self {
        match kind {
            Kind::Live => Self::Waiting(told),
            Kind::Waited => Self::Known(None),
        }
    }
}

impl Reply<'_> {
    /// Sends the app's answer, or its beginning; the rest of it goes through what comes back, while somebody wants it.
    pub(super) async fn begin(
        &mut self,
        head: ResponseHead,
        first: Bytes,
        end: bool,
    ) -> Option<OutBody> {
        self.slot = None;
        let frame = Frame::Response {
            stream: self.stream,
            head: Box::new(head),
            first,
            end,
        };
        self.out.head(frame).await.ok().filter(|_| !end)
    }

    /// Says that no answer comes.
    async fn reset(&mut self, outcome: Outcome) {
        self.slot = None;
        let (stream, reset) = (self.stream, reset(outcome));
        // A link that is gone needs none.
        let _ = self.out.control(Frame::Reset { stream, reset }).await;
    }

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
    async fn answer(&mut self, status: u16, text: &'static str) {
        let mut headers = Headers::new();
        headers.push("content-type", "text/plain; charset=utf-8");
        let ms = self.ms();
        let head = ResponseHead {
            status,
            headers,
            ms,
        };
        self.begin(head, Bytes::from_static(text.as_bytes()), true)
            .await;
    }

    /// What the sender hears where nothing is forwarded.
    pub(super) async fn without_target(&mut self) {
        self.answer(200, "captured; there is no target\n").await;
    }

    pub(super) fn ms(&self) -> u64 {
        u64::try_from(self.received.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// What the sender got, if a sender waited and the relay says it in time.
    pub(super) async fn sent(mut self) -> Option<Sent> {
        self.slot = None;
        match self.told {
            Told::Known(sent) => sent,
            Told::Waiting(receiver) => timeout(SENT_WITHIN, receiver).await.ok()?.ok(),
        }
    }
}

impl Deliveries {
    /// Answers the sender of a capture that was recorded but is not forwarded, and records that too.
    pub(super) async fn keep_back(
        &self,
        capture: &Capture,
        recorded: Recorded,
        fits: Verdict,
        reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        if reply.kind == Kind::Waited
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        let is_wanted = fits == Verdict::Yes && self.routes.pick(&capture.path).is_some();
        let outcome = match (is_wanted, self.board.hold.borrow().on) {
            (false, _) => Outcome::Skipped,
            (true, true) => Outcome::Held,
            (true, false) => Outcome::Parked,
        };
        self.record_kept_back(capture, outcome, reply).await
    }

    /// Records held, parked or skipped, and answers for the app that was not asked.
    async fn record_kept_back(
        &self,
        capture: &Capture,
        outcome: Outcome,
        mut reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        if reply.is_wanted() {
            let has_target = self.routes.pick(&capture.path).is_some();
            let text = match outcome {
                Outcome::Skipped if has_target => "captured; not to be forwarded\n",
                Outcome::Held => "captured and held; it is forwarded when a person says so\n",
                _ => "captured; it is forwarded when the target answers\n",
            };
            match outcome {
                Outcome::Skipped if !has_target => reply.without_target().await,
                _ => reply.answer(202, text).await,
            }
        }
        let cause = cause(reply.kind);
        let sent = reply.sent().await;
        self.record_unsent(capture.id, outcome, cause, sent).await?;
        self.board.hold.send_modify(|hold| match outcome {
            Outcome::Held => hold.held += 1,
            Outcome::Parked => hold.parked += 1,
            _ => {}
        });
        Ok(Some(Done { outcome, ms: None }))
    }

    /// Answers and records what a forward came to.
    pub(super) async fn settle(
        self: &Arc<Self>,
        capture: &Capture,
        tried: Tried,
        reply: Reply<'_>,
        recorded: Recording<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let (answered, facts) = split(tried);
        match answered {
            Ok(answered) => self.pass(capture, answered, facts, reply, recorded).await,
            Err(failure)
                if failure.outcome == Outcome::Refused
                    && (reply.kind == Kind::Waited || self.wait_for_target) =>
            {
                if !recorded.await? {
                    return Ok(None);
                }
                self.record_kept_back(capture, Outcome::Parked, reply).await
            }
            Err(failure) => {
                self.fall_short(capture, failure, facts, reply, recorded)
                    .await
            }
        }
    }

    /// Records a forward without an answer, and lets the relay answer by its policy.
    pub(super) async fn fall_short(
        self: &Arc<Self>,
        capture: &Capture,
        failure: Failure,
        facts: Facts,
        mut reply: Reply<'_>,
        recorded: Recording<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let outcome = failure.outcome;
        if reply.is_wanted() {
            reply.reset(outcome).await;
        }
        let (cause, ms) = (cause(reply.kind), facts.ms());
        let sent = beside(reply.sent(), recorded.clone()).await;
        let is_whole = recorded.await?;
        let attempt = facts.attempt(cause, Err(failure), sent);
        if !is_whole {
            self.aside.put(capture.id, attempt);
            return Ok(None);
        }
        self.attempted(capture.id, attempt).await?;
        if again::is_repeatable(outcome) {
            self.retry(capture.id);
        }
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
    pub(super) fn ms(&self) -> Option<u64> {
        u64::try_from(self.took.as_millis()).ok()
    }

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
