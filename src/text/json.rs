//! JSON text in which every character that moves, hides or reorders others is written `\uXXXX`.
//!
//! serde_json escapes C0 alone; U+009B opens a control sequence on a terminal just as well, U+202E turns a line around, and
//! U+2028 ends one for JavaScript. A parser reads the same text back.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// A record as JSON, on one line, without a line feed.
///
/// # Errors
/// The record's own, if it cannot be JSON.
pub fn json(record: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    record.serialize(&mut Serializer::with_formatter(&mut text, Plain))?;
    Ok(text)
}

/// Compact, but for what [`is_hidden`] names.
struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W>(&mut self, out: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        write_visible(fragment, out)
    }
}

/// JSON text as spelled, but for what `is_hidden` names: that stands in strings alone.
pub fn visible_json(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    // Writing to memory cannot fail, and what is written is text.
    let _ = write_visible(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn write_visible(text: &str, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, hidden)) = rest.char_indices().find(|&(_, c)| is_hidden(c)) {
        let (plain, after) = rest.split_at(at);
        out.write_all(plain.as_bytes())?;
        for unit in hidden.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = after.strip_prefix(hidden).unwrap_or_default();
    }
    out.write_all(rest.as_bytes())
}

/// DEL and C1, bidi controls, zero-width and invisible characters, line separators, tags, non-characters. C0 is serde_json's.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_as_a_number() {
        let text = "a\u{1b}[31m\u{7f}\u{9b}\u{202e}\u{200b}\u{2028}\u{feff}\u{e0041}\u{ffff}ü漢🦀";
        let json = String::from_utf8(json(&text).expect("json")).expect("utf-8");
        assert_eq!(
            json,
            r#""a\u001b[31m\u007f\u009b\u202e\u200b\u2028\ufeff\udb40\udc41\uffffü漢🦀""#
        );
    }

    proptest! {
        #[test]
        fn a_parser_reads_the_same_text_back(text in any::<String>()) {
            let json = json(&text).expect("json");
            let back: String = serde_json::from_slice(&json).expect("parses");
            prop_assert_eq!(back, text);
            let json = String::from_utf8(json).expect("utf-8");
            prop_assert!(!json.chars().any(|c| c.is_control() || is_hidden(c)));
        }
    }
}
