//! A request on its way to be signed: the places that are written, one by one.
//!
//! In: a scheme, what it is signed with, the request as it is by now. Out: the same with a header line, a field of the body or a
//! parameter of the query written. Must not know: which schemes there are.

use std::ops::Range;

use bytes::Bytes;

use super::{
    check::Trial,
    definition::Kind,
    pointer::Fields,
    request::{Facts, Head},
    scheme::{Emit, Place, Scheme},
    sign::{Refusal, Signed, Signing, Written},
    splice,
    template::Context,
    url,
};

/// A request on its way to be signed.
pub(super) struct Work<'w> {
    pub(super) signing: &'w Signing<'w>,
    pub(super) scheme: &'w Scheme,
    pub(super) timestamp: String,
    pub(super) method: &'w str,
    pub(super) signed: Signed,
}

impl Work<'_> {
    /// The URL with the body's hash in it, where the sender puts it there; the path follows it.
    pub(super) fn url(&mut self) -> Option<String> {
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
    pub(super) fn write(&mut self, emit: &Emit) -> Result<(), Refusal> {
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

    pub(super) fn write_signature(
        &mut self,
        emit: &Emit,
        url: Option<&str>,
    ) -> Result<(), Refusal> {
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
