//! The words of `is:`: what each asks of a request.
//!
//! In: a word, a request as far as it is loaded. Out: a verdict. Must not know: how a filter is written.

use hooktool_relay::capture::{Kind as Arrived, Outcome};

use super::{
    subject::{Repeats, Subject, Verdict},
    term::{has_failed, is_ok, is_pending, replays},
};
use crate::format;

/// A word of `is:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Failed,
    Pending,
    Held,
    Late,
    Waited,
    Dup,
    Retry,
    Challenge,
    Replayed,
    Edited,
    Bookmarked,
    Marked,
    Binary,
}

impl State {
    /// The state of a word.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "ok" => Self::Ok,
            "failed" => Self::Failed,
            "pending" => Self::Pending,
            "held" => Self::Held,
            "late" => Self::Late,
            "waited" => Self::Waited,
            "dup" => Self::Dup,
            "retry" => Self::Retry,
            "challenge" => Self::Challenge,
            "replayed" => Self::Replayed,
            "edited" => Self::Edited,
            "bookmarked" => Self::Bookmarked,
            "marked" => Self::Marked,
            "binary" => Self::Binary,
            _ => return None,
        })
    }

    /// Whether it is known when a request comes.
    pub(super) fn is_of_arrival(self) -> bool {
        matches!(self, Self::Waited | Self::Binary)
    }

    pub(super) fn test(self, subject: &Subject<'_>) -> Verdict {
        let outcome = subject.last.map(|last| last.outcome);
        match self {
            Self::Ok => subject.last.is_some_and(is_ok).into(),
            Self::Failed => subject.last.is_some_and(has_failed).into(),
            Self::Pending => is_pending(subject).into(),
            Self::Held => (outcome == Some(Outcome::Held)).into(),
            Self::Late => subject.last.is_some_and(|last| last.is_late).into(),
            Self::Waited => (subject.kind == Arrived::Waited).into(),
            Self::Dup => (subject.repeats == Some(Repeats::Taken)).into(),
            Self::Retry => (subject.repeats == Some(Repeats::Failed)).into(),
            Self::Challenge => subject.last.is_some_and(|last| last.is_challenge).into(),
            Self::Bookmarked => subject.is_bookmarked.into(),
            Self::Marked => subject.is_marked.into(),
            Self::Binary => match (subject.size, subject.body) {
                (None | Some(0), _) => Verdict::No,
                (_, Some(body)) => format::is_binary(body).into(),
                (_, None) => Verdict::Unknown,
            },
            Self::Replayed => replays(subject, |_| true),
            Self::Edited => match replays(subject, |attempt| attempt.is_edited) {
                Verdict::Yes if subject.attempts.is_none() => Verdict::Unknown,
                verdict => verdict,
            },
        }
    }
}
