//! Which request heads are refused: the rules that a parsed head can be held to. Reject, do not repair.
//!
//! In: a head as hyper parsed it, and the limits. Out: nothing, or why it is refused, with the status that says so. Rules on
//! what hyper has already repaired (both framings, a repeated length, bare line feeds) cannot be checked here.

use std::net::Ipv6Addr;

use http::{StatusCode, Uri, Version, header, request::Parts};

use crate::config::Limits;

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.said().2)]
pub enum Invalid {
    /// CONNECT would make a tunnel, TRACE would echo what the sender may not see.
    Method,
    /// Path and query over the limit.
    PathTooLong,
    /// More header lines or more bytes than the limit.
    HeadTooLarge,
    /// Not `/…` and not `http://host/…`: it names no endpoint.
    Target,
    /// None on HTTP/1.1, or more than one, or not a host (RFC 9112 §3.2).
    Host,
    /// The target names another host than `Host`: which one is meant is anybody's guess.
    Authority,
    /// A transfer coding besides one `chunked`: the body would still be coded.
    TransferCoding,
    /// An expectation other than `100-continue` (RFC 9110 §10.1.1).
    Expectation,
}

impl Invalid {
    /// The status that says so, one word for the metrics, and the reason in a line for people.
    pub fn said(self) -> (StatusCode, &'static str, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "this method is not served here",
            ),
            Self::PathTooLong => (
                StatusCode::URI_TOO_LONG,
                "path_too_long",
                "the path is longer than this relay takes",
            ),
            Self::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head_too_large",
                "the headers are more than this relay takes",
            ),
            Self::Target => (BAD, "target", "the request target names no endpoint"),
            Self::Host => (BAD, "host", "one well-formed Host header is required"),
            Self::Authority => (
                BAD,
                "authority",
                "the request target and the Host header disagree",
            ),
            Self::TransferCoding => (
                BAD,
                "transfer_coding",
                "the only transfer coding served here is chunked",
            ),
            Self::Expectation => (
                StatusCode::EXPECTATION_FAILED,
                "expectation",
                "this expectation cannot be met",
            ),
        }
    }
}

/// Holds a request's head to the rules.
///
/// # Errors
/// The first rule that it breaks, in the order of [`Invalid`]'s variants.
pub fn validate(parts: &Parts, limits: &Limits) -> Result<(), Invalid> {
    if matches!(parts.method.as_str(), "CONNECT" | "TRACE") {
        return Err(Invalid::Method);
    }
    let target = parts.uri.path_and_query().map_or("", |path| path.as_str());
    if target.len() > limits.path {
        return Err(Invalid::PathTooLong);
    }
    if parts.headers.len() > limits.headers || head_size(parts, target) > limits.head {
        return Err(Invalid::HeadTooLarge);
    }
    check_target(&parts.uri, target)?;
    check_host(parts)?;
    check_coding(parts)?;
    check_expectation(parts)
}

/// The head's size on the wire, in bytes, but for blanks that the parser took away.
fn head_size(parts: &Parts, target: &str) -> usize {
    let first = parts.method.as_str().len() + target.len() + " HTTP/1.1 \r\n".len();
    let lines = parts.headers.iter();
    lines.fold(first, |sum, (name, value)| {
        sum + name.as_str().len() + value.len() + ": \r\n".len()
    })
}

fn check_target(uri: &Uri, target: &str) -> Result<(), Invalid> {
    let is_web = match uri.scheme_str() {
        Some(scheme) => scheme == "http" || scheme == "https",
        // Without a scheme an authority is CONNECT's form: `GET foo:80`.
        None => uri.authority().is_none(),
    };
    if is_web && target.starts_with('/') {
        Ok(())
    } else {
        Err(Invalid::Target)
    }
}

fn check_host(parts: &Parts) -> Result<(), Invalid> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let is_sound = match host {
        Some(host) => more.is_none() && host_name(host.as_bytes()).is_some(),
        None => parts.version != Version::HTTP_11,
    };
    if !is_sound {
        return Err(Invalid::Host);
    }
    match (parts.uri.authority(), host) {
        (Some(authority), _) if host_name(authority.as_str().as_bytes()).is_none() => {
            Err(Invalid::Authority)
        }
        (Some(authority), Some(host))
            if !authority
                .as_str()
                .as_bytes()
                .eq_ignore_ascii_case(host.as_bytes()) =>
        {
            Err(Invalid::Authority)
        }
        _ => Ok(()),
    }
}

fn check_coding(parts: &Parts) -> Result<(), Invalid> {
    let mut codings = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Invalid::TransferCoding),
    }
}

fn check_expectation(parts: &Parts) -> Result<(), Invalid> {
    let mut expectations = parts.headers.get_all(header::EXPECT).iter();
    if expectations.all(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        Ok(())
    } else {
        Err(Invalid::Expectation)
    }
}

/// The host in a value that is a host and perhaps a port (RFC 3986 §3.2.2), with an IPv6 address's brackets.
fn host_name(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let end = if text.starts_with('[') {
        text.find(']')? + 1
    } else {
        text.find(':').unwrap_or(text.len())
    };
    let (name, port) = text.split_at(end);
    let is_name = match name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_name_byte),
    };
    (is_name && is_port(port)).then_some(name)
}

/// Whether it is nothing, or a colon and perhaps a port.
fn is_port(rest: &str) -> bool {
    match rest.strip_prefix(':') {
        Some(port) => {
            port.bytes().all(|b| b.is_ascii_digit())
                && (port.is_empty() || port.parse::<u16>().is_ok())
        }
        None => rest.is_empty(),
    }
}

/// Bytes of a registered name: unreserved, percent-encoded or sub-delims.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}
