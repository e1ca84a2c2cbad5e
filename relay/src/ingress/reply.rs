//! The answers that the relay makes itself: refusals, what the policy says, and the fixed answer.
//!
//! In: status, reason, the request's id. Out: an HTTP answer with a short plain-text reason and `Hooktool-Request-Id` where
//! there is an id. Must not know: why.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full};
use serde::de::IgnoredAny;

use crate::{
    answer::AnswerBody, capture::CaptureId, headers::Invalid, registry::NoAnswer, store::StoreError,
};

/// Carries a capture's id on every answer that the relay made.
const REQUEST_ID: HeaderName = HeaderName::from_static("hooktool-request-id");

/// When to try a full store again: retention frees room by the minute, not by the second.
const AFTER_FULL: Duration = Duration::from_secs(60);

/// When to try a busy store, or one without a listener, again.
const AFTER_BUSY: Duration = Duration::from_secs(5);

/// A request that was not stored, or an upgrade that nobody took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Status.
    pub(super) status: StatusCode,
    /// One word for the metrics.
    pub(super) word: &'static str,
    /// One line for people, without its line end.
    pub(super) reason: &'static str,
    /// When to try again, if that may help.
    pub(super) retry_after: Option<Duration>,
    /// The request's id, where the listener may know it or the store may hold it.
    pub(super) id: Option<CaptureId>,
    /// Whether the connection ends: what follows on it cannot be trusted, or is a body that nobody will read.
    pub(super) closes: bool,
}

impl Refusal {
    const fn new(status: StatusCode, word: &'static str, reason: &'static str) -> Self {
        Self {
            status,
            word,
            reason,
            retry_after: None,
            id: None,
            closes: false,
        }
    }

    const fn closing(self) -> Self {
        Self {
            closes: true,
            ..self
        }
    }

    const fn after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// The refusal of this request.
    pub(super) const fn of(self, id: CaptureId) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// No such endpoint: unknown, deleted and malformed names are told apart by nothing.
    pub(super) const UNKNOWN: Self = Self::new(
        StatusCode::NOT_FOUND,
        "unknown_endpoint",
        "no such endpoint",
    );

    /// More than `Limits.body`, declared or sent.
    pub(super) const BODY_TOO_LARGE: Self = Self::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "not stored; the body is larger than this relay takes",
    )
    .closing();

    /// The body came too slowly.
    pub(super) const BODY_TOO_SLOW: Self = Self::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "not stored; the body came too slowly",
    )
    .closing();

    /// The body was cut short or misframed.
    pub(super) const BODY_BROKEN: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "body_broken",
        "not stored; the body broke off or was malformed",
    )
    .closing();

    /// The disk is full.
    pub(super) const FULL: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "store_full",
        "not stored; this relay has no room left",
    )
    .after(AFTER_FULL);

    /// An upgrade that found no listener, or one with its hands full.
    pub(super) const NOBODY: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "upgrade_unheard",
        "nobody listens, and a websocket cannot be delivered later",
    )
    .after(AFTER_BUSY);

    /// The endpoint's rate is used up for so long.
    pub(super) fn too_many(wait: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate",
            "not stored; too many requests to this endpoint",
        )
        .after(wait)
    }

    /// An upgrade that the app did not answer.
    pub(super) fn unanswered(why: NoAnswer) -> Self {
        match why {
            NoAnswer::NoListener => Self::NOBODY,
            NoAnswer::TimedOut => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upgrade_timed_out",
                "the app did not answer in time",
            ),
            NoAnswer::Refused => Self::new(
                StatusCode::BAD_GATEWAY,
                "upgrade_refused",
                "the app refused the connection",
            ),
            NoAnswer::Broken => Self::new(
                StatusCode::BAD_GATEWAY,
                "upgrade_broken",
                "the app broke off or sent no HTTP",
            ),
        }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let (status, word, reason) = invalid.said();
        Self::new(status, word, reason).closing()
    }
}

impl From<StoreError> for Refusal {
    /// Never a 2xx; and nothing of the store's own words, which name files.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::FULL,
            StoreError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store_busy",
                "not stored; this relay is busy",
            )
            .after(AFTER_BUSY),
            _ => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store_failed",
                "the relay cannot say that it was stored",
            )
            .after(AFTER_BUSY),
        }
    }
}

/// An answer of the relay's own. `method` decides whether there is a body.
pub(super) fn own(
    method: &Method,
    status: StatusCode,
    reason: &str,
    id: Option<CaptureId>,
) -> Response<AnswerBody> {
    let text = Bytes::from(format!("{reason}\n"));
    built(method, status, "text/plain; charset=utf-8", text, id)
}

