//! Whether a relay that is alive has forgotten this listener: it has newer captures, there is room, and it offers none.
//!
//! In: what each heartbeat says. Out: yes, after a while. Must not know: the link.

use std::time::Duration;

use hooktool_relay::capture::Seq;
use tokio::time::Instant;

/// The relay has newer captures than it offered, for so long, though there is room: it forgot this listener.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// Whether a relay that has more offers nothing.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    /// The last offer, and when it was seen first that nothing follows it.
    at: Option<(Seq, Instant)>,
}

impl Stuck {
    /// Takes note of a heartbeat: the last offer, if another is due. True if none has come for too long.
    pub(super) fn is_forgotten(&mut self, due_after: Option<Seq>, now: Instant) -> bool {
        let Some(last) = due_after else {
            self.at = None;
            return false;
        };
        match self.at {
            Some((seq, since)) if seq == last => now.duration_since(since) >= FORGOTTEN_AFTER,
            _ => {
                self.at = Some((last, now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_goes_on_offering_has_forgotten_nobody() {
        let (mut stuck, start) = (Stuck::default(), Instant::now());
        for beat in 0..20_u32 {
            let now = start + beat * Duration::from_secs(15);
            assert!(!stuck.is_forgotten(Some(Seq(u64::from(beat))), now));
        }
        let later = start + Duration::from_secs(1_000);
        assert!(!stuck.is_forgotten(None, later));
        assert!(!stuck.is_forgotten(Some(Seq(20)), later));
        assert!(!stuck.is_forgotten(Some(Seq(20)), later + FORGOTTEN_AFTER / 2));
        assert!(stuck.is_forgotten(Some(Seq(20)), later + FORGOTTEN_AFTER));
    }
}
