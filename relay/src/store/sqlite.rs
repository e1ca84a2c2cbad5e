//! The embedded store: SQLite in WAL mode, one writer thread with group commit, a few connections that read.
//!
//! In: [`Options`]. Out: an [`Engine`] that takes orders and answers questions. Must not know: what is asked.
//!
//! ```text
//! callers ── Queue ─▶ Writer (thread, one connection) ── commit ─▶ followers, known endpoints, replies
//!    └────── Readers (spawn_blocking, three connections; in memory the writer's) ─▶ Reading
//! ```

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use super::{
    Options, Retention, StoreError, folder, follow::Followers, known::Known, ledger::Ledger,
    query::Reading, queue::Queue, reader::Readers, reserve::Reserve, retention::remove_body,
    schema, writer::Writer,
};
use crate::capture::UnixMillis;

/// What callers and the writer share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The database, for messages.
    pub(super) path: PathBuf,
    pub(super) retention: Retention,
    /// Whether there was no room for a capture, and there is none yet.
    pub(super) is_full: AtomicBool,
    pub(super) followers: Followers,
    pub(super) known: Known,
    /// Bodies whose pieces are to be removed.
    pub(super) abandoned: Mutex<Vec<i64>>,
    /// The next body's number.
    pub(super) next_body: AtomicI64,
    newest: AtomicI64,
    failure: watch::Sender<Option<StoreError>>,
}

impl Shared {
    /// What callers share, and what the writer knows, of an open database.
    fn read(
        retention: Retention,
        path: &Path,
        connection: &Connection,
    ) -> Result<(Arc<Self>, Ledger), StoreError> {
        let reading = Reading { connection, path };
        let mut ledger = Ledger::default();
        let newest = ledger.refresh(&reading)?;
        let shared = Self {
            path: path.to_owned(),
            retention,
            is_full: AtomicBool::new(false),
            followers: Followers::default(),
            known: Known::default(),
            abandoned: Mutex::default(),
            next_body: AtomicI64::new(reading.next_body()?),
            newest: AtomicI64::new(i64::try_from(newest).unwrap_or(i64::MAX)),
            failure: watch::Sender::new(None),
        };
        Ok((Arc::new(shared), ledger))
    }

    /// The moment from which age counts, in milliseconds: the latest `received_at` that was ever seen, or the clock if that
    /// is behind. A clock that once ran ahead would else make everything that comes after it too old to keep.
    pub(super) fn newest(&self) -> i64 {
        let seen = self.newest.load(Ordering::Relaxed);
        seen.min(UnixMillis::now().0)
    }

    /// Notes that there is no room, or room again, and logs it if that is new.
    pub(super) fn set_full(&self, is_full: bool) {
        let was_full = self.is_full.swap(is_full, Ordering::AcqRel);
        let path = self.path.display();
        match (was_full, is_full) {
            (false, true) => tracing::error!(%path, "the disk is full: requests are refused"),
            (true, false) => tracing::info!(%path, "the disk has room again"),
            _ => {}
        }
    }

    /// Notes a `received_at`.
    pub(super) fn see(&self, at: i64) {
        self.newest.fetch_max(at, Ordering::Relaxed);
    }

    /// Why nothing is written any more.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.failure.borrow().clone()
    }

    /// Ends all writing. The first failure stays.
    pub(super) fn fail(&self, error: &StoreError) {
        self.failure.send_if_modified(|failure| {
            let is_first = failure.is_none();
            failure.get_or_insert_with(|| error.clone());
            is_first
        });
    }

    /// Pending until [`Shared::fail`].
    pub(super) async fn failed(&self) -> StoreError {
        let mut failure = self.failure.subscribe();
        loop {
            if let Some(failure) = failure.borrow_and_update().clone() {
                return failure;
            }
            if failure.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The open database. Dropping it ends the writer after its last commit and then gives the folder free.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) readers: Option<Readers>,
    queue: Option<Queue>,
    writer: Option<JoinHandle<()>>,
    /// Held while this is the relay's own store, not one opened beside it.
    lock: Option<File>,
    is_beside: bool,
}

