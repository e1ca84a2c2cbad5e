//! Flags of the verbs that know webhooks: `providers`, `verify`, `trigger`, `secret`.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use hooktool_relay::capture::UnixMillis;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{
    lab::LabArgs,
    names::Names,
    sign::SpoilArgs,
    value::{self, Expect},
};
use crate::{target::Target, webhook::samples};

/// `hooktool providers`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  hooktool providers
  hooktool providers show stripe",
    args_conflicts_with_subcommands = true
)]
pub struct Providers {
    /// What to do [default: list them].
    #[command(subcommand)]
    pub verb: Option<ProvidersVerb>,
    /// JSON lines, one sender each.
    #[arg(long)]
    pub json: bool,
}

/// The verbs below `hooktool providers`.
#[derive(Debug, Subcommand)]
pub enum ProvidersVerb {
    /// Tell how a sender is recognised, signs and behaves.
    #[command(before_help = "Examples:\n  hooktool providers show stripe")]
    Show {
        /// Its id.
        id: String,
    },
}

/// `hooktool verify`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  hooktool verify last
  hooktool verify 1199 --json
  hooktool verify --provider stripe --secret env:STRIPE_SECRET \\
    --header 'Stripe-Signature: t=1700000000,v1=5257a8' < body.json",
    after_help = "\
Exit codes:
  0 ok or token  3 unknown: no secret, or it cannot be checked  6 bad, old, none"
)]
pub struct Verify {
    /// A stored request: its number, its id or the beginning of that, or `last`
    /// [default: the body on standard input, and --header].
    #[arg(conflicts_with_all = ["header", "method", "url"])]
    pub id: Option<String>,
    /// Who sent it [default: recognised].
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// The secret, in place of those kept for the sender; may be repeated.
    #[arg(long, value_name = "env:NAME|file:PATH", value_parser = origin)]
    pub secret: Vec<Origin>,
    /// A setting that the signature needs, beside --secret: webhook_id of PayPal.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, requires = "secret")]
    pub config: Vec<(String, String)>,
    /// Method [default: POST].
    #[arg(long)]
    pub method: Option<http::Method>,
    /// The URL that the sender called; only some sign it.
    #[arg(long, value_parser = value::url)]
    pub url: Option<String>,
    /// A header line; may be repeated.
    #[arg(long, value_name = "K: V", value_parser = value::header)]
    pub header: Vec<(HeaderName, HeaderValue)>,
    /// Judge by this clock [default: when a stored request came, else now].
    #[arg(long, value_name = "UNIX_SECONDS|RFC3339", value_parser = moment)]
    pub at: Option<UnixMillis>,
    /// One line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// `hooktool trigger`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  hooktool trigger --list stripe
  hooktool trigger stripe invoice.paid
  hooktool trigger stripe invoice.paid --to 3000/webhooks --expect 2xx
  hooktool trigger github push --path /github --set ref=refs/heads/next
  hooktool trigger slack app_mention --secret env:SLACK_SIGNING_SECRET
  hooktool trigger stripe invoice.paid --to 3000 --times 2 --parallel 2
  hooktool trigger stripe invoice.paid --to 3000 --bad-signature --old",
    after_help = "\
It is one event, with ids and a time of its own, however often it is sent.
--shuffle, --cut, --bad-signature and --old need --to."
)]
pub struct Trigger {
    /// Who would send it: an id of `hooktool trigger --list`.
    #[arg(required_unless_present = "list", hide_possible_values = true,
          value_parser = Names(sample_providers))]
    pub provider: Option<String>,
    /// Which of its events.
    #[arg(hide_possible_values = true, value_parser = Names(sample_names))]
    pub event: Option<String>,
    /// List what there is: every provider and event, or those of PROVIDER.
    #[arg(long, conflicts_with_all = ["event", "to", "path", "url", "set", "header", "secret", "LabArgs", "SpoilArgs", "expect"])]
    pub list: bool,
    /// Send it straight to this target [default: through the public URL of this
    /// folder, so that the listener forwards it].
    #[arg(long, value_name = "TARGET", value_parser = value::target)]
    pub to: Option<Target>,
    /// Path behind that URL or target [default: none].
    #[arg(long, value_name = "/PATH", value_parser = path)]
    pub path: Option<String>,
    /// The URL to sign, for senders that sign it [default: the one that it is
    /// sent to].
    #[arg(long, value_parser = value::url)]
    pub url: Option<String>,
    /// Set a field of the body: data.object.amount=4200, or Body=hello of a form;
    /// JSON if it parses, else a string. May be repeated.
    #[arg(long, value_name = "FIELD=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Set a header, in place of those of the same name; may be repeated.
    #[arg(long, value_name = "K: V", value_parser = value::header)]
    pub header: Vec<(HeaderName, HeaderValue)>,
    /// The secret to sign with, in place of those kept for the sender.
    #[arg(long, value_name = "env:NAME|file:PATH", value_parser = origin)]
    pub secret: Option<Origin>,
    /// How often, how fast, in which order.
    #[command(flatten)]
    pub lab: LabArgs,
    /// What is made wrong of its signature.
    #[command(flatten)]
    pub spoil: SpoilArgs,
    /// Exit with 6 unless every answer has one of these statuses.
    #[arg(long, value_name = "2xx|200,404", value_parser = value::expect)]
    pub expect: Option<Expect>,
    /// JSON lines, one try each.
    #[arg(long)]
    pub json: bool,
}

