//! The embedded store: SQLite, one writer thread, group commit.

/// stub
#[derive(Debug)]
pub(super) struct Engine;
/// stub
#[derive(Debug)]
pub(super) struct Draft;
