//! What became of a request: the chosen try's answer, and the list of all tries.

use std::time::Duration;

use hooktool_relay::capture::{Edit, Outcome, Sent, SentBy};

use super::{Line, Role, body::Page, came, headers, line, role, status, text};
use crate::{
    event::SIGNED,
    exchange,
    history::{Attempt, Cause, KeptAnswer, Request},
    text::{Safe, Zone, carried, clock, duration, size},
    tui::state::Wish,
    webhook::{Does, Next, Provider},
};

/// A page of the app's answer: what it and the sender got, times, headers, body.
///
/// `body` lays the answer's body out.
pub(super) fn response(
    attempt: Option<&Attempt>,
    next: Option<&Next>,
    wish: &Wish,
    body: impl FnOnce(&Attempt, &KeptAnswer) -> Page,
) -> Page {
    let alone = |head| Page {
        head,
        ..Page::default()
    };
    let Some(attempt) = attempt else {
        return alone(vec![line(Role::Dim, Safe::own("not forwarded yet"))]);
    };
    let mut lines = vec![facts(attempt)];
    lines.extend(next.map(then));
    lines.push(times(attempt));
    if let Some(error) = &attempt.error {
        lines.push(line(Role::Bad, text(error.as_bytes())));
    }
    let Some(answer) = &attempt.answer else {
        return alone(lines);
    };
    lines.push(Line::new());
    lines.extend(headers::table(&answer.headers, wish.reveals));
    lines.push(Line::new());
    if let Some(end) = ending(answer) {
        lines.push(line(Role::Warn, end));
    }
    lines.extend(upgraded(answer).map(|carried| line(Role::Dim, carried)));
    Page {
        head: lines,
        ..body(attempt, answer)
    }
}

/// The app's answer and the sender's: two facts.
fn facts(attempt: &Attempt) -> Line {
    let mut facts = vec![outcome(attempt)];
    if let Some(sent) = &attempt.sent {
        facts.push((Role::Text, Safe::format(format_args!(" · {}", got(sent)))));
    }
    if attempt.late {
        facts.push((Role::Warn, Safe::own(" · late")));
    }
    facts
}

fn outcome(attempt: &Attempt) -> (Role, Safe<'static>) {
    let code = attempt.answer.as_ref().map(|answer| answer.status);
    let took = attempt.took.map(duration).unwrap_or_default();
    let said = match attempt.outcome {
        Outcome::Answered => Safe::format(format_args!(
            "app {} in {took}",
            status(attempt.outcome, code)
        )),
        Outcome::Refused => Safe::format(format_args!("refused after {took}")),
        Outcome::TimedOut => Safe::format(format_args!("timed out after {took}")),
        Outcome::Broken => Safe::format(format_args!("broken off after {took}")),
        Outcome::Held => Safe::own("held: forwarded when you say so"),
        Outcome::Parked => Safe::own("parked: forwarded when the target's port opens"),
        Outcome::Skipped if attempt.is_challenge() => {
            Safe::own("challenge, answered by hooktool and not forwarded")
        }
        Outcome::Skipped => Safe::own("not forwarded: captured only"),
    };
    (role(attempt.outcome, code), said)
}

fn got(sent: &Sent) -> Safe<'static> {
    let by = match sent.by {
        SentBy::App => "",
        SentBy::Deadline => " at the deadline",
        SentBy::Policy => " by policy",
        SentBy::Gone => return Safe::own("the sender had gone"),
    };
    let after = sent.ms.filter(|_| sent.by == SentBy::Deadline);
    let after = after.map_or_else(Safe::default, |ms| {
        Safe::format(format_args!(
            ", after {}",
            duration(Duration::from_millis(ms))
        ))
    });
    match sent.status {
        Some(status) => Safe::format(format_args!("sender got {status}{by}{after}")),
        None => Safe::own("the sender had gone"),
    }
}

fn times(attempt: &Attempt) -> Line {
    let target = text(attempt.target.as_bytes());
    let connect = attempt
        .connect
        .map(|took| Safe::format(format_args!(" · connect {}", duration(took))))
        .unwrap_or_default();
    line(Role::Dim, Safe::format(format_args!("{target}{connect}")))
}

/// What is missing of an answer's body.
fn ending(answer: &KeptAnswer) -> Option<Safe<'static>> {
    if answer.status == 101 {
        return None;
    }
    let kept = answer.body.len() as u64;
    if answer.len > kept {
        let (kept, len) = (size(kept), size(answer.len));
        return Some(Safe::format(format_args!("CUT {kept} of {len}")));
    }
    (!answer.ended).then(|| Safe::own("it had not ended when this was read"))
}

