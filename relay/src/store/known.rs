//! Endpoints as ingress last saw them, so that a request costs no look into the database.
//!
//! In: records as they are read and as they are committed. Out: the record, or that there is none. Must not know: SQL.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::EndpointRecord;
use crate::capture::EndpointName;

/// Names remembered, strangers' guesses among them; when they are more, all are forgotten and read again.
const NAMES: usize = 16_384;

/// What is known of names: a record, or that nobody claimed it.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    records: HashMap<EndpointName, Option<EndpointRecord>>,
    /// Raised by every commit of a record: a record read before that may be old.
    changes: u64,
}

impl Known {
    /// What is known of a name; else the number to give back to [`Known::learn`].
    pub(super) fn of(&self, name: &EndpointName) -> Result<Option<EndpointRecord>, u64> {
        let names = self.lock();
        names.records.get(name).cloned().ok_or(names.changes)
    }

    /// Keeps what was read, unless a record was committed since.
    pub(super) fn learn(&self, name: &EndpointName, found: Option<EndpointRecord>, changes: u64) {
        let mut names = self.lock();
        if names.changes == changes {
            names.keep(name.clone(), found);
        }
    }

    /// Keeps records just committed.
    pub(super) fn change(&self, records: impl IntoIterator<Item = EndpointRecord>) {
        let mut names = self.lock();
        for record in records {
            names.changes += 1;
            names.keep(record.name.clone(), Some(record));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn keep(&mut self, name: EndpointName, found: Option<EndpointRecord>) {
        if self.records.len() >= NAMES {
            self.records.clear();
        }
        self.records.insert(name, found);
    }
}
