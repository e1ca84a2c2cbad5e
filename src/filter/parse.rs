//! A line → the tree of its terms.
//!
//! In: text. Out: nodes, or the first fault with its byte. What a field makes of its value is [`Reading`]'s, below the grammar.

use super::{
    Clock, FilterError, LONGEST, Node, Term, field,
    reading::{self, Reading},
    term::Test,
    value::Op,
    words::{self, Item, Style, Unclosed, ends_word},
};
use crate::filter::pattern::{Pattern, Shape};

/// Deepest nesting of parentheses.
const DEEPEST: usize = 32;

/// Most terms: each may hold a compiled pattern.
const MOST: usize = 64;

/// Reads a line.
pub(super) fn parse(text: &str, clock: Clock) -> Result<Node, FilterError> {
    if text.len() > LONGEST {
        let what = format!("a filter has at most {LONGEST} bytes");
        return Err(fault(floor(text, LONGEST), what));
    }
    let mut parser = Parser {
        text,
        at: 0,
        clock,
        depth: 0,
        terms: 0,
    };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(Node::All(Vec::new()));
    }
    let root = parser.any()?;
    match parser.rest() {
        "" => Ok(root),
        _ => Err(fault(parser.at, "this ) closes nothing")),
    }
}

/// The last place at or before `at` that is not within a character.
fn floor(text: &str, at: usize) -> usize {
    let fits = |at: &usize| text.is_char_boundary(*at);
    (0..=at).rev().find(fits).unwrap_or_default()
}

