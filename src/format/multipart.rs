//! A multipart body (RFC 2046 §5.1, RFC 7578) taken apart by its boundary: a part's header lines and its bytes, as received.
//!
//! In: bytes and the boundary of their Content-Type. Out: [`Part`]s that borrow them, or rows to read. Names in a part are shown,
//! and are never paths.
//!
//! ```text
//! preamble ─▶ --boundary CRLF ─▶ header lines ─▶ blank line ─▶ bytes ─▶ CRLF --boundary ─┬─▶ CRLF: next part
//!                                                                                       └─▶ --: the end
//! ```

use std::fmt::Write as _;

use super::{LARGEST, Wanted};
use crate::text;

/// Most parts that are told apart; no form of people has a tenth of that.
const PARTS: usize = 1000;

/// Most header lines of a part, and their length together in bytes: what the relay allows a whole request, or less.
const LINES: usize = 100;
const HEAD: usize = 16 * 1024;

/// Longest boundary (RFC 2046 §5.1.1).
const BOUNDARY: usize = 70;

/// One part of a multipart body, borrowed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its header lines in order, repeats kept; a line without a colon is a name with an empty value.
    pub headers: Vec<(&'a [u8], &'a [u8])>,
    /// Its bytes.
    pub body: &'a [u8],
    /// Whether the boundary after it came.
    pub is_whole: bool,
}

impl<'a> Part<'a> {
    /// Value of the first line of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let found = self
            .headers
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| *value)
    }
}

/// The parts of a body; none if the type is not multipart or names no boundary, or the boundary does not occur. At most
/// 1,000: what follows belongs to the last one.
pub fn parts<'a>(content_type: &[u8], body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    if !super::essence(content_type).starts_with("multipart/") {
        return None;
    }
    let boundary = boundary(content_type)?;
    let delimiter = [b"--", boundary.as_slice()].concat();
    let mut rest = first(body, &delimiter)?;
    let mut parts = Vec::new();
    while let Some(inner) = opened(rest) {
        let found = match parts.len().saturating_add(1) < PARTS {
            true => next(inner, &delimiter),
            false => None,
        };
        let (content, after) = found.unwrap_or((inner, &[]));
        parts.push(part(content, found.is_some()));
        rest = after;
        if found.is_none() {
            break;
        }
    }
    Some(parts)
}

/// The value of the `boundary` parameter, quoted or not (RFC 9110 §5.6.6).
fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let mut rest = content_type;
    loop {
        let at = rest.iter().position(|&byte| byte == b';')?;
        rest = rest.get(at.saturating_add(1)..)?.trim_ascii_start();
        let (name, after) = rest.split_at_checked(b"boundary=".len())?;
        if name.eq_ignore_ascii_case(b"boundary=") {
            let value = unquoted(after);
            return (1..=BOUNDARY).contains(&value.len()).then_some(value);
        }
    }
}

fn unquoted(text: &[u8]) -> Vec<u8> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text
            .iter()
            .position(|&byte| byte == b';' || byte.is_ascii_whitespace());
        return text
            .get(..end.unwrap_or(text.len()))
            .unwrap_or_default()
            .to_vec();
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => value.extend(bytes.next()),
            _ => value.push(byte),
        }
    }
    value
}

/// What follows the first delimiter: at the very beginning, or at the beginning of a line.
fn first<'a>(body: &'a [u8], delimiter: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = body.strip_prefix(delimiter) {
        return Some(rest);
    }
    next(body, delimiter).map(|(_, after)| after)
}

/// Splits at the next line that begins with the delimiter; the line end before it belongs to it.
fn next<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut from = 0_usize;
    loop {
        let line = bytes.get(from..)?.iter().position(|&byte| byte == b'\n')?;
        let end = from.saturating_add(line);
        let start = end.saturating_add(1);
        if let Some(after) = bytes.get(start..)?.strip_prefix(delimiter) {
            let content = bytes.get(..end)?;
            return Some((content.strip_suffix(b"\r").unwrap_or(content), after));
        }
        from = start;
    }
}

/// The inside of a part, behind the end of its delimiter's line; none behind the last delimiter.
fn opened(rest: &[u8]) -> Option<&[u8]> {
    if rest.starts_with(b"--") {
        return None;
    }
    let line = rest.iter().position(|&byte| byte == b'\n')?;
    rest.get(line.saturating_add(1)..)
}

fn part(content: &[u8], is_whole: bool) -> Part<'_> {
    let mut headers = Vec::new();
    let mut rest = content;
    while headers.len() < LINES && content.len().saturating_sub(rest.len()) < HEAD {
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        rest = end
            .and_then(|end| rest.get(end.saturating_add(1)..))
            .unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        headers.push((name, value.trim_ascii()));
    }
    Part {
        headers,
        body: rest,
        is_whole,
    }
}

