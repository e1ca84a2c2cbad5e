//! One delivery: recorded and forwarded at the same time, answered, and DONE once its attempt is on disk.
//!
//! In: a REQUEST with its body. Out: RESPONSE and DATA, or RESET; then DONE; and the history.
//!
//! ```text
//!     REQUEST ─┬─▶ history: capture                     ┌─▶ SENT (≤ 5 s)
//!              └─▶ forward ─▶ answer head ─▶ RESPONSE ──┤
//!                                                       └─▶ history: attempt ─▶ DONE ─▶ rest of a streaming answer
//! ```

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use hooktool_relay::{
    answer::AnswerBody,
    capture::{Body, Capture, CaptureId, EndpointName, Kind, Outcome, Sent, UnixMillis},
    link::Outbound,
    protocol::{Done, Frame, From, RequestHead, Reset, ResetCode, StreamId},
};
use http_body_util::{BodyExt, Full, Limited};
use tokio::{
    pin,
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, oneshot, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    event::{Board, Reach},
    filter::{Filter, Verdict},
    forward::{Failure, Forwarder, RequestBody, Tried},
    history::{Arrival, History, HistoryError, Recorded},
    target::{Routes, Target},
};

use super::{Plan, Recognise};

mod again;
mod answer;
mod aside;
mod carried;
mod challenge;
mod large;
mod only;
mod settle;
mod under_way;

use aside::Aside;
use settle::{Reply, Told};
use under_way::{UnderWay, Waiter};

/// Whether the capture came whole and is on disk. An attempt is recorded only behind it; the answer does not wait for it.
type Recording<'a> = Shared<BoxFuture<'a, Result<bool, HistoryError>>>;

/// A REQUEST as it came.
pub(super) struct Delivery {
    pub(super) stream: StreamId,
    pub(super) head: RequestHead,
    pub(super) body: AnswerBody,
    pub(super) out: Outbound,
    pub(super) told: oneshot::Receiver<Sent>,
    /// Places of this link for what is in flight, as its relay counts them: a forward that outlives its link takes none of the
    /// next.
    pub(super) slots: Arc<Semaphore>,
}

/// Everything that deliveries of one listener share.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) history: History,
    pub(super) forwarder: Forwarder,
    pub(super) board: Board,
    pub(super) routes: Routes,
    pub(super) tasks: TaskTracker,
    /// The listener is gone: nothing goes on.
    pub(super) stop: CancellationToken,
    /// The listener leaves: what is forwarded goes on for a moment, nothing more begins.
    pub(super) leaving: CancellationToken,
    /// Held by whoever forwards what is held or parked, so that nothing is forwarded by two.
    pub(super) releasing: Mutex<()>,
    /// The first failure to record; the listener ends with it.
    pub(super) failure: watch::Sender<Option<HistoryError>>,
    pub(super) relay: Arc<str>,
    pub(super) endpoint: EndpointName,
    /// What is forwarded; a person may change it while the listener runs.
    only: watch::Sender<Option<Arc<Filter>>>,
    recognise: Option<Arc<dyn Recognise>>,
    wait_for_target: bool,
    retry: u32,
    answer_challenges: bool,
    repeats_old: bool,
    under_way: UnderWay,
    aside: Aside,
}

impl Deliveries {
    pub(super) fn new(plan: &Plan, forwarder: Forwarder, history: History, board: Board) -> Self {
        Self {
            history,
            forwarder,
            board,
            routes: plan.routes.clone(),
            tasks: super::tracker(),
            stop: CancellationToken::new(),
            leaving: CancellationToken::new(),
            releasing: Mutex::new(()),
            failure: watch::Sender::new(None),
            relay: plan.relay_name.clone(),
            endpoint: plan.endpoint.clone(),
            only: watch::Sender::new(plan.only.clone().map(Arc::new)),
            recognise: plan.recognise.clone(),
            wait_for_target: plan.wait_for_target,
            retry: plan.retry,
            answer_challenges: plan.answer_challenges,
            repeats_old: !matches!(plan.from, From::Cursor | From::Now),
            under_way: UnderWay::default(),
            aside: Aside::default(),
        }
    }

    /// Begins a delivery without waiting. Its first step is taken at once, so that captures are numbered and forwarded in the
    /// order in which they came.
    pub(super) fn begin(self: &Arc<Self>, delivery: Delivery) {
        let this = self.clone();
        if delivery.head.upgrade {
            self.spawn(async move { this.carry(delivery).await });
            return;
        }
        let Ok(slot) = delivery.slots.clone().try_acquire_owned() else {
            let out = delivery.out;
            let frame = Frame::Reset {
                stream: delivery.stream,
                reset: Reset {
                    code: ResetCode::Busy,
                    text: "more deliveries than this listener takes".into(),
                },
            };
            self.spawn(async move { drop(out.control(frame).await) });
            return;
        };
        let mut delivering = Box::pin(this.deliver(delivery, slot));
        if (&mut delivering).now_or_never().is_none() {
            self.spawn(delivering);
        }
    }

