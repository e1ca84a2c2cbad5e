//! The signature doctor: a request, its sender and the secrets that are set → a verdict and its reason.
//!
//! In: a [`Request`], a moment, [`Known`] and secrets. Out: a [`Diagnosis`]. It never says a secret or an expected MAC, never
//! fetches anything, and its time is in proportion to the body and the number of secrets. Must not know: where secrets are kept.
//!
//! ```text
//! sender known? ─no─▶ none       signature there? ─no─▶ none, or bad with a secret set
//!      │ yes                         │ yes
//!      ▼                             ▼
//! secret set? ──no─▶ unknown     holds? ─no─▶ bad: the usual causes in turn
//!                                    │ yes
//!                                    └─▶ clock within tolerance? ─▶ ok · old     a token ─▶ token
//! ```

use std::collections::BTreeMap;

use super::{
    causes,
    check::{Check, Trial},
    definition::Kind,
    diagnosis::{Diagnosis, Verdict},
    key::Secret,
    known::Known,
    provider::Provider,
    request::{Facts, Head},
    scheme::Scheme,
    signature::{Clocked, Stamp},
};

/// A request, whole.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Everything before its body.
    pub head: Head<'a>,
    /// All of its body as received, transfer coding undone and nothing else.
    pub body: &'a [u8],
    /// The URL that the sender called, as far as it is known; any may be the one. Only some senders sign it.
    pub public: &'a [String],
    /// The URLs that the app was called by.
    pub local: &'a [String],
}

/// Judges signatures by a table of senders and all secrets that are set.
#[derive(Clone, Copy, Debug)]
pub struct Doctor<'a> {
    /// The senders.
    pub known: &'a Known,
    /// The secrets, of any provider, several of one.
    pub secrets: &'a [Secret],
}

impl Doctor<'_> {
    /// Judges a request at a moment in Unix milliseconds. With the id of a provider it is taken for the sender, else recognised;
    /// an id that is not known gives `none`.
    pub fn verdict(&self, request: &Request<'_>, provider: Option<&str>, now: i64) -> Diagnosis {
        let facts = Facts::new(request.head, request.body, true, &self.known.pointers);
        let provider = match provider {
            Some(id) => self.known.provider(id),
            None => self.known.recognise(&facts),
        };
        let Some(provider) = provider else {
            return Diagnosis::new(Verdict::None, "no known sender");
        };
        let case = Case {
            doctor: self,
            request,
            facts: &facts,
            provider,
            now,
        };
        let mut diagnosis = case.judge();
        diagnosis.seen = Some(provider.seen(&facts));
        diagnosis
    }

    /// The secrets of a provider, else of the one that it is built on.
    pub(super) fn own(&self, provider: &Provider) -> Vec<&Secret> {
        let of = |id: &str| -> Vec<_> {
            let secrets = self.secrets.iter();
            secrets.filter(|secret| secret.provider == id).collect()
        };
        match (of(&provider.id), &provider.extends) {
            (own, Some(base)) if own.is_empty() => of(base),
            (own, _) => own,
        }
    }
}

/// One request of one sender.
pub(super) struct Case<'c, 'f> {
    pub(super) doctor: &'c Doctor<'c>,
    pub(super) request: &'c Request<'c>,
    pub(super) facts: &'c Facts<'f>,
    pub(super) provider: &'c Provider,
    now: i64,
}

impl<'c, 'f> Case<'c, 'f> {
    fn judge(&self) -> Diagnosis {
        let secrets = self.doctor.own(self.provider);
        let mut worst = None;
        for secret in &secrets {
            let Some(scheme) = self.scheme(Some(secret.bytes())) else {
                continue;
            };
            match scheme.check(&self.trial(secret)) {
                Check::Holds => return self.holds(scheme, secret),
                // What could not be checked says less than what failed.
                check @ Check::Fails => worst = Some((scheme, *secret, check)),
                check => worst = worst.or(Some((scheme, *secret, check))),
            }
        }
        match worst {
            Some((scheme, secret, check)) => self.fails(scheme, secret, check),
            None => self.unset(),
        }
    }

