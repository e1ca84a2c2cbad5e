//! Who holds which endpoint, and which senders wait: the only meeting point of ingress and session.
//!
//! In: ingress says that a sender waits ([`Registry::expect`]) and asks for its answer; a session holds an endpoint
//! ([`Registry::hold`]) and answers. Out: answers, and to the session what the sender got ([`Order`]). Must not know: HTTP, the
//! wire, sockets.
//!
//! ```text
//!   ingress: expect ─▶ (append) ─▶ answer … ─▶ sent | dropped        one entry a waiting sender
//!   session: hold ─▶ offer ─▶ answer ─▶ Order::Sent                  one Held an endpoint, the newest epoch wins
//! ```

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::AnswerBody,
    capture::{AccountId, AnswerHead, Capture, CaptureId, EndpointName, Epoch, Sent, SessionId},
};

mod expected;

pub use expected::Expected;

/// What a listener answered.
#[derive(Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: AnswerHead,
    /// Body.
    pub body: AnswerBody,
}

/// Why a delivery has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The target refused the connection.
    Refused,
    /// The target sent no answer head within the listener's timeout.
    TimedOut,
    /// The target broke off or spoke no HTTP.
    Broken,
    /// The link was lost or taken over, or nobody listens.
    NoListener,
}

/// A websocket upgrade that is to be carried to the app. Live only: never stored.
#[derive(Debug)]
pub struct Upgrade {
    /// The request that asks for it; it has no body.
    pub capture: Arc<Capture>,
    /// What the sender writes after the 101.
    pub upstream: AnswerBody,
    /// The app's answer: 101 and then its bytes, or a refusal as an ordinary answer.
    pub answer: oneshot::Sender<Result<Answer, NoAnswer>>,
}

/// What the registry tells a session.
#[derive(Debug)]
pub enum Order {
    /// The sender of an offered capture was answered.
    Sent(CaptureId, Sent),
    /// An upgrade to carry.
    Carry(Upgrade),
}

/// The registry. Cloned freely.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    endpoints: Arc<Mutex<HashMap<EndpointName, Holder>>>,
    /// How many holds there ever were: the number of the newest.
    holds: Arc<AtomicU64>,
}

/// The session that holds an endpoint, as the registry sees it.
#[derive(Debug)]
struct Holder {
    /// Tells any two holds apart: a link that comes back has the epoch that it had, and an older one may go last.
    hold: u64,
    epoch: Epoch,
    orders: mpsc::Sender<Order>,
    waiting: HashMap<CaptureId, Waiting>,
    /// Senders told by policy before their capture was offered; bounds what they keep here.
    told: usize,
    evicted: CancellationToken,
    left: CancellationToken,
    newcomer: Option<String>,
    /// Whose it is, once that is said.
    claimant: Option<Claimant>,
}

/// Whose a hold is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The session.
    pub session: SessionId,
    /// The account that it logged in to.
    pub account: AccountId,
    /// What it calls itself.
    pub name: String,
}

/// One waiting sender.
#[derive(Debug)]
struct Waiting {
    answer: Option<oneshot::Sender<Result<Answer, NoAnswer>>>,
    offered: bool,
    sent: Option<Sent>,
}

/// Orders that wait for a session. Each belongs to an offered capture (at most [`Cursor::MAX_OPEN`]) or to an upgrade, so
/// only upgrades can find it full, and those are refused then.
///
/// [`Cursor::MAX_OPEN`]: crate::store::Cursor::MAX_OPEN
const ORDERS: usize = 1024;

/// Senders that a policy answered before their capture was offered and whose answer is still to be told to the listener. One
/// more counts as waited: it is delivered all the same, only without SENT.
const TOLD: usize = 1024;

impl Registry {
    /// Whether a listener holds this endpoint now.
    pub fn is_held(&self, endpoint: &EndpointName) -> bool {
        self.lock().contains_key(endpoint)
    }

