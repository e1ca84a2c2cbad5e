//! `hooktool secret`: signing secrets, kept for this user or this project. None is ever printed.
//!
//! A secret is asked for without echo, or read from stdin; or only the variable or file is kept that it stands in.

use std::io::{self, BufWriter, IsTerminal as _, Read as _, Write as _};

use serde::Serialize;

use super::{prompt, senders};
use crate::{
    cli::webhook::{Add, Origin, SecretVerb, settings},
    config::{
        ConfigError, Layers,
        signing::{Entry, LARGEST, Place, without_line_end},
    },
    exit::{Failure, Report},
    output::say,
    text::{self, Mode},
};

/// Adds, lists or removes.
pub(super) fn run(verb: &SecretVerb) -> Result<(), Failure> {
    let layers = Layers::read(None, &super::here()?)?;
    match verb {
        SecretVerb::Add(args) => add(&layers, args),
        SecretVerb::List { json } => list(&layers, *json),
        SecretVerb::Remove { provider, number } => remove(&layers, provider, *number),
    }
}

fn add(layers: &Layers, args: &Add) -> Result<(), Failure> {
    let known = senders::known(layers)?;
    let provider = senders::named(&known, &args.provider)?;
    let mut entry = Entry {
        provider: provider.id.clone(),
        name: args.name.clone(),
        config: settings(&args.config),
        ..Entry::default()
    };
    match &args.origin {
        Some(Origin::Env(name)) => entry.env = Some(name.clone()),
        Some(Origin::File(path)) if args.project => entry.file = Some(path.clone()),
        Some(Origin::File(path)) => entry.file = Some(absolute(path)?),
        Some(Origin::Typed) => return Err(senders::bare()),
        None => entry.value = Some(typed(&provider.name)?),
    }
    let places = Place::all(&layers.folders, &layers.project);
    let place = places
        .into_iter()
        .find(|place| place.is_project == args.project);
    let Some(place) = place else {
        return Ok(());
    };
    // What cannot be read now may be there later, but a person who mistyped wants to know.
    if let Err(reason) = entry.secret(&place) {
        let report = Report::new(format!("no secret of {} was kept", provider.name));
        return Err(Failure::Setting(report.because(reason)));
    }
    let holds_value = entry.value.is_some();
    keep(&place, entry)?;
    say(format_args!(
        "kept in {}; `hooktool verify last` uses it",
        place.path.display()
    ));
    if place.is_project && holds_value {
        say(format_args!("keep that file out of version control"));
    }
    Ok(())
}

/// Puts an entry among those of a file, in place of the same one.
pub(super) fn keep(place: &Place, entry: Entry) -> Result<(), ConfigError> {
    let mut entries = place.read()?;
    let is_same = |other: &Entry| {
        (&other.provider, &other.value, &other.env, &other.file)
            == (&entry.provider, &entry.value, &entry.env, &entry.file)
    };
    entries.retain(|other| !is_same(other));
    entries.push(entry);
    place.write(entries)
}

fn absolute(path: &std::path::Path) -> Result<std::path::PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        let report = Report::new(format!("{} cannot be named", path.display()));
        Failure::Other(report.because(error.to_string()))
    })
}

/// The secret, asked for or from stdin.
fn typed(name: &str) -> Result<String, Failure> {
    let bytes = if io::stdin().is_terminal() {
        let typed = prompt::hidden(&format!("signing secret of {name}"))?;
        typed.unwrap_or_default().into_bytes()
    } else {
        let mut bytes = Vec::new();
        let mut stdin = io::stdin().lock().take(LARGEST + 1);
        stdin.read_to_end(&mut bytes)?;
        without_line_end(bytes)
    };
    let refuse = |what: &str| Err(Failure::Usage(Report::new(what)));
    if bytes.len() as u64 > LARGEST {
        return refuse("that is too large to be a secret");
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => refuse("no secret was given"),
        Ok(text) => Ok(text),
        Err(_) => refuse("that is no secret: it is no text"),
    }
}

/// A secret as a line of JSON, without itself.
#[derive(Serialize)]
struct Record<'a> {
    provider: &'a str,
    number: usize,
    name: Option<&'a str>,
    stands: String,
    file: String,
}

/// Entries with their number among those of their provider, from 1.
fn numbered(entries: &[(Place, Entry)]) -> impl Iterator<Item = (usize, &Place, &Entry)> {
    entries.iter().enumerate().map(|(at, (place, entry))| {
        let before = entries.iter().take(at);
        let same = before.filter(|(_, other)| other.provider == entry.provider);
        (same.count() + 1, place, entry)
    })
}

fn list(layers: &Layers, json: bool) -> Result<(), Failure> {
    let entries = senders::entries(layers)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let widths = entries.iter().map(|(_, entry)| entry.provider.len());
    let width = widths.max().unwrap_or_default();
    for (number, place, entry) in numbered(&entries) {
        if json {
            let record = Record {
                provider: &entry.provider,
                number,
                name: entry.name.as_deref(),
                stands: entry.stands(),
                file: place.path.display().to_string(),
            };
            out.write_all(&text::json(&record)?)?;
            writeln!(out)?;
            continue;
        }
        let name = entry.name.as_ref().map(|name| format!("  `{name}`"));
        let line = format!(
            "{:width$}  {number}  {}{}  ({})",
            entry.provider,
            entry.stands(),
            name.unwrap_or_default(),
            place.path.display()
        );
        writeln!(out, "{}", text::safe(line.as_bytes(), Mode::Cell))?;
    }
    Ok(out.flush()?)
}

fn remove(layers: &Layers, provider: &str, number: Option<usize>) -> Result<(), Failure> {
    let entries = senders::entries(layers)?;
    let own: Vec<_> = numbered(&entries)
        .filter(|(_, _, entry)| entry.provider == provider)
        .collect();
    let chosen = match (own.as_slice(), number) {
        ([], _) => {
            let report = Report::new(format!("no secret of `{provider}` is kept"));
            return Err(Failure::Setting(
                report.hint("`hooktool secret list` shows what there is"),
            ));
        }
        ([only], None) => Some(only),
        (_, None) => {
            let report = Report::new(format!("`{provider}` has {} secrets", own.len()));
            return Err(Failure::Usage(report.hint(format!(
                "`hooktool secret remove {provider} 1` forgets the first of `hooktool secret list`"
            ))));
        }
        (own, Some(number)) => own.iter().find(|(found, ..)| *found == number),
    };
    let Some((_, place, entry)) = chosen else {
        let report = Report::new(format!("`{provider}` has no secret of that number"));
        return Err(Failure::Usage(
            report.hint("`hooktool secret list` shows what there is"),
        ));
    };
    let mut kept = place.read()?;
    if let Some(at) = kept.iter().position(|other| other == *entry) {
        kept.remove(at);
    }
    place.write(kept)?;
    say(format_args!("forgotten: {provider}, {}", entry.stands()));
    Ok(())
}
