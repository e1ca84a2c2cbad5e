//! A signature made wrong in one character, so that an app's own check can be tried.
//!
//! In: a [`Request`] and its sender. Out: the same request [`Signed`], with the first character of every signature in it another
//! one; nothing else is changed, and no secret is needed. Must not know: whether the signature was right before.

use bytes::Bytes;
use hooktool_relay::capture::Headers;

use super::{
    doctor::Request,
    known::Known,
    scheme::Scheme,
    sign::{Refusal, Signed, Written},
    signature::SignatureRule,
    source::{Source, begins},
    splice,
};

impl Known {
    /// Makes the signatures of a request wrong.
    ///
    /// # Errors
    /// [`Refusal`]: there is no such provider, or no signature in the request.
    pub fn spoiled(&self, provider: &str, request: &Request<'_>) -> Result<Signed, Refusal> {
        let provider = self
            .provider(provider)
            .ok_or_else(|| Refusal::NoProvider(provider.to_owned()))?;
        let mut signed = Signed {
            headers: request.head.headers.clone(),
            body: request.body.to_vec(),
            path: request.head.path.to_vec(),
            written: Vec::new(),
        };
        for scheme in &provider.schemes {
            if let Some(rule) = &scheme.signature {
                spoil(scheme, rule, &mut signed);
            }
        }
        match signed.written.is_empty() {
            true => Err(Refusal::Missing("signature that could be wrong".to_owned())),
            false => Ok(signed),
        }
    }
}

fn spoil(scheme: &Scheme, rule: &SignatureRule, signed: &mut Signed) {
    match &rule.from {
        Source::Header(name) => {
            lines(rule, signed, |line| {
                line.eq_ignore_ascii_case(name.as_bytes())
            });
        }
        Source::Headers(start) => lines(rule, signed, |line| begins(line, start.as_bytes())),
        Source::Body(_) => fields(scheme, rule, signed),
        Source::Query(_) | Source::Form(..) | Source::Field(_) | Source::Config(_) => {}
    }
}

/// Spoils the header lines of a name, those that are spoilt already left alone.
fn lines(rule: &SignatureRule, signed: &mut Signed, is_it: impl Fn(&[u8]) -> bool) {
    let Headers(lines) = &mut signed.headers;
    for (name, value) in lines {
        let place = format!("header:{}", name.to_ascii_lowercase().escape_ascii());
        let is_done = signed.written.iter().any(|one| one.place == place);
        if is_done || !is_it(name) {
            continue;
        }
        let mut wrong = value.to_vec();
        let start = value.as_ptr().addr();
        for text in rule.texts(value) {
            // What is found is a part of the value itself.
            let at = text.as_ptr().addr().saturating_sub(start);
            if let (Some(byte), false) = (wrong.get_mut(at), text.is_empty()) {
                *byte = other(*byte);
            }
        }
        let from = std::mem::replace(value, wrong.into());
        if from != *value {
            let (from, to) = (Some(from), value.clone());
            signed.written.push(Written { place, from, to });
        }
    }
}

/// Spoils a field of the body, or of each item in it.
fn fields(scheme: &Scheme, rule: &SignatureRule, signed: &mut Signed) {
    let Some(pointer) = rule.stands.strip_prefix("body:") else {
        return;
    };
    let items = scheme.each.as_ref().map_or("", |each| &each.path);
    for place in splice::places(&signed.body, &format!("{items}{pointer}")) {
        let Some(from) = signed.body.get(place.clone()).map(Bytes::copy_from_slice) else {
            continue;
        };
        // Behind the quote, if it is a string.
        let at = place
            .start
            .saturating_add(usize::from(from.starts_with(b"\"")));
        let has_one = at < place.end && !from.starts_with(b"\"\"");
        if let (Some(byte), true) = (signed.body.get_mut(at), has_one) {
            *byte = other(*byte);
            let to = signed.body.get(place).map(Bytes::copy_from_slice);
            signed.written.push(Written {
                place: rule.stands.clone(),
                from: Some(from),
                to: to.unwrap_or_default(),
            });
        }
    }
}

/// Another character, of every alphabet that signatures are written in.
fn other(byte: u8) -> u8 {
    if byte == b'0' { b'1' } else { b'0' }
}
