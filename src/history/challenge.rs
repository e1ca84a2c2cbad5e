//! How the history keeps a challenge of a sender's that the listener answered: as what was not forwarded and has an answer all the
//! same, its own. Must not know: challenges.

use hooktool_relay::capture::Outcome;

use super::model::{Attempt, LastAttempt};

impl Attempt {
    /// Whether it was no forward but a challenge, which the listener answered.
    pub fn is_challenge(&self) -> bool {
        self.outcome == Outcome::Skipped && self.answer.is_some()
    }

    /// The app's status; none of a challenge, which the app did not see.
    pub fn app_status(&self) -> Option<u16> {
        let answer = self.answer.as_ref().filter(|_| self.outcome.is_try());
        answer.map(|answer| answer.status)
    }
}

impl LastAttempt {
    /// As [`Attempt::is_challenge`].
    pub fn is_challenge(&self) -> bool {
        self.outcome == Outcome::Skipped && self.status.is_some()
    }

    /// As [`Attempt::app_status`].
    pub fn app_status(&self) -> Option<u16> {
        self.status.filter(|_| self.outcome.is_try())
    }
}
