//! What deeds need from outside: a [`Fetch`] for the history's readers, and what is [`Brought`] back.
//!
//! Plain values between `update`, which asks for them, and the loop, which has them done.

use std::path::PathBuf;

use bytes::Bytes;

use super::{
    deed::{Draft, Past, Piece},
    field::Hidden,
    page::{Form, Line},
};
use crate::{diff::Patch, exchange::Part, history::Number, target::Target, text::Safe};

/// Something to read, or to work out of what is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fetch {
    /// What is to be copied.
    Clip(ClipWish),
    /// Whether there is such a file.
    File(PathBuf),
    /// Where requests went before.
    Past(Vec<Number>),
    /// What differs between two.
    Diff(Pick, Pick),
    /// A request as a text to edit.
    Text { number: Number, part: Part },
    /// What an edited text changes.
    Edited(Edited),
    /// Whether there is such a provider.
    Sender(String),
    /// Keeps a secret of a provider.
    Keep {
        provider: String,
        secret: Hidden<String>,
    },
}

/// A request, or one of its tries, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) number: Number,
    pub(super) chosen: Option<usize>,
}

/// A text that was edited, and what it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edited {
    pub(super) number: Number,
    pub(super) part: Part,
    /// As the request would have it.
    pub(super) original: Bytes,
    /// As it is now.
    pub(super) text: Bytes,
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

/// A comparison, laid out.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    /// Without what differs every time, and with it.
    pub(super) short: Sheets,
    pub(super) all: Sheets,
    /// The edit that is compared with its original.
    pub(super) draft: Option<Draft>,
}

/// A comparison in every view.
#[derive(Clone, Debug)]
pub(super) struct Sheets {
    pub(super) list: Sheet,
    pub(super) unified: Sheet,
    /// The lines of the first one; those of the second stand in `right`.
    pub(super) split: Sheet,
    /// The bodies' as a JSON Patch, or why there is none.
    pub(super) patch: Result<Patch, &'static str>,
}

/// Lines of a comparison.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    pub(super) title: Safe<'static>,
    pub(super) lines: Vec<Line>,
    /// What stands beside each of them, where there are two columns.
    pub(super) right: Vec<Line>,
    /// The lines on which changes begin.
    pub(super) changes: Vec<usize>,
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
    File {
        path: PathBuf,
        is_there: bool,
    },
    Past {
        numbers: Vec<Number>,
        past: Past,
    },
    Compared(Box<Compared>),
    Text {
        number: Number,
        part: Part,
        text: Bytes,
    },
    Sender {
        provider: String,
        name: Safe<'static>,
    },
    /// Where a secret was kept, or why not.
    Kept(Result<String, String>),
    /// It cannot be done, and why.
    Nothing(Safe<'static>),
}
