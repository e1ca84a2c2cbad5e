//! Where requests are forwarded to: a [`Target`], and the [`Routes`] that choose one by path.
//!
//! In: what the person at the keyboard wrote. Out: a base URL taken apart, and the choice among several. Must not know:
//! sockets, the history. Only flags, the user's config and the screen make a target; the relay and a request never do.
//!
//! ```text
//! 3000                  http   localhost    3000
//! localhost:3000/hooks  http   localhost    3000   /hooks
//! https://[::1]/        https  ::1          443
//! ```

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// A base URL that requests are forwarded to. Only flags, the user's config and the screen make one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// `http` or `https`.
    pub is_tls: bool,
    /// Host as typed: a name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path put before a request's own; empty or beginning with `/`, never ending with one.
    pub path: String,
}

impl Target {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Host and port as a URL and a Host header have them: an IPv6 address in brackets, the scheme's own port left out.
    pub fn authority(&self) -> String {
        let port = match (self.is_tls, self.port) {
            (false, 80) | (true, 443) => String::new(),
            (_, port) => format!(":{port}"),
        };
        if self.host.contains(':') {
            format!("[{}]{port}", self.host)
        } else {
            format!("{}{port}", self.host)
        }
    }

    /// Scheme and authority, no path: `http://localhost:3000`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }

    /// All of it, without a slash at the end: `http://localhost:3000/hooks`. The same as `Display`.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    /// Whether the host is a name of this machine that no resolver is asked for: `localhost` and the names below it
    /// (RFC 6761 §6.3). It means both loopback addresses.
    pub fn is_localhost(&self) -> bool {
        let host = self.host.to_ascii_lowercase();
        host == "localhost" || host.ends_with(".localhost")
    }

    /// Whether it can only be this machine: `localhost` and the names below it, or a loopback address.
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(addr)) => addr.to_canonical().is_loopback(),
            Ok(addr) => addr.is_loopback(),
            Err(_) => self.is_localhost(),
        }
    }
}

/// A text that is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no target: {flaw}")]
pub struct TargetError {
    /// What was given.
    pub text: String,
    /// What is wrong with it, and what would be right.
    pub flaw: &'static str,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        parse(text).map_err(|flaw| TargetError {
            text: text.to_owned(),
            flaw,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base_url())
    }
}

const SHAPE: &str = "give a port, host:port or http(s)://host[:port][/path]";

fn parse(text: &str) -> Result<Target, &'static str> {
    let (is_tls, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
        Some(_) => return Err("only http:// and https:// can be forwarded to"),
        None => (None, text),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("a user name does not belong in it; give it as --header 'Authorization: …'");
    }
    let (host, port) = authority_of(authority, is_tls)?;
    Ok(Target {
        is_tls: is_tls.unwrap_or(false),
        host,
        port,
        path: path_of(path)?,
    })
}

/// Host and port; `is_tls` is none when no scheme was typed, and only then a port alone will do.
fn authority_of(text: &str, is_tls: Option<bool>) -> Result<(String, u16), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SHAPE)?;
            host.parse::<Ipv6Addr>()
                .map_err(|_| "what stands in brackets is no IPv6 address")?;
            (host, port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (host, port) = match (host, port.strip_prefix(':'), is_tls) {
        (number, None, None) if is_number(number) => ("localhost", port_of(number)?),
        ("", Some(number), None) => ("localhost", port_of(number)?),
        ("", ..) => return Err(SHAPE),
        (host, Some(number), _) => (host, port_of(number)?),
        (_, None, _) if !port.is_empty() => return Err(SHAPE),
        (host, None, Some(is_tls)) => (host, if is_tls { 443 } else { 80 }),
        (_, None, None) => return Err(SHAPE),
    };
    let is_name = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if is_name || text.starts_with('[') {
        Ok((host.to_owned(), port))
    } else {
        Err("a host is letters, digits, `.`, `-` and `_`, or an IPv6 address in brackets")
    }
}

fn port_of(text: &str) -> Result<u16, &'static str> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err("a port is a number from 1 to 65535"),
    }
}

fn path_of(text: &str) -> Result<String, &'static str> {
    if text.contains(['?', '#']) {
        return Err("a query or fragment does not belong in it: each request brings its own");
    }
    let path = text.trim_end_matches('/');
    // The same characters that reach us from senders can be put before them.
    if path.is_empty() || path.parse::<http::uri::PathAndQuery>().is_ok() {
        Ok(path.to_owned())
    } else {
        Err("its path has characters that a URL cannot have")
    }
}

/// A path and where it goes: `/stripe=3001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Beginning with `/`, not ending with one; empty takes everything.
    pub path: String,
    /// Where it goes; the path is not cut.
    pub target: Target,
}

/// A text that is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No `=`, or what stands before it is no path.
    #[error("`{0}` is no route: give a path and a target, as in /stripe=3001")]
    Shape(String),
    /// What stands behind the `=`.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl FromStr for Route {
    type Err = RouteError;

    fn from_str(text: &str) -> Result<Self, RouteError> {
        let shape = || RouteError::Shape(text.to_owned());
        let (path, target) = text.split_once('=').ok_or_else(shape)?;
        if !path.starts_with('/') || path.contains(['?', '#']) {
            return Err(shape());
        }
        Ok(Self {
            path: path.trim_end_matches('/').to_owned(),
            target: target.parse()?,
        })
    }
}

/// The target of each path: whole segments, the longest route wins, and the path is not cut.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Routes {
    /// Where everything else goes; none: captured only.
    pub default: Option<Target>,
    /// Path prefix (beginning with `/`, not ending with one) and its target.
    pub routes: Vec<(String, Target)>,
}

impl Routes {
    /// The target for a path (path and query, raw bytes).
    pub fn pick(&self, path: &[u8]) -> Option<&Target> {
        let end = path.iter().position(|&b| b == b'?').unwrap_or(path.len());
        let (path, _) = path.split_at(end);
        let takes = |prefix: &str| {
            path.strip_prefix(prefix.as_bytes())
                .is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        };
        self.routes
            .iter()
            .filter(|(prefix, _)| takes(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, target)| target)
            .or(self.default.as_ref())
    }

    /// Every target, the default first.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.default
            .iter()
            .chain(self.routes.iter().map(|(_, target)| target))
    }
}

#[cfg(test)]
mod tests;
