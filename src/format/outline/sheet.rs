//! Lines of a tree put together by hand: form fields, parts, and JSON that was found inside a string.
//!
//! In: keys, values, JSON texts. Out: a text and a [`Mark`] a line, as [`super::super::json`] gives them for a document. A line is always
//! one line: what would break it is left as the sender wrote it.
//!
//! ```text
//! payload: "{          opens        ◀─ the quote says that the sender wrote a string
//!   "action": "opened"
//! }"                   closes
//! ```

use crate::format::{
    Wanted,
    json::{self, Kind, Mark},
};

/// How deep strings within strings are opened.
const NESTED: usize = 4;

/// Lines, and what each of them is.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    /// What is no longer wanted gets no more lines.
    pub(super) wanted: Wanted,
}

impl Sheet {
    /// No lines yet.
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self {
            text: String::new(),
            marks: Vec::new(),
            wanted: wanted.clone(),
        }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, depth: usize, kind: Kind, key: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(key);
        let key_end = self.text.len();
        if !key.is_empty() {
            self.text.push_str(": ");
        }
        self.text.push_str(value);
        self.text.push('\n');
        self.marks.push(Mark {
            start,
            depth,
            kind,
            key_end,
        });
    }

    /// Adds a node that holds JSON, between `quote`s if it was a string; answers whether it is whole JSON with something in it.
    pub(super) fn json(&mut self, depth: usize, key: &str, text: &str, quote: &str) -> bool {
        self.nested(depth, key, text, quote, NESTED)
    }

    fn nested(&mut self, depth: usize, key: &str, text: &str, quote: &str, left: usize) -> bool {
        let is_node = left > 0 && text.trim_start().starts_with(['{', '[']);
        let Some((inner, marks)) = is_node
            .then(|| json::laid_out(text, &self.wanted))
            .flatten()
        else {
            return false;
        };
        let is_whole = marks.len() > 1
            && marks.iter().all(|mark| mark.kind != Kind::Broken)
            && marks.iter().filter(|mark| mark.depth == 0).count() == 2;
        if is_whole {
            self.add(depth, key, (&inner, &marks), quote, left);
        }
        is_whole
    }

    /// Adds a document's lines below a key; strings in it that hold JSON become nodes too.
    pub(super) fn document(&mut self, inner: &str, marks: &[Mark]) {
        self.add(0, "", (inner, marks), "", NESTED);
    }

    fn add(
        &mut self,
        depth: usize,
        key: &str,
        (inner, marks): (&str, &[Mark]),
        quote: &str,
        left: usize,
    ) {
        let last = marks.len().saturating_sub(1);
        for (index, mark) in marks.iter().enumerate() {
            if self.wanted.is_over() {
                break;
            }
            let next = marks.get(index.saturating_add(1));
            let end = next.map_or(inner.len(), |next| next.start);
            let line = inner.get(mark.start..end).unwrap_or_default();
            let line = line.lines().next().unwrap_or_default();
            let len = mark.key_end.saturating_sub(mark.start);
            let (own, value) = line.split_at_checked(len).unwrap_or(("", line));
            let value = match own {
                "" => value,
                _ => value.trim_start_matches([':', ' ']),
            };
            let value = match mark.kind {
                Kind::Broken => value,
                _ => value.strip_suffix(',').unwrap_or(value),
            };
            let at = depth.saturating_add(mark.depth);
            match mark.kind {
                _ if index == 0 && !quote.is_empty() => {
                    self.line(at, mark.kind, key, &format!("{quote}{value}"));
                }
                _ if index == 0 && !key.is_empty() => self.line(at, mark.kind, key, value),
                _ if index == last && !quote.is_empty() => {
                    self.line(at, mark.kind, own, &format!("{value}{quote}"));
                }
                Kind::Value if self.opens(at, own, value, left) => {}
                _ => self.line(at, mark.kind, own, value),
            }
        }
    }

    /// Adds a string as the node that it holds, if it holds one.
    fn opens(&mut self, depth: usize, key: &str, string: &str, left: usize) -> bool {
        let is_candidate = left > 0 && (string.starts_with("\"{") || string.starts_with("\"["));
        if !is_candidate {
            return false;
        }
        match serde_json::from_str::<String>(string) {
            Ok(text) => self.nested(depth, key, &text, "\"", left.saturating_sub(1)),
            Err(_) => false,
        }
    }
}
