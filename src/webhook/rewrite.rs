//! A JSON body as other programs write it: compact, spaced, indented; with other escapes. Values, order and numbers stay.
//!
//! In: a body. Out: the same document in another spelling. It works on the text, token by token, so that nothing is lost that a
//! reader would not keep. Must not know: signatures.

use super::pointer::Pointers;

/// Deepest level that is still indented further.
const DEEPEST: usize = 64;

/// Where white space is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Nowhere: JavaScript's `JSON.stringify`, PHP, Go, Ruby.
    None,
    /// Behind commas and colons: Python's `json.dumps`.
    Spaced,
    /// A line a member, indented by so many.
    Indented(usize),
    /// Where it is.
    Kept,
}

/// How characters are written that have two spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// As they are.
    Kept,
    /// Everything above ASCII as `\u`: Python, PHP, Meta.
    Ascii,
    /// Nothing that need not be escaped is.
    Plain,
    /// Above ASCII and `/`: PHP.
    AsciiAndSlash,
    /// `/` alone: older Ruby and Java.
    Slash,
    /// `<`, `>`, `&` as `\u`: Go.
    Html,
}

/// A spelling.
pub(super) type Form = (Space, Escapes);

/// The spellings that are tried, and their names.
pub(super) const FORMS: &[(Form, &str)] = &[
    ((Space::None, Escapes::Kept), "compact"),
    (
        (Space::Spaced, Escapes::Kept),
        "with spaces behind commas and colons",
    ),
    ((Space::Indented(2), Escapes::Kept), "indented by 2"),
    ((Space::Indented(4), Escapes::Kept), "indented by 4"),
    ((Space::Kept, Escapes::Ascii), "with \\u escapes"),
    ((Space::Kept, Escapes::Plain), "without \\u escapes"),
    (
        (Space::Kept, Escapes::AsciiAndSlash),
        "with \\u and \\/ escapes",
    ),
    ((Space::Kept, Escapes::Slash), "with \\/ escapes"),
    ((Space::Kept, Escapes::Html), "with <, > and & escaped"),
    ((Space::None, Escapes::Ascii), "compact, with \\u escapes"),
    (
        (Space::None, Escapes::Plain),
        "compact, without \\u escapes",
    ),
    (
        (Space::None, Escapes::AsciiAndSlash),
        "compact, with \\u and \\/ escapes",
    ),
    ((Space::None, Escapes::Slash), "compact, with \\/ escapes"),
    (
        (Space::None, Escapes::Html),
        "compact, with <, > and & escaped",
    ),
    (
        (Space::Spaced, Escapes::Ascii),
        "with spaces and \\u escapes",
    ),
    (
        (Space::Spaced, Escapes::Plain),
        "with spaces, without \\u escapes",
    ),
];

/// The body in another spelling; none if it is no JSON.
pub(super) fn rewritten(body: &[u8], (space, escapes): Form) -> Option<Vec<u8>> {
    let mut whole = Pointers::default();
    let root = whole.add("").ok()?;
    whole.read(body, true).raw(root).next()?;
    let text = str::from_utf8(body).ok()?;
    let mut writer = Writer {
        out: String::with_capacity(text.len().saturating_mul(2)),
        space,
        depth: 0,
        is_open: false,
    };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let (string, after) = split_string(rest)?;
            writer.before_value();
            writer.string(string, escapes);
            rest = after;
        } else {
            writer.token(first);
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    Some(writer.out.into_bytes())
}

/// A string of JSON with its quotes, and what follows.
fn split_string(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    text.split_at_checked(end?.0.saturating_add(1))
}

struct Writer {
    out: String,
    space: Space,
    depth: usize,
    /// Whether a bracket was opened just now: an empty pair stays together.
    is_open: bool,
}

