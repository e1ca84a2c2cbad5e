//! A line a try, for people who read a log.
//!
//! ```text
//! 2025-10-12 14:31:42  #1199  POST /stripe  stripe invoice.paid  sig=ok  --> 500  1.20s  try=2 replay
//! date and time        number method path   sender, event        verdict     status took flags
//! ```
//!
//! Two spaces between fields, flags last. Requests and tries go to stdout, everything else to stderr.

use std::{
    io::{self, BufWriter, Write},
    time::Instant,
};

use anstyle::{AnsiColor, Style};
use bytes::Bytes;
use hooktool_relay::capture::{EndpointName, Outcome};
use tokio_util::sync::CancellationToken;

use super::{
    OutputError,
    follow::{self, Printer, Said, Start},
    say,
};
use crate::{
    event::{Feed, Link},
    history::{Attempt, Cause, History, Request, Summary, Webhook},
    text::{self, Mode, Zone},
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
        stop: CancellationToken,
    ) -> Result<(), OutputError> {
        let lines = Self::new(BufWriter::new(io::stdout()), options);
        follow::run(lines, history, feed, endpoint, start, stop).await
    }
}

impl<W: Write> Lines<W> {
    /// Lines that go to `out`.
    pub(crate) fn new(out: W, options: Options) -> Self {
        Self {
            options,
            out,
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

    fn head(&self, at: hooktool_relay::capture::UnixMillis, row: &Summary) -> String {
        let when = text::date_clock(at, self.options.zone);
        let method = text::safe(row.method.as_bytes(), Mode::Cell);
        let path = match row.path.is_empty() {
            true => text::safe(b"/", Mode::Cell),
            false => text::safe(&row.path, Mode::Cell),
        };
        let webhook = row.webhook.as_deref().map_or_else(String::new, webhook);
        format!("{when}  #{}  {method} {path}{webhook}", row.number)
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
        let style = if self.options.color {
            style(attempt)
        } else {
            Style::new()
        };
        let (result, rest) = result(attempt);
        let flags = flags(attempt);
        writeln!(
            self.out,
            "{head}  --> {style}{result}{style:#}{rest}{flags}"
        )
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

fn flags(attempt: &Attempt) -> String {
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
