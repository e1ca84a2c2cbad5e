//! Which deliveries run in this process, who wants to hear their DONE, and which are finished.
//!
//! In: offers. Out: [`Run`], once a capture, however often its links offer it. Must not know: forwarding, the history.
//!
//! ```text
//!     offer ─▶ Run ──────────────── done ─▶ DONE to every link that offered it
//!     offer again (the next link) ─┘ ▲
//!                                    └ dropped before (no history, a panic): the relay keeps it
//! ```

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use hooktool_relay::{
    capture::CaptureId,
    link::Outbound,
    protocol::{Done, Frame, StreamId},
};
use tokio::sync::OwnedSemaphorePermit;

/// Captures finished by this process that are remembered, so that `--from` repeats what older processes did, and a reconnect
/// repeats nothing: the relay offers at most 256 again.
const FINISHED: usize = 1024;

/// The deliveries of one listener.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: HashMap<CaptureId, Running>,
    /// How many runs there ever were: the number of the newest.
    runs: u64,
    finished: VecDeque<CaptureId>,
}

#[derive(Debug)]
struct Running {
    run: u64,
    /// One for every link that offered it, at most 256 a link.
    waiters: Vec<Waiter>,
}

/// A link that wants to hear DONE.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) out: Outbound,
    pub(super) stream: StreamId,
    /// Its place among those in flight on that link.
    pub(super) slot: Option<OwnedSemaphorePermit>,
}

impl UnderWay {
    /// Begins a run, and gives the slot back to it; none if the capture is being delivered already, from before a reconnect:
    /// then that run says DONE here too, and keeps the slot until it does.
    pub(super) fn start(
        &self,
        id: CaptureId,
        mut waiter: Waiter,
    ) -> Option<(Run<'_>, Option<OwnedSemaphorePermit>)> {
        let mut state = self.lock();
        if let Some(running) = state.running.get_mut(&id) {
            running.waiters.push(waiter);
            return None;
        }
        state.runs += 1;
        let run = state.runs;
        let slot = waiter.slot.take();
        let waiters = vec![waiter];
        state.running.insert(id, Running { run, waiters });
        drop(state);
        let under_way = self;
        Some((Run { under_way, id, run }, slot))
    }

    /// Whether this process finished it.
    pub(super) fn is_finished(&self, id: CaptureId) -> bool {
        self.lock().finished.contains(&id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A delivery that runs. Dropped without DONE, the capture stays with the relay.
#[derive(Debug)]
pub(super) struct Run<'a> {
    under_way: &'a UnderWay,
    id: CaptureId,
    run: u64,
}

impl Run<'_> {
    /// Says DONE to everyone who waits for it, once: the attempt is on disk.
    pub(super) async fn done(&self, done: Done) {
        let waiters = {
            let mut state = self.under_way.lock();
            let Some(waiters) = self.leave(&mut state) else {
                return;
            };
            state.finished.push_back(self.id);
            if state.finished.len() > FINISHED {
                state.finished.pop_front();
            }
            waiters
        };
        for Waiter { out, stream, slot } in waiters {
            // Before the relay hears it, and offers the next.
            drop(slot);
            let done = done.clone();
            // A link that is gone needs none: the capture is offered again, and answered from the history.
            let _ = out.control(Frame::Done { stream, done }).await;
        }
    }

    /// Who waits, unless this run has ended: another of the same capture may have begun since.
    fn leave(&self, state: &mut State) -> Option<Vec<Waiter>> {
        let is_this = state.running.get(&self.id)?.run == self.run;
        is_this
            .then(|| state.running.remove(&self.id))?
            .map(|it| it.waiters)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let left = self.leave(&mut self.under_way.lock());
        if left.is_some() && std::thread::panicking() {
            tracing::error!(id = %self.id, "a delivery panicked; the relay keeps the request");
        }
    }
}

#[cfg(test)]
mod tests {
    use hooktool_relay::{
        capture::Outcome,
        link::{self, Watched},
    };
    use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};

    use super::*;

    async fn waiter(stream: StreamId) -> Waiter {
        let (near, _) = tokio::io::duplex(64);
        let near = Watched::new(near);
        let socket = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        let limits = link::Limits {
            dead_after: std::time::Duration::from_secs(1),
            write_stall: std::time::Duration::from_secs(1),
        };
        let (out, ..) = link::split(socket, limits);
        let slot = None;
        Waiter { out, stream, slot }
    }

    fn done() -> Done {
        let outcome = Outcome::Answered;
        Done { outcome, ms: None }
    }

    #[tokio::test]
    async fn a_capture_that_runs_is_not_begun_again_until_its_run_is_over() {
        let (under_way, id) = (UnderWay::default(), CaptureId::new());
        let (run, _) = under_way.start(id, waiter(1).await).unwrap();
        assert!(under_way.start(id, waiter(2).await).is_none());
        drop(run);
        assert!(!under_way.is_finished(id), "nothing was said");
        let (run, _) = under_way.start(id, waiter(3).await).unwrap();
        run.done(done()).await;
        assert!(under_way.is_finished(id));
    }

    #[tokio::test]
    async fn a_run_that_said_done_ends_no_later_one() {
        let (under_way, id) = (UnderWay::default(), CaptureId::new());
        let (first, _) = under_way.start(id, waiter(1).await).unwrap();
        first.done(done()).await;
        let second = under_way.start(id, waiter(2).await);
        assert!(second.is_some());
        drop(first);
        assert!(under_way.start(id, waiter(3).await).is_none());
    }
}
