//! Settings in four layers, each value with where it came from.
//!
//! In: clap's matches, `HOOKTOOL_*`, the project's `hooktool.toml`, the user's `config.toml`. Out: [`Layers`], which remember
//! every value and its [`Origin`], and [`Settings`], parsed into final types. Must not know: what a verb does with them.
//!
//! ```text
//! flags > HOOKTOOL_* > hooktool.toml (project) > config.toml (user) > defaults
//! ```
//!
//! A project's file comes with a cloned repository, so it may name targets on this machine and nothing beyond it.

use std::{fmt, path::PathBuf, time::Duration};

use hooktool_relay::{
    capture::{AnswerPolicy, EndpointName},
    protocol::From,
};

use crate::{
    cli::value::{self, Color},
    filter::Filter,
    forward,
    output::Output,
    target::Routes,
    text::Zone,
    tui::{Keymap, Theme},
};

mod file;
mod folders;
mod keys;
mod layers;
pub mod panes;
pub mod secrets;
pub mod signing;

pub use folders::{Folders, project};
pub use layers::Layers;
use secrets::Secret;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// This variable of the environment.
    Env(String),
    /// A config file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Env(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Which relay a listener uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayAt {
    /// One in the same process, on this machine.
    Local,
    /// The relay of this origin: `https://host[:port]`, no trailing slash.
    Url(String),
}

/// Everything `listen` runs by, in final types.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which relay.
    pub relay: RelayAt,
    /// The token for it: `HOOKTOOL_TOKEN`, else what `login` kept. None for the embedded relay.
    pub token: Option<Secret>,
    /// The endpoint, if one was chosen; none: the folder's own.
    pub endpoint: Option<EndpointName>,
    /// Where to begin.
    pub from: From,
    /// What senders get.
    pub answer: AnswerPolicy,
    /// How long a sender waits for the app's answer.
    pub deadline: Duration,
    /// The targets; none at all: captured only.
    pub routes: Routes,
    /// What is forwarded; none: everything.
    pub only: Option<Filter>,
    /// How requests are changed on the way, and how long one may take.
    pub forward: forward::Options,
    /// Most requests in flight, 1 to 32.
    pub max_in_flight: u16,
    /// Whether new requests are held.
    pub hold: bool,
    /// Whether refused requests are parked until the port opens.
    pub wait_for_target: bool,
    /// Whether challenges of known senders are answered though there is a target.
    pub answer_challenges: bool,
    /// How often a refused or timed-out forward is repeated.
    pub retry: u32,
    /// What to show by, if it was said.
    pub output: Option<Output>,
    /// Colours.
    pub color: Color,
    /// Which colours the inspector uses.
    pub theme: Theme,
    /// Whether it draws ASCII alone; none: where the terminal shows nothing else.
    pub ascii: Option<bool>,
    /// Whether the inspector's screen changes by time alone: the countdown.
    pub animation: bool,
    /// Which clock times are shown on.
    pub zone: Zone,
    /// Other keys for actions of the inspector.
    pub keys: Option<Keymap>,
    /// hooktool's folders.
    pub folders: Folders,
    /// The project's folder, by which the endpoint is remembered.
    pub project: PathBuf,
}

impl Settings {
    /// Puts the layers together.
    ///
    /// # Errors
    /// `Value` for one that does not parse, and what reading `secrets.toml` gives.
    pub fn resolve(layers: &Layers) -> Result<Self, ConfigError> {
        let relay = layers.need("relay", value::relay)?;
        let respond = layers.one("respond", value::respond)?;
        let token = match &relay {
            RelayAt::Local => None,
            RelayAt::Url(url) => secrets::token(&layers.folders, url)?,
        };
        let json = layers.need("json", value::switch)?;
        Ok(Self {
            relay,
            token,
            endpoint: layers.one("endpoint", value::endpoint)?,
            from: layers.one("from", value::from)?.unwrap_or_default(),
            answer: match respond {
                Some(fixed) if !layers.is_above("answer", "respond") => fixed,
                _ => layers.need("answer", value::answer)?,
            },
            deadline: layers.need("deadline", value::duration)?,
            routes: Routes {
                default: layers.one("target", value::target)?,
                routes: layers.all("route", value::route)?,
            },
            only: layers.one("only", value::only)?,
            forward: forward::Options {
                host: layers.need("host-header", value::host_header)?,
                headers: layers.all("header", value::header)?,
                insecure: layers.need("insecure", value::switch)?,
                timeout: layers.need("timeout", value::duration)?,
            },
            max_in_flight: layers.need("max-in-flight", value::in_flight)?,
            hold: layers.need("hold", value::switch)?,
            wait_for_target: layers.need("wait-for-target", value::switch)?,
            answer_challenges: layers.need("answer-challenges", value::switch)?,
            retry: layers.need("retry", value::retry)?,
            output: match json && !layers.is_above("output", "json") {
                true => Some(Output::Json),
                false => layers.one("output", value::output)?,
            },
            color: layers.need("color", value::color)?,
            theme: layers.need("theme", str::parse::<Theme>)?,
            ascii: layers.one("ascii", value::switch)?,
            animation: layers.need("animation", value::switch)?,
            zone: layers.zone()?,
            keys: layers.keys.clone(),
            folders: layers.folders.clone(),
            project: layers.project.clone(),
        })
    }
}

/// What is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no home folder and no XDG variable either.
    #[error("there is no folder for hooktool's files: {0}")]
    Homeless(String),
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file is not TOML.
    #[error("{path}:{line} is not TOML")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The parser's words.
        detail: String,
    },
    /// A key that means nothing.
    #[error("{path}:{line}: unknown key `{key}`")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The key that is nearest to it.
        nearest: &'static str,
    },
    /// A value that does not fit its key.
    #[error("{origin}: `{key}` cannot be `{text}`")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// The key.
        key: &'static str,
        /// The value.
        text: String,
        /// What to give.
        reason: String,
    },
    /// A key of the inspector that cannot be chosen so.
    #[error("{path}:{line}: {what}")]
    Keys {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// What to write instead.
        hint: String,
    },
    /// A project's file asks for what only the person at the keyboard may say.
    #[error("{path}:{line}: a project may not set `{key}` to `{text}`")]
    Forbidden {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// The value.
        text: String,
    },
}

#[cfg(test)]
mod tests;
