//! `hooktool verify`: the signature doctor on a stored request, or on a body from standard input.
//!
//! Secrets never leave this process: the verdict and its cause are all that is printed.

use std::io::{self, BufWriter, IsTerminal as _, Read as _, Write as _};

use bytes::Bytes;
use hooktool_relay::capture::{Headers, UnixMillis};
use serde::Serialize;

use super::{senders, stored::Stored};
use crate::{
    cli::webhook::{Verify, settings},
    config::Layers,
    exchange::Evidence,
    exit::{CONFIG, EXPECTATION, Failure, Report},
    output::say,
    text::{self, Mode},
    webhook::{Diagnosis, Doctor, Known, Secret, Seen, Verdict},
};

/// Largest body taken from standard input, in bytes; a relay takes 25 MiB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Ids of a batch that are shown.
const SHOWN: usize = 3;

/// Judges a request.
pub(super) fn run(args: &Verify) -> Result<(), Failure> {
    let (layers, case) = match &args.id {
        Some(id) => {
            let stored = Stored::open()?;
            let case = Evidence::new(&stored.reader, &stored.pick(id)?)?;
            (stored.layers, case)
        }
        None => (Layers::read(None, &super::here()?)?, from_stdin(args)?),
    };
    let known = senders::known(&layers)?;
    if let Some(id) = &args.provider {
        senders::named(&known, id)?;
    }
    let request = case.request();
    let sender = args.provider.clone().or_else(|| {
        let seen = known.look(request.head, request.body)?;
        Some(seen.provider)
    });
    let secrets = secrets(args, &layers, sender.as_deref())?;
    let doctor = Doctor {
        known: &known,
        secrets: &secrets,
    };
    let at = args.at.unwrap_or(case.at);
    let found = doctor.diagnose(&request, args.provider.as_deref(), at.0);
    print(args, &known, &found)?;
    match found.verdict {
        Verdict::Ok | Verdict::Token => Ok(()),
        Verdict::Unknown => Err(Failure::Said(CONFIG)),
        Verdict::Bad | Verdict::Old | Verdict::None => Err(Failure::Said(EXPECTATION)),
    }
}

fn from_stdin(args: &Verify) -> Result<Evidence, Failure> {
    if io::stdin().is_terminal() {
        let report = Report::new("there is no request to judge");
        return Err(Failure::Usage(report.hint(
            "`hooktool verify last` takes a stored one; a body comes by standard input: `< body.json`",
        )));
    }
    let mut body = Vec::new();
    io::stdin()
        .lock()
        .take(LARGEST + 1)
        .read_to_end(&mut body)?;
    if body.len() as u64 > LARGEST {
        let report = Report::new("the body is larger than 64 MiB");
        return Err(Failure::Usage(report));
    }
    let mut headers = Headers::new();
    for (name, value) in &args.header {
        let value = Bytes::copy_from_slice(value.as_bytes());
        headers.push(name.as_str().to_owned(), value);
    }
    let uri = args
        .url
        .as_ref()
        .and_then(|url| url.parse::<http::Uri>().ok());
    let path = uri.as_ref().and_then(http::Uri::path_and_query);
    let method = args.method.as_ref().map_or("POST", http::Method::as_str);
    Ok(Evidence {
        method: method.to_owned(),
        path: path.map_or(Bytes::from_static(b"/"), |path| {
            Bytes::copy_from_slice(path.as_str().as_bytes())
        }),
        headers,
        body: body.into(),
        public: args.url.iter().cloned().collect(),
        local: Vec::new(),
        at: UnixMillis::now(),
    })
}

/// The secrets to judge by: those of the flags for the sender, and those that are kept for others.
fn secrets(args: &Verify, layers: &Layers, sender: Option<&str>) -> Result<Vec<Secret>, Failure> {
    let (mut kept, failed) = senders::secrets(layers)?;
    if args.secret.is_empty() {
        for (provider, reason) in failed {
            if sender == Some(provider.as_str()) {
                say(format_args!(
                    "a secret of {provider} cannot be used: {reason}"
                ));
            }
        }
        return Ok(kept);
    }
    let Some(sender) = sender else {
        return Ok(kept);
    };
    kept.retain(|secret| secret.provider != sender);
    let mut given = Vec::new();
    for origin in &args.secret {
        let mut secret = senders::given(sender, origin)?;
        secret.config = settings(&args.config);
        given.push(secret);
    }
    given.append(&mut kept);
    Ok(given)
}

/// The verdict as a line of JSON.
#[derive(Serialize)]
struct Record<'a> {
    provider: Option<&'a str>,
    event: Option<&'a str>,
    action: Option<&'a str>,
    delivery_id: Option<&'a str>,
    verdict: &'static str,
    signature_ok: Option<bool>,
    timestamp_ok: Option<bool>,
    cause: Option<&'a str>,
}

fn print(args: &Verify, known: &Known, found: &Diagnosis) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        let seen = found.seen.as_ref();
        let record = Record {
            provider: seen.map(|seen| seen.provider.as_str()),
            event: seen.and_then(|seen| seen.event.as_deref()),
            action: seen.and_then(|seen| seen.action.as_deref()),
            delivery_id: seen.and_then(|seen| seen.ids.first()).map(String::as_str),
            verdict: found.verdict.as_str(),
            signature_ok: found.signature_ok,
            timestamp_ok: found.timestamp_ok,
            cause: found.cause.as_deref(),
        };
        out.write_all(&text::json(&record)?)?;
        writeln!(out)?;
        return Ok(out.flush()?);
    }
    let judged = judged(found).into_iter();
    let seen = found.seen.iter().flat_map(|seen| told(known, seen));
    for (name, text) in judged.chain(seen) {
        let text = text::safe(text.as_bytes(), Mode::Cell);
        writeln!(out, "{name:9}{text}")?;
    }
    Ok(out.flush()?)
}

/// The verdict, and what there is to say of it.
fn judged(found: &Diagnosis) -> Vec<(&'static str, String)> {
    let verdict = format!("{}: {}", found.verdict, found.reason);
    let mut lines = vec![("verdict", verdict)];
    lines.extend(found.cause.iter().map(|cause| ("cause", cause.clone())));
    if !found.tried.is_empty() {
        let tried = format!("{}: none fits", found.tried.join("; "));
        lines.push(("tried", tried));
    }
    lines.extend(found.secret.iter().map(|secret| ("by", secret.clone())));
    lines.extend(found.notes.iter().map(|note| ("note", note.clone())));
    lines
}

/// What the request says of itself.
fn told(known: &Known, seen: &Seen) -> Vec<(&'static str, String)> {
    let provider = known.provider(&seen.provider);
    let name = provider.map_or("", |provider| provider.name.as_str());
    let mut lines = vec![("sender", format!("{name} ({})", seen.provider))];
    lines.extend(seen.title().map(|title| ("event", title)));
    if !seen.ids.is_empty() {
        let shown: Vec<_> = seen.ids.iter().take(SHOWN).map(String::as_str).collect();
        let mut ids = shown.join(", ");
        if seen.ids.len() > SHOWN {
            ids.push_str(&format!(" and {} more", seen.ids.len() - SHOWN));
        }
        lines.push(("id", ids));
    }
    if let Some(attempt) = &seen.attempt {
        let reason = seen.attempt_reason.as_ref();
        let reason = reason.map(|reason| format!(" ({reason})"));
        let text = format!("{attempt}{}", reason.unwrap_or_default());
        lines.push(("attempt", text));
    }
    lines
}
