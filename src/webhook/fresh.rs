//! What is new in every sample: ids and moments.
//!
//! In: a moment, random bytes, a place such as `alnum:24` or `iso -60`. Out: the text for it; the same bytes give the same texts.
//! Pure. Must not know: where in a sample a place stands.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use jiff::Timestamp;

const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &[u8] = b"0123456789abcdef";
/// The lower case of Crockford's base32.
const ULID: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// No zero, so that a number that begins with one is one.
const DIGITS: &[u8] = b"123456789";

/// Fills places.
pub(super) struct Fresh {
    now: i64,
    seed: [u8; 32],
    drawn: u64,
    named: BTreeMap<String, String>,
}

impl Fresh {
    /// At a moment in Unix milliseconds.
    pub(super) fn new(now: i64, seed: [u8; 32]) -> Self {
        Self {
            now,
            seed,
            drawn: 0,
            named: BTreeMap::new(),
        }
    }

    /// The text of a place; none if it means nothing.
    pub(super) fn value(&mut self, place: &str) -> Option<String> {
        let (kind, more) = match place.split_once(' ') {
            Some((kind, more)) => (kind, Some(more)),
            None => (place, None),
        };
        if more.is_none()
            && let Some(value) = self.named.get(kind)
        {
            return Some(value.clone());
        }
        let name = more.and_then(|more| more.strip_prefix('='));
        let off = match (name, more) {
            (None, Some(more)) => more.parse::<i64>().ok()?,
            _ => 0,
        };
        let value = self.made(kind, off)?;
        if let Some(name) = name {
            self.named.insert(name.to_owned(), value.clone());
        }
        Some(value)
    }

    /// `off` in seconds.
    fn made(&mut self, kind: &str, off: i64) -> Option<String> {
        let at = self.now.saturating_add(off.saturating_mul(1_000));
        let moment = Timestamp::from_millisecond(at).ok()?;
        Some(match kind.split_once(':') {
            Some(("alnum", count)) => self.letters(ALNUM, count.parse().ok()?),
            Some(("upper", count)) => self.letters(UPPER, count.parse().ok()?),
            Some(("hex", count)) => self.letters(HEX, count.parse().ok()?),
            Some(("digits", count)) => self.letters(DIGITS, count.parse().ok()?),
            Some(_) => return None,
            None => match kind {
                "now" => at.div_euclid(1_000).to_string(),
                "now_ms" => at.to_string(),
                "micros" => {
                    let seconds = at.div_euclid(1_000);
                    let millis = at.rem_euclid(1_000);
                    format!("{seconds}.{millis:03}{}", self.letters(DIGITS, 3))
                }
                "iso" => moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "iso_ms" => moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
                "uuid" => self.uuid(),
                // The first of its 26 characters has three bits.
                "ulid" => format!("01{}", self.letters(ULID, 24)),
                "signature" => String::new(),
                _ => return None,
            },
        })
    }

    /// Version 4 (RFC 9562 §5.4).
    fn uuid(&mut self) -> String {
        let parts: Vec<String> = [8, 4, 3, 3, 12]
            .into_iter()
            .map(|count| self.letters(HEX, count))
            .collect();
        match parts.as_slice() {
            [one, two, three, four, five] => format!("{one}-{two}-4{three}-a{four}-{five}"),
            _ => String::new(),
        }
    }

    fn letters(&mut self, of: &[u8], count: usize) -> String {
        let letter = |byte: u8| {
            let place = usize::from(byte).checked_rem(of.len()).unwrap_or_default();
            of.get(place).map_or('0', |&letter| char::from(letter))
        };
        let mut text = String::with_capacity(count);
        while text.len() < count {
            let block = self.block();
            let missing = count.saturating_sub(text.len());
            text.extend(block.iter().take(missing).map(|&byte| letter(byte)));
        }
        text
    }

    /// The next random bytes: a hash of the seed and a counter.
    fn block(&mut self) -> Vec<u8> {
        self.drawn = self.drawn.saturating_add(1);
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.seed);
        context.update(&self.drawn.to_be_bytes());
        context.finish().as_ref().to_vec()
    }
}
