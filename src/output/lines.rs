//! A line a try, for people who read a log.
//!
//! ```text
//! 2025-10-12 14:31:42  #1199  POST /stripe  stripe invoice.paid  sig=ok  --> 500  1.20s  try=2 replay
//! date and time        number method path   sender, event        verdict     status took flags
//! ```
//!
//! Two spaces between fields, flags last, and behind them what the sender does next, if it did not have what it wanted. Requests and tries go to stdout, everything else to stderr.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
    time::Instant,
};

use anstyle::{AnsiColor, Style};
use bytes::Bytes;
use hooktool_relay::capture::{Capture, EndpointName, Outcome, UnixMillis};
use tokio_util::sync::CancellationToken;

use super::{
    OutputError,
    follow::{self, Printer, Said, Start},
    say,
};
use crate::{
    event::{Feed, Link},
    exchange,
    history::{Again, Attempt, Cause, History, Repeat, Request, Summary, Webhook},
    text::{self, Mode, Zone},
    webhook::{Does, Keyring},
};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// How much is said: 0 a line a try; 1 arrivals, too; 2 with headers; -1 only failures; -2 only what got no answer.
    pub level: i16,
    /// Whether statuses are coloured.
    pub color: bool,
    /// Which clock.
    pub zone: Zone,
}

/// The lines of a listener.
#[derive(Debug)]
pub struct Lines<W = BufWriter<io::Stdout>> {
    options: Options,
    out: W,
    /// The senders, for what they do next; none where no sender waits.
    keys: Option<Arc<dyn Keyring>>,
    link: LinkTalk,
}

impl Lines {
    /// Prints one endpoint's tries from `start` until the stop.
    ///
    /// # Errors
    /// [`OutputError`]; a closed pipe among them.
    pub async fn run(
        history: History,
        feed: Feed,
        endpoint: (String, EndpointName),
        start: Start,
        options: Options,
        keys: Arc<dyn Keyring>,
        stop: CancellationToken,
    ) -> Result<(), OutputError> {
        let lines = Self {
            keys: Some(keys),
            ..Self::new(BufWriter::new(io::stdout()), options)
        };
        follow::run(lines, history, feed, endpoint, start, stop).await
    }
}

impl<W: Write> Lines<W> {
    /// Lines that go to `out`.
    pub(crate) fn new(out: W, options: Options) -> Self {
        Self {
            options,
            out,
            keys: None,
            link: LinkTalk::default(),
        }
    }

    fn is_told(&self, attempt: &Attempt) -> bool {
        let is_error = attempt.outcome.is_try() && attempt.outcome != Outcome::Answered;
        let status = attempt.answer.as_ref().map(|answer| answer.status);
        match self.options.level {
            0.. => true,
            -1 => is_error || status.is_some_and(|status| status >= 400),
            _ => is_error,
        }
    }

    /// What the sender does after a try, if it did not have what it wanted.
    fn next(&self, request: &Summary, attempt: &Attempt) -> String {
        let webhook = request.webhook.as_deref();
        let keys = self.keys.as_ref().map(|keys| keys.keys());
        let provider = keys.as_ref().zip(webhook);
        let provider = provider.and_then(|(keys, webhook)| keys.known.provider(&webhook.provider));
        let next = provider.and_then(|provider| exchange::next(provider, request, attempt));
        let next = next.filter(|next| next.does != Does::Nothing);
        next.map_or_else(String::new, |next| {
            let words = text::safe(next.words.as_bytes(), Mode::Cell);
            format!("  ({words})")
        })
    }

    fn head(&self, at: UnixMillis, row: &Summary) -> String {
        let webhook = row.webhook.as_deref().map_or_else(String::new, webhook);
        let name = format!("#{}", row.number);
        self.named(at, &name, &row.method, &row.path) + &webhook
    }

    fn named(&self, at: UnixMillis, name: &str, method: &str, path: &[u8]) -> String {
        let when = text::date_clock(at, self.options.zone);
        let name = text::safe(name.as_bytes(), Mode::Cell);
        let method = text::safe(method.as_bytes(), Mode::Cell);
        let path = match path.is_empty() {
            true => text::safe(b"/", Mode::Cell),
            false => text::safe(path, Mode::Cell),
        };
        format!("{when}  {name}  {method} {path}")
    }

    /// A try of a request that is in no history, called by a name.
    pub(crate) fn try_of(
        &mut self,
        name: &str,
        request: &Capture,
        attempt: &Attempt,
    ) -> io::Result<()> {
        let method = request.method.as_str();
        let head = self.named(attempt.started_at, name, method, &request.path);
        self.tried(&head, attempt, &flags(attempt, None))
    }

    fn tried(&mut self, head: &str, attempt: &Attempt, flags: &str) -> io::Result<()> {
        let style = if self.options.color {
            style(attempt)
        } else {
            Style::new()
        };
        let (result, rest) = result(attempt);
        writeln!(
            self.out,
            "{head}  --> {style}{result}{style:#}{rest}{flags}"
        )
    }
}

