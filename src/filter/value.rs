//! Numbers, durations, sizes, statuses and moments, as the filter writes them.
//!
//! In: the words of a value. Out: spans of whole numbers, ends included, or a moment. Must not know: which field asked.

use hooktool_relay::capture::UnixMillis;
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};

use super::Clock;

/// What stands between a field and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// `:`
    Like,
    /// `=`
    Exact,
    /// `~`
    Regex,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Op {
    /// The operator that begins a text, and its length.
    pub(super) fn begin(text: &str) -> Option<(Self, usize)> {
        let all = [
            (">=", Self::AtLeast),
            ("<=", Self::AtMost),
            (">", Self::Above),
            ("<", Self::Below),
            (":", Self::Like),
            ("=", Self::Exact),
            ("~", Self::Regex),
        ];
        let found = all.into_iter().find(|(sign, _)| text.starts_with(sign));
        found.map(|(sign, op)| (op, sign.len()))
    }

    /// Whether it compares.
    pub(super) fn compares(self) -> bool {
        !matches!(self, Self::Like | Self::Exact | Self::Regex)
    }
}

/// Whole numbers that fit, as spans with their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spans(pub(super) Vec<(u64, u64)>);

impl Spans {
    pub(super) fn fits(&self, number: u64) -> bool {
        self.0
            .iter()
            .any(|(low, high)| (low..=high).contains(&&number))
    }
}

/// A word's numbers: the first and the last that it stands for.
pub(super) type Unit = fn(&str) -> Option<(u64, u64)>;

/// The span of one item: `500`, `5xx`, `500..504`, `500..`, `>=500`; or of a word behind a comparing operator.
pub(super) fn span(op: Op, item: &str, unit: Unit) -> Option<(u64, u64)> {
    if op.compares() {
        return compared(op, unit(item)?);
    }
    if let Some((op, len)) = Op::begin(item).filter(|(op, _)| op.compares()) {
        return compared(op, unit(item.get(len..)?.trim_start())?);
    }
    let Some((low, high)) = item.split_once("..") else {
        return unit(item);
    };
    let low = match low {
        "" => 0,
        low => unit(low)?.0,
    };
    let high = match high {
        "" => u64::MAX,
        high => unit(high)?.1,
    };
    (low <= high && item != "..").then_some((low, high))
}

fn compared(op: Op, (low, high): (u64, u64)) -> Option<(u64, u64)> {
    match op {
        Op::Above => Some((high.checked_add(1)?, u64::MAX)),
        Op::AtLeast => Some((low, u64::MAX)),
        Op::AtMost => Some((0, high)),
        // Nothing is below zero: a span that holds nothing.
        _ => Some(low.checked_sub(1).map_or((1, 0), |high| (0, high))),
    }
}

/// `3`.
pub(super) fn count(text: &str) -> Option<(u64, u64)> {
    let number = digits(text)?;
    Some((number, number))
}

/// `500`, `5xx`.
pub(super) fn status(text: &str) -> Option<(u64, u64)> {
    let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
    if let Some(class) = class {
        let class = digits(class).filter(|class| (1..=9).contains(class))?;
        let first = class.checked_mul(100)?;
        return Some((first, first.checked_add(99)?));
    }
    let number = digits(text).filter(|number| (100..=999).contains(number))?;
    Some((number, number))
}

/// `512`, `10k`, `1.5M`; a k is 1,024 bytes.
pub(super) fn size(text: &str) -> Option<(u64, u64)> {
    let (number, unit) = parts(text);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return None,
    };
    let bytes = scaled(number, unit)?;
    Some((bytes, bytes))
}

/// `250ms`, `1.5s`, `5m`, as microseconds, to the millisecond: what took 19.4 ms took `19ms`.
pub(super) fn took(text: &str) -> Option<(u64, u64)> {
    let micros = duration(text)?;
    Some((micros, micros.checked_add(999)?))
}

/// A time with its unit, in microseconds.
fn duration(text: &str) -> Option<u64> {
    let (number, unit) = parts(text);
    let unit = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        "w" => 604_800_000_000,
        _ => return None,
    };
    scaled(number, unit)
}

fn digits(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A number and what follows it.
fn parts(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    text.split_at(end.unwrap_or(text.len()))
}

/// A decimal number times its unit, without a rounding of our own above one.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = digits(whole)?.checked_mul(unit)?;
    let places = u32::try_from(fraction.len()).ok().filter(|&len| len <= 9)?;
    let part = u128::from(digits(fraction)?).checked_mul(u128::from(unit))?;
    let part = part.checked_div(10_u128.checked_pow(places)?)?;
    whole.checked_add(u64::try_from(part).ok()?)
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// So many milliseconds before whatever now is.
    Ago(i64),
    /// Then.
    At(UnixMillis),
}

impl When {
    /// The moment, seen from now.
    pub(super) fn seen(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::Ago(millis) => UnixMillis(now.0.saturating_sub(millis)),
            Self::At(moment) => moment,
        }
    }
}

/// `5m`, `14:30`, `2025-10-12`, `2025-10-12T14:30`, the last with a `Z` for UTC. A time of day is the last one that was.
pub(super) fn when(text: &str, clock: Clock) -> Option<When> {
    if let Some(micros) = duration(text) {
        return i64::try_from(micros.checked_div(1_000)?)
            .ok()
            .map(When::Ago);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(When::At(UnixMillis(moment.as_millisecond())));
    }
    let rules = clock.zone.rules();
    let at = |moment: DateTime| {
        let zoned = moment.to_zoned_datetime(rules.clone()).ok()?;
        Some(UnixMillis(zoned.timestamp().as_millisecond()))
    };
    if let Ok(date) = text.parse::<Date>()
        && !text.contains(':')
    {
        return at(date.to_datetime(Time::midnight())).map(When::At);
    }
    if let Ok(moment) = text.parse::<DateTime>() {
        return at(moment).map(When::At);
    }
    let time: Time = text.parse().ok().filter(|_| text.contains(':'))?;
    let now = Timestamp::from_millisecond(clock.now.0).ok()?;
    let today = now.to_zoned_datetime(rules.clone()).date();
    let moment = at(today.to_datetime(time))?;
    if moment <= clock.now {
        return Some(When::At(moment));
    }
    at(today.yesterday().ok()?.to_datetime(time)).map(When::At)
}
