//! What the listener tells its views ([`Event`]), and what the person at the keyboard asks of it ([`Intent`]).
//!
//! Only facts and wishes: no sockets, no screen. Requests and tries are not here: views read them from the history.

use std::time::Duration;

use hooktool_relay::capture::UnixMillis;

use crate::forward::Target;

/// A change outside the history.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The link's state.
    Link(Link),
    /// The target's port, from the last forward or a TCP connect.
    Target(Reach),
    /// Whether requests are held, and how many are held or parked now.
    Hold {
        /// Whether new requests are held.
        on: bool,
        /// Held, not forwarded.
        held: u64,
        /// Parked, to be forwarded when the port opens.
        parked: u64,
    },
    /// Captures that retention dropped at the relay.
    Gap {
        /// First dropped seq.
        first_seq: u64,
        /// Last dropped seq.
        last_seq: u64,
    },
    /// Something to tell once, in a sentence.
    Notice(Notice),
}

/// A sentence and how much it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether something went wrong.
    pub is_problem: bool,
    /// The sentence, not yet safe to show: it may hold strangers' bytes.
    pub text: String,
}

/// State of the link.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// The first connect is under way.
    Connecting {
        /// Which try, from 1.
        attempt: u32,
    },
    /// Proven within the last 45 s.
    Live(Live),
    /// Lost; the next try is planned.
    Reconnecting {
        /// Time until the next try.
        after: Duration,
        /// Which try, from 1.
        attempt: u32,
        /// Why, in words.
        cause: String,
    },
    /// A newer listener holds the endpoint.
    TakenOver {
        /// Its name, if known.
        by: String,
    },
    /// The relay refused the token or the endpoint; nothing is tried until a person acts.
    Refused {
        /// Why, in words.
        cause: String,
    },
}

/// What a live link knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Public URL, no trailing slash.
    pub url: String,
    /// Captures that wait to be offered.
    pub waiting: u64,
    /// Since when the oldest waits.
    pub waiting_since: Option<UnixMillis>,
    /// How many of the waiting ones came since.
    pub caught_up: u64,
}

/// Whether the target's port answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not tried yet, or there is no target.
    Unknown,
    /// A connection was accepted.
    Up {
        /// How long that took.
        took: Duration,
    },
    /// It was refused or timed out.
    Down {
        /// Since when.
        since: UnixMillis,
        /// Why, in words.
        cause: String,
    },
}

/// What the person asks for. Performed by the command that runs, never by a view.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Forward a stored request again, as captured.
    Replay {
        /// Its local number.
        number: u64,
        /// Where to; none: the target of its last try.
        to: Option<Target>,
    },
    /// Hold new requests, or stop holding.
    Hold(bool),
    /// Forward what is held.
    Release,
    /// Connect (or claim) now.
    Connect,
    /// Keep a request, or stop keeping it.
    Bookmark {
        /// Its local number.
        number: u64,
        /// Whether to keep it.
        on: bool,
    },
    /// End cleanly.
    Quit,
}
