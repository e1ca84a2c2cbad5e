//! The head as received, and every change that was made on the way to the app.

use hooktool_relay::capture::{Capture, Edit, Headers, Version};

use super::{Line, Role, beginning, came, line, text};
use crate::{
    history::{Attempt, Request},
    text::{Mode, Safe, count, safe},
};

/// Where values begin, in cells behind a name's beginning; a longer name pushes its value on.
const NAMES: usize = 22;

/// Widest value, in cells.
const CELLS: usize = 4_096;

/// How much of a masked value is shown, in characters: enough to tell two apart, too little to use.
const UNMASKED: usize = 6;

/// A page of the head. `attempt` is the try whose changes are listed.
pub(super) fn page(request: &Request, attempt: Option<&Attempt>, reveals: bool) -> Vec<Line> {
    let capture = &request.capture;
    let mut lines = vec![
        line(Role::Dim, came(request)),
        line(Role::Strong, request_line(capture)),
        line(
            Role::Dim,
            Safe::format(format_args!(
                "{} headers, in the order received",
                capture.headers.len()
            )),
        ),
    ];
    lines.extend(table(&capture.headers, reveals));
    if !capture.trailers.is_empty() {
        lines.push(line(Role::Dim, Safe::own("trailers")));
        lines.extend(table(&capture.trailers, reveals));
    }
    lines.extend(
        attempt
            .into_iter()
            .flat_map(|attempt| changes(request, attempt, reveals)),
    );
    lines
}

/// Method, path and version.
pub(super) fn request_line(capture: &Capture) -> Safe<'static> {
    let version = match capture.version {
        Version::Http10 => "1.0",
        Version::Http11 => "1.1",
        Version::Http2 => "2",
    };
    let method = safe(capture.method.as_str().as_bytes(), Mode::Cell);
    let path = safe(&capture.path, Mode::Cell);
    Safe::format(format_args!("{method} {path} HTTP/{version}"))
}

/// Header lines as they stand in a request.
pub(super) fn plain(headers: &Headers, reveals: bool) -> impl Iterator<Item = Line> {
    headers.iter().map(move |(name, value)| {
        let mut line = vec![(Role::Text, text(name)), (Role::Text, Safe::own(": "))];
        line.extend(masked(name, value, reveals));
        line
    })
}

/// Header lines, one a line.
pub(super) fn table(headers: &Headers, reveals: bool) -> impl Iterator<Item = Line> {
    headers.iter().map(move |(name, value)| {
        let mut line = vec![(Role::Text, padded("  ", name))];
        line.extend(masked(name, value, reveals));
        line
    })
}

fn changes(request: &Request, attempt: &Attempt, reveals: bool) -> Vec<Line> {
    let number = attempt.try_number.unwrap_or_default();
    let heading = Safe::format(format_args!("changed for the app (try {number})"));
    let mut lines = vec![Line::new(), line(Role::Dim, heading)];
    lines.extend(attempt.changes.iter().map(|edit| change(edit, reveals)));
    let is_body = |edit: &Edit| matches!(edit, Edit::Changed { what, .. } if what == "body");
    if !attempt.changes.iter().any(is_body) {
        let len = count(request.capture.body.len());
        let same = Safe::format(format_args!("{len} bytes, the same in and out"));
        lines.push(vec![(Role::Dim, padded("= ", b"body")), (Role::Dim, same)]);
    }
    lines
}

fn change(edit: &Edit, reveals: bool) -> Line {
    match edit {
        Edit::Changed { what, from, to } => {
            let name = what.as_bytes();
            let mut line = vec![(Role::Warn, padded("~ ", name))];
            line.extend(masked(name, from, reveals));
            line.push((Role::Dim, Safe::own(" → ")));
            line.extend(masked(name, to, reveals));
            line
        }
        Edit::Added { name, value } => {
            let mut line = vec![(Role::Key, padded("+ ", name.as_bytes()))];
            line.extend(masked(name.as_bytes(), value, reveals));
            line
        }
        Edit::Removed { name, value } => {
            let mut line = vec![(Role::Dim, padded("- ", name.as_bytes()))];
            line.extend(masked(name.as_bytes(), value, reveals));
            line
        }
    }
}

fn padded(sign: &'static str, name: &[u8]) -> Safe<'static> {
    let name = safe(name, Mode::Cell);
    let gap = NAMES.saturating_sub(name.width()).max(1);
    Safe::format(format_args!("{sign}{name}{:gap$}", ""))
}

/// A value, or its beginning if it may be a secret.
fn masked(name: &[u8], value: &[u8], reveals: bool) -> Vec<(Role, Safe<'static>)> {
    let value = safe(beginning(value), Mode::Cell);
    let value = value.cut(CELLS);
    if reveals || !is_secret(name) || value.width() <= 2 * UNMASKED {
        return vec![(Role::Text, Safe::format(format_args!("{value}")))];
    }
    let beginning = value.cut(UNMASKED + 1);
    vec![
        (Role::Text, Safe::format(format_args!("{beginning}"))),
        (Role::Dim, Safe::own("   * shows it whole")),
    ]
}

/// Whether a header line of this name may hold a secret.
pub(in crate::tui) fn is_secret(name: &[u8]) -> bool {
    const PARTS: [&str; 7] = [
        "authorization",
        "cookie",
        "signature",
        "token",
        "secret",
        "api-key",
        "apikey",
    ];
    let name = text(name).as_str().to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, value: &str, reveals: bool) -> String {
        let pieces = masked(name.as_bytes(), value.as_bytes(), reveals);
        pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn secrets_are_masked_until_asked_for() {
        let secret = "Bearer abcdefghijklmnop";
        assert_eq!(
            shown("Authorization", secret, false),
            "Bearer…   * shows it whole"
        );
        assert_eq!(shown("Authorization", secret, true), secret);
        assert_eq!(
            shown("Stripe-Signature", "t=1760265101,v1=4be1", false),
            "t=1760…   * shows it whole"
        );
        assert_eq!(
            shown("Content-Type", "application/json", false),
            "application/json"
        );
    }
}
