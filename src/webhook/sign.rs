//! Signing again: a stored request, perhaps edited, as its sender would sign it now.
//!
//! In: a [`Request`], its sender, a secret, a moment, the URL that the app will be called by. Out: [`Signed`], with only the header
//! lines, the fields of the body and the parameter of the query changed that the signature needs; or a [`Refusal`]. Whether a
//! request whose own signature was bad may be signed at all is for the caller to ask. Must not know: where it is sent.
//!
//! ```text
//! the timestamp into its header or field ─▶ what is signed, of that ─▶ the signature into its header or field
//! ```

use std::ops::Range;

use bytes::Bytes;
use hooktool_relay::capture::Headers;

use super::{
    check::Trial,
    definition::Kind,
    doctor::Request,
    key::Secret,
    known::Known,
    pointer::Fields,
    provider::Provider,
    request::{Facts, Head},
    scheme::{Emit, Place, Scheme},
    splice,
    template::Context,
    url,
};

/// What a request is signed with.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The senders.
    pub known: &'a Known,
    /// The sender's id.
    pub provider: &'a str,
    /// The secret.
    pub secret: &'a Secret,
    /// The URL that the app will be called by; only some senders sign it.
    pub url: Option<&'a str>,
    /// When it is signed, in Unix milliseconds.
    pub now: i64,
}

/// A request, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// All its header lines.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Its path and query.
    pub path: Vec<u8>,
    /// What was written, in order.
    pub written: Vec<Written>,
}

/// A value that was written to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its place, as definitions say it: `header:stripe-signature`.
    pub place: String,
    /// What stood there; none: nothing.
    pub from: Option<Bytes>,
    /// What stands there now.
    pub to: Bytes,
}

/// Why a request cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no provider of this id.
    #[error("there is no provider `{0}`")]
    NoProvider(String),
    /// The sender signs no such request.
    #[error("{0} does not sign such a request")]
    Unsigned(String),
    /// The sender signs no time, so that nothing is ever too old.
    #[error("{0} signs no time: a request of it is never too old")]
    Timeless(String),
    /// Only the sender has the key.
    #[error("only {0} can sign: it signs by a private key, and what is set is the public one")]
    SendersKey(String),
    /// The secret is no key.
    #[error("the secret is no key: {0}")]
    NoKey(String),
    /// Something that is signed is not known.
    #[error("{0}")]
    Lacks(String),
    /// Something that is signed, or is written to, is not in the request.
    #[error("the request has no {0}")]
    Missing(String),
}

impl Signing<'_> {
    /// Signs a request.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn sign(&self, request: &Request<'_>) -> Result<Signed, Refusal> {
        let (provider, scheme) = self.scheme(request)?;
        if scheme.emit.is_none() {
            return Err(match scheme.kind {
                Kind::Jwt => Refusal::Unsigned(provider.name.clone()),
                _ => Refusal::SendersKey(provider.name.clone()),
            });
        }
        let mut signed = Signed {
            headers: request.head.headers.clone(),
            body: request.body.to_vec(),
            path: request.head.path.to_vec(),
            written: Vec::new(),
        };
        let mut others = request.head.headers.clone();
        let mut next = Some(scheme);
        while let Some(scheme) = next {
            signed = self.signed(scheme, request.head.method, signed)?;
            next = self.beside(provider, scheme, &request.head, &mut others, &signed);
        }
        Ok(signed)
    }

    /// A request signed by one scheme.
    fn signed(&self, scheme: &Scheme, method: &str, signed: Signed) -> Result<Signed, Refusal> {
        let time = scheme.timestamp.as_ref();
        let mut work = Work {
            signing: self,
            scheme,
            timestamp: time.map(|rule| rule.write(self.now)).unwrap_or_default(),
            method,
            signed,
        };
        // The timestamp may stand in what is signed, so it is written first.
        let emit = scheme.emit.iter().flatten();
        let (last, first): (Vec<&Emit>, Vec<&Emit>) = emit.partition(|emit| emit.text.has_sig());
        for emit in first {
            work.write(emit)?;
        }
        let url = work.url();
        for emit in last {
            work.write_signature(emit, url.as_deref())?;
        }
        Ok(work.signed)
    }

    /// Another scheme that the sender signed the same request by: GitHub's SHA-1 beside SHA-256. `others` are the header lines
    /// without the signatures that are made already.
    fn beside<'k>(
        &self,
        provider: &'k Provider,
        done: &Scheme,
        head: &Head<'_>,
        others: &mut Headers,
        signed: &Signed,
    ) -> Option<&'k Scheme> {
        let header = |scheme: &'k Scheme| scheme.signature.as_ref()?.header();
        let gone = done.signature.as_ref()?.header()?;
        others
            .0
            .retain(|(name, _)| !name.eq_ignore_ascii_case(gone.as_bytes()));
        let head = Head {
            headers: others,
            ..*head
        };
        let facts = self.facts(head, &signed.body);
        provider.schemes.iter().find(|scheme| {
            let is_mac = matches!(scheme.kind, Kind::Hmac | Kind::Digest);
            let is_there = header(scheme).is_some_and(|name| facts.headers(name).next().is_some());
            let is_ours = scheme.emit.is_some() && scheme.key.takes(self.secret.bytes());
            is_mac && is_there && is_ours && scheme.applies(&facts)
        })
    }

    /// How long ago a request would have to be signed to be refused as too old, in milliseconds: the sender's tolerance and a
    /// minute, or an hour where it names none.
    ///
    /// # Errors
    /// [`Refusal`]: the sender signs no time.
    pub fn past(&self, request: &Request<'_>) -> Result<i64, Refusal> {
        let (provider, scheme) = self.scheme(request)?;
        let rule = scheme.timestamp.as_ref();
        let rule = rule.ok_or_else(|| Refusal::Timeless(provider.name.clone()))?;
        let seconds = match rule.tolerance {
            Some(tolerance) => i64::from(tolerance).saturating_add(60),
            None => 3_600,
        };
        Ok(seconds.saturating_mul(1_000))
    }

    /// The sender, and the scheme by which it signs such a request.
    fn scheme(&self, request: &Request<'_>) -> Result<(&Provider, &Scheme), Refusal> {
        let provider = self
            .known
            .provider(self.provider)
            .ok_or_else(|| Refusal::NoProvider(self.provider.to_owned()))?;
        let facts = self.facts(request.head, request.body);
        let mut schemes = provider.schemes.iter();
        let scheme = schemes
            .find(|scheme| scheme.applies(&facts) && scheme.key.takes(self.secret.bytes()))
            .ok_or_else(|| Refusal::Unsigned(provider.name.clone()))?;
        Ok((provider, scheme))
    }

    fn facts<'a>(&'a self, head: Head<'a>, body: &'a [u8]) -> Facts<'a> {
        Facts::new(head, body, true, &self.known.pointers)
    }
}

