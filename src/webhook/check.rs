//! One secret tried on one request by one scheme.
//!
//! In: a [`Scheme`] and a [`Trial`]: the request, perhaps with another body, URL, key or hash than it came with. Out: whether the
//! signature holds, or what kept it from being checked. Must not know: clocks, the usual causes.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    crypto::{Encoding, Hash, PublicKey, same},
    definition::Kind,
    key::Secret,
    pointer::Fields,
    request::{Facts, value},
    scheme::Scheme,
    signature::{SignatureRule, Signatures},
    source::Source,
    template::{Context, Lack},
};

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial<'c, 'f> {
    pub(super) facts: &'c Facts<'f>,
    pub(super) body: &'c [u8],
    /// The URL that the sender calls, as far as it is known; any may match.
    pub(super) urls: &'c [String],
    pub(super) secret: &'c [u8],
    /// Another key than the scheme makes of the secret.
    pub(super) key: Option<&'c [u8]>,
    /// Another hash than the scheme's.
    pub(super) hash: Option<Hash>,
    /// Another encoding of the signature than the scheme's.
    pub(super) encoding: Option<Encoding>,
    pub(super) config: &'c BTreeMap<String, String>,
}

impl<'c, 'f> Trial<'c, 'f> {
    /// The request as it came, no URL known.
    pub(super) fn plain(facts: &'c Facts<'f>, body: &'c [u8], secret: &'c Secret) -> Self {
        Self {
            facts,
            body,
            urls: &[],
            secret: secret.bytes(),
            key: None,
            hash: None,
            encoding: None,
            config: &secret.config,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The signature holds.
    Holds,
    /// It does not.
    Fails,
    /// There is no signature, or something else that must be there is not: what.
    Missing(String),
    /// There is something that is no signature: why.
    Malformed(String),
    /// The secret is no key: why.
    NoKey(String),
    /// Nobody can check it, or not without being told more: what.
    Cannot(String),
}

impl Scheme {
    /// Tries it.
    pub(super) fn check(&self, trial: &Trial<'_, '_>) -> Check {
        if self.kind == Kind::Jwt {
            return Check::Cannot("it is signed by a JSON web token (JWT)".to_owned());
        }
        if let Some(refused) = self.refuses(trial) {
            return refused;
        }
        let Some(each) = &self.each else {
            return self.check_one(trial, None);
        };
        let items: Vec<_> = trial.facts.fields().raw(each.items).collect();
        if items.is_empty() {
            return Check::Missing("the list of signed items".to_owned());
        }
        for raw in items {
            let fields = each.pointers.read(raw.as_bytes(), true);
            let check = self.check_one(trial, Some(&fields));
            if check != Check::Holds {
                return check;
            }
        }
        Check::Holds
    }

    /// What keeps a request from being checked at all.
    fn refuses(&self, trial: &Trial<'_, '_>) -> Option<Check> {
        let facts = trial.facts;
        let missing = |source: &Source| {
            source
                .first(facts, None)
                .is_none_or(|value| value.is_empty())
        };
        if let Some((name, _)) = self.require.iter().find(|(_, source)| missing(source)) {
            return Some(Check::Missing(name.clone()));
        }
        if let Some(cert) = &self.cert
            && !cert.allows(&cert.of(facts))
        {
            let reason = "its certificate is said to be on a host that is not the sender's";
            return Some(Check::Malformed(reason.to_owned()));
        }
        let digest = self.body_digest.as_ref()?;
        let stated = value(facts.query(), &digest.query)?;
        let is_same = digest
            .encoding
            .decode(stated)
            .is_some_and(|stated| same(&stated, &digest.hash.digest([trial.body])));
        (!is_same).then_some(Check::Fails)
    }

    fn check_one(&self, trial: &Trial<'_, '_>, item: Option<&Fields<'_>>) -> Check {
        let Some(rule) = &self.signature else {
            return Check::Cannot("the definition says nothing of a signature".to_owned());
        };
        let signatures = match self.found(rule, trial, item) {
            Signatures::Missing => return Check::Missing(rule.stands.clone()),
            Signatures::Malformed => {
                let name = rule.encoding.name();
                let reason = format!("{} has no signature in {name}", rule.stands);
                return Check::Malformed(reason);
            }
            Signatures::Some(found) => found,
        };
        let key = match (trial.key, self.key.key(trial.secret)) {
            (Some(key), _) => Cow::Borrowed(key),
            (None, Ok(key)) => Cow::Owned(key),
            (None, Err(reason)) => return Check::NoKey(reason),
        };
        if self.kind == Kind::Token {
            return Check::of(signatures.iter().all(|token| same(token, &key)));
        }
        let stamp = self.timestamp.as_ref();
        let stamp = stamp.map(|time| (time.is_required, time.find(trial.facts, Some(rule))));
        let timestamp = match stamp {
            Some((true, None)) => return Check::Missing("the timestamp".to_owned()),
            Some((_, Some((text, _)))) => text,
            _ => Vec::new(),
        };
        let hash = match self.hash_of(trial, item) {
            Ok(hash) => hash,
            Err(check) => return check,
        };
        self.compare(trial, item, &key, hash, &timestamp, &signatures)
    }

    fn found(
        &self,
        rule: &SignatureRule,
        trial: &Trial<'_, '_>,
        item: Option<&Fields<'_>>,
    ) -> Signatures {
        match trial.encoding {
            None => rule.find(trial.facts, item),
            Some(encoding) => rule.written_in(encoding).find(trial.facts, item),
        }
    }

    /// The hash of a request: the one it names, else the scheme's.
    pub(super) fn hash_of(
        &self,
        trial: &Trial<'_, '_>,
        item: Option<&Fields<'_>>,
    ) -> Result<Hash, Check> {
        let named = self.hash_from.as_ref().and_then(|(source, map)| {
            let value = source.first(trial.facts, item)?;
            let mut known = map.iter();
            known
                .find(|(pattern, _)| pattern.is_match(&value))
                .map(|(_, hash)| *hash)
        });
        trial
            .hash
            .or(named)
            .or(self.hash)
            .or((self.kind != Kind::Hmac && self.hash_from.is_none()).then_some(Hash::Sha256))
            .ok_or_else(|| Check::Malformed("it names a hash that is not known".to_owned()))
    }

    fn compare(
        &self,
        trial: &Trial<'_, '_>,
        item: Option<&Fields<'_>>,
        key: &[u8],
        hash: Hash,
        timestamp: &[u8],
        signatures: &[Vec<u8>],
    ) -> Check {
        let no_url = [None];
        let urls: Vec<Option<&str>> = match trial.urls {
            [] => no_url.to_vec(),
            urls => urls.iter().map(|url| Some(url.as_str())).collect(),
        };
        for message in &self.messages {
            for url in &urls {
                let context = Context {
                    facts: trial.facts,
                    item,
                    body: trial.body,
                    url: *url,
                    timestamp,
                    secret: trial.secret,
                    sig: "",
                    config: trial.config,
                };
                let pieces = match message.pieces(&context) {
                    Ok(pieces) => pieces,
                    Err(lack) => return Check::Cannot(lack.words()),
                };
                if self.any_holds(key, hash, &pieces, signatures) {
                    return Check::Holds;
                }
            }
        }
        Check::Fails
    }

    fn any_holds(
        &self,
        key: &[u8],
        hash: Hash,
        pieces: &[Cow<'_, [u8]>],
        signatures: &[Vec<u8>],
    ) -> bool {
        let slices = pieces.iter().map(AsRef::as_ref);
        let public = match self.kind {
            Kind::Hmac | Kind::Token | Kind::Jwt => {
                let mac = hash.hmac(key, slices);
                return signatures.iter().any(|signature| same(signature, &mac));
            }
            Kind::Digest => {
                let digest = hash.digest(slices);
                return signatures.iter().any(|signature| same(signature, &digest));
            }
            Kind::Ed25519 => PublicKey::Ed25519,
            Kind::EcdsaP256 => PublicKey::EcdsaP256,
            Kind::RsaX509 => PublicKey::Rsa(hash),
        };
        let message = pieces.concat();
        let mut signatures = signatures.iter();
        signatures.any(|signature| public.holds(key, &message, signature))
    }
}

impl Check {
    fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

impl Lack {
    /// What to say.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Url => "the sender signs its URL, which is not known here (--url)".to_owned(),
            Self::Config(name) => {
                format!("the sender signs a setting that is not known here (--config {name}=…)")
            }
        }
    }
}
