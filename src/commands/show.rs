//! `hooktool show`: one stored request with its tries, or a part of it.
//!
//! What is read is made safe; what is piped (`--body`, `--raw`, `--json`) is exact.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use hooktool_relay::capture::{Body, Edit, Headers, Kind};

use super::{body, export, keyring::FileKeys, stored::Stored};
use crate::{
    cli::requests::Show,
    exchange::{Evidence, path},
    exit::Failure,
    history::{Attempt, Request, Webhook},
    output::{
        follow::shown_body,
        json::{
            self,
            record::{AttemptRecord, CaptureRecord},
        },
        lines,
    },
    text::{self, Mode, Safe},
    webhook::{Known, Verdict},
};

/// Bytes of a body that are read at once.
const PIECE: usize = 1024 * 1024;

/// Prints a request.
pub(super) fn run(show: &Show) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let request = stored.pick(&show.id)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if show.json {
        as_json(&stored, &request, &mut out)?;
    } else if show.body {
        exact_body(&stored, &request, &mut out)?;
    } else if show.headers {
        head_lines(&request.capture.headers, "", &mut out)?;
    } else if show.raw {
        raw(&stored, &request, &mut out)?;
    } else if let Some(form) = show.form {
        export::one(&stored, &request, form, show.with_secrets, &mut out)?;
    } else {
        whole(&stored, &request, &mut out)?;
    }
    Ok(out.flush()?)
}

fn as_json(stored: &Stored, request: &Request, out: &mut impl Write) -> Result<(), Failure> {
    let body = shown_body(&stored.reader, request)?;
    let keys = FileKeys::lenient(&stored.layers);
    let mut record = CaptureRecord::new(request, body.as_ref()).signed_by(request, &keys);
    if let Some(webhook) = &request.summary.webhook {
        let evidence = Evidence::new(&stored.reader, request)?;
        let doctor = keys.doctor();
        let provider = Some(webhook.provider.as_str());
        let found = doctor.diagnose(&evidence.request(), provider, evidence.at.0);
        record = record.judged(&found);
    }
    json::line(out, &record)?;
    for attempt in stored.reader.attempts(request.summary.number)? {
        json::line(out, &AttemptRecord::whole(&request.summary, &attempt))?;
    }
    Ok(())
}

/// The bytes as captured; on a terminal, their safe form.
fn exact_body(stored: &Stored, request: &Request, out: &mut impl Write) -> Result<(), Failure> {
    let is_read = io::stdout().is_terminal();
    let len = request.capture.body.len();
    let mut at = 0;
    while at < len {
        let piece = stored.reader.body(request.summary.number, at, PIECE)?;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
        match is_read {
            true => write!(out, "{}", text::safe(&piece, Mode::Body))?,
            false => out.write_all(&piece)?,
        }
    }
    if is_read {
        writeln!(out)?;
    }
    Ok(())
}