/// A request on its way to be signed.
struct Work<'w> {
    signing: &'w Signing<'w>,
    scheme: &'w Scheme,
    timestamp: String,
    method: &'w str,
    signed: Signed,
}

impl Work<'_> {
    /// The URL with the body's hash in it, where the sender puts it there; the path follows it.
    fn url(&mut self) -> Option<String> {
        let url = self.signing.url?;
        let Some(digest) = &self.scheme.body_digest else {
            return Some(url.to_owned());
        };
        let text = digest
            .encoding
            .encode(&digest.hash.digest([self.signed.body.as_slice()]));
        if let Ok(path) = str::from_utf8(&self.signed.path) {
            let path = url::with_parameter(path, &digest.query, &text);
            if path.as_bytes() != self.signed.path {
                let from = std::mem::replace(&mut self.signed.path, path.into_bytes());
                let to = self.signed.path.clone();
                self.note(format!("query:{}", digest.query), Some(from.into()), to);
            }
        }
        Some(url::with_parameter(url, &digest.query, &text))
    }

    /// Writes what is no signature: the timestamp, or the token itself.
    fn write(&mut self, emit: &Emit) -> Result<(), Refusal> {
        let text = self.filled(emit, "", None)?;
        match &emit.to {
            Place::Header(name) => self.header(name, text),
            Place::Body(pointer) => {
                let places = self.places(pointer);
                let is_optional = self
                    .scheme
                    .timestamp
                    .as_ref()
                    .is_some_and(|rule| !rule.is_required);
                if places.is_empty() && !is_optional {
                    return Err(Refusal::Missing(format!("body:{pointer}")));
                }
                for (place, _) in places.into_iter().rev() {
                    self.splice(pointer, place, &text)?;
                }
            }
        }
        Ok(())
    }

    fn write_signature(&mut self, emit: &Emit, url: Option<&str>) -> Result<(), Refusal> {
        match &emit.to {
            Place::Header(name) => {
                let sig = self.signature(None, url)?;
                let text = self.filled(emit, &sig, url)?;
                self.header(name, text);
            }
            Place::Body(pointer) => {
                let places = self.places(pointer);
                if places.is_empty() {
                    return Err(Refusal::Missing(format!("body:{pointer}")));
                }
                // From the last: what is written changes the places behind it.
                for (place, item) in places.into_iter().rev() {
                    let sig = self.signature(item, url)?;
                    let text = self.filled(emit, &sig, url)?;
                    self.splice(pointer, place, &text)?;
                }
            }
        }
        Ok(())
    }

    /// Where a field stands in the body, or in each item of it, and where that item stands.
    fn places(&self, pointer: &str) -> Vec<(Range<usize>, Option<Range<usize>>)> {
        let body = &self.signed.body;
        let Some(each) = &self.scheme.each else {
            let places = splice::places(body, pointer).into_iter();
            return places.map(|place| (place, None)).collect();
        };
        let items = splice::places(body, &each.path).into_iter();
        items
            .filter_map(|item| {
                let inner = splice::places(body.get(item.clone())?, pointer);
                let inner = inner.into_iter().next()?;
                let at = item.start.saturating_add(inner.start);
                let end = item.start.saturating_add(inner.end);
                Some((at..end, Some(item)))
            })
            .collect()
    }

    fn splice(&mut self, pointer: &str, place: Range<usize>, text: &str) -> Result<(), Refusal> {
        let missing = || Refusal::Missing(format!("body:{pointer}"));
        let from = self.signed.body.get(place.clone()).ok_or_else(missing)?;
        let from = Bytes::copy_from_slice(from);
        self.signed.body = splice::written(&self.signed.body, place, text).ok_or_else(missing)?;
        self.note(format!("body:{pointer}"), Some(from), text.to_owned());
        Ok(())
    }

    /// A header line in the place of the first of its name; others of the name go.
    fn header(&mut self, name: &str, text: String) {
        let is_it = |line: &[u8]| line.eq_ignore_ascii_case(name.as_bytes());
        let lines = &mut self.signed.headers.0;
        let mut from = None;
        let to = text.clone();
        match lines.iter().position(|(found, _)| is_it(found)) {
            None => lines.push((name.to_owned().into(), text.into())),
            Some(at) => {
                let mut place = 0_usize;
                lines.retain(|(found, _)| {
                    place = place.saturating_add(1);
                    place <= at.saturating_add(1) || !is_it(found)
                });
                if let Some((_, value)) = lines.get_mut(at) {
                    from = Some(std::mem::replace(value, text.into()));
                }
            }
        }
        self.note(format!("header:{name}"), from, to);
    }

    fn note(&mut self, place: String, from: Option<Bytes>, to: impl Into<Bytes>) {
        let to = to.into();
        self.signed.written.push(Written { place, from, to });
    }

    /// The signature of the request as it is by now, or of an item of it.
    fn signature(&self, item: Option<Range<usize>>, url: Option<&str>) -> Result<String, Refusal> {
        self.with_facts(|facts| {
            let raw = item.and_then(|item| self.signed.body.get(item));
            let fields = self.scheme.each.as_ref().zip(raw);
            let fields = fields.map(|(each, raw)| each.pointers.read(raw, true));
            self.made(facts, fields.as_ref(), url)
        })
    }

    fn made(
        &self,
        facts: &Facts<'_>,
        item: Option<&Fields<'_>>,
        url: Option<&str>,
    ) -> Result<String, Refusal> {
        let secret = self.signing.secret;
        let missing = |name: &String| Refusal::Missing(name.clone());
        for (name, source) in &self.scheme.require {
            let found = source.first(facts, item);
            found
                .filter(|value| !value.is_empty())
                .ok_or_else(|| missing(name))?;
        }
        let context = Context {
            facts,
            item,
            body: &self.signed.body,
            url,
            timestamp: self.timestamp.as_bytes(),
            secret: secret.bytes(),
            sig: "",
            config: &secret.config,
        };
        let message = self.scheme.messages.first();
        let message = message.ok_or_else(|| Refusal::Missing("message".to_owned()))?;
        let pieces = message
            .pieces(&context)
            .map_err(|lack| Refusal::Lacks(lack.words()))?;
        let key = self.scheme.key.key(secret.bytes());
        let key = key.map_err(Refusal::NoKey)?;
        let trial = Trial::plain(facts, &self.signed.body, secret);
        let hash = self.scheme.hash_of(&trial, item);
        let hash = hash.map_err(|_| Refusal::Missing("hash that is known".to_owned()))?;
        let slices = pieces.iter().map(AsRef::as_ref);
        let made = match self.scheme.kind {
            Kind::Digest => hash.digest(slices),
            _ => hash.hmac(&key, slices),
        };
        let encoding = self.scheme.signature.as_ref().map(|rule| rule.encoding);
        Ok(encoding.map_or_else(String::new, |encoding| encoding.encode(&made)))
    }

    fn filled(&self, emit: &Emit, sig: &str, url: Option<&str>) -> Result<String, Refusal> {
        self.with_facts(|facts| {
            let context = Context {
                facts,
                item: None,
                body: &self.signed.body,
                url,
                timestamp: self.timestamp.as_bytes(),
                secret: self.signing.secret.bytes(),
                sig,
                config: &self.signing.secret.config,
            };
            let text = emit.text.bytes(&context);
            let text = text.map_err(|lack| Refusal::Lacks(lack.words()))?;
            String::from_utf8(text).map_err(|_| Refusal::NoKey("it is no text".to_owned()))
        })
    }

    fn with_facts<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let head = Head {
            method: self.method,
            path: &self.signed.path,
            headers: &self.signed.headers,
        };
        look(&self.signing.facts(head, &self.signed.body))
    }
}
