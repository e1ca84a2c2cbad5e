//! `hooktool export`, and `show --as`: stored requests for other programs.
//!
//! In: ids, or a filter over this folder's requests. Out: one document or text, secrets masked unless asked for; a file is whole or
//! not there.
//!
//! ```text
//! numbers ─▶ request, tries ─▶ exchange ─▶ mask ─▶ curl · http · har · JSON lines ─▶ stdout, or FILE by way of a draft
//! ```

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use super::{
    draft::Draft,
    stored::{Stored, last_answer, names_a_request},
};
use crate::{
    cli::{
        export::{Export as Args, Form},
        requests,
    },
    exchange::{exchange, whole},
    exit::{Failure, Report},
    export::{self, Exchange, Export, Format},
    history::{Number, Reader, Request, Summary},
    output::{
        json::{self, record::CaptureRecord},
        say,
    },
    target::Target,
};

/// Writes the export.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let numbers = numbers(&stored, args)?;
    let writing = Writing {
        reader: &stored.reader,
        target: stored.layers.target()?,
        format: format(args.form),
        with_secrets: args.with_secrets,
    };
    let tally = match &args.output {
        None => {
            writing
                .write(&numbers, BufWriter::new(io::stdout().lock()))?
                .1
        }
        Some(path) => writing.write_file(&numbers, path, true)?,
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

/// What is worth telling afterwards.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many requests were written.
    pub(super) written: usize,
    /// How many secrets were masked in them.
    pub(super) masked: usize,
    /// Requests that were never forwarded, left out where a URL is needed.
    pub(super) without_target: Vec<Number>,
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

/// What is written, and from where.
pub(super) struct Writing<'a> {
    /// Where requests are read.
    pub(super) reader: &'a Reader,
    /// Where what was never forwarded would go.
    pub(super) target: Option<Target>,
    /// As what; none: as JSON lines.
    pub(super) format: Option<Format>,
    /// Whether secrets stay as they are.
    pub(super) with_secrets: bool,
}

impl Writing<'_> {
    /// Writes a file, which is whole or not there. `replaces`: in place of what it was, else a file that is there is an error.
    pub(super) fn write_file(
        &self,
        numbers: &[Number],
        path: &Path,
        replaces: bool,
    ) -> Result<Tally, Failure> {
        let told = |error: io::Error| {
            let report = Report::new(format!("{} cannot be written", path.display()));
            Failure::Other(report.because(error.to_string()))
        };
        let draft = BufWriter::new(Draft::new(path).map_err(told)?);
        let (draft, tally) = self
            .write(numbers, draft)
            .map_err(|failure| match failure {
                Failure::Pipe(error) => told(error),
                failure => failure,
            })?;
        let draft = draft.into_inner().map_err(|error| told(error.into()))?;
        if replaces {
            draft.keep()
        } else {
            draft.keep_new()
        }
        .map_err(told)?;
        Ok(tally)
    }

    /// Writes all of them; gives back where to.
    fn write<W: Write>(&self, numbers: &[Number], mut out: W) -> Result<(W, Tally), Failure> {
        let mut tally = Tally::default();
        let Some(format) = self.format else {
            for number in numbers {
                // Retention may have dropped one a moment ago.
                if let Some(request) = self.reader.request(*number)? {
                    tally.masked += record(self.reader, &request, self.with_secrets, &mut out)?;
                    tally.written += 1;
                }
            }
            out.flush()?;
            return Ok((out, tally));
        };
        let mut export = Export::new(format, out)?;
        for number in numbers {
            let Some(request) = self.reader.request(*number)? else {
                continue;
            };
            let target = self.target.as_ref();
            let mut exchange = exchange(self.reader, &request, target, format.holds_bodies())?;
            if exchange.url.is_none() && format.needs_url() {
                tally.without_target.push(*number);
                continue;
            }
            if !self.with_secrets {
                tally.masked += exchange.mask();
            }
            export.add(&exchange)?;
            tally.written += 1;
        }
        Ok((export.finish()?, tally))
    }
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
    let target = stored.layers.target()?;
    let mut exchange = exchange(
        &stored.reader,
        request,
        target.as_ref(),
        format.holds_bodies(),
    )?;
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
    reader: &Reader,
    request: &Request,
    with_secrets: bool,
    out: &mut impl Write,
) -> Result<usize, Failure> {
    let body = whole(reader, request)?;
    let mut answer = last_answer(reader, request.summary.number)?;
    if with_secrets {
        let record = CaptureRecord::new(request, body.as_ref()).answered(answer.as_ref());
        json::line(out, &record)?;
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
    let mut secrets = exchange.mask();
    if let Some(answer) = &mut answer {
        secrets += export::mask(&mut answer.headers);
    }
    let masked = Request {
        summary: Summary {
            path: exchange.capture.path.clone(),
            ..request.summary.clone()
        },
        capture: Arc::new(exchange.capture),
        relay: exchange.relay,
    };
    let record = CaptureRecord::new(&masked, body.as_ref()).answered(answer.as_ref());
    json::line(out, &record)?;
    Ok(secrets)
}
