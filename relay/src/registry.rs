//! Who holds which endpoint, and which senders wait: the only meeting point of ingress and session.
//!
//! In: ingress says that a sender waits ([`Registry::expect`]) and asks for its answer; a session claims an endpoint and
//! answers. Out: answers, and to the session what the sender got. Must not know: HTTP, the wire, sockets.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::oneshot;

use crate::capture::{AnswerHead, Capture, CaptureId, EndpointName, Sent};

/// Bytes of an answer (or of an upgraded connection) as they come; an error means that it broke off, and must never look
/// like an end.
pub type AnswerBody = UnsyncBoxBody<Bytes, Cut>;

/// A body that ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off")]
pub struct Cut;

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

/// The registry. Cloned freely.
#[derive(Clone, Debug, Default)]
pub struct Registry {}

impl Registry {
    /// Whether a listener holds this endpoint now.
    pub fn is_held(&self, _endpoint: &EndpointName) -> bool {
        todo!()
    }

    /// Says, *before* its capture is appended, that a sender will wait for the answer. Without this a delivery counts as
    /// waited. Returns none if nobody listens.
    pub fn expect(&self, _endpoint: &EndpointName, _id: CaptureId) -> Option<Expected> {
        todo!()
    }

    /// Gives an upgrade to the listener; the answer comes by its channel.
    ///
    /// # Errors
    /// Gives the upgrade back when nobody listens or the listener takes no more.
    pub fn carry(&self, _endpoint: &EndpointName, _upgrade: Upgrade) -> Result<(), Upgrade> {
        todo!()
    }

    /// How many endpoints are held, and how many senders wait.
    pub fn counts(&self) -> (usize, usize) {
        todo!()
    }
}

/// A sender that waits. Dropped without [`Expected::sent`], it counts as gone, which cancels the answer, never the
/// delivery.
#[derive(Debug)]
pub struct Expected {}

impl Expected {
    /// The answer of the listener, or why there is none. Resolves once.
    ///
    /// # Cancel safety
    /// Safe; asking again after a deadline is possible.
    pub async fn answer(&mut self) -> Result<Answer, NoAnswer> {
        todo!()
    }

    /// Tells the listener what the sender got. When it was not the listener's own answer, none is wanted any more.
    pub fn sent(self, _sent: Sent) {
        todo!()
    }
}
