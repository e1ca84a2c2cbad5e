//! The orders that a list can be in.

use std::cmp::Ordering;

use crate::history::Summary;

/// What the rows are sorted by; equal ones by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(in crate::tui) enum Order {
    /// As they came, newest last: the only order in which the list follows.
    #[default]
    Arrival,
    /// The app's status, failures last.
    Status,
    /// How long the app took, slowest last.
    Latency,
    /// Length of the body, largest last.
    Size,
    /// Those of the same event together; of unknown providers, those to the same path.
    Event,
}

impl Order {
    /// What the header calls it.
    pub(in crate::tui) const fn name(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Status => "status",
            Self::Latency => "latency",
            Self::Size => "size",
            Self::Event => "event",
        }
    }

    /// Which of two rows stands above the other.
    pub(super) fn compare(self, one: &Summary, other: &Summary) -> Ordering {
        let by = match self {
            Self::Arrival => Ordering::Equal,
            Self::Status => status(one).cmp(&status(other)),
            Self::Latency => took(one).cmp(&took(other)),
            Self::Size => one.size.cmp(&other.size),
            Self::Event => path(one)
                .cmp(path(other))
                .then_with(|| one.method.cmp(&other.method)),
        };
        by.then(one.number.cmp(&other.number))
    }
}

/// Without a try first, then failures without a status, then by status.
fn status(row: &Summary) -> (bool, u16) {
    let last = row.last.as_ref();
    last.map_or((false, 0), |last| {
        (last.outcome.is_try(), last.status.unwrap_or_default())
    })
}

fn took(row: &Summary) -> Option<std::time::Duration> {
    row.last.as_ref().and_then(|last| last.took)
}

/// The path without its query.
fn path(row: &Summary) -> &[u8] {
    let end = row.path.iter().position(|&byte| byte == b'?');
    &row.path[..end.unwrap_or(row.path.len())]
}
