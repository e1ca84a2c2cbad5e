//! Seats: one for each open connection, from accept to close.
//!
//! In: an address that connects. Out: a seat, or the reason why there is none. Must not know: sockets, HTTP.
//!
//! ```text
//! all seats (limits.connections, or fewer files)
//! ├── 7/8  for whoever comes: senders
//! └── 1/8  kept back: taken only when the others are, and good for a link only
//! ```
//!
//! A connection that becomes a link gives its sender's share back, so that listeners never crowd senders out, nor senders
//! listeners.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    accounts::counted,
    config::{Limits, Network},
};

/// One seat in so many is kept back for links.
const KEPT_BACK: usize = 8;

/// Files that a relay needs besides its connections: the database and its log, readers, certificates, the runtime's own.
const OTHER_FILES: usize = 128;

/// Every seat of a relay.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    all: Arc<Semaphore>,
    senders: Arc<Semaphore>,
    per_address: usize,
    proxies: Arc<[Network]>,
    taken: Arc<Taken>,
}

/// How many seats each address has; addresses without one are not in it.
type Taken = Mutex<HashMap<IpAddr, usize>>;

/// One connection's seat, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _any: OwnedSemaphorePermit,
    sender: Mutex<Option<OwnedSemaphorePermit>>,
    is_link: AtomicBool,
    _place: Option<Place>,
}

/// A place among those of one address, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    taken: Arc<Taken>,
}

impl Seats {
    /// As many as the limits say, and as the process may open files. What comes from a proxy is counted by its senders.
    pub(super) fn new(limits: &Limits, proxies: &[Network]) -> Self {
        let files = open_files().map_or(usize::MAX, |files| {
            files.saturating_sub(OTHER_FILES).max(OTHER_FILES)
        });
        let all = limits.connections.min(files).min(Semaphore::MAX_PERMITS);
        if all < limits.connections {
            tracing::info!(
                seats = all,
                "fewer connections than configured: the limit of open files"
            );
        }
        Self {
            all: Arc::new(Semaphore::new(all)),
            senders: Arc::new(Semaphore::new(all - all / KEPT_BACK)),
            per_address: limits.connections_per_address,
            proxies: proxies.into(),
            taken: Arc::default(),
        }
    }

    /// A seat for a connection from this address.
    ///
    /// # Errors
    /// Which limit is reached: `all` or `address`.
    pub(super) fn take(&self, peer: IpAddr) -> Result<Seat, &'static str> {
        let any = self.all.clone().try_acquire_owned().map_err(|_| "all")?;
        let place = self.place(peer)?;
        Ok(Seat {
            _any: any,
            sender: Mutex::new(self.senders.clone().try_acquire_owned().ok()),
            is_link: AtomicBool::new(false),
            _place: place,
        })
    }

    /// A place for one connection, or one request through a proxy, from this address; none where places are not counted:
    /// loopback (the proxy in front, or this machine's own people) and trusted proxies.
    ///
    /// # Errors
    /// `address`: it has all of its places.
    pub(super) fn place(&self, address: IpAddr) -> Result<Option<Place>, &'static str> {
        if address.is_loopback() || self.proxies.iter().any(|p| p.contains(address)) {
            return Ok(None);
        }
        let address = counted(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if *count >= self.per_address {
            // With a limit of zero the entry is new.
            taken.retain(|_, count| *count > 0);
            return Err("address");
        }
        *count += 1;
        Ok(Some(Place {
            address,
            taken: self.taken.clone(),
        }))
    }
}

impl Seat {
    /// Whether a sender may be served in it: not in one that is kept back for a link.
    pub(super) fn serves_senders(&self) -> bool {
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// From here on a link sits in it.
    pub(super) fn becomes_link(&self) {
        self.is_link.store(true, Ordering::Relaxed);
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Whether a link sits in it.
    pub(super) fn is_link(&self) -> bool {
        self.is_link.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// How many files this process may have open, where the system says so in a file (Linux).
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    line.split_ascii_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(connections: usize, per_address: usize) -> Seats {
        let limits = Limits {
            connections,
            connections_per_address: per_address,
            ..Limits::default()
        };
        Seats::new(&limits, &["10.0.0.0/8".parse().unwrap()])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_and_loopback_has_no_limit() {
        let seats = seats(64, 2);
        let one = seats.take(ip("192.0.2.1")).unwrap();
        let _two = seats.take(ip("192.0.2.1")).unwrap();
        assert_eq!(seats.take(ip("192.0.2.1")).unwrap_err(), "address");
        let _other = seats.take(ip("192.0.2.2")).unwrap();
        let _locals: Vec<_> = (0..9)
            .map(|_| seats.take(ip("127.0.0.1")).unwrap())
            .collect();
        drop(one);
        let _again = seats.take(ip("192.0.2.1")).unwrap();
        assert_eq!(seats.take(ip("192.0.2.1")).unwrap_err(), "address");
    }

    #[test]
    fn a_proxy_has_no_limit_and_its_senders_have() {
        let seats = seats(64, 1);
        let _proxy: Vec<_> = (0..9)
            .map(|_| seats.take(ip("10.0.0.1")).unwrap())
            .collect();
        let one = seats.place(ip("192.0.2.1")).unwrap();
        assert_eq!(seats.place(ip("192.0.2.1")).unwrap_err(), "address");
        drop(one);
        seats.place(ip("192.0.2.1")).unwrap();
    }

    #[test]
    fn free_addresses_are_forgotten() {
        let some = seats(64, 2);
        drop(some.take(ip("192.0.2.1")).unwrap());
        drop(some.take(ip("2001:db8::1")).unwrap());
        assert!(some.taken.lock().unwrap().is_empty());
        let none = seats(64, 0);
        none.take(ip("192.0.2.1")).unwrap_err();
        assert!(none.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn the_last_seats_are_for_links() {
        let seats = seats(16, 64);
        let senders: Vec<_> = (0..14).map(|_| seats.take(ip("::1")).unwrap()).collect();
        assert!(senders.iter().all(Seat::serves_senders));
        let kept = seats.take(ip("::1")).unwrap();
        assert!(!kept.serves_senders());
        senders[0].becomes_link();
        assert!(senders[0].is_link() && !senders[0].serves_senders());
        let freed = seats.take(ip("::1")).unwrap();
        assert!(freed.serves_senders());
        assert_eq!(seats.take(ip("::1")).unwrap_err(), "all");
    }
}
