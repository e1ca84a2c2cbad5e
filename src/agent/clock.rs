//! Notices that the machine slept: the wall clock went on while the monotonic one stood still.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

/// How often the two clocks are compared.
const LOOK: Duration = Duration::from_secs(2);

/// A difference that no clock correction of a running machine makes.
const SLEPT: Duration = Duration::from_secs(30);

/// Resolves after the machine slept (or its clock was set by more than 30 s, which costs one reconnect).
pub(super) async fn slept() {
    let mut clocks = Clocks::at(SystemTime::now(), Instant::now());
    loop {
        sleep(LOOK).await;
        if clocks.have_parted(SystemTime::now(), Instant::now()) {
            return;
        }
    }
}

/// Both clocks as they were seen last.
#[derive(Debug)]
struct Clocks {
    wall: SystemTime,
    monotonic: Instant,
}

impl Clocks {
    fn at(wall: SystemTime, monotonic: Instant) -> Self {
        Self { wall, monotonic }
    }

    /// Whether one went much further than the other since the last look.
    fn have_parted(&mut self, wall: SystemTime, monotonic: Instant) -> bool {
        let went = wall.duration_since(self.wall);
        let ticked = monotonic.duration_since(self.monotonic);
        *self = Self { wall, monotonic };
        match went {
            Ok(went) => went.abs_diff(ticked) > SLEPT,
            // Set back: by how much is what the error says.
            Err(back) => back.duration() + ticked > SLEPT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_part_are_a_sleep_and_small_corrections_are_none() {
        let second = Duration::from_secs(1);
        let (wall, ticks) = (SystemTime::now(), Instant::now());
        let parted = |wall_went: Duration, ticked: Duration| {
            Clocks::at(wall, ticks).have_parted(wall + wall_went, ticks + ticked)
        };
        assert!(!parted(2 * second, 2 * second));
        assert!(!parted(31 * second, 2 * second), "a correction");
        assert!(parted(33 * second, 2 * second), "half a minute in bed");
        assert!(parted(8 * 3_600 * second, second / 2), "a night");
        assert!(
            !parted(60 * second, 60 * second),
            "a process that was stopped"
        );
        let back = |by: Duration| Clocks::at(wall, ticks).have_parted(wall - by, ticks + second);
        assert!(!back(20 * second));
        assert!(back(60 * second));
    }

    #[test]
    fn each_look_counts_from_the_one_before() {
        let (wall, ticks) = (SystemTime::now(), Instant::now());
        let mut clocks = Clocks::at(wall, ticks);
        let minute = Duration::from_secs(60);
        assert!(clocks.have_parted(wall + minute, ticks));
        assert!(!clocks.have_parted(wall + minute + LOOK, ticks + LOOK));
    }
}
