//! Connections that read, away from the runtime's threads.
//!
//! In: a question to a connection. Out: its answer. Must not know: what is asked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{StoreError, schema};

/// Connections that read at the same time, and so threads. More of them wait for the same disk.
const READERS: usize = 3;

/// The connections. One in memory, shared with the writer, since nobody else can open it.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Arc<Mutex<Connection>>>>>,
}

impl Readers {
    /// Opens them; `shared` is the writer's connection to a database in memory.
    pub(super) fn open(
        path: PathBuf,
        shared: Option<Arc<Mutex<Connection>>>,
    ) -> Result<Self, StoreError> {
        let idle = match shared {
            Some(connection) => vec![connection],
            None => (0..READERS)
                .map(|_| Ok(Arc::new(Mutex::new(schema::open_reader(&path)?))))
                .collect::<Result<_, StoreError>>()?,
        };
        Ok(Self {
            path,
            permits: Arc::new(Semaphore::new(idle.len())),
            idle: Arc::new(Mutex::new(idle)),
        })
    }

    /// Asks in one short transaction: what it sees is of one moment.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::denied(&self.path, "the store is closed");
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| closed())?;
        let taken = lock(&self.idle).pop().ok_or_else(closed)?;
        let borrowed = Borrowed {
            connection: taken,
            home: Arc::clone(&self.idle),
        };
        let path = self.path.clone();
        let asked = spawn_blocking(move || {
            let answer = {
                let connection = lock(&borrowed.connection);
                let moment = connection
                    .unchecked_transaction()
                    .map_err(|error| StoreError::reading(&path, &error))?;
                question(&moment)
            };
            // Before the permit goes, or the next one would find none.
            drop(borrowed);
            drop(permit);
            answer
        });
        asked.await.unwrap_or_else(|error| {
            Err(StoreError::denied(&self.path, format!("reading: {error}")))
        })
    }
}

/// A connection that goes home even if the question panics.
struct Borrowed {
    connection: Arc<Mutex<Connection>>,
    home: Arc<Mutex<Vec<Arc<Mutex<Connection>>>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        lock(&self.home).push(Arc::clone(&self.connection));
    }
}

/// A panic while it was held left nothing half done: transactions roll back when dropped.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