/// Rows to read, a block a part: what stands in it is indented, so that no part can look like another.
pub(super) fn pretty(content_type: &[u8], body: &[u8], wanted: &Wanted) -> Option<String> {
    let mut rows = String::new();
    for (place, part) in parts(content_type, body)?.iter().enumerate() {
        if place > 0 {
            rows.push('\n');
        }
        let cut = if part.is_whole { "" } else { ", cut off" };
        let size = text::size(part.body.len() as u64);
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "part {} · {size}{cut}", place.saturating_add(1));
        for (name, value) in &part.headers {
            let (name, value) = (one_line(name), one_line(value));
            let _ = writeln!(rows, "  {name}: {value}");
        }
        rows.push('\n');
        contents(part, &mut rows, wanted);
        if rows.len() > LARGEST || wanted.is_over() {
            return None;
        }
    }
    Some(rows)
}

fn one_line(bytes: &[u8]) -> String {
    text::safe(bytes, text::Mode::Cell).as_str().to_owned()
}

fn contents(part: &Part<'_>, rows: &mut String, wanted: &Wanted) {
    if super::is_binary(part.body) {
        rows.push_str("  (binary)\n");
        return;
    }
    let kind = part.header("content-type");
    // A part within a part stays as it is: one level is all that forms have.
    let nested = kind.is_some_and(|kind| super::essence(kind).starts_with("multipart/"));
    let pretty = (!nested)
        .then(|| super::pretty(kind, part.body, wanted))
        .flatten();
    let shown = match &pretty {
        Some(pretty) => text::safe(pretty.as_bytes(), text::Mode::Body),
        None => text::safe(part.body, text::Mode::Body),
    };
    for line in shown.as_str().trim_end_matches('\n').split('\n') {
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "  {line}");
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    const TYPE: &[u8] = b"multipart/form-data; charset=utf-8; boundary=\"x\\y\"";

    #[test]
    fn a_part_is_its_lines_and_its_bytes() {
        let body = b"preamble\r\n--xy\r\nContent-Disposition: form-data; name=\"a\"\r\nX:\r\n\r\none\r\ntwo\r\n--xy\r\n\r\n\r\n--xy--\r\nepilogue";
        let parts = parts(TYPE, body).expect("parts");
        assert_eq!(parts.len(), 2);
        assert_eq!(
            parts[0].header("content-disposition"),
            Some(&b"form-data; name=\"a\""[..])
        );
        assert_eq!(parts[0].headers[1], (&b"X"[..], &b""[..]));
        assert_eq!(parts[0].body, b"one\r\ntwo");
        assert_eq!((parts[1].headers.len(), parts[1].body), (0, &b""[..]));
    }

    #[test]
    fn what_is_no_multipart_is_left_alone() {
        assert_eq!(parts(b"text/plain; boundary=x", b"--x\r\n"), None);
        assert_eq!(parts(b"multipart/mixed", b"--x\r\n"), None);
        assert_eq!(parts(b"multipart/mixed; boundary=", b"--x\r\n"), None);
        assert_eq!(parts(b"multipart/mixed; boundary=x", b"no line"), None);
    }

    #[test]
    fn a_cut_body_says_so_and_lines_may_end_in_lf() {
        let parts = parts(b"multipart/mixed; Boundary=x", b"--x\nA: 1\n\nabc").expect("parts");
        assert_eq!((parts[0].body, parts[0].is_whole), (&b"abc"[..], false));
    }

    #[test]
    fn a_part_cannot_look_like_another() {
        let body = b"--xy\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n--xy\r\n\r\n\npart 3 \xc2\xb7 1 B\r\n--xy\r\nA: \x1b[31m\r\n\r\n\0\xff\r\n--xy--";
        let shown = pretty(TYPE, body, &Wanted::always()).expect("parts");
        assert_eq!(
            shown,
            "part 1 · 7 B\n  Content-Type: application/json\n\n  {\n    \"a\": 1\n  }\n\n\
             part 2 · 14 B\n\n  \n  part 3 · 1 B\n\n\
             part 3 · 2 B\n  A: ^[[31m\n\n  (binary)\n"
        );
    }

    #[test]
    fn many_parts_are_a_thousand() {
        let body = b"--xy\r\n\r\n\r\n".repeat(5000);
        let parts = parts(TYPE, &body).expect("parts");
        assert_eq!(parts.len(), 1000);
        assert!(!parts[999].is_whole);
    }
}
