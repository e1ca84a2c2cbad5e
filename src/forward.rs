//! One capture and a target → one attempt: the hyper client, its timeouts, the kinds of failure.
//!
//! In: a capture, its body as it comes, a [`Target`] that the person at the keyboard named. Out: the app's answer, streaming, or
//! why there is none; and the list of changes made on the way. Must not know: the link, the history.

use std::{fmt, str::FromStr};

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

/// A text that is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no target: give a port, host:port or http(s)://host[:port][/path]")]
pub struct TargetError(pub String);

impl FromStr for Target {
    type Err = TargetError;
    fn from_str(_text: &str) -> Result<Self, TargetError> {
        todo!()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
