//! What a sender does after the answer it got, in words: "Slack waits 3 s, your handler took 4.2 s: it tries again in about 1 min".
//!
//! In: how the sender behaves, and what it [`Heard`]. Out: [`Next`]; none where nothing is known. What is only believed is told
//! so. Must not know: clocks, requests.

use std::time::Duration;

use hooktool_relay::capture::Headers;

use super::{
    provider::Provider,
    sender::{Fact, Sender},
};
use crate::text;

/// What a sender heard of a request, and how often it had sent it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard<'a> {
    /// The status that it got; none: it had left before there was one.
    pub status: Option<u16>,
    /// How long it waited for that, as far as it is known.
    pub waited: Option<Duration>,
    /// How long the app took to answer; none: it did not.
    pub took: Option<Duration>,
    /// The headers of what it got, if that was the app's answer.
    pub headers: Option<&'a Headers>,
    /// The sender's own attempt number, as it wrote it.
    pub attempt: Option<&'a str>,
    /// How often the event had come and failed before, as far as it was seen.
    pub before: u32,
}

/// What a sender does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// In short.
    pub does: Does,
    /// In words. The name in it is that of the definition, not yet safe to show.
    pub words: String,
}

/// What a sender does, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It has what it wanted.
    Nothing,
    /// It tries again.
    Retries,
    /// It does not, and counts the event as failed.
    GivesUp,
    /// Nobody knows, but the answer came too late.
    Unknown,
}

impl Provider {
    /// Which of the sender's attempts this is, from 1, by its own number; none if that is no number.
    pub fn attempt_number(&self, attempt: &str) -> Option<u32> {
        let number: u32 = attempt.parse().ok()?;
        let first = self.sender.first_attempt.unwrap_or(1);
        number.checked_sub(first)?.checked_add(1)
    }

    /// What it does after what it heard; none where nothing is known, and where the answer says nothing of success or failure.
    pub fn next(&self, heard: &Heard<'_>) -> Option<Next> {
        let name = &self.name;
        if let Some(late) = self.too_late(heard) {
            let (does, then) = self
                .after_failure(None, heard)
                .unwrap_or((Does::Unknown, String::new()));
            let then = match then.as_str() {
                "" => String::new(),
                then => format!(": {then}"),
            };
            return Some(Next {
                does,
                words: format!("{late}{then}"),
            });
        }
        let Some(status) = heard.status else {
            let (does, then) = self.after_failure(None, heard)?;
            return Some(Next {
                does,
                words: format!("{name} left before the answer: {then}"),
            });
        };
        match status {
            200..300 => {
                let (waits, waited) = (self.sender.timeout_s?, heard.waited?);
                let waits = match self.sender.believes(&[Fact::Timeout]) {
                    true => format!("about {waits}"),
                    false => waits.to_string(),
                };
                let words = format!("{name} got {status} after {} of {waits}", spoken(waited));
                Some(Next {
                    does: Does::Nothing,
                    words,
                })
            }
            400.. => {
                let (does, then) = self.after_failure(Some(status), heard)?;
                let header = self
                    .stop_header(heard)
                    .map_or_else(String::new, |header| format!(" with {header}"));
                Some(Next {
                    does,
                    words: format!("{name} got {status}{header}: {then}"),
                })
            }
            _ => None,
        }
    }

    /// That the sender did not wait so long, in words; none if it did, or if nobody knows.
    fn too_late(&self, heard: &Heard<'_>) -> Option<String> {
        let waits = self.sender.timeout_s?;
        let is_late = match (heard.status, heard.waited) {
            (_, Some(waited)) => waited > waits.duration(),
            // It left, and whoever leaves before its time has another reason.
            (None, None) => heard.took.is_none_or(|took| took > waits.duration()),
            (Some(_), None) => false,
        };
        if !is_late {
            return None;
        }
        let how = match self.sender.believes(&[Fact::Timeout]) {
            true => "is believed to wait",
            false => "waits",
        };
        let name = &self.name;
        Some(match heard.took.filter(|&took| took > waits.duration()) {
            Some(took) => format!("{name} {how} {waits}, your handler took {}", spoken(took)),
            None => format!("{name} {how} {waits}, and no answer came by then"),
        })
    }

