//! Tells of each try as it comes, a line or a record, and gathers the cases.
//!
//! In: results of sendings. Out: stdout, and [`Case`]s. A request that cannot be sent at all ends it.

use std::{
    collections::HashSet,
    io::{self, Write as _},
};

use super::{
    cases::{Case, Wanted, Wrong},
    items::{Item, What},
    refused,
};
use crate::{
    commands::stored::Stored,
    exit::Failure,
    history::{Attempt, Cause, Number},
    output::{
        Surroundings,
        follow::Printer as _,
        json::{
            self,
            record::{AttemptRecord, Judged},
        },
        lines::{Lines, Options},
    },
    replay::{ReplayError, Sending, Variant},
};

/// Tells, and gathers.
pub(crate) struct Telling {
    pub(crate) stored: Stored,
    printer: Printer,
    pub(crate) wanted: Wanted,
    /// Tries that were told, since two may begin in one millisecond.
    told: HashSet<(Number, u32)>,
    cases: Vec<Case>,
}

enum Printer {
    Lines(Lines<io::Stdout>),
    Json,
}

impl Telling {
    /// In records or in lines; `stored` says the clock, and the numbers of tries.
    pub(crate) fn new(is_json: bool, wanted: Wanted, stored: Stored) -> Self {
        let options = Options {
            level: 0,
            color: Surroundings::here().can_color,
            zone: stored.zone,
        };
        Self {
            printer: match is_json {
                true => Printer::Json,
                false => Printer::Lines(Lines::new(io::stdout(), options)),
            },
            wanted,
            stored,
            told: HashSet::new(),
            cases: Vec::new(),
        }
    }

    /// Whether it tells in records.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.printer, Printer::Json)
    }

    /// The cases since the last time.
    pub(crate) fn take(&mut self) -> Vec<Case> {
        std::mem::take(&mut self.cases)
    }

    /// Tells of one.
    pub(crate) fn tell(
        &mut self,
        item: &Item,
        sending: Sending,
        sent: Result<Attempt, ReplayError>,
    ) -> Result<(), Failure> {
        let attempt = match sent {
            Ok(attempt) => attempt,
            Err(error) => {
                self.cases.push(Case {
                    name: item.name(),
                    title: item.title(),
                    sending,
                    attempt: None,
                    is_expected: self.wanted.is_something(),
                    wrong: Some(Wrong::Unsent(error.to_string())),
                });
                return Err(refused(&error));
            }
        };
        let attempt = match &item.what {
            What::Stored(request) => self.recorded(request.summary.number, attempt)?,
            What::Given { .. } => attempt,
        };
        let case = self.wanted.judged(item, sending, attempt);
        let printed = self.print(item, &case);
        self.cases.push(case);
        printed
    }

    /// The attempt with the number that the history gave it.
    fn recorded(&mut self, number: Number, attempt: Attempt) -> Result<Attempt, Failure> {
        let all = self.stored.reader.attempts(number)?;
        let told = &mut self.told;
        let is_it = |one: &Attempt| {
            let is_like = one.cause == Cause::Replay
                && one.started_at == attempt.started_at
                && one.outcome == attempt.outcome;
            is_like
                && one
                    .try_number
                    .is_some_and(|try_number| told.insert((number, try_number)))
        };
        Ok(all.into_iter().rev().find(is_it).unwrap_or(attempt))
    }

    fn print(&mut self, item: &Item, case: &Case) -> Result<(), Failure> {
        let Some(attempt) = &case.attempt else {
            return Ok(());
        };
        match &mut self.printer {
            Printer::Lines(lines) => {
                match &item.what {
                    What::Stored(request) => lines.attempt(&request.summary, attempt)?,
                    What::Given { place, fixture, .. } => {
                        lines.try_of(place, &fixture.capture, attempt)?;
                    }
                }
                if let Some(Wrong::Answer(_, differs)) = &case.wrong {
                    let mut out = io::stdout().lock();
                    for line in differs.lines() {
                        writeln!(out, "    {line}")?;
                    }
                }
            }
            Printer::Json => {
                let record = match &item.what {
                    What::Stored(request) => AttemptRecord::new(&request.summary, attempt),
                    What::Given { place, fixture, .. } => {
                        AttemptRecord::of_file(fixture.capture.id, Some(place), attempt)
                    }
                };
                let why = case.wrong.as_ref().map(|wrong| match wrong {
                    Wrong::Answer(_, differs) => differs.as_str(),
                    other => other.sentence(),
                });
                let is_judged = self.wanted.is_something();
                let variant = Some(case.sending.variant).filter(|way| *way != Variant::Plain);
                let record = record.judged(Judged {
                    variant: variant.map(Variant::name),
                    passed: is_judged.then_some(case.wrong.is_none()),
                    why: why.filter(|_| is_judged),
                });
                json::line(&mut io::stdout(), &record)?;
            }
        }
        Ok(())
    }
}
