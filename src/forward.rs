//! One capture and a target → one attempt: the hyper client, its timeouts, the kinds of failure.
//!
//! In: a capture, its body as it comes, a [`Target`] that the person at the keyboard named. Out: the app's answer, streaming, or
//! why there is none; and the list of edits made on the way. Must not know: the link, the history.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::{
    capture::{AnswerHead, Capture, CaptureId, Edit, Outcome, UnixMillis},
    registry::{AnswerBody, Cut},
};
use http_body_util::combinators::UnsyncBoxBody;

use crate::target::Target;

/// How requests are changed on the way to the app, and how long one may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which Host the app sees.
    pub host: HostHeader,
    /// Header lines set on every request, replacing those of the same name.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// Whether a target's certificate is taken unchecked.
    pub insecure: bool,
    /// Longest wait for an answer's head.
    pub timeout: Duration,
}

/// Which Host the app sees. The original goes into `X-Forwarded-Host` in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostHeader {
    /// The target's own, so that development servers accept it.
    Target,
    /// As the sender wrote it.
    Keep,
    /// This one.
    Name(String),
}

/// A request body on its way to the app.
pub type RequestBody = UnsyncBoxBody<Bytes, Cut>;

/// What one forward came to.
#[derive(Debug)]
pub struct Tried {
    /// The URL it went to.
    pub url: String,
    /// When it began.
    pub started_at: UnixMillis,
    /// Time to connect, if a connection was made.
    pub connect: Option<Duration>,
    /// Time to the answer's head, or to the failure.
    pub took: Duration,
    /// What was changed on the way.
    pub edits: Vec<Edit>,
    /// The app's answer, or why there is none.
    pub result: Result<Answered, Failure>,
}

/// The app's answer.
#[derive(Debug)]
pub struct Answered {
    /// Status and headers as the app sent them, hop-by-hop ones included.
    pub head: AnswerHead,
    /// Its body as it comes; after a 101, what the app writes on the upgraded connection.
    pub body: AnswerBody,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Refused, timed out or broken.
    pub outcome: Outcome,
    /// In words, naming the target.
    pub text: String,
}

/// Sends captures to targets. Keeps connections open between them. Cloned freely.
#[derive(Clone, Debug)]
pub struct Forwarder {}

impl Forwarder {
    /// A forwarder with these options.
    ///
    /// # Errors
    /// In words, if the system's certificate store cannot be used for an https target.
    pub fn new(_options: Options) -> Result<Self, String> {
        todo!()
    }

    /// Sends a capture to a target. Redirects are not followed, nothing is retried, nothing but the target is connected to.
    /// Dropping the future cancels the forward.
    ///
    /// `length` of the body comes from the capture. `replay_of` adds `Hooktool-Replay-Of`.
    pub async fn send(
        &self,
        _target: &Target,
        _capture: &Capture,
        _body: RequestBody,
        _replay_of: Option<CaptureId>,
    ) -> Tried {
        todo!()
    }

    /// Carries a websocket upgrade: `upstream` is what the sender writes after the app's 101; the answer's body is what the
    /// app writes. A refusal is an ordinary answer.
    pub async fn upgrade(
        &self,
        _target: &Target,
        _capture: &Capture,
        _upstream: RequestBody,
    ) -> Tried {
        todo!()
    }
}