    /// Says, *before* its capture is appended, that a sender will wait for the answer. Without this a delivery counts as
    /// waited. Returns none if nobody listens.
    pub fn expect(&self, endpoint: &EndpointName, id: CaptureId) -> Option<Expected> {
        let (answer, answered) = oneshot::channel();
        let mut endpoints = self.lock();
        let holder = endpoints.get_mut(endpoint)?;
        holder.waiting.insert(
            id,
            Waiting {
                answer: Some(answer),
                offered: false,
                sent: None,
            },
        );
        let hold = holder.hold;
        drop(endpoints);
        Some(Expected {
            registry: self.clone(),
            endpoint: endpoint.clone(),
            hold,
            id,
            answered: Some(answered),
            told: false,
        })
    }

    /// Gives an upgrade to the listener; the answer comes by its channel.
    ///
    /// # Errors
    /// Gives the upgrade back when nobody listens or the listener takes no more.
    pub fn carry(&self, endpoint: &EndpointName, upgrade: Upgrade) -> Result<(), Upgrade> {
        let orders = self
            .lock()
            .get(endpoint)
            .map(|holder| holder.orders.clone());
        let Some(orders) = orders else {
            return Err(upgrade);
        };
        orders
            .try_send(Order::Carry(upgrade))
            .map_err(|full| match full.into_inner() {
                Order::Carry(upgrade) => upgrade,
                Order::Sent(..) => unreachable!("what was sent is a Carry"),
            })
    }

    /// What the session that holds an endpoint calls itself; empty if none does, or it does not say.
    pub fn holder(&self, endpoint: &EndpointName) -> String {
        let endpoints = self.lock();
        let holder = endpoints.get(endpoint);
        let claimant = holder.and_then(|holder| holder.claimant.as_ref());
        claimant.map_or_else(String::new, |claimant| claimant.name.clone())
    }

    /// Whether this session of this account holds the endpoint now, in this epoch.
    pub fn is_held_by(
        &self,
        endpoint: &EndpointName,
        account: &AccountId,
        session: &SessionId,
        epoch: Epoch,
    ) -> bool {
        let endpoints = self.lock();
        let holder = endpoints
            .get(endpoint)
            .filter(|holder| holder.epoch == epoch);
        let claimant = holder.and_then(|holder| holder.claimant.as_ref());
        claimant
            .is_some_and(|claimant| claimant.session == *session && claimant.account == *account)
    }

    /// How many endpoints are held, and how many senders wait.
    pub fn counts(&self) -> (usize, usize) {
        let endpoints = self.lock();
        (
            endpoints.len(),
            endpoints.values().map(|holder| holder.waiting.len()).sum(),
        )
    }

    /// Asks whoever holds the endpoint to leave it, and waits until they have: their cursor is in the store then.
    /// `newcomer` is the name of who comes; none when it is the same session over a new link, which is no takeover.
    pub async fn evict(&self, endpoint: &EndpointName, newcomer: Option<String>) {
        let left = {
            let mut endpoints = self.lock();
            let Some(holder) = endpoints.get_mut(endpoint) else {
                return;
            };
            holder.newcomer = newcomer;
            holder.evicted.cancel();
            holder.left.clone()
        };
        left.cancelled().await;
    }

