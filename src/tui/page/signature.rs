//! What the signature doctor says of a request: the verdict, by which scheme, what was compared, the likeliest cause and its cure.
//!
//! In: an [`Examined`] request. Out: lines. Of a MAC eight digits are shown, of a secret four characters at most.

use super::{Line, Role, line, text};
use crate::{
    history::Request,
    text::{Safe, age, count},
    webhook::{Examined, Told, Tried, Verdict},
};

/// Where values begin, in cells behind a name's beginning.
const NAMES: usize = 11;

/// Where a sentence is broken, in bytes: it fits a screen of 80 cells.
const WIDE: usize = 70;

/// Most secrets and signatures that are listed.
const LISTED: usize = 8;

/// A page of the verdict. `public`: the URLs that the sender may have called.
pub(in crate::tui) fn signature(
    request: &Request,
    examined: &Examined,
    public: &[String],
) -> Vec<Line> {
    let found = &examined.diagnosis;
    let (role, word) = verdict(found.verdict);
    let mut lines = wrapped(&found.reason, WIDE);
    if let Some(first) = lines.first_mut() {
        first.insert(0, (role, Safe::format(format_args!(" {word} "))));
    }
    if let Some(told) = &examined.scheme {
        lines.extend(scheme(told));
        if told.signs_url {
            lines.extend(public.iter().map(|url| fact("url", url.as_bytes())));
        }
        let len = count(request.capture.body.len());
        let body = Safe::format(format_args!(
            "{len} bytes as received, not decoded, not edited"
        ));
        lines.push(named("body", body));
    }
    lines.extend(found.secret.iter().map(|by| fact("by", by.as_bytes())));
    lines.push(Line::new());
    if let Some(cause) = &found.cause {
        let strong = |(_, text)| (Role::Strong, text);
        let cause = wrapped(&format!("Likely: {cause}"), WIDE).into_iter();
        lines.extend(cause.map(|line| line.into_iter().map(strong).collect()));
    }
    if !found.tried.is_empty() {
        lines.push(line(Role::Text, Safe::own(" No usual cause fits. Tried:")));
        let tried = found.tried.iter();
        lines.extend(tried.map(|what| line(Role::Dim, Safe::format(format_args!("   {what}")))));
    }
    let notes = found.notes.iter().map(|note| text(note.as_bytes()));
    lines.extend(notes.map(|note| line(Role::Warn, Safe::format(format_args!(" {note}")))));
    lines.extend(cure(examined).map(|cure| line(Role::Key, cure)));
    lines.extend(before(request, found.verdict));
    lines
}

fn verdict(verdict: Verdict) -> (Role, &'static str) {
    match verdict {
        Verdict::Ok => (Role::Strong, "OK"),
        Verdict::Bad => (Role::Bad, "BAD"),
        Verdict::Old => (Role::Warn, "OLD"),
        Verdict::Token => (Role::Warn, "TOKEN"),
        Verdict::Unknown => (Role::Warn, "?"),
        Verdict::None => (Role::Dim, "-"),
    }
}

fn scheme(told: &Told) -> Vec<Line> {
    let how = format!("{}: {}", told.name, told.how);
    let mut lines = vec![fact("scheme", how.as_bytes())];
    if let Some(stands) = &told.stands {
        let (kind, name) = stands.split_once(':').unwrap_or(("in", stands));
        lines.push(fact(kind, name.as_bytes()));
    }
    if let Some(message) = &told.message {
        let message = message.escape_debug().to_string();
        lines.push(fact("signed", message.as_bytes()));
    }
    if let Some((stamp, old)) = &told.timestamp {
        lines.push(time(stamp, *old, told.tolerance));
    }
    let secrets = told.secrets.iter().take(LISTED);
    lines.extend(secrets.map(|Tried { tail, label }| {
        let label = text(label.as_bytes());
        let tail = tail.as_ref().map(|tail| text(tail.as_bytes()));
        let tail = tail.map(|tail| Safe::format(format_args!("…{tail}, ")));
        let tail = tail.unwrap_or_default();
        named("secret", Safe::format(format_args!("{tail}{label}")))
    }));
    if told.secrets.len() > LISTED {
        let more = Safe::format(format_args!("and {} more", told.secrets.len() - LISTED));
        lines.push(named("", more));
    }
    if let Some(expected) = &told.expected {
        lines.push(mac("expected", expected));
    }
    let received = told.received.iter().take(LISTED);
    lines.extend(received.map(|one| mac("received", one)));
    lines
}

/// The timestamp as it was sent, and how old it was when it came.
fn time(stamp: &[u8], old: Option<i64>, tolerance: Option<u32>) -> Line {
    let stamp = text(stamp);
    let limit = match tolerance {
        Some(limit) => Safe::format(format_args!(", good for {}", age(u64::from(limit)))),
        None => Safe::own(", good for ever"),
    };
    named(
        "time",
        match old {
            Some(old @ 0..) => Safe::format(format_args!(
                "{stamp}  {} old when it came{limit}",
                age(old.unsigned_abs())
            )),
            Some(ahead) => Safe::format(format_args!(
                "{stamp}  {} in the future when it came{limit}",
                age(ahead.unsigned_abs())
            )),
            None => Safe::format(format_args!("{stamp}  which is no time")),
        },
    )
}

/// What a person can do about it.
fn cure(examined: &Examined) -> Option<Safe<'static>> {
    let found = &examined.diagnosis;
    let provider = &found.seen.as_ref()?.provider;
    let provider = text(provider.as_bytes());
    match found.verdict {
        Verdict::Bad | Verdict::Unknown => Some(Safe::format(format_args!(
            " :secret {provider}   adds a secret; it is judged again"
        ))),
        Verdict::Old => Some(Safe::own(
            " r   sends it again, signed with the present time",
        )),
        Verdict::Ok | Verdict::Token | Verdict::None => None,
    }
}

/// What it was worth when it came, where that is not the same.
fn before(request: &Request, now: Verdict) -> Option<Line> {
    let before = &request.summary.webhook.as_ref()?.verdict;
    (before != now.as_str()).then(|| {
        let before = text(before.as_bytes());
        let told = format_args!(" When it came: {before}. This is by today's secrets.");
        line(Role::Dim, Safe::format(told))
    })
}

/// The beginning of a MAC.
fn mac(name: &str, beginning: &str) -> Line {
    let beginning = text(beginning.as_bytes());
    named(name, Safe::format(format_args!("{beginning}…")))
}

/// A sentence, as many lines as it needs.
fn wrapped(sentence: &str, width: usize) -> Vec<Line> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(last) if last.len() + word.len() < width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let shown = lines.iter().map(|words| text(words.as_bytes()));
    let shown = shown.map(|words| line(Role::Text, Safe::format(format_args!(" {words}"))));
    shown.collect()
}

fn fact(name: &str, value: &[u8]) -> Line {
    named(name, text(value))
}

fn named(name: &str, value: Safe<'static>) -> Line {
    let name = text(name.as_bytes());
    let name = Safe::format(format_args!("   {:NAMES$} ", name.as_str()));
    vec![(Role::Dim, name), (Role::Text, value)]
}
