//! A request as definitions look at it: its head, its body, and their fields, each read when it is first asked for.
//!
//! In: a [`Head`] and a body. Out: [`Facts`], which find header lines, query parameters, form and JSON fields. Must not know: any
//! provider.

use std::{borrow::Cow, cell::OnceCell};

use hooktool_relay::capture::{Capture, Headers};

use super::pointer::{Fields, Pointers};
use crate::format::unescape;

/// How much of a body is read to recognise a request, in bytes. The names of events stand at the top, and a larger body is
/// in pieces anyway.
pub const LOOKED_AT: usize = 64 * 1024;

/// Most fields that are read of a form or a query; the rest is left out.
const MOST_FIELDS: usize = 1_000;

/// Everything of a request before its body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Method as sent.
    pub method: &'a str,
    /// Path and query as sent.
    pub path: &'a [u8],
    /// Header lines as received.
    pub headers: &'a Headers,
}

impl<'a> Head<'a> {
    /// That of a capture.
    pub fn of(capture: &'a Capture) -> Self {
        Self {
            method: capture.method.as_str(),
            path: &capture.path,
            headers: &capture.headers,
        }
    }

    /// The query without its question mark; empty if there is none.
    pub(super) fn query(&self) -> &'a [u8] {
        let start = self.path.iter().position(|&byte| byte == b'?');
        let query = start.and_then(|start| self.path.get(start.saturating_add(1)..));
        query.unwrap_or_default()
    }
}

/// A field of a form or a query: its name and its value, escapes undone.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// A request whose fields are looked up; nothing is parsed before it is asked for, and nothing twice.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) head: Head<'a>,
    pub(super) body: &'a [u8],
    is_whole: bool,
    pointers: &'a Pointers,
    fields: OnceCell<Fields<'a>>,
    form: OnceCell<Vec<Pair>>,
    query: OnceCell<Vec<Pair>>,
}

impl<'a> Facts<'a> {
    /// Looks at a request; `is_whole`: the body is all of it, not only its beginning.
    pub(super) fn new(
        head: Head<'a>,
        body: &'a [u8],
        is_whole: bool,
        pointers: &'a Pointers,
    ) -> Self {
        Self {
            head,
            body,
            is_whole,
            pointers,
            fields: OnceCell::new(),
            form: OnceCell::new(),
            query: OnceCell::new(),
        }
    }

    /// The fields of a JSON body.
    pub(super) fn fields(&self) -> &Fields<'a> {
        self.fields
            .get_or_init(|| self.pointers.read(self.body, self.is_whole))
    }

    /// Values of all header lines of that name, without the white space that a header may have around it.
    pub(super) fn headers<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        self.head.headers.all(name).map(<[u8]>::trim_ascii)
    }

    /// The fields of a form, in order; none if the request is no form.
    pub(super) fn form(&self) -> &[Pair] {
        self.form.get_or_init(|| {
            let is_form = self.headers("content-type").any(|value| {
                let essence = value.split(|&byte| byte == b';').next().unwrap_or_default();
                essence
                    .trim_ascii()
                    .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
            });
            if is_form {
                pairs(self.body)
            } else {
                Vec::new()
            }
        })
    }

    /// The parameters of the query, in order.
    pub(super) fn query(&self) -> &[Pair] {
        self.query.get_or_init(|| pairs(self.head.query()))
    }
}

/// The value of a field among pairs.
pub(super) fn value<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p [u8]> {
    let found = pairs.iter().find(|(found, _)| found == name.as_bytes());
    found.map(|(_, value)| value.as_slice())
}

/// The fields of a form or a query (WHATWG URL §5.1).
pub(super) fn pairs(text: &[u8]) -> Vec<Pair> {
    let fields = text.split(|&byte| byte == b'&');
    let fields = fields.filter(|field| !field.is_empty()).take(MOST_FIELDS);
    fields
        .map(|field| {
            let (name, value) = split_once(field, b'=').unwrap_or((field, b""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Cow<'_, [u8]> = match text.contains(&b'+') {
        true => text
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect(),
        false => Cow::Borrowed(text),
    };
    unescape(&spaced)
}

/// What stands before and behind the first such byte.
pub(super) fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&byte| byte == at)?;
    let (before, after) = text.split_at(place);
    Some((before, after.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_forms_are_read_the_same_way() {
        let mut headers = Headers::new();
        headers.push(
            "content-type",
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
        );
        headers.push("x-a", " one ");
        let head = Head {
            method: "POST",
            path: b"/p?a=1&b=%20x+y&a=2&c",
            headers: &headers,
        };
        let pointers = Pointers::default();
        let facts = Facts::new(head, b"From=%2B49&Body=", true, &pointers);
        assert_eq!(value(facts.query(), "b"), Some(&b" x y"[..]));
        assert_eq!(value(facts.query(), "a"), Some(&b"1"[..]));
        assert_eq!(value(facts.query(), "c"), Some(&b""[..]));
        assert_eq!(value(facts.form(), "From"), Some(&b"+49"[..]));
        assert_eq!(facts.headers("X-A").next(), Some(&b"one"[..]));
        let bare = Headers::new();
        let head = Head {
            headers: &bare,
            ..head
        };
        assert!(Facts::new(head, b"a=1", true, &pointers).form().is_empty());
    }
}
