//! A tab as one text, for a pager: bodies whole and laid out, the other tabs as they are shown.
//!
//! In: what [`super::compose`] takes, with as much of the body as there is. Out: text that may be shown. Must not know: pagers.

use std::fmt::Write as _;

use super::{Line, compose, tries};
use crate::{
    format,
    history::{Attempt, Request},
    text::{Mode, safe},
    tui::state::{Tab, Wish},
};

/// Most bytes that are written as hex: a megabyte becomes five.
const HEX: usize = 4 * 1024 * 1024;

/// The text of a tab.
pub(in crate::tui) fn whole(
    request: &Request,
    attempts: &[Attempt],
    body: &[u8],
    wish: &Wish,
    tab: Tab,
) -> String {
    if tab == Tab::Body {
        return text(request.capture.headers.first("content-type"), body);
    }
    let mut all = String::new();
    for line in &compose(request, attempts, body, wish).pages[tab as usize - 1] {
        push(line, &mut all);
    }
    if tab == Tab::Response {
        let (tries, chosen) = tries(attempts, wish);
        let answer = tries
            .get(chosen)
            .and_then(|attempt| attempt.answer.as_ref());
        if let Some(answer) = answer {
            all.push('\n');
            all.push_str(&text(answer.headers.first("content-type"), &answer.body));
        }
    }
    all
}

fn push(line: &Line, all: &mut String) {
    for (_, piece) in line {
        // Writing to a String cannot fail.
        let _ = write!(all, "{piece}");
    }
    all.push('\n');
}

/// A body, laid out if that is possible, as hex if it is binary.
fn text(kind: Option<&[u8]>, bytes: &[u8]) -> String {
    if format::is_binary(bytes) {
        let shown = bytes.get(..HEX).unwrap_or(bytes);
        let mut rows = format::hex(shown, 16);
        if shown.len() < bytes.len() {
            rows.push_str("(the first 4 MB of it)\n");
        }
        return rows;
    }
    match format::pretty(kind, bytes) {
        Some(pretty) => safe(pretty.as_bytes(), Mode::Body).to_string(),
        None => safe(bytes, Mode::Body).to_string(),
    }
}
