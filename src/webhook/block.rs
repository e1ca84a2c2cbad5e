//! A block of conditions on a request: `{ header = "x-event", not_header = "x-other", body = { "/type" = "^ping" } }`.
//!
//! In: the schema's block, then a request. Out: whether all its conditions hold. Headers and query are looked at before the
//! body, which is parsed only if everything else fits. Must not know: what the block decides.

use regex::bytes::{Regex, RegexBuilder};

use super::{
    definition::{self, Text},
    pointer::{Pointers, Slot},
    reading::Fault,
    request::{Facts, value},
    source::begins,
};

/// Largest compiled expression, in bytes; matching takes time in proportion to it and to the text.
const LARGEST_REGEX: usize = 256 * 1024;

/// Conditions that must all hold.
#[derive(Clone, Debug)]
pub(super) struct Block {
    header: Option<(String, Option<Regex>)>,
    header_prefix: Option<String>,
    not_header: Option<String>,
    body: Vec<(Slot, Regex)>,
    not_body: Option<Slot>,
    query: Option<String>,
    not_query: Option<String>,
    method: Option<String>,
}

impl Block {
    /// Compiles a block.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(raw: &definition::Block, pointers: &mut Pointers) -> Result<Self, Fault> {
        let pattern = raw.r#match.as_ref().map(expression).transpose()?;
        if let (Some(text), None) = (&raw.r#match, &raw.header) {
            return Err(Fault::at(text, "match", "it needs a header beside it"));
        }
        let mut body = Vec::new();
        for (pointer, pattern) in &raw.body {
            let slot = pointers
                .add(pointer.get_ref())
                .map_err(|reason| Fault::at(pointer, "body", reason))?;
            body.push((slot, expression(pattern)?));
        }
        let not_body = raw.not_body.as_ref().map(|pointer| {
            pointers
                .add(pointer.get_ref())
                .map_err(|reason| Fault::at(pointer, "not_body", reason))
        });
        let lower = |name: &Option<String>| name.as_ref().map(|name| name.to_ascii_lowercase());
        Ok(Self {
            header: lower(&raw.header).map(|name| (name, pattern)),
            header_prefix: lower(&raw.header_prefix),
            not_header: lower(&raw.not_header),
            body,
            not_body: not_body.transpose()?,
            query: raw.query.clone(),
            not_query: raw.not_query.clone(),
            method: raw.method.clone(),
        })
    }

    /// Whether it asks for something of the body.
    pub(super) fn needs_body(&self) -> bool {
        !self.body.is_empty() || self.not_body.is_some()
    }

    /// Whether it asks for nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.needs_body()
            && self.header.is_none()
            && self.header_prefix.is_none()
            && self.not_header.is_none()
            && self.query.is_none()
            && self.not_query.is_none()
            && self.method.is_none()
    }

    /// Whether all its conditions hold.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.head_holds(facts) && self.body_holds(facts)
    }

    fn head_holds(&self, facts: &Facts<'_>) -> bool {
        let has = |name: &str| facts.headers(name).next().is_some();
        let fits = |(name, pattern): &(String, Option<Regex>)| match pattern {
            None => has(name),
            Some(pattern) => facts.headers(name).any(|value| pattern.is_match(value)),
        };
        let starts = |start: &String| {
            let mut lines = facts.head.headers.iter();
            lines.any(|(name, _)| begins(name, start.as_bytes()))
        };
        let asks = |name: &String| value(facts.query(), name).is_some();
        self.header.as_ref().is_none_or(fits)
            && self.header_prefix.as_ref().is_none_or(starts)
            && !self.not_header.as_ref().is_some_and(|name| has(name))
            && self.query.as_ref().is_none_or(asks)
            && !self.not_query.as_ref().is_some_and(asks)
            && self
                .method
                .as_ref()
                .is_none_or(|method| method.eq_ignore_ascii_case(facts.head.method))
    }

    fn body_holds(&self, facts: &Facts<'_>) -> bool {
        if !self.needs_body() {
            return true;
        }
        let fields = facts.fields();
        let fits = |(slot, pattern): &(Slot, Regex)| {
            let mut texts = fields.texts(*slot);
            texts.any(|text| pattern.is_match(text.as_bytes()))
        };
        self.body.iter().all(fits)
            && self
                .not_body
                .is_none_or(|slot| fields.raw(slot).next().is_none())
    }
}

/// Compiles an expression; it runs in linear time whatever it is, and one that grows too large is refused.
///
/// # Errors
/// Where it stands, and what is wrong with it.
pub(super) fn expression(text: &Text) -> Result<Regex, Fault> {
    RegexBuilder::new(text.get_ref())
        .size_limit(LARGEST_REGEX)
        .dfa_size_limit(LARGEST_REGEX)
        .nest_limit(32)
        .build()
        .map_err(|error| {
            let reason = match error {
                regex::Error::CompiledTooBig(_) => "the expression is too large".to_owned(),
                // The last line says what is wrong; those above draw it.
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    let last = last.trim_start_matches("error: ");
                    format!("that is no regular expression: {last}")
                }
            };
            Fault::at(text, "match", reason)
        })
}
