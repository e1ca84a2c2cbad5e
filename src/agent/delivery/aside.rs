//! Tries of a request that had not come whole when its link broke: there is nothing yet that they could be recorded with.
//!
//! ```text
//! a large body is forwarded as it comes ─▶ the link breaks ─▶ the try is put aside
//!                    the next link offers the request whole ─▶ its next try ends ─▶ both are recorded, in order
//! ```
//!
//! What is put aside is lost with the process; the relay still has the request.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hooktool_relay::capture::{CaptureId, Outcome};

use super::Deliveries;
use crate::history::{Attempt, HistoryError, Streaming};

/// Most tries that are kept aside; beyond, the oldest is forgotten. The relay offers at most as many requests at once.
const KEPT: usize = 256;

/// Tries that wait for their request.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<VecDeque<(CaptureId, Attempt)>>);

impl Aside {
    /// Keeps a try, as one that broke off: whatever the app answered, it had not got all of the request.
    pub(super) fn put(&self, id: CaptureId, mut attempt: Attempt) {
        attempt.outcome = Outcome::Broken;
        let why = "the request's body broke off before its end";
        attempt.error.get_or_insert_with(|| why.to_owned());
        let mut tries = self.lock();
        if tries.len() == KEPT {
            tries.pop_front();
        }
        tries.push_back((id, attempt));
    }

    /// The tries of a request, oldest first; they are not kept any more.
    fn take(&self, id: CaptureId) -> Vec<Attempt> {
        let mut tries = self.lock();
        if tries.is_empty() {
            return Vec::new();
        }
        let (taken, left) = tries.drain(..).partition(|(of, _)| *of == id);
        *tries = left;
        let taken: VecDeque<(CaptureId, Attempt)> = taken;
        taken.into_iter().map(|(_, attempt)| attempt).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(CaptureId, Attempt)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliveries {
    /// Records an attempt, and before it what was put aside of its request. Not sooner: a request that has an attempt is not
    /// offered to the app again, and this one has come whole only now.
    ///
    /// # Errors
    /// The history's.
    pub(super) async fn attempted(
        &self,
        id: CaptureId,
        attempt: Attempt,
    ) -> Result<Option<Streaming>, HistoryError> {
        for aside in self.aside.take(id) {
            self.history.attempted(id, aside).await?;
        }
        self.history.attempted(id, attempt).await
    }
}
