//! What a person does with requests (a [`Deed`]), and the boxes and screens in which they say how (a [`Desk`]).
//!
//! Plain values. [`super::act`] does them, `view/` draws them.

use super::{field::Field, keys::Place};

/// Something done with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Deed {
    /// Opens the menu of what can be copied.
    Copying,
    Copy(Piece),
}

/// What is copied of the selected request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    /// The body as it is laid out.
    Shown,
    /// The body's bytes.
    Bytes,
    /// A command that sends it to the target.
    Curl,
    /// Its header lines.
    Headers,
    /// The chosen try's answer.
    Response,
    /// The public URL.
    Url,
    /// Its global id.
    Id,
    /// Of the line of the tree that the person is on: the key,
    Key,
    /// the value,
    Value,
    /// the way there as JSONPath (RFC 9535),
    Path,
    /// and as jq takes it.
    Jq,
    /// Head and body as they came.
    Raw,
}

/// What lies over the panes while a person says how.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Desk {
    /// What to copy.
    Copy,
}

impl Desk {
    /// Where its keys are.
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Copy => Place::Copy,
        }
    }

    /// The line that is being typed in it.
    pub(super) fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::Copy => None,
        }
    }
}
