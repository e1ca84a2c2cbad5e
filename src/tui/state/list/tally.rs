//! How many requests there are of each kind, counted as they come and go.

use crate::{
    history::Summary,
    tui::page::{Role, role},
};
use hooktool_relay::capture::Outcome;

/// Counts of the latest tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::tui) struct Tally {
    /// Answered with less than 400.
    pub(in crate::tui) ok: u64,
    /// Answered with 4xx.
    pub(in crate::tui) client: u64,
    /// Answered with 5xx.
    pub(in crate::tui) server: u64,
    /// Refused, timed out or broken off.
    pub(in crate::tui) broken: u64,
    /// Came with a signature that is not right.
    pub(in crate::tui) bad_sig: u64,
}

impl Tally {
    /// Of all these.
    pub(super) fn of(rows: &[Summary]) -> Self {
        let mut tally = Self::default();
        rows.iter().for_each(|row| tally.add(row));
        tally
    }

    pub(super) fn add(&mut self, row: &Summary) {
        if let Some(count) = self.count(row) {
            *count += 1;
        }
        self.bad_sig += u64::from(has_bad_sig(row));
    }

    pub(super) fn remove(&mut self, row: &Summary) {
        if let Some(count) = self.count(row) {
            *count = count.saturating_sub(1);
        }
        let bad = u64::from(has_bad_sig(row));
        self.bad_sig = self.bad_sig.saturating_sub(bad);
    }

    /// Those whose latest try did not end well.
    pub(in crate::tui) fn failed(&self) -> u64 {
        self.client + self.server + self.broken
    }

    fn count(&mut self, row: &Summary) -> Option<&mut u64> {
        let last = row.last.as_ref()?;
        match (role(last.outcome, last.status), last.outcome) {
            (Role::Warn, _) => Some(&mut self.client),
            (Role::Bad, Outcome::Answered) => Some(&mut self.server),
            (Role::Bad, _) => Some(&mut self.broken),
            (_, Outcome::Answered) => Some(&mut self.ok),
            _ => None,
        }
    }
}

fn has_bad_sig(row: &Summary) -> bool {
    let webhook = row.webhook.as_ref();
    webhook.is_some_and(|webhook| webhook.verdict == "bad")
}
