//! `hooktool listen`.

use crate::{config::Settings, exit::Failure};

/// Listens until it is told to stop. `level`: how much is said, 0 the usual, above more, below less.
pub(super) async fn run(_settings: Settings, _level: i16) -> Result<(), Failure> {
    todo!()
}
