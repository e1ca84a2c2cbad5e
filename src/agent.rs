//! Keeps a listener connected: dials the relay, serves the link, and dials again, for ever, until a person stops it or the
//! relay refuses for good. Being connected is the business of `serving`, one delivery that of `delivery`.
//!
//! In: what to claim and where to forward ([`Plan`]). Out: attempts in the history, states on the [`Board`].
//! Must not know: replay, output, tui.
//!
//! ```text
//!     dial ─▶ HELLO ─▶ WELCOME ─▶ serve ─▶ lost ─▶ wait (full jitter) ─▶ dial …
//!       └─ refused ─▶ end          └─ taken over, refused ─▶ end
//! ```

use std::{fmt, sync::Arc, time::Duration};

use hooktool_relay::{
    capture::{AnswerPolicy, Capture, EndpointName},
    protocol::{ErrorCode, From, Hello, Resume},
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    backoff::Backoff,
    event::{Board, Link, Proof},
    filter::Filter,
    forward::{Distrust, Forwarder},
    history::{History, HistoryError, Webhook},
    target::Routes,
    webhook::Challenge,
};

mod clock;
mod delivery;
mod dial;
mod parked;
mod probe;
mod serving;
mod stuck;
#[cfg(test)]
mod tests;

pub use dial::{DialError, Endpoint, Offer};

use delivery::Deliveries;

/// The longest that a relay can put the next try off: one that is wrong, or hostile, must not keep a listener away for good.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Time that forwards under way get when the listener stops.
const LAST_FORWARDS: Duration = Duration::from_secs(3);

/// What a listener does, whole.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the relay is, and by which token.
    pub relay: Endpoint,
    /// What the relay is called in the history: its origin, or `local`.
    pub relay_name: Arc<str>,
    /// The endpoint to claim.
    pub endpoint: EndpointName,
    /// What to call this listener in messages: the host name.
    pub name: String,
    /// What senders get.
    pub answer: AnswerPolicy,
    /// How long a sender waits for the app's answer.
    pub deadline: Duration,
    /// Where to begin; at the first connect only.
    pub from: From,
    /// Most forwards at once.
    pub max_in_flight: u16,
    /// Where to forward.
    pub routes: Routes,
    /// What is forwarded; none: everything.
    pub only: Option<Filter>,
    /// Park what finds the target's port closed, live requests too.
    pub wait_for_target: bool,
    /// How often refused and timed-out forwards are repeated.
    pub retry: u32,
    /// Answer challenges of known senders though there is a target.
    pub answer_challenges: bool,
    /// Who knows webhooks; none: nobody looks.
    pub recognise: Option<Arc<dyn Recognise>>,
}

/// Knows webhooks.
pub trait Recognise: fmt::Debug + Send + Sync {
    /// What a request is as a webhook; none: no known sender. A body in pieces has not come yet. It does not wait for anything.
    fn webhook(&self, capture: &Capture) -> Option<Webhook>;

    /// What a request asks that is a handshake of a known sender, its body whole; none: it is none. It does not wait either.
    fn challenge(&self, capture: &Capture) -> Option<Challenge>;
}

/// Why a listener ended.
#[derive(Debug)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// A newer listener of this name took the endpoint.
    TakenOver(String),
    /// The relay refused, for this reason; trying again by itself makes no sense.
    Refused {
        /// What kind.
        code: ErrorCode,
        /// In words of the relay, not yet safe to show.
        text: String,
    },
    /// Whoever answers does not prove to be the relay, and never did.
    Untrusted(Distrust),
    /// The history cannot be written: what has no DONE stays at the relay.
    History(HistoryError),
}

/// A listener.
#[derive(Debug)]
pub struct Agent {
    plan: Plan,
    board: Board,
    deliveries: Arc<Deliveries>,
    resume: Option<Resume>,
    connect_now: Arc<Notify>,
    /// Told when an open relay made a token for this listener.
    minted: tokio::sync::mpsc::Sender<String>,
}

impl Agent {
    /// A listener that has not connected yet. `connect_now` ends a wait; tokens that an open relay makes go to `minted`.
    pub fn new(
        plan: Plan,
        forwarder: Forwarder,
        history: History,
        board: Board,
        connect_now: Arc<Notify>,
        minted: tokio::sync::mpsc::Sender<String>,
    ) -> Self {
        let deliveries = Arc::new(Deliveries::new(&plan, forwarder, history, board.clone()));
        Self {
            plan,
            board,
            deliveries,
            resume: None,
            connect_now,
            minted,
        }
    }

    /// Switches holding on or off, and forwards what is held.
    pub fn valve(&self) -> Valve {
        Valve {
            deliveries: self.deliveries.clone(),
        }
    }

