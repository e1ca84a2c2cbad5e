//! A lab for failures: requests sent in several variants, more than once, at once, late or out of order.
//!
//! In: how many requests there are, and how each is sent. Out: each result as it comes. Must not know: where requests come from, what
//! sending is, who looks at the results.
//!
//! ```text
//! requests × variants × times ─▶ shuffled? ─▶ gap ─▶ at most `parallel` under way ─▶ each result as it comes
//! ```

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::{
    event::{Edits, Replays, Sign},
    forward::Forwarder,
};

/// In which way a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Plain,
    /// With this made of its signature.
    Signed(Sign),
    /// Its connection is dropped when it is written, before the answer.
    Cut,
}

impl Variant {
    /// What people and records call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain | Self::Signed(Sign::Keep) => "plain",
            Self::Signed(Sign::IfGood | Sign::Anew { .. }) => "re-signed",
            Self::Signed(Sign::Wrong) => "bad signature",
            Self::Signed(Sign::Old) => "old",
            Self::Cut => "cut",
        }
    }

    /// What sends a request in this variant, and what is changed in it besides.
    pub fn applied(self, forwarder: &Forwarder, edits: &Edits) -> (Forwarder, Edits) {
        match self {
            Self::Plain => (forwarder.clone(), edits.clone()),
            Self::Signed(sign) => {
                let edits = Edits {
                    sign,
                    ..edits.clone()
                };
                (forwarder.clone(), edits)
            }
            Self::Cut => (forwarder.cutting(), edits.clone()),
        }
    }
}

/// How requests are sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lab {
    /// In which ways each of them is sent.
    pub variants: Vec<Variant>,
    /// How often in each way.
    pub times: u32,
    /// Time between the beginnings of two.
    pub gap: Duration,
    /// How many may be under way.
    pub parallel: usize,
    /// Out of order, by this number; the same number gives the same order.
    pub seed: Option<u64>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Which request, from 0.
    pub request: usize,
    /// In which way.
    pub variant: Variant,
    /// Which time, from 1.
    pub round: u32,
}

impl Lab {
    /// All that is sent, in the order in which it begins: a request with all its variants and times before the next one, or shuffled.
    pub fn sendings(&self, requests: usize) -> Vec<Sending> {
        let mut all = Vec::new();
        for request in 0..requests {
            for &variant in &self.variants {
                all.extend((1..=self.times).map(|round| Sending {
                    request,
                    variant,
                    round,
                }));
            }
        }
        if let Some(seed) = self.seed {
            shuffle(&mut all, seed);
        }
        all
    }

    /// Sends all of them, and tells each result as it comes, in any order. Dropped before, or stopped by what it told, those that have
    /// not begun never do.
    ///
    /// # Errors
    /// What `tell` ends it by.
    pub async fn run<F, E>(
        &self,
        requests: usize,
        send: impl Fn(Sending) -> F,
        tell: impl FnMut(Sending, F::Output) -> Result<(), E>,
    ) -> Result<(), E>
    where
        F: Future,
    {
        let never = CancellationToken::new();
        self.run_until(&never, requests, send, tell).await
    }

    /// As [`Lab::run`]; after `stop` none begins any more, and those under way go on to their end.
    ///
    /// # Errors
    /// Those of [`Lab::run`].
    pub async fn run_until<F, E>(
        &self,
        stop: &CancellationToken,
        requests: usize,
        send: impl Fn(Sending) -> F,
        mut tell: impl FnMut(Sending, F::Output) -> Result<(), E>,
    ) -> Result<(), E>
    where
        F: Future,
    {
        let began = Instant::now();
        let all = self.sendings(requests);
        let sends = (0_u32..).zip(all).map(|(place, sending)| {
            let sent = send(sending);
            async move {
                let is_due = async {
                    sleep_until(began + self.gap.saturating_mul(place)).await;
                    !stop.is_cancelled()
                };
                if !stop.run_until_cancelled(is_due).await.unwrap_or(false) {
                    return None;
                }
                Some((sending, sent.await))
            }
        });
        let parallel = self.parallel.clamp(1, Replays::PARALLEL);
        let mut sent = stream::iter(sends).buffer_unordered(parallel);
        while let Some(one) = sent.next().await {
            if let Some((sending, result)) = one {
                tell(sending, result)?;
            }
        }
        Ok(())
    }
}

/// Fisher and Yates's shuffle, by SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): small, and the same everywhere.
fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    for last in (1..all.len()).rev() {
        // The remainder favours no place by more than one in 2^40 of a million.
        let with = usize::try_from(next() % (last as u64 + 1)).unwrap_or(last);
        all.swap(last, with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(seed: Option<u64>) -> Lab {
        Lab {
            variants: vec![Variant::Plain, Variant::Cut],
            times: 2,
            gap: Duration::ZERO,
            parallel: 4,
            seed,
        }
    }

    #[test]
    fn every_request_is_sent_in_every_way_and_a_seed_gives_one_order() {
        let plain = lab(None).sendings(3);
        let brief = |all: &[Sending]| -> Vec<_> {
            let one = |one: &Sending| (one.request, one.variant.name(), one.round);
            all.iter().map(one).collect()
        };
        let first = [
            (0, "plain", 1),
            (0, "plain", 2),
            (0, "cut", 1),
            (0, "cut", 2),
        ];
        assert_eq!(brief(&plain)[..4], first);
        assert_eq!(plain.len(), 12);
        let shuffled = lab(Some(7)).sendings(3);
        assert_eq!(shuffled, lab(Some(7)).sendings(3));
        assert_ne!(shuffled, plain);
        assert_ne!(shuffled, lab(Some(8)).sendings(3));
        let mut sorted = brief(&shuffled);
        sorted.sort_unstable();
        let mut all = brief(&plain);
        all.sort_unstable();
        assert_eq!(sorted, all);
    }

    #[tokio::test]
    async fn no_more_are_under_way_than_may_be_and_an_error_ends_it() {
        let (begun, most) = (std::cell::Cell::new(0_i32), std::cell::Cell::new(0));
        let send = |_: Sending| async {
            begun.set(begun.get() + 1);
            most.set(most.get().max(begun.get()));
            tokio::task::yield_now().await;
            begun.set(begun.get() - 1);
        };
        let mut told = 0;
        let lab = lab(None);
        let all = lab.run(3, send, |_, ()| -> Result<(), ()> {
            told += 1;
            Ok(())
        });
        assert_eq!(all.await, Ok(()));
        assert_eq!((told, most.get()), (12, 4));
        let mut told = 0;
        let cut = lab.run(3, send, |_, ()| {
            told += 1;
            if told == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!(cut.await, Err("enough"));
        assert_eq!(told, 2);
    }
}
