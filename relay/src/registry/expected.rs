//! One waiting sender, from before its capture is appended until it was answered or left.
//!
//! In: the listener's answer. Out: to the session, what the sender got. Must not know: HTTP.

use tokio::{sync::oneshot, time::Instant};

use super::{Answer, NoAnswer, Order, Registry, TOLD};
use crate::capture::{CaptureId, EndpointName, Sent, SentBy};

/// A sender that waits. Dropped without [`Expected::sent`], it counts as gone, which cancels the answer, never the
/// delivery.
#[derive(Debug)]
pub struct Expected {
    pub(super) registry: Registry,
    pub(super) endpoint: EndpointName,
    pub(super) hold: u64,
    pub(super) id: CaptureId,
    pub(super) answered: Option<oneshot::Receiver<Result<Answer, NoAnswer>>>,
    pub(super) told: bool,
    pub(super) since: Instant,
}

impl Expected {
    /// The answer of the listener, or why there is none. Resolves once.
    ///
    /// # Errors
    /// Why the listener has none.
    ///
    /// # Cancel safety
    /// Safe; asking again after a deadline is possible.
    pub async fn answer(&mut self) -> Result<Answer, NoAnswer> {
        let Some(answered) = self.answered.as_mut() else {
            return Err(NoAnswer::NoListener);
        };
        let answer = answered.await.unwrap_or(Err(NoAnswer::NoListener));
        self.answered = None;
        answer
    }

    /// Tells the listener what the sender got, and after how long. When it was not the listener's own answer, none is wanted any more.
    pub fn sent(mut self, sent: Sent) {
        self.tell(sent);
    }

    fn tell(&mut self, mut sent: Sent) {
        self.told = true;
        if sent.by != SentBy::Policy {
            sent.ms = u64::try_from(self.since.elapsed().as_millis()).ok();
        }
        self.registry.with(&self.endpoint, self.hold, |holder| {
            let Some(waiting) = holder.waiting.get_mut(&self.id) else {
                return;
            };
            if waiting.offered {
                holder.waiting.remove(&self.id);
                // Never full for these: see ORDERS.
                let _ = holder.orders.try_send(Order::Sent(self.id, sent));
            } else if sent.by == SentBy::Policy && holder.told < TOLD {
                waiting.answer = None;
                waiting.sent = Some(sent);
                holder.told += 1;
            } else {
                holder.waiting.remove(&self.id);
            }
        });
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if !self.told {
            self.tell(Sent {
                status: None,
                by: SentBy::Gone,
                ms: None,
            });
        }
    }
}
