//! One delivery: recorded and forwarded at the same time, answered, and DONE once its attempt is on disk.
//!
//! In: a REQUEST with its body. Out: RESPONSE and DATA, or RESET; then DONE; and the history.
//!
//! ```text
//!     REQUEST ─┬─▶ history: capture                     ┌─▶ SENT (≤ 5 s)
//!              └─▶ forward ─▶ answer head ─▶ RESPONSE ──┤
//!                                                       └─▶ history: attempt ─▶ DONE ─▶ rest of a streaming answer
//! ```

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use futures_util::FutureExt;
use hooktool_relay::{
    capture::{Body, Capture, CaptureId, EndpointName, Kind, Outcome, Sent, UnixMillis},
    link::Outbound,
    protocol::{Done, Frame, From, RequestHead, Reset, ResetCode, StreamId},
    registry::AnswerBody,
};
use http_body_util::{BodyExt, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    event::{Board, Reach},
    filter::Filter,
    forward::{Answered, Failure, Forwarder, RequestBody, Tried},
    history::{Arrival, Cause, History, HistoryError, KeptAnswer, Recorded},
    target::{Routes, Target},
};

use super::Plan;

mod answer;
mod carried;
mod large;
mod settle;
mod way;

use settle::{Reply, Told};

/// Captures finished by this process that are remembered, so that `--from` repeats what older processes did, and a reconnect
/// repeats nothing: the relay offers at most 256 again.
const FINISHED: usize = 1024;

/// A REQUEST as it came.
pub(super) struct Delivery {
    pub(super) stream: StreamId,
    pub(super) head: RequestHead,
    pub(super) body: AnswerBody,
    pub(super) out: Outbound,
    pub(super) told: oneshot::Receiver<Sent>,
}

