//! One way of signing, as a definition says it.
//!
//! In: a `verify` of the schema. Out: a [`Scheme`]: whom it is for, what is signed, how, and how to sign it again. What a request
//! is worth by it, `check` says. Must not know: clocks, more than one secret.

use regex::bytes::Regex;
use toml::Spanned;

use super::{
    block::{Block, expression},
    crypto::{Encoding, Hash},
    definition::{self, Kind, Text},
    elsewhere::Elsewhere,
    key::KeyRule,
    pointer::{Pointers, Slot},
    reading::Fault,
    request::Facts,
    signature::{SignatureRule, TimeRule},
    source::Source,
    template::Template,
    words,
};

/// One way of signing.
#[derive(Clone, Debug)]
pub(super) struct Scheme {
    name: Option<String>,
    pub(super) when: Vec<Block>,
    pub(super) kind: Kind,
    pub(super) hash: Option<Hash>,
    pub(super) hash_from: Option<(Source, Vec<(Regex, Hash)>)>,
    pub(super) key: KeyRule,
    pub(super) signature: Option<SignatureRule>,
    pub(super) timestamp: Option<TimeRule>,
    /// What must be there, as the definition says it.
    pub(super) require: Vec<(String, Source)>,
    /// What is signed; any may match.
    pub(super) messages: Vec<Template>,
    pub(super) each: Option<Each>,
    pub(super) body_digest: Option<BodyDigest>,
    /// Where its certificate is said to be.
    pub(super) cert: Option<Elsewhere>,
    /// What to write to sign again; none: we cannot.
    pub(super) emit: Option<Vec<Emit>>,
    message: Option<String>,
}

/// Items that are signed one by one.
#[derive(Clone, Debug)]
pub(super) struct Each {
    /// All items, in the pointers of the whole body.
    pub(super) items: Slot,
    /// The pointer to them.
    pub(super) path: String,
    /// The pointers into one of them.
    pub(super) pointers: Pointers,
}

/// A parameter of the query that must be the body's hash.
#[derive(Clone, Debug)]
pub(super) struct BodyDigest {
    pub(super) query: String,
    pub(super) hash: Hash,
    pub(super) encoding: Encoding,
}

/// A place to write to, and what.
#[derive(Clone, Debug)]
pub(super) struct Emit {
    pub(super) to: Place,
    pub(super) text: Template,
}

/// Where a signature or a timestamp is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A header line.
    Header(String),
    /// A field of the body, or of each item.
    Body(String),
}

impl Scheme {
    /// Compiles it.
    ///
    /// # Errors
    /// The first fault in it.
    pub(super) fn new(
        raw: &Spanned<definition::Verify>,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        let span = raw.span();
        let raw = raw.get_ref();
        let fault =
            |field, reason: &str| Err(Fault::within(span.clone(), field, reason.to_owned()));
        let Some(kind) = raw.kind else {
            return fault("verify", "it needs a kind, or `use`");
        };
        let when = raw.when.as_ref();
        let when = when.map(|block| Block::new(block, pointers)).transpose()?;
        let mut scheme = match &raw.each {
            None => Self::compiled(raw, kind, pointers)?,
            Some(each) => {
                // Below `each` every pointer starts at the item.
                let (items, path) = listed(each, pointers)?;
                let mut pointers = Pointers::default();
                let scheme = Self::compiled(raw, kind, &mut pointers)?;
                let each = Each {
                    items,
                    path,
                    pointers,
                };
                Self {
                    each: Some(each),
                    ..scheme
                }
            }
        };
        scheme.when.extend(when);
        match scheme.lacks() {
            Some((field, reason)) => fault(field, reason),
            None => Ok(scheme),
        }
    }

    fn compiled(
        raw: &definition::Verify,
        kind: Kind,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        let mut signature = None;
        if let Some(raw) = &raw.signature {
            signature = Some(SignatureRule::new(raw, kind, pointers)?);
        }
        let mut timestamp = None;
        if let Some(raw) = &raw.timestamp {
            timestamp = Some(TimeRule::new(raw, pointers)?);
        }
        let mut messages = Vec::new();
        for text in raw.message.iter().chain(&raw.message_alt) {
            messages.push(template(text, "message", pointers)?);
        }
        let mut hash_from = None;
        if let Some(raw) = &raw.hash_from {
            hash_from = Some(named_hash(raw, pointers)?);
        }
        Ok(Self {
            name: raw.name.clone(),
            when: Vec::new(),
            kind,
            hash: raw.hash,
            hash_from,
            key: KeyRule::new(&raw.key, kind)?,
            signature,
            timestamp,
            require: required(&raw.require, pointers)?,
            messages,
            each: None,
            body_digest: raw.body_digest.as_ref().map(|raw| BodyDigest {
                query: raw.query.clone(),
                hash: raw.hash,
                encoding: raw.encoding,
            }),
            cert: raw
                .cert
                .as_ref()
                .map(|raw| Elsewhere::new(raw, "cert", pointers))
                .transpose()?,
            emit: emitted(raw, pointers)?,
            message: raw.message.as_ref().map(|text| text.get_ref().clone()),
        })
    }

