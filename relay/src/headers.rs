//! HTTP's rules in one place: hop-by-hop, Host, forwarded headers, what may be forwarded or answered.
//!
//! In: header lines and request heads. Out: the lines that may travel on, those that may not, and why a head is refused.
//! Pure: no I/O, and it must not know who asks. The relay's ingress and the listener's forward both call it, so that one
//! rule holds on both ends.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts};

use crate::capture::{AnswerHead, Headers};

mod loopback;
mod validate;

pub use loopback::is_loopback_host;
pub use validate::{Invalid, validate};

/// Lines that belong to one connection and never travel on (RFC 9110 §7.6.1; §11.7 for the two of proxy authentication).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Lines of an answer that would act on the whole origin, which the endpoints of a relay share.
const ORIGIN_WIDE: [&str; 4] = [
    "strict-transport-security",
    "alt-svc",
    "clear-site-data",
    "service-worker-allowed",
];

/// Trailer lines that would change how a message is framed, routed, authorised or read (RFC 9110 §6.5.1).
const NO_TRAILER: [&str; 8] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "host",
    "set-cookie",
];

/// Whether a line of this name ends at this connection; `connection` is the values of all `Connection` lines.
///
/// What `Connection` names is dropped too (RFC 9110 §7.6.1), but it never takes host, content-*, authorization or a
/// signature from the app: a sender's proxy, or an attacker, could make every webhook fail to verify by it.
pub fn is_hop_by_hop<'a>(name: &[u8], connection: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let is = |hop: &&str| name.eq_ignore_ascii_case(hop.as_bytes());
    if HOP_BY_HOP.iter().any(is) {
        return true;
    }
    let is_named = connection.into_iter().any(|value| lists(value, name));
    is_named && !is_untouchable(&name.to_ascii_lowercase())
}

/// Splits lines into those that travel on and those that end at this connection, each in their order.
pub fn strip_hop_by_hop(headers: &Headers) -> (Headers, Headers) {
    let connection: Vec<&[u8]> = headers.all("connection").collect();
    split(headers, |name| {
        is_hop_by_hop(name, connection.iter().copied())
    })
}

/// What a listener forwards to the app, and what it leaves out: the hop-by-hop lines, `Expect` (the relay has answered
/// it) and `Content-Length`, for which the client that writes the request puts its own.
pub fn for_app(headers: &Headers) -> (Headers, Headers) {
    split(headers, |name| {
        name.eq_ignore_ascii_case(b"expect")
            || name.eq_ignore_ascii_case(b"content-length")
            || is_hop_by_hop(name, headers.all("connection"))
    })
}

/// `X-Forwarded-For`, `-Host` and `-Proto`: who sent the request, the `Host` that it named, and `http` or `https`. They
/// take the place of lines of these names in the request, which any sender can write.
pub fn forwarded(peer: IpAddr, host: Option<&[u8]>, proto: &'static str) -> Headers {
    let mut lines = Headers::new();
    lines.push("X-Forwarded-For", peer.to_canonical().to_string());
    if let Some(host) = host {
        lines.push("X-Forwarded-Host", Bytes::copy_from_slice(host));
    }
    lines.push("X-Forwarded-Proto", proto);
    lines
}

/// The lines of a listener's answer that its sender gets, repeats kept.
///
/// Hop-by-hop lines, those that act on the whole origin, malformed ones, and a `Content-Length` that is not one plain
/// number are left out. With neighbours on the relay (`single_account` is false) their pages share an origin: no cookies
/// then, and a policy that lets no page run script or load anything.
pub fn for_sender(answer: &AnswerHead, single_account: bool) -> HeaderMap {
    let (kept, _) = strip_hop_by_hop(&answer.headers);
    let has_length = declared_length(&kept).is_some();
    let is_dropped = |name: &HeaderName| {
        ORIGIN_WIDE.contains(&name.as_str())
            || (*name == header::CONTENT_LENGTH && !has_length)
            || (!single_account
                && (*name == header::SET_COOKIE || *name == header::X_CONTENT_TYPE_OPTIONS))
    };
    let mut lines = HeaderMap::new();
    for (name, value) in kept.iter() {
        if let Some((name, value)) = line(name, value).filter(|(name, _)| !is_dropped(name)) {
            append(&mut lines, name, value);
        }
    }
    if !single_account {
        let sandbox = HeaderValue::from_static("sandbox; default-src 'none'");
        append(&mut lines, header::CONTENT_SECURITY_POLICY, sandbox);
        let nosniff = HeaderValue::from_static("nosniff");
        append(&mut lines, header::X_CONTENT_TYPE_OPTIONS, nosniff);
    }
    lines
}

/// A line as `http` holds it; none if the name is no token or the value has a control byte: no CR, LF or NUL ever passes.
pub fn line(name: &[u8], value: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name).ok()?;
    Some((name, HeaderValue::from_bytes(value).ok()?))
}

/// The length that the lines declare, in bytes; none without `Content-Length`, or when it is not one plain number.
pub fn declared_length(headers: &Headers) -> Option<u64> {
    let mut lengths = headers.all("content-length");
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return None;
    };
    // `parse` alone would take a sign.
    if !length.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(length).ok()?.parse().ok()
}

/// The trailer lines worth keeping: without those that speak of framing, routing, authority or how to read the body.
pub fn trailers(map: &HeaderMap) -> Headers {
    let (kept, _) = split(&Headers::from(map), |name| {
        NO_TRAILER
            .iter()
            .any(|no| name.eq_ignore_ascii_case(no.as_bytes()))
            || is_hop_by_hop(name, None)
    });
    kept
}

/// Whether the request asks to become a websocket (RFC 6455 §4.1): GET on HTTP/1.1 without a body, and `websocket` in
/// `Upgrade`, with `Connection` naming it. Every other token, h2c too, is only a hop-by-hop line.
pub fn is_websocket_upgrade(parts: &Parts) -> bool {
    let names = |name: HeaderName, token: &[u8]| {
        let mut lines = parts.headers.get_all(name).iter();
        lines.any(|value| lists(value.as_bytes(), token))
    };
    let has_body = parts.headers.contains_key(header::TRANSFER_ENCODING)
        || parts
            .headers
            .get_all(header::CONTENT_LENGTH)
            .iter()
            .any(|length| length.as_bytes() != b"0");
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && !has_body
        && names(header::UPGRADE, b"websocket")
        && names(header::CONNECTION, b"upgrade")
}

/// Adds a line. A map takes 32,768 lines, far more than a head of 64 KiB can hold; one beyond that is left out.
fn append(lines: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    let _ = lines.try_append(name, value);
}

/// Whether a comma-separated list names a token, whatever its case.
fn lists(value: &[u8], token: &[u8]) -> bool {
    value
        .split(|&b| b == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}

/// Whether a lower-case name is one that `Connection` cannot take away.
fn is_untouchable(name: &[u8]) -> bool {
    name == b"host"
        || name == b"authorization"
        || name.starts_with(b"content-")
        || name
            .windows(b"signature".len())
            .any(|part| part == b"signature")
}

/// Lines for which `is_dropped` is false, and those for which it is true.
fn split(headers: &Headers, is_dropped: impl Fn(&[u8]) -> bool) -> (Headers, Headers) {
    let lines = headers.0.iter().cloned();
    let (dropped, kept) = lines.partition(|(name, _)| is_dropped(name));
    (Headers(kept), Headers(dropped))
}

#[cfg(test)]
mod tests;
