//! Notices that the machine slept: the wall clock went on while the monotonic one stood still.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

/// How often the two clocks are compared.
const LOOK: Duration = Duration::from_secs(2);

/// A difference that no clock correction of a running machine makes.
const SLEPT: Duration = Duration::from_secs(30);

/// Resolves after the machine slept (or its clock was set by more than 30 s, which costs one reconnect).
pub(super) async fn slept() {
    let (mut wall, mut monotonic) = (SystemTime::now(), Instant::now());
    loop {
        sleep(LOOK).await;
        let wall_went = wall.elapsed().unwrap_or_default();
        if wall_went.abs_diff(monotonic.elapsed()) > SLEPT {
            return;
        }
        (wall, monotonic) = (SystemTime::now(), Instant::now());
    }
}
