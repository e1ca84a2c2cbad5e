//! A tab as one text, for a pager: bodies whole and laid out, the other tabs as they are shown.
//!
//! In: what [`super::compose`] takes, with as much of the body as there is. Out: text that may be shown. Must not know: pagers.

use std::fmt::Write as _;

use super::{Content, Detail, Line, answer, compose};
use crate::{
    format::{self, Wanted},
    history::{Attempt, Request},
    text::{Mode, safe},
    tui::state::{Tab, Wish},
    webhook::Known,
};

/// Most bytes that are written as hex: a megabyte becomes five.
const HEX: usize = 4 * 1024 * 1024;

/// The text of a tab.
pub(in crate::tui) fn whole(
    request: &Request,
    attempts: &[Attempt],
    body: &[u8],
    (wish, tab): (&Wish, Tab),
    known: &Known,
    wanted: &Wanted,
) -> String {
    if tab == Tab::Body {
        let headers = &request.capture.headers;
        let len = body.len() as u64;
        return text(&Content::new(headers, body, len, wanted), wanted);
    }
    if let (Tab::Response, Some(answer)) = (tab, answer(attempts, wish)) {
        let len = answer.body.len() as u64;
        return text(
            &Content::new(&answer.headers, &answer.body, len, wanted),
            wanted,
        );
    }
    text_of(&compose(request, attempts, body, wish, known), tab)
}

/// The text of a tab as it is shown.
pub(in crate::tui) fn text_of(detail: &Detail, tab: Tab) -> String {
    let mut all = String::new();
    for at in 0..detail.len(tab) {
        if let Some(line) = detail.line(tab, at) {
            push(&line, &mut all);
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

/// A body, decoded, laid out if that is possible, as hex if it is binary.
fn text(content: &Content<'_>, wanted: &Wanted) -> String {
    let bytes = content.shown();
    if format::is_binary(bytes) {
        let shown = bytes.get(..HEX).unwrap_or(bytes);
        let mut rows = format::hex(shown, 16);
        if shown.len() < bytes.len() {
            rows.push_str("(the first 4 MB of it)\n");
        }
        return rows;
    }
    match format::pretty(content.kind(), bytes, wanted) {
        Some(pretty) => safe(pretty.as_bytes(), Mode::Body).to_string(),
        None => safe(bytes, Mode::Body).to_string(),
    }
}
