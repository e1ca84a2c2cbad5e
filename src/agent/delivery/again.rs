//! Further tries of what the history has: what was held or parked, what `--retry` repeats.
//!
//! In: a number of the history. Out: one more attempt there. Must not know: the link.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{Capture, CaptureId, Outcome, Sent, UnixMillis};
use tokio::time::sleep;

use super::{Deliveries, answer::carry_on, settle};
use crate::{
    forward::{Answered, Tried},
    history::{Attempt, Cause, HistoryError, KeptAnswer, Number, Reader, Recorded, Request},
    target::Target,
};

/// Waits between the tries of `--retry`: 1, 5, then 30 s each, with up to a tenth more.
const RETRIES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

impl Deliveries {
    /// Reads the history off the runtime.
    pub(in crate::agent) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let history = self.history.clone();
        let reading = tokio::task::spawn_blocking(move || read(&history.reader()?));
        match reading.await {
            Ok(read) => read,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// What the history knows of a capture, if it has it.
    pub(super) async fn recorded(&self, id: CaptureId) -> Result<Option<Recorded>, HistoryError> {
        let request = self.stored(id).await?;
        Ok(request.map(|request| Recorded {
            number: request.summary.number,
            outcome: request.summary.last.map(|last| last.outcome),
        }))
    }

    async fn stored(&self, id: CaptureId) -> Result<Option<Request>, HistoryError> {
        self.read(move |reader| match reader.by_id(id)? {
            Some(number) => reader.request(number),
            None => Ok(None),
        })
        .await
    }

    /// Repeats a refused or timed-out forward, as `--retry` says, beside everything else.
    pub(super) fn retry(self: &Arc<Self>, id: CaptureId) {
        let this = self.clone();
        self.spawn(async move {
            if let Err(error) = this.retried(id).await {
                this.fail(error);
            }
        });
    }

    async fn retried(&self, id: CaptureId) -> Result<(), HistoryError> {
        for time in 0..self.retry as usize {
            let wait = RETRIES[time.min(RETRIES.len() - 1)];
            let waiting = sleep(wait.mul_f64(1.0 + crate::agent::random() / 10.0));
            if self.leaving.run_until_cancelled(waiting).await.is_none() {
                return Ok(());
            }
            let Some(Request {
                capture, summary, ..
            }) = self.stored(id).await?
            else {
                return Ok(());
            };
            let Some(target) = self.routes.pick(&capture.path) else {
                return Ok(());
            };
            let tried = self.forward_again(target, &capture, summary.number).await;
            let again = matches!(&tried.result, Err(failure) if is_repeatable(failure.outcome));
            self.record_again(&capture, tried, Cause::Retry).await?;
            if !again {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Forwards a recorded request again; its body comes from the history.
    pub(in crate::agent) async fn forward_again(
        &self,
        target: &Target,
        capture: &Capture,
        number: Number,
    ) -> Tried {
        let body = self.history.stored_body(number, &capture.body);
        self.forward(target, capture, body).await
    }

    /// Records a further try of a capture that is in the history, with as much of its answer as is kept.
    pub(in crate::agent) async fn record_again(
        &self,
        capture: &Capture,
        tried: Tried,
        cause: Cause,
    ) -> Result<(), HistoryError> {
        let (answered, facts) = settle::split(tried);
        let (kept, body) = match answered {
            Ok(Answered { head, body }) => {
                let kept = KeptAnswer {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body: Bytes::new(),
                    len: 0,
                    ended: false,
                    carried: None,
                };
                (Ok(kept), Some(body))
            }
            Err(failure) => (Err(failure), None),
        };
        let streaming = self
            .history
            .attempted(capture.id, facts.attempt(cause, kept, None))
            .await?;
        match (streaming, body) {
            (Some(streaming), Some(body)) => carry_on(Some(streaming), body, None).await,
            _ => Ok(()),
        }
    }

    /// Records that a capture was not forwarded (held, parked, skipped), and what its sender got.
    pub(in crate::agent) async fn record_unsent(
        &self,
        id: CaptureId,
        outcome: Outcome,
        cause: Cause,
        sent: Option<Sent>,
    ) -> Result<(), HistoryError> {
        let attempt = unsent(outcome, cause, sent);
        self.attempted(id, attempt).await.map(drop)
    }
}

/// That there was no forward.
pub(super) fn unsent(outcome: Outcome, cause: Cause, sent: Option<Sent>) -> Attempt {
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

/// Whether a further try may come to something else without being done twice.
pub(super) fn is_repeatable(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Refused | Outcome::TimedOut)
}
