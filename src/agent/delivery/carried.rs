//! A websocket upgrade carried through to the app: the same stream frames, both ways, until either side ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Outcome},
    protocol::{self, Reset, ResetCode, ResponseHead},
};
use http_body::Frame;
use http_body_util::BodyExt as _;

use super::{
    Deliveries, Delivery,
    answer::to_its_end,
    settle::{reset, split},
};
use crate::{
    filter::Verdict,
    forward::RequestBody,
    history::{Carried, Cause, HistoryError, KeptAnswer},
};

impl Deliveries {
    /// Carries one upgrade. It is live only; the history keeps its head, how long it lasted and how much went each way.
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
        let (arrival, _) = self.arrival(head, Body::Absent);
        let capture = arrival.capture.clone();
        let fits = self.fits(&arrival) == Verdict::Yes;
        self.history.record(arrival, None).await?;
        let Some(target) = self.routes.pick(&capture.path).filter(|_| fits) else {
            let reset = Reset {
                code: ResetCode::Refused,
                text: "it is not to be forwarded".into(),
            };
            let _ = out.control(protocol::Frame::Reset { stream, reset }).await;
            return self
                .record_unsent(capture.id, Outcome::Skipped, Cause::Live, None)
                .await;
        };
        let up = Arc::new(AtomicU64::new(0));
        let body = counted(body, up.clone());
        let tried = self.forwarder.upgrade(target, &capture, body).await;
        self.note_reach(target, &tried);
        let (answered, facts) = split(tried);
        let answered = match answered {
            Ok(answered) => answered,
            Err(failure) => {
                let _ = out
                    .control(protocol::Frame::Reset {
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
        let frame = protocol::Frame::Response {
            stream,
            head: Box::new(response),
            first: Bytes::new(),
            end: false,
        };
        let rest = out.head(frame).await.ok();
        let kept = KeptAnswer {
            status,
            headers: answered.head.headers,
            body: Bytes::new(),
            len: 0,
            ended: false,
            carried: None,
        };
        let streaming = self
            .history
            .attempted(capture.id, facts.attempt(Cause::Live, Ok(kept), None))
            .await?;
        let began = Instant::now();
        let (streaming, broken) = to_its_end(streaming, answered.body, rest).await?;
        let Some(streaming) = streaming else {
            return Ok(());
        };
        let carried = Carried {
            up: up.load(Ordering::Relaxed),
            lasted: began.elapsed(),
        };
        streaming.end_upgrade(broken, carried).await
    }
}

/// What the sender writes, counted as the app takes it.
fn counted(body: RequestBody, bytes: Arc<AtomicU64>) -> RequestBody {
    let count = move |frame: Frame<Bytes>| {
        let len = frame.data_ref().map_or(0, Bytes::len);
        bytes.fetch_add(len as u64, Ordering::Relaxed);
        frame
    };
    body.map_frame(count).boxed_unsync()
}
