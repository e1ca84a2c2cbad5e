//! JSON as a tree that borrows its text: keys in order, repeated keys, the spelling of numbers and strings, all kept.
//!
//! serde_json checks the text first, and refuses more than 127 levels, so the walk here need not check, and may recurse.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    mem,
};

use serde::de::IgnoredAny;
use serde_json::Deserializer;

/// A value, with a hash of all that is in it.
#[derive(Debug, Eq)]
pub(super) struct Node<'a> {
    pub(super) value: Value<'a>,
    hash: u64,
}

/// What a value is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A string with its quotes, a number or a literal, as spelled.
    Scalar(&'a str),
    /// Keys with their quotes, as spelled.
    Object(Vec<(&'a str, Node<'a>)>),
    /// Items.
    Array(Vec<Node<'a>>),
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.value == other.value
    }
}

impl Hash for Node<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<'a> Node<'a> {
    fn new(value: Value<'a>) -> Self {
        let mut hasher = DefaultHasher::new();
        mem::discriminant(&value).hash(&mut hasher);
        match &value {
            Value::Scalar(text) => text.hash(&mut hasher),
            Value::Object(entries) => entries.hash(&mut hasher),
            Value::Array(items) => items.hash(&mut hasher),
        }
        Self {
            value,
            hash: hasher.finish(),
        }
    }
}

impl Node<'_> {
    /// Whether it can be known again elsewhere: an empty value, or one of two, stands in many places by chance.
    pub(super) fn is_telling(&self) -> bool {
        match &self.value {
            Value::Scalar(text) => !matches!(*text, "null" | "true" | "false" | "\"\"" | "0" | "1"),
            Value::Object(entries) => !entries.is_empty(),
            Value::Array(items) => !items.is_empty(),
        }
    }
}

/// A text as a tree; several roots (JSON lines) are an array of them. None if it is no JSON, or a bare word or number.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut roots = 0_usize;
    for root in Deserializer::from_str(text).into_iter::<IgnoredAny>() {
        root.ok()?;
        roots = roots.saturating_add(1);
    }
    let mut walk = Walk { rest: text };
    let mut nodes: Vec<_> = (0..roots).map(|_| walk.node()).collect();
    match roots {
        1 => nodes.pop(),
        _ => Some(Node::new(Value::Array(nodes))),
    }
}

/// A walk over a text that is known to be JSON.
struct Walk<'a> {
    rest: &'a str,
}

impl<'a> Walk<'a> {
    fn node(&mut self) -> Node<'a> {
        let value = match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            _ => Value::Scalar(self.scalar()),
        };
        Node::new(value)
    }

    fn object(&mut self) -> Value<'a> {
        self.take(1);
        let mut entries = Vec::new();
        while self.peek().is_some_and(|byte| byte != b'}') {
            let key = self.scalar();
            self.skip(b':');
            entries.push((key, self.node()));
            self.skip(b',');
        }
        self.take(1);
        Value::Object(entries)
    }

    fn array(&mut self) -> Value<'a> {
        self.take(1);
        let mut items = Vec::new();
        while self.peek().is_some_and(|byte| byte != b']') {
            items.push(self.node());
            self.skip(b',');
        }
        self.take(1);
        Value::Array(items)
    }

    fn scalar(&mut self) -> &'a str {
        let mut is_escaped = false;
        let is_string = self.peek() == Some(b'"');
        let mut bytes = self.rest.bytes().enumerate().skip(1);
        let end = match is_string {
            true => bytes.find_map(|(at, byte)| {
                let ends = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                ends.then(|| at.saturating_add(1))
            }),
            false => bytes.find_map(|(at, byte)| {
                let ends =
                    matches!(byte, b',' | b'}' | b']' | b'{' | b'[') || byte.is_ascii_whitespace();
                ends.then_some(at)
            }),
        };
        self.take(end.unwrap_or(self.rest.len()))
    }

    /// The byte after white space.
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.bytes().next()
    }

    fn skip(&mut self, byte: u8) {
        if self.peek() == Some(byte) {
            self.take(1);
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}
