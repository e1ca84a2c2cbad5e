//! Templates: what a sender signs, and what a signature header looks like. `{timestamp}.{body}`, `t={timestamp},v1={sig}`.
//!
//! In: the text of a definition, then a [`Context`]. Out: bytes, in pieces, so that a large body is not copied. A variable's
//! name begins with a lower-case letter; every other brace stays as it is. A field that is not there is the empty string.
//! Must not know: keys.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    crypto::{Encoding, Hash, crc32},
    pointer::{Fields, Pointers, Slot},
    request::{Facts, Pair},
    source::Source,
    url,
};

/// A template, parsed.
#[derive(Clone, Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Body,
    Timestamp,
    Sig,
    Secret,
    Method,
    Url(url::Form),
    Path,
    From(Source),
    FormSorted,
    SignedHeaders(String),
    Lines(Vec<Line>),
    Crc32,
    Hmac(Hash, Encoding, Source),
}

/// A line of `{lines:…}`: its name, where its value is, whether it may be left out.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    slot: Slot,
    is_optional: bool,
}

/// What the variables stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'c, 'f> {
    pub(super) facts: &'c Facts<'f>,
    /// The fields of one item of the body, if that is what is signed; none: the body's.
    pub(super) item: Option<&'c Fields<'c>>,
    pub(super) body: &'c [u8],
    /// The URL as its signer knows it.
    pub(super) url: Option<&'c str>,
    pub(super) timestamp: &'c [u8],
    pub(super) secret: &'c [u8],
    pub(super) sig: &'c str,
    pub(super) config: &'c BTreeMap<String, String>,
}

/// What must be said before a template can be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// The URL that the sender calls.
    Url,
    /// A setting beside the secret.
    Config(String),
}

