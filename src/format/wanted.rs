//! Whether work that takes long is still wanted by whoever asked for it.
//!
//! In: nothing. Out: yes or no, asked often by every loop over a whole body. What is worked out when the answer was no is not whole,
//! and nobody's. Must not know: who asks, and why they stopped to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// Whether work is still wanted. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_over: AtomicBool,
    /// After how many questions it ends by itself; 0: never.
    most: usize,
    asked: AtomicUsize,
}

impl Wanted {
    /// Work that is wanted until it is done.
    pub fn always() -> Self {
        Self::default()
    }

    /// Nobody wants it any more.
    pub fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether nobody wants it any more.
    pub fn is_over(&self) -> bool {
        if self.0.most > 0 && self.0.asked.fetch_add(1, Ordering::Relaxed) >= self.0.most {
            self.end();
        }
        self.0.is_over.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Wanted {
    /// Work that is no longer wanted after so many questions, at least one.
    pub(crate) fn for_questions(most: usize) -> Self {
        Self(Arc::new(State {
            most,
            ..State::default()
        }))
    }

    /// How often it was asked; counted only if it ends by itself.
    pub(crate) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::Relaxed)
    }
}
