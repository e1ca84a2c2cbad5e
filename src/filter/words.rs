//! A value's characters → its items: where commas part them, what quotes protect.
//!
//! In: the text from the value's first byte on. Out: items with their places, and where the value ends. Must not know: fields.

/// One item of a value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Item {
    /// Its text, quotes taken off.
    pub(super) text: String,
    /// Where it begins.
    pub(super) at: usize,
    /// Whether a part of it stood in quotes: then `*` and `..` are only themselves.
    pub(super) is_quoted: bool,
}

/// How a value is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Items between commas.
    List,
    /// One item; a backslash in quotes stays, but before a quote.
    Regex,
}

/// A quote that is not closed, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed(pub(super) usize);

/// Whether a character ends a word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|')
}

/// The items of the value that begins at `start`, and where it ends.
pub(super) fn items(
    text: &str,
    start: usize,
    style: Style,
) -> Result<(Vec<Item>, usize), Unclosed> {
    let mut all = Vec::new();
    let mut item = Item {
        at: start,
        ..Item::default()
    };
    let mut at = start;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '"' => {
                let (inner, end) = quoted(text, at, style)?;
                item.text.push_str(&inner);
                item.is_quoted = true;
                at = end;
            }
            ',' if style == Style::List => {
                at = at.saturating_add(1);
                all.push(std::mem::take(&mut item));
                item.at = at;
            }
            c if ends_word(c) => break,
            c => {
                item.text.push(c);
                at = at.saturating_add(c.len_utf8());
            }
        }
    }
    all.push(item);
    Ok((all, at))
}

/// The text in the quotes that open at `start`, and where they end.
pub(super) fn quoted(text: &str, start: usize, style: Style) -> Result<(String, usize), Unclosed> {
    let mut inner = String::new();
    let mut is_escaped = false;
    let from = start.saturating_add(1);
    for (offset, c) in text.get(from..).unwrap_or_default().char_indices() {
        if is_escaped {
            if c != '"' && (c != '\\' || style == Style::Regex) {
                inner.push('\\');
            }
            inner.push(c);
            is_escaped = false;
            continue;
        }
        match c {
            '\\' => is_escaped = true,
            '"' => return Ok((inner, from.saturating_add(offset).saturating_add(1))),
            c => inner.push(c),
        }
    }
    Err(Unclosed(start))
}
