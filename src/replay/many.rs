//! Stored requests, sent again together: so many times each, so far apart, so many at once.
//!
//! ```text
//! numbers × times ─▶ gap ─▶ at most `parallel` under way ─▶ each result as it comes
//! ```

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{ReplayError, With, run};
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
    let times = replays.times as usize;
    let numbers = replays.numbers.clone().into_iter();
    let each = numbers.flat_map(|number| std::iter::repeat_n(number, times));
    let began = Instant::now();
    let gap = replays.gap;
    let sends = (0_u32..).zip(each).map(|(place, number)| async move {
        let is_due = async {
            sleep_until(began + gap.saturating_mul(place)).await;
            !stop.is_cancelled()
        };
        if !stop.run_until_cancelled(is_due).await.unwrap_or(false) {
            return None;
        }
        let sent = run(with, number, replays.to.clone(), &replays.edits);
        Some((number, sent.await))
    });
    let parallel = replays.parallel.clamp(1, Replays::PARALLEL);
    let mut sent = stream::iter(sends).buffer_unordered(parallel);
    while let Some(one) = sent.next().await {
        one.into_iter().for_each(&mut tell);
    }
}
