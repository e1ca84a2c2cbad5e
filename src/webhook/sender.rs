//! How a sender behaves, as its definition says it: how long it waits, when it tries again, what makes it stop.
//!
//! In: TOML. Out: [`Sender`], its times and statuses checked. Must not know: requests, answers.

use std::{fmt, time::Duration};

use serde::Deserialize;

/// How a sender behaves, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// How long it waits for an answer, in seconds.
    pub timeout_s: Option<Seconds>,
    /// How long it waits for a connection, in seconds.
    pub connect_s: Option<Seconds>,
    /// How often it tries again.
    pub retries: Option<u32>,
    /// When, after the try before.
    #[serde(default)]
    pub schedule: Vec<Pause>,
    /// For how long it tries.
    pub window: Option<Pause>,
    /// The answers after which it does not try again, beside those that it takes for a success.
    #[serde(default)]
    pub stops_on: Vec<Statuses>,
    /// The header of an answer after which it does not try again.
    pub stop_header: Option<String>,
    /// What it does beside, after many failures: words that go on after its name.
    pub then: Option<String>,
    /// What its attempt number is at the first attempt; 1 if it is left out.
    pub first_attempt: Option<u32>,
    /// Its largest body.
    pub max_body: Option<String>,
    /// Whether a retry has the same delivery id.
    pub same_id_on_retry: Option<bool>,
    /// Whether a retry has a new timestamp and signature.
    pub resigns_on_retry: Option<bool>,
    /// Which of these are believed and not verified.
    #[serde(default)]
    pub believed: Vec<Fact>,
}

impl Sender {
    /// Whether one of these facts is only believed.
    pub(super) fn believes(&self, facts: &[Fact]) -> bool {
        facts.iter().any(|fact| self.believed.contains(fact))
    }
}

/// A field of [`Sender`] that may be believed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// `timeout_s`.
    #[serde(rename = "timeout_s")]
    Timeout,
    /// `retries`.
    Retries,
    /// `schedule`.
    Schedule,
    /// `window`.
    Window,
    /// `stops_on`.
    StopsOn,
    /// `max_body`.
    MaxBody,
}

/// A number of seconds, above zero and at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Seconds(f64);

impl Seconds {
    /// The same.
    pub fn duration(self) -> Duration {
        Duration::from_secs_f64(self.0)
    }
}

impl TryFrom<f64> for Seconds {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        match (0.001..=86_400.0).contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err("give seconds above 0 and at most 86400"),
        }
    }
}

impl fmt::Display for Seconds {
    /// `3 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// A whole number of seconds, minutes, hours or days: `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pause {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl Pause {
    /// Whether it is none at all.
    pub(super) fn is_none(self) -> bool {
        self.count == 0
    }
}

impl TryFrom<String> for Pause {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "give a whole number with s, m, h or d, such as 5m";
        let (at, unit) = text.char_indices().next_back().ok_or(wrong)?;
        let unit = match unit {
            's' => Unit::Seconds,
            'm' => Unit::Minutes,
            'h' => Unit::Hours,
            'd' => Unit::Days,
            _ => return Err(wrong),
        };
        let count = text.get(..at).and_then(|count| count.parse().ok());
        count.map(|count| Self { count, unit }).ok_or(wrong)
    }
}

impl fmt::Display for Pause {
    /// `5 min`, `3 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match (self.unit, self.count) {
            (Unit::Seconds, _) => "s",
            (Unit::Minutes, _) => "min",
            (Unit::Hours, _) => "h",
            (Unit::Days, 1) => "day",
            (Unit::Days, _) => "days",
        };
        write!(f, "{} {unit}", self.count)
    }
}

/// A status, or a span of them: `406`, `400-428`, `4xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Statuses {
    first: u16,
    last: u16,
}

impl Statuses {
    /// Whether this status is one of them.
    pub fn fits(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl TryFrom<String> for Statuses {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "give a status, such as 406, 400-428 or 4xx";
        let status = |text: &str| {
            let status = text.parse().ok();
            status.filter(|status| (100..=599).contains(status))
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (status(first), status(last)),
            None => match text.strip_suffix("xx") {
                Some(class) => (status(&format!("{class}00")), status(&format!("{class}99"))),
                None => (status(&text), status(&text)),
            },
        };
        match first.zip(last) {
            Some((first, last)) if first <= last => Ok(Self { first, last }),
            _ => Err(wrong),
        }
    }
}

impl fmt::Display for Statuses {
    /// `406`, `400-428`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_statuses_are_read_and_told() {
        let pause = |text: &str| Pause::try_from(text.to_owned()).map(|pause| pause.to_string());
        assert_eq!(pause("5m").as_deref(), Ok("5 min"));
        assert_eq!(pause("1d").as_deref(), Ok("1 day"));
        assert_eq!(pause("3d").as_deref(), Ok("3 days"));
        assert_eq!(pause("20s").as_deref(), Ok("20 s"));
        for wrong in ["", "5", "m", "5w", "1.5h", "-1s", "5 m", "5µ"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
        let spans = [("406", 406, 407), ("4xx", 499, 500), ("400-428", 428, 429)];
        for (text, inside, outside) in spans {
            let statuses = Statuses::try_from(text.to_owned()).unwrap();
            assert!(statuses.fits(inside) && !statuses.fits(outside), "{text}");
        }
        for wrong in ["", "6xx", "xx", "428-400", "4x", "99", "40é"] {
            assert!(Statuses::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert!(Seconds::try_from(0.0).is_err() && Seconds::try_from(f64::NAN).is_err());
        assert_eq!(Seconds::try_from(1.5).unwrap().to_string(), "1.5 s");
    }
}
