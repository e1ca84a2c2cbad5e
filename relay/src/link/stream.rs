//! One stream of a link: what is still to come of a body, what is still to go, what is owed to the peer. Pure.
//!
//! In: DATA, WINDOW and RESET of the peer; bytes of the owner. Out: pieces for the reader, chunks for the writer, WINDOW and RESET
//! that are owed. Must not know: sockets, lanes, locks.
//!
//! ```text
//! Receiving:  open ─END─▶ ended ─read to the end─▶ gone        Sending:  open ─finish─▶ finished ─END taken─▶ gone
//!               └─RESET, link over─▶ cut ─told─▶ gone                      └─RESET of the peer─▶ cancelled ─▶ gone
//! ```

use std::task::Waker;

use bytes::{Bytes, BytesMut};

use crate::protocol::{INITIAL_WINDOW, MAX_DATA, MAX_FIRST, Reset, ResetCode};

/// The window in bytes; both directions begin with it, and no buffer here ever holds more.
pub(super) const WINDOW: usize = INITIAL_WINDOW as usize;

/// Consumed bytes that are worth a WINDOW: rare frames, and a reader that keeps up never makes the peer wait.
const WORTH_A_WINDOW: usize = WINDOW / 2;

/// A stream that has something left to do.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// A REQUEST came on it, and its DONE has not been sent.
    pub(super) awaits_done: bool,
    /// The body that comes.
    pub(super) receiving: Option<Receiving>,
    /// The body that goes.
    pub(super) sending: Option<Sending>,
    /// Credit that the peer has not been told of, in bytes.
    pub(super) credit_owed: usize,
    /// A RESET that has not been sent.
    pub(super) reset_owed: Option<Reset>,
    /// Whether it stands in the list of streams that owe something.
    pub(super) is_listed: bool,
}

impl Stream {
    /// Whether it may be forgotten.
    pub(super) fn is_over(&self) -> bool {
        !self.awaits_done && self.receiving.is_none() && self.sending.is_none() && !self.is_listed
    }
}

/// Which body it is. RESET speaks of the answer, so the kinds differ in what it does to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A capture's: a sender that goes away does not take it along.
    Request,
    /// The sender's half of a carried upgrade.
    Upgrade,
    /// An answer's.
    Response,
}

impl Kind {
    /// Whether a RESET of the *sending* end cuts this body.
    fn is_cut_by(self, code: ResetCode) -> bool {
        self != Self::Request || code != ResetCode::Gone
    }

    /// Whether a RESET of the *receiving* end stops this body. A request's goes on when the target failed: the listener's
    /// history keeps it whole.
    fn is_stopped_by(self, code: ResetCode) -> bool {
        self != Self::Request || code == ResetCode::Busy
    }
}

/// A body that comes. Its pieces are copied into one buffer, so 256 Ki frames of one byte cost 256 KiB, and no piece keeps
/// a message's buffer alive.
#[derive(Debug)]
pub(super) struct Receiving {
    kind: Kind,
    buffer: BytesMut,
    /// What the peer may still send.
    credit: usize,
    /// What was read and not given back yet.
    consumed: usize,
    state: State,
    is_discarded: bool,
    pub(super) waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Cut,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes, never none.
    Bytes(Bytes),
    /// Nothing yet.
    Nothing,
    /// The end.
    End,
    /// It broke off.
    Cut,
}