/// The answer that a refusal gives.
pub(super) fn refused(method: &Method, refusal: Refusal) -> Response<AnswerBody> {
    let mut answer = own(method, refusal.status, refusal.reason, refusal.id);
    if let Some(wait) = refusal.retry_after {
        retry_after(&mut answer, wait);
    }
    if refusal.closes {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().append(header::CONNECTION, close);
    }
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        let others = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        answer.headers_mut().append(header::ALLOW, others);
    }
    answer
}

/// The fixed answer of `--respond`: JSON if it parses, else plain text.
pub(super) fn fixed(
    method: &Method,
    status: StatusCode,
    body: &str,
    id: CaptureId,
) -> Response<AnswerBody> {
    let is_json = serde_json::from_str::<IgnoredAny>(body).is_ok();
    let kind = if is_json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let body = Bytes::copy_from_slice(body.as_bytes());
    built(method, status, kind, body, Some(id))
}

/// Tells the sender to come again, in whole seconds, at least one.
pub(super) fn retry_after(answer: &mut Response<AnswerBody>, wait: Duration) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let value = HeaderValue::from(seconds.max(1));
    answer.headers_mut().append(header::RETRY_AFTER, value);
}

/// When the sender of a request that no listener answered may try again.
pub(super) fn retry_soon(answer: &mut Response<AnswerBody>) {
    retry_after(answer, AFTER_BUSY);
}

/// No bytes.
pub(super) fn empty() -> AnswerBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// Whether an answer to `method` with this status has a body at all (RFC 9110 §6.4.1).
pub(super) fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD
        && !status.is_informational()
        && status != StatusCode::NO_CONTENT
        && status != StatusCode::NOT_MODIFIED
}

fn built(
    method: &Method,
    status: StatusCode,
    kind: &'static str,
    body: Bytes,
    id: Option<CaptureId>,
) -> Response<AnswerBody> {
    let is_empty = body.is_empty() || !has_body(method, status);
    let mut answer = Response::new(if is_empty {
        empty()
    } else {
        Full::new(body)
            .map_err(|never| match never {})
            .boxed_unsync()
    });
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    if !is_empty {
        headers.append(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(id) = id {
        let id = HeaderValue::try_from(id.to_string()).expect("an id is letters, digits and `_`");
        headers.append(REQUEST_ID, id);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(answer: Response<AnswerBody>) -> Bytes {
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_fixed_answer_is_json_only_if_it_parses() {
        for (text, kind) in [
            (r#"{"ok":true}"#, Some("application/json")),
            ("12", Some("application/json")),
            ("{ok}", Some("text/plain; charset=utf-8")),
            ("", None),
        ] {
            let id = CaptureId::new();
            let answer = fixed(&Method::POST, StatusCode::OK, text, id);
            let found = answer.headers().get(header::CONTENT_TYPE);
            assert_eq!(found.map(HeaderValue::as_bytes), kind.map(str::as_bytes));
            assert_eq!(answer.headers()[REQUEST_ID], id.to_string());
            assert_eq!(body(answer).await, text);
        }
    }

    #[tokio::test]
    async fn there_is_no_body_where_http_allows_none() {
        for (method, status, text) in [
            (Method::GET, StatusCode::OK, "why\n"),
            (Method::HEAD, StatusCode::OK, ""),
            (Method::POST, StatusCode::NO_CONTENT, ""),
            (Method::POST, StatusCode::NOT_MODIFIED, ""),
        ] {
            assert_eq!(body(own(&method, status, "why", None)).await, text);
        }
    }

    #[test]
    fn waits_are_told_in_whole_seconds_and_never_as_none() {
        for (millis, seconds) in [(0, "1"), (20, "1"), (1000, "1"), (1001, "2")] {
            let wait = Duration::from_millis(millis);
            let answer = refused(&Method::POST, Refusal::too_many(wait));
            assert_eq!(answer.headers()[header::RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn a_store_that_fails_never_says_yes() {
        let path = std::path::PathBuf::from("secret");
        for (error, word) in [
            (StoreError::Full(path.clone()), "store_full"),
            (StoreError::Busy, "store_busy"),
            (StoreError::Uncertain, "store_failed"),
            (
                StoreError::Fatal {
                    path,
                    detail: String::new(),
                },
                "store_failed",
            ),
        ] {
            let refusal = Refusal::from(error);
            assert_eq!(
                (refusal.status, refusal.word),
                (StatusCode::SERVICE_UNAVAILABLE, word)
            );
            assert!(refusal.retry_after.is_some());
        }
    }
}
