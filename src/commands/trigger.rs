//! `hooktool trigger`: a sample of a known sender's webhook, made new, signed, and sent to a target or through the public URL.
//!
//! In: provider and event, what to set. Out: a line or a record a try. What goes to a target is recorded here, as a request with a
//! replay; what goes through the public URL is recorded by the listener, like anything that comes.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use serde::Serialize;

use super::{
    replay::{Item, Round, Tally, Telling, Wanted, lab},
    senders,
    stored::Stored,
};
use crate::{
    cli::webhook,
    config::{Layers, Settings},
    exit::{Failure, Report},
    forward::{self, Forwarder, HostHeader},
    history::{History, Retention},
    output::say,
    replay::Sending,
    target::{Routes, Target},
    text::{self, Mode, Zone},
    trigger::{Place, Trigger, TriggerError},
    webhook::{Keys, Sample, Secret, samples},
};

pub(super) mod bench;
mod called;
pub(super) mod place;

use called::Called;

/// Lists what there is.
pub(super) fn list(args: &webhook::Trigger) -> Result<(), Failure> {
    let mut found: Vec<&Sample> = match &args.provider {
        Some(provider) => of(provider)?,
        None => samples().iter().collect(),
    };
    found.sort_by(|one, other| (one.provider, &one.name).cmp(&(other.provider, &other.name)));
    let mut out = BufWriter::new(io::stdout().lock());
    let width = found.iter().map(|sample| sample.provider.len()).max();
    let width = width.unwrap_or_default();
    for sample in found {
        if args.json {
            let record = Listed {
                provider: sample.provider,
                event: &sample.name,
            };
            out.write_all(&text::json(&record)?)?;
            writeln!(out)?;
            continue;
        }
        writeln!(out, "{:width$}  {}", sample.provider, sample.name)?;
    }
    Ok(out.flush()?)
}

/// A sample, as a line of JSON.
#[derive(Serialize)]
struct Listed<'a> {
    provider: &'a str,
    event: &'a str,
}

/// The samples of a provider.
fn of(provider: &str) -> Result<Vec<&'static Sample>, Failure> {
    let is_it = |sample: &&Sample| sample.provider.eq_ignore_ascii_case(provider);
    let found: Vec<_> = samples().iter().filter(is_it).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known = samples().iter().map(|sample| sample.provider);
    let nearest = text::nearest(provider, known).unwrap_or("stripe");
    let report = Report::new(format!("there are no samples of `{provider}`"));
    Err(Failure::Usage(report.hint(format!(
        "the nearest is `{nearest}`; `hooktool trigger --list` shows all"
    ))))
}

/// The sample of a provider and an event.
pub(super) fn sample(provider: &str, event: Option<&str>) -> Result<&'static Sample, Failure> {
    let all = of(provider)?;
    let names = || all.iter().map(|sample| sample.name.as_str());
    let Some(event) = event else {
        let report = Report::new(format!("which event of {provider}?"));
        let names: Vec<_> = names().collect();
        return Err(Failure::Usage(
            report.hint(format!("there are {}", names.join(", "))),
        ));
    };
    let mut meant = all.iter().filter(|sample| sample.is_meant(event));
    meant.next().copied().ok_or_else(|| {
        let nearest = text::nearest(event, names()).unwrap_or_default();
        let report = Report::new(format!("there is no sample `{event}` of {provider}"));
        Failure::Usage(report.hint(format!(
            "the nearest is `{nearest}`; `hooktool trigger --list {provider}` shows all"
        )))
    })
}

/// Sends one, or several.
pub(super) async fn run(args: webhook::Trigger) -> Result<(), Failure> {
    let provider = args.provider.as_deref().unwrap_or_default();
    let sample = sample(provider, args.event.as_deref())?;
    // It makes the history, so that what is stored is read from where it will be written.
    let settings = Settings::resolve(&Layers::read(None, &super::here()?)?)?;
    let history = History::open(&settings.folders.history(), Retention::default())?;
    let stored = Stored::open()?;
    let trigger = Trigger {
        known: senders::known(&stored.layers)?.into(),
        secrets: secrets(&args, &stored, sample)?.into(),
        sample,
        path: args.path.clone().unwrap_or_default(),
        url: args.url.clone(),
        set: args.set.clone(),
        headers: args.header.clone(),
    };
    match &args.to {
        Some(target) => {
            let place = place::to_record(&settings, &history).await?;
            straight(&args, &trigger, target, place, (stored, history)).await
        }
        None => through(&args, &trigger, &settings, &history, stored.zone).await,
    }
}

