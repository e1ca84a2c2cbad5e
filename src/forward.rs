//! One capture and a target → one attempt: the hyper client, its timeouts, the kinds of failure.
//!
//! In: a capture, its body as it comes, a [`Target`] that the person at the keyboard named. Out: the app's answer, streaming, or
//! why there is none; and the list of edits made on the way. Must not know: the link, the history.
//!
//! ```text
//! capture ─▶ request ─▶ pool ─▶ idle connection ─┐
//!                         └──▶ connect ──────────┴─▶ answer's head ─▶ body, piece by piece ─▶ back to the pool
//!                                 └─ refused           └─ timed out, broken  └─ cut
//! ```
//!
//! A request is written at most once: on another connection it is sent again only when hyper hands it back unwritten.

mod body;
mod connect;
mod failure;
pub(crate) mod lines;
mod pool;
mod request;
mod upgrade;
pub(crate) mod words;

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::{AnswerHead, Capture, CaptureId, Edit, Headers, Outcome, UnixMillis},
};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use tokio::time::{Instant, timeout_at};

pub use self::{body::Kept, words::Distrust};
use self::{
    body::{Outbound, Progress},
    connect::Connector,
    pool::{Lease, Pool},
    request::{Outgoing, Way},
};
use crate::target::Target;

/// How requests are changed on the way to the app, and how long one may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which Host the app sees.
    pub host: HostHeader,
    /// Header lines set on every request, replacing those of the same name. Not those that frame a request or belong to
    /// the connection: they are ours.
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
pub struct Forwarder {
    options: Arc<Options>,
    connector: Arc<Connector>,
    pool: Pool,
}

impl Forwarder {
    /// The URL that an app builds of a request as it gets it: the target's scheme, the Host it is told, its path. None if that
    /// is no text.
    pub fn seen(&self, target: &Target, capture: &Capture) -> Option<String> {
        request::seen(&self.options, target, capture)
    }

    /// A forwarder with these options.
    ///
    /// # Errors
    /// In words, if a header or Host of the options cannot be set.
    pub fn new(options: Options) -> Result<Self, String> {
        let ours = [
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ];
        if let Some((name, _)) = options.headers.iter().find(|(name, _)| ours.contains(name)) {
            return Err(format!(
                "the header {name} cannot be set: it says where a request ends"
            ));
        }
        if let HostHeader::Name(name) = &options.host
            && http::HeaderValue::from_str(name).is_err()
        {
            return Err(format!("{name:?} can be no Host"));
        }
        Ok(Self {
            connector: Arc::new(Connector::new(options.insecure)),
            options: Arc::new(options),
            pool: Pool::default(),
        })
    }

    /// Sends a capture to a target. Redirects are not followed, nothing that was written is sent again, nothing but the
    /// target is connected to. Dropping the future cancels the forward.
    ///
    /// `length` of the body comes from the capture, and a body of another length is cut; the time a body takes to come
    /// does not count as the app's. `replay_of` adds `Hooktool-Replay-Of`.
    pub async fn send(
        &self,
        target: &Target,
        capture: &Capture,
        body: RequestBody,
        replay_of: Option<CaptureId>,
    ) -> Tried {
        let way = replay_of.map_or(Way::Forward, Way::Replay);
        self.attempt(target, capture, body, way).await
    }

    /// Carries a websocket upgrade: `upstream` is what the sender writes after the app's 101; the answer's body is what the
    /// app writes. A refusal is an ordinary answer.
    pub async fn upgrade(
        &self,
        target: &Target,
        capture: &Capture,
        upstream: RequestBody,
    ) -> Tried {
        self.attempt(target, capture, upstream, Way::Upgrade).await
    }

    /// Sends a request as its sender would, with no line of our own but what HTTP needs. Otherwise as [`Forwarder::send`].
    pub async fn call(&self, url: &Target, capture: &Capture, body: RequestBody) -> Tried {
        self.attempt(url, capture, body, Way::Call).await
    }

    /// Whether something listens there: connects, and closes again. How long it took.
    ///
    /// # Errors
    /// Refused, or timed out after the options' timeout.
    pub async fn reach(&self, target: &Target) -> Result<Duration, Failure> {
        let began = Instant::now();
        let timeout = self.options.timeout;
        match timeout_at(began + timeout, connect::tcp(target)).await {
            Ok(connected) => connected.map(|_| began.elapsed()),
            Err(_) => Err(Failure::timed_out(target, timeout)),
        }
    }

