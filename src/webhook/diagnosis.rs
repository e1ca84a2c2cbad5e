//! Verdicts: what a request's signature is worth, and all there is to say of it.
//!
//! Plain values. Must not know: how they are found.

use std::fmt;

use super::known::Seen;

/// What a request's signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds, and its timestamp is within the tolerance.
    Ok,
    /// It does not hold; or with a secret set it is missing or malformed.
    Bad,
    /// It holds, and its timestamp is out of tolerance.
    Old,
    /// The shared token is right; the body is not protected by it.
    Token,
    /// Nobody can say: no secret is set, or it cannot be checked.
    Unknown,
    /// There is no signature, or the sender is not known.
    None,
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Bad => "bad",
            Self::Old => "old",
            Self::Token => "token",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict and all there is to say of it. Texts of ours may have a stranger's in them: make them safe before they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What the request says of itself; none: no known sender.
    pub seen: Option<Seen>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as a fragment.
    pub reason: String,
    /// Whether the signature holds, the clock left out; none: nobody can say.
    pub signature_ok: Option<bool>,
    /// Whether the timestamp is within the tolerance; none: the sender signs none.
    pub timestamp_ok: Option<bool>,
    /// For `bad` and `old`, the usual cause that fits.
    pub cause: Option<String>,
    /// For `bad` without a cause, which were tried.
    pub tried: Vec<&'static str>,
    /// What else to know: another reader may judge differently.
    pub notes: Vec<String>,
    /// The label of the secret that matched.
    pub secret: Option<String>,
}

impl Diagnosis {
    /// A verdict, and nothing more to say.
    pub(super) fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        let signature_ok = match verdict {
            Verdict::Ok | Verdict::Old | Verdict::Token => Some(true),
            Verdict::Bad => Some(false),
            Verdict::Unknown | Verdict::None => None,
        };
        Self {
            seen: None,
            verdict,
            reason: reason.into(),
            signature_ok,
            timestamp_ok: None,
            cause: None,
            tried: Vec::new(),
            notes: Vec::new(),
            secret: None,
        }
    }

    /// With its cause.
    pub(super) fn caused(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
