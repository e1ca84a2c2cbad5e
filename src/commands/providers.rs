//! `hooktool providers`: the senders that are known, and what is known of one.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::senders;
use crate::{
    cli::webhook::{Providers, ProvidersVerb},
    config::Layers,
    exit::Failure,
    text::{self, Mode},
    webhook::{Fact, Known, Pause, Provider, Statuses},
};

/// Lists them, or shows one.
pub(super) fn run(args: &Providers) -> Result<(), Failure> {
    let layers = Layers::read(None, &super::here()?)?;
    let known = senders::known(&layers)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match &args.verb {
        Some(ProvidersVerb::Show { id }) => show(senders::named(&known, id)?, &mut out)?,
        None => list(&known, args.json, &mut out)?,
    }
    Ok(out.flush()?)
}

/// A sender as a line of JSON.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    name: &'a str,
    docs: Option<&'a str>,
    url_signed: bool,
    signs: Vec<String>,
}

fn list(known: &Known, json: bool, out: &mut impl Write) -> io::Result<()> {
    let mut providers: Vec<_> = known.providers().collect();
    providers.sort_by(|one, other| one.id.cmp(&other.id));
    let widths = providers.iter().map(|provider| provider.id.len());
    let width = widths.max().unwrap_or_default();
    for provider in providers {
        if json {
            let record = Record {
                id: &provider.id,
                name: &provider.name,
                docs: provider.docs.as_deref(),
                url_signed: provider.is_url_signed,
                signs: provider.signs().collect(),
            };
            out.write_all(&text::json(&record)?)?;
            writeln!(out)?;
            continue;
        }
        let name = text::safe(provider.name.as_bytes(), Mode::Cell);
        writeln!(out, "{:width$}  {name}", provider.id)?;
    }
    Ok(())
}

fn show(provider: &Provider, out: &mut impl Write) -> io::Result<()> {
    let line = |out: &mut dyn Write, name: &str, text: &str| {
        let text = text::safe(text.as_bytes(), Mode::Cell);
        writeln!(out, "{name:14}{text}")
    };
    line(out, "id", &provider.id)?;
    line(out, "name", &provider.name)?;
    if let Some(docs) = &provider.docs {
        line(out, "docs", docs)?;
    }
    if let Some(base) = &provider.extends {
        line(out, "like", base)?;
    }
    for (at, block) in provider.recognised_by.iter().enumerate() {
        let name = if at == 0 { "recognised by" } else { "or by" };
        line(out, name, block)?;
    }
    let stands = &provider.stands;
    let event = match &stands.action {
        Some(action) if stands.event.is_empty() => action.clone(),
        Some(action) => format!("{} and {action}", stands.event.join(", else ")),
        None => stands.event.join(", else "),
    };
    for (name, text) in [
        ("event", event),
        ("delivery id", stands.id.join(", else ")),
        ("attempt", stands.attempt.clone().unwrap_or_default()),
    ] {
        let text = if text.is_empty() { "not told" } else { &text };
        line(out, name, text)?;
    }
    let mut signs: Vec<_> = provider.signs().collect();
    if signs.is_empty() {
        signs.push("nothing".to_owned());
    }
    for (at, scheme) in signs.iter().enumerate() {
        line(out, if at == 0 { "signs by" } else { "or by" }, scheme)?;
    }
    if provider.is_url_signed {
        line(out, "", "the public URL is part of the signature")?;
    }
    for (name, text) in behaves(provider) {
        line(out, name, &text)?;
    }
    line(
        out,
        "secret",
        &format!("hooktool secret add {}", provider.id),
    )
}

fn behaves(provider: &Provider) -> Vec<(&'static str, String)> {
    let sender = &provider.sender;
    let believed = |fact| match sender.believed.contains(&fact) {
        true => " (believed)",
        false => "",
    };
    let mut told = Vec::new();
    if let Some(seconds) = sender.timeout_s {
        let believed = believed(Fact::Timeout);
        told.push(("waits", format!("{seconds} for an answer{believed}")));
    }
    let mut retries = Vec::new();
    if let Some(count) = sender.retries {
        let times = match count {
            0 => "never".to_owned(),
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        retries.push(format!("{times}{}", believed(Fact::Retries)));
    }
    if !sender.schedule.is_empty() {
        let pauses: Vec<_> = sender.schedule.iter().map(Pause::to_string).collect();
        let believed = believed(Fact::Schedule);
        retries.push(format!("after {}{believed}", pauses.join(", ")));
    }
    if let Some(window) = &sender.window {
        retries.push(format!("for {window}{}", believed(Fact::Window)));
    }
    if !retries.is_empty() {
        told.push(("tries again", retries.join(", ")));
    }
    let mut stops: Vec<_> = sender.stops_on.iter().map(Statuses::to_string).collect();
    if let Some(last) = stops.last_mut() {
        last.push_str(believed(Fact::StopsOn));
    }
    stops.extend(
        sender
            .stop_header
            .as_ref()
            .map(|name| format!("a header {name}")),
    );
    if !stops.is_empty() {
        told.push(("stops on", stops.join(", ")));
    }
    if let Some(then) = &sender.then {
        told.push(("", then.clone()));
    }
    if let Some(largest) = &sender.max_body {
        let believed = believed(Fact::MaxBody);
        told.push(("largest body", format!("{largest}{believed}")));
    }
    told
}