/// Through the public URL, as its sender would.
async fn through(
    args: &webhook::Trigger,
    trigger: &Trigger,
    settings: &Settings,
    history: &History,
    zone: Zone,
) -> Result<(), Failure> {
    let needs_a_target = [
        ("--cut", args.lab.cut),
        ("--shuffle", args.lab.shuffle),
        ("--bad-signature", args.spoil.bad_signature),
        ("--old", args.spoil.old),
    ];
    if let Some((flag, _)) = needs_a_target.iter().find(|(_, is)| *is) {
        let report = Report::new(format!("{flag} needs a target"));
        return Err(Failure::Usage(report.hint(
            "--to 3000 sends straight to the app, and records what was sent",
        )));
    }
    let lab = lab(&args.lab, Vec::new())?;
    let (base, (_, endpoint)) = place::public(settings, history).await?;
    let caller = caller(settings)?;
    let ready = trigger.ready(&base).map_err(failed)?;
    say_unsigned(&ready.signed);
    let mut tally = Tally::default();
    let send = async |_: Sending| {
        let tried = trigger.call(&caller, endpoint.clone(), &base, &ready).await;
        Called::new(trigger.sample, ready.signed.is_ok(), tried).await
    };
    let tell = |_, called: Called| {
        called.print(args.json, zone)?;
        let result = match (called.status, &called.error) {
            (Some(status), _) => Ok(status),
            (None, why) => Err(why.as_deref().unwrap_or_default()),
        };
        tally.count(args.expect.as_ref(), &called.url, result);
        Ok::<(), Failure>(())
    };
    lab.run(1, send, tell).await?;
    match tally.unanswered() {
        Some(why) => Err(unreachable(&base, why)),
        None => tally.finish(),
    }
}

/// To a target: recorded as a request, and sent like a replay of it.
async fn straight(
    args: &webhook::Trigger,
    trigger: &Trigger,
    target: &Target,
    place: Place,
    (stored, history): (Stored, History),
) -> Result<(), Failure> {
    let settings = Settings::resolve(&stored.layers)?;
    let forwarder = Forwarder::new(settings.forward).map_err(|why| {
        let report = Report::new("requests cannot be sent like this");
        Failure::Usage(report.because(why))
    })?;
    let ready = trigger.ready(target).map_err(failed)?;
    say_unsigned(&ready.signed);
    let recording = trigger.record(&history, place, target, &ready);
    let number = recording.await.map_err(failed)?;
    let request = stored.numbered(number, &number.to_string())?;
    let round = Round {
        items: vec![Item::stored(request)],
        lab: lab(&args.lab, args.spoil.variants())?,
        to: Some(target.clone()),
        routes: Routes::default(),
        forwarder,
        keys: Box::new(Arc::new(Keys {
            known: trigger.known.clone(),
            secrets: trigger.secrets.to_vec(),
        })),
        history: Some(history),
    };
    let wanted = Wanted::new(args.expect.clone(), false);
    round
        .once(None, Telling::new(args.json, wanted, stored))
        .await
}

/// The secrets to sign with: the one of the flag, else those that are kept.
fn secrets(
    args: &webhook::Trigger,
    stored: &Stored,
    sample: &Sample,
) -> Result<Vec<Secret>, Failure> {
    if let Some(origin) = &args.secret {
        return Ok(vec![senders::given(sample.provider, origin)?]);
    }
    let (secrets, failed) = senders::secrets(&stored.layers)?;
    for (provider, reason) in failed {
        if provider == sample.provider {
            say(format_args!(
                "a secret of {provider} cannot be used: {reason}"
            ));
        }
    }
    Ok(secrets)
}

/// Who calls public URLs: as a sender does, with nothing that the settings say of the app.
pub(super) fn caller(settings: &Settings) -> Result<Forwarder, Failure> {
    let options = forward::Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: settings.forward.timeout,
    };
    Forwarder::new(options).map_err(|why| {
        let report = Report::new("nothing can be sent");
        Failure::Other(report.because(why))
    })
}

fn say_unsigned(signed: &Result<String, String>) {
    if let Err(why) = signed {
        let why = text::safe(why.as_bytes(), Mode::Cell);
        say(format_args!("not signed: {why}"));
    }
}

/// Why nothing was sent.
fn failed(error: TriggerError) -> Failure {
    match error {
        TriggerError::Set(error) => {
            let report = Report::new(error.to_string());
            Failure::Usage(match &error.nearest {
                Some(nearest) => report.hint(format!("the nearest is `{nearest}`")),
                None => report.because("the sample has no fields"),
            })
        }
        TriggerError::Random => Failure::Other(Report::new(error.to_string())),
        TriggerError::History(error) => error.into(),
    }
}

fn unreachable(base: &Target, why: &str) -> Failure {
    let report = Report::new(format!("the public URL {base} does not answer"));
    Failure::Relay(
        report
            .because(why)
            .hint("does `hooktool listen` run in this folder? --to 3000 sends straight to the app"),
    )
}