/// Everything that deliveries of one listener share.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub(super) history: History,
    pub(super) forwarder: Forwarder,
    pub(super) board: Board,
    pub(super) routes: Routes,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    /// The first failure to record; the listener ends with it.
    pub(super) failure: watch::Sender<Option<HistoryError>>,
    pub(super) relay: Arc<str>,
    pub(super) endpoint: EndpointName,
    only: Option<Arc<Filter>>,
    wait_for_target: bool,
    retry: u32,
    repeats_old: bool,
    slots: Arc<Semaphore>,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    /// Who wants to hear DONE, by capture.
    running: HashMap<CaptureId, Vec<(Outbound, StreamId)>>,
    finished: VecDeque<CaptureId>,
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
            failure: watch::Sender::new(None),
            relay: plan.relay_name.clone(),
            endpoint: plan.endpoint.clone(),
            only: plan.only.clone().map(Arc::new),
            wait_for_target: plan.wait_for_target,
            retry: plan.retry,
            repeats_old: !matches!(plan.from, From::Cursor | From::Now),
            slots: Arc::new(Semaphore::new(usize::from(plan.max_in_flight))),
            under_way: Mutex::default(),
        }
    }

    /// Whether another delivery could begin.
    pub(super) fn has_room(&self) -> bool {
        self.slots.available_permits() > 0
    }

    /// Begins a delivery without waiting. Its first step is taken at once, so that captures are numbered and forwarded in the
    /// order in which they came.
    pub(super) fn begin(self: &Arc<Self>, delivery: Delivery) {
        let this = self.clone();
        if delivery.head.upgrade {
            self.spawn(async move { this.carry(delivery).await });
            return;
        }
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
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
        let mut delivering = Box::pin(async move { this.deliver(delivery, slot).await });
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
        let id = delivery.head.id;
        if !self.start(id, &delivery) {
            return;
        }
        let finished = match self.run(delivery, slot).await {
            Ok(finished) => finished,
            Err(error) => {
                self.fail(error);
                None
            }
        };
        self.finish(id, finished).await;
    }

    /// Notes who waits for DONE; false if the capture is being delivered already, from before a reconnect.
    fn start(&self, id: CaptureId, delivery: &Delivery) -> bool {
        let waiter = (delivery.out.clone(), delivery.stream);
        let mut under_way = self.under_way();
        match under_way.running.get_mut(&id) {
            Some(waiters) => {
                waiters.push(waiter);
                false
            }
            None => {
                under_way.running.insert(id, vec![waiter]);
                true
            }
        }
    }

    /// Says DONE to everyone who waits for it; without an outcome the capture stays with the relay.
    async fn finish(&self, id: CaptureId, done: Option<Done>) {
        let waiters = {
            let mut under_way = self.under_way();
            if done.is_some() {
                under_way.finished.push_back(id);
                if under_way.finished.len() > FINISHED {
                    under_way.finished.pop_front();
                }
            }
            under_way.running.remove(&id).unwrap_or_default()
        };
        let Some(done) = done else { return };
        for (out, stream) in waiters {
            // A link that is gone needs none: the capture is offered again, and answered from the history.
            let _ = out
                .control(Frame::Done {
                    stream,
                    done: done.clone(),
                })
                .await;
        }
    }

    fn is_finished_here(&self, id: CaptureId) -> bool {
        self.under_way().finished.contains(&id)
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The delivery itself, up to the DONE that it earned.
    async fn run(
        self: &Arc<Self>,
        delivery: Delivery,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let Delivery {
            stream,
            head,
            body,
            out,
            told,
        } = delivery;
        let kind = head.kind;
        let reply = Reply {
            out,
            stream,
            kind,
            told: match kind {
                Kind::Live => Told::Waiting(told),
                Kind::Waited => Told::Known(None),
            },
            received: Instant::now(),
        };
        let is_large = head
            .length
            .is_some_and(|length| length > Body::INLINE as u64);
        if is_large {
            return self.run_large(head, body, reply, slot).await;
        }
        let bytes = match head.length {
            None => None,
            // It came whole with its head, so this does not wait.
            Some(_) => match body.collect().await {
                Ok(collected) => Some(collected.to_bytes()),
                Err(_) => return Ok(None),
            },
        };
        let arrival = self.arrival(head, bytes.clone().map_or(Body::Absent, Body::Whole));
        let capture = arrival.capture.clone();
        let recording = self.history.record(arrival, None);
        let whole = move || {
            Full::new(bytes.clone().unwrap_or_default())
                .map_err(|never| match never {})
                .boxed_unsync()
        };
        let target = match self.way(&capture, kind, self.fits(&capture, kind)) {
            Ok(target) => target,
            Err(outcome) => return self.keep_back(&capture, recording, outcome, reply).await,
        };
        if kind == Kind::Waited {
            if let Some(done) = self.known(recording.await?, capture.id) {
                return Ok(Some(done));
            }
            let tried = self.forward(&target, &capture, whole()).await;
            return self.settle(&capture, tried, reply, slot).await;
        }
        let (tried, recorded) = tokio::join!(self.forward(&target, &capture, whole()), recording);
        recorded?;
        let again = self.again(&tried);
        let done = self.settle(&capture, tried, reply, slot).await?;
        if again {
            self.retry(capture, target, self.retry);
        }
        Ok(done)
    }

    /// The DONE of a capture that was finished before, if it is not to be repeated.
    fn known(&self, recorded: Recorded, id: CaptureId) -> Option<Done> {
        let outcome = recorded.outcome?;
        (!self.repeats_old || self.is_finished_here(id)).then_some(Done { outcome, ms: None })
    }

    pub(super) async fn forward(
        &self,
        target: &Target,
        capture: &Capture,
        body: RequestBody,
    ) -> Tried {
        let tried = self.forwarder.send(target, capture, body, None).await;
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

    /// Whether `--retry` repeats this.
    fn again(&self, tried: &Tried) -> bool {
        self.retry > 0 && !self.wait_for_target && Self::is_repeatable(tried)
    }

    /// Whether a further try may come to something else without being done twice.
    pub(super) fn is_repeatable(tried: &Tried) -> bool {
        matches!(&tried.result, Err(failure) if matches!(failure.outcome, Outcome::Refused | Outcome::TimedOut))
    }

    /// Notes the first failure to record, which ends the listener: what has no DONE stays at the relay.
    pub(super) fn fail(&self, error: HistoryError) {
        self.failure
            .send_if_modified(|first| first.is_none() && first.replace(error).is_none());
    }

    /// Reads the history off the runtime.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&crate::history::Reader) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let history = self.history.clone();
        let reading = tokio::task::spawn_blocking(move || read(&history.reader()?));
        match reading.await {
            Ok(read) => read,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// What the history knows of a capture, if it has it.
    async fn recorded(&self, id: CaptureId) -> Result<Option<Recorded>, HistoryError> {
        self.read(move |reader| {
            let Some(number) = reader.by_id(id)? else {
                return Ok(None);
            };
            let outcome = reader
                .request(number)?
                .and_then(|request| request.summary.last)
                .map(|last| last.outcome);
            Ok(Some(Recorded { number, outcome }))
        })
        .await
    }

    /// Records a further try of a capture that is in the history, with as much of its answer as is kept.
    pub(super) async fn record_again(
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
            (Some(streaming), Some(body)) => answer::keep_all(streaming, body).await,
            _ => Ok(()),
        }
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
            headers: head.headers,
            trailers: head.trailers,
            body,
        });
        Arrival {
            capture,
            relay: self.relay.clone(),
            seq,
            kind,
        }
    }
}