    /// Takes an endpoint in this epoch, unless a newer epoch holds it (then none).
    pub fn hold(&self, endpoint: &EndpointName, epoch: Epoch) -> Option<Held> {
        let (sender, orders) = mpsc::channel(ORDERS);
        let evicted = CancellationToken::new();
        let left = CancellationToken::new();
        let mut endpoints = self.lock();
        let older = endpoints.get(endpoint);
        if older.is_some_and(|holder| holder.epoch > epoch) {
            return None;
        }
        let hold = self.holds.fetch_add(1, Ordering::Relaxed) + 1;
        let holder = Holder {
            hold,
            epoch,
            orders: sender,
            waiting: HashMap::new(),
            told: 0,
            evicted: evicted.clone(),
            left: left.clone(),
            newcomer: None,
            claimant: None,
        };
        if let Some(older) = endpoints.insert(endpoint.clone(), holder) {
            older.evicted.cancel();
        }
        drop(endpoints);
        Some(Held {
            registry: self.clone(),
            endpoint: endpoint.clone(),
            hold,
            orders,
            evicted,
            left,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointName, Holder>> {
        self.endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs on the holder of an endpoint if it is still that hold.
    fn with<T>(
        &self,
        endpoint: &EndpointName,
        hold: u64,
        run: impl FnOnce(&mut Holder) -> T,
    ) -> Option<T> {
        let mut endpoints = self.lock();
        let holder = endpoints.get_mut(endpoint)?;
        (holder.hold == hold).then(|| run(holder))
    }
}

/// A session's hold on an endpoint. Dropped, it frees the endpoint; senders that wait learn that nobody listens.
#[derive(Debug)]
pub struct Held {
    registry: Registry,
    endpoint: EndpointName,
    hold: u64,
    orders: mpsc::Receiver<Order>,
    evicted: CancellationToken,
    left: CancellationToken,
}

impl Held {
    /// The two ways of using a hold at once: the offering half, and the half that takes orders.
    pub fn halves(&mut self) -> (Offers<'_>, &mut mpsc::Receiver<Order>) {
        (
            Offers {
                registry: &self.registry,
                endpoint: &self.endpoint,
                hold: self.hold,
            },
            &mut self.orders,
        )
    }

    /// Says whose it is, for those who find the endpoint taken, and for the session itself.
    pub fn call(&self, claimant: Claimant) {
        self.registry.with(&self.endpoint, self.hold, |holder| {
            holder.claimant = Some(claimant);
        });
    }

    /// Cancelled when a newer link wants the endpoint: persist the cursor, then drop this.
    pub fn evicted(&self) -> CancellationToken {
        self.evicted.clone()
    }

    /// Who takes the endpoint over; none if it is the same session over a new link.
    pub fn newcomer(&self) -> Option<String> {
        self.registry
            .with(&self.endpoint, self.hold, |holder| holder.newcomer.clone())
            .flatten()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut endpoints = self.registry.lock();
        if endpoints
            .get(&self.endpoint)
            .is_some_and(|holder| holder.hold == self.hold)
        {
            // Dropping the entries' channels tells every waiting sender.
            endpoints.remove(&self.endpoint);
        }
        drop(endpoints);
        self.left.cancel();
    }
}

/// What a session says of single captures.
#[derive(Clone, Copy, Debug)]
pub struct Offers<'a> {
    registry: &'a Registry,
    endpoint: &'a EndpointName,
    hold: u64,
}

/// Whether a sender waits for the capture that is being offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// A sender waits, or was answered by policy a moment ago (then this is what it got).
    Live(Option<Sent>),
    /// No sender waits.
    Waited,
}

impl Offers<'_> {
    /// Marks a capture as offered. From here on what its sender gets comes as an [`Order`].
    pub fn offer(&self, id: CaptureId) -> Offered {
        let offered = self.registry.with(self.endpoint, self.hold, |holder| {
            let Some(waiting) = holder.waiting.get_mut(&id) else {
                return Offered::Waited;
            };
            waiting.offered = true;
            match waiting.sent.take() {
                Some(sent) => {
                    holder.waiting.remove(&id);
                    holder.told -= 1;
                    Offered::Live(Some(sent))
                }
                None => Offered::Live(None),
            }
        });
        offered.unwrap_or(Offered::Waited)
    }

    /// Hands the answer, or why there is none, to the sender. Gives it back if none waits any more.
    ///
    /// # Errors
    /// The answer, when nobody wants it.
    pub fn answer(
        &self,
        id: CaptureId,
        answer: Result<Answer, NoAnswer>,
    ) -> Result<(), Result<Answer, NoAnswer>> {
        let waiting = self.registry.with(self.endpoint, self.hold, |holder| {
            holder.waiting.get_mut(&id)?.answer.take()
        });
        match waiting.flatten() {
            Some(sender) => sender.send(answer),
            None => Err(answer),
        }
    }
}

#[cfg(test)]
mod tests;
