//! Signing again: a stored request, perhaps edited, as its sender would sign it now.
//!
//! In: a [`Request`], its sender, a secret, a moment, the URL that the app will be called by. Out: [`Signed`], with only the header
//! lines, the fields of the body and the parameter of the query changed that the signature needs; or a [`Refusal`]. Whether a
//! request whose own signature was bad may be signed at all is for the caller to ask. Must not know: where it is sent.
//!
//! ```text
//! the timestamp into its header or field ─▶ what is signed, of that ─▶ the signature into its header or field
//! ```

use bytes::Bytes;
use hooktool_relay::capture::Headers;

use super::{
    definition::Kind,
    doctor::Request,
    key::Secret,
    known::Known,
    provider::Provider,
    request::{Facts, Head},
    scheme::{Emit, Scheme},
    work::Work,
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

    pub(super) fn facts<'a>(&'a self, head: Head<'a>, body: &'a [u8]) -> Facts<'a> {
        Facts::new(head, body, true, &self.known.pointers)
    }
}
