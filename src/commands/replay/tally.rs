//! How what was sent went, and the exit code that follows.
//!
//! In: each result. Out: a [`Failure`], if there is one. Must not know: what was sent, how it is shown.

use crate::{
    cli::value::Expect,
    exit::{Failure, Report},
};

/// How the tries went.
#[derive(Default)]
pub(crate) struct Tally {
    tries: usize,
    answered: usize,
    unexpected: Option<String>,
    failed: Option<String>,
}

impl Tally {
    /// Counts what a URL answered, or why it did not.
    pub(crate) fn count(&mut self, expect: Option<&Expect>, url: &str, result: Result<u16, &str>) {
        match result {
            Ok(status) if expect.is_none_or(|expect| expect.fits(status)) => self.well(),
            Ok(status) => self.unexpected(&format!("{url} answered {status}")),
            Err(why) => self.failed(&format!("{url}: {why}"), expect.is_some()),
        }
    }

    /// It went as it should.
    pub(crate) fn well(&mut self) {
        self.tries += 1;
        self.answered += 1;
    }

    /// It was answered, and not as expected.
    pub(crate) fn unexpected(&mut self, why: &str) {
        self.well();
        self.unexpected.get_or_insert_with(|| why.to_owned());
    }

    /// It was not answered. `is_expected`: something was expected of it.
    pub(crate) fn failed(&mut self, why: &str, is_expected: bool) {
        self.tries += 1;
        if is_expected {
            self.unexpected.get_or_insert_with(|| why.to_owned());
        }
        self.failed.get_or_insert_with(|| why.to_owned());
    }

    /// Why none of them was answered, if that is so.
    pub(crate) fn unanswered(&self) -> Option<&str> {
        self.is_unanswered()
            .then(|| self.failed.as_deref().unwrap_or_default())
    }

    fn is_unanswered(&self) -> bool {
        self.tries > 0 && self.answered == 0
    }

    /// What it comes to.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.is_unanswered() {
            let report = Report::new("the target could not be reached");
            let report = report.because(self.failed.unwrap_or_default());
            return Err(Failure::Target(
                report.hint("is the app running? --to names another target"),
            ));
        }
        if let Some(text) = self.unexpected {
            return Err(Failure::Expectation(
                Report::new("not every answer was as expected").because(text),
            ));
        }
        match self.failed {
            None => Ok(()),
            Some(text) => Err(Failure::Other(
                Report::new("not every try was answered").because(text),
            )),
        }
    }
}