impl Template {
    /// Reads a template; pointers into the body are added to `pointers`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(text: &str, pointers: &mut Pointers) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            if !after.starts_with(|c: char| c.is_ascii_lowercase()) {
                plain.push('{');
                rest = after;
                continue;
            }
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{{{after}` has no closing brace"))?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(variable(name, pointers)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// Whether the signature itself is in it.
    pub(super) fn has_sig(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Sig))
    }

    /// Whether the URL is in it.
    pub(super) fn has_url(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| matches!(part, Part::Url(_)))
    }

    /// Whether a MAC by the secret is in it.
    pub(super) fn has_mac(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| matches!(part, Part::Hmac(..)))
    }

    /// Fills it in, piece by piece.
    ///
    /// # Errors
    /// What nobody said.
    pub(super) fn pieces<'c>(
        &'c self,
        context: &Context<'c, '_>,
    ) -> Result<Vec<Cow<'c, [u8]>>, Lack> {
        self.parts.iter().map(|part| part.fill(context)).collect()
    }

    /// Fills it in as a whole.
    ///
    /// # Errors
    /// What nobody said.
    pub(super) fn bytes(&self, context: &Context<'_, '_>) -> Result<Vec<u8>, Lack> {
        Ok(self.pieces(context)?.concat())
    }
}

fn variable(name: &str, pointers: &mut Pointers) -> Result<Part, String> {
    let (kind, argument) = name.split_once(':').unwrap_or((name, ""));
    Ok(match (kind, argument) {
        ("body", "") if !name.contains(':') => Part::Body,
        ("timestamp", "") => Part::Timestamp,
        ("sig", "") => Part::Sig,
        ("secret", "") => Part::Secret,
        ("method", "") => Part::Method,
        ("url", "") => Part::Url(url::Form::AsIs),
        ("url_port", "") => Part::Url(url::Form::Port),
        ("url_no_port", "") => Part::Url(url::Form::NoPort),
        ("url_hubspot", "") => Part::Url(url::Form::Hubspot),
        ("path", "") => Part::Path,
        ("form_sorted", "") => Part::FormSorted,
        ("crc32", "") => Part::Crc32,
        ("signed_headers", header) if !header.is_empty() => {
            Part::SignedHeaders(header.to_ascii_lowercase())
        }
        ("lines", names) if !names.is_empty() => Part::Lines(lines(names, pointers)?),
        ("hmac", argument) => {
            let wrong = || format!("`{{{name}}}` is {{hmac:HASH:ENCODING:SOURCE}}");
            let mut words = argument.splitn(3, ':');
            let hash = match words.next() {
                Some("sha1") => Hash::Sha1,
                Some("sha256") => Hash::Sha256,
                Some("sha512") => Hash::Sha512,
                _ => return Err(wrong()),
            };
            let encoding = match words.next() {
                Some("hex") => Encoding::Hex,
                Some("base64") => Encoding::Base64,
                _ => return Err(wrong()),
            };
            let source = words.next().ok_or_else(wrong)?;
            Part::Hmac(hash, encoding, Source::parse(source, pointers)?)
        }
        ("header" | "body" | "query" | "form" | "config", _) => {
            Part::From(Source::parse(name, pointers)?)
        }
        _ => return Err(format!("`{{{name}}}` is no variable")),
    })
}

fn lines(names: &str, pointers: &mut Pointers) -> Result<Vec<Line>, String> {
    let line = |name: &str| {
        let (name, is_optional) = match name.strip_prefix('?') {
            Some(name) => (name, true),
            None => (name, false),
        };
        Ok(Line {
            name: name.to_owned(),
            slot: pointers.add(&format!("/{name}"))?,
            is_optional,
        })
    };
    names.split(',').map(line).collect()
}

impl Part {
    fn fill<'c>(&'c self, context: &Context<'c, '_>) -> Result<Cow<'c, [u8]>, Lack> {
        let url = || context.url.ok_or(Lack::Url);
        Ok(match self {
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Body => Cow::Borrowed(context.body),
            Self::Timestamp => Cow::Borrowed(context.timestamp),
            Self::Sig => Cow::Borrowed(context.sig.as_bytes()),
            Self::Secret => Cow::Borrowed(context.secret),
            Self::Method => Cow::Borrowed(context.facts.head.method.as_bytes()),
            Self::Url(form) => Cow::Owned(form.of(url()?).into_bytes()),
            Self::Path => match context.url {
                Some(url) => Cow::Borrowed(url::path(url).as_bytes()),
                None => Cow::Borrowed(context.facts.head.path),
            },
            Self::From(Source::Config(name)) => match context.config.get(name) {
                Some(value) => Cow::Borrowed(value.as_bytes()),
                None => return Err(Lack::Config(name.clone())),
            },
            Self::From(source) => source
                .first(context.facts, context.item)
                .unwrap_or_default(),
            Self::FormSorted => Cow::Owned(sorted(context.facts.form())),
            Self::SignedHeaders(list) => Cow::Owned(signed_headers(context.facts, list)),
            Self::Lines(lines) => Cow::Owned(filled(lines, context)),
            Self::Crc32 => Cow::Owned(crc32(context.body).to_string().into_bytes()),
            Self::Hmac(hash, encoding, source) => {
                let value = source
                    .first(context.facts, context.item)
                    .unwrap_or_default();
                let mac = hash.hmac(context.secret, [value.as_ref()]);
                Cow::Owned(encoding.encode(&mac).into_bytes())
            }
        })
    }
}

/// The fields of a form by name, each value of a name once (Twilio's SDKs).
fn sorted(form: &[Pair]) -> Vec<u8> {
    let mut pairs: Vec<&Pair> = form.iter().collect();
    pairs.sort();
    pairs.dedup();
    let pairs = pairs.into_iter();
    pairs
        .flat_map(|(name, value)| [name.as_slice(), value.as_slice()])
        .collect::<Vec<_>>()
        .concat()
}

/// `name:value;name:value` of the headers that another one lists (Contentful's SDK).
fn signed_headers(facts: &Facts<'_>, list: &str) -> Vec<u8> {
    let names = facts.headers(list).next().unwrap_or_default();
    let lines = names.split(|&byte| byte == b',').map(|name| {
        let name = name.trim_ascii().to_ascii_lowercase();
        let value = str::from_utf8(&name).ok();
        let value = value.and_then(|name| facts.headers(name).next().map(<[u8]>::to_vec));
        [name.as_slice(), b":", &value.unwrap_or_default()].concat()
    });
    lines.collect::<Vec<_>>().join(&b';')
}

fn filled(lines: &[Line], context: &Context<'_, '_>) -> Vec<u8> {
    let fields = context.item.unwrap_or_else(|| context.facts.fields());
    let mut text = Vec::new();
    for line in lines {
        let value = fields.text(line.slot);
        if value.is_none() && line.is_optional {
            continue;
        }
        text.extend_from_slice(line.name.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(value.unwrap_or_default().as_bytes());
        text.push(b'\n');
    }
    text
}
