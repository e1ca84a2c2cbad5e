//! A stored request as text that editors can send: the `.http` format of JetBrains' HTTP client and VS Code's REST Client.
//!
//! In: an exchange and its URL. Out: one block. In such a file a line of a body may begin another request, read a file or run a
//! script, and `{{…}}` anywhere is a variable: whatever could do so is left out, by a comment that says so, or sent from a file.
//!
//! ```text
//! ### #1199 2025-10-12T10:32:01Z
//! POST http://localhost:3000/stripe HTTP/1.1
//! Content-Type: application/json
//!
//! {"a":1}                       or   < ./hooktool-1199.body
//! ```

use std::fmt::Write as _;

use hooktool_relay::capture::Body;

use super::Exchange;
use crate::text::{self, Mode};

/// One block.
pub(super) fn request(exchange: &Exchange, url: &[u8]) -> String {
    let capture = &exchange.capture;
    let number = exchange.number;
    // Writing to a String cannot fail.
    let mut block = String::new();
    let _ = writeln!(
        block,
        "### #{number} {}",
        super::moment(capture.received_at)
    );
    let method = capture.method.as_str();
    if !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let _ = writeln!(
            block,
            "# left out: editors do not know its method, {}",
            cell(method.as_bytes())
        );
        return block;
    }
    let body = match &capture.body {
        Body::Absent => Shown::None,
        Body::Whole(bytes) if bytes.is_empty() => Shown::None,
        Body::Whole(bytes) => plain(bytes).map_or(Shown::File, Shown::Here),
        Body::Pieces(_) => Shown::File,
    };
    if matches!(body, Shown::File) {
        let size = text::size(capture.body.len());
        let _ = writeln!(
            block,
            "# its body, {size}: hooktool show {number} --body > hooktool-{number}.body"
        );
    }
    let lines = super::told(&capture.headers);
    let (plain, odd): (Vec<_>, Vec<_>) = lines.iter().partition(|line| is_plain(*line));
    for (name, value) in odd {
        let _ = writeln!(block, "# left out: {}: {}", cell(name), cell(value));
    }
    let _ = writeln!(block, "{method} {} HTTP/1.1", escaped(url));
    for (name, value) in plain {
        let _ = writeln!(block, "{}: {}", cell(name), cell(value));
    }
    match body {
        Shown::None => {}
        Shown::Here(text) => {
            let _ = writeln!(block, "\n{text}");
        }
        Shown::File => {
            let _ = writeln!(block, "\n< ./hooktool-{number}.body");
        }
    }
    block
}

enum Shown<'a> {
    None,
    Here(&'a str),
    File,
}

fn cell(bytes: &[u8]) -> text::Safe<'_> {
    text::safe(bytes, Mode::Cell)
}

/// Whether an editor reads the line as it is: printable ASCII, no variable, no comment.
fn is_plain((name, value): (&[u8], &[u8])) -> bool {
    let is_printable = |byte: &u8| (0x20..0x7f).contains(byte);
    name.first().is_some_and(u8::is_ascii_alphanumeric)
        && value.iter().all(is_printable)
        && !value.windows(2).any(|pair| pair == b"{{")
}

/// A URL in which only plain characters are left as they are.
fn escaped(url: &[u8]) -> String {
    let mut text = String::with_capacity(url.len());
    for &byte in url {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'{' | b'}') => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// A body that an editor sends as it stands: text without hidden characters, with LF alone, without space around it that would be
/// trimmed, and without a line that means something to the editor.
fn plain(bytes: &[u8]) -> Option<&str> {
    let body = str::from_utf8(bytes).ok()?;
    let flat = body.replace('\t', " ");
    let is_shown = text::safe(flat.as_bytes(), Mode::Body).as_str() == flat;
    let is_trimmed = body.trim() == body;
    let is_command = |line: &str| {
        let line = line.trim_start();
        let included = line
            .strip_prefix('<')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '@', '>', '<']));
        included || line.starts_with(['#', '>', '@']) || line.starts_with("//")
    };
    let is_text = !body.contains("{{") && !body.contains('\r') && !body.lines().any(is_command);
    (is_shown && is_trimmed && is_text).then_some(body)
}
