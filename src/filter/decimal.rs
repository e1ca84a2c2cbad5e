//! Numbers as JSON writes them, compared digit by digit: nothing is rounded, whatever their length (RFC 8259 §6).

use std::cmp::Ordering;

/// A decimal number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty: zero.
    digits: String,
    /// Where the point stands: so many places behind the first digit's left.
    point: i64,
}

impl Decimal {
    /// Reads one; none if the text is no number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, power(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let zeros = all.len().saturating_sub(digits.len());
        let digits = digits.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self {
                is_negative: false,
                digits,
                point: 0,
            });
        }
        let places = i64::try_from(whole.len()).ok()?;
        let point = places
            .saturating_sub(i64::try_from(zeros).ok()?)
            .saturating_add(exponent);
        Some(Self {
            is_negative,
            digits,
            point,
        })
    }

    fn size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let by_place = self.point.cmp(&other.point);
        by_place.then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An exponent; one beyond all measure counts as the largest.
fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let limit = i64::MAX >> 2;
    let size = digits.parse::<i64>().unwrap_or(limit).min(limit);
    Some(if text.starts_with('-') {
        size.saturating_neg()
    } else {
        size
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let rising = [
            "-1e999999999999999999999",
            "-12",
            "-1.5",
            "-1e-3",
            "0",
            "1e-9",
            "0.5",
            "9",
            "10.01",
            "12345678901234567890123",
            "12345678901234567890124",
            "1e23",
        ];
        let numbers: Vec<Decimal> = rising
            .iter()
            .map(|text| Decimal::parse(text).unwrap())
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[test]
    fn one_number_may_be_written_in_many_ways() {
        for (one, other) in [
            ("1", "1.0"),
            ("-0", "0.0"),
            ("100", "1e2"),
            ("0.10", "1E-1"),
            ("007", "7"),
        ] {
            assert_eq!(Decimal::parse(one), Decimal::parse(other), "{one} {other}");
        }
        for wrong in ["", "-", ".5", "5.", "1e", "+1", "0x1", "1 ", "NaN", "1e+-2"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }
}
