//! What deeds need from outside: an [`Errand`] for the history's readers, and what is [`Brought`] back.
//!
//! Plain values between `update`, which asks for them, and the loop, which has them done.

use bytes::Bytes;

use super::{deed::Piece, page::Form};
use crate::{history::Number, target::Target, text::Safe};

/// Something to read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Errand {
    /// What is to be copied.
    Clip(ClipWish),
}

/// Which piece of which request, as the screen shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClipWish {
    pub(super) number: Number,
    pub(super) piece: Piece,
    /// How the body is laid out.
    pub(super) form: Option<Form>,
    /// Which try, from 0; none: the newest.
    pub(super) chosen: Option<usize>,
    /// Whether secrets are shown whole.
    pub(super) reveals: bool,
    /// Where it would go if it was never forwarded.
    pub(super) target: Option<Target>,
}

/// Something to copy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clip {
    /// What it is, for the toast.
    pub(super) what: Safe<'static>,
    pub(super) bytes: Bytes,
    /// What is worth telling of it.
    pub(super) note: Option<Safe<'static>>,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Brought {
    Clip(Clip),
    /// There is nothing to copy, and why.
    NoClip(Safe<'static>),
    /// The system's program was given the clip; it failed with an error, or took it.
    Put {
        clip: Clip,
        tool: &'static str,
        error: Option<String>,
    },
    /// The terminal was asked to take the clip, which it never answers; or it could not be asked.
    Told {
        clip: Clip,
        /// Why the system's program did not take it, if there was one.
        why: Option<Safe<'static>>,
        error: Option<String>,
    },
}