impl Receiving {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            buffer: BytesMut::new(),
            credit: WINDOW,
            consumed: 0,
            state: State::Open,
            is_discarded: false,
            waker: None,
        }
    }

    /// Takes a DATA frame; false if it is beyond the credit. After the end nothing counts any more.
    pub(super) fn take(&mut self, bytes: &[u8], end: bool) -> bool {
        if self.state != State::Open {
            return true;
        }
        let Some(credit) = self.credit.checked_sub(bytes.len()) else {
            return false;
        };
        self.credit = credit;
        if self.is_discarded {
            self.consumed = self.consumed.saturating_add(bytes.len());
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        if end {
            self.state = State::Ended;
        }
        true
    }

    /// The next piece for the reader, at most 64 KiB.
    pub(super) fn read(&mut self) -> Piece {
        if self.buffer.is_empty() {
            return match self.state {
                State::Open => Piece::Nothing,
                State::Ended => Piece::End,
                State::Cut => Piece::Cut,
            };
        }
        let bytes = chunk(&mut self.buffer, MAX_FIRST);
        self.consumed = self.consumed.saturating_add(bytes.len());
        Piece::Bytes(bytes)
    }

    /// Credit to give back now, in bytes; 0 while it is not worth a frame.
    pub(super) fn give_back(&mut self) -> usize {
        if self.state != State::Open || self.consumed < WORTH_A_WINDOW {
            return 0;
        }
        let credit = std::mem::take(&mut self.consumed);
        self.credit = self.credit.saturating_add(credit);
        credit
    }

    /// The reader left. What comes of a request is thrown away, and credit goes on: the peer is to get rid of it, since a
    /// RESET from here would say that no answer comes.
    pub(super) fn discard(&mut self) {
        self.is_discarded = true;
        self.consumed = self.consumed.saturating_add(self.buffer.len());
        self.buffer = BytesMut::new();
    }

    /// Whether the reader left.
    pub(super) fn is_discarded(&self) -> bool {
        self.is_discarded
    }

    /// Whether the reader left before the end of an answer, so that the peer must be told.
    pub(super) fn is_wanted_no_more(&self) -> bool {
        self.kind == Kind::Response && self.state == State::Open
    }

    /// Whether nothing more comes, and nobody reads what came.
    pub(super) fn is_over(&self) -> bool {
        self.is_discarded && self.state != State::Open
    }

    /// The peer's RESET, with this code.
    pub(super) fn reset(&mut self, code: ResetCode) {
        if self.kind.is_cut_by(code) {
            self.cut();
        }
    }

    /// Nothing more comes. A body that had ended keeps its end.
    pub(super) fn cut(&mut self) {
        if self.state == State::Open {
            self.state = State::Cut;
        }
    }
}

/// A body that goes.
#[derive(Debug)]
pub(super) struct Sending {
    kind: Kind,
    buffer: BytesMut,
    /// What the peer still takes beyond what is in the buffer.
    credit: usize,
    pub(super) is_finished: bool,
    pub(super) is_cancelled: bool,
    /// Whether it stands among those that take turns.
    pub(super) has_turn: bool,
    pub(super) waker: Option<Waker>,
}

impl Sending {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            buffer: BytesMut::new(),
            credit: WINDOW,
            is_finished: false,
            is_cancelled: false,
            has_turn: false,
            waker: None,
        }
    }

    /// How many bytes may be queued now: within the credit, and one window in all.
    pub(super) fn room(&self) -> usize {
        self.credit.min(WINDOW.saturating_sub(self.buffer.len()))
    }

    /// Queues bytes, at most [`room`](Self::room).
    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.credit = self.credit.saturating_sub(bytes.len());
        self.buffer.extend_from_slice(bytes);
    }

    /// The peer's WINDOW.
    pub(super) fn grant(&mut self, credit: u32) {
        let credit = usize::try_from(credit).unwrap_or(usize::MAX);
        self.credit = self.credit.saturating_add(credit);
    }

    /// The peer's RESET, with this code.
    pub(super) fn reset(&mut self, code: ResetCode) {
        if self.kind.is_stopped_by(code) {
            self.is_cancelled = true;
            self.buffer = BytesMut::new();
        }
    }

    /// The bytes of the next DATA frame and whether they are the last.
    pub(super) fn next_chunk(&mut self) -> (Bytes, bool) {
        let bytes = chunk(&mut self.buffer, MAX_DATA);
        (bytes, self.is_finished && self.buffer.is_empty())
    }

    /// Whether another frame is due.
    pub(super) fn has_more(&self) -> bool {
        !self.buffer.is_empty()
    }
}

/// At most `max` bytes off the front. The last of them go with their allocation, so an idle stream holds none.
fn chunk(buffer: &mut BytesMut, max: usize) -> Bytes {
    if buffer.len() > max {
        buffer.split_to(max).freeze()
    } else {
        std::mem::take(buffer).freeze()
    }
}
