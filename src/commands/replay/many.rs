//! `replay --where`: which requests a filter means, and a question before they are too many or go too far.
//!
//! In: a filter. Out: numbers, oldest first, none if the person said no. What cannot be sent again is left out, and told.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::{
    cli::requests::Replay,
    commands::stored::Stored,
    exit::{Failure, Report},
    history::Number,
    output::say,
    replay,
    target::{Routes, Target},
};

/// Most forwards that are sent without a question.
const UNASKED: usize = 20;

/// The requests that fit, once nothing speaks against sending them.
pub(super) fn chosen(
    args: &Replay,
    stored: &Stored,
    filter: &str,
    routes: &Routes,
) -> Result<Option<Vec<Number>>, Failure> {
    let mut numbers = Vec::new();
    let mut far: Option<Target> = None;
    for row in stored.matching(filter, None)? {
        let request = stored.numbered(row.number, filter)?;
        if replay::is_upgrade(row.seq, &request.capture) {
            say(format_args!("#{} opened a websocket: left out", row.number));
            continue;
        }
        let target = match &args.to {
            Some(target) => target.clone(),
            None => replay::last_target(&stored.reader, row.number, &request.capture)?
                .or_else(|| routes.pick(&row.path).cloned())
                .ok_or_else(|| never_forwarded(row.number))?,
        };
        if !target.is_loopback() {
            far.get_or_insert(target);
        }
        numbers.push(row.number);
    }
    if numbers.is_empty() {
        let report = Report::new(format!("no request fits `{filter}`"));
        return Err(Failure::NoRequest(
            report.hint("`hooktool list` shows what there is"),
        ));
    }
    let forwards = numbers.len().saturating_mul(args.lab.times);
    let needs_word = forwards > UNASKED || far.is_some();
    if !needs_word || args.yes || is_confirmed(forwards, far.as_ref())? {
        return Ok(Some(numbers));
    }
    say(format_args!("nothing was sent"));
    Ok(None)
}

fn never_forwarded(number: Number) -> Failure {
    let report = Report::new(format!("#{number} was never forwarded"));
    Failure::Usage(report.hint("name a target with --to"))
}

fn is_confirmed(forwards: usize, far: Option<&Target>) -> Result<bool, Failure> {
    let place = far.map_or_else(String::new, |target| {
        format!(" to {target}, another machine")
    });
    let requests = if forwards == 1 { "request" } else { "requests" };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let report = Report::new(format!(
            "{forwards} {requests} would be sent{place}, and nobody can be asked"
        ));
        return Err(Failure::Usage(report.hint("--yes sends them")));
    }
    let mut talk = io::stderr().lock();
    write!(talk, "send {forwards} {requests}{place}? [y/N] ")?;
    talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
