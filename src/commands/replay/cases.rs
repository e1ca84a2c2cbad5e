//! What was sent, what came of it, and whether that was as expected; and the exit code that follows.
//!
//! In: attempts, and what was expected of them. Out: a [`Case`] each, a [`Failure`] for all. Must not know: how they are shown.

use super::{answers, items::Item, tally::Tally};
use crate::{
    cli::value::Expect,
    exit::Failure,
    forward::CUT,
    history::{Attempt, KeptAnswer},
    replay::{Sending, Variant},
};

/// One request, sent once.
pub(crate) struct Case {
    /// What people call the request.
    pub(super) name: String,
    /// Its method and path.
    pub(super) title: String,
    pub(super) sending: Sending,
    /// The attempt; none if there was not even that.
    pub(super) attempt: Option<Attempt>,
    /// Whether anything was expected of it.
    pub(super) is_expected: bool,
    pub(super) wrong: Option<Wrong>,
}

/// Why a case is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It could not be sent at all.
    Unsent(String),
    /// Nothing answered, which was not expected of it.
    Unanswered(String),
    /// The status is another than expected.
    Status(String),
    /// The answer is another than the recorded one: a sentence, and what differs.
    Answer(String, String),
}

impl Wrong {
    /// In a sentence.
    pub(super) fn sentence(&self) -> &str {
        match self {
            Self::Unsent(text) | Self::Unanswered(text) | Self::Status(text) => text,
            Self::Answer(text, _) => text,
        }
    }
}

impl Case {
    /// What it answered; none when it was cut.
    pub(super) fn answer(&self) -> Option<&KeptAnswer> {
        self.attempt.as_ref()?.answer.as_ref()
    }

    /// Whether its connection was dropped as wished.
    pub(super) fn is_cut(&self) -> bool {
        let error = self.attempt.as_ref().and_then(|one| one.error.as_deref());
        self.sending.variant == Variant::Cut && error == Some(CUT)
    }
}

/// What is expected of every answer.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    status: Option<Expect>,
    is_same: bool,
}

impl Wanted {
    /// One of these statuses, if any are given; and whether it is to be the recorded answer.
    pub(crate) fn new(status: Option<Expect>, is_same: bool) -> Self {
        Self { status, is_same }
    }

    /// Whether anything is.
    pub(super) fn is_something(&self) -> bool {
        self.status.is_some() || self.is_same
    }

    /// An attempt, judged.
    pub(super) fn judged(&self, item: &Item, sending: Sending, attempt: Attempt) -> Case {
        let mut case = Case {
            name: item.name(),
            title: item.title(),
            sending,
            attempt: Some(attempt),
            is_expected: self.is_something(),
            wrong: None,
        };
        case.wrong = self.wrong(item, &case);
        case
    }

    fn wrong(&self, item: &Item, case: &Case) -> Option<Wrong> {
        if case.is_cut() {
            return None;
        }
        let attempt = case.attempt.as_ref()?;
        let Some(answer) = &attempt.answer else {
            let why = attempt.error.as_deref().unwrap_or("no answer");
            return Some(Wrong::Unanswered(format!("{}: {why}", attempt.target)));
        };
        let status = self.status.as_ref();
        if status.is_some_and(|expect| !expect.fits(answer.status)) {
            let text = format!("{} answered {}", attempt.target, answer.status);
            return Some(Wrong::Status(text));
        }
        let recorded = item.recorded.as_ref().filter(|_| self.is_same)?;
        let differs = answers::difference(recorded, answer, ["recorded", "now"])?;
        let text = format!("{} answered otherwise than recorded", case.name);
        Some(Wrong::Answer(text, differs))
    }
}

/// Whether all went as it should.
pub(crate) fn judge(cases: &[Case], wanted: &Wanted) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for case in cases {
        match &case.wrong {
            None => tally.well(),
            Some(Wrong::Unanswered(why)) => tally.failed(why, wanted.is_something()),
            Some(wrong) => tally.unexpected(wrong.sentence()),
        }
    }
    tally.finish()
}
