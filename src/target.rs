//! Where requests are forwarded to: a [`Target`], and the [`Routes`] that choose one by path.
//!
//! Only flags, the user's config and the screen make a target; the relay and a request never do.

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
    pub fn pick(&self, _path: &[u8]) -> Option<&Target> {
        todo!()
    }

    /// Every target, the default first.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.default
            .iter()
            .chain(self.routes.iter().map(|(_, target)| target))
    }
}
