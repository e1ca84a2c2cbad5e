//! `hooktool diff`: two stored requests, or two tries, compared.
//!
//! ```text
//! 1194 1199        requests: method, path, headers, body
//! 1199:1 1199:3    tries: where to, what was changed on the way, and the app's answer
//! ```

use std::{
    borrow::Cow,
    io::{self, BufWriter, Write as _},
};

use bytes::Bytes;
use hooktool_relay::capture::{Edit, Headers};

use super::{export, stored::Stored};
use crate::{
    cli::export::Diff,
    diff::{self, Side},
    exit::{Failure, Report},
    history::{Attempt, Request},
    output::Surroundings,
    text,
};

/// Prints the comparison.
pub(super) fn run(args: &Diff) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let (from, to) = (
        Picked::find(&stored, &args.from)?,
        Picked::find(&stored, &args.to)?,
    );
    if from.attempt.is_some() != to.attempt.is_some() {
        let report = Report::new("a request cannot be compared with a try");
        return Err(Failure::Usage(report.hint(format!(
            "two requests: `hooktool diff {} {}`; two tries: `hooktool diff {0}:1 {1}:1`",
            from.request.summary.number, to.request.summary.number
        ))));
    }
    let (before, after) = (from.body(&stored)?, to.body(&stored)?);
    let compared = diff::compare(&from.side(&before), &to.side(&after));
    let names = [from.name(), to.name()];
    let names = [names[0].as_str(), names[1].as_str()];
    let mut out = BufWriter::new(io::stdout().lock());
    let color = Surroundings::here().can_color;
    diff::print(&compared, names, args.all, color, &mut out)?;
    Ok(out.flush()?)
}

/// What one of the two words names.
struct Picked {
    request: Request,
    attempt: Option<Attempt>,
    /// Of a try without an answer.
    none: Headers,
}

impl Picked {
    fn find(stored: &Stored, text: &str) -> Result<Self, Failure> {
        let (id, try_number) = match text.rsplit_once(':') {
            None => (text, None),
            Some((id, number)) => (id, Some(number)),
        };
        let request = stored.pick(id)?;
        let attempt = match try_number {
            None => None,
            Some(number) => Some(attempt(stored, &request, number)?),
        };
        Ok(Self {
            request,
            attempt,
            none: Headers::new(),
        })
    }

    fn name(&self) -> String {
        let number = self.request.summary.number;
        match self.attempt.as_ref().and_then(|attempt| attempt.try_number) {
            None => format!("#{number}"),
            Some(try_number) => format!("#{number}:{try_number}"),
        }
    }

    fn body(&self, stored: &Stored) -> Result<Bytes, Failure> {
        match &self.attempt {
            None => Ok(export::whole(stored, &self.request)?.unwrap_or_default()),
            Some(attempt) => {
                let answer = attempt.answer.as_ref();
                Ok(answer.map_or_else(Bytes::new, |answer| answer.body.clone()))
            }
        }
    }

    fn side<'a>(&'a self, body: &'a [u8]) -> Side<'a> {
        match &self.attempt {
            None => Side {
                head: vec![
                    (
                        "method".into(),
                        self.request.summary.method.as_bytes().into(),
                    ),
                    ("path".into(), super::show::path(&self.request).into()),
                ],
                headers: &self.request.capture.headers,
                body,
            },
            Some(attempt) => Side {
                head: tried(attempt),
                headers: attempt
                    .answer
                    .as_ref()
                    .map_or(&self.none, |answer| &answer.headers),
                body,
            },
        }
    }
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

type Facts<'a> = Vec<(Cow<'a, str>, Cow<'a, [u8]>)>;

/// What is known of a try beside its answer's headers and body.
fn tried(attempt: &Attempt) -> Facts<'_> {
    let own = |text: String| Cow::from(text.into_bytes());
    let mut facts: Facts<'_> = vec![
        ("target".into(), attempt.target.as_bytes().into()),
        ("outcome".into(), attempt.outcome.as_str().as_bytes().into()),
    ];
    if let Some(error) = &attempt.error {
        facts.push(("error".into(), error.as_bytes().into()));
    }
    if let Some(took) = attempt.took {
        facts.push(("took".into(), own(text::duration(took).to_string())));
    }
    if let Some(answer) = &attempt.answer {
        facts.push(("status".into(), own(answer.status.to_string())));
        facts.push(("answer's length".into(), own(answer.len.to_string())));
    }
    facts.extend(attempt.changes.iter().map(|edit| match edit {
        Edit::Changed { what, to, .. } => (sent(what), to.as_ref().into()),
        Edit::Added { name, value } => (sent(name), value.as_ref().into()),
        Edit::Removed { name, .. } => (sent(name), (&b"(left out)"[..]).into()),
    }));
    facts
}

fn sent(name: &str) -> Cow<'static, str> {
    format!("sent {}", name.to_ascii_lowercase()).into()
}
