//! What the listener tells its views (a [`Board`]), and what the person at the keyboard asks of it ([`Intent`]).
//!
//! Only facts and wishes: no sockets, no screen. Requests and tries are not here: views read them from the history.

use std::time::Duration;

use hooktool_relay::capture::{Seq, UnixMillis};
use tokio::sync::{broadcast, watch};

use crate::target::Target;

mod again;

pub use again::{Edits, Export, Form, Replays, Round, SIGNED, Sign, Trigger};

/// Where the listener writes what its views show: the present state of each thing, and sentences that are told once.
#[derive(Clone, Debug)]
pub struct Board {
    /// The link.
    pub link: watch::Sender<Link>,
    /// Whether the public URL leads to that link.
    pub proof: watch::Sender<Proof>,
    /// The default target's port.
    pub reach: watch::Sender<Reach>,
    /// What is held and parked.
    pub hold: watch::Sender<Hold>,
    /// What else holds of how requests are answered and which are forwarded, a few words each.
    pub standing: watch::Sender<Vec<String>>,
    /// Sentences; [`Board::NOTICES`] wait for a slow view, then the oldest are lost to it.
    pub notices: broadcast::Sender<Notice>,
    /// How requests that were sent again together ended.
    pub rounds: broadcast::Sender<Round>,
    /// Requests that never come, for whoever counts; a notice says it to people. As many wait as notices do.
    pub gaps: broadcast::Sender<Gap>,
}

impl Board {
    /// How many sentences wait for a slow view.
    pub const NOTICES: usize = 64;

    /// A board of a listener that has not connected yet.
    pub fn new() -> Self {
        Self {
            link: watch::Sender::new(Link::Connecting { attempt: 1 }),
            proof: watch::Sender::new(Proof::Open),
            reach: watch::Sender::new(Reach::Unknown),
            hold: watch::Sender::new(Hold::default()),
            standing: watch::Sender::default(),
            notices: broadcast::Sender::new(Self::NOTICES),
            rounds: broadcast::Sender::new(Self::NOTICES),
            gaps: broadcast::Sender::new(Self::NOTICES),
        }
    }

    /// What a view reads.
    pub fn feed(&self) -> Feed {
        Feed {
            link: self.link.subscribe(),
            proof: self.proof.subscribe(),
            reach: self.reach.subscribe(),
            hold: self.hold.subscribe(),
            standing: self.standing.subscribe(),
            notices: self.notices.subscribe(),
            rounds: self.rounds.subscribe(),
            gaps: self.gaps.subscribe(),
        }
    }

    /// Tells of a gap, in numbers and in words.
    pub fn tell_gap(&self, gap: Gap) {
        let count = gap.last.0.saturating_sub(gap.first.0).saturating_add(1);
        // Without a view nobody needs it.
        let _ = self.gaps.send(gap);
        let text =
            format!("{count} requests were dropped by the relay before they could be delivered");
        self.tell(true, text);
    }

    /// Tells a sentence.
    pub fn tell(&self, is_problem: bool, text: impl Into<String>) {
        // Without a view nobody needs it.
        let _ = self.notices.send(Notice {
            is_problem,
            text: text.into(),
            about: None,
        });
    }

    /// Tells a sentence about a request that is sent again.
    pub fn tell_of(&self, number: u64, is_problem: bool, text: impl Into<String>) {
        // Without a view nobody needs it.
        let _ = self.notices.send(Notice {
            is_problem,
            text: text.into(),
            about: Some(number),
        });
    }
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

/// What a view reads.
#[derive(Debug)]
pub struct Feed {
    /// The link.
    pub link: watch::Receiver<Link>,
    /// Whether the public URL leads to that link.
    pub proof: watch::Receiver<Proof>,
    /// The default target's port.
    pub reach: watch::Receiver<Reach>,
    /// What is held and parked.
    pub hold: watch::Receiver<Hold>,
    /// What else holds of answers and of what is forwarded.
    pub standing: watch::Receiver<Vec<String>>,
    /// Sentences to tell once.
    pub notices: broadcast::Receiver<Notice>,
    /// How requests that were sent again together ended.
    pub rounds: broadcast::Receiver<Round>,
    /// Requests that never come.
    pub gaps: broadcast::Receiver<Gap>,
}

/// Captures of the endpoint that the relay's retention dropped before they were delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first one's place in the endpoint.
    pub first: Seq,
    /// The last one's.
    pub last: Seq,
}

/// What a person said of how the inspector's panes share the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Panes {
    /// Whether the detail stands beside the list; none: by the width.
    pub is_beside: Option<bool>,
    /// The list's share where the detail is under it, in percent; none: the usual one.
    pub under: Option<u16>,
    /// Its share where the detail is beside it.
    pub beside: Option<u16>,
}

/// What is held and parked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hold {
    /// Whether new requests are held.
    pub on: bool,
    /// Held, forwarded when a person says so.
    pub held: u64,
    /// Parked, forwarded when the port opens.
    pub parked: u64,
}

/// A sentence and how much it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether something went wrong.
    pub is_problem: bool,
    /// The sentence, not yet safe to show: it may hold strangers' bytes.
    pub text: String,
    /// The request that is about to be sent again, which it is of: how that ends is told with it.
    pub about: Option<u64>,
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
        /// Its name; empty if that is not known.
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

/// Whether the public URL leads to this listener, by a request of its own from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing was asked over this link yet, or no answer came so far.
    Open,
    /// The relay answered there that it holds this very link.
    Proven,
    /// Another answer came, or none; it is asked again.
    Doubted {
        /// Why, in words, not yet safe to show.
        cause: String,
    },
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
    /// Forward stored requests again, together.
    Replays(Box<Replays>),
    /// Send a sample.
    Trigger(Box<Trigger>),
    /// Send no more of what is being sent together; what is under way goes on to its end.
    Stop,
    /// Write stored requests to a file.
    Export(Export),
    /// Hold new requests, or stop holding.
    Hold(bool),
    /// Forward what is held.
    Release,
    /// Forward only what fits this filter, or everything.
    Only(Option<String>),
    /// Connect (or claim) now.
    Connect,
    /// Keep a request, or stop keeping it.
    Bookmark {
        /// Its local number.
        number: u64,
        /// Whether to keep it.
        on: bool,
    },
    /// Write a note beside a request; an empty one takes it away.
    Note {
        /// Its local number.
        number: u64,
        /// The note.
        text: String,
    },
    /// Delete requests.
    Remove {
        /// Their local numbers.
        numbers: Vec<u64>,
        /// Whether bookmarked ones go too; else they stay.
        with_bookmarked: bool,
    },
    /// Bring back what was deleted last.
    Restore,
    /// Keep requests, or stop keeping them.
    Bookmarks {
        /// Their local numbers.
        numbers: Vec<u64>,
        /// Whether to keep them.
        on: bool,
    },
    /// Keep where the panes stand for the next time.
    Keep(Panes),
    /// End cleanly.
    Quit,
}