pub(super) fn fault(at: usize, what: impl Into<String>) -> FilterError {
    FilterError {
        at,
        what: what.into(),
        hint: None,
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    clock: Clock,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.advance(rest.len().saturating_sub(rest.trim_start().len()));
    }

    /// Takes a word that stands for an operator.
    fn takes_keyword(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word);
        let is_whole = after.is_some_and(|after| {
            let next = after.chars().next();
            next.is_none_or(|c| ends_word(c) || c == '"')
        });
        if is_whole {
            self.advance(word.len());
        }
        is_whole
    }

    fn takes_or(&mut self) -> bool {
        if self.rest().starts_with('|') {
            self.advance(1);
            return true;
        }
        self.takes_keyword("or")
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut parts = vec![self.all()?];
        while self.takes_or() {
            parts.push(self.all()?);
        }
        Ok(only(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            let is_joined = !parts.is_empty() && self.takes_keyword("and");
            self.skip_space();
            let before = self.at;
            let is_over = self.rest().is_empty()
                || self.rest().starts_with([')', '|'])
                || self.takes_keyword("or")
                || self.takes_keyword("and");
            if !is_over {
                parts.push(self.term()?);
                continue;
            }
            self.at = before;
            if parts.is_empty() || is_joined || self.takes_keyword("and") {
                return Err(fault(before, "expected a term"));
            }
            return Ok(only(parts, Node::All));
        }
    }

    fn term(&mut self) -> Result<Node, FilterError> {
        let start = self.at;
        if self.rest().starts_with(['-', '!']) {
            self.advance(1);
            if self.rest().chars().next().is_none_or(char::is_whitespace) {
                return Err(fault(start, "expected a term behind this"));
            }
            return Ok(Node::Not(Box::new(self.positive()?)));
        }
        self.positive()
    }

    fn positive(&mut self) -> Result<Node, FilterError> {
        match self.rest().chars().next() {
            Some('(') => self.group(),
            Some(')' | '|') | None => Err(fault(self.at, "expected a term")),
            Some(_) => self.leaf().map(Node::Term),
        }
    }

    fn group(&mut self) -> Result<Node, FilterError> {
        let open = self.at;
        if self.depth >= DEEPEST {
            return Err(fault(open, "these parentheses are nested too deep"));
        }
        self.advance(1);
        self.depth = self.depth.saturating_add(1);
        let inner = self.any()?;
        self.depth = self.depth.saturating_sub(1);
        if !self.rest().starts_with(')') {
            return Err(fault(open, "this ( is not closed"));
        }
        self.advance(1);
        Ok(inner)
    }

    fn leaf(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        self.terms = self.terms.saturating_add(1);
        if self.terms > MOST {
            return Err(fault(start, format!("a filter has at most {MOST} terms")));
        }
        let rest = self.rest();
        if rest.starts_with('"') {
            let (inner, end) = words::quoted(self.text, start, Style::List).map_err(unclosed)?;
            self.at = end;
            return self.word(start, &inner);
        }
        let name = rest.get(..name_len(rest)).unwrap_or_default();
        let behind = rest.get(name.len()..).unwrap_or_default();
        if let Some((op, len)) = Op::begin(behind).filter(|_| !name.is_empty()) {
            self.advance(name.len().saturating_add(len));
            return self.field(start, name, op);
        }
        let end = rest.find(|c| ends_word(c) || c == '"');
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.advance(word.len());
        self.word(start, word)
    }

    fn word(&self, start: usize, word: &str) -> Result<Term, FilterError> {
        let pattern = Pattern::words([(Shape::Contains, word)]).map_err(|why| fault(start, why))?;
        Ok(Term {
            test: Test::Anywhere(pattern),
            field: None,
            at: start..self.at,
        })
    }

    fn field(&mut self, start: usize, name: &str, op: Op) -> Result<Term, FilterError> {
        let reading = Reading {
            op,
            clock: self.clock,
        };
        let from = self.at;
        if name.starts_with('.') {
            let path = super::json::Path::parse(name)
                .ok_or_else(|| fault(start, "expected a path such as .data.items[0].id"))?;
            let items = self.items(op)?;
            let test = reading.json(path, &items)?;
            return Ok(Term {
                test,
                field: None,
                at: start..self.at,
            });
        }
        let Some(field) = field::named(name) else {
            return Err(unknown(start, name, self.rest()));
        };
        let test = match reading::is_header(field.kind) {
            true => {
                let header = reading::Header::begin(self.text, from, op)?;
                self.at = header.value_at;
                let items = self.items(header.op)?;
                reading.header(field.kind, header, &items)?
            }
            false => {
                let items = self.items(op)?;
                reading.field(field, &items)?
            }
        };
        Ok(Term {
            test,
            field: Some(field.kind),
            at: start..self.at,
        })
    }

    /// The items of the value that begins here, behind an operator. There must be one.
    fn items(&mut self, op: Op) -> Result<Vec<Item>, FilterError> {
        let style = if op == Op::Regex {
            Style::Regex
        } else {
            Style::List
        };
        let from = self.at;
        let (items, end) = words::items(self.text, from, style).map_err(unclosed)?;
        self.at = end;
        if self.rest().starts_with('(') {
            return Err(fault(end, "a value with ( in it needs quotes"));
        }
        match items
            .iter()
            .find(|item| item.text.is_empty() && !item.is_quoted)
        {
            Some(empty) => Err(fault(empty.at, "expected a value")),
            None => Ok(items),
        }
    }
}

fn only(mut parts: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

fn unclosed(Unclosed(at): Unclosed) -> FilterError {
    fault(at, "this quote is not closed")
}

/// Length of what may be a field's name, or a JSON path.
fn name_len(text: &str) -> usize {
    let end = match text.starts_with('.') {
        true => text.find(|c| ends_word(c) || matches!(c, ':' | '=' | '~' | '<' | '>' | '"')),
        false if !text.starts_with(|c: char| c.is_ascii_alphabetic()) => Some(0),
        false => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'),
    };
    end.unwrap_or(text.len())
}

fn unknown(at: usize, name: &str, behind: &str) -> FilterError {
    if behind.starts_with("//") {
        return fault(at, format!("unknown field {name}; put it in quotes"));
    }
    let lower = name.to_ascii_lowercase();
    let hint = if let Some(near) = field::nearest(name) {
        format!("the nearest field is `{near}`")
    } else if lower.starts_with("x-") {
        format!("a header is asked for as `header:{lower}`")
    } else {
        "a text is put in quotes".to_owned()
    };
    FilterError {
        at,
        what: format!("unknown field {name}"),
        hint: Some(hint),
    }
}
