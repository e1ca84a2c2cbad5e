//! Reads and works out what deeds need beside clips: where requests went, what differs, a text to edit and what it changes.

use std::path::Path;

use bytes::Bytes;
use hooktool_relay::capture::UnixMillis;

use crate::{
    diff::Side,
    exchange::{Evidence, Picked, edits, text, whole},
    history::{HistoryError, Number, Reader},
    target::Target,
    text::{Mode, Safe, count, nearest, safe},
    tui::{
        compare,
        deed::{Draft, Past, Sealed},
        fetch::{Brought, Edited, Fetch, Pick},
        page,
    },
    webhook::{Keyring, Verdict},
};

/// Does it; blocks.
pub(super) fn run(
    reader: &Reader,
    keys: &dyn Keyring,
    fetch: &Fetch,
) -> Result<Brought, HistoryError> {
    match fetch {
        Fetch::Clip(wish) => super::clip::clip(reader, wish),
        Fetch::File(path) => Ok(Brought::File {
            path: path.clone(),
            is_there: is_there(path),
        }),
        Fetch::Past(numbers) => Ok(Brought::Past {
            numbers: numbers.clone(),
            past: Past {
                headers: match numbers[..] {
                    [number] => headers(reader, number)?,
                    _ => Vec::new(),
                },
                sealed: match numbers[..] {
                    [number] => sealed(reader, keys, number)?,
                    _ => None,
                },
                ..past(reader, numbers)?
            },
        }),
        Fetch::Diff(from, to) => compared(reader, *from, *to),
        Fetch::Text { number, part } => {
            let Some(request) = reader.request(*number)? else {
                return Ok(gone(*number));
            };
            Ok(match text(reader, &request, *part)? {
                Ok(text) => Brought::Text {
                    number: *number,
                    part: *part,
                    text,
                },
                Err(why) => nothing(format_args!("#{number} is not edited: {why}")),
            })
        }
        Fetch::Edited(edited) => changed(reader, edited),
        Fetch::Sender(provider) => Ok(sender(keys, provider)),
        Fetch::Keep { provider, secret } => Ok(Brought::Kept(keys.keep(provider, &secret.0))),
    }
}

/// A provider by its id.
fn sender(keys: &dyn Keyring, provider: &str) -> Brought {
    let keys = keys.keys();
    if let Some(known) = keys.known.provider(provider) {
        return Brought::Sender {
            provider: known.id.clone(),
            name: safe(known.name.as_bytes(), Mode::Cell).into_owned(),
        };
    }
    let ids = keys.known.providers().map(|known| known.id.as_str());
    let nearest = nearest(provider, ids).unwrap_or("stripe");
    let provider = safe(provider.as_bytes(), Mode::Cell);
    let nearest = safe(nearest.as_bytes(), Mode::Cell);
    nothing(format_args!(
        "there is no provider {provider}; the nearest is {nearest}"
    ))
}

/// How a request is signed; none if it is not, or by nobody who is known.
fn sealed(
    reader: &Reader,
    keys: &dyn Keyring,
    number: Number,
) -> Result<Option<Sealed>, HistoryError> {
    let Some(request) = reader.request(number)? else {
        return Ok(None);
    };
    let evidence = Evidence::new(reader, &request)?;
    let (keys, judged) = (keys.keys(), evidence.request());
    let doctor = keys.doctor();
    let found = doctor.verdict(&judged, None, evidence.at.0);
    let Some(scheme) = doctor
        .scheme(&judged, None)
        .filter(|_| found.verdict != Verdict::None)
    else {
        return Ok(None);
    };
    let provider = found.seen.map(|seen| seen.provider);
    Ok(Some(Sealed {
        scheme: safe(scheme.as_bytes(), Mode::Cell).into_owned(),
        is_bad: found.verdict == Verdict::Bad,
        has_secret: provider.is_some_and(|id| !doctor.secrets_of(&id).is_empty()),
        age: doctor.age(&judged, None, UnixMillis::now().0),
    }))
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn gone(number: Number) -> Brought {
    nothing(format_args!("#{number} is gone"))
}

fn nothing(text: std::fmt::Arguments<'_>) -> Brought {
    Brought::Nothing(Safe::format(text))
}

/// Where the last tries went, an origin each.
fn past(reader: &Reader, numbers: &[Number]) -> Result<Past, HistoryError> {
    let mut past = Past::default();
    for &number in numbers {
        let attempts = reader.attempts(number)?;
        let Some(last) = attempts.iter().rev().find(|one| one.outcome.is_try()) else {
            past.never += 1;
            continue;
        };
        let origin = origin(&last.target);
        past.is_far |= !origin.as_ref().is_some_and(Target::is_loopback);
        let place = match origin {
            Some(target) => Safe::format(format_args!("{}", target.origin())),
            None => safe(last.target.as_bytes(), Mode::Cell).into_owned(),
        };
        match past.places.iter_mut().find(|(other, _)| *other == place) {
            Some((_, many)) => *many += 1,
            None => past.places.push((place, 1)),
        }
    }
    past.places
        .sort_by_key(|(_, many)| std::cmp::Reverse(*many));
    Ok(past)
}

/// A request's header lines as a person would type them, each name once; the value of what may be a secret is left to them.
fn headers(reader: &Reader, number: Number) -> Result<Vec<String>, HistoryError> {
    let Some(request) = reader.request(number)? else {
        return Ok(Vec::new());
    };
    let mut lines: Vec<String> = Vec::new();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for (name, value) in request.capture.headers.iter() {
        let lower = name.to_ascii_lowercase();
        if seen.contains(&lower) {
            continue;
        }
        let is_typed = |c: char| !c.is_control();
        let value = str::from_utf8(value).ok();
        let value = value.filter(|value| !page::is_secret(name) && value.chars().all(is_typed));
        if let Ok(name) = str::from_utf8(name) {
            lines.push(format!("{name}: {}", value.unwrap_or_default()));
        }
        seen.push(lower);
    }
    Ok(lines)
}

/// Scheme, host and port of a URL as recorded.
fn origin(url: &str) -> Option<Target> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    format!("{scheme}://{}", rest.get(..end)?).parse().ok()
}

