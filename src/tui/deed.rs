//! What a person does with requests (a [`Deed`]), and the boxes and screens in which they say how (a [`Desk`]).
//!
//! Plain values. [`super::act`] does them, `view/` draws them.

mod form;

use std::path::PathBuf;

pub(super) use self::form::{Draft, Line, Past, Sealed, SendForm, Way};
use super::{field::Field, keys::Place};
use crate::{
    event::{Form, Replays},
    history::Number,
    target::Target,
    text::Safe,
    webhook::Sample,
};

/// Something done with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Deed {
    /// Opens the menu of what can be copied.
    Copying,
    Copy(Piece),
    /// Prints the tab on the normal screen, whatever the clipboard does.
    Print,
    /// Opens the menu of what can be written to a file.
    Exporting,
    Export(Form),
    /// Secrets as they are, or masked.
    Unmask,
    /// Takes the next set of requests.
    Which,
    /// Takes the name of the file.
    Save,
    Overwrite,
    /// Opens the comparison.
    Compare,
    NextChange,
    PreviousChange,
    /// What differs every time, too.
    Volatile,
    /// The next way to show it.
    NextView,
    /// Copies it as a JSON Patch.
    Patch,
    /// Goes on from an edit to the replay form.
    ToForm,
    /// Opens the replay form.
    Form,
    /// The same for these requests.
    FormOf(Set),
    NextLine,
    PreviousLine,
    /// The next of what a line of the form offers.
    Choose,
    /// Puts the request's next own header line into the form, to be changed.
    Offer,
    /// Enter in the form: the next line, or Cancel if that has the focus. Never sends.
    Enter,
    Send,
    /// Sends no more of what is being sent.
    Stop,
    /// Takes the words that confirm.
    Confirm,
    EditBody,
    EditWhole,
    /// Opens the list of samples.
    Trigger,
    NextSample,
    PreviousSample,
    /// Goes on with the chosen sample. Never sends.
    Take,
    /// The next way that a sample can go.
    Turn,
    SendSample,
}

impl Deed {
    /// Whether its box lists it by itself.
    pub(super) fn is_listed(self) -> bool {
        matches!(self, Self::Copy(_) | Self::Print | Self::Export(_))
    }
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
    /// The URL that its sender wants to be visited.
    Visit,
    /// Head and body as they came.
    Raw,
}

/// Which requests are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Set {
    Selected,
    Marked,
    /// What the list shows: all that fit the filter.
    Shown,
}

/// What lies over the panes while a person says how.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Desk {
    /// What to copy.
    Copy,
    /// What to write to a file.
    Export { set: Set, with_secrets: bool },
    /// The name of the file.
    File {
        export: Export,
        field: Field,
        /// Why what was typed is none.
        error: Option<Safe<'static>>,
    },
    /// The file is there already.
    Overwrite(Export, PathBuf),
    /// Two requests, or two tries, or an edit and its original.
    Diff {
        /// First line shown.
        scroll: usize,
        /// Which change the person is on.
        at: usize,
        /// Whether what differs every time is shown, too.
        all: bool,
        view: View,
    },
    /// How requests are sent again.
    Form(Box<SendForm>),
    /// Which sample: every one that fits what is typed.
    Samples {
        field: Field,
        /// Which of those that fit.
        at: usize,
    },
    /// How a sample is sent.
    Trigger(Shot),
    /// The words before too many are sent, or too far.
    Confirm {
        replays: Box<Replays>,
        /// Where to, in words.
        to: Safe<'static>,
        /// Whether that is not surely this machine.
        is_far: bool,
        field: Field,
        /// Whether other words were typed.
        is_wrong: bool,
    },
}

/// A sample, and how it may be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shot {
    pub(super) sample: &'static Sample,
    /// The path behind the URL or the target.
    pub(super) path: String,
    /// Straight to a target of this machine; none: through the public URL. At least one.
    pub(super) ways: Vec<Option<Target>>,
    pub(super) way: usize,
}

/// How a comparison is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum View {
    /// What changed, by its path or line.
    #[default]
    List,
    /// Line by line, head and all.
    Unified,
    /// The same, the two beside each other.
    Split,
}

impl View {
    /// The next one, around the end.
    pub(super) fn next(self) -> Self {
        match self {
            Self::List => Self::Unified,
            Self::Unified => Self::Split,
            Self::Split => Self::List,
        }
    }
}

/// What is written to a file, but for its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Export {
    pub(super) numbers: Vec<Number>,
    pub(super) form: Form,
    pub(super) with_secrets: bool,
}

impl Desk {
    /// Where its keys are.
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Copy => Place::Copy,
            Self::Export { .. } => Place::Export,
            Self::File { .. } => Place::File,
            Self::Overwrite(..) => Place::Overwrite,
            Self::Diff { .. } => Place::Diff,
            Self::Form(form) if form.line == Line::Other => Place::FormText,
            Self::Form(form) if matches!(form.line, Line::Header(_)) => Place::FormHeader,
            Self::Form(_) => Place::Form,
            Self::Samples { .. } => Place::Samples,
            Self::Trigger(_) => Place::Trigger,
            Self::Confirm { .. } => Place::Confirm,
        }
    }

    /// The line that is being typed in it.
    pub(super) fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::File { field, .. }
            | Self::Samples { field, .. }
            | Self::Confirm { field, .. } => Some(field),
            Self::Form(form) => form.field(),
            Self::Copy
            | Self::Export { .. }
            | Self::Overwrite(..)
            | Self::Diff { .. }
            | Self::Trigger(_) => None,
        }
    }
}
