//! A request as one text: request line, headers, body, whatever may not be shown made visible. Secrets stay masked.

use hooktool_relay::capture::Capture;

use super::{Line, Role, SHOWN, beginning, headers, line};
use crate::text::{Mode, Safe, count, safe, size};

/// Most lines of the body, and the widest one in cells.
const LINES: usize = 2_000;
const CELLS: usize = 4_096;

/// The page. `body` is its beginning, [`SHOWN`] bytes at most.
pub(super) fn page(capture: &Capture, body: &[u8], reveals: bool) -> Vec<Line> {
    let mut lines = vec![line(Role::Strong, headers::request_line(capture))];
    lines.extend(headers::plain(&capture.headers, reveals));
    lines.push(Line::new());
    let len = capture.body.len();
    if len == 0 {
        return lines;
    }
    let mut rows = body.split(|&byte| byte == b'\n');
    for row in rows.by_ref().take(LINES) {
        // In a cell even the end of a line is seen.
        let row = safe(beginning(row), Mode::Cell);
        lines.push(line(Role::Text, row.cut(CELLS).into_owned()));
    }
    if rows.next().is_some() || len > SHOWN as u64 {
        let (size, shown) = (size(len), count(LINES as u64));
        let end = format_args!("[ {size}: the first {shown} lines at most are shown ]");
        lines.push(line(Role::Dim, Safe::format(end)));
    }
    lines
}
