//! The upgrade of a listener's connection to a link, and the session on it.
//!
//! In: a request to `/_hooktool/link`. Out: 101 and a session, or a refusal as JSON ([`WireError`]). Must not know: what a
//! session does.
//!
//! ```text
//! Origin? 403 ─▶ websocket on HTTP/1.1? 426 ─▶ hooktool.v1 offered? 426 ─▶ stopping? 503 ─▶ token? 401, 429 ─▶ 101
//! ```

use std::{net::IpAddr, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{
        AUTHORIZATION, AsHeaderName, CONNECTION, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
        SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
        WWW_AUTHENTICATE,
    },
};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

use super::{Edge, connection::Connection, routes::with_body, seats::Place};
use crate::{
    accounts::{Login, LoginError},
    answer::AnswerBody,
    link,
    protocol::{ErrorCode, OFFER, SUBPROTOCOL, WireError},
    session,
};

/// When a listener may come again after the relay stopped or could not ask its store.
const SOON: Duration = Duration::from_secs(1);

/// A connection that becomes a session once its 101 is written.
#[derive(Debug)]
pub(super) struct Pending {
    upgrade: OnUpgrade,
    login: Login,
    _place: Option<Place>,
}

/// Answers the request for a link from this address, which has this place.
pub(super) async fn answer(
    edge: &Edge,
    connection: &Connection,
    (sender, place): (IpAddr, Option<Place>),
    mut request: Request<Incoming>,
) -> Response<AnswerBody> {
    match login(edge, sender, &request).await {
        Ok((login, accept)) => {
            let upgrade = hyper::upgrade::on(&mut request);
            connection.becomes(Pending {
                upgrade,
                login,
                _place: place,
            });
            switch(accept)
        }
        Err(refusal) => {
            edge.metrics.connection_refused("link");
            refusal.answer()
        }
    }
}

/// Runs the session, once the connection has been handed over.
pub(super) async fn serve(pending: Pending, edge: &Edge) {
    let Ok(upgraded) = pending.upgrade.await else {
        return;
    };
    let _live = edge.metrics.link();
    let socket = WebSocketStream::from_raw_socket(
        link::Watched::new(TokioIo::new(upgraded)),
        Role::Server,
        Some(link::websocket_config()),
    )
    .await;
    Box::pin(session::serve(socket, pending.login, edge.rooms.clone())).await;
}

async fn login(
    edge: &Edge,
    sender: IpAddr,
    request: &Request<Incoming>,
) -> Result<(Login, HeaderValue), Refusal> {
    let accept = check(request)?;
    if edge.rooms.stop.is_cancelled() {
        return Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unknown,
            "the relay is stopping",
        )
        .retry_after(SOON));
    }
    let accounts = &edge.rooms.accounts;
    let login = match (bearer(request.headers()), offer(request.headers())) {
        (None, Some(offer)) => accounts.adopt(offer, sender).await?,
        (token, _) => accounts.login(token, sender).await?,
    };
    Ok((login, accept))
}

/// The token that a listener offers, which has none yet.
fn offer(headers: &HeaderMap) -> Option<&str> {
    std::str::from_utf8(headers.get(OFFER)?.as_bytes()).ok()
}

/// The accept value of a request that may become a link (RFC 6455 §4.2.1).
fn check<B>(request: &Request<B>) -> Result<HeaderValue, Refusal> {
    let headers = request.headers();
    if headers.contains_key(ORIGIN) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Forbidden,
            "web pages get no link",
        ));
    }
    let old = |text| Refusal::new(StatusCode::UPGRADE_REQUIRED, ErrorCode::Version, text);
    let is_upgrade = *request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && lists(headers, &CONNECTION, b"upgrade")
        && lists(headers, &UPGRADE, b"websocket")
        && lists(headers, &SEC_WEBSOCKET_VERSION, b"13");
    let (true, Some(key)) = (is_upgrade, only(headers, &SEC_WEBSOCKET_KEY)) else {
        return Err(old("a link is a websocket over HTTP/1.1"));
    };
    if !lists(headers, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL.as_bytes()) {
        return Err(old("this relay speaks hooktool.v1"));
    }
    HeaderValue::from_str(&derive_accept_key(key))
        .map_err(|_| old("a link is a websocket over HTTP/1.1"))
}

/// Whether one of the comma-separated values of these lines is `wanted`, in any case (RFC 9110 §5.6.1).
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: &[u8]) -> bool {
    let lines = headers.get_all(name).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|&b| b == b','))
        .any(|value| value.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// The value of the only line of that name.
pub(super) fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&[u8]> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line.as_bytes()),
        _ => None,
    }
}

/// The token (RFC 6750 §2.1). `Authorization` in any other form is a token too: one that is not valid.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    if !headers.contains_key(AUTHORIZATION) {
        return None;
    }
    let token = only(headers, &AUTHORIZATION)
        .and_then(|line| line.split_at_checked("bearer ".len()))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "))
        .and_then(|(_, token)| std::str::from_utf8(token.trim_ascii()).ok());
    Some(token.unwrap_or_default())
}

fn switch(accept: HeaderValue) -> Response<AnswerBody> {
    let body = Empty::new().map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.append(UPGRADE, HeaderValue::from_static("websocket"));
    headers.append(SEC_WEBSOCKET_ACCEPT, accept);
    headers.append(
        SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(SUBPROTOCOL),
    );
    answer
}

/// A link that is not to be.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: WireError,
}

impl Refusal {
    /// A final one: coming again makes no sense.
    fn new(status: StatusCode, code: ErrorCode, text: impl Into<String>) -> Self {
        let error = WireError {
            code,
            text: text.into(),
            retry_after_ms: None,
            fatal: true,
        };
        Self { status, error }
    }

    /// The same, but coming again after `wait` makes sense.
    fn retry_after(mut self, wait: Duration) -> Self {
        self.error.retry_after_ms = Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        self.error.fatal = false;
        self
    }

    fn answer(&self) -> Response<AnswerBody> {
        let body = serde_json::to_vec(&self.error).unwrap_or_default();
        let mut answer = with_body(self.status, "application/json", body);
        let headers = answer.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 §15.5.22 and RFC 6455 §4.4.
            headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.append(UPGRADE, HeaderValue::from_static("websocket"));
            headers.append(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        if let Some(ms) = self.error.retry_after_ms {
            headers.append(RETRY_AFTER, ms.div_ceil(1_000).max(1).into());
        }
        answer
    }
}

impl From<LoginError> for Refusal {
    fn from(error: LoginError) -> Self {
        let text = error.to_string();
        match error {
            LoginError::Missing | LoginError::Invalid => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, text)
            }
            LoginError::TooMany(wait) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany, text).retry_after(wait)
            }
            LoginError::Token(_) | LoginError::Store(_) => {
                tracing::error!(error = %text, "login");
                // Its words name files of this machine: they are for the log.
                let text = "the relay cannot check tokens now";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Store, text).retry_after(SOON)
            }
        }
    }
}

#[cfg(test)]
mod tests;
