//! What is under way of the deeds: the comparison that is shown, edits that are kept, requests that are being sent together.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{exchange::Part, history::Number, text::Safe, tui::fetch::Compared};

/// It all.
#[derive(Debug, Default)]
pub(in crate::tui) struct Acting {
    pub(in crate::tui) compared: Option<Compared>,
    /// Oldest first.
    pub(in crate::tui) drafts: Vec<Kept>,
    /// How many sets of requests are being sent.
    pub(in crate::tui) rounds: usize,
    /// What was told of requests before they were sent again, the newest last.
    words: VecDeque<(Number, Safe<'static>)>,
}

/// How many such words are kept until their requests are sent.
const WORDS: usize = 64;

impl Acting {
    /// Keeps what was told of a request until it is told how it went.
    pub(in crate::tui) fn remember(&mut self, number: Number, text: Safe<'static>) {
        self.words.retain(|(other, _)| *other != number);
        if self.words.len() == WORDS {
            self.words.pop_front();
        }
        self.words.push_back((number, text));
    }

    /// What was told of a request before it was sent, without its number.
    pub(in crate::tui) fn word(&mut self, number: Number) -> Option<Safe<'static>> {
        let at = self.words.iter().position(|(other, _)| *other == number)?;
        let (_, text) = self.words.remove(at)?;
        let start = format!("#{number} ");
        Some(match text.as_str().strip_prefix(&start) {
            Some(rest) => Safe::format(format_args!("{rest}")),
            None => text,
        })
    }
}

/// A text that a person edited and that was not sent well yet.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Kept {
    pub(in crate::tui) number: Number,
    pub(in crate::tui) part: Part,
    pub(in crate::tui) text: Bytes,
}
