//! r
use crate::{cli::requests::Replay, exit::Failure};
pub(super) async fn run(_r: Replay) -> Result<(), Failure> {
    todo!()
}