    async fn attempt(
        &self,
        target: &Target,
        capture: &Capture,
        body: RequestBody,
        way: Way,
    ) -> Tried {
        let started_at = UnixMillis::now();
        let began = Instant::now();
        let mut connect = None;
        let (url, edits, result) = match request::outgoing(&self.options, target, capture, way) {
            Err(text) => (target.base_url(), Vec::new(), Err(Failure::broken(text))),
            Ok(Outgoing { head, url, edits }) => {
                let progress = Progress::new(began);
                let exchange = async {
                    if way == Way::Upgrade {
                        return self.carry(target, head, body, &mut connect).await;
                    }
                    let body = Outbound::new(body, capture.body.len(), progress.clone());
                    let request = head.map(|()| body);
                    self.exchange(target, request, &progress, &mut connect)
                        .await
                };
                let result = self.in_time(target, &progress, exchange).await;
                (url, edits, result)
            }
        };
        Tried {
            url,
            started_at,
            connect,
            took: began.elapsed(),
            edits,
            result,
        }
    }

    /// The timeout begins anew whenever a piece of the request's body has come.
    async fn in_time(
        &self,
        target: &Target,
        progress: &Progress,
        exchange: impl Future<Output = Result<Answered, Failure>>,
    ) -> Result<Answered, Failure> {
        let timeout = self.options.timeout;
        let mut exchange = pin!(exchange);
        loop {
            let deadline = progress.last() + timeout;
            if let Ok(result) = timeout_at(deadline, exchange.as_mut()).await {
                return result;
            }
            if progress.last() + timeout <= deadline {
                return Err(Failure::timed_out(target, timeout));
            }
        }
    }

    async fn exchange(
        &self,
        target: &Target,
        mut request: Request<Outbound>,
        progress: &Progress,
        connect: &mut Option<Duration>,
    ) -> Result<Answered, Failure> {
        if let Some(mut idle) = self.pool.take(target) {
            match idle.try_send_request(request).await {
                Ok(response) => return self.answered(target, response, idle),
                Err(mut error) => match error.take_message() {
                    // The app had closed this connection, and no byte of the request was written.
                    Some(unwritten) => request = unwritten,
                    None => {
                        let is_cut = progress.is_cut();
                        return Err(Failure::unanswered(target, error.error(), is_cut));
                    }
                },
            }
        }
        let began = Instant::now();
        let mut sender = self.connector.open(target, &self.pool, false).await?;
        *connect = Some(began.elapsed());
        match sender.try_send_request(request).await {
            Ok(response) => self.answered(target, response, sender),
            Err(error) => Err(Failure::unanswered(
                target,
                error.error(),
                progress.is_cut(),
            )),
        }
    }

    fn answered(
        &self,
        target: &Target,
        response: Response<Incoming>,
        sender: SendRequest<Outbound>,
    ) -> Result<Answered, Failure> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::broken(format!(
                "{} switched to another protocol without being asked",
                target.authority()
            )));
        }
        let lease = self.lease(target, &response, sender);
        Ok(Answered {
            head: head_of(&response),
            body: body::answer(response.into_body(), lease),
        })
    }

    /// Lends the connection while the answer streams, unless the app closes it afterwards.
    fn lease(
        &self,
        target: &Target,
        response: &Response<Incoming>,
        sender: SendRequest<Outbound>,
    ) -> Option<Lease> {
        let stays_open =
            response.version() == http::Version::HTTP_11 && !closes(response.headers());
        stays_open.then(|| self.pool.lease(target, sender))
    }

    async fn carry(
        &self,
        target: &Target,
        head: Request<()>,
        upstream: RequestBody,
        connect: &mut Option<Duration>,
    ) -> Result<Answered, Failure> {
        let began = Instant::now();
        let mut sender = self.connector.open(target, &self.pool, true).await?;
        *connect = Some(began.elapsed());
        let unanswered = |error: &hyper::Error| Failure::unanswered(target, error, false);
        let nothing = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let body = Outbound::new(nothing, 0, Progress::new(began));
        let response = sender
            .send_request(head.map(|()| body))
            .await
            .map_err(|error| unanswered(&error))?;
        let head = head_of(&response);
        let body = if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let upgraded = hyper::upgrade::on(response)
                .await
                .map_err(|error| unanswered(&error))?;
            upgrade::carry(upgraded, upstream, &self.pool)
        } else {
            let lease = self.lease(target, &response, sender);
            body::answer(response.into_body(), lease)
        };
        Ok(Answered { head, body })
    }
}

fn head_of(response: &Response<Incoming>) -> AnswerHead {
    AnswerHead {
        status: response.status(),
        headers: Headers::from(response.headers()),
    }
}

/// Whether the app says that it closes the connection after this answer.
fn closes(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|&b| b == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
}

#[cfg(test)]
mod tests;
