//! The deadline by which the listener answers a sender itself, where each known sender's own clock is kept (`--deadline provider`).
//!
//! In: how long a sender waits, a forward under way. Out: 202, or 504 under the strict policy, half a second before that; the forward
//! goes on. The relay, which knows no senders, was asked to wait [`LONGEST`]. Must not know: how senders are recognised.
//!
//! ```text
//! forward ──────────────────┬─▶ answered in time ─▶ the app's answer
//! waits − 0.5 s, else 4.5 s ┴─▶ 202 ─▶ the app's answer is recorded, late
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hooktool_relay::capture::{AnswerPolicy, Capture, Kind};
use http::Method;
use tokio::{
    pin,
    sync::Semaphore,
    time::{Instant, sleep_until},
};

use super::{Deliveries, settle::Reply};
use crate::{
    agent::{Clock, Plan},
    forward::Tried,
};

/// The latest deadline, and what the relay is asked to wait: it holds a sender's connection for so long.
pub(in crate::agent) const LONGEST: Duration = Duration::from_secs(20);

/// How long before the end of a sender's patience it is answered: its answer has to travel.
const MARGIN: Duration = Duration::from_millis(500);

/// When senders are answered, whether the app has or not.
#[derive(Debug)]
pub(super) struct Deadlines {
    /// For a sender whose clock is not known.
    usual: Duration,
    /// Whether each sender's own clock is kept here; else the relay keeps the usual deadline.
    is_kept: bool,
    /// What is answered then; none: senders do not wait for the app.
    verdict: Option<(u16, &'static str)>,
    /// Places for forwards. The relay gives the place of one that was answered to the next, and it still runs.
    places: Arc<Semaphore>,
    /// Whether a person was told that a sender does not wait for the usual deadline.
    was_told: AtomicBool,
}

impl Deadlines {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            usual: plan.deadline,
            is_kept: plan.keeps_clocks,
            verdict: match plan.answer {
                AnswerPolicy::App => Some((202, "stored; the app has not answered yet\n")),
                AnswerPolicy::Strict => Some((504, "stored; the app did not answer in time\n")),
                AnswerPolicy::Now | AnswerPolicy::Respond { .. } => None,
            },
            places: Arc::new(Semaphore::new(plan.max_in_flight.into())),
            was_told: AtomicBool::new(false),
        }
    }

    /// How long after its request came a sender is answered at the latest; none: that is the relay's business.
    fn of(&self, kind: Kind, method: &Method, clock: Option<&Clock>) -> Option<Duration> {
        let is_reading = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if !self.is_kept || kind != Kind::Live || is_reading || self.verdict.is_none() {
            return None;
        }
        Some(clock.map_or(self.usual, |clock| before(clock.waits)))
    }

    /// Whether a person is to be told that a sender does not wait for the usual deadline; said once.
    fn is_news(&self, clock: &Clock) -> bool {
        let is_short = clock.waits <= self.usual && !self.is_kept && self.verdict.is_some();
        is_short && !self.was_told.swap(true, Ordering::Relaxed)
    }
}

/// When somebody who waits so long is answered: a little before, and never after [`LONGEST`].
fn before(waits: Duration) -> Duration {
    let least = waits / 2;
    waits.saturating_sub(MARGIN).max(least).min(LONGEST)
}

impl Deliveries {
    /// Sets the deadline of a request that came; says once that there are senders who do not wait for the usual one.
    pub(super) fn wind(&self, reply: &mut Reply<'_>, capture: &Capture, clock: Option<Clock>) {
        let after = self
            .deadlines
            .of(reply.kind, &capture.method, clock.as_ref());
        reply.deadline = after.map(|after| Instant::from_std(reply.received) + after);
        let is_asked = reply.kind == Kind::Live && self.routes.pick(&capture.path).is_some();
        if let Some(clock) = clock.filter(|clock| is_asked && self.deadlines.is_news(clock)) {
            let (name, waits) = (clock.name, clock.waits.as_secs_f64());
            self.board.tell(
                false,
                format!(
                    "{name} waits {waits} s for an answer: with --deadline provider a slow app does not make it try again"
                ),
            );
        }
    }

    /// Waits for a forward. If it takes longer than its sender waits, the sender is answered meanwhile.
    pub(super) async fn in_time(
        &self,
        forwarding: impl Future<Output = Tried>,
        reply: &mut Reply<'_>,
    ) -> Tried {
        if !self.deadlines.is_kept {
            return forwarding.await;
        }
        let places = self.deadlines.places.clone();
        let forwarding = async {
            // Closed by nobody.
            let _place = places.acquire().await;
            forwarding.await
        };
        pin!(forwarding);
        let (Some(deadline), Some((status, text))) = (reply.deadline, self.deadlines.verdict)
        else {
            return forwarding.await;
        };
        tokio::select! {
            // An answer that is there counts, however late this is looked at.
            biased;
            tried = &mut forwarding => return tried,
            () = sleep_until(deadline) => {}
        }
        // The app is read on while the link takes the answer.
        let (tried, ()) = tokio::join!(forwarding, reply.answer_early(status, text));
        tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_answered_a_little_before_it_gives_up() {
        let table = [
            (1_000, 500),
            (3_000, 2_500),
            (10_000, 9_500),
            (100_000, 20_000),
            (400, 200),
        ];
        for (waits, wanted) in table {
            let wanted = Duration::from_millis(wanted);
            assert_eq!(before(Duration::from_millis(waits)), wanted, "{waits}");
        }
    }
}
