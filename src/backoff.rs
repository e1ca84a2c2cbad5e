//! How long to wait before the next connect: full jitter, from half a second to half a minute.
//!
//! In: a random number, and how long the last link was healthy. Out: a wait. Must not know: clocks, links, where random
//! numbers come from.

use std::time::Duration;

/// Waits that double their bound with every failure and are drawn evenly from zero to it, so that listeners that lost the
/// same relay do not come back in the same moment
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    bound: Duration,
}

impl Backoff {
    /// Bound of the first wait.
    pub const MIN: Duration = Duration::from_millis(500);

    /// Bound that no wait passes.
    pub const MAX: Duration = Duration::from_secs(30);

    /// How long a link must have been healthy for the failures before it to be forgotten.
    pub const HEALTHY: Duration = Duration::from_secs(60);

    /// A fresh one with these bounds; a `max` below `min` counts as `min`.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max: max.max(min),
            bound: min,
        }
    }

    /// The next wait. `random` is drawn evenly from 0 up to 1; what lies outside counts as the nearest end.
    pub fn next(&mut self, random: f64) -> Duration {
        let share = if random > 0.0 { random.min(1.0) } else { 0.0 };
        let wait = self.bound.mul_f64(share);
        self.bound = self.bound.saturating_mul(2).min(self.max);
        wait
    }

    /// Says how long the last link was healthy: [`Backoff::HEALTHY`] or more begins anew.
    pub fn healthy_for(&mut self, time: Duration) {
        if time >= Self::HEALTHY {
            self.bound = self.min;
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Self::MIN, Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bound_doubles_from_half_a_second_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let bounds: Vec<u128> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(
            bounds,
            [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
        );
    }

    #[test]
    fn only_a_minute_of_health_begins_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next(0.5);
        }
        backoff.healthy_for(Backoff::HEALTHY - Duration::from_millis(1));
        assert_eq!(backoff.next(1.0), Duration::from_secs(16));
        backoff.healthy_for(Backoff::HEALTHY);
        assert_eq!(backoff.next(1.0), Backoff::MIN);
    }

    #[test]
    fn numbers_that_are_not_random_do_no_harm() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(f64::NAN), Duration::ZERO);
        assert_eq!(backoff.next(-1.0), Duration::ZERO);
        assert_eq!(backoff.next(f64::INFINITY), Duration::from_secs(2));
    }

    proptest! {
        #[test]
        fn every_wait_lies_between_nothing_and_its_bound(
            min in 0_u64..5_000,
            max in 0_u64..100_000,
            draws in prop::collection::vec((0.0_f64..1.0, prop::option::of(0_u64..120)), 1..80),
        ) {
            let (min, max) = (Duration::from_millis(min), Duration::from_millis(max));
            let mut backoff = Backoff::new(min, max);
            let mut failures = 0;
            for (random, healthy) in draws {
                let bound = min.saturating_mul(2_u32.saturating_pow(failures)).min(max.max(min));
                let wait = backoff.next(random);
                prop_assert!(wait <= bound, "{wait:?} is above {bound:?}");
                prop_assert!(wait >= bound.mul_f64(random * 0.99), "{wait:?} is no share of {bound:?}");
                failures += 1;
                if let Some(seconds) = healthy {
                    backoff.healthy_for(Duration::from_secs(seconds));
                    if seconds >= 60 {
                        failures = 0;
                    }
                }
            }
        }
    }
}
