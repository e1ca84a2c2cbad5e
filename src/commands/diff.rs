//! `hooktool diff`: two stored requests, or two tries, compared.
//!
//! ```text
//! 1194 1199        requests: method, path, headers, body
//! 1199:1 1199:3    tries: where to, what was changed on the way, and the app's answer
//! ```

use std::io::{self, BufWriter, Write as _};

use super::stored::Stored;
use crate::{
    cli::export::Diff,
    diff,
    exchange::Picked,
    exit::{Failure, Report},
    history::{Attempt, Request},
    output::Surroundings,
};

/// Prints the comparison.
pub(super) fn run(args: &Diff) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let (from, to) = (find(&stored, &args.from)?, find(&stored, &args.to)?);
    if from.attempt.is_some() != to.attempt.is_some() {
        let report = Report::new("a request cannot be compared with a try");
        return Err(Failure::Usage(report.hint(format!(
            "two requests: `hooktool diff {} {}`; two tries: `hooktool diff {0}:1 {1}:1`",
            from.request.summary.number, to.request.summary.number
        ))));
    }
    let (before, after) = (from.body(&stored.reader)?, to.body(&stored.reader)?);
    let compared = diff::compare(&from.side(&before), &to.side(&after));
    let names = [from.name(), to.name()];
    let names = [names[0].as_str(), names[1].as_str()];
    let mut out = BufWriter::new(io::stdout().lock());
    let color = Surroundings::here().can_color;
    diff::print(&compared, names, args.all, color, &mut out)?;
    Ok(out.flush()?)
}

/// What one of the two words names.
fn find(stored: &Stored, text: &str) -> Result<Picked, Failure> {
    let (id, try_number) = match text.rsplit_once(':') {
        None => (text, None),
        Some((id, number)) => (id, Some(number)),
    };
    let request = stored.pick(id)?;
    let attempt = match try_number {
        None => None,
        Some(number) => Some(attempt(stored, &request, number)?),
    };
    Ok(Picked::new(request, attempt))
}

fn attempt(stored: &Stored, request: &Request, number: &str) -> Result<Attempt, Failure> {
    let attempts = stored.reader.attempts(request.summary.number)?;
    let wanted: Option<u32> = number.parse().ok();
    let tries = request.summary.tries;
    let found = attempts
        .into_iter()
        .find(|attempt| wanted.is_some() && attempt.try_number == wanted);
    found.ok_or_else(|| {
        let of = request.summary.number;
        let report = Report::new(format!("#{of} has no try {number}"));
        let tries = match tries {
            0 => "it was never forwarded".to_owned(),
            1 => format!("its only one is `{of}:1`"),
            _ => format!("its tries are `{of}:1` to `{of}:{tries}`"),
        };
        Failure::Usage(report.because(tries))
    })
}
