//! Who follows which endpoint's commits.
//!
//! In: from the writer, captures just committed, in order. Out: the same to the endpoint's follower, and its newest seq.
//! Must not know: SQL.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc, watch};

use super::{Stored, Tail};
use crate::capture::{Body, EndpointName, Seq};

/// One follower an endpoint.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<HashMap<EndpointName, Follower>>);

#[derive(Debug)]
struct Follower {
    newest: watch::Sender<Seq>,
    recent: mpsc::Sender<Stored>,
}

impl Follower {
    /// Hands a capture over if there is room; else it is left out, and read from the store by whoever follows.
    fn hand_over(&self, stored: Stored) {
        let place = Tail::RECENT - self.recent.capacity() + 1;
        let size = match &stored.capture.body {
            Body::Whole(bytes) => bytes.len(),
            Body::Absent | Body::Pieces(_) => 0,
        };
        if size <= Tail::BYTES / place {
            let _ = self.recent.try_send(stored);
        }
    }

    fn raise(&self, seq: Seq) {
        self.newest.send_if_modified(|newest| {
            let is_newer = seq > *newest;
            *newest = seq.max(*newest);
            is_newer
        });
    }
}

impl Followers {
    /// Follows an endpoint from now on; whoever followed it before does so no more.
    pub(super) fn follow(&self, endpoint: &EndpointName) -> Tail {
        let (newest, newest_seen) = watch::channel(Seq(0));
        let (recent, taken) = mpsc::channel(Tail::RECENT);
        let follower = Follower { newest, recent };
        self.lock().insert(endpoint.clone(), follower);
        Tail {
            newest: newest_seen,
            recent: taken,
        }
    }

    /// Says that an endpoint has come as far as this.
    pub(super) fn raise(&self, endpoint: &EndpointName, seq: Seq) {
        if let Some(follower) = self.lock().get(endpoint) {
            follower.raise(seq);
        }
    }

    /// Gives captures just committed to those who follow.
    pub(super) fn publish(&self, committed: impl IntoIterator<Item = Stored>) {
        let mut followers = self.lock();
        if followers.is_empty() {
            return;
        }
        let mut committed = committed.into_iter().peekable();
        while let Some(stored) = committed.next() {
            let endpoint = &stored.capture.endpoint;
            let Some(follower) = followers.get(endpoint) else {
                continue;
            };
            if follower.newest.is_closed() && follower.recent.is_closed() {
                followers.remove(endpoint);
                continue;
            }
            let is_followed = |next: &Stored| next.capture.endpoint == *endpoint;
            // Woken once, when all that came together is there.
            let is_last = !committed.peek().is_some_and(is_followed);
            let seq = stored.seq;
            follower.hand_over(stored);
            if is_last {
                follower.raise(seq);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointName, Follower>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
