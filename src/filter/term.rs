//! One term, parsed: what it asks of a request, and what must be loaded to tell.

use hooktool_relay::capture::{Headers, Kind as Arrived, Outcome, UnixMillis};

use super::{
    field::Kind,
    json::{Asked, Path},
    pattern::Pattern,
    subject::{Attempt, Last, Needs, Subject, Verdict},
    value::{Spans, When},
};
use crate::format;

/// What a term asks.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// A text in all that is shown, then in headers and bodies.
    Anywhere(Pattern),
    /// A text in one field.
    Text(Kind, Pattern),
    /// One of these numbers, or a part of the id.
    Id(Vec<u64>, Option<Pattern>),
    /// What the app answered.
    Status(Spans, Vec<Waiting>),
    /// A number of one field.
    Number(Kind, Spans),
    /// A header line, of the request or of an answer.
    Header(Kind, Pattern, Option<Pattern>),
    /// A whole header line like this.
    HeaderLine(Kind, Pattern),
    /// A field of a JSON body.
    Json(Path, Asked),
    /// One of these states.
    Is(Vec<State>),
    /// One of these parts.
    Has(Vec<Part>),
    /// It came then or later.
    Since(When),
    /// It came before then.
    Before(When),
}

/// What stands where a status would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    Pending,
    Failed,
    Held,
}

