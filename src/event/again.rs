//! Requests that a person wants sent again, or written to a file: which, how, and what became of them.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::Headers;
use http::{HeaderName, HeaderValue, Method};

use crate::target::Target;

/// What becomes of the signature of a request that is sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is made anew if that is possible, and if it was not bad; else it stays.
    IfGood,
    /// It is made anew, or nothing is sent.
    Anew {
        /// Whether one that came bad is made anew, too: that hides the fault, and must be meant.
        even_bad: bool,
    },
    /// It is made wrong in one character.
    Wrong,
    /// It is made anew for a moment that the sender's tolerance has passed.
    Old,
}

/// What an attempt's list of changes calls the signature that was made anew; what follows it there is what that needed.
pub const SIGNED: &str = "signed";

/// What is changed in a copy of a request before it is sent again; the default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Another method.
    pub method: Option<Method>,
    /// Another path and query: raw bytes behind the endpoint's name, empty or beginning with `/` or `?`.
    pub path: Option<Bytes>,
    /// Other header lines, all of them, in order; what is set or removed is so in these.
    pub headers: Option<Headers>,
    /// Header lines, each in the place of one of its name, else at the end. Further lines of these names go.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Header lines of these names go.
    pub removed: Vec<HeaderName>,
    /// Another body; `Content-Length` follows by itself.
    pub body: Option<Bytes>,
    /// What becomes of the signature, after all that.
    pub sign: Sign,
    /// The URL that the app takes for its own, for senders that sign it; none: the one it is called by.
    pub url: Option<String>,
}

/// Requests sent again together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replays {
    /// Their local numbers, in the order in which they begin.
    pub numbers: Vec<u64>,
    /// Where to; none: the target of each one's last try.
    pub to: Option<Target>,
    /// How often each of them is sent.
    pub times: u32,
    /// Time between the beginnings of two of them.
    pub gap: Duration,
    /// How many may be under way.
    pub parallel: usize,
    /// What is changed in each of them.
    pub edits: Edits,
}

impl Replays {
    /// Most that are sent together, and most that may be under way; more is no use to a person at a screen.
    pub const MOST: u64 = 100_000;
    /// Most that may be under way at a time.
    pub const PARALLEL: usize = 64;

    /// How many are sent in all.
    pub fn count(&self) -> u64 {
        (self.numbers.len() as u64).saturating_mul(u64::from(self.times))
    }
}

/// A sample to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The id of its provider.
    pub provider: &'static str,
    /// Its name.
    pub event: &'static str,
    /// The path behind the URL or the target; may be empty.
    pub path: String,
    /// Straight to this target; none: through the public URL.
    pub to: Option<Target>,
}

/// How requests that were sent again together ended.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Round {
    /// Answered below 400.
    pub ok: u64,
    /// All others.
    pub failed: u64,
    /// The first [`Round::TOLD`] results, failed ones before the others: whether it failed, and a sentence, not yet safe to show.
    pub told: Vec<(bool, String)>,
    /// How many were never sent: the person stopped it.
    pub unsent: u64,
    /// The edited request that was sent, if one was.
    pub edited: Option<u64>,
}

impl Round {
    /// How many results are told one by one.
    pub const TOLD: usize = 100;
}

/// What a file of stored requests is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Curl commands.
    Curl,
    /// A request file for editors.
    Http,
    /// An HTTP archive.
    Har,
    /// JSON lines.
    Json,
}

/// A file of stored requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Their local numbers.
    pub numbers: Vec<u64>,
    /// What it is.
    pub form: Form,
    /// Where it goes.
    pub path: PathBuf,
    /// Whether secrets stay as they are.
    pub with_secrets: bool,
    /// Whether a file that is there is replaced.
    pub replaces: bool,
}
