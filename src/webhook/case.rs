//! One request of one sender, judged: what each of its secrets gives, and the verdict and the words that follow from that.
//!
//! In: the doctor that was asked, a request and its sender, a moment. Out: a [`Diagnosis`], with its cause if that is wanted. Must
//! not know: how the sender was recognised.

use std::collections::BTreeMap;

use super::{
    causes,
    check::{Check, Trial},
    definition::Kind,
    diagnosis::{Diagnosis, Verdict},
    doctor::{Doctor, Request},
    key::Secret,
    provider::Provider,
    request::Facts,
    scheme::Scheme,
    signature::{Clocked, Stamp},
};

/// One request of one sender.
pub(super) struct Case<'c, 'f> {
    pub(super) doctor: &'c Doctor<'c>,
    pub(super) request: &'c Request<'c>,
    pub(super) facts: &'c Facts<'f>,
    pub(super) provider: &'c Provider,
    pub(super) now: i64,
}

/// The scheme and the secret that a verdict is by, and what they gave; none: no secret is set.
pub(super) type By<'c> = Option<(&'c Scheme, &'c Secret, Check)>;

impl<'c, 'f> Case<'c, 'f> {
    /// The verdict, and what a cause is looked for by.
    pub(super) fn judge(&self) -> (Diagnosis, By<'c>) {
        match self.tried() {
            Some((scheme, secret, Check::Holds)) => (self.holds(scheme, secret), None),
            Some((scheme, secret, check)) => {
                let diagnosis = self.fails(scheme, secret, &check);
                (diagnosis, Some((scheme, secret, check)))
            }
            None => (self.unset(), None),
        }
    }

    /// The verdict with its cause.
    pub(super) fn diagnose(&self) -> Diagnosis {
        let (diagnosis, by) = self.judge();
        match by {
            Some((scheme, secret, check)) => self.caused(diagnosis, scheme, secret, &check),
            None => diagnosis,
        }
    }

    /// Every secret of the sender: the first by which the signature holds, else the one that says most.
    pub(super) fn tried(&self) -> By<'c> {
        let secrets = self.doctor.own(self.provider);
        let mut worst = None;
        for secret in &secrets {
            let Some(scheme) = self.scheme(Some(secret.bytes())) else {
                continue;
            };
            match scheme.check(&self.trial(secret)) {
                Check::Holds => return Some((scheme, *secret, Check::Holds)),
                // What could not be checked says less than what failed.
                check @ Check::Fails => worst = Some((scheme, *secret, check)),
                check => worst = worst.or(Some((scheme, *secret, check))),
            }
        }
        worst
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
        diagnosis.notes.extend(self.rebuilt(scheme));
        diagnosis
    }

    /// What an app should know that builds the URL of what it gets, where the sender signed another one.
    fn rebuilt(&self, scheme: &Scheme) -> Option<String> {
        let Request { public, local, .. } = self.request;
        let local = local.iter().find(|url| !public.contains(url))?;
        scheme.signs_url().then(|| {
            format!("it is signed for the public URL, and the app was called by {local}: tell the app the public one, or sign for this")
        })
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

    pub(super) fn stamp(&self, scheme: &Scheme) -> Option<Stamp> {
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

    fn fails(&self, scheme: &Scheme, secret: &Secret, check: &Check) -> Diagnosis {
        let judged = |verdict, reason: String| Diagnosis {
            timestamp_ok: self.timely(scheme),
            ..Diagnosis::new(verdict, reason)
        };
        match check {
            Check::Holds => self.holds(scheme, secret),
            Check::Missing(_) if self.is_question() => {
                Diagnosis::new(Verdict::None, "it is a handshake, which is not signed")
            }
            Check::Missing(what) => judged(
                Verdict::Bad,
                format!("a secret is set, but {what} is missing"),
            ),
            Check::Malformed(reason) => judged(Verdict::Bad, reason.clone()),
            Check::Cannot(what) => {
                judged(Verdict::Unknown, format!("it cannot be checked: {what}"))
            }
            // White space round a secret makes another secret of it, by which nothing holds.
            Check::NoKey(_) if scheme.key.is_key_but_for_space(secret.bytes()) => {
                judged(Verdict::Bad, MISMATCH.to_owned())
            }
            Check::NoKey(reason) => {
                let reason = looks(scheme, secret)
                    .unwrap_or_else(|| format!("the secret is no key: {reason}"));
                judged(Verdict::Unknown, format!("it cannot be checked: {reason}"))
            }
            Check::Fails => judged(Verdict::Bad, MISMATCH.to_owned()),
        }
    }

    /// The verdict with the usual cause that fits, if a signature was there to be explained.
    fn caused(
        &self,
        mut diagnosis: Diagnosis,
        scheme: &Scheme,
        secret: &Secret,
        check: &Check,
    ) -> Diagnosis {
        if !matches!(check, Check::Malformed(_) | Check::NoKey(_) | Check::Fails) {
            return diagnosis;
        }
        match (causes::find(self, scheme), check) {
            (Ok(cause), _) => {
                if diagnosis.verdict == Verdict::Bad {
                    MISMATCH.clone_into(&mut diagnosis.reason);
                }
                diagnosis.caused(cause)
            }
            (Err(tried), Check::Fails) => Diagnosis {
                cause: looks(scheme, secret),
                tried,
                ..diagnosis
            },
            (Err(_), _) => diagnosis,
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

const MISMATCH: &str = "the signature does not match";

/// What a secret looks like, if that is no signing secret.
fn looks(scheme: &Scheme, secret: &Secret) -> Option<String> {
    let what = scheme.key.mistaken(secret.bytes())?;
    Some(format!(
        "the secret looks like {what}, not a signing secret"
    ))
}
