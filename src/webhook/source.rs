//! Sources: where in a request a value stands. `header:x-id`, `body:/data/id`, `query:token`, `form:MessageSid`.
//!
//! In: the text of a definition. Out: a [`Source`] that finds its values in [`Facts`]. Must not know: what they are for.

use std::borrow::Cow;

use super::{
    pointer::{Fields, Pointers, Slot, unquoted},
    request::{Facts, value},
};

/// Where a value stands.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Header lines of a name.
    Header(String),
    /// Header lines whose name begins so: `headers:x-docusign-signature-*`.
    Headers(String),
    /// A field of a JSON body.
    Body(Slot),
    /// A parameter of the query.
    Query(String),
    /// A field of a form; with a pointer, of the JSON in it.
    Form(String, Option<Box<(Pointers, Slot)>>),
    /// A pair of the signature header.
    Field(String),
    /// What was set beside the secret.
    Config(String),
}

impl Source {
    /// Reads `kind:name`; pointers into the body are added to `pointers`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(text: &str, pointers: &mut Pointers) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no source: header:NAME, headers:NAME-*, body:/POINTER, query:NAME, form:NAME, field:NAME or config:NAME"
            )
        };
        let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
        let named = || match name {
            "" => Err(wrong()),
            name => Ok(name.to_owned()),
        };
        Ok(match kind {
            "header" => Self::Header(named()?.to_ascii_lowercase()),
            "headers" => {
                let start = name.strip_suffix('*').ok_or_else(wrong)?;
                Self::Headers(start.to_ascii_lowercase())
            }
            "body" => Self::Body(pointers.add(name)?),
            "query" => Self::Query(named()?),
            "form" => match name.split_once(':') {
                None => Self::Form(named()?, None),
                Some((name, pointer)) => {
                    let mut inner = Pointers::default();
                    let slot = inner.add(pointer)?;
                    Self::Form(name.to_owned(), Some(Box::new((inner, slot))))
                }
            },
            "field" => Self::Field(named()?),
            "config" => Self::Config(named()?),
            _ => return Err(wrong()),
        })
    }

    /// All its values in a request, in order; of `item` instead of the body's fields, if there is one. A pair of the signature
    /// header and a setting are no part of a request.
    pub(super) fn all<'f>(
        &'f self,
        facts: &'f Facts<'_>,
        item: Option<&'f Fields<'_>>,
    ) -> Vec<Cow<'f, [u8]>> {
        match self {
            Self::Header(name) => facts.headers(name).map(Cow::Borrowed).collect(),
            Self::Headers(start) => {
                let lines = facts.head.headers.iter();
                let lines = lines.filter(|(name, _)| begins(name, start.as_bytes()));
                lines
                    .map(|(_, value)| Cow::Borrowed(value.trim_ascii()))
                    .collect()
            }
            Self::Body(slot) => {
                let fields = item.unwrap_or_else(|| facts.fields());
                fields.texts(*slot).map(bytes).collect()
            }
            Self::Query(name) => owned(value(facts.query(), name)),
            Self::Form(name, None) => owned(value(facts.form(), name)),
            Self::Form(name, Some(inner)) => {
                let (pointers, slot) = inner.as_ref();
                let json = value(facts.form(), name).unwrap_or_default();
                let fields = pointers.read(json, true);
                fields
                    .raw(*slot)
                    .map(|raw| Cow::Owned(unquoted(raw).into_owned().into_bytes()))
                    .collect()
            }
            Self::Field(_) | Self::Config(_) => Vec::new(),
        }
    }

    /// Its first value.
    pub(super) fn first<'f>(
        &'f self,
        facts: &'f Facts<'_>,
        item: Option<&'f Fields<'_>>,
    ) -> Option<Cow<'f, [u8]>> {
        match self {
            Self::Header(name) => facts.headers(name).next().map(Cow::Borrowed),
            Self::Body(slot) => {
                let fields = item.unwrap_or_else(|| facts.fields());
                fields.text(*slot).map(bytes)
            }
            _ => self.all(facts, item).into_iter().next(),
        }
    }
}

fn owned<'a>(value: Option<&[u8]>) -> Vec<Cow<'a, [u8]>> {
    value
        .map(|value| Cow::Owned(value.to_vec()))
        .into_iter()
        .collect()
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// Whether a header's name begins so, whatever its case.
pub(super) fn begins(name: &[u8], start: &[u8]) -> bool {
    name.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use hooktool_relay::capture::Headers;

    use super::*;
    use crate::webhook::request::Head;

    #[test]
    fn values_are_found_wherever_they_stand() {
        let mut headers = Headers::new();
        headers.push("X-Id", "7");
        headers.push("x-sig-1", "a");
        headers.push("X-Sig-2", "b");
        headers.push("content-type", "application/x-www-form-urlencoded");
        let head = Head {
            method: "POST",
            path: b"/?t=q",
            headers: &headers,
        };
        let mut pointers = Pointers::default();
        let table: [(&str, &[&str]); 6] = [
            ("header:x-ID", &["7"]),
            ("headers:x-sig-*", &["a", "b"]),
            ("query:t", &["q"]),
            ("form:payload:/type", &["block"]),
            ("form:k", &["v"]),
            ("body:/a", &[]),
        ];
        let parsed = table.map(|(text, wanted)| {
            let source = Source::parse(text, &mut pointers).unwrap();
            (text, source, wanted)
        });
        let body = b"k=v&payload=%7B%22type%22%3A%22block%22%7D";
        let facts = Facts::new(head, body, true, &pointers);
        for (text, source, wanted) in &parsed {
            let found = source.all(&facts, None);
            let wanted: Vec<_> = wanted.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(found, wanted, "{text}");
        }
        for wrong in ["", "header", "header:", "headers:x", "cookie:a", "body:a"] {
            assert!(Source::parse(wrong, &mut pointers).is_err(), "{wrong}");
        }
    }
}
