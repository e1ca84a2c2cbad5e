//! Bytes of a body → something readable: JSON, XML, forms and multipart laid out, anything binary as hex, compressed ones decoded.
//!
//! In: a body as received and what its Content-Type and Content-Encoding claim. Out: text whose characters still are the
//! sender's, so it goes through [`crate::text::safe`] before it is shown. Must not know: screens, the history.
//!
//! ```text
//! body ─▶ compressed? decode ─▶ multipart? ─▶ UTF-8? ─▶ form · JSON · XML ─▶ pretty
//!                                               └─ no: text as received, or hex
//! ```
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

pub mod decode;
mod form;
mod hex;
mod json;
pub mod multipart;
mod outline;
mod wanted;
mod xml;

pub(crate) use form::unescape;
pub use hex::hex;
pub use outline::{Outline, Row, is_word};
pub use wanted::Wanted;

/// How much of a body is looked at to call it binary, in bytes: a page of a terminal several times over.
const LOOKED_AT: usize = 8 * 1024;

/// Deepest level that is still indented further: beyond it a line is wider than any screen.
const DEEPEST: usize = 40;

/// Largest text that is made, in bytes. A megabyte of `[` would become a hundred.
const LARGEST: usize = 16 * 1024 * 1024;

/// Lays a body out: JSON and XML indented by two, a form as `name = value` rows, multipart as a block a part. None when it is
/// none of these, is not UTF-8 (a multipart body need not be), or would grow beyond reason; then it is best shown as received.
///
/// JSON keeps the order of keys, repeated keys, the spelling of numbers and every escape. A broken document is laid out as far
/// as it goes, then the place is marked and the rest follows as received. Several roots (JSON lines) are laid out one by one.
/// What is no longer `wanted` is left where it is: then the answer is nobody's.
pub fn pretty(content_type: Option<&[u8]>, bytes: &[u8], wanted: &Wanted) -> Option<String> {
    if let Some(rows) = content_type.and_then(|kind| multipart::pretty(kind, bytes, wanted)) {
        return Some(rows);
    }
    let text = str::from_utf8(bytes).ok()?;
    let kind = content_type.map(essence).unwrap_or_default();
    if kind == "application/x-www-form-urlencoded" && !looks_like_json(text) {
        return Some(form::rows(text, wanted));
    }
    if is_json(&kind, text) {
        return json::pretty(text, wanted);
    }
    let is_xml = matches!(kind.as_str(), "application/xml" | "text/xml") || kind.ends_with("+xml");
    if is_xml || text.trim_start().starts_with("<?xml") {
        return xml::pretty(text, wanted);
    }
    None
}

/// A body as a tree of lines: JSON (a string in it that holds JSON is a node), a form, multipart with a node a part; none when it is
/// none of these or would grow beyond reason. What is no longer `wanted` is left where it is.
pub fn outline(content_type: Option<&[u8]>, bytes: &[u8], wanted: &Wanted) -> Option<Outline> {
    if let Some(parts) = content_type.and_then(|kind| outline::bodies::parts(kind, bytes, wanted)) {
        return Some(parts);
    }
    let text = str::from_utf8(bytes).ok()?;
    let kind = content_type.map(essence).unwrap_or_default();
    if kind == "application/x-www-form-urlencoded" && !looks_like_json(text) {
        return Some(outline::bodies::form(text, wanted));
    }
    is_json(&kind, text)
        .then(|| Outline::new(text, wanted))
        .flatten()
}

fn is_json(kind: &str, text: &str) -> bool {
    looks_like_json(text) || kind == "application/json" || kind.ends_with("+json")
}

/// Whether bytes are no text: a NUL, or more than a tenth that is not UTF-8, among the first 8 KiB.
pub fn is_binary(bytes: &[u8]) -> bool {
    let start = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let mut invalid = 0_usize;
    for chunk in start.utf8_chunks() {
        invalid = invalid.saturating_add(chunk.invalid().len());
    }
    start.contains(&0) || invalid.saturating_mul(10) > start.len()
}

/// A media type without its parameters, in lower case; empty if it is no text (RFC 9110 §8.3.1).
fn essence(content_type: &[u8]) -> String {
    let end = content_type.iter().position(|&byte| byte == b';');
    let name = content_type.get(..end.unwrap_or(content_type.len()));
    name.and_then(|name| str::from_utf8(name).ok())
        .map(|name| name.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pretty(content_type: Option<&[u8]>, bytes: &[u8]) -> Option<String> {
        super::pretty(content_type, bytes, &Wanted::always())
    }

    #[test]
    fn the_content_decides_before_the_header_does() {
        let form: Option<&[u8]> = Some(b"Application/X-WWW-Form-Urlencoded; charset=utf-8");
        assert_eq!(
            pretty(form, b"a=1&b=x+y").as_deref(),
            Some("a = 1\nb = x y\n")
        );
        assert_eq!(pretty(form, b"{}").as_deref(), Some("{}\n"));
        assert_eq!(pretty(None, b" [1]").as_deref(), Some("[\n  1\n]\n"));
        assert_eq!(
            pretty(Some(b"application/json"), b"3.10").as_deref(),
            Some("3.10\n")
        );
        assert_eq!(
            pretty(Some(b"application/soap+xml"), b"<a><b/></a>").as_deref(),
            Some("<a>\n  <b/>\n</a>\n")
        );
        assert_eq!(pretty(Some(b"text/html"), b"<p>"), None);
        assert_eq!(
            pretty(None, b"{\"a\":1}\n{\"a\":2}\n").as_deref(),
            Some("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n")
        );
        assert_eq!(pretty(None, b"hello"), None);
        assert_eq!(pretty(None, b"{\xff}"), None);
    }

    #[test]
    fn binary_is_told_by_content() {
        assert!(is_binary(b"\x89PNG\r\n\x1a\n\0\0"));
        assert!(is_binary(b"\xff\xfe\xfdabc"));
        assert!(!is_binary("naïve 🙂 text".as_bytes()));
        assert!(!is_binary(b""));
        assert!(!is_binary(b"one odd byte \xff in a long line of text"));
    }
}
