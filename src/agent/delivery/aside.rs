//! Tries of a request that had not come whole when its link broke: there is nothing yet that they could be recorded with.
//!
//! ```text
//! a large body is forwarded as it comes ─▶ the link breaks ─▶ the try is put aside
//!                    the next link offers the request whole ─▶ recorded ─▶ the try is recorded with it, before its next one
//! ```
//!
//! What is put aside is lost with the process; the relay still has the request.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hooktool_relay::capture::{CaptureId, Outcome};

use super::Deliveries;
use crate::history::{Attempt, HistoryError};

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
    /// Records what was put aside of a request that is recorded now.
    pub(super) async fn record_aside(&self, id: CaptureId) -> Result<(), HistoryError> {
        for attempt in self.aside.take(id) {
            self.history.attempted(id, attempt).await?;
        }
        Ok(())
    }
}
