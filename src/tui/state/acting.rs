//! What is under way of the deeds: the comparison that is shown, edits that are kept, requests that are being sent together.

use bytes::Bytes;

use crate::{exchange::Part, history::Number, tui::fetch::Compared};

/// It all.
#[derive(Debug, Default)]
pub(in crate::tui) struct Acting {
    pub(in crate::tui) compared: Option<Compared>,
    /// Oldest first.
    pub(in crate::tui) drafts: Vec<Kept>,
    /// How many sets of requests are being sent.
    pub(in crate::tui) rounds: usize,
}

/// A text that a person edited and that was not sent well yet.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Kept {
    pub(in crate::tui) number: Number,
    pub(in crate::tui) part: Part,
    pub(in crate::tui) text: Bytes,
}
