//! What the sender gets, by the endpoint's policy: a table, and nothing but a table.
//!
//! In: the policy, the method, and why there is no answer of the app. Out: the relay's answer. The app's own answer passes
//! under every policy that waits, and is not decided here.
//!
//! ```text
//!   committed ──▶ at_commit ──▶ answer (now, respond)
//!                   └──▶ wait ──▶ the app's answer
//!                          └──▶ NoListener | Deadline | Refused | TimedOut | Broken ──▶ by_policy ──▶ answer
//! ```

use http::{Method, StatusCode};

use crate::{
    capture::{AnswerPolicy, SentBy},
    registry::NoAnswer,
};

/// Why a committed request has no answer of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Situation {
    /// Nobody listens, or the link was lost while the sender waited.
    NoListener,
    /// No answer head by the deadline.
    Deadline,
    /// The target refused the connection.
    Refused,
    /// The listener gave up on the target.
    TimedOut,
    /// The target broke off or spoke no HTTP.
    Broken,
}

impl From<NoAnswer> for Situation {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::Refused => Self::Refused,
            NoAnswer::TimedOut => Self::TimedOut,
            NoAnswer::Broken => Self::Broken,
            NoAnswer::NoListener => Self::NoListener,
        }
    }
}

/// The relay's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// A status, with its reason.
    Own {
        /// Status.
        status: StatusCode,
        /// One line for people, without its line end.
        reason: &'static str,
        /// Whether asking again later may help.
        retry: bool,
        /// What the listener is told about whose answer it was.
        by: SentBy,
    },
    /// The answer that the person at the listener fixed.
    Fixed {
        /// Status.
        status: StatusCode,
        /// Body.
        body: &'a str,
    },
}

/// Whether a sender of this method wanted to read an answer, so that it waits longer and a 202 would be a lie.
pub(super) fn wants_answer(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The answer of a policy that waits for nothing, once the request is committed; none if the sender waits for the app's.
pub(super) fn at_commit(policy: &AnswerPolicy) -> Option<Verdict<'_>> {
    match policy {
        AnswerPolicy::Now => Some(own(StatusCode::ACCEPTED, "stored")),
        AnswerPolicy::Respond { status, body } => {
            // The listener's command line takes 200 to 599 only; whatever else a store holds, the request was stored.
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
            Some(Verdict::Fixed { status, body })
        }
        AnswerPolicy::App | AnswerPolicy::Strict => None,
    }
}

/// What the sender gets instead of the app's answer. Design's table: a row a policy, a column a situation.
pub(super) fn by_policy<'a>(
    policy: &'a AnswerPolicy,
    method: &Method,
    situation: Situation,
) -> Verdict<'a> {
    if let Some(verdict) = at_commit(policy) {
        return verdict;
    }
    let is_strict = *policy == AnswerPolicy::Strict;
    let must_answer = is_strict || wants_answer(method);
    match situation {
        Situation::NoListener if must_answer => Verdict::Own {
            status: StatusCode::SERVICE_UNAVAILABLE,
            reason: "stored; nobody listens, it will be delivered later",
            retry: is_strict,
            by: SentBy::Policy,
        },
        Situation::NoListener => own(
            StatusCode::ACCEPTED,
            "stored; nobody listens, it will be delivered later",
        ),
        Situation::Deadline | Situation::TimedOut if must_answer => Verdict::Own {
            status: StatusCode::GATEWAY_TIMEOUT,
            reason: "stored; the app did not answer in time",
            retry: false,
            by: SentBy::Deadline,
        },
        Situation::Deadline | Situation::TimedOut => Verdict::Own {
            status: StatusCode::ACCEPTED,
            reason: "stored; the app has not answered yet",
            retry: false,
            by: SentBy::Deadline,
        },
        Situation::Refused => own(
            StatusCode::BAD_GATEWAY,
            "stored; the app refused the connection",
        ),
        Situation::Broken => own(
            StatusCode::BAD_GATEWAY,
            "stored; the app broke off or sent no HTTP",
        ),
    }
}

fn own(status: StatusCode, reason: &'static str) -> Verdict<'static> {
    Verdict::Own {
        status,
        reason,
        retry: false,
        by: SentBy::Policy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Situation::{Broken, Deadline, NoListener, Refused, TimedOut};

    const ALL: [Situation; 5] = [NoListener, Deadline, Refused, TimedOut, Broken];

    /// Status of each situation in the order of `ALL`.
    fn row(policy: &AnswerPolicy, method: &Method) -> [u16; 5] {
        ALL.map(|situation| match by_policy(policy, method, situation) {
            Verdict::Own { status, .. } | Verdict::Fixed { status, .. } => status.as_u16(),
        })
    }

    #[test]
    fn every_policy_answers_as_the_design_says() {
        let respond = AnswerPolicy::Respond {
            status: 418,
            body: "short".into(),
        };
        for (policy, method, statuses) in [
            (&AnswerPolicy::App, Method::POST, [202, 202, 502, 202, 502]),
            (
                &AnswerPolicy::App,
                Method::DELETE,
                [202, 202, 502, 202, 502],
            ),
            (&AnswerPolicy::App, Method::GET, [503, 504, 502, 504, 502]),
            (&AnswerPolicy::App, Method::HEAD, [503, 504, 502, 504, 502]),
            (
                &AnswerPolicy::App,
                Method::OPTIONS,
                [503, 504, 502, 504, 502],
            ),
            (
                &AnswerPolicy::Strict,
                Method::POST,
                [503, 504, 502, 504, 502],
            ),
            (
                &AnswerPolicy::Strict,
                Method::GET,
                [503, 504, 502, 504, 502],
            ),
            (&AnswerPolicy::Now, Method::POST, [202; 5]),
            (&AnswerPolicy::Now, Method::GET, [202; 5]),
            (&respond, Method::POST, [418; 5]),
            (&respond, Method::GET, [418; 5]),
        ] {
            assert_eq!(row(policy, &method), statuses, "{policy:?} {method}");
        }
    }

    #[test]
    fn only_app_and_strict_wait() {
        let respond = AnswerPolicy::Respond {
            status: 200,
            body: String::new(),
        };
        for (policy, waits) in [
            (AnswerPolicy::App, true),
            (AnswerPolicy::Strict, true),
            (AnswerPolicy::Now, false),
            (respond, false),
        ] {
            assert_eq!(at_commit(&policy).is_none(), waits, "{policy:?}");
        }
    }

    #[test]
    fn only_strict_asks_for_another_try() {
        for (policy, asks) in [(AnswerPolicy::Strict, true), (AnswerPolicy::App, false)] {
            for situation in ALL {
                let verdict = by_policy(&policy, &Method::GET, situation);
                let retries = matches!(verdict, Verdict::Own { retry: true, .. });
                assert_eq!(
                    retries,
                    asks && situation == NoListener,
                    "{policy:?} {situation:?}"
                );
            }
        }
    }

    #[test]
    fn a_status_that_is_none_answers_200() {
        let policy = AnswerPolicy::Respond {
            status: 7,
            body: String::new(),
        };
        let verdict = by_policy(&policy, &Method::POST, Broken);
        let status = StatusCode::OK;
        assert_eq!(verdict, Verdict::Fixed { status, body: "" });
    }
}
