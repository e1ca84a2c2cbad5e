//! Token buckets: an endpoint's requests, and logins by address and in all.
//!
//! In: a key that wants one more. Out: yes, or how long to wait. Must not know: what a request or a login is.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

/// Buckets by key.
pub(super) type Keyed<K> = DefaultKeyedRateLimiter<K>;

/// Seconds of an endpoint's rate that may come at once.
const BURST: u32 = 10;

/// Most addresses remembered at once, each about 100 bytes. Beyond that only the limit in all holds until some are idle.
const MAX_ADDRESSES: usize = 65_536;

/// So many at once, then one in so many milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    burst: NonZeroU32,
    every: Duration,
}

impl Rate {
    pub(super) const fn new(burst: u32, every_ms: u64) -> Self {
        let burst = match NonZeroU32::new(burst) {
            Some(burst) => burst,
            None => NonZeroU32::MIN,
        };
        Self {
            burst,
            every: Duration::from_millis(every_ms),
        }
    }

    fn quota(self) -> Quota {
        // A period of zero has no quota; one a second is the safe reading of it.
        Quota::with_period(self.every)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(self.burst)
    }
}

/// Buckets of `rate` requests per second, burst [`BURST`] seconds of that; none for 0.
pub(super) fn requests<K: Hash + Eq + Clone>(rate: u32) -> Option<Keyed<K>> {
    let rate = NonZeroU32::new(rate)?;
    let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(BURST - 1));
    Some(Keyed::keyed(Quota::per_second(rate).allow_burst(burst)))
}

/// Takes one from the key's bucket, or says how long until there is one.
pub(super) fn take<K: Hash + Eq + Clone>(buckets: &Keyed<K>, key: &K) -> Result<(), Duration> {
    buckets
        .check_key(key)
        .map_err(|not| not.wait_time_from(DefaultClock::default().now()))
}

/// A limit by address and in all. Loopback counts in all only: it is the proxy in front, or the machine's own people.
pub(super) struct Throttle {
    by_address: Keyed<IpAddr>,
    all: DefaultDirectRateLimiter,
    // Governor cannot look without taking, so who ran dry is kept here; `None` stands for all.
    dry: Mutex<HashMap<Option<IpAddr>, Instant>>,
}

impl Throttle {
    /// The limits by address and in all.
    pub(super) fn new([by_address, all]: [Rate; 2]) -> Self {
        Self {
            by_address: Keyed::keyed(by_address.quota()),
            all: DefaultDirectRateLimiter::direct(all.quota()),
            dry: Mutex::default(),
        }
    }

    /// How long this address has to wait, if it has to. Takes nothing.
    pub(super) fn blocked(&self, peer: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        let dry = self.dry.lock().unwrap_or_else(PoisonError::into_inner);
        [Some(super::counted(peer)), None]
            .iter()
            .filter_map(|key| dry.get(key)?.checked_duration_since(now))
            .max()
    }

    /// Takes one, or says how long until there is one.
    pub(super) fn count(&self, peer: IpAddr) -> Result<(), Duration> {
        let now = DefaultClock::default().now();
        let peer = super::counted(peer);
        if !peer.is_loopback() && self.by_address.len() < MAX_ADDRESSES {
            self.by_address
                .check_key(&peer)
                .map_err(|not| self.block(Some(peer), not.wait_time_from(now)))?;
        }
        self.all
            .check()
            .map_err(|not| self.block(None, not.wait_time_from(now)))
    }

    fn block(&self, key: Option<IpAddr>, wait: Duration) -> Duration {
        let mut dry = self.dry.lock().unwrap_or_else(PoisonError::into_inner);
        dry.insert(key, Instant::now() + wait);
        wait
    }

    /// Forgets addresses whose buckets are full again.
    pub(super) fn forget_idle(&self) {
        self.by_address.retain_recent();
        self.by_address.shrink_to_fit();
        let now = Instant::now();
        self.dry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, until| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Rate = Rate::new(3, 3_600_000);
    const WIDE: Rate = Rate::new(1_000, 3_600_000);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_of_ten_seconds_fits_and_no_more() {
        let buckets = requests::<u8>(1).unwrap();
        for _ in 0..BURST {
            take(&buckets, &1).unwrap();
        }
        let wait = take(&buckets, &1).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        take(&buckets, &2).expect("another key has its own bucket");
        assert!(requests::<u8>(0).is_none());
    }

    #[test]
    fn an_address_that_runs_dry_is_blocked_and_its_neighbour_is_not() {
        let throttle = Throttle::new([SLOW, WIDE]);
        let (one, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..3 {
            throttle.count(one).unwrap();
            assert_eq!(throttle.blocked(one), None);
        }
        throttle.count(one).unwrap_err();
        assert!(throttle.blocked(one).unwrap() > Duration::from_secs(3_000));
        assert_eq!(throttle.blocked(other), None);
        throttle.forget_idle();
        assert!(throttle.blocked(one).is_some());
    }

    #[test]
    fn all_together_run_dry_too() {
        let throttle = Throttle::new([WIDE, SLOW]);
        for n in 1..=3 {
            throttle.count(ip(&format!("192.0.2.{n}"))).unwrap();
        }
        throttle.count(ip("127.0.0.1")).unwrap_err();
        assert!(throttle.blocked(ip("198.51.100.9")).is_some());
    }

    #[test]
    fn a_household_is_one_address_and_loopback_is_none() {
        let throttle = Throttle::new([SLOW, WIDE]);
        for n in 1..=3 {
            throttle.count(ip(&format!("2001:db8::{n}"))).unwrap();
        }
        throttle.count(ip("2001:db8::4")).unwrap_err();
        throttle.count(ip("2001:db8:0:1::4")).unwrap();
        for _ in 0..9 {
            throttle.count(ip("127.0.0.1")).unwrap();
            throttle.count(ip("::1")).unwrap();
        }
    }
}
