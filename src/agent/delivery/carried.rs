//! A websocket upgrade carried through to the app: the same stream frames, both ways, until either side ends.

use crate::history::{Cause, HistoryError, KeptAnswer};
use hooktool_relay::{
    capture::{Body, Outcome},
    protocol::{Frame, Reset, ResetCode, ResponseHead},
};

use super::{
    Deliveries, Delivery,
    answer::carry_on,
    settle::{reset, split},
};

impl Deliveries {
    /// Carries one upgrade. It is live only; the history keeps its head, how long it took and how much the app wrote.
    pub(super) async fn carry(&self, delivery: Delivery) {
        if let Err(error) = self.carry_recorded(delivery).await {
            self.fail(error);
        }
    }

    async fn carry_recorded(&self, delivery: Delivery) -> Result<(), HistoryError> {
        let Delivery {
            stream,
            head,
            body,
            out,
            ..
        } = delivery;
        let arrival = self.arrival(head, Body::Absent);
        let capture = arrival.capture.clone();
        self.history.record(arrival, None).await?;
        let Some(target) = self.routes.pick(&capture.path) else {
            let reset = Reset {
                code: ResetCode::Refused,
                text: "there is no target".into(),
            };
            let _ = out.control(Frame::Reset { stream, reset }).await;
            return self
                .record_unsent(capture.id, Outcome::Skipped, Cause::Live, None)
                .await;
        };
        let tried = self.forwarder.upgrade(target, &capture, body).await;
        self.note_reach(target, &tried);
        let (answered, facts) = split(tried);
        let answered = match answered {
            Ok(answered) => answered,
            Err(failure) => {
                let _ = out
                    .control(Frame::Reset {
                        stream,
                        reset: reset(failure.outcome),
                    })
                    .await;
                self.history
                    .attempted(capture.id, facts.attempt(Cause::Live, Err(failure), None))
                    .await?;
                return Ok(());
            }
        };
        let status = answered.head.status.as_u16();
        let response = ResponseHead {
            status,
            headers: answered.head.headers.clone(),
            ms: u64::try_from(facts.took.as_millis()).unwrap_or(u64::MAX),
        };
        let frame = Frame::Response {
            stream,
            head: Box::new(response),
            first: bytes::Bytes::new(),
            end: false,
        };
        let rest = out.head(frame).await.ok();
        let kept = KeptAnswer {
            status,
            headers: answered.head.headers,
            body: bytes::Bytes::new(),
            len: 0,
            ended: false,
        };
        let streaming = self
            .history
            .attempted(capture.id, facts.attempt(Cause::Live, Ok(kept), None))
            .await?;
        carry_on(streaming, answered.body, rest).await
    }
}
