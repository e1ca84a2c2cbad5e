//! What a sender heard of a try, and so what it does next.
//!
//! In: a request in short, one of its attempts, its sender's definition. Out: [`Next`]. Must not know: who asks.

use std::time::Duration;

use hooktool_relay::capture::SentBy;

use crate::{
    history::{Attempt, Repeat, Summary},
    webhook::{Heard, Next, Provider},
};

/// What the sender does after this attempt; none if no sender waited for it, or where nothing is known.
pub fn next(provider: &Provider, row: &Summary, attempt: &Attempt) -> Option<Next> {
    let sent = attempt.sent.as_ref()?;
    let answer = attempt.answer.as_ref();
    let is_app = sent.by == SentBy::App && answer.map(|answer| answer.status) == sent.status;
    let begun = attempt.started_at.since(row.received_at);
    let by_app = || attempt.took.filter(|_| is_app).map(|took| begun + took);
    let again = row.again.as_deref();
    let before = again.filter(|again| again.repeat == Repeat::Retry && !again.is_probable);
    let webhook = row.webhook.as_deref();
    provider.next(&Heard {
        status: sent.status,
        waited: sent.ms.map(Duration::from_millis).or_else(by_app),
        took: attempt.took.filter(|_| answer.is_some()),
        headers: answer.filter(|_| is_app).map(|answer| &answer.headers),
        attempt: webhook.and_then(|webhook| webhook.attempt.as_deref()),
        before: before.map_or(0, |again| again.times.saturating_sub(1)),
    })
}
