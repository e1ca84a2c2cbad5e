//! Everything that can be told of a request's signature: the verdict with its cause, by which scheme, what was compared.
//!
//! In: what the doctor takes. Out: [`Examined`]. Of an expected MAC eight hexadecimal digits are told, of a secret its last four
//! characters, and of a short one none. Must not know: how it is shown.

use data_encoding::HEXLOWER;

use super::{
    case::Case,
    check::Trial,
    definition::Kind,
    diagnosis::Diagnosis,
    doctor::{Doctor, Request},
    scheme::Scheme,
    signature::{Clocked, Signatures},
    template::Context,
    words,
};

/// Bytes of a MAC that are told.
const TOLD: usize = 4;

/// A verdict, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The verdict with its cause.
    pub diagnosis: Diagnosis,
    /// The scheme that the request is signed by; none: its sender is not known, or signs no such request.
    pub scheme: Option<Told>,
}

/// A scheme, and what a request has of it. Texts may be a stranger's: make them safe before they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name: `stripe-v1`.
    pub name: String,
    /// How it signs: `HMAC by SHA-256`.
    pub how: String,
    /// Where the signature stands: `header:stripe-signature`.
    pub stands: Option<String>,
    /// What is signed: `{timestamp}.{body}`.
    pub message: Option<String>,
    /// The timestamp as sent, and how old it was in seconds, if it can be read.
    pub timestamp: Option<(Vec<u8>, Option<i64>)>,
    /// For how many seconds a timestamp is good.
    pub tolerance: Option<u32>,
    /// Whether the sender signs its URL.
    pub signs_url: bool,
    /// The beginning of the MAC that was expected, in hexadecimal; of one secret, where several were tried.
    pub expected: Option<String>,
    /// The beginnings of those that came.
    pub received: Vec<String>,
    /// Every secret of the sender that was tried.
    pub secrets: Vec<Tried>,
}

/// A secret that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Its last characters; none of a short one, and none of a certificate.
    pub tail: Option<String>,
    /// What it is called.
    pub label: String,
}

/// How old a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// In seconds; less than 0 if it is of the future.
    pub seconds: i64,
    /// For how many seconds the sender's receivers take it; none: for ever.
    pub tolerance: Option<u32>,
    /// Whether that is over.
    pub is_over: bool,
}

impl Doctor<'_> {
    /// How old the signature of a request is, right or wrong; none if it has no time that can be read.
    pub fn age(&self, request: &Request<'_>, provider: Option<&str>, now: i64) -> Option<Age> {
        let age = |case: &Case<'_, '_>| {
            let scheme = case.used()?;
            let rule = scheme.timestamp.as_ref()?;
            let moment = case.stamp(scheme)?.1.ok()?;
            Some(Age {
                seconds: now.saturating_sub(moment).div_euclid(1_000),
                tolerance: rule.tolerance,
                is_over: matches!(rule.clocked(moment, now), Clocked::Out(_)),
            })
        };
        self.with_case(request, provider, now, age).flatten()
    }

    /// Judges a request, and tells how.
    pub fn examine(&self, request: &Request<'_>, provider: Option<&str>, now: i64) -> Examined {
        let diagnosis = self.diagnose(request, provider, now);
        let scheme = self.with_case(request, provider, now, |case| case.told());
        Examined {
            diagnosis,
            scheme: scheme.flatten(),
        }
    }

    /// What the scheme of a request is called; none: its sender is not known, or signs no such request.
    pub fn scheme(&self, request: &Request<'_>, provider: Option<&str>) -> Option<String> {
        let name = |case: &Case<'_, '_>| Some(case.used()?.name(&case.provider.id));
        self.with_case(request, provider, 0, name).flatten()
    }
}

impl<'c> Case<'c, '_> {
    /// The scheme of the request, for the first secret that is for one, else for any.
    fn used(&self) -> Option<&'c Scheme> {
        let own = self.doctor.own(self.provider);
        let mut own = own.iter();
        own.find_map(|secret| self.scheme(Some(secret.bytes())))
            .or_else(|| self.scheme(None))
    }

    fn told(&self) -> Option<Told> {
        let tried = self.tried();
        let scheme = match &tried {
            Some((scheme, ..)) => scheme,
            None => self.scheme(None)?,
        };
        let compared = tried.as_ref().and_then(|(scheme, secret, _)| {
            let trial = self.trial(secret);
            scheme.compared(&trial)
        });
        let (expected, received) = compared.unwrap_or_default();
        let stamp = self.stamp(scheme);
        let age = |moment: i64| self.now.saturating_sub(moment).div_euclid(1_000);
        let secrets = self.doctor.own(self.provider);
        Some(Told {
            name: scheme.name(&self.provider.id),
            how: words::how(scheme.kind, scheme.hash.map(super::crypto::Hash::name)),
            stands: scheme.signature.as_ref().map(|rule| rule.stands.clone()),
            message: scheme.message().map(str::to_owned),
            timestamp: stamp.map(|(text, moment)| (text, moment.ok().map(age))),
            tolerance: scheme.timestamp.as_ref().and_then(|rule| rule.tolerance),
            signs_url: scheme.signs_url(),
            expected,
            received,
            secrets: secrets
                .into_iter()
                .map(|secret| Tried {
                    tail: secret.tail().map(str::to_owned),
                    label: secret.label.clone(),
                })
                .collect(),
        })
    }
}

/// The beginning of the expected MAC, and of those that came.
type Compared = (Option<String>, Vec<String>);

impl Scheme {
    /// What the secret of a trial would give, beside what came. Only of MACs: of a token the beginning is a part of the secret.
    fn compared(&self, trial: &Trial<'_, '_>) -> Option<Compared> {
        if self.each.is_some() || !matches!(self.kind, Kind::Hmac | Kind::Digest) {
            return None;
        }
        let rule = self.signature.as_ref()?;
        let Signatures::Some(found) = rule.find(trial.facts, None) else {
            return None;
        };
        let received = found.iter().map(|one| beginning(one)).collect();
        Some((self.expected(trial).as_deref().map(beginning), received))
    }

    fn expected(&self, trial: &Trial<'_, '_>) -> Option<Vec<u8>> {
        let key = self.key.key(trial.secret).ok()?;
        let hash = self.hash_of(trial, None).ok()?;
        let time = self.timestamp.as_ref();
        let stamp = time.and_then(|time| time.find(trial.facts, self.signature.as_ref()));
        let timestamp = stamp.map(|(text, _)| text).unwrap_or_default();
        let context = Context {
            facts: trial.facts,
            item: None,
            body: trial.body,
            url: trial.urls.first().map(String::as_str),
            timestamp: &timestamp,
            secret: trial.secret,
            sig: "",
            config: trial.config,
        };
        let pieces = self.messages.first()?.pieces(&context).ok()?;
        let slices = pieces.iter().map(AsRef::as_ref);
        Some(match self.kind {
            Kind::Digest => hash.digest(slices),
            _ => hash.hmac(&key, slices),
        })
    }
}

/// `4be1 09c2`
fn beginning(mac: &[u8]) -> String {
    let digits = HEXLOWER.encode(mac.get(..TOLD).unwrap_or(mac));
    let (first, rest) = digits.split_at_checked(4).unwrap_or((&digits, ""));
    format!("{first} {rest}")
}
