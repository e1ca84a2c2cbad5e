//! `hooktool replay`: stored requests, sent straight to the target once more.
//!
//! In: ids or a filter, and what to change. Out: a line or a record a try; every try is in the history, where a running `listen`
//! sees it. All requests are looked up before anything is sent, and read one by one then.

use std::io;

use bytes::Bytes;

use super::{edit, keyring::FileKeys, signing, stored::Stored};
use crate::{
    cli::{
        requests::{BodySource, Replay},
        value::Expect,
    },
    config::Settings,
    exit::{Failure, Report},
    forward::Forwarder,
    history::{Attempt, Cause, History, Number, PickError, Request, Retention},
    output::{
        Surroundings,
        follow::Printer as _,
        json::{self, record::AttemptRecord},
        lines::{Lines, Options},
        say,
    },
    replay::{self, Edits, ReplayError, With},
    target::Routes,
    text::{self, Mode},
};

mod many;

/// Sends the requests.
pub(super) async fn run(args: Replay) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let settings = Settings::resolve(&stored.layers)?;
    let Some(numbers) = chosen(&args, &stored, &settings.routes)? else {
        return Ok(());
    };
    let body = args.body.as_ref().map(read).transpose()?;
    let forwarder = Forwarder::new(settings.forward).map_err(|why| {
        let report = Report::new("requests cannot be sent like this");
        Failure::Usage(report.because(why))
    })?;
    let keys = FileKeys::read(&stored.layers)?;
    let history = History::open(&settings.folders.history(), Retention::default())?;
    let with = With {
        history: &history,
        forwarder: &forwarder,
        otherwise: &settings.routes,
        keys: &keys,
        say: &|number, word| {
            let told = signing::sentence(number, word, "; --resign signs it anew");
            say(format_args!("{}", text::safe(told.as_bytes(), Mode::Cell)));
        },
    };
    let mut printer = Printer::new(args.json, &stored);
    let mut tally = Tally::default();
    for number in numbers {
        let request = stored.numbered(number, &number.to_string())?;
        let mut edits = Edits {
            set: args.header.clone(),
            body: body.clone(),
            url: args.sign.sign_url.clone(),
            ..Edits::default()
        };
        if args.edit {
            edits.body = edit::body(&stored, &request)?;
            if edits.body.is_none() {
                continue;
            }
        }
        let signs = args.sign.variants();
        let sends = signs
            .iter()
            .flat_map(|sign| std::iter::repeat_n(*sign, args.times));
        for sign in sends {
            edits.sign = sign;
            let sent = replay::run(&with, number, args.to.clone(), &edits).await;
            let attempt = recorded(&stored, &request, sent.map_err(|error| refused(&error))?)?;
            printer.print(&request, &attempt)?;
            tally.attempted(args.expect.as_ref(), &attempt);
        }
    }
    tally.finish()
}

/// The requests that are meant, in order; none if the person said no.
fn chosen(args: &Replay, stored: &Stored, routes: &Routes) -> Result<Option<Vec<Number>>, Failure> {
    if let Some(filter) = &args.filter {
        return many::chosen(args, stored, filter, routes);
    }
    let picked = args.ids.iter().map(|id| stored.pick(id));
    let numbers = picked.map(|request| request.map(|request| request.summary.number));
    numbers.collect::<Result<_, _>>().map(Some)
}

fn read(body: &BodySource) -> Result<Bytes, Failure> {
    match body {
        BodySource::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        BodySource::File(path) => std::fs::read(path).map(Bytes::from).map_err(|error| {
            let report = Report::new(format!("{} cannot be read", path.display()));
            Failure::Usage(report.because(error.to_string()))
        }),
    }
}

/// The attempt with the number that the history gave it.
pub(super) fn recorded(
    stored: &Stored,
    request: &Request,
    attempt: Attempt,
) -> Result<Attempt, Failure> {
    let all = stored.reader.attempts(request.summary.number)?;
    let is_it = |one: &Attempt| one.cause == Cause::Replay && one.started_at == attempt.started_at;
    Ok(all.into_iter().rev().find(is_it).unwrap_or(attempt))
}

pub(super) fn refused(error: &ReplayError) -> Failure {
    match error {
        ReplayError::NoRequest(number) => Failure::Pick(PickError::None {
            asked: number.to_string(),
            nearest: None,
        }),
        ReplayError::NoTarget(number) => {
            let report = Report::new(format!("#{number} was never forwarded"));
            Failure::Usage(report.hint(format!(
                "name a target: `hooktool replay {number} --to 3000`"
            )))
        }
        ReplayError::Upgrade(_) => Failure::Other(Report::new(error.to_string())),
        ReplayError::Unsigned(number, why) => signing::refused(*number, why),
        ReplayError::History(error) => Failure::History(error.clone()),
    }
}

/// What is printed of each try.
pub(super) enum Printer {
    Lines(Lines<io::Stdout>),
    Json,
}

impl Printer {
    pub(super) fn new(is_json: bool, stored: &Stored) -> Self {
        if is_json {
            return Self::Json;
        }
        let options = Options {
            level: 0,
            color: Surroundings::here().can_color,
            zone: stored.zone,
        };
        Self::Lines(Lines::new(io::stdout(), options))
    }

    pub(super) fn print(&mut self, request: &Request, attempt: &Attempt) -> Result<(), Failure> {
        match self {
            Self::Lines(lines) => lines.attempt(&request.summary, attempt)?,
            Self::Json => {
                let record = AttemptRecord::new(&request.summary, attempt);
                json::line(&mut io::stdout(), &record)?;
            }
        }
        Ok(())
    }
}

/// How the tries went.
#[derive(Default)]
pub(super) struct Tally {
    tries: usize,
    answered: usize,
    unexpected: Option<String>,
    failed: Option<String>,
}

impl Tally {
    pub(super) fn attempted(&mut self, expect: Option<&Expect>, attempt: &Attempt) {
        let result = match &attempt.answer {
            Some(answer) => Ok(answer.status),
            None => Err(attempt.error.as_deref().unwrap_or("no answer")),
        };
        self.count(expect, &attempt.target, result);
    }

    /// Counts what a URL answered, or why it did not.
    pub(super) fn count(&mut self, expect: Option<&Expect>, url: &str, result: Result<u16, &str>) {
        self.tries += 1;
        match result {
            Ok(status) => {
                self.answered += 1;
                if !expect.is_none_or(|expect| expect.fits(status)) {
                    let text = format!("{url} answered {status}");
                    self.unexpected.get_or_insert(text);
                }
            }
            Err(why) => {
                let text = format!("{url}: {why}");
                if expect.is_some() {
                    self.unexpected.get_or_insert(text.clone());
                }
                self.failed.get_or_insert(text);
            }
        }
    }

    /// Why none of them was answered, if that is so.
    pub(super) fn unanswered(&self) -> Option<&str> {
        self.is_unanswered()
            .then(|| self.failed.as_deref().unwrap_or_default())
    }

    fn is_unanswered(&self) -> bool {
        self.tries > 0 && self.answered == 0
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
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
