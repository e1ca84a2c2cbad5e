//! `--deadline`: a time, or each sender's own.

use std::time::Duration;

use super::duration;

/// When a sender is answered, whether the app has or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// After this time.
    After(Duration),
    /// A little before the sender gives up, as far as that is known; else after [`Deadline::USUAL`].
    Provider,
}

impl Deadline {
    /// Where nothing else is said. Below the 5 s of many senders, with half a second for the way.
    pub const USUAL: Duration = Duration::from_millis(4_500);

    /// For a sender that nobody knows.
    pub fn usual(self) -> Duration {
        match self {
            Self::After(time) => time,
            Self::Provider => Self::USUAL,
        }
    }
}

/// A time, or `provider`.
pub(crate) fn deadline(text: &str) -> Result<Deadline, String> {
    if text == "provider" {
        return Ok(Deadline::Provider);
    }
    duration(text)
        .map(Deadline::After)
        .map_err(|error| format!("{error}; or `provider`"))
}
