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
    capture::{Body, Capture, CaptureId, Edit, Headers},
    headers::{is_hop_by_hop, is_loopback_host},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header, uri::PathAndQuery};

use super::{HostHeader, Options};
use crate::target::Target;

/// Longest path that is forwarded, in bytes: what the relay accepts (limits of the design), checked again here because a
/// relay need not be ours.
const MAX_PATH: usize = 8 * 1024;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REQUEST_ID: HeaderName = HeaderName::from_static("hooktool-request-id");
const REPLAY_OF: HeaderName = HeaderName::from_static("hooktool-replay-of");

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As it came.
    Forward,
    /// Again; the id it was captured under.
    Replay(CaptureId),
    /// As a websocket upgrade.
    Upgrade,
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
    let fresh = fresh_lines(options, target, capture, way)?;
    let headers = lines(capture, fresh, &mut edits)?;
    for (name, value) in &capture.trailers.0 {
        edits.push(removed(name, value));
    }
    let url = format!("{}{path}", target.origin());
    let mut head = Request::new(());
    *head.method_mut() = capture.method.clone();
    *head.uri_mut() = Uri::from(path);
    *head.headers_mut() = headers;
    Ok(Outgoing { head, url, edits })
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

/// A line of ours or of the user's. It stands where the capture has a line of that name, else at the end; without a value,
/// such lines are left out.
struct Fresh {
    name: HeaderName,
    value: Option<HeaderValue>,
    is_placed: bool,
}

fn fresh_lines(
    options: &Options,
    target: &Target,
    capture: &Capture,
    way: Way,
) -> Result<Vec<Fresh>, String> {
    let host = capture
        .headers
        .first("host")
        .and_then(|host| HeaderValue::from_bytes(host).ok());
    let authority = match &options.host {
        HostHeader::Target => value(&target.authority())?,
        HostHeader::Keep => match &host {
            Some(host) => host.clone(),
            None => value(&target.authority())?,
        },
        HostHeader::Name(name) => value(name)?,
    };
    let length = (capture.body != Body::Absent).then(|| HeaderValue::from(capture.body.len()));
    let proto = HeaderValue::from_static(proto(host.as_ref()));
    let replay_of = match way {
        Way::Replay(id) => Some(value(&id.to_string())?),
        Way::Forward | Way::Upgrade => None,
    };
    let mut ours = vec![
        (header::HOST, Some(authority)),
        (header::CONTENT_LENGTH, length),
        (
            FORWARDED_FOR,
            Some(value(&capture.peer.to_canonical().to_string())?),
        ),
        (FORWARDED_HOST, host),
        (FORWARDED_PROTO, Some(proto)),
        (REQUEST_ID, Some(value(&capture.id.to_string())?)),
        (REPLAY_OF, replay_of),
    ];
    if way == Way::Upgrade {
        let upgrade = HeaderValue::from_static("Upgrade");
        ours.push((header::CONNECTION, Some(upgrade)));
        ours.push((header::UPGRADE, Some(HeaderValue::from_static("websocket"))));
    }
    let set = &options.headers;
    ours.retain(|(name, _)| set.iter().all(|(users, _)| users != name));
    let users = set
        .iter()
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    let fresh = |(name, value)| Fresh {
        name,
        value,
        is_placed: false,
    };
    Ok(ours.into_iter().chain(users).map(fresh).collect())
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("{text:?} can be no header's value"))
}

/// The scheme the sender used. A capture does not say: a relay on the public net has TLS before it, and one that is called
/// by a loopback name has none.
fn proto(host: Option<&HeaderValue>) -> &'static str {
    match host {
        Some(host) if !is_loopback_host(host.as_bytes()) => "https",
        _ => "http",
    }
}

/// The capture's lines in their order, with the fresh ones in it. Names and values are checked again here: a relay need not
/// be ours.
fn lines(
    capture: &Capture,
    mut fresh: Vec<Fresh>,
    edits: &mut Vec<Edit>,
) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::with_capacity(capture.headers.len() + fresh.len());
    for (raw, bytes) in &capture.headers.0 {
        let name = HeaderName::from_bytes(raw)
            .map_err(|_| format!("a header's name is no token: {}", raw.escape_ascii()))?;
        let value = HeaderValue::from_maybe_shared(bytes.clone())
            .map_err(|_| format!("the value of header {name} has control characters"))?;
        if let Some(new) = next_of(&mut fresh, &name) {
            if new != value {
                edits.push(changed(raw, bytes, &new));
            }
            append(&mut map, name, new)?;
        } else if fresh.iter().any(|line| line.name == name) || stays_here(&name, &capture.headers)
        {
            edits.push(removed(raw, bytes));
        } else {
            append(&mut map, name, value)?;
        }
    }
    for line in fresh.into_iter().filter(|line| !line.is_placed) {
        if let Some(value) = line.value {
            edits.push(Edit::Added {
                name: line.name.as_str().to_owned(),
                value: Bytes::copy_from_slice(value.as_bytes()),
            });
            append(&mut map, line.name, value)?;
        }
    }
    Ok(map)
}

/// A map takes 32,768 lines, and panics at one more.
fn append(map: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), String> {
    map.try_append(name, value)
        .map(|_| ())
        .map_err(|_| "it has too many header lines".to_owned())
}

/// The first line of that name that has not found its place yet.
fn next_of(fresh: &mut [Fresh], name: &HeaderName) -> Option<HeaderValue> {
    let line = fresh
        .iter_mut()
        .find(|line| line.name == name && !line.is_placed)?;
    line.is_placed = true;
    line.value.clone()
}

/// Whether a line is between the sender and the relay alone, or an expectation that the relay has met.
fn stays_here(name: &HeaderName, headers: &Headers) -> bool {
    *name == header::EXPECT || is_hop_by_hop(name.as_str().as_bytes(), headers.all("connection"))
}

fn changed(name: &Bytes, from: &Bytes, to: &HeaderValue) -> Edit {
    Edit::Changed {
        what: name_of(name),
        from: from.clone(),
        to: Bytes::copy_from_slice(to.as_bytes()),
    }
}

fn removed(name: &Bytes, value: &Bytes) -> Edit {
    Edit::Removed {
        name: name_of(name),
        value: value.clone(),
    }
}

/// As it was captured; a name is a token and so ASCII.
fn name_of(name: &Bytes) -> String {
    name.iter().map(|&b| char::from(b)).collect()
}

#[cfg(test)]
mod tests;