    /// What a scheme of this kind cannot do without.
    fn lacks(&self) -> Option<(&'static str, &'static str)> {
        let has_hash = self.hash.is_some() || self.hash_from.is_some();
        match self.kind {
            Kind::Jwt => None,
            _ if self.signature.is_none() => Some(("signature", "it is missing")),
            Kind::Token => None,
            _ if self.messages.is_empty() => Some(("message", "it is missing: what is signed?")),
            Kind::Hmac | Kind::Digest | Kind::RsaX509 if !has_hash => {
                Some(("hash", "it is missing: sha1, sha256 or sha512"))
            }
            _ => None,
        }
    }

    /// Whether it is the one that a request uses.
    pub(super) fn applies(&self, facts: &Facts<'_>) -> bool {
        self.when.iter().all(|block| block.holds(facts))
    }

    /// The same scheme, for those requests only for which a block holds too.
    pub(super) fn when_also(mut self, block: &Option<Block>) -> Self {
        self.when.extend(block.clone());
        self
    }

    /// Whether the sender's URL is part of what is signed.
    pub(super) fn signs_url(&self) -> bool {
        self.messages.iter().any(Template::has_url)
    }

    /// What the scheme of a provider is called: `stripe-v1`, `github-sha256`, `gitlab-token`. By the name that the definition gives
    /// it, else by the version in the signature header, else by how it signs.
    pub(super) fn name(&self, provider: &str) -> String {
        let version = self.signature.as_ref().and_then(SignatureRule::version);
        let how = match (&self.name, version, self.kind, self.hash) {
            (Some(name), ..) => name,
            (None, Some(version), ..) => version,
            (None, None, Kind::Hmac | Kind::Digest, Some(Hash::Sha1)) => "sha1",
            (None, None, Kind::Hmac | Kind::Digest, Some(Hash::Sha512)) => "sha512",
            (None, None, Kind::Hmac | Kind::Digest, _) => "sha256",
            (None, None, Kind::Token, _) => "token",
            (None, None, Kind::Ed25519, _) => "ed25519",
            (None, None, Kind::EcdsaP256, _) => "ecdsa-p256",
            (None, None, Kind::RsaX509, _) => "rsa-x509",
            (None, None, Kind::Jwt, _) => "jwt",
        };
        format!("{provider}-{how}")
    }

    /// What is signed, as the definition says it.
    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The scheme in words.
    pub(super) fn words(&self) -> String {
        let signature = self.signature.as_ref();
        words::scheme(&words::Told {
            kind: self.kind,
            hash: self.hash.map(Hash::name),
            encoding: signature.map(|rule| rule.encoding.name()),
            stands: signature.map(|rule| rule.stands.as_str()),
            message: self.message.as_deref(),
            tolerance: self.timestamp.as_ref().and_then(|rule| rule.tolerance),
            future: self.timestamp.as_ref().is_some_and(|rule| rule.future),
        })
    }
}

fn listed(raw: &definition::Each, pointers: &mut Pointers) -> Result<(Slot, String), Fault> {
    let path = format!("{}/*{}", raw.list.get_ref(), raw.item.get_ref());
    let slot = pointers.add(&path);
    let slot = slot.map_err(|reason| Fault::at(&raw.list, "each", reason))?;
    Ok((slot, path))
}

fn named_hash(
    raw: &definition::HashFrom,
    pointers: &mut Pointers,
) -> Result<(Source, Vec<(Regex, Hash)>), Fault> {
    let source = Source::parse(raw.source.get_ref(), pointers)
        .map_err(|reason| Fault::at(&raw.source, "hash_from", reason))?;
    let mut map = Vec::new();
    for (pattern, hash) in &raw.map {
        map.push((expression(pattern)?, *hash));
    }
    Ok((source, map))
}

fn required(raw: &[Text], pointers: &mut Pointers) -> Result<Vec<(String, Source)>, Fault> {
    let mut found = Vec::new();
    for text in raw {
        let source = Source::parse(text.get_ref(), pointers)
            .map_err(|reason| Fault::at(text, "require", reason))?;
        found.push((text.get_ref().clone(), source));
    }
    Ok(found)
}

fn template(text: &Text, field: &'static str, pointers: &mut Pointers) -> Result<Template, Fault> {
    Template::parse(text.get_ref(), pointers).map_err(|reason| Fault::at(text, field, reason))
}

fn emitted(raw: &definition::Verify, pointers: &mut Pointers) -> Result<Option<Vec<Emit>>, Fault> {
    let Some(table) = &raw.emit else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for (to, text) in table {
        let name = to.get_ref();
        let place = match name.strip_prefix("body:") {
            Some(pointer) => Place::Body(pointer.to_owned()),
            None if http::HeaderName::from_bytes(name.as_bytes()).is_ok() => {
                Place::Header(name.to_ascii_lowercase())
            }
            None => {
                return Err(Fault::at(
                    to,
                    "emit",
                    "that is no header, nor body:/POINTER",
                ));
            }
        };
        found.push(Emit {
            to: place,
            text: template(text, "emit", pointers)?,
        });
    }
    Ok(Some(found))
}
