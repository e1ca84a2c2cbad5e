//! `hooktool export`, and `show --as`: stored requests for other programs.
//!
//! In: ids, or this folder's requests. Out: one document or text, secrets masked unless asked for; a file is whole or not there.
//!
//! ```text
//! numbers ─▶ request, tries ─▶ exchange ─▶ mask ─▶ curl · http · har · JSON lines ─▶ stdout, or FILE by way of a draft
//! ```

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use bytes::Bytes;
use hooktool_relay::capture::Body;

use super::{draft::Draft, stored::Stored};
use crate::{
    cli::{
        export::{Export as Args, Form},
        requests,
    },
    exit::{Failure, Report},
    export::{Answer, Exchange, Export, Format, Try},
    history::{Attempt, Number, Request, Summary},
    output::{
        json::{self, record::CaptureRecord},
        say,
    },
};

/// Writes the export.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let numbers = numbers(&stored, args)?;
    let tally = match &args.output {
        None => write(&stored, args, &numbers, BufWriter::new(io::stdout().lock()))?.1,
        Some(path) => {
            let told = |error: io::Error| {
                let report = Report::new(format!("{} cannot be written", path.display()));
                Failure::Other(report.because(error.to_string()))
            };
            let draft = BufWriter::new(Draft::new(path).map_err(told)?);
            let (draft, tally) =
                write(&stored, args, &numbers, draft).map_err(|failure| match failure {
                    Failure::Pipe(error) => told(error),
                    failure => failure,
                })?;
            let draft = draft.into_inner().map_err(|error| told(error.into()))?;
            draft.keep().map_err(told)?;
            tally
        }
    };
    tally.tell();
    Ok(())
}

/// The requests that are meant, oldest first, or in the order of their ids.
fn numbers(stored: &Stored, args: &Args) -> Result<Vec<Number>, Failure> {
    if !args.which.is_empty() && args.which.iter().all(|word| names_a_request(word)) {
        let picked = args.which.iter().map(|id| stored.pick(id));
        return picked.map(|request| Ok(request?.summary.number)).collect();
    }
    let rows = stored.matching(&args.which.join(" "), None)?;
    Ok(rows.iter().map(|row| row.number).collect())
}

/// Whether a word is a number, an id or `last`, and not a term of a filter.
fn names_a_request(word: &str) -> bool {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number || word == "last" || word.starts_with("req_")
}

/// What is worth telling afterwards.
#[derive(Default)]
struct Tally {
    masked: usize,
    without_target: Vec<Number>,
}

impl Tally {
    fn tell(&self) {
        masked(self.masked);
        if let Some(first) = self.without_target.first() {
            say(format_args!(
                "{} left out, #{first} first: never forwarded, and no target is set",
                self.without_target.len()
            ));
        }
    }
}

fn masked(secrets: usize) {
    match secrets {
        0 => {}
        1 => say(format_args!(
            "1 secret is masked (--with-secrets leaves it)"
        )),
        _ => say(format_args!(
            "{secrets} secrets are masked (--with-secrets leaves them)"
        )),
    }
}

fn write<W: Write>(
    stored: &Stored,
    args: &Args,
    numbers: &[Number],
    mut out: W,
) -> Result<(W, Tally), Failure> {
    let mut tally = Tally::default();
    let Some(format) = format(args.form) else {
        for number in numbers {
            // Retention may have dropped one a moment ago.
            if let Some(request) = stored.reader.request(*number)? {
                tally.masked += record(stored, &request, args.with_secrets, &mut out)?;
            }
        }
        out.flush()?;
        return Ok((out, tally));
    };
    let mut export = Export::new(format, out)?;
    for number in numbers {
        let Some(request) = stored.reader.request(*number)? else {
            continue;
        };
        let mut exchange = exchange(stored, &request, format)?;
        if exchange.url.is_none() && format.needs_url() {
            tally.without_target.push(*number);
            continue;
        }
        if !args.with_secrets {
            tally.masked += exchange.mask();
        }
        export.add(&exchange)?;
    }
    Ok((export.finish()?, tally))
}

