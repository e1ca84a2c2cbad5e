//! Words → values that cannot be wrong: one small parser a kind of value, for flags and config files alike.
//!
//! Each returns the reason in words that follow "invalid value 'x' for '--flag':", so a reason never repeats the word.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use hooktool_relay::{
    capture::{AnswerPolicy, EndpointName, Seq, UnixMillis},
    protocol::From,
};
use http::{HeaderName, HeaderValue, Uri};

use super::requests::BodySource;
use crate::{
    config::RelayAt,
    event::Replays,
    filter::{Clock, FIELDS, Filter, FilterError},
    forward::HostHeader,
    output::Output,
    target::Target,
    text::Zone,
};

mod deadline;

pub use deadline::Deadline;
pub(crate) use deadline::deadline;

/// Most requests in flight, as the relay allows (design's limit).
const MAX_IN_FLIGHT: u16 = 32;
/// Most retries of one forward: at the longest timeout that is already an hour and more.
const MAX_RETRY: u32 = 100;

/// A clap parser that checks a word and keeps it as text, for settings that come in layers.
pub(super) fn checked<T>(
    parse: fn(&str) -> Result<T, String>,
) -> impl TypedValueParser<Value = String>
where
    T: Send + Sync + Clone + 'static,
{
    NonEmptyStringValueParser::new().try_map(move |text| parse(&text).map(|_| text))
}

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Statuses that an answer may have: inclusive ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect(Vec<(u16, u16)>);

impl Expect {
    /// Whether this status is one of them.
    pub fn fits(&self, status: u16) -> bool {
        self.0
            .iter()
            .any(|&(first, last)| (first..=last).contains(&status))
    }
}

/// A time such as `4.5s`, `250ms`, `30m`, `2h`, `1d`; above zero, at most a year.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "give a number and a unit, such as 4.5s, 250ms, 30m or 2h".to_owned();
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let total = number * seconds;
    if !(0.001..=366.0 * 86_400.0).contains(&total) {
        return Err("give a time between 1ms and 366d".to_owned());
    }
    Ok(Duration::from_secs_f64(total))
}

/// A target: a port, `host:port/path`, or an http(s) URL.
pub(crate) fn target(text: &str) -> Result<Target, String> {
    text.parse()
        .map_err(|_| "give a port, host:port or http(s)://host[:port][/path]".to_owned())
}

/// `/prefix=TARGET`.
pub(crate) fn route(text: &str) -> Result<(String, Target), String> {
    let wrong = || "give a path and a target, such as /stripe=3001".to_owned();
    let (path, to) = text.split_once('=').ok_or_else(wrong)?;
    let path = path.trim_end_matches('/');
    if path.len() < 2 || !path.starts_with('/') || path.contains(['?', '#', ' ']) {
        return Err(wrong());
    }
    Ok((path.to_owned(), target(to)?))
}

/// `local`, or a relay's URL.
pub(crate) fn relay(text: &str) -> Result<RelayAt, String> {
    if text == "local" {
        return Ok(RelayAt::Local);
    }
    relay_url(text).map(RelayAt::Url)
}

/// A relay's URL: an origin; plain http only to this machine, since a token goes with it.
pub(crate) fn relay_url(text: &str) -> Result<String, String> {
    let url = origin(text)?;
    let uri: Uri = url.parse().map_err(|_| "give a URL".to_owned())?;
    let is_plain = uri.scheme_str() == Some("http");
    if is_plain && !is_loopback(uri.host().unwrap_or_default()) {
        return Err("give an https:// URL: plain http is for a relay on this machine".to_owned());
    }
    Ok(url)
}

/// An http(s) URL without path, query and trailing slash.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let wrong = || "give a URL such as https://relay.example, without a path".to_owned();
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    let is_http = matches!(scheme, "http" | "https");
    let has_user = authority.as_str().contains('@');
    let rest = uri.path_and_query().map_or("", |rest| rest.as_str());
    if !is_http || has_user || !matches!(rest, "" | "/") || text.contains('#') {
        return Err(wrong());
    }
    Ok(format!(
        "{scheme}://{}",
        authority.as_str().to_ascii_lowercase()
    ))
}

/// Where a server listens: an address and a port.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "give an address and a port, such as 0.0.0.0:8443 or [::]:8443".to_owned())
}

/// Whether a host is this machine by its name alone; `[::1]` with or without brackets.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|addr| addr.is_loopback())
}

/// An endpoint's name.
pub(crate) fn endpoint(text: &str) -> Result<EndpointName, String> {
    text.parse()
        .map_err(|_| "give 1 to 63 of a-z, 0-9 and -, not beginning or ending with -".to_owned())
}

/// `now`, `start`, a seq, or how long ago.
pub(crate) fn from(text: &str) -> Result<From, String> {
    match text {
        "now" => return Ok(From::Now),
        "start" => return Ok(From::Start),
        _ => {}
    }
    if let Ok(seq) = text.parse() {
        return Ok(From::Seq(Seq(seq)));
    }
    let ago = duration(text)
        .map_err(|_| "give now, start, a number, or how long ago, such as 30m".to_owned())?;
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    Ok(From::At(UnixMillis(
        UnixMillis::now().0.saturating_sub(ago),
    )))
}

/// `app`, `now` or `strict`.
pub(crate) fn answer(text: &str) -> Result<AnswerPolicy, String> {
    match text {
        "app" => Ok(AnswerPolicy::App),
        "now" => Ok(AnswerPolicy::Now),
        "strict" => Ok(AnswerPolicy::Strict),
        _ => Err("give app, now or strict".to_owned()),
    }
}

