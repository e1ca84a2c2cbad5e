//! Stored requests, sent again together: so many times each, so far apart, so many at once.
//!
//! ```text
//! numbers × times ─▶ gap ─▶ at most `parallel` under way ─▶ each result as it comes
//! ```

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until};

use super::{ReplayError, With, run};
use crate::{
    event::Replays,
    history::{Attempt, Number},
};

/// One of them, and what became of it.
pub type Sent = (Number, Result<Attempt, ReplayError>);

/// Sends all of them, each of them `times` times before the next one begins; tells each result as it comes, in any order. Dropped
/// before, those that have not begun never do.
pub async fn many(with: &With<'_>, replays: &Replays, mut tell: impl FnMut(Sent)) {
    let times = replays.times as usize;
    let numbers = replays.numbers.clone().into_iter();
    let each = numbers.flat_map(|number| std::iter::repeat_n(number, times));
    let began = Instant::now();
    let gap = replays.gap;
    let sends = (0_u32..).zip(each).map(|(place, number)| async move {
        sleep_until(began + gap.saturating_mul(place)).await;
        let sent = run(with, number, replays.to.clone(), &replays.edits);
        (number, sent.await)
    });
    let parallel = replays.parallel.clamp(1, Replays::PARALLEL);
    let mut sent = stream::iter(sends).buffer_unordered(parallel);
    while let Some(one) = sent.next().await {
        tell(one);
    }
}
