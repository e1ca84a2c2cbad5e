//! Stored requests, sent again together: so many times each, so far apart, so many at once.
//!
//! The person at a screen chose them; how they go is the lab's business.

use std::convert::Infallible;

use tokio_util::sync::CancellationToken;

use super::{Lab, ReplayError, Sending, Variant, With, run};
use crate::{
    event::Replays,
    history::{Attempt, Number},
};

/// One of them, and what became of it.
pub type Sent = (Number, Result<Attempt, ReplayError>);

/// Sends all of them, each of them `times` times before the next one begins; tells each result as it comes, in any order. After `stop`
/// none begins any more, and those under way go on to their end; dropped before, they do not.
pub async fn many(
    with: &With<'_>,
    replays: &Replays,
    stop: &CancellationToken,
    mut tell: impl FnMut(Sent),
) {
    let lab = Lab {
        variants: vec![Variant::Plain],
        times: replays.times,
        gap: replays.gap,
        parallel: replays.parallel,
        seed: None,
    };
    let numbers = &replays.numbers;
    let send = async |sending: Sending| {
        let number = numbers.get(sending.request).copied().unwrap_or_default();
        let sent = run(with, number, replays.to.clone(), &replays.edits);
        (number, sent.await)
    };
    let tell = |_, sent| -> Result<(), Infallible> {
        tell(sent);
        Ok(())
    };
    let Ok(()) = lab.run_until(stop, numbers.len(), send, tell).await;
}