    /// What it does after a failure; `status`: of the answer, if one came in time.
    fn after_failure(&self, status: Option<u16>, heard: &Heard<'_>) -> Option<(Does, String)> {
        let sender = &self.sender;
        let is_stop =
            status.is_some_and(|status| sender.stops_on.iter().any(|stop| stop.fits(status)));
        let is_told_to_stop = status.is_some() && self.stop_header(heard).is_some();
        let (does, words) = if is_told_to_stop {
            (Does::GivesUp, "it does not try again".to_owned())
        } else if is_stop {
            (
                Does::GivesUp,
                told(
                    sender,
                    &[Fact::StopsOn],
                    ("does not try again", "not to try again"),
                ),
            )
        } else {
            self.retries(heard)?
        };
        let then = sender
            .then
            .as_ref()
            .map_or_else(String::new, |then| format!("; {then}"));
        Some((does, format!("{words}{then}")))
    }

    /// Whether and when it tries again.
    fn retries(&self, heard: &Heard<'_>) -> Option<(Does, String)> {
        let sender = &self.sender;
        let done = heard
            .attempt
            .and_then(|attempt| self.attempt_number(attempt));
        let done = done.map_or(heard.before, |number| number.saturating_sub(1));
        // A schedule that has an end, and nothing else that goes on, is all there is.
        let scheduled = u32::try_from(sender.schedule.len())
            .ok()
            .filter(|&count| count > 0);
        let most = sender
            .retries
            .or(scheduled.filter(|_| sender.window.is_none()));
        if most == Some(0) {
            let words = ("does not try again by itself", "not to try again by itself");
            return Some((Does::GivesUp, told(sender, &[Fact::Retries], words)));
        }
        if most.is_some_and(|most| done >= most) {
            let believed = sender.believes(&[Fact::Retries, Fact::Schedule]);
            let words = if believed {
                "that is believed to be its last try"
            } else {
                "that was its last try"
            };
            return Some((Does::GivesUp, words.to_owned()));
        }
        let pause = usize::try_from(done)
            .ok()
            .and_then(|done| sender.schedule.get(done));
        let (facts, how) = match (pause, sender.retries, sender.window) {
            (Some(pause), ..) if pause.is_none() => (&[Fact::Schedule][..], "at once".to_owned()),
            (Some(pause), ..) => (&[Fact::Schedule][..], format!("in about {pause}")),
            (None, Some(most), window) => {
                let times = match most {
                    1 => "once".to_owned(),
                    most => format!("up to {most} times"),
                };
                let window = window.map_or_else(String::new, |window| format!(" within {window}"));
                (
                    &[Fact::Retries, Fact::Window][..],
                    format!("{times}{window}"),
                )
            }
            (None, None, Some(window)) => (&[Fact::Window][..], format!("for up to {window}")),
            (None, None, None) => return None,
        };
        let (plain, believed) = (format!("tries again {how}"), format!("to try again {how}"));
        Some((Does::Retries, told(sender, facts, (&plain, &believed))))
    }

    /// The header of the answer by which it was told to stop.
    fn stop_header(&self, heard: &Heard<'_>) -> Option<&str> {
        let name = self.sender.stop_header.as_deref()?;
        heard.headers?.first(name).map(|_| name)
    }
}

/// A fact, or a belief if one of these facts is no more than that.
fn told(sender: &Sender, facts: &[Fact], (plain, believed): (&str, &str)) -> String {
    match sender.believes(facts) {
        false => format!("it {plain}"),
        true => format!("it is believed {believed}"),
    }
}

/// A time as a sentence has it: `20 ms`, `4.2 s`, `2m 5s`. Tenths are rounded up: what is over a limit looks so.
fn spoken(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{} s", millis.div_ceil(100) as f64 / 10.0),
        _ => text::duration(time).to_string(),
    }
}
