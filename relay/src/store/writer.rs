//! The writer: one thread, one transaction at a time for whatever gathered while the last sync ran.
//!
//! In: orders from the queue. Out: commits on stable storage; then captures to their followers, claims to memory, and
//! replies. Must not know: the runtime.
//!
//! ```text
//! wait ─▶ take all that is there ─▶ BEGIN IMMEDIATE … COMMIT (one fsync) ─▶ publish ─▶ reply ─▶ wait
//!   │                                  ├ full: captures refused, the rest tried again; probed every second
//!   └ idle: checkpoint                 └ any other error: refused for ever
//! ```

use std::{
    sync::{
        Arc, Mutex,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{
    EndpointRecord, StoreError, Stored,
    batch::Batch,
    draft::Pieces,
    ledger::Ledger,
    query::Reading,
    queue::{Order, Reply, What},
    reader::lock,
    reserve::Reserve,
    sqlite::Shared,
};

/// Most orders in one commit: a quarter of the queue, so that the next ones gather meanwhile.
const ORDERS: usize = 256;
/// Most bytes in one commit, so that it does not keep the others waiting.
const BYTES: usize = 4 * 1024 * 1024;
/// Bytes in the log from which it is emptied in the middle of load. Less often means fewer syncs and pages written once
/// instead of often; more means a longer recovery after a crash.
const LOG_FULL: usize = 32 * 1024 * 1024;
/// Bytes in the log from which it is emptied when nothing is to be done.
const LOG_IDLE: usize = 1024 * 1024;
/// What a commit writes to the log beside its captures: the pages of the index, of the endpoints, the last one of captures.
const LOG_COMMIT: usize = 32 * 1024;
/// Nothing to be done for this long is idle.
const IDLE: Duration = Duration::from_millis(250);
/// How often room is sought on a full disk.
const PROBE: Duration = Duration::from_secs(1);
/// Bytes that must fit before a full disk counts as one with room again.
const PROBE_BYTES: u32 = 256 * 1024;

/// The writer's state.
pub(super) struct Writer {
    pub(super) connection: Arc<Mutex<Connection>>,
    pub(super) orders: Receiver<Order>,
    pub(super) shared: Arc<Shared>,
    pub(super) ledger: Ledger,
    /// Where blobs are put together.
    pub(super) buffer: Vec<u8>,
    /// Bytes in the log since it was last emptied, about.
    pub(super) logged: usize,
    /// Whether a commit waits for the disk.
    pub(super) syncs: bool,
    /// When room was last sought.
    pub(super) probed: Instant,
    /// Given up when the disk is full.
    pub(super) reserve: Reserve,
    /// Most pages of the database while the disk has room.
    pub(super) max_pages: u32,
    /// Whether the database keeps the size it has, until the reserve is there again.
    pub(super) is_capped: bool,
}

/// What is to be told after a commit.
struct News {
    captures: Vec<Stored>,
    bodies: Vec<Arc<Pieces>>,
    claims: Vec<EndpointRecord>,
}

impl Writer {
    /// Runs until the last sender of orders has gone.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _alarm = Alarm(&shared);
        loop {
            match self.orders.recv_timeout(self.patience()) {
                Ok(first) => self.serve(first),
                Err(RecvTimeoutError::Timeout) => self.idle(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn patience(&self) -> Duration {
        if self.is_capped || self.shared.is_full.load(Ordering::Acquire) {
            PROBE
        } else if !lock(&self.shared.abandoned).is_empty() || self.logged >= LOG_IDLE {
            IDLE
        } else {
            Duration::from_secs(3600)
        }
    }

    fn idle(&mut self) {
        self.sync(true);
        if self.shared.failure().is_some() {
            return;
        }
        self.look_for_room(false);
        if !lock(&self.shared.abandoned).is_empty() {
            self.write(&[], |_| true);
        }
        if self.logged >= LOG_IDLE {
            self.empty_log();
        }
    }

    /// Commits an order and all that are there with it.
    fn serve(&mut self, first: Order) {
        let mut bytes = first.what.size();
        let mut is_pieces = matches!(first.what, What::Piece { .. });
        let mut orders = vec![first];
        while orders.len() < ORDERS && bytes < BYTES {
            let Ok(order) = self.orders.try_recv() else {
                break;
            };
            bytes += order.what.size();
            is_pieces &= matches!(order.what, What::Piece { .. });
            orders.push(order);
        }
        self.sync(!is_pieces);
        let replies = self.write(&orders, |_| true);
        let is_trim = orders.iter().any(|order| matches!(order.what, What::Trim));
        for (order, reply) in orders.into_iter().zip(replies) {
            answer(order, reply);
        }
        self.logged += bytes + LOG_COMMIT;
        if self.logged >= LOG_FULL {
            self.empty_log();
        }
        self.look_for_room(is_trim);
    }

    /// Whether commits from here on wait for the disk. Those of pieces alone do not: they count only with the head row of their
    /// body, whose own sync takes all of the log before it along.
    fn sync(&mut self, at_commit: bool) {
        if self.syncs == at_commit {
            return;
        }
        let level = if at_commit { "full" } else { "normal" };
        let set = lock(&self.connection).pragma_update(None, "synchronous", level);
        match set {
            Ok(()) => self.syncs = at_commit,
            // More syncs than need be do no harm, fewer would.
            Err(_) if !at_commit => {}
            Err(error) => {
                let failure = StoreError::writing(&self.shared.path, &error);
                self.shared.fail(&failure);
            }
        }
    }

    /// Writes those orders that are `chosen` in one transaction; the others are refused for want of room.
    fn write(&mut self, orders: &[Order], chosen: fn(&What) -> bool) -> Vec<Reply> {
        if let Some(failure) = self.shared.failure() {
            return vec![Err(failure); orders.len()];
        }
        let full = StoreError::Full(self.shared.path.clone());
        let abandoned = std::mem::take(&mut *lock(&self.shared.abandoned));
        let written = self.transact(|batch| {
            batch.remove_bodies(&abandoned)?;
            let carry_out = |order: &Order| match chosen(&order.what) {
                true => batch.carry_out(&order.what),
                false => Ok(Err(full.clone())),
            };
            orders.iter().map(carry_out).collect()
        });
        let error = match written {
            Ok(replies) => return replies,
            Err(error) => error,
        };
        lock(&self.shared.abandoned).extend(abandoned);
        if matches!(error, StoreError::Full(_)) {
            self.shared.set_full(true);
            let without_captures = |what: &What| !what.is_capture();
            let is_other = |order: &Order| chosen(&order.what) && order.what.is_capture();
            if orders.iter().any(is_other) {
                return self.write(orders, without_captures);
            }
        }
        vec![Err(error); orders.len()]
    }

    /// Does something in a transaction, commits it, and publishes what it brought. After an error all is as before.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.commit(work);
        match done {
            Ok((done, news)) => {
                for body in &news.bodies {
                    body.is_stored.store(true, Ordering::Release);
                }
                self.shared.known.change(news.claims);
                self.shared.followers.publish(news.captures);
                Ok(done)
            }
            Err(error) => {
                // What the ledger learned in it never happened.
                let connection = lock(&self.connection);
                let reading = Reading {
                    connection: &connection,
                    path: &self.shared.path,
                };
                let refreshed = self.ledger.refresh(&reading);
                let is_fatal = matches!(error, StoreError::Fatal { .. });
                if let Some(fatal) = is_fatal.then_some(&error).or(refreshed.as_ref().err()) {
                    self.shared.fail(fatal);
                }
                Err(error)
            }
        }
    }

    fn commit<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, News), StoreError> {
        let path = &self.shared.path;
        let failed = |error: rusqlite::Error| StoreError::writing(path, &error);
        let connection = lock(&self.connection);
        let transaction = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut batch = Batch {
            reading: Reading {
                connection: &transaction,
                path,
            },
            shared: &self.shared,
            ledger: &mut self.ledger,
            buffer: &mut self.buffer,
            captures: Vec::new(),
            bodies: Vec::new(),
            claims: Vec::new(),
        };
        let done = work(&mut batch)?;
        batch.finish()?;
        let news = News {
            captures: batch.captures,
            bodies: batch.bodies,
            claims: batch.claims,
        };
        transaction.commit().map_err(failed)?;
        Ok((done, news))
    }

    /// Once a second while there is none, or while the reserve is not back.
    fn look_for_room(&mut self, is_now: bool) {
        if !is_now && self.probed.elapsed() < PROBE {
            return;
        }
        if self.shared.is_full.load(Ordering::Acquire) {
            self.seek_room();
        } else if self.is_capped {
            self.regain();
            self.probed = Instant::now();
        }
    }

    /// Drops what is over age, then looks whether something fits again.
    fn seek_room(&mut self) {
        // The reserve has room for what is in the log, whose own room is used again for what follows. From then on the
        // database fills only what is dropped from it, so that the log can always be emptied.
        let had_reserve = self.reserve.give_up();
        self.empty_log();
        if had_reserve {
            self.cap(true);
        }
        while matches!(self.transact(|batch| batch.carry_out(&What::Trim)), Ok(Ok(gone)) if gone > 0)
        {
        }
        self.regain();
        let probe = |batch: &mut Batch<'_>| batch.fill(PROBE_BYTES);
        let fits = self.transact(probe).is_ok();
        if fits && self.transact(|batch| batch.remove_bodies(&[0])).is_ok() {
            self.shared.set_full(false);
        }
        self.probed = Instant::now();
    }

    /// Lets the database grow again if the disk has room for the reserve.
    fn regain(&mut self) {
        if self.reserve.take() && self.is_capped {
            self.cap(false);
        }
    }

    /// Keeps the database at the size it has, or no longer.
    fn cap(&mut self, is_capped: bool) {
        // It never goes below what is in use.
        let pages = if is_capped { 1 } else { self.max_pages };
        let set = lock(&self.connection).pragma_update(None, "max_page_count", pages);
        if set.is_ok() {
            self.is_capped = is_capped;
        }
    }

    /// Copies the log into the database.
    fn empty_log(&mut self) {
        self.logged = 0;
        let copied = lock(&self.connection)
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .map_err(|error| StoreError::writing(&self.shared.path, &error));
        if let Err(fatal @ StoreError::Fatal { .. }) = copied {
            self.shared.fail(&fatal);
        }
    }
}

fn answer(order: Order, reply: Reply) {
    if let (What::Piece { body, .. }, Err(error)) = (&order.what, &reply) {
        // It keeps the first failure.
        let _ = body.failure.set(error.clone());
    }
    if let Some(to) = order.reply {
        // Whoever asked may be gone: the commit stands.
        let _ = to.send(reply);
    }
}

/// Says that the store failed if the writer's thread ends by a panic.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&StoreError::Fatal {
                path: self.0.path.clone(),
                detail: "the writer ended by a panic".to_owned(),
            });
        }
    }
}