/// What the sender does after it.
fn then(next: &Next) -> Line {
    let role = match next.does {
        Does::Nothing => Role::Dim,
        Does::Retries | Does::GivesUp | Does::Unknown => Role::Warn,
    };
    line(role, text(next.words.as_bytes()))
}

/// A page of all that happened to the request, in order; `>` is the chosen try.
pub(super) fn list(
    request: &Request,
    attempts: &[Attempt],
    chosen: Option<&Attempt>,
    provider: Option<&Provider>,
) -> Vec<Line> {
    let number = request.summary.number;
    let at = clock(request.summary.received_at, Zone::Local);
    let came = Safe::format(format_args!(" {at}  IN   #{number} {}", came(request)));
    let mut lines = vec![line(Role::Text, came)];
    if let Some(again) = exchange::again(&request.summary, provider) {
        let again = format_args!(" {:10}{again}", "");
        lines.push(line(Role::Strong, Safe::format(again)));
    }
    if let Some(note) = &request.summary.note {
        let note = text(note.as_bytes());
        let note = format_args!(" {:10}NOTE {note}", "");
        lines.push(line(Role::Strong, Safe::format(note)));
    }
    for attempt in attempts {
        if attempt.cause == Cause::Replay {
            let at = clock(attempt.started_at, Zone::Local);
            let signed = signed(attempt);
            let you = format_args!(" {at}  YOU  replay of #{number}{signed}");
            lines.push(line(Role::Text, Safe::format(you)));
        }
        let is_chosen = chosen.is_some_and(|chosen| chosen.try_number == attempt.try_number);
        lines.push(row(attempt, is_chosen && attempt.outcome.is_try()));
        if let Some(error) = &attempt.error {
            let error = Safe::format(format_args!("{:16}{}", "", text(error.as_bytes())));
            lines.push(line(Role::Bad, error));
        }
        if let Some(carried) = attempt.answer.as_ref().and_then(upgraded) {
            let carried = Safe::format(format_args!("{:16}{carried}", ""));
            lines.push(line(Role::Dim, carried));
        }
        if let Some(next) = next(request, attempt, provider)
            && next.does != Does::Nothing
        {
            let words = text(next.words.as_bytes());
            let words = Safe::format(format_args!("{:16}{words}", ""));
            lines.push(line(Role::Warn, words));
        }
    }
    lines
}

/// What the sender does after an attempt, if that is known.
pub(super) fn next(
    request: &Request,
    attempt: &Attempt,
    provider: Option<&Provider>,
) -> Option<Next> {
    exchange::next(provider?, &request.summary, attempt)
}

/// What became of the signature, if it was made anew.
fn signed(attempt: &Attempt) -> Safe<'static> {
    let mark = attempt.changes.iter().find_map(|edit| match edit {
        Edit::Changed { what, to, .. } if what == SIGNED => Some(to),
        _ => None,
    });
    mark.map_or_else(Safe::default, |how| {
        Safe::format(format_args!(", signed {}", text(how)))
    })
}

/// What an upgrade carried.
fn upgraded(answer: &KeptAnswer) -> Option<Safe<'static>> {
    let over = answer.carried.map(|it| (it.lasted, it.up));
    (answer.status == 101).then(|| carried(over, answer.len))
}

fn row(attempt: &Attempt, is_chosen: bool) -> Line {
    let mark = if is_chosen { ">" } else { " " };
    let at = clock(attempt.started_at, Zone::Local);
    let Some(number) = attempt.try_number else {
        let (role, said) = outcome(attempt);
        return line(role, Safe::format(format_args!("{mark}{at}  --   {said}")));
    };
    let code = attempt.answer.as_ref().map(|answer| answer.status);
    let target = text(attempt.target.as_bytes());
    let took = attempt.took.map(duration).unwrap_or_default();
    let sender = attempt.sent.as_ref().map(got).unwrap_or_default();
    let late = if attempt.late { "  late" } else { "" };
    vec![
        (
            Role::Text,
            Safe::format(format_args!("{mark}{at}  ->   try {number}  {target}  ")),
        ),
        (role(attempt.outcome, code), status(attempt.outcome, code)),
        (
            Role::Text,
            Safe::format(format_args!("  {took}  {sender}{late}")),
        ),
    ]
}
