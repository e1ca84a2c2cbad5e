//! A sample, made new and sent: straight to a target and recorded here, or to the public URL, where the listener records it.
//!
//! In: a sample, what it is made with, where to. Out: a request in the history, for `replay` to send; or what the URL answered.
//! Must not know: the link, who asked, screens.
//!
//! ```text
//!                      ┌─ straight ─▶ recorded as a request ─▶ replay ─▶ target
//! sample ─▶ ready ─────┤
//!                      └─ public ───▶ the relay ═══▶ the listener, which records it
//! ```

use std::sync::Arc;

use bytes::Bytes;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, EndpointName, Headers, Kind, Scheme, UnixMillis, Version,
};
use http::{HeaderName, HeaderValue};
use http_body_util::{BodyExt as _, Full};

use crate::{
    forward::{Forwarder, Tried},
    history::{Arrival, History, HistoryError, Number, Webhook},
    target::Target,
    webhook::{Doctor, Head, Known, Order, Ready, Request, Sample, Secret, SetError},
};

/// What is sent, and with what it is made.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The senders.
    pub known: Arc<Known>,
    /// The secrets that are set.
    pub secrets: Arc<[Secret]>,
    /// The sample.
    pub sample: &'static Sample,
    /// Path and query behind the target's or the URL's own; empty, or beginning with `/` or `?`.
    pub path: String,
    /// The URL that is signed, by senders that sign it; none: the one that it is sent to.
    pub url: Option<String>,
    /// Fields of the body and their values.
    pub set: Vec<(String, String)>,
    /// Header lines that take the place of others of their names.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// Where a sample that goes straight to a target is recorded: the relay's name in the history, and an endpoint there.
pub type Place = (Arc<str>, EndpointName);

/// Why nothing was sent.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TriggerError {
    /// A field that is not there.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// It could not be recorded.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl Trigger {
    /// Makes one for a base URL, with ids and a moment of its own.
    ///
    /// # Errors
    /// `Set`, `Random`.
    pub fn ready(&self, base: &Target) -> Result<Ready, TriggerError> {
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| TriggerError::Random)?;
        let url = self.url(base);
        let ready = self.sample.ready(&Order {
            known: &self.known,
            secrets: &self.secrets,
            path: &self.path,
            url: &url,
            set: &self.set,
            headers: &self.headers,
            now: UnixMillis::now().0,
            random,
        })?;
        Ok(ready)
    }

    /// The URL that its sender would have called.
    fn url(&self, base: &Target) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        let root = match base.path.is_empty() && !self.path.starts_with('/') {
            true => "/",
            false => "",
        };
        format!("{base}{root}{}", self.path)
    }

    /// Records one that goes to this target as a request that came here, and gives its number.
    ///
    /// # Errors
    /// `History`.
    pub async fn record(
        &self,
        history: &History,
        (relay, endpoint): Place,
        target: &Target,
        ready: &Ready,
    ) -> Result<Number, TriggerError> {
        let capture = Arc::new(capture(endpoint, target, ready));
        let webhook = self.webhook(&capture, target).map(Box::new);
        let arrival = Arrival {
            capture,
            relay,
            seq: None,
            kind: Kind::Live,
            webhook,
        };
        Ok(history.record(arrival, None).await?.number)
    }

    /// Sends one to the public URL, as its sender would.
    pub async fn call(
        &self,
        forwarder: &Forwarder,
        endpoint: EndpointName,
        base: &Target,
        ready: &Ready,
    ) -> Tried {
        let capture = capture(endpoint, base, ready);
        let body = Full::new(ready.body.clone())
            .map_err(|never| match never {})
            .boxed_unsync();
        forwarder.call(base, &capture, body).await
    }

    /// What it is as a webhook, judged by the URL that was signed.
    fn webhook(&self, capture: &Capture, target: &Target) -> Option<Webhook> {
        let Body::Whole(body) = &capture.body else {
            return None;
        };
        let doctor = Doctor {
            known: &self.known,
            secrets: &self.secrets,
        };
        let request = Request {
            head: Head::of(capture),
            body,
            public: &[self.url(target)],
            local: &[],
        };
        let found = doctor.verdict(&request, None, capture.received_at.0);
        let seen = found.seen?;
        Some(Webhook {
            delivery_id: seen.id().map(str::to_owned),
            provider: seen.provider,
            event: seen.event,
            action: seen.action,
            attempt: seen.attempt,
            verdict: found.verdict.as_str().to_owned(),
        })
    }
}

/// The request as it would have been captured.
fn capture(endpoint: EndpointName, base: &Target, ready: &Ready) -> Capture {
    let mut headers = Headers::new();
    headers.push("host", base.authority());
    headers.0.extend(ready.headers.0.iter().cloned());
    if headers.first("content-length").is_none() {
        headers.push("content-length", ready.body.len().to_string());
    }
    Capture {
        id: CaptureId::new(),
        endpoint,
        received_at: UnixMillis::now(),
        peer: std::net::Ipv4Addr::LOCALHOST.into(),
        method: http::Method::POST,
        path: ready.path.clone(),
        version: Version::Http11,
        scheme: Some(if base.is_tls {
            Scheme::Https
        } else {
            Scheme::Http
        }),
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::clone(&ready.body)),
    }
}