    /// Stays connected until stopped or refused. May be called again after it ended: that claims the endpoint anew.
    pub async fn run(&mut self, stop: &CancellationToken) -> Ended {
        if let Err(error) = parked::count(&self.deliveries).await {
            return Ended::History(error);
        }
        let history = self.deliveries.history.clone();
        let parked = parked::watch(self.deliveries.clone());
        let mut failures = self.deliveries.failure.subscribe();
        let failure = async move {
            match failures
                .wait_for(Option::is_some)
                .await
                .map(|failed| failed.clone())
            {
                Ok(Some(error)) => error,
                // The sender is this listener's own, and lives as long.
                _ => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            ended = self.keep_connected(stop) => ended,
            error = history.failed() => Ended::History(error),
            error = failure => Ended::History(error),
            () = parked => unreachable!("the watch of parked requests has no end"),
        };
        match ended {
            Ended::Stopped => self.leave().await,
            _ => self.resume = None,
        }
        ended
    }

    /// Waits for the forwards that are under way, at most 3 s: what is not finished is offered again, to whoever listens then.
    pub async fn leave(&self) {
        self.deliveries.leaving.cancel();
        let forwards = &self.deliveries.tasks;
        forwards.close();
        let _ = tokio::time::timeout(LAST_FORWARDS, forwards.wait()).await;
    }

    async fn keep_connected(&mut self, stop: &CancellationToken) -> Ended {
        let mut backoff = Backoff::default();
        let mut attempt = 1;
        if self.resume.is_none() {
            self.board.link.send_replace(Link::Connecting { attempt });
        }
        loop {
            let began = Instant::now();
            // Each link is proven anew.
            self.board.proof.send_replace(Proof::Open);
            let lost = match self.connect_and_serve(stop).await {
                Ok(lost) => lost,
                Err(ended) => return ended,
            };
            if lost.was_live {
                backoff.healthy_for(began.elapsed());
            }
            attempt = if lost.was_live { 1 } else { attempt + 1 };
            let after = next_try(lost.retry_after, &mut backoff);
            if self.wait(after, attempt, lost.cause, stop).await {
                return Ended::Stopped;
            }
        }
    }

    /// Waits before the next try; true if the listener was stopped meanwhile.
    async fn wait(
        &self,
        after: Duration,
        attempt: u32,
        cause: String,
        stop: &CancellationToken,
    ) -> bool {
        self.board.link.send_replace(Link::Reconnecting {
            after,
            attempt,
            cause,
        });
        tokio::select! {
            () = tokio::time::sleep(after) => false,
            () = clock::slept() => false,
            () = self.connect_now.notified() => false,
            () = stop.cancelled() => true,
        }
    }

    async fn connect_and_serve(
        &mut self,
        stop: &CancellationToken,
    ) -> Result<serving::Lost, Ended> {
        let dialed = tokio::select! {
            dialed = dial::dial(&self.plan.relay) => dialed,
            () = stop.cancelled() => return Err(Ended::Stopped),
        };
        let socket = match dialed {
            Ok(socket) => socket,
            Err(DialError::Refused { code, text }) => return Err(Ended::Refused { code, text }),
            // One that was the relay once may be it again: a proxy in a hotel answers for everybody.
            Err(DialError::Untrusted(distrust)) if self.resume.is_none() => {
                return Err(Ended::Untrusted(distrust));
            }
            Err(DialError::Untrusted(Distrust { cause, .. })) => {
                return Ok(serving::Lost {
                    cause,
                    was_live: false,
                    retry_after: None,
                });
            }
            Err(DialError::Unreachable { cause, retry_after }) => {
                return Ok(serving::Lost {
                    cause,
                    was_live: false,
                    retry_after,
                });
            }
        };
        if let Some(offer) = self.plan.relay.offer.clone() {
            // A panic in it is the same as a disk that takes nothing.
            let _ = tokio::task::spawn_blocking(move || (offer.keep)()).await;
        }
        let hello = self.hello();
        serving::serve(socket, hello, self, stop).await
    }

    fn hello(&self) -> Hello {
        Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: self.plan.endpoint.clone(),
            name: self.plan.name.clone(),
            answer: self.plan.answer.clone(),
            deadline_ms: u64::try_from(self.plan.deadline.as_millis()).unwrap_or(u64::MAX),
            from: if self.resume.is_some() {
                From::Cursor
            } else {
                self.plan.from
            },
            max_in_flight: self.plan.max_in_flight,
            resume: self.resume.clone(),
        }
    }
}

impl Drop for Agent {
    /// Nothing goes on without its listener: what has no DONE stays at the relay.
    fn drop(&mut self) {
        self.deliveries.stop.cancel();
    }
}

/// Holds requests back, lets them go, and says which are forwarded.
#[derive(Clone, Debug)]
pub struct Valve {
    deliveries: Arc<Deliveries>,
}

impl Valve {
    /// Holds new requests, or stops holding; what is held stays so until [`Valve::release`].
    pub fn hold(&self, on: bool) {
        self.deliveries.board.hold.send_modify(|hold| hold.on = on);
    }

    /// Forwards only what fits this filter from now on, or everything; what it left out before stays as it is.
    pub fn only(&self, filter: Option<Filter>) {
        self.deliveries.forward_only(filter);
    }

    /// Forwards what is held, in order, beside everything else.
    pub fn release(&self) {
        let deliveries = self.deliveries.clone();
        self.deliveries
            .tasks
            .spawn(async move { parked::release_held(&deliveries).await });
    }
}

/// When the next try is due: when the relay asks for it, within reason, else by the backoff.
fn next_try(asked: Option<Duration>, backoff: &mut Backoff) -> Duration {
    match asked {
        Some(asked) => asked.min(LONGEST_WAIT),
        None => backoff.next(random()),
    }
}

/// Tasks of a listener: forwards outlive the link that brought them, never the listener.
fn tracker() -> TaskTracker {
    TaskTracker::new()
}

/// A number in [0, 1) for jitter.
fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness the middle serves: jitter only spreads load.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        return 0.5;
    }
    f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