/// A word of `is:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Failed,
    Pending,
    Held,
    Late,
    Waited,
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

    fn test(self, subject: &Subject<'_>) -> Verdict {
        let outcome = subject.last.map(|last| last.outcome);
        match self {
            Self::Ok => subject.last.is_some_and(is_ok).into(),
            Self::Failed => subject.last.is_some_and(has_failed).into(),
            Self::Pending => is_pending(subject).into(),
            Self::Held => (outcome == Some(Outcome::Held)).into(),
            Self::Late => subject.last.is_some_and(|last| last.is_late).into(),
            Self::Waited => (subject.kind == Arrived::Waited).into(),
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

/// A word of `has:`.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Body,
    Note,
    Error,
    Response,
    Json(Path),
}

impl Part {
    fn test(&self, subject: &Subject<'_>) -> Verdict {
        let is_error = |last: Last| last.outcome.is_try() && last.outcome != Outcome::Answered;
        match self {
            Self::Body => subject.size.is_some_and(|size| size > 0).into(),
            Self::Note => subject.note.is_some().into(),
            Self::Error => subject.last.is_some_and(is_error).into(),
            Self::Response => subject
                .last
                .is_some_and(|last| last.status.is_some())
                .into(),
            Self::Json(path) => json(subject, path, &Asked::Present),
        }
    }
}

impl Test {
    /// What must be loaded before the verdict is known.
    pub(super) fn needs(&self) -> Needs {
        let none = Needs::default();
        let headers = Needs {
            headers: true,
            ..none
        };
        let body = Needs { body: true, ..none };
        let attempts = Needs {
            attempts: true,
            ..none
        };
        match self {
            Self::Anywhere(_) => headers.and(body).and(attempts),
            Self::Text(Kind::Host, _)
            | Self::Header(Kind::Header, ..)
            | Self::HeaderLine(Kind::Header, _) => headers,
            Self::Text(Kind::Body, _) | Self::Json(..) => body,
            Self::Text(Kind::Resp | Kind::Target, _)
            | Self::Number(Kind::Sender, _)
            | Self::Header(..)
            | Self::HeaderLine(..) => attempts,
            Self::Is(states) => states.iter().fold(none, |needs, state| match state {
                State::Binary => needs.and(body),
                State::Replayed | State::Edited => needs.and(attempts),
                _ => needs,
            }),
            Self::Has(parts) if parts.iter().any(|part| matches!(part, Part::Json(_))) => body,
            _ => none,
        }
    }

    /// Whether the request is as asked.
    pub(super) fn test(&self, subject: &Subject<'_>, now: UnixMillis) -> Verdict {
        match self {
            Self::Anywhere(pattern) => anywhere(subject, pattern),
            Self::Text(kind, pattern) => text(subject, *kind, pattern),
            Self::Id(numbers, pattern) => {
                let is_number = subject
                    .number
                    .is_some_and(|number| numbers.contains(&number));
                let id = subject.id.to_string();
                (is_number
                    || pattern
                        .as_ref()
                        .is_some_and(|part| part.fits(id.as_bytes())))
                .into()
            }
            Self::Status(spans, waiting) => status(subject, spans, waiting).into(),
            Self::Number(kind, spans) => number(subject, *kind, spans),
            Self::Header(kind, name, value) => lines(subject, *kind, |line_name, line| {
                name.fits(line_name) && value.as_ref().is_none_or(|value| value.fits(line))
            }),
            Self::HeaderLine(kind, pattern) => lines(subject, *kind, |name, value| {
                pattern.fits(&[name, b": ", value].concat())
            }),
            Self::Json(path, asked) => json(subject, path, asked),
            Self::Is(states) => any(states.iter().map(|state| state.test(subject))),
            Self::Has(parts) => any(parts.iter().map(|part| part.test(subject))),
            Self::Since(when) => (subject.received_at >= when.seen(now)).into(),
            Self::Before(when) => (subject.received_at < when.seen(now)).into(),
        }
    }
}

/// Yes if one is; no if none is; else it depends.
pub(super) fn any(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut all = Verdict::No;
    for verdict in verdicts {
        match verdict {
            Verdict::Yes => return Verdict::Yes,
            Verdict::Unknown => all = Verdict::Unknown,
            Verdict::No => {}
        }
    }
    all
}

fn loaded<T>(part: Option<T>, test: impl FnOnce(T) -> bool) -> Verdict {
    part.map_or(Verdict::Unknown, |part| test(part).into())
}

fn anywhere(subject: &Subject<'_>, pattern: &Pattern) -> Verdict {
    let last = subject.last;
    let status = last.and_then(|last| last.status);
    let outcome = last.map_or("", |last| last.outcome.as_str());
    let number = subject.number.map(|number| format!("#{number}"));
    let shown = pattern.fits(subject.path)
        || pattern.fits(subject.method.as_bytes())
        || pattern.fits(subject.endpoint.as_bytes())
        || pattern.fits(outcome.as_bytes())
        || subject
            .said
            .is_some_and(|said| pattern.fits(said.provider.as_bytes()))
        || named(subject, pattern)
        || subject
            .note
            .is_some_and(|note| pattern.fits(note.as_bytes()))
        || status.is_some_and(|status| pattern.fits(status.to_string().as_bytes()))
        || number.is_some_and(|number| pattern.fits(number.as_bytes()))
        || pattern.fits(subject.peer.to_string().as_bytes())
        || pattern.fits(subject.id.to_string().as_bytes());
    if shown {
        return Verdict::Yes;
    }
    let in_line = |(name, value): (&[u8], &[u8])| pattern.fits(name) || pattern.fits(value);
    let in_answer = |attempt: &Attempt<'_>| {
        let answer = attempt.answer;
        answer.is_some_and(|(headers, body)| headers.iter().any(in_line) || pattern.fits(body))
    };
    any([
        loaded(subject.headers, |headers| headers.iter().any(in_line)),
        body(subject, pattern),
        match subject.last {
            None => Verdict::No,
            Some(_) => loaded(subject.attempts, |all| all.iter().any(in_answer)),
        },
    ]
    .into_iter())
}

/// Whether the event is called so, with its action or without.
fn named(subject: &Subject<'_>, pattern: &Pattern) -> bool {
    let said = subject.said.as_ref();
    said.is_some_and(|said| said.events().any(|name| pattern.fits(name.as_bytes())))
}

fn body(subject: &Subject<'_>, pattern: &Pattern) -> Verdict {
    let empty: &[u8] = &[];
    let none = subject.size.unwrap_or_default() == 0;
    loaded(subject.body.or(none.then_some(empty)), |body| {
        pattern.fits(body)
    })
}