    /// Runs a task until it ends or the listener does.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let _ = stop.run_until_cancelled(task).await;
        });
    }

    async fn deliver(self: Arc<Self>, delivery: Delivery, slot: OwnedSemaphorePermit) {
        let waiter = Waiter {
            out: delivery.out.clone(),
            stream: delivery.stream,
            slot: Some(slot),
        };
        let Some((run, slot)) = self.under_way.start(delivery.head.id, waiter) else {
            return;
        };
        let Delivery {
            stream,
            head,
            body,
            out,
            told,
            ..
        } = delivery;
        let reply = Reply {
            out,
            stream,
            kind: head.kind,
            told: Told::of(head.kind, told),
            received: Instant::now(),
            slot,
            run: &run,
        };
        match self.run(head, body, reply).await {
            Ok(Some(done)) => run.done(done).await,
            Ok(None) => {}
            Err(error) => self.fail(error),
        }
    }

    /// The delivery itself, up to the DONE that it earned, unless that was said already.
    async fn run(
        self: &Arc<Self>,
        head: RequestHead,
        body: AnswerBody,
        reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let kind = head.kind;
        if head
            .length
            .is_some_and(|length| length > Body::INLINE as u64)
        {
            return self.run_large(head, body, reply).await;
        }
        let bytes = match head.length {
            None => None,
            // It came whole with its head, so this does not wait.
            Some(_) => match Limited::new(body, Body::INLINE).collect().await {
                Ok(collected) => Some(collected.to_bytes()),
                Err(_) => return Ok(None),
            },
        };
        let arrival = self.arrival(head, bytes.clone().map_or(Body::Absent, Body::Whole));
        let capture = arrival.capture.clone();
        let fits = self.fits(&arrival);
        let challenge = self.challenge(&capture, kind);
        let recording = self.history.record(arrival, None);
        if let Some(challenge) = challenge {
            let meeting = self.meet(&capture, challenge, reply);
            let (_, done) = tokio::try_join!(biased; recording, meeting)?;
            return Ok(done);
        }
        let Some(target) = self.target_now(&capture, kind, fits) else {
            return self
                .keep_back(&capture, recording.await?, fits, reply)
                .await;
        };
        let body = whole(bytes.unwrap_or_default());
        if kind == Kind::Waited {
            if let Some(done) = self.known(recording.await?, capture.id) {
                return Ok(Some(done));
            }
            let tried = self.forward(&target, &capture, body).await;
            return self.settle(&capture, tried, reply, is_recorded()).await;
        }
        let settling = async {
            let tried = self.forward(&target, &capture, body).await;
            self.settle(&capture, tried, reply, is_recorded()).await
        };
        // The capture goes into the history's queue first, so that its number is that of its arrival, and its attempt is committed
        // with it or after it; if it cannot be recorded, neither can the attempt.
        let (_, done) = tokio::try_join!(biased; recording, settling)?;
        Ok(done)
    }

    /// The DONE of a capture that was finished before, if it is not to be repeated.
    fn known(&self, recorded: Recorded, id: CaptureId) -> Option<Done> {
        let outcome = recorded.outcome?;
        (!self.repeats_old || self.under_way.is_finished(id)).then_some(Done { outcome, ms: None })
    }

    pub(super) async fn forward(
        &self,
        target: &Target,
        capture: &Capture,
        body: RequestBody,
    ) -> Tried {
        let tried = Box::pin(self.forwarder.send(target, capture, body, None)).await;
        self.note_reach(target, &tried);
        tried
    }

    /// Tells the screen what the forward learned about the target's port.
    fn note_reach(&self, target: &Target, tried: &Tried) {
        if self.routes.default.as_ref() != Some(target) {
            return;
        }
        let reach = match &tried.result {
            Err(Failure {
                outcome: Outcome::Refused,
                text,
            }) => Reach::Down {
                since: UnixMillis::now(),
                cause: text.clone(),
            },
            _ => Reach::Up {
                took: tried.connect.unwrap_or_default(),
            },
        };
        self.board.reach.send_if_modified(|now| {
            let is_same = matches!(
                (&*now, &reach),
                (Reach::Up { .. }, Reach::Up { .. }) | (Reach::Down { .. }, Reach::Down { .. })
            );
            if !is_same {
                *now = reach;
            }
            !is_same
        });
    }

    /// Where a capture goes now; none if it is left out by `--only`, held, parked behind others, or has no target.
    fn target_now(&self, capture: &Capture, kind: Kind, fits: Verdict) -> Option<Target> {
        let hold = self.board.hold.borrow();
        let is_behind = hold.parked > 0 && (kind == Kind::Waited || self.wait_for_target);
        if fits != Verdict::Yes || hold.on || is_behind {
            return None;
        }
        self.routes.pick(&capture.path).cloned()
    }

    /// Notes the first failure to record, which ends the listener: what has no DONE stays at the relay.
    pub(super) fn fail(&self, error: HistoryError) {
        self.failure
            .send_if_modified(|first| first.is_none() && first.replace(error).is_none());
    }

    fn arrival(&self, head: RequestHead, body: Body) -> Arrival {
        let (seq, kind) = (head.seq, head.kind);
        let capture = Arc::new(Capture {
            id: head.id,
            endpoint: self.endpoint.clone(),
            received_at: head.received_at,
            peer: head.peer,
            method: http::Method::from_bytes(head.method.as_bytes()).unwrap_or_default(),
            path: head.path,
            version: head.version,
            scheme: head.scheme,
            headers: head.headers,
            trailers: head.trailers,
            body,
        });
        let webhook = self.recognise.as_ref().and_then(|it| it.webhook(&capture));
        Arrival {
            capture,
            relay: self.relay.clone(),
            seq,
            kind,
            webhook: webhook.map(Box::new),
        }
    }
}

/// Works while the capture is being recorded.
async fn beside<T>(work: impl Future<Output = T>, recorded: Recording<'_>) -> T {
    pin!(work);
    tokio::select! {
        // Numbers are given in the order in which records are handed over, so that is done before anything else.
        biased;
        _ = recorded => {}
        done = &mut work => return done,
    }
    work.await
}

fn is_recorded<'a>() -> Recording<'a> {
    std::future::ready(Ok(true)).boxed().shared()
}

fn whole(bytes: Bytes) -> RequestBody {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}