impl Writer {
    fn token(&mut self, token: char) {
        if token.is_ascii_whitespace() {
            if self.space == Space::Kept {
                self.out.push(token);
            }
            return;
        }
        match token {
            '{' | '[' => {
                self.before_value();
                self.out.push(token);
                self.depth = self.depth.saturating_add(1);
                self.is_open = true;
            }
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.is_open) {
                    self.line();
                }
                self.out.push(token);
            }
            ',' => {
                self.out.push(',');
                match self.space {
                    Space::Spaced => self.out.push(' '),
                    _ => self.line(),
                }
            }
            ':' => {
                self.out.push(':');
                if matches!(self.space, Space::Spaced | Space::Indented(_)) {
                    self.out.push(' ');
                }
            }
            other => {
                self.before_value();
                self.out.push(other);
            }
        }
    }

    fn before_value(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.line();
        }
    }

    fn line(&mut self) {
        if let Space::Indented(width) = self.space {
            self.out.push('\n');
            let indent = width.saturating_mul(self.depth.min(DEEPEST));
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }

    fn string(&mut self, raw: &str, escapes: Escapes) {
        let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        self.out.push('"');
        match (escapes, serde_json::from_str::<String>(raw)) {
            (Escapes::Kept, _) | (_, Err(_)) => self.out.push_str(inner.unwrap_or_default()),
            (escapes, Ok(text)) => text.chars().for_each(|c| self.character(c, escapes)),
        }
        self.out.push('"');
    }

    fn character(&mut self, c: char, escapes: Escapes) {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '/' if matches!(escapes, Escapes::AsciiAndSlash | Escapes::Slash) => "\\/",
            _ => "",
        };
        let is_wide = !c.is_ascii() && matches!(escapes, Escapes::Ascii | Escapes::AsciiAndSlash);
        let is_html = matches!(c, '<' | '>' | '&') && escapes == Escapes::Html;
        if !short.is_empty() {
            self.out.push_str(short);
        } else if c.is_ascii_control() || is_wide || is_html {
            for unit in c.encode_utf16(&mut [0; 2]) {
                self.out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            self.out.push(c);
        }
    }
}

/// The text with CRLF, or with LF, at the end of every line.
pub(super) fn line_ends(body: &[u8], with_return: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body.iter().peekable();
    while let Some(&byte) = rest.next() {
        match (byte, rest.peek()) {
            (b'\r', Some(b'\n')) => {}
            (b'\n', _) if with_return => out.extend_from_slice(b"\r\n"),
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_many_spellings() {
        let body = "{\"a\" : [1.50,{}, [ ]],\"b\":\"é/<\\u00e9\\n\"}";
        let table = [
            (
                (Space::None, Escapes::Kept),
                "{\"a\":[1.50,{},[]],\"b\":\"é/<\\u00e9\\n\"}",
            ),
            (
                (Space::Spaced, Escapes::Ascii),
                "{\"a\": [1.50, {}, []], \"b\": \"\\u00e9/<\\u00e9\\n\"}",
            ),
            (
                (Space::None, Escapes::Plain),
                "{\"a\":[1.50,{},[]],\"b\":\"é/<é\\n\"}",
            ),
            (
                (Space::None, Escapes::AsciiAndSlash),
                "{\"a\":[1.50,{},[]],\"b\":\"\\u00e9\\/<\\u00e9\\n\"}",
            ),
            (
                (Space::None, Escapes::Html),
                "{\"a\":[1.50,{},[]],\"b\":\"é/\\u003cé\\n\"}",
            ),
            ((Space::Kept, Escapes::Kept), body),
            (
                (Space::Indented(2), Escapes::Kept),
                "{\n  \"a\": [\n    1.50,\n    {},\n    []\n  ],\n  \"b\": \"é/<\\u00e9\\n\"\n}",
            ),
        ];
        for (form, wanted) in table {
            let found = rewritten(body.as_bytes(), form).unwrap();
            assert_eq!(str::from_utf8(&found).unwrap(), wanted, "{form:?}");
        }
        for (form, name) in FORMS {
            let found = rewritten(body.as_bytes(), *form).unwrap();
            let same = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
            assert_eq!(same(&found), same(body.as_bytes()), "{name}");
        }
        for wrong in ["", "a=1", "{\"a\":}", "{\"a\":1", "\"\\\""] {
            assert_eq!(
                rewritten(wrong.as_bytes(), (Space::None, Escapes::Plain)),
                None
            );
        }
    }

    #[test]
    fn line_ends_change_and_nothing_else() {
        assert_eq!(line_ends(b"a\r\nb\nc\r", false), b"a\nb\nc\r");
        assert_eq!(line_ends(b"a\r\nb\nc\r", true), b"a\r\nb\r\nc\r");
    }
}
