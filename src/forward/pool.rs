//! Connections that stay open between forwards, and the tasks that drive them all.
//!
//! In: connections whose answer has ended. Out: one that is idle now. Must not know: requests. Every task of a forwarder is
//! owned here and ends with the last clone of the pool; a connection in use holds one, so an answer that streams is not cut.
//!
//! A webhook must not be executed twice, so a request that was written is never written again, and a connection that the app
//! closed a moment ago must not be lent. Hence:
//!
//! ```text
//! new target ─▶ unproven: every forward connects anew
//!                  │ one connection stayed open for PROVEN after its answer
//!                  ▼
//!               proven: idle ones are lent, the youngest first; after IDLE they are closed
//!                  │ one was closed by the app sooner than that
//!                  └─▶ unproven
//! ```

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use hyper::client::conn::http1::SendRequest;
use tokio::{
    task::{AbortHandle, JoinSet},
    time::Instant,
};

use super::body::Outbound;
use crate::target::Target;

/// How long a connection lies idle before it is closed: below the shortest common keep-alive of apps (gunicorn 2 s, Node and
/// uvicorn 5 s), so that it is nearly always us who close.
pub(super) const IDLE: Duration = Duration::from_secs(1);

/// How long a connection must have stayed open after its answer for its target to be trusted: servers that close without
/// saying so do it at once.
const PROVEN: Duration = Duration::from_millis(50);

/// Most idle connections a target: as many as forwards run side by side by default. One more is closed.
const MAX_IDLE: usize = 32;

/// The idle connections of each target. Cloned freely.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    shelves: Mutex<Shelves>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct Shelves {
    shelves: Vec<Shelf>,
    is_swept: bool,
}

#[derive(Debug)]
struct Shelf {
    is_tls: bool,
    host: String,
    port: u16,
    is_proven: bool,
    idle: VecDeque<Idle>,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<Outbound>,
    since: Instant,
}

/// A connection in use, and where it goes when its answer has ended.
pub(super) struct Lease {
    pool: Pool,
    shelf: usize,
    sender: SendRequest<Outbound>,
}

impl Pool {
    /// An open connection to this target on which nothing is under way, if there is one that can be trusted.
    pub(super) fn take(&self, target: &Target) -> Option<SendRequest<Outbound>> {
        let mut shelves = self.lock();
        let shelf = shelves.of(target);
        shelves.shelves.get_mut(shelf)?.take(Instant::now())
    }

    /// Lends this connection until its answer has ended.
    pub(super) fn lease(&self, target: &Target, sender: SendRequest<Outbound>) -> Lease {
        Lease {
            shelf: self.lock().of(target),
            pool: self.clone(),
            sender,
        }
    }

    /// Runs a connection (or what else belongs to one) to its end, or to that of the pool.
    pub(super) fn drive(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "a connection to the target panicked");
            }
        }
        tasks.spawn(task)
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.0
            .shelves
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what lay idle for too long, until nothing is left.
async fn sweep(pool: Weak<Inner>) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(pool) = pool.upgrade().map(Pool) else {
            return;
        };
        let mut shelves = pool.lock();
        let now = Instant::now();
        for shelf in &mut shelves.shelves {
            shelf.idle.retain(|idle| now - idle.since < IDLE);
        }
        if shelves.shelves.iter().all(|shelf| shelf.idle.is_empty()) {
            shelves.is_swept = false;
            return;
        }
    }
}

impl Shelves {
    /// Place of a target's shelf; there are as many as targets that a person named, so they are few and stay.
    fn of(&mut self, target: &Target) -> usize {
        let found = self.shelves.iter().position(|shelf| {
            (shelf.is_tls, shelf.port) == (target.is_tls, target.port) && shelf.host == target.host
        });
        found.unwrap_or_else(|| {
            self.shelves.push(Shelf {
                is_tls: target.is_tls,
                host: target.host.clone(),
                port: target.port,
                is_proven: false,
                idle: VecDeque::new(),
            });
            self.shelves.len() - 1
        })
    }
}

impl Shelf {
    fn take(&mut self, now: Instant) -> Option<SendRequest<Outbound>> {
        let is_young = |idle: &Idle| now - idle.since < IDLE;
        let was_closed_on_us = |idle: &Idle| is_young(idle) && idle.sender.is_closed();
        if self.idle.iter().any(was_closed_on_us) {
            self.is_proven = false;
        }
        self.idle
            .retain(|idle| is_young(idle) && !idle.sender.is_closed());
        let stayed_open = |idle: &Idle| now - idle.since >= PROVEN;
        self.is_proven |= self.idle.front().is_some_and(stayed_open);
        if !self.is_proven {
            return None;
        }
        let youngest = self.idle.iter().rposition(|idle| idle.sender.is_ready())?;
        self.idle.remove(youngest).map(|idle| idle.sender)
    }
}

impl Lease {
    /// The answer has ended: others may use the connection.
    pub(super) fn give_back(self) {
        let mut shelves = self.pool.lock();
        if let Some(shelf) = shelves.shelves.get_mut(self.shelf)
            && shelf.idle.len() < MAX_IDLE
        {
            shelf.idle.push_back(Idle {
                sender: self.sender,
                since: Instant::now(),
            });
        }
        let is_swept = std::mem::replace(&mut shelves.is_swept, true);
        drop(shelves);
        if !is_swept {
            self.pool.drive(sweep(Arc::downgrade(&self.pool.0)));
        }
    }
}
