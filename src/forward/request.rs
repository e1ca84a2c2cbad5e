//! A capture → the request the app gets, and the list of every edit on the way.
//!
//! In: a capture and what the options say of it. Out: a request made of `http` types, never of formatted text, and its
//! [`Edit`]s in the order of the lines. Must not know: sockets, time, the history.
//!
//! ```text
//! path     target's path + capture's path          /in + /x?a  →  /in/x?a
//! lines    each in its place                       hop-by-hop, Expect → removed
//!          those with a new value: in their place  Host, Content-Length → changed
//!          the rest of the new ones: at the end    X-Forwarded-…, Hooktool-… → added
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use hooktool_relay::{
    capture::{Body, Capture, CaptureId, Edit, Headers, Scheme},
    headers::{is_hop_by_hop, is_loopback_host},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, uri::PathAndQuery};

use super::{
    HostHeader, Options,
    lines::{self, Fresh},
};
use crate::target::Target;

/// Longest path that is forwarded, in bytes: what the relay accepts (limits of the design), checked again here because a
/// relay need not be ours.
const MAX_PATH: usize = 8 * 1024;

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As it came.
    Forward,
    /// Again; the id it was captured under.
    Replay(CaptureId),
    /// As a websocket upgrade.
    Upgrade,
    /// As a sender would, to a public URL: without lines of our own.
    Call,
}

/// A request without its body.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Method, path, headers.
    pub(super) head: Request<()>,
    /// The URL it goes to.
    pub(super) url: String,
    /// What was changed.
    pub(super) edits: Vec<Edit>,
}

/// Makes the request; the error says in words why this capture cannot be sent at all.
pub(super) fn outgoing(
    options: &Options,
    target: &Target,
    capture: &Capture,
    way: Way,
) -> Result<Outgoing, String> {
    if matches!(capture.method, Method::CONNECT | Method::TRACE) {
        return Err(format!("{} is never forwarded", capture.method));
    }
    let path = path(target, &capture.path)?;
    let mut edits = Vec::with_capacity(8);
    edits.extend(path_edit(capture, &path));
    let connection: Vec<&[u8]> = capture.headers.all("connection").collect();
    // The relay has met the expectation.
    let stays_here = |name: &[u8]| {
        name.eq_ignore_ascii_case(b"expect") || is_hop_by_hop(name, connection.iter().copied())
    };
    let fresh = fresh_lines(options, target, capture, way);
    let headers = lines::replaced(&capture.headers, fresh, stays_here, &mut edits);
    let headers = map_of(headers)?;
    for (name, value) in &capture.trailers.0 {
        edits.push(lines::removed(name, value));
    }
    let url = format!("{}{path}", target.origin());
    let mut head = Request::new(());
    *head.method_mut() = capture.method.clone();
    *head.uri_mut() = Uri::from(path);
    *head.headers_mut() = headers;
    Ok(Outgoing { head, url, edits })
}

/// The URL that the app builds of what it gets.
pub(super) fn seen(options: &Options, target: &Target, capture: &Capture) -> Option<String> {
    let path = path(target, &capture.path).ok()?;
    let host = capture.headers.first("host").map(Bytes::copy_from_slice);
    let host = authority(options, target, host.as_ref());
    let origin = target.origin();
    let (scheme, _) = origin.split_once("://")?;
    let host = str::from_utf8(&host).ok()?;
    Some(format!("{scheme}://{host}{path}"))
}

/// The Host that the app is told.
fn authority(options: &Options, target: &Target, host: Option<&Bytes>) -> Bytes {
    match (&options.host, host) {
        (HostHeader::Name(name), _) => Bytes::from(name.clone()),
        (HostHeader::Keep, Some(host)) => host.clone(),
        (HostHeader::Keep, None) | (HostHeader::Target, _) => target.authority().into(),
    }
}

