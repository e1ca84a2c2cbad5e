//! JSON laid out by our own walk over its tokens: nothing is parsed into values, so nothing is lost or changed.
//!
//! In: text. Out: the same tokens with our white space between them. The stack of open brackets is on the heap, so depth costs
//! memory and never the thread's stack. Source: RFC 8259; the several roots are those of JSON lines.
//!
//! ```text
//! Value ─▶ [ or { ─▶ first item or end ─▶ … ─▶ After ─▶ , ─▶ next item
//!   └────▶ string, number, literal ─────────────▶ After ─▶ ] or } ─▶ After
//! ```

use super::{DEEPEST, LARGEST, Wanted};

/// Text laid out, each root beginning a line; none if it would become too large.
pub(super) fn pretty(text: &str, wanted: &Wanted) -> Option<String> {
    Some(laid_out(text, wanted)?.0)
}

/// What a line of the laid-out text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value that is whole in it.
    Value,
    Opens,
    Closes,
    /// Where the document is broken, and what follows there.
    Broken,
}

/// A line of the laid-out text.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// Where it begins, behind its indentation.
    pub(super) start: usize,
    pub(super) depth: usize,
    pub(super) kind: Kind,
    /// Where its key ends, quotes included; `start` if it has none.
    pub(super) key_end: usize,
}

/// The same, with what each of its lines is.
pub(super) fn laid_out(text: &str, wanted: &Wanted) -> Option<(String, Vec<Mark>)> {
    let mut walk = Walk {
        text,
        at: 0,
        out: String::with_capacity(text.len().saturating_mul(2)),
        open: Vec::new(),
        marks: Vec::new(),
        expects: Expect::Root,
    };
    loop {
        walk.skip_space();
        if walk.out.len() > LARGEST || wanted.is_over() {
            return None;
        }
        match walk.step() {
            Step::Taken => {}
            Step::Ended => break,
            Step::Broken => {
                walk.mark();
                break;
            }
        }
    }
    if !walk.out.ends_with('\n') {
        walk.out.push('\n');
    }
    Some((walk.out, walk.marks))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Object,
    Array,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Root,
    FirstItem,
    Item,
    FirstKey,
    Key,
    Colon,
    Value,
    After,
}

enum Step {
    Taken,
    Ended,
    Broken,
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    out: String,
    open: Vec<Bracket>,
    marks: Vec<Mark>,
    expects: Expect,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        let token = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
        self.at = self
            .at
            .saturating_add(rest.len().saturating_sub(token.len()));
    }

    fn step(&mut self) -> Step {
        let Some(first) = self.rest().chars().next() else {
            return match self.expects {
                Expect::Root => Step::Ended,
                _ => Step::Broken,
            };
        };
        match (self.expects, first) {
            (Expect::FirstItem, ']') | (Expect::FirstKey, '}') => self.close_empty(first),
            (Expect::After, ']') if self.open.last() == Some(&Bracket::Array) => self.close(first),
            (Expect::After, '}') if self.open.last() == Some(&Bracket::Object) => self.close(first),
            (Expect::After, ',') => self.comma(),
            (Expect::Colon, ':') => {
                self.out.push_str(": ");
                self.advance(1, Expect::Value);
            }
            (Expect::FirstKey | Expect::Key, '"') => return self.key(),
            (Expect::Root | Expect::Value | Expect::FirstItem | Expect::Item, _) => {
                return self.value(first);
            }
            _ => return Step::Broken,
        }
        Step::Taken
    }

    fn value(&mut self, first: char) -> Step {
        let (bracket, expects) = match first {
            '{' => (Bracket::Object, Expect::FirstKey),
            '[' => (Bracket::Array, Expect::FirstItem),
            _ => return self.scalar(first),
        };
        self.place();
        self.open.push(bracket);
        self.out.push(first);
        self.is(Kind::Opens);
        self.advance(1, expects);
        Step::Taken
    }

    fn scalar(&mut self, first: char) -> Step {
        let rest = self.rest();
        let len = match first {
            '"' => string_len(rest),
            '-' | '0'..='9' => Some(run_len(rest, |c| {
                matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')
            })),
            _ => Some(run_len(rest, |c| c.is_ascii_alphabetic()))
                .filter(|&len| matches!(rest.get(..len), Some("true" | "false" | "null"))),
        };
        let Some(len) = len else {
            return Step::Broken;
        };
        self.place();
        self.out.push_str(rest.get(..len).unwrap_or_default());
        let expects = self.after();
        self.advance(len, expects);
        Step::Taken
    }

    fn key(&mut self) -> Step {
        let rest = self.rest();
        let Some(len) = string_len(rest) else {
            return Step::Broken;
        };
        self.new_line();
        self.out.push_str(rest.get(..len).unwrap_or_default());
        if let Some(mark) = self.marks.last_mut() {
            mark.key_end = self.out.len();
        }
        self.advance(len, Expect::Colon);
        Step::Taken
    }

    fn comma(&mut self) {
        self.out.push(',');
        let expects = match self.open.last() {
            Some(Bracket::Object) => Expect::Key,
            _ => Expect::Item,
        };
        self.advance(1, expects);
    }

    fn close_empty(&mut self, bracket: char) {
        self.open.pop();
        self.out.push(bracket);
        self.is(Kind::Value);
        let expects = self.after();
        self.advance(1, expects);
    }

    fn close(&mut self, bracket: char) {
        self.open.pop();
        self.new_line();
        self.is(Kind::Closes);
        self.out.push(bracket);
        let expects = self.after();
        self.advance(1, expects);
    }

    /// Goes to where a value stands: behind its key, or on a line of its own.
    fn place(&mut self) {
        if self.expects != Expect::Value {
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let depth = self.open.len().min(DEEPEST);
        self.out.extend(std::iter::repeat_n("  ", depth));
        self.marks.push(Mark {
            start: self.out.len(),
            depth: self.open.len(),
            kind: Kind::Value,
            key_end: self.out.len(),
        });
    }

    /// Says what the present line is.
    fn is(&mut self, kind: Kind) {
        if let Some(mark) = self.marks.last_mut() {
            mark.kind = kind;
        }
    }

    fn after(&self) -> Expect {
        if self.open.is_empty() {
            Expect::Root
        } else {
            Expect::After
        }
    }

    fn advance(&mut self, bytes: usize, expects: Expect) {
        self.at = self.at.saturating_add(bytes);
        self.expects = expects;
    }

    /// Says what should stand here, and lets the rest follow as it came.
    fn mark(&mut self) {
        let expected = match (self.expects, self.open.last()) {
            (Expect::After, Some(Bracket::Object)) => ", or }",
            (Expect::After, _) => ", or ]",
            (Expect::FirstKey, _) => "a key or }",
            (Expect::Key, _) => "a key",
            (Expect::Colon, _) => ":",
            (Expect::FirstItem, _) => "a value or ]",
            (Expect::Root | Expect::Item | Expect::Value, _) => "a value",
        };
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let from = self.out.len();
        let place = if self.rest().is_empty() {
            "the end".to_owned()
        } else {
            format!("byte {}", self.at)
        };
        self.out
            .push_str(&format!("^ expected {expected} at {place}\n"));
        self.out.push_str(self.rest());
        let broken = self.out.get(from..).unwrap_or_default();
        let ends = broken.trim_end_matches('\n').match_indices('\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at.saturating_add(1)));
        self.marks.extend(starts.map(|at| Mark {
            start: from.saturating_add(at),
            depth: 0,
            kind: Kind::Broken,
            key_end: from.saturating_add(at),
        }));
    }
}

/// Length of the string that begins a text, quotes included; none if it does not end.
fn string_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.checked_add(1),
            _ => {}
        }
    }
    None
}