/// `200` or `200:body`.
pub(crate) fn respond(text: &str) -> Result<AnswerPolicy, String> {
    let (status, body) = text.split_once(':').unwrap_or((text, ""));
    match status.parse() {
        Ok(status @ 200..=599) => Ok(AnswerPolicy::Respond {
            status,
            body: body.to_owned(),
        }),
        _ => Err("give a status from 200 to 599, and a body if you like: 200:ok".to_owned()),
    }
}

/// `Name: value`.
pub(crate) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("give a name and a value, such as 'X-Debug: 1'")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "the name may have letters, digits and -, nothing else".to_owned())?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes())
        .map_err(|_| "the value may have no control characters".to_owned())?;
    Ok((name, value))
}

/// `target`, `keep`, or a host.
pub(crate) fn host_header(text: &str) -> Result<HostHeader, String> {
    match text {
        "target" => Ok(HostHeader::Target),
        "keep" => Ok(HostHeader::Keep),
        name => match name.parse::<http::uri::Authority>() {
            Ok(_) if !name.contains('@') => Ok(HostHeader::Name(name.to_owned())),
            _ => Err("give target, keep, or a host such as app.test:8080".to_owned()),
        },
    }
}

/// How many may be in flight.
pub(crate) fn in_flight(text: &str) -> Result<u16, String> {
    within(text, 1, MAX_IN_FLIGHT)
}

/// How often a forward is repeated.
pub(crate) fn retry(text: &str) -> Result<u32, String> {
    within(text, 0, MAX_RETRY)
}

/// A number from 1.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    within(text, 1, 1_000_000)
}

/// How many are under way at a time.
pub(crate) fn parallel(text: &str) -> Result<usize, String> {
    within(text, 1, Replays::PARALLEL)
}

fn within<N>(text: &str, first: N, last: N) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    match text.parse() {
        Ok(number) if number >= first && number <= last => Ok(number),
        _ => Err(format!("give a number from {first} to {last}")),
    }
}

/// `tui`, `lines` or `json`.
pub(crate) fn output(text: &str) -> Result<Output, String> {
    match text {
        "tui" => Ok(Output::Tui),
        "lines" => Ok(Output::Lines),
        "json" => Ok(Output::Json),
        _ => Err("give tui, lines or json".to_owned()),
    }
}

/// `auto`, `always` or `never`.
pub(crate) fn color(text: &str) -> Result<Color, String> {
    match text {
        "auto" => Ok(Color::Auto),
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        _ => Err("give auto, always or never".to_owned()),
    }
}

/// `true` or `false`, and what shells and containers write for them.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Ok(false),
        _ => Err("give true or false".to_owned()),
    }
}

/// `@file`, or the body itself.
pub(crate) fn body(text: &str) -> Result<BodySource, String> {
    match text.strip_prefix('@') {
        Some("") => Err("give a file after the @".to_owned()),
        Some(path) => Ok(BodySource::File(PathBuf::from(path))),
        None => Ok(BodySource::Text(text.to_owned())),
    }
}

/// `2xx`, `200`, or several with commas.
pub(crate) fn expect(text: &str) -> Result<Expect, String> {
    let one = |word: &str| {
        if let Some(class) = word.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
            return Some((class * 100, class * 100 + 99));
        }
        let status: u16 = word.parse().ok()?;
        (100..=999).contains(&status).then_some((status, status))
    };
    text.split(',')
        .map(|word| one(word.trim()))
        .collect::<Option<Vec<_>>>()
        .map(Expect)
        .ok_or_else(|| "give statuses such as 2xx, 200 or 200,404".to_owned())
}

/// A filter for `--only`; what is wrong with it in one line.
pub(crate) fn only(text: &str) -> Result<Filter, String> {
    only_or(text, |error| {
        let hint = error
            .hint
            .map_or_else(String::new, |hint| format!("; {hint}"));
        format!("{} (at byte {}){hint}", error.what, error.at)
    })
}

/// A filter for `--only`; what is wrong with it, and a caret below the place.
pub(crate) fn marked_only(text: &str) -> Result<Filter, String> {
    only_or(text, |error| {
        let [line, caret] = error.marked(text);
        let hint = error
            .hint
            .map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
        format!("{}\n  {line}\n  {caret}{hint}", error.what)
    })
}

fn only_or(text: &str, say: impl FnOnce(FilterError) -> String) -> Result<Filter, String> {
    Filter::parse_only(text, Clock::here(Zone::Local)).map_err(say)
}

/// The language of filters, for the help of the verbs that take one.
pub(super) fn filter_help() -> String {
    let examples = FIELDS.iter().map(|field| field.example);
    let width = examples.map(str::len).max().unwrap_or_default();
    let mut help = String::from("Filters (a space is and; or, -not, parentheses, \"quotes\"):\n");
    for field in FIELDS {
        help.push_str(&format!("  {:width$}  {}\n", field.example, field.about));
    }
    help.push_str(&format!(
        "  {:width$}  {}",
        ".data.amount>1000", "a JSON field of the body"
    ));
    help
}

/// An account's name.
pub(crate) fn account(text: &str) -> Result<String, String> {
    let fits = (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("give 1 to 63 letters, digits and any of - _ . @".to_owned())
    }
}

/// A whole URL, as it is written.
pub(super) fn url(text: &str) -> Result<String, String> {
    match text.parse::<Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) => Ok(text.to_owned()),
        _ => Err("give a whole URL, such as https://relay.example/hooks".to_owned()),
    }
}

#[cfg(test)]
mod tests;
