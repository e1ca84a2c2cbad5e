//! Public HTTP → capture → store → registry → answer; the answer policy.
//!
//! In: a request as hyper parsed it. Out: the answer that the sender gets. Must not know: session, link, protocol.
//!
//! ```text
//!   head ──▶ endpoint ──▶ rate ──▶ room ──▶ size ──▶ body ──▶ expect ──▶ commit ──▶ answer
//!    400       404         429      503      413    408 400     │          503         by policy, or the app's
//!    405 …                                          413 503     └─ a sender waits: said before the commit wakes the listener
//! ```
//!
//! Nothing of the body is polled before its size was judged, so `Expect: 100-continue` is refused early. A request without a
//! 2xx may be stored or not, and its reason says which; one with a 2xx is stored.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, Version, header, request::Parts};
use http_body::Body as _;
use hyper::{body::Incoming, upgrade::OnUpgrade};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use crate::{
    accounts::Accounts,
    answer::AnswerBody,
    capture::{self, Body, Capture, CaptureId, Headers, Scheme, Sent, SentBy, UnixMillis},
    config::Config,
    headers,
    metrics::Metrics,
    registry::{Answer, Expected, Registry},
    store::{Draft, EndpointRecord, Store},
};
use intake::Declared;
use linger::Lingering;
use policy::{Situation, Verdict};
use reply::Refusal;

mod intake;
mod linger;
mod path;
mod policy;
mod reply;
mod stall;
mod upgrade;

/// The public edge. Cloned freely.
#[derive(Clone, Debug)]
pub struct Ingress {
    config: Arc<Config>,
    store: Store,
    registry: Registry,
    accounts: Accounts,
    metrics: Metrics,
    tasks: TaskTracker,
}

