//! XML laid out by a lexer: one tag a line, indented; a text between two tags stays beside them.
//!
//! In: text. Out: the same tokens with our white space between them, nothing resolved: no DTD is read, no entity expanded, no
//! name checked, so nothing can be fetched and nothing can grow. Source: XML 1.0 §2, §3.1.
//!
//! ```text
//! <a> ─▶ deeper       text after <a> ─▶ same line, and its </a> too       </a> ─▶ shallower
//! ```

use quick_xml::{Reader, events::Event};

use super::{DEEPEST, LARGEST, Wanted};

/// Text laid out; none if it would become too large.
pub(super) fn pretty(text: &str, wanted: &Wanted) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut layout = Layout {
        out: String::with_capacity(text.len().saturating_mul(2)),
        depth: 0,
        last: Token::Mark,
    };
    let mut from = 0_usize;
    loop {
        let event = reader.read_event();
        let to = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let token = match event {
            Ok(Event::Eof) => break,
            Ok(Event::Start(_)) => Token::Start,
            Ok(Event::End(_)) => Token::End,
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => Token::Text,
            Ok(_) => Token::Mark,
            Err(_) => {
                layout.mark(text, from);
                break;
            }
        };
        layout.take(token, text.get(from..to).unwrap_or_default());
        from = to;
        if layout.out.len() > LARGEST || wanted.is_over() {
            return None;
        }
    }
    if !layout.out.ends_with('\n') {
        layout.out.push('\n');
    }
    Some(layout.out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Start,
    End,
    /// Characters, CDATA, references.
    Text,
    /// A comment, a declaration, an empty element: it opens and closes nothing.
    Mark,
}

struct Layout {
    out: String,
    depth: usize,
    last: Token,
}

impl Layout {
    fn take(&mut self, token: Token, text: &str) {
        match token {
            Token::Text if text.trim().is_empty() => return,
            Token::Text => self.text(text),
            Token::Start | Token::Mark => {
                self.new_line();
                self.out.push_str(text.trim());
            }
            Token::End => {
                self.depth = self.depth.saturating_sub(1);
                if self.last == Token::End || self.last == Token::Mark {
                    self.new_line();
                }
                self.out.push_str(text.trim());
            }
        }
        if token == Token::Start {
            self.depth = self.depth.saturating_add(1);
        }
        self.last = token;
    }

    fn text(&mut self, text: &str) {
        match self.last {
            Token::Start | Token::Text => self.out.push_str(text),
            Token::End | Token::Mark => {
                self.new_line();
                self.out.push_str(text.trim_start());
            }
        }
    }

    fn new_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out
            .extend(std::iter::repeat_n("  ", self.depth.min(DEEPEST)));
    }

    /// Says where it stops being XML, and lets the rest follow as it came.
    fn mark(&mut self, text: &str, from: usize) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out
            .push_str(&format!("^ no XML from byte {from} on\n"));
        self.out.push_str(text.get(from..).unwrap_or_default());
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pretty(text: &str) -> Option<String> {
        super::pretty(text, &Wanted::always())
    }

    #[test]
    fn tags_are_indented_and_texts_stay_beside_them() {
        let text = "<?xml version=\"1.0\"?><a x='1'><b>one &amp; two</b><c/><!-- n --><d><![CDATA[<e>]]></d></a>";
        assert_eq!(
            pretty(text).as_deref(),
            Some(
                "<?xml version=\"1.0\"?>\n<a x='1'>\n  <b>one &amp; two</b>\n  <c/>\n  <!-- n -->\n  \
                 <d><![CDATA[<e>]]></d>\n</a>\n"
            )
        );
        assert_eq!(
            pretty("<a>\n  <b></b>\n</a>").as_deref(),
            Some("<a>\n  <b></b>\n</a>\n")
        );
    }

    #[test]
    fn nothing_is_expanded_and_nothing_is_fetched() {
        let text = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;&b;</a>";
        assert_eq!(
            pretty(text).as_deref(),
            Some("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>\n<a>&b;&b;</a>\n")
        );
    }

    #[test]
    fn a_broken_document_is_marked_where_it_breaks() {
        let shown = pretty("<a><b>1</b><c").expect("laid out");
        assert_eq!(shown, "<a>\n  <b>1</b>\n^ no XML from byte 11 on\n<c\n");
    }

    #[test]
    fn depth_costs_no_stack_and_no_gigabyte() {
        let deep = "<a>".repeat(100_000);
        let shown = pretty(&deep).expect("laid out");
        assert!(shown.len() < 100_000 * 90);
        assert_eq!(pretty(&"<a>".repeat(400_000)), None);
    }

    proptest! {
        #[test]
        fn nothing_of_the_sender_is_changed(text in "[<>/a-c&; \"'!\\[\\]?=-]{0,64}") {
            let shown = pretty(&text).expect("small");
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            let shown = bare(&shown);
            let kept = match shown.find("^noXMLfrombyte") {
                None => shown,
                Some(at) => {
                    let after = shown[at..].trim_start_matches("^noXMLfrombyte");
                    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{}{}", &shown[..at], after.trim_start_matches("on"))
                }
            };
            prop_assert_eq!(kept, bare(&text));
        }
    }
}