fn run_len(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|c| !fits(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pretty(text: &str) -> Option<String> {
        super::pretty(text, &Wanted::always())
    }

    #[test]
    fn nothing_of_the_sender_is_changed() {
        let text = r#"{"b":1.0e+2,"a":12345678901234567890123,"a":"\u001b\"\\","e":{},"l":[],"n":[null,{"x":true}]}"#;
        let shown = r#"{
  "b": 1.0e+2,
  "a": 12345678901234567890123,
  "a": "\u001b\"\\",
  "e": {},
  "l": [],
  "n": [
    null,
    {
      "x": true
    }
  ]
}
"#;
        assert_eq!(pretty(text).as_deref(), Some(shown));
        assert_eq!(pretty(shown).as_deref(), Some(shown));
    }

    #[test]
    fn several_roots_stand_one_below_the_other() {
        assert_eq!(
            pretty("{}\n[1]\n2 \n").as_deref(),
            Some("{}\n[\n  1\n]\n2\n")
        );
        assert_eq!(pretty("").as_deref(), Some("\n"));
    }

    #[test]
    fn a_broken_document_is_shown_as_far_as_it_goes() {
        let table = [
            (
                r#"{"a":1 "b":2}"#,
                "{\n  \"a\": 1\n^ expected , or } at byte 7\n\"b\":2}\n",
            ),
            ("[1,", "[\n  1,\n^ expected a value at the end\n"),
            ("[tru]", "[\n^ expected a value or ] at byte 1\ntru]\n"),
            (r#"{"a"#, "{\n^ expected a key or } at byte 1\n\"a\n"),
            ("[1}", "[\n  1\n^ expected , or ] at byte 2\n}\n"),
            ("{}x", "{}\n^ expected a value at byte 2\nx\n"),
        ];
        for (text, shown) in table {
            assert_eq!(pretty(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_levels_are_no_danger() {
        let deep = "[".repeat(100_000);
        let shown = pretty(&deep).expect("fits");
        assert!(shown.contains("^ expected a value or ] at the end"));
        assert!(pretty(&"[".repeat(1_000_000)).is_none());
    }

    fn bare(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn any_text_is_laid_out_without_panic(text in r#"[\[\]{}:,"\\a0-9 truefalsn\n]{0,60}"#) {
            prop_assert!(pretty(&text).is_some());
        }

        #[test]
        fn a_whole_document_keeps_its_characters(items in prop::collection::vec("[a-z\\u{80}-\\u{2fff}]{0,8}", 0..8)) {
            let text = serde_json::json!({"items": items, "more": [items.len(), null]}).to_string();
            let shown = pretty(&text).expect("fits");
            prop_assert_eq!(bare(&shown), bare(&text));
        }
    }
}
