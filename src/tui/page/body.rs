//! A body as lines: laid out if it is JSON or a form, hex if it is binary, else text as received.

use super::{Line, Role, line, text};
use crate::{
    format,
    text::{Mode, Safe, count, safe, size},
};

/// How much of a body is read to be shown, in bytes. Above it a body is text, or hex, of this beginning.
pub(in crate::tui) const SHOWN: usize = 1024 * 1024;

/// Most lines of a body in memory, when it is shown whole and when it is cut.
const LINES: usize = 50_000;
const LINES_OF_LARGE: usize = 2_000;

/// Widest line, in cells: longer ones are cut.
const CELLS: usize = 4_096;

/// A page of a body of `len` bytes that begins with `bytes`.
pub(super) fn page(kind: Option<&[u8]>, bytes: &[u8], len: u64, hex_row: usize) -> Vec<Line> {
    if len == 0 {
        return vec![line(Role::Dim, Safe::own("no body"))];
    }
    let (view, shown) = laid_out(kind, bytes, len, hex_row);
    let most = if len > SHOWN as u64 {
        LINES_OF_LARGE
    } else {
        LINES
    };
    let mut hidden = 0_usize;
    let mut total = 0_usize;
    let mut lines = Vec::new();
    for row in shown
        .strip_suffix(b"\n")
        .unwrap_or(&shown)
        .split(|&byte| byte == b'\n')
    {
        total += 1;
        if total <= most {
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            let row = safe(row, Mode::Body);
            hidden += row.escaped();
            lines.push(line(Role::Text, row.cut(CELLS).into_owned()));
        }
    }
    lines.insert(0, line(Role::Dim, heading(kind, len, view, hidden)));
    if total > most || len > bytes.len() as u64 {
        lines.push(line(Role::Dim, cut(len, most.min(total))));
    }
    lines
}

fn laid_out(
    kind: Option<&[u8]>,
    bytes: &[u8],
    len: u64,
    hex_row: usize,
) -> (&'static str, Vec<u8>) {
    if format::is_binary(bytes) {
        return ("hex", format::hex(bytes, hex_row).into_bytes());
    }
    let is_whole = len <= SHOWN as u64;
    match is_whole.then(|| format::pretty(kind, bytes)).flatten() {
        Some(pretty) => ("pretty", pretty.into_bytes()),
        None => ("text", bytes.to_vec()),
    }
}

fn heading(kind: Option<&[u8]>, len: u64, view: &'static str, hidden: usize) -> Safe<'static> {
    let kind = kind.map_or(Safe::own("no type"), text);
    let size = size(len);
    match hidden {
        0 => Safe::format(format_args!("{kind} · {size} · {view}")),
        1 => Safe::format(format_args!(
            "{kind} · {size} · {view} · 1 hidden character made visible"
        )),
        _ => Safe::format(format_args!(
            "{kind} · {size} · {view} · {} hidden characters made visible",
            count(hidden as u64)
        )),
    }
}

fn cut(len: u64, lines: usize) -> Safe<'static> {
    let lines = count(lines as u64);
    Safe::format(format_args!(
        "[ {}: the first {lines} lines are shown ]",
        size(len)
    ))
}
