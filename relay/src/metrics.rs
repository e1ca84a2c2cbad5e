//! Prometheus text, health and readiness: counters that rooms bump, and the text that `/_hooktool/metrics` serves.

/// The relay's counters. Cloned freely.
#[derive(Clone, Debug, Default)]
pub struct Metrics {}

impl Metrics {
    /// A request was refused or failed before it was stored; `reason` is a short constant word.
    pub fn refused(&self, _reason: &'static str) {
        todo!()
    }

    /// A capture of so many body bytes was stored.
    pub fn captured(&self, _bytes: u64) {
        todo!()
    }

    /// A sender was answered with this status.
    pub fn answered(&self, _status: u16) {
        todo!()
    }
}