fn raw(stored: &Stored, request: &Request, out: &mut impl Write) -> Result<(), Failure> {
    let mut head = Vec::new();
    head.extend_from_slice(request.capture.method.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(path(request));
    head.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in request.capture.headers.iter() {
        head.extend_from_slice(name);
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    match io::stdout().is_terminal() {
        true => write!(out, "{}", text::safe(&head, Mode::Body))?,
        false => out.write_all(&head)?,
    }
    exact_body(stored, request, out)
}

fn whole(stored: &Stored, request: &Request, out: &mut impl Write) -> Result<(), Failure> {
    let row = &request.summary;
    let when = text::date_clock(row.received_at, stored.zone);
    let waited = if row.kind == Kind::Waited {
        "  waited"
    } else {
        ""
    };
    writeln!(
        out,
        "#{}  {}  {when}  from {}{waited}",
        row.number, row.id, row.peer
    )?;
    if let Some(note) = &row.note {
        writeln!(out, "note: {}", text::safe(note.as_bytes(), Mode::Cell))?;
    }
    if let Some(webhook) = &row.webhook {
        writeln!(out, "webhook: {}", told(webhook))?;
    }
    if let Some(visit) = Known::built_in().visit(&request.capture) {
        let url = text::safe(visit.url.as_bytes(), Mode::Cell);
        writeln!(out, "{}: {url}", visit.advice())?;
    }
    for line in signature(stored, request)? {
        writeln!(out, "{line}")?;
    }
    let method = text::safe(row.method.as_bytes(), Mode::Cell);
    writeln!(out, "\n{method} {}", text::safe(path(request), Mode::Cell))?;
    head_lines(&request.capture.headers, "", out)?;
    if !matches!(request.capture.body, Body::Absent) {
        writeln!(out)?;
        match shown_body(&stored.reader, request)? {
            Some(bytes) => body::print(&request.capture.headers, &bytes, row.number, out)?,
            None => {
                let size = text::size(request.capture.body.len());
                writeln!(
                    out,
                    "({size}: `hooktool show {} --body` writes it)",
                    row.number
                )?;
            }
        }
    }
    for attempt in stored.reader.attempts(row.number)? {
        tried(stored, &attempt, row.number, out)?;
    }
    Ok(())
}

/// Who sent it, which event, its delivery id, the sender's own attempt, and what its signature was worth.
fn told(webhook: &Webhook) -> Safe<'static> {
    let mut parts = vec![webhook.provider.clone()];
    parts.extend(webhook.title());
    parts.extend(webhook.delivery_id.clone());
    let attempt = webhook.attempt.as_ref();
    parts.extend(attempt.map(|attempt| format!("sender's attempt {attempt}")));
    parts.push(format!("signature {} when it came", webhook.verdict));
    let safe = |part: &String| text::safe(part.as_bytes(), Mode::Cell).into_owned();
    let parts: Vec<_> = parts.iter().map(safe).collect();
    let parts: Vec<&str> = parts.iter().map(Safe::as_str).collect();
    Safe::format(format_args!("{}", parts.join(" · ")))
}

/// What the signature is worth by the secrets that are set now and the clock of when it came: a line, and one for its cause. None of
/// a request that nobody knows.
fn signature(stored: &Stored, request: &Request) -> Result<Vec<Safe<'static>>, Failure> {
    let keys = FileKeys::lenient(&stored.layers);
    let evidence = Evidence::new(&stored.reader, request)?;
    let provider = request.summary.webhook.as_deref();
    let provider = provider.map(|webhook| webhook.provider.as_str());
    let examined = keys
        .doctor()
        .examine(&evidence.request(), provider, evidence.at.0);
    let found = examined.diagnosis;
    if found.seen.is_none() {
        return Ok(Vec::new());
    }
    let scheme = examined.scheme.filter(|_| found.verdict != Verdict::None);
    let scheme = scheme.map(|scheme| format!(" ({})", scheme.name));
    let verdict = format!(
        "signature by today's secrets: {}: {}{}",
        found.verdict,
        found.reason,
        scheme.unwrap_or_default()
    );
    let cause = found.cause.map(|cause| format!("  cause: {cause}"));
    let lines = std::iter::once(verdict).chain(cause);
    let safe = |line: String| text::safe(line.as_bytes(), Mode::Cell).into_owned();
    Ok(lines.map(safe).collect())
}

fn head_lines(headers: &Headers, margin: &str, out: &mut impl Write) -> io::Result<()> {
    for (name, value) in headers.iter() {
        let name = text::safe(name, Mode::Cell);
        writeln!(out, "{margin}{name}: {}", text::safe(value, Mode::Cell))?;
    }
    Ok(())
}

fn tried(
    stored: &Stored,
    attempt: &Attempt,
    number: u64,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let when = text::date_clock(attempt.started_at, stored.zone);
    let (result, rest) = lines::result(attempt);
    let number_text = attempt
        .try_number
        .map(|try_number| format!("try {try_number}"));
    let what = number_text.as_deref().unwrap_or("no try");
    let late = if attempt.late { "  late" } else { "" };
    let sent = attempt.sent.as_ref().and_then(|sent| sent.status);
    let sent = sent.filter(|&sent| Some(sent) != attempt.app_status());
    let sent = sent.map_or_else(String::new, |status| format!("  sender={status}"));
    let cause = attempt.cause.as_str();
    let target = text::safe(attempt.target.as_bytes(), Mode::Cell);
    writeln!(
        out,
        "\n{what}  {cause}  {when}  {target}  --> {result}{rest}{sent}{late}"
    )?;
    for edit in &attempt.changes {
        writeln!(out, "  {}", change(edit))?;
    }
    if let Some(answer) = &attempt.answer {
        head_lines(&answer.headers, "  ", out)?;
        if !answer.body.is_empty() {
            writeln!(out)?;
            body::print(&answer.headers, &answer.body, number, out)?;
        }
        if answer.status == 101 {
            let over = answer.carried.map(|it| (it.lasted, it.up));
            writeln!(out, "({})", text::carried(over, answer.len))?;
        } else if answer.len > answer.body.len() as u64 {
            writeln!(out, "(the first part of {})", text::size(answer.len))?;
        }
    }
    Ok(())
}

/// One change on the way to the app, as a line.
fn change(edit: &Edit) -> Safe<'static> {
    let cell = |bytes| text::safe(bytes, Mode::Cell);
    match edit {
        Edit::Changed { what, from, to } => Safe::format(format_args!(
            "changed {}: {} → {}",
            cell(what.as_bytes()),
            cell(from),
            cell(to)
        )),
        Edit::Added { name, value } => Safe::format(format_args!(
            "added {}: {}",
            cell(name.as_bytes()),
            cell(value)
        )),
        Edit::Removed { name, value } => Safe::format(format_args!(
            "removed {}: {}",
            cell(name.as_bytes()),
            cell(value)
        )),
    }
}
