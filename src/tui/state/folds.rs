//! What a person folded away in the bodies of each kind of request, and where they were in them: it holds for the next of the kind.

use std::collections::{HashMap, HashSet};

use super::State;
use crate::tui::kind::kind;

/// Folds by the kind of request.
#[derive(Debug, Default)]
pub(in crate::tui) struct Folds {
    kinds: HashMap<u64, Fold>,
    /// The kind that was shown last.
    shown: Option<u64>,
}

/// What holds for one kind.
#[derive(Debug, Default)]
pub(in crate::tui) struct Fold {
    /// The paths that are folded.
    pub(in crate::tui) folded: HashSet<u64>,
    /// The path that the person is on: where the next body is entered.
    pub(in crate::tui) watched: Option<u64>,
}

impl Folds {
    /// What holds for a kind, if a person did anything there.
    pub(in crate::tui) fn of(&self, kind: u64) -> Option<&Fold> {
        self.kinds.get(&kind)
    }

    /// The same, to be changed.
    pub(in crate::tui) fn at(&mut self, kind: u64) -> &mut Fold {
        self.kinds.entry(kind).or_default()
    }

    /// Notes which kind is shown now; answers whether it was another one before.
    pub(in crate::tui) fn show(&mut self, kind: u64) -> bool {
        self.shown
            .replace(kind)
            .is_some_and(|before| before != kind)
    }
}

impl State {
    /// The kind of the selected request.
    pub(in crate::tui) fn kind(&self) -> Option<u64> {
        self.row().map(kind)
    }
}
