//! `hooktool list`: stored requests, all or those that fit a filter, newest last.
//!
//! ```text
//! #1199  2025-10-12 14:31:42  POST  /stripe  stripe invoice.paid  2.1 KB  500  1.20s  try 4, replay
//! ```

use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use super::{keyring::FileKeys, stored::Stored};
use crate::{
    cli::requests::List,
    exit::Failure,
    history::{Cause, Summary},
    output::json::{self, record::CaptureRecord},
    text::{self, Mode, Safe, Zone},
};

/// Widest path on a terminal, in cells; elsewhere it is whole.
const PATH: usize = 48;

/// Widest note, in cells; `--json` has it whole.
const NOTE: usize = 40;

/// Prints the list.
pub(super) fn run(list: &List) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let rows = stored.matching(&list.filter.join(" "), list.limit)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if list.json {
        let keys = FileKeys::lenient(&stored.layers);
        for row in &rows {
            if let Some(request) = stored.reader.request(row.number)? {
                let record = CaptureRecord::listed(&request).signed_by(&request, &keys);
                json::line(&mut out, &record)?;
            }
        }
        return Ok(out.flush()?);
    }
    let cells = match io::stdout().is_terminal() {
        true => PATH,
        false => usize::MAX,
    };
    let rows: Vec<_> = rows
        .iter()
        .map(|row| columns(row, stored.zone, cells))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].width())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let blank = " ".repeat(width.saturating_sub(cell.width()));
            line.push_str(cell.as_str());
            line.push_str(&blank);
            line.push_str("  ");
        }
        let note = row[7].as_str();
        writeln!(out, "{}", format!("{line}{note}").trim_end())?;
    }
    Ok(out.flush()?)
}

/// A request as a line by itself.
pub(super) fn line(row: &Summary, zone: Zone) -> String {
    let cells = columns(row, zone, usize::MAX);
    let cells: Vec<&str> = cells.iter().map(Safe::as_str).collect();
    cells.join("  ").trim_end().to_owned()
}

fn columns(row: &Summary, zone: Zone, cells: usize) -> [Safe<'static>; 8] {
    let size = row.size.map_or_else(|| Safe::own("-"), text::size);
    let took = row.last.as_ref().and_then(|last| last.took);
    [
        Safe::format(format_args!("#{}", row.number)),
        text::date_clock(row.received_at, zone),
        text::safe(row.method.as_bytes(), Mode::Cell).into_owned(),
        what(row, cells),
        size,
        result(row),
        took.map_or_else(|| Safe::own("-"), text::duration),
        note(row),
    ]
}

/// The path; and who sent it and what event it is, if that is known.
fn what(row: &Summary, cells: usize) -> Safe<'static> {
    let path: &[u8] = if row.path.is_empty() { b"/" } else { &row.path };
    let path = text::safe(path, Mode::Cell).cut(cells).into_owned();
    let Some(webhook) = &row.webhook else {
        return path;
    };
    let title = webhook.title().unwrap_or_default();
    let text = format!("{} {title}", webhook.provider);
    let text = text::safe(text.trim_end().as_bytes(), Mode::Cell);
    Safe::format(format_args!("{path}  {text}"))
}

fn result(row: &Summary) -> Safe<'static> {
    let Some(last) = &row.last else {
        return Safe::own("-");
    };
    match last.app_status() {
        _ if last.is_challenge() => Safe::own("challenge"),
        Some(status) => Safe::format(format_args!("{status}")),
        None => Safe::own(last.outcome.as_str()),
    }
}

fn note(row: &Summary) -> Safe<'static> {
    let mut notes = Vec::new();
    if row.tries > 1 {
        notes.push(format!("try {}", row.tries));
    }
    if let Some(last) = &row.last {
        if last.cause != Cause::Live {
            notes.push(last.cause.as_str().to_owned());
        }
        if last.late {
            notes.push("late".to_owned());
        }
    }
    if row.bookmarked {
        notes.push("bookmarked".to_owned());
    }
    if let Some(note) = &row.note {
        let note = text::safe(note.as_bytes(), Mode::Cell);
        notes.push(format!("\"{}\"", note.cut(NOTE).as_str()));
    }
    Safe::format(format_args!("{}", notes.join(", ")))
}