/// The providers that there are samples of.
fn sample_providers() -> Vec<&'static str> {
    let mut all: Vec<_> = samples().iter().map(|sample| sample.provider).collect();
    all.dedup();
    all
}

/// The names of all samples, once each.
fn sample_names() -> Vec<&'static str> {
    let mut all: Vec<_> = samples()
        .iter()
        .map(|sample| sample.name.as_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn path(text: &str) -> Result<String, String> {
    let is_path = text.starts_with(['/', '?'])
        && text
            .parse::<http::uri::PathAndQuery>()
            .is_ok_and(|path| path.as_str() == text);
    match is_path {
        true => Ok(text.to_owned()),
        false => Err("give a path such as /webhooks/stripe".to_owned()),
    }
}

/// `hooktool secret`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool secret add stripe
  hooktool secret add github env:GITHUB_WEBHOOK_SECRET
  hooktool secret list")]
pub struct Secret {
    /// What to do.
    #[command(subcommand)]
    pub verb: SecretVerb,
}

/// The verbs below `hooktool secret`.
#[derive(Debug, Subcommand)]
pub enum SecretVerb {
    /// Keep a signing secret: asked for without echo, or read from standard
    /// input, or only where it stands.
    #[command(before_help = "\
Examples:
  hooktool secret add stripe
  hooktool secret add stripe < secret.txt
  hooktool secret add github env:GITHUB_WEBHOOK_SECRET
  hooktool secret add paypal file:paypal.pem --config webhook_id=8PT5971")]
    Add(Add),
    /// List what is kept: whose, and where it stands, never the secret.
    #[command(before_help = "Examples:\n  hooktool secret list")]
    List {
        /// JSON lines, one secret each.
        #[arg(long)]
        json: bool,
    },
    /// Forget a secret.
    #[command(before_help = "\
Examples:
  hooktool secret remove stripe
  hooktool secret remove stripe 2")]
    Remove {
        /// Whose.
        provider: String,
        /// Which of several, by its number in `secret list`.
        number: Option<usize>,
    },
}

/// `hooktool secret add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Whose: an id of `hooktool providers`.
    pub provider: String,
    /// Where it stands; read anew each time it is needed [default: asked for, or
    /// standard input].
    #[arg(value_name = "env:NAME|file:PATH", value_parser = origin)]
    pub origin: Option<Origin>,
    /// A name, to tell several apart.
    #[arg(long)]
    pub name: Option<String>,
    /// A setting that the signature needs: webhook_id of PayPal.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub config: Vec<(String, String)>,
    /// Keep it with this project, in hooktool.secrets.toml, in place of your own
    /// config.
    #[arg(long)]
    pub project: bool,
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a variable of the environment.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// On the command line, where it must not be; what was typed is not kept.
    Typed,
}

/// Never an error: clap shows what it refuses, and that may be the secret itself.
fn origin(text: &str) -> Result<Origin, std::convert::Infallible> {
    Ok(match text.split_once(':') {
        Some(("env", name)) if !name.is_empty() => Origin::Env(name.to_owned()),
        Some(("file", path)) if !path.is_empty() => Origin::File(path.into()),
        _ => Origin::Typed,
    })
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("give a name and a value, such as webhook_id=8PT5")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<UnixMillis, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(UnixMillis(seconds.saturating_mul(1_000)));
    }
    text.parse::<Timestamp>()
        .map(|moment| UnixMillis(moment.as_millisecond()))
        .map_err(|_| "give Unix seconds, or a moment such as 2026-01-31T12:00:00Z".to_owned())
}

/// Settings by name; of one that repeats the last.
pub(crate) fn settings(pairs: &[(String, String)]) -> BTreeMap<String, String> {
    pairs.iter().cloned().collect()
}
