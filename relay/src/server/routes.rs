//! Who answers a request: the relay itself below `/_hooktool`, or ingress.
//!
//! In: a request as hyper parsed it, and its connection. Out: an answer. Must not know: bytes, TLS, what ingress does.
//!
//! ```text
//! /_hooktool/link      a listener's link          /_hooktool/metrics   Prometheus text, for this machine only
//! /_hooktool/health    the process runs           /                    what this is
//! /_hooktool/ready     webhooks can be taken      everything else      an endpoint's
//! /_hooktool/probe/…   a listener asks for its own link
//! ```

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Method, Request, Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, FORWARDED, RETRY_AFTER, VIA},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

use super::{Edge, connection::Connection, host, probe, sender, upgrade};
use crate::{answer::AnswerBody, capture::Scheme, config::Access, metrics::Now};

/// What the relay's own paths begin with. No endpoint's name has a `_`.
const OWN: &str = "/_hooktool";

/// What `/` says.
const FRONT: &str = "This is a hooktool relay: it receives webhooks, stores them and carries them to a developer's machine.\n";

/// Who knows that a request came through a proxy.
const PROXIED: [HeaderName; 3] = [FORWARDED, VIA, HeaderName::from_static("x-forwarded-for")];

/// Answers one request.
pub(super) async fn answer(
    edge: &Edge,
    connection: &Connection,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let is_embedded = matches!(edge.rooms.config.access, Access::Embedded { .. });
    if is_embedded && !host::is_loopback(&request) {
        edge.metrics.refused("host");
        return text(
            StatusCode::FORBIDDEN,
            "This relay answers to loopback names only: localhost, 127.0.0.1, [::1].\n",
        );
    }
    let peer = connection.peer;
    let sender = sender::of(peer, request.headers(), &edge.rooms.config.trusted_proxies);
    // Whoever connects itself has a place by its seat.
    let place = match (sender != peer).then(|| edge.seats.place(sender.ip())) {
        Some(Err(reason)) => return full(edge, reason),
        Some(Ok(place)) => place,
        None => None,
    };
    match request.uri().path().strip_prefix(OWN) {
        Some("/link") => upgrade::answer(edge, connection, (sender.ip(), place), request).await,
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            own_page(edge, peer, sender.ip(), rest, &request).await
        }
        _ if request.uri().path() == "/" && is_reading(request.method()) => {
            text(StatusCode::OK, FRONT)
        }
        _ if !connection.seat.serves_senders() => full(edge, "senders"),
        _ => {
            let scheme = scheme(edge, peer, request.headers());
            edge.ingress.serve(request, sender, scheme).await
        }
    }
}

/// What the sender spoke: what a trusted proxy says, else TLS that ends here, else plain HTTP. Behind a proxy that says nothing, as
/// a public URL with `https` shows, nobody knows.
fn scheme(edge: &Edge, peer: SocketAddr, headers: &HeaderMap) -> Option<Scheme> {
    let proxies = &edge.rooms.config.trusted_proxies;
    let is_trusted = proxies.iter().any(|proxy| proxy.contains(peer.ip()));
    let told = is_trusted.then(|| sender::scheme(headers)).flatten();
    if told.is_some() {
        told
    } else if edge.tls.is_some() {
        Some(Scheme::Https)
    } else if is_trusted {
        None
    } else {
        let is_proxied = edge.rooms.public_url.starts_with("https:");
        (!is_proxied).then_some(Scheme::Http)
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

async fn own_page(
    edge: &Edge,
    peer: SocketAddr,
    sender: IpAddr,
    rest: &str,
    request: &Request<Incoming>,
) -> Response<AnswerBody> {
    match rest {
        _ if !is_reading(request.method()) => unknown(),
        "/health" => text(StatusCode::OK, "ok\n"),
        "/ready" => ready(edge),
        "/metrics" if is_from_here(peer, request) => metrics(edge).await,
        _ => match rest.strip_prefix("/probe/") {
            Some(endpoint) => probe::answer(edge, sender, endpoint, request.headers())
                .await
                .unwrap_or_else(unknown),
            None => unknown(),
        },
    }
}

fn unknown() -> Response<AnswerBody> {
    text(StatusCode::NOT_FOUND, "Nothing is here.\n")
}

fn ready(edge: &Edge) -> Response<AnswerBody> {
    if edge.rooms.stop.is_cancelled() {
        text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if edge.rooms.store.is_full() {
        text(StatusCode::SERVICE_UNAVAILABLE, "the disk is full\n")
    } else {
        text(StatusCode::OK, "ready\n")
    }
}

/// Whether a request was made on this machine, and not handed on by a proxy that runs here.
fn is_from_here<B>(peer: SocketAddr, request: &Request<B>) -> bool {
    peer.ip().is_loopback() && host::is_loopback(request) && !is_proxied(request.headers())
}

fn is_proxied(headers: &HeaderMap) -> bool {
    PROXIED.iter().any(|name| headers.contains_key(name))
}

async fn metrics(edge: &Edge) -> Response<AnswerBody> {
    let (held, waiting) = edge.rooms.registry.counts();
    let Ok(stats) = edge.rooms.store.stats().await else {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The store cannot be read.\n",
        );
    };
    let page = edge.metrics.text(Now {
        held,
        waiting,
        captures: stats.captures,
        bytes: stats.bytes,
        endpoints: stats.endpoints,
        dropped: stats.dropped,
        is_full: edge.rooms.store.is_full(),
    });
    // https://prometheus.io/docs/specs/om/open_metrics_spec/#overall-structure
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    with_body(StatusCode::OK, kind, page)
}

/// The answer on a seat that is kept back for links, or to a sender that has all of its places.
fn full(edge: &Edge, reason: &'static str) -> Response<AnswerBody> {
    edge.metrics.connection_refused(reason);
    let mut answer = text(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many connections: try again in a moment.\n",
    );
    let headers = answer.headers_mut();
    headers.append(RETRY_AFTER, 1.into());
    headers.append(CONNECTION, http::HeaderValue::from_static("close"));
    answer
}

/// An answer of plain text.
fn text(status: StatusCode, body: &'static str) -> Response<AnswerBody> {
    with_body(status, "text/plain; charset=utf-8", body)
}

/// An answer of this type.
pub(super) fn with_body(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<AnswerBody> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .append(CONTENT_TYPE, http::HeaderValue::from_static(kind));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_for_this_machine_and_not_for_who_comes_through_its_proxy() {
        let request = |headers: &[(&str, &str)]| {
            let mut head = Request::get("/_hooktool/metrics");
            for (name, value) in headers {
                head = head.header(*name, *value);
            }
            head.body(()).unwrap()
        };
        let here = "127.0.0.1:1".parse().unwrap();
        let there = "192.0.2.1:1".parse().unwrap();
        let plain = request(&[("host", "localhost:8080")]);
        assert!(is_from_here(here, &plain));
        assert!(!is_from_here(there, &plain));
        assert!(!is_from_here(here, &request(&[("host", "relay.example")])));
        for proxied in ["x-forwarded-for", "via", "forwarded"] {
            let request = request(&[("host", "localhost"), (proxied, "for=192.0.2.1")]);
            assert!(!is_from_here(here, &request), "{proxied}");
        }
    }
}
