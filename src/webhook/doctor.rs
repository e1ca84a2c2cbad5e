//! The signature doctor: a request, its sender and the secrets that are set → a verdict and its reason.
//!
//! In: a [`Request`], a moment, [`Known`] and secrets. Out: a [`Diagnosis`]. It never says a secret or an expected MAC, never
//! fetches anything, and its time is in proportion to the body and the number of secrets. Must not know: where secrets are kept.
//!
//! ```text
//! sender known? ─no─▶ none       signature there? ─no─▶ none, or bad with a secret set
//!      │ yes                         │ yes
//!      ▼                             ▼
//! secret set? ──no─▶ unknown     the secret is a key? ─no─▶ unknown
//!                                    │ yes
//!                                    ▼
//!                                holds? ─no─▶ bad          a token ─▶ token
//!                                    │ yes
//!                                    └─▶ clock within tolerance? ─▶ ok · old
//! ```
//!
//! The verdict never depends on the cause: [`Doctor::verdict`] finds the one, [`Doctor::diagnose`] looks for the other too.

use super::{
    case::Case,
    check::Check,
    diagnosis::{Diagnosis, Verdict},
    key::Secret,
    known::Known,
    provider::Provider,
    request::{Facts, Head},
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
    /// an id that is not known gives `none`. The cause of a bad signature is not looked for.
    pub fn verdict(&self, request: &Request<'_>, provider: Option<&str>, now: i64) -> Diagnosis {
        self.judged(request, provider, now, |case| case.judge().0)
    }

    /// The same verdict, with the cause of a signature that does not hold, or what was tried to find it.
    pub fn diagnose(&self, request: &Request<'_>, provider: Option<&str>, now: i64) -> Diagnosis {
        self.judged(request, provider, now, |case| case.diagnose())
    }

    /// The secret of the sender by which a request's signature holds, whatever the clock says.
    pub fn matching(&self, request: &Request<'_>, provider: &str) -> Option<Secret> {
        self.with_case(request, Some(provider), 0, |case| match case.tried() {
            Some((_, secret, Check::Holds)) => Some(secret.clone()),
            _ => None,
        })?
    }

    /// The secrets of a provider, else of the one that it is built on.
    pub fn secrets_of(&self, provider: &str) -> Vec<&Secret> {
        let provider = self.known.provider(provider);
        provider
            .map(|provider| self.own(provider))
            .unwrap_or_default()
    }

    fn judged(
        &self,
        request: &Request<'_>,
        provider: Option<&str>,
        now: i64,
        judge: impl FnOnce(&Case<'_, '_>) -> Diagnosis,
    ) -> Diagnosis {
        let judged = self.with_case(request, provider, now, |case| Diagnosis {
            seen: Some(case.provider.seen(case.facts)),
            ..judge(case)
        });
        judged.unwrap_or_else(|| Diagnosis::new(Verdict::None, "no known sender"))
    }

    /// Looks at a request of a known sender; none: its sender is not known.
    pub(super) fn with_case<T>(
        &self,
        request: &Request<'_>,
        provider: Option<&str>,
        now: i64,
        look: impl FnOnce(&Case<'_, '_>) -> T,
    ) -> Option<T> {
        let facts = Facts::new(request.head, request.body, true, &self.known.pointers);
        let provider = match provider {
            Some(id) => self.known.provider(id),
            None => self.known.recognise(&facts),
        }?;
        Some(look(&Case {
            doctor: self,
            request,
            facts: &facts,
            provider,
            now,
        }))
    }

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