impl Ingress {
    /// An edge over these rooms. Upgraded connections are pumped by tasks of `tasks`, and answers watched.
    pub fn new(
        config: Arc<Config>,
        store: Store,
        registry: Registry,
        accounts: Accounts,
        metrics: Metrics,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            config,
            store,
            registry,
            accounts,
            metrics,
            tasks,
        }
    }

    /// Serves one request to `/<endpoint>/…`, sent from `peer` over `scheme`, if that is known. When the sender leaves, hyper drops this future at any await: nothing that must
    /// survive it is owned here.
    pub async fn serve(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        scheme: Option<Scheme>,
    ) -> Response<AnswerBody> {
        let (parts, body) = request.into_parts();
        let body = Lingering::new(body, parts.version, &self.tasks);
        let method = parts.method.clone();
        let answer = match self.answered(parts, body, peer, scheme).await {
            Ok(answer) => answer,
            Err(refusal) => {
                self.metrics.refused(refusal.word);
                tracing::debug!(%method, status = refusal.status.as_u16(), why = refusal.word, "refused");
                reply::refused(&method, refusal)
            }
        };
        self.metrics.answered(answer.status().as_u16());
        answer
    }

    async fn answered(
        &self,
        mut parts: Parts,
        body: Lingering<Incoming>,
        peer: SocketAddr,
        scheme: Option<Scheme>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let received_at = UnixMillis::now();
        let (record, path) = self.admitted(&parts).await?;
        let mut capture = Capture {
            id: CaptureId::new(),
            endpoint: record.name.clone(),
            received_at,
            peer: peer.ip().to_canonical(),
            method: parts.method.clone(),
            path,
            version: version(parts.version),
            scheme,
            headers: lines(&parts),
            trailers: Headers::new(),
            body: Body::Absent,
        };
        if headers::is_websocket_upgrade(&parts)
            && let Some(socket) = parts.extensions.remove::<OnUpgrade>()
        {
            return self.upgrade(capture, socket).await;
        }
        if self.store.is_full() {
            self.store.see(received_at);
            return Err(Refusal::FULL);
        }
        let limits = &self.config.limits;
        let declared = Declared::of(&parts, body.is_end_stream(), limits)?;
        let taken = intake::take(&self.store, capture.id, body, declared, limits).await?;
        capture.body = taken.body;
        capture.trailers = taken.trailers;
        self.stored(&record, capture, taken.draft).await
    }

    /// The endpoint and the path behind its name, if its head is sound, it is known and its rate allows one more.
    async fn admitted(&self, parts: &Parts) -> Result<(EndpointRecord, Bytes), Refusal> {
        headers::validate(parts, &self.config.limits)?;
        let target = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let (name, path) = path::cut(target.as_bytes()).ok_or(Refusal::UNKNOWN)?;
        let record = self.store.endpoint(&name).await?.ok_or(Refusal::UNKNOWN)?;
        self.accounts.admit(&name).map_err(Refusal::too_many)?;
        Ok((record, path))
    }

    /// Commits the capture, then answers. That a sender waits is said before, since the commit itself wakes the listener.
    async fn stored(
        &self,
        record: &EndpointRecord,
        capture: Capture,
        draft: Option<Draft>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (id, method, bytes) = (capture.id, capture.method.clone(), capture.body.len());
        let expected = self.registry.expect(&record.name, id);
        let appended = self.store.append(Arc::new(capture), draft).await;
        appended.map_err(|error| Refusal::from(error).of(id))?;
        let committed = Instant::now();
        self.metrics.captured(bytes);
        let answer = self
            .by_policy(record, &method, id, expected, committed)
            .await;
        let status = answer.status().as_u16();
        tracing::debug!(%method, endpoint = %record.name, %id, bytes, status, "stored and answered");
        Ok(answer)
    }

    async fn by_policy(
        &self,
        record: &EndpointRecord,
        method: &Method,
        id: CaptureId,
        expected: Option<Expected>,
        committed: Instant,
    ) -> Response<AnswerBody> {
        let Some(mut expected) = expected else {
            let verdict = policy::by_policy(&record.answer, method, Situation::NoListener);
            return said(verdict, method, id).0;
        };
        let verdict = match policy::at_commit(&record.answer) {
            Some(verdict) => verdict,
            None => {
                let patience = if policy::wants_answer(method) {
                    self.config.limits.reading_deadline
                } else {
                    record.deadline
                };
                match self
                    .waited(&mut expected, method, committed + patience)
                    .await
                {
                    Ok(answer) => {
                        expected.sent(Sent {
                            status: Some(answer.status().as_u16()),
                            by: SentBy::App,
                            ms: None,
                        });
                        return answer;
                    }
                    Err(situation) => policy::by_policy(&record.answer, method, situation),
                }
            }
        };
        let (answer, by) = said(verdict, method, id);
        expected.sent(Sent {
            status: Some(answer.status().as_u16()),
            by,
            ms: None,
        });
        answer
    }

    /// The app's answer, or why there is none by the deadline.
    async fn waited(
        &self,
        expected: &mut Expected,
        method: &Method,
        deadline: Instant,
    ) -> Result<Response<AnswerBody>, Situation> {
        match timeout_at(deadline, expected.answer()).await {
            Err(_) => Err(Situation::Deadline),
            Ok(Err(why)) => Err(why.into()),
            Ok(Ok(answer)) => self.passed_on(method, answer).ok_or(Situation::Broken),
        }
    }

    /// A listener's answer as its sender gets it; none if HTTP allows no such answer.
    fn passed_on(&self, method: &Method, answer: Answer) -> Option<Response<AnswerBody>> {
        let Answer { head, body } = answer;
        if head.status.is_informational() {
            return None;
        }
        let mut lines = headers::for_sender(&head, self.accounts.is_single());
        let has_body = reply::has_body(method, head.status);
        if has_body && let Some(length) = body.size_hint().exact() {
            let declared = headers::declared_length(&head.headers);
            if declared.is_some_and(|declared| declared != length) {
                return None;
            }
        }
        // A HEAD answer's length is that of the body which GET would get.
        if !has_body && *method != Method::HEAD {
            lines.remove(header::CONTENT_LENGTH);
        }
        let mut response = Response::new(if !has_body || body.is_end_stream() {
            reply::empty()
        } else if body.size_hint().exact().is_some() {
            // All of it is here: no stream's credit hangs on its sender, and the socket gives up on one who does not read.
            body
        } else {
            stall::watched(body, self.config.limits.answer_stall, &self.tasks)
        });
        *response.status_mut() = head.status;
        *response.headers_mut() = lines;
        Some(response)
    }
}

/// The relay's answer by a verdict, and whose the listener is told it was.
fn said(verdict: Verdict<'_>, method: &Method, id: CaptureId) -> (Response<AnswerBody>, SentBy) {
    match verdict {
        Verdict::Fixed { status, body } => (reply::fixed(method, status, body, id), SentBy::Policy),
        Verdict::Own {
            status,
            reason,
            retry,
            by,
        } => {
            let mut answer = reply::own(method, status, reason, Some(id));
            if retry {
                reply::retry_soon(&mut answer);
            }
            (answer, by)
        }
    }
}

/// The header lines of a capture. An HTTP/2 request may name its host outside of them; a proxy to HTTP/1.1 writes it as
/// `host` (RFC 9113 §8.3.1), and so do we, since the app reads it there.
fn lines(parts: &Parts) -> Headers {
    let mut lines = Headers::new();
    if parts.version == Version::HTTP_2
        && !parts.headers.contains_key(header::HOST)
        && let Some(authority) = parts.uri.authority()
    {
        lines.push(
            "host",
            Bytes::copy_from_slice(authority.as_str().as_bytes()),
        );
    }
    lines.0.extend(Headers::from(&parts.headers).0);
    lines
}

fn version(version: Version) -> capture::Version {
    match version {
        Version::HTTP_10 => capture::Version::Http10,
        Version::HTTP_2 => capture::Version::Http2,
        _ => capture::Version::Http11,
    }
}
