//! Numbers for people: sizes, durations, counts, times of day. Our own text, so [`Safe`] as it is.

use std::time::Duration;

use hooktool_relay::capture::UnixMillis;
use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};

use super::Safe;

/// Which clock a time is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Zone {
    /// The machine's.
    #[default]
    Local,
    /// UTC; a date says so by a `Z`.
    Utc,
}

impl Zone {
    /// Its rules.
    pub fn rules(self) -> TimeZone {
        match self {
            Self::Local => TimeZone::system(),
            Self::Utc => TimeZone::UTC,
        }
    }
}

/// A number of bytes in three digits or so: `812 B`, `2.1 KB`, `14.2 MB`. A KB is 1,024 bytes.
pub fn size(bytes: u64) -> Safe<'static> {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if bytes < 1024 {
        return Safe::format(format_args!("{bytes} B"));
    }
    // Exact to far below the digit shown: an f64 holds 53 bits.
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = "KB";
    for next in UNITS.into_iter().skip(1) {
        if amount < 1023.95 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    Safe::format(format_args!("{amount:.1} {unit}"))
}

/// What a carried upgrade came to: how long it was open (none: it is, or was cut off), and the bytes each way.
pub fn carried(over: Option<(Duration, u64)>, down: u64) -> Safe<'static> {
    let down = size(down);
    match over {
        Some((lasted, up)) => Safe::format(format_args!(
            "open for {}: {} to the app, {down} from it",
            duration(lasted),
            size(up)
        )),
        None => Safe::format(format_args!("{down} from the app so far")),
    }
}

/// How long something took: `<1ms`, `12ms`, `1.20s`, `6.10s`, `2m 5s`, `2h 14m`, `3d 4h`.
pub fn duration(took: Duration) -> Safe<'static> {
    let part = |unit: u64, of: u64| {
        let count = took.as_secs().checked_div(unit).unwrap_or_default();
        count.checked_rem(of).unwrap_or_default()
    };
    match took.as_secs() {
        0 if took.as_millis() == 0 => Safe::own("<1ms"),
        0 => Safe::format(format_args!("{}ms", took.as_millis())),
        1..60 => Safe::format(format_args!(
            "{}.{:02}s",
            took.as_secs(),
            took.subsec_millis().checked_div(10).unwrap_or_default()
        )),
        60..3600 => Safe::format(format_args!("{}m {}s", part(60, 60), part(1, 60))),
        3600..86_400 => Safe::format(format_args!("{}h {}m", part(3600, 24), part(60, 60))),
        _ => Safe::format(format_args!(
            "{}d {}h",
            part(86_400, u64::MAX),
            part(3600, 24)
        )),
    }
}

/// How long ago something was, roughly: `45 s`, `6 min`, `2 h`, `3 days`.
pub fn age(seconds: u64) -> Safe<'static> {
    let whole = |unit: u64| seconds.checked_div(unit).unwrap_or_default();
    match seconds {
        0..120 => Safe::format(format_args!("{seconds} s")),
        120..7_200 => Safe::format(format_args!("{} min", whole(60))),
        7_200..172_800 => Safe::format(format_args!("{} h", whole(3_600))),
        _ => Safe::format(format_args!("{} days", whole(86_400))),
    }
}

/// A count with a comma before every three digits: `1,204`.
pub fn count(number: u64) -> Safe<'static> {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(place);
        if place > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    Safe::format(format_args!("{text}"))
}

/// Time of day: `14:31:41`.
pub fn clock(at: UnixMillis, zone: Zone) -> Safe<'static> {
    Safe::format(format_args!("{}", zoned(at, zone).strftime("%H:%M:%S")))
}

/// Date and time of day: `2025-10-12 14:31:41`, with a `Z` behind it in UTC.
pub fn date_clock(at: UnixMillis, zone: Zone) -> Safe<'static> {
    let mark = if zone == Zone::Utc { "Z" } else { "" };
    let zoned = zoned(at, zone);
    Safe::format(format_args!(
        "{}{mark}",
        zoned.strftime("%Y-%m-%d %H:%M:%S")
    ))
}

/// A moment out of the calendar's range is shown as its beginning.
fn zoned(at: UnixMillis, zone: Zone) -> ZonedDateTime {
    Timestamp::from_millisecond(at.0)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(zone.rules())
}