    /// The scheme of the request, for a secret of this form if one is set.
    pub(super) fn scheme(&self, secret: Option<&[u8]>) -> Option<&'c Scheme> {
        let mut schemes = self.provider.schemes.iter();
        schemes.find(|scheme| {
            scheme.applies(self.facts) && secret.is_none_or(|secret| scheme.key.takes(secret))
        })
    }

    /// The request as it came, by a secret.
    pub(super) fn trial(&self, secret: &'c Secret) -> Trial<'c, 'f> {
        Trial {
            urls: self.request.public,
            ..Trial::plain(self.facts, self.request.body, secret)
        }
    }

    fn holds(&self, scheme: &Scheme, secret: &Secret) -> Diagnosis {
        if scheme.kind == Kind::Token {
            return Diagnosis {
                secret: Some(secret.label.clone()),
                ..Diagnosis::new(
                    Verdict::Token,
                    "the token is right; the body is not protected by it",
                )
            };
        }
        let mut diagnosis = self.clocked(scheme);
        diagnosis.secret = Some(secret.label.clone());
        if self.is_doubled(scheme) {
            let note = "a signature header came more than once: some SDKs refuse this";
            diagnosis.notes.push(note.to_owned());
        }
        diagnosis
    }

    /// A right signature, judged by the clock.
    fn clocked(&self, scheme: &Scheme) -> Diagnosis {
        let rule = scheme.timestamp.as_ref();
        let Some((rule, (_, moment))) = rule.zip(self.stamp(scheme)) else {
            return Diagnosis::new(Verdict::Ok, "the signature is right");
        };
        let moment = match moment {
            Ok(moment) => moment,
            Err(reason) => {
                return Diagnosis {
                    signature_ok: Some(true),
                    timestamp_ok: Some(false),
                    ..Diagnosis::new(
                        Verdict::Bad,
                        format!("the signature is right, but its timestamp {reason}"),
                    )
                    .caused("the timestamp is malformed")
                };
            }
        };
        let clocked = rule.clocked(moment, self.now);
        let tolerance = i64::from(rule.tolerance.unwrap_or_default());
        let mut diagnosis = match clocked {
            Clocked::Fresh => Diagnosis::new(Verdict::Ok, "the signature is right"),
            Clocked::Early(ahead) => {
                let mut diagnosis = Diagnosis::new(Verdict::Ok, "the signature is right");
                let note =
                    format!("its timestamp is {ahead} s in the future: some SDKs refuse this");
                diagnosis.notes.push(note);
                diagnosis
            }
            Clocked::Out(age) => {
                let (far, side) = match age {
                    0.. => (age, "old"),
                    _ => (age.saturating_neg(), "in the future"),
                };
                let over = far.saturating_sub(tolerance);
                let reason = format!(
                    "the signature is right, its timestamp {far} s {side}: {over} s out of the tolerance of {tolerance} s"
                );
                let cause = format!("the clock is off, or the request is: by {far} s");
                Diagnosis::new(Verdict::Old, reason).caused(cause)
            }
        };
        diagnosis.timestamp_ok = Some(!matches!(clocked, Clocked::Out(_)));
        diagnosis
    }

    fn stamp(&self, scheme: &Scheme) -> Option<Stamp> {
        let rule = scheme.timestamp.as_ref()?;
        rule.find(self.facts, scheme.signature.as_ref())
    }

    /// What the clock says, whatever the signature: none if there is no timestamp.
    fn timely(&self, scheme: &Scheme) -> Option<bool> {
        let rule = scheme.timestamp.as_ref()?;
        let (_, moment) = self.stamp(scheme)?;
        let is_in = |moment| !matches!(rule.clocked(moment, self.now), Clocked::Out(_));
        Some(moment.is_ok_and(is_in))
    }

    /// Whether it is a handshake by GET: no sender signs these.
    fn is_question(&self) -> bool {
        let mut handshakes = self.provider.handshakes.iter();
        self.request.head.method == "GET" && handshakes.any(|one| one.is_asked(self.facts))
    }

    fn is_doubled(&self, scheme: &Scheme) -> bool {
        let rule = scheme.signature.as_ref();
        rule.is_some_and(|rule| rule.is_doubled(self.facts))
    }

    fn fails(&self, scheme: &'c Scheme, secret: &'c Secret, check: Check) -> Diagnosis {
        let bad = |reason: String| Diagnosis {
            timestamp_ok: self.timely(scheme),
            ..Diagnosis::new(Verdict::Bad, reason)
        };
        let looks = scheme.key.mistaken(secret.bytes());
        let looks = looks.map(|what| format!("the secret looks like {what}, not a signing secret"));
        match check {
            Check::Holds => self.holds(scheme, secret),
            Check::Missing(_) if self.is_question() => {
                Diagnosis::new(Verdict::None, "it is a handshake, which is not signed")
            }
            Check::Missing(what) => bad(format!("a secret is set, but {what} is missing")),
            Check::Malformed(reason) => match causes::find(self, scheme) {
                Ok(cause) => bad("the signature does not match".to_owned()).caused(cause),
                Err(_) => bad(reason),
            },
            Check::Cannot(what) => Diagnosis {
                timestamp_ok: self.timely(scheme),
                ..Diagnosis::new(Verdict::Unknown, format!("it cannot be checked: {what}"))
            },
            Check::NoKey(reason) => match causes::find(self, scheme) {
                Ok(cause) => bad("the signature does not match".to_owned()).caused(cause),
                Err(_) => {
                    let reason = looks.unwrap_or_else(|| format!("the secret is no key: {reason}"));
                    Diagnosis {
                        timestamp_ok: self.timely(scheme),
                        ..Diagnosis::new(
                            Verdict::Unknown,
                            format!("it cannot be checked: {reason}"),
                        )
                    }
                }
            },
            Check::Fails => {
                let bad = bad("the signature does not match".to_owned());
                match causes::find(self, scheme) {
                    Ok(cause) => bad.caused(cause),
                    Err(tried) => Diagnosis {
                        cause: looks,
                        tried,
                        ..bad
                    },
                }
            }
        }
    }

    /// No secret of this sender is set.
    fn unset(&self) -> Diagnosis {
        let name = &self.provider.name;
        let Some(scheme) = self.scheme(None) else {
            return Diagnosis::new(
                Verdict::None,
                format!("{name} does not sign such a request"),
            );
        };
        let nobody = [];
        let nothing = BTreeMap::new();
        let trial = Trial {
            facts: self.facts,
            body: self.request.body,
            urls: &nobody,
            secret: b"",
            key: Some(b""),
            hash: None,
            encoding: None,
            config: &nothing,
        };
        let unknown = |reason: String| Diagnosis {
            timestamp_ok: self.timely(scheme),
            ..Diagnosis::new(Verdict::Unknown, reason)
        };
        let id = &self.provider.id;
        match scheme.check(&trial) {
            Check::Missing(what) => Diagnosis::new(
                Verdict::None,
                format!("it is not signed: {what} is missing"),
            ),
            Check::Cannot(what) if scheme.kind == Kind::Jwt => {
                unknown(format!("it cannot be checked: {what}"))
            }
            Check::Malformed(reason) if scheme.cert.is_some() => Diagnosis {
                timestamp_ok: self.timely(scheme),
                ..Diagnosis::new(Verdict::Bad, reason)
            },
            _ => unknown(match scheme.kind {
                Kind::RsaX509 => format!(
                    "the sender's certificate is not set: `hooktool secret add {id}` takes it as PEM"
                ),
                Kind::Ed25519 | Kind::EcdsaP256 => format!(
                    "the sender's public key is not set: `hooktool secret add {id}` takes it"
                ),
                _ => format!("no secret is set: `hooktool secret add {id}` takes it"),
            }),
        }
    }
}