/// JSON lines are no [`Format`]: they are the records that every other verb writes.
fn format(form: Form) -> Option<Format> {
    match form {
        Form::Har => Some(Format::Har),
        Form::Http => Some(Format::Http),
        Form::Json => None,
        Form::Curl => Some(Format::Curl),
    }
}

/// Writes a request as `show --as` does.
pub(super) fn one(
    stored: &Stored,
    request: &Request,
    form: requests::Form,
    with_secrets: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let format = match form {
        requests::Form::Curl => Format::Curl,
        requests::Form::Http => Format::Http,
        requests::Form::Har => Format::Har,
    };
    let mut exchange = exchange(stored, request, format)?;
    if exchange.url.is_none() && format.needs_url() {
        let number = exchange.number;
        let report = Report::new(format!("no target is known for #{number}"))
            .because("it was never forwarded, and the settings name none")
            .hint(format!("`hooktool replay {number} --to 3000` sends it"));
        return Err(Failure::Other(report));
    }
    let secrets = if with_secrets { 0 } else { exchange.mask() };
    let mut export = Export::new(format, out)?;
    export.add(&exchange)?;
    export.finish()?;
    masked(secrets);
    Ok(())
}

/// One JSON line; how many secrets were masked in it.
fn record(
    stored: &Stored,
    request: &Request,
    with_secrets: bool,
    out: &mut impl Write,
) -> Result<usize, Failure> {
    let body = whole(stored, request)?;
    if with_secrets {
        json::line(out, &CaptureRecord::new(request, body.as_ref()))?;
        return Ok(0);
    }
    let mut exchange = Exchange {
        number: request.summary.number,
        capture: request.capture.as_ref().clone(),
        relay: request.relay.clone(),
        body: None,
        url: None,
        tries: Vec::new(),
    };
    let secrets = exchange.mask();
    let masked = Request {
        summary: Summary {
            path: exchange.capture.path.clone(),
            ..request.summary.clone()
        },
        capture: Arc::new(exchange.capture),
        relay: exchange.relay,
    };
    json::line(out, &CaptureRecord::new(&masked, body.as_ref()))?;
    Ok(secrets)
}

fn exchange(stored: &Stored, request: &Request, format: Format) -> Result<Exchange, Failure> {
    let attempts = stored.reader.attempts(request.summary.number)?;
    let tries: Vec<Try> = attempts.into_iter().filter_map(one_try).collect();
    let url = match tries.last() {
        Some(last) => Some(last.url.clone()),
        None => target(stored, request)?,
    };
    let body = match format.holds_bodies() {
        true => whole(stored, request)?,
        false => None,
    };
    Ok(Exchange {
        number: request.summary.number,
        capture: request.capture.as_ref().clone(),
        relay: request.relay.clone(),
        body,
        url,
        tries,
    })
}

/// A try; what was held, parked or skipped is none.
fn one_try(attempt: Attempt) -> Option<Try> {
    Some(Try {
        number: attempt.try_number?,
        url: attempt.target.into(),
        started_at: attempt.started_at,
        connect: attempt.connect,
        took: attempt.took,
        error: attempt.error,
        answer: attempt.answer.map(|answer| Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            len: answer.len,
        }),
    })
}

/// Where the settings would send it.
fn target(stored: &Stored, request: &Request) -> Result<Option<Bytes>, Failure> {
    let Some(target) = stored.layers.target()? else {
        return Ok(None);
    };
    let path = super::show::path(request);
    Ok(Some([target.to_string().as_bytes(), path].concat().into()))
}

/// A request's body, whatever its size; none if there is none.
pub(super) fn whole(stored: &Stored, request: &Request) -> Result<Option<Bytes>, Failure> {
    match &request.capture.body {
        Body::Absent => Ok(None),
        Body::Whole(bytes) => Ok(Some(bytes.clone())),
        Body::Pieces(len) => {
            let len = usize::try_from(*len).unwrap_or(usize::MAX);
            Ok(Some(stored.reader.body(request.summary.number, 0, len)?))
        }
    }
}