fn picked(reader: &Reader, pick: Pick) -> Result<Option<Picked>, HistoryError> {
    let Some(request) = reader.request(pick.number)? else {
        return Ok(None);
    };
    let Some(chosen) = pick.chosen else {
        return Ok(Some(Picked::new(request, None)));
    };
    let attempts = reader.attempts(pick.number)?;
    let mut tries = attempts.into_iter().filter(|one| one.outcome.is_try());
    Ok(tries
        .nth(chosen)
        .map(|attempt| Picked::new(request, Some(attempt))))
}

fn compared(reader: &Reader, from: Pick, to: Pick) -> Result<Brought, HistoryError> {
    let (Some(before), Some(after)) = (picked(reader, from)?, picked(reader, to)?) else {
        return Ok(gone(from.number));
    };
    let bodies = (before.body(reader)?, after.body(reader)?);
    let names = [before.name(), after.name(), kind(&before, &after)];
    let names = names.each_ref().map(String::as_str);
    let sides = [&before.side(&bodies.0), &after.side(&bodies.1)];
    Ok(Brought::Compared(Box::new(compare::compose(
        sides, names, None,
    ))))
}

/// The event of both, if it is the same one.
fn kind(before: &Picked, after: &Picked) -> String {
    let event = |picked: &Picked| {
        let webhook = picked.request.summary.webhook.as_deref()?;
        Some(format!("{} · {}", webhook.provider, webhook.title()?))
    };
    let both = event(before).filter(|one| Some(one) == event(after).as_ref());
    both.unwrap_or_default()
}

/// What an edit changes, beside its original.
fn changed(reader: &Reader, edited: &Edited) -> Result<Brought, HistoryError> {
    let number = edited.number;
    let Some(request) = reader.request(number)? else {
        return Ok(gone(number));
    };
    let wished = match edits(&request.capture, &edited.text, edited.part) {
        Ok(edits) => edits,
        Err(why) => {
            let why = safe(why.as_bytes(), Mode::Cell);
            let text =
                format_args!("the edit of #{number} cannot be sent: {why} (e opens it again)");
            return Ok(nothing(text));
        }
    };
    let original = whole(reader, &request)?.unwrap_or_default();
    let (copy, list) = wished.apply(&request.capture);
    let body = wished.body.clone().unwrap_or(original.clone());
    let before = Picked::new(request.clone(), None);
    let path: Bytes = match copy.path.as_ref() {
        b"" => Bytes::from_static(b"/"),
        _ => copy.path.clone(),
    };
    let after = Side {
        head: vec![
            ("method".into(), copy.method.as_str().as_bytes().into()),
            ("path".into(), path.as_ref().into()),
        ],
        headers: &copy.headers,
        body: &body,
    };
    let changes = count(list.len() as u64);
    let words = if list.len() == 1 { "change" } else { "changes" };
    let draft = Draft {
        number,
        edits: wished,
        said: Safe::format(format_args!("edited, {changes} {words}")),
    };
    let name = format!("#{number}");
    let names = [name.as_str(), "your edit", ""];
    Ok(Brought::Compared(Box::new(compare::compose(
        [&before.side(&original), &after],
        names,
        Some(draft),
    ))))
}