impl<W: Write + Send + 'static> Printer for Lines<W> {
    fn capture(&mut self, request: &Request, _body: Option<&Bytes>) -> io::Result<()> {
        if self.options.level < 1 {
            return Ok(());
        }
        let head = self.head(request.summary.received_at, &request.summary);
        let size = request
            .summary
            .size
            .map_or_else(String::new, |size| format!("  {}", text::size(size)));
        writeln!(self.out, "{head}  <--{size}")?;
        if self.options.level > 1 {
            for (name, value) in request.capture.headers.iter() {
                let name = text::safe(name, Mode::Cell);
                let value = text::safe(value, Mode::Cell);
                writeln!(self.out, "    {name}: {value}")?;
            }
        }
        Ok(())
    }

    fn prints_captures(&self) -> bool {
        self.options.level >= 1
    }

    fn attempt(&mut self, request: &Summary, attempt: &Attempt) -> io::Result<()> {
        if !self.is_told(attempt) {
            return Ok(());
        }
        let head = self.head(attempt.started_at, request);
        let flags = flags(attempt, request.again.as_deref()) + &self.next(request, attempt);
        self.tried(&head, attempt, &flags)
    }

    fn said(&mut self, said: &Said) -> io::Result<()> {
        match said {
            Said::Link(link) => self.link.tell(link),
            Said::Notice(notice) if notice.is_problem || self.options.level >= 0 => {
                say(format_args!("{}", notice.text));
            }
            // A notice tells people of a gap, and of a URL that leads elsewhere.
            Said::Notice(_) | Said::Gap(_) | Said::Ready => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The status or what stands for it, and what follows it: the time taken, or why there is no answer.
pub(crate) fn result(attempt: &Attempt) -> (String, String) {
    if !attempt.outcome.is_try() {
        let word = match attempt.is_challenge() {
            true => "challenge",
            false => attempt.outcome.as_str(),
        };
        let why = attempt.error.as_ref().map_or_else(String::new, |why| {
            format!("  {}", text::safe(why.as_bytes(), Mode::Cell))
        });
        return ("-".to_owned(), format!("  {word}{why}"));
    }
    match &attempt.answer {
        Some(answer) => {
            let took = attempt.took.map(text::duration);
            let took = took.map_or_else(String::new, |took| format!("  {took}"));
            (answer.status.to_string(), took)
        }
        None => {
            let why = attempt.error.as_deref();
            let why = why.unwrap_or_else(|| attempt.outcome.as_str());
            let why = text::safe(why.as_bytes(), Mode::Cell).to_string();
            ("ERR".to_owned(), format!("  {why}"))
        }
    }
}

/// Sender, event, and the verdict on the signature where there is one, each behind two blanks; safe to show.
fn webhook(webhook: &Webhook) -> String {
    let event = webhook.title();
    let event = event.map_or_else(String::new, |event| format!(" {event}"));
    let sig = match webhook.verdict.as_str() {
        "unknown" | "none" => String::new(),
        verdict => format!("  sig={verdict}"),
    };
    let text = format!("  {}{event}{sig}", webhook.provider);
    text::safe(text.as_bytes(), Mode::Cell).to_string()
}

/// Which request before it one repeats: `retry-of=1199`, `dup-of=1194`; a question mark if that is only probable.
pub(crate) fn repeat(again: &Again) -> String {
    let what = match again.repeat {
        Repeat::Retry => "retry-of",
        Repeat::Duplicate => "dup-of",
    };
    let sure = if again.is_probable { "?" } else { "" };
    let seen = match again.batch {
        Some((events, seen)) if seen < events => format!(" seen={seen}/{events}"),
        _ => String::new(),
    };
    format!("{what}={}{sure}{seen}", again.of)
}

fn flags(attempt: &Attempt, again: Option<&Again>) -> String {
    let mut flags = Vec::new();
    if let Some(sent) = attempt.sent.as_ref().and_then(|sent| sent.status)
        && Some(sent) != attempt.app_status()
        && (attempt.outcome.is_try() || attempt.is_challenge())
    {
        flags.push(format!("sender={sent}"));
    }
    if let Some(number) = attempt.try_number.filter(|&number| number > 1) {
        flags.push(format!("try={number}"));
    }
    if attempt.cause != Cause::Live {
        flags.push(attempt.cause.as_str().to_owned());
    }
    if attempt.late {
        flags.push("late".to_owned());
    }
    flags.extend(again.map(repeat));
    match flags.is_empty() {
        true => String::new(),
        false => format!("  {}", flags.join(" ")),
    }
}

fn style(attempt: &Attempt) -> Style {
    let color = match attempt.app_status() {
        Some(..300) => AnsiColor::Green,
        Some(300..400) => AnsiColor::Cyan,
        Some(400..500) => AnsiColor::Yellow,
        None if !attempt.outcome.is_try() => return Style::new(),
        Some(500..) | None => AnsiColor::Red,
    };
    color.on_default()
}

/// Says what becomes of the link, each thing once.
#[derive(Debug, Default)]
struct LinkTalk {
    lost_at: Option<Instant>,
    was_live: bool,
}

impl LinkTalk {
    fn tell(&mut self, link: &Link) {
        match link {
            Link::Connecting { .. } => {}
            Link::Live(live) => {
                let waiting = match live.waiting {
                    0 => String::new(),
                    waiting => format!("{} waiting at the relay", text::count(waiting)),
                };
                match (self.lost_at.take(), waiting.as_str()) {
                    (Some(lost), "") => {
                        say(format_args!(
                            "live again after {}",
                            text::duration(lost.elapsed())
                        ));
                    }
                    (Some(lost), waiting) => say(format_args!(
                        "live again after {}, {waiting}",
                        text::duration(lost.elapsed())
                    )),
                    (None, "") => {}
                    (None, waiting) if !self.was_live => say(format_args!("{waiting}")),
                    (None, _) => {}
                }
                self.was_live = true;
            }
            Link::Reconnecting {
                after,
                attempt,
                cause,
            } => {
                self.lost_at.get_or_insert_with(Instant::now);
                let what = if self.was_live {
                    "link lost"
                } else {
                    "no link"
                };
                let after = after.as_secs_f64().ceil();
                say(format_args!(
                    "{what} ({cause}), reconnecting in {after}s (try {attempt})"
                ));
            }
            // The command ends by it, and its error says why.
            Link::TakenOver { .. } | Link::Refused { .. } => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