impl Engine {
    /// Opens it as the relay's own.
    pub(super) fn open(options: Options) -> Result<Self, StoreError> {
        let path = options.folder.as_deref().map(folder::prepare).transpose()?;
        let lock = path.as_deref().map(folder::lock).transpose()?;
        let mut connection = schema::open(path.as_deref(), options.max_pages)?;
        sweep_drafts(&mut connection, schema::shown(path.as_deref()))?;
        let reserve = Reserve::begin(path.as_deref().and_then(Path::parent), options.reserve);
        Self::start(
            options.retention,
            path.as_deref(),
            connection,
            reserve,
            lock,
        )
    }

    /// Opens it while another process may hold it; for tokens only.
    pub(super) fn open_beside(options: Options) -> Result<Self, StoreError> {
        let path = options.folder.as_deref().map(folder::prepare).transpose()?;
        let connection = schema::open(path.as_deref(), options.max_pages)?;
        let reserve = Reserve::begin(None, 0);
        Self::start(
            options.retention,
            path.as_deref(),
            connection,
            reserve,
            None,
        )
    }

    fn start(
        retention: Retention,
        path: Option<&Path>,
        connection: Connection,
        reserve: Reserve,
        lock: Option<File>,
    ) -> Result<Self, StoreError> {
        let shown = schema::shown(path).to_owned();
        let (shared, ledger) = Shared::read(retention, &shown, &connection)?;
        let max_pages =
            schema::max_pages(&connection).map_err(|error| StoreError::reading(&shown, &error))?;
        let connection = Arc::new(Mutex::new(connection));
        let in_memory = path.is_none().then(|| Arc::clone(&connection));
        let readers = Readers::open(shown.clone(), in_memory)?;
        if let Some(folder) = path.and_then(Path::parent) {
            folder::sync(folder)?;
        }
        let (queue, orders) = Queue::new();
        let writer = Writer {
            connection,
            orders,
            shared: Arc::clone(&shared),
            ledger,
            buffer: Vec::new(),
            logged: 0,
            syncs: true,
            probed: Instant::now(),
            reserve,
            max_pages,
            is_capped: false,
        };
        let writer = std::thread::Builder::new()
            .name("store writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::denied(&shown, &error))?;
        Ok(Self {
            shared,
            readers: Some(readers),
            queue: Some(queue),
            writer: Some(writer),
            is_beside: path.is_some() && lock.is_none(),
            lock,
        })
    }

    /// The way to the writer.
    pub(super) fn queue(&self) -> Result<&Queue, StoreError> {
        self.queue.as_ref().ok_or(StoreError::Uncertain)
    }

    /// The way to the readers.
    pub(super) fn readers(&self) -> Result<&Readers, StoreError> {
        self.readers.as_ref().ok_or(StoreError::Uncertain)
    }

    /// Whether captures, cursors and claims may be written here.
    pub(super) fn check_own(&self) -> Result<(), StoreError> {
        if self.is_beside {
            let detail = "opened beside a relay, for tokens only";
            return Err(StoreError::denied(&self.shared.path, &detail));
        }
        Ok(())
    }

    /// Whether a capture may be tried at all.
    pub(super) fn check_capture(&self) -> Result<(), StoreError> {
        self.check_own()?;
        if self.shared.is_full.load(Ordering::Acquire) {
            return Err(StoreError::Full(self.shared.path.clone()));
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The writer's connection closes last, and takes the log with it.
        self.readers = None;
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A panic was told by `failed` already.
            let _ = writer.join();
        }
        self.lock = None;
    }
}

/// Removes pieces whose head row never came.
fn sweep_drafts(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let of = |error: rusqlite::Error| StoreError::reading(path, &error);
    let sweep = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(of)?;
    let reading = Reading {
        connection: &sweep,
        path,
    };
    // Body 0 is what a full disk is probed with.
    for body in reading.drafts()?.into_iter().chain([0]) {
        remove_body(&sweep, body).map_err(of)?;
    }
    sweep.commit().map_err(of)
}