fn text(subject: &Subject<'_>, kind: Kind, pattern: &Pattern) -> Verdict {
    match kind {
        Kind::Method => pattern.fits(subject.method.as_bytes()).into(),
        Kind::Path => pattern.fits(subject.bare_path()).into(),
        Kind::Query => pattern.fits(subject.query()).into(),
        Kind::From => pattern.fits(subject.peer.to_string().as_bytes()).into(),
        Kind::Endpoint => pattern.fits(subject.endpoint.as_bytes()).into(),
        Kind::Provider => {
            let said = subject.said.as_ref();
            said.is_some_and(|said| pattern.fits(said.provider.as_bytes()))
                .into()
        }
        Kind::Event => named(subject, pattern).into(),
        Kind::Sig => {
            let verdict = subject.said.map_or("none", |said| said.verdict);
            pattern.fits(verdict.as_bytes()).into()
        }
        Kind::Note => subject
            .note
            .is_some_and(|note| pattern.fits(note.as_bytes()))
            .into(),
        Kind::Host => loaded(subject.headers, |headers| {
            headers.all("host").any(|host| pattern.fits(host))
        }),
        Kind::Body => body(subject, pattern),
        Kind::Target => attempts(subject, |attempt| {
            !attempt.target.is_empty() && pattern.fits(attempt.target.as_bytes())
        }),
        Kind::Resp => attempts(subject, |attempt| {
            attempt.answer.is_some_and(|(_, body)| pattern.fits(body))
        }),
        _ => Verdict::No,
    }
}

fn number(subject: &Subject<'_>, kind: Kind, spans: &Spans) -> Verdict {
    match kind {
        Kind::Took => {
            let took = subject.last.and_then(|last| last.took);
            let micros = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
            micros.is_some_and(|micros| spans.fits(micros)).into()
        }
        Kind::Size => spans.fits(subject.size.unwrap_or_default()).into(),
        Kind::Tries => spans.fits(u64::from(subject.tries)).into(),
        Kind::Sender => attempts(subject, |attempt| {
            attempt
                .sent
                .is_some_and(|status| spans.fits(u64::from(status)))
        }),
        _ => Verdict::No,
    }
}

/// Whether one attempt is so; without an attempt there is nothing to load.
fn attempts(subject: &Subject<'_>, fits: impl Fn(&Attempt<'_>) -> bool) -> Verdict {
    match subject.last {
        None => Verdict::No,
        Some(_) => loaded(subject.attempts, |all| all.iter().any(fits)),
    }
}

/// Whether one replay is so. Only one that is not the latest try needs loading.
fn replays(subject: &Subject<'_>, fits: impl Fn(&Attempt<'_>) -> bool) -> Verdict {
    let is_last = subject.last.is_some_and(|last| last.is_replay);
    match subject.attempts {
        Some(all) => all.iter().any(|one| one.is_replay && fits(one)).into(),
        None if is_last => Verdict::Yes,
        None if subject.tries < 2 => Verdict::No,
        None => Verdict::Unknown,
    }
}

fn status(subject: &Subject<'_>, spans: &Spans, waiting: &[Waiting]) -> bool {
    let status = subject.last.and_then(|last| last.status);
    let is_error = |last: Last| last.outcome.is_try() && last.outcome != Outcome::Answered;
    status.is_some_and(|status| spans.fits(u64::from(status)))
        || waiting.iter().any(|waiting| match waiting {
            Waiting::Pending => is_pending(subject),
            Waiting::Failed => subject.last.is_some_and(is_error),
            Waiting::Held => subject
                .last
                .is_some_and(|last| last.outcome == Outcome::Held),
        })
}

/// Whether a forward is still to come: under way, or parked until the port opens.
fn is_pending(subject: &Subject<'_>) -> bool {
    subject
        .last
        .is_none_or(|last| last.outcome == Outcome::Parked)
}

fn is_ok(last: Last) -> bool {
    last.outcome == Outcome::Answered && last.status.is_some_and(|status| status < 400)
}

fn has_failed(last: Last) -> bool {
    last.outcome.is_try() && !is_ok(last)
}

fn lines(subject: &Subject<'_>, kind: Kind, fits: impl Fn(&[u8], &[u8]) -> bool) -> Verdict {
    let one = |headers: &Headers| headers.iter().any(|(name, value)| fits(name, value));
    if kind == Kind::Header {
        return loaded(subject.headers, one);
    }
    attempts(subject, |attempt| {
        attempt.answer.is_some_and(|(headers, _)| one(headers))
    })
}

fn json(subject: &Subject<'_>, path: &Path, asked: &Asked) -> Verdict {
    if subject.size.unwrap_or_default() == 0 {
        return Verdict::No;
    }
    loaded(subject.body, |body| asked.fits(path, body))
}