/// The target's own path, then the capture's bytes as sent. Nothing is normalised: `//x` stays, and is no authority, since
/// the parts of a URL are never joined as text.
fn path(target: &Target, sent: &Bytes) -> Result<PathAndQuery, String> {
    if sent.len() > MAX_PATH {
        return Err(format!("the path is over {MAX_PATH} bytes"));
    }
    if !matches!(sent.first(), None | Some(b'/' | b'?')) {
        return Err("the path begins with neither `/` nor `?`".to_owned());
    }
    let whole = match (target.path.as_str(), sent.first()) {
        ("", Some(b'/')) => sent.clone(),
        (base, _) => {
            let mut whole = BytesMut::with_capacity(base.len() + sent.len() + 1);
            whole.put_slice(if base.is_empty() { "/" } else { base }.as_bytes());
            whole.put_slice(sent);
            whole.freeze()
        }
    };
    // A `#` would be cut off in silence, so what was read is compared with what was given.
    PathAndQuery::from_maybe_shared(whole.clone())
        .ok()
        .filter(|path| path.as_str().as_bytes() == whole)
        .ok_or_else(|| "the path has bytes that HTTP cannot carry".to_owned())
}

/// The endpoint's name was cut by the relay, and the target's path put before the rest.
fn path_edit(capture: &Capture, path: &PathAndQuery) -> Option<Edit> {
    let mut from =
        BytesMut::with_capacity(capture.endpoint.as_str().len() + capture.path.len() + 1);
    from.put_u8(b'/');
    from.put_slice(capture.endpoint.as_str().as_bytes());
    from.put_slice(&capture.path);
    (from != path.as_str().as_bytes()).then(|| Edit::Changed {
        what: "path".to_owned(),
        from: from.freeze(),
        to: Bytes::copy_from_slice(path.as_str().as_bytes()),
    })
}

/// Our own lines and the user's, which win.
fn fresh_lines(options: &Options, target: &Target, capture: &Capture, way: Way) -> Vec<Fresh> {
    let host = capture.headers.first("host").map(Bytes::copy_from_slice);
    let authority = authority(options, target, host.as_ref());
    let text = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
    let length = (capture.body != Body::Absent).then(|| capture.body.len().to_string().into());
    let peer = capture.peer.to_canonical().to_string();
    let replay_of = match way {
        Way::Replay(id) => Some(id.to_string().into()),
        Way::Forward | Way::Upgrade | Way::Call => None,
    };
    let proto = text(proto(capture, host.as_deref()));
    let mut ours = vec![
        ("host", Some(authority)),
        ("content-length", length),
        ("x-forwarded-for", Some(peer.into())),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", proto),
        ("hooktool-request-id", Some(capture.id.to_string().into())),
        ("hooktool-replay-of", replay_of),
    ];
    if way == Way::Upgrade {
        ours.push(("connection", text("Upgrade")));
        ours.push(("upgrade", text("websocket")));
    }
    if way == Way::Call {
        ours.retain(|(name, _)| matches!(*name, "host" | "content-length"));
    }
    ours.retain(|(name, _)| options.headers.iter().all(|(users, _)| users != name));
    let users = options.headers.iter().map(|(name, value)| {
        let name = Bytes::copy_from_slice(name.as_str().as_bytes());
        Fresh::new(name, Some(Bytes::copy_from_slice(value.as_bytes())))
    });
    let ours = ours
        .into_iter()
        .map(|(name, value)| Fresh::new(name, value));
    ours.chain(users).collect()
}

/// The scheme the sender used. Where a capture does not say, a relay on the public net has TLS before it, and one that is
/// called by a loopback name has none.
fn proto(capture: &Capture, host: Option<&[u8]>) -> &'static str {
    let guessed = || match host {
        Some(host) if !is_loopback_host(host) => Scheme::Https,
        _ => Scheme::Http,
    };
    capture.scheme.unwrap_or_else(guessed).as_str()
}

/// Names and values are checked again here: a relay need not be ours.
fn map_of(lines: Headers) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::with_capacity(lines.len());
    for (raw, bytes) in lines.0 {
        let name = HeaderName::from_bytes(&raw)
            .map_err(|_| format!("a header's name is no token: {}", raw.escape_ascii()))?;
        let value = HeaderValue::from_maybe_shared(bytes)
            .map_err(|_| format!("the value of header {name} has control characters"))?;
        // A map takes 32,768 lines; `append` alone would panic at one more.
        map.try_append(name, value)
            .map_err(|_| "it has too many header lines".to_owned())?;
    }
    Ok(map)
}

#[cfg(test)]
mod tests;
