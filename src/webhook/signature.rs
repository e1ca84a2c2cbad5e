//! Where a signature and a timestamp stand in a request, and what they say.
//!
//! In: the rules of a scheme and a request. Out: the signatures that may match, decoded; the timestamp as sent and as a moment.
//! Must not know: keys.

use jiff::{Timestamp, fmt::rfc2822};

use super::{
    crypto::Encoding,
    definition::{self, Kind, TimeFormat, Unit},
    pointer::{Fields, Pointers},
    reading::Fault,
    request::{Facts, split_once},
    source::Source,
};

/// Most signatures of one request that are compared; a rotation has two.
const MOST: usize = 64;

/// Where the signature stands, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct SignatureRule {
    pub(super) from: Source,
    /// As the definition says it.
    pub(super) stands: String,
    pub(super) encoding: Encoding,
    items: Option<u8>,
    pair: Option<u8>,
    field: Option<String>,
    prefix: Option<String>,
}

/// What stands where a signature should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signatures {
    /// Nothing.
    Missing,
    /// Something that is no signature of this form.
    Malformed,
    /// These, at least one.
    Some(Vec<Vec<u8>>),
}

impl SignatureRule {
    /// Compiles it.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(
        raw: &definition::Signature,
        kind: Kind,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        let fault = |reason: &str| Fault::at(&raw.from, "signature", reason);
        let from = Source::parse(raw.from.get_ref(), pointers)
            .map_err(|reason| Fault::at(&raw.from, "signature", reason))?;
        let byte = |text: &Option<String>| match text.as_deref().map(str::as_bytes) {
            None => Ok(None),
            Some([byte]) => Ok(Some(*byte)),
            Some(_) => Err(fault("items and pair are one character each")),
        };
        let (items, pair) = (byte(&raw.items)?, byte(&raw.pair)?);
        if (items.is_some() || raw.field.is_some()) && (pair.is_none() || raw.field.is_none()) {
            return Err(fault("items, pair and field go together"));
        }
        let encoding = match (raw.encoding, kind) {
            (Some(encoding), _) => encoding,
            (None, Kind::Token | Kind::Jwt) => Encoding::Text,
            (None, _) => return Err(fault("it needs an encoding: hex or base64")),
        };
        Ok(Self {
            from,
            stands: raw.from.get_ref().clone(),
            encoding,
            items,
            pair,
            field: raw.field.clone(),
            prefix: raw.prefix.clone(),
        })
    }

    /// What a signature is called in its header: `v1` of `v1=…`, `sha256` of `sha256=…`; none if it stands there bare.
    pub(super) fn version(&self) -> Option<&str> {
        let prefix = self.prefix.as_deref();
        let prefix = prefix.map(|prefix| prefix.trim_end_matches('='));
        self.field.as_deref().or(prefix)
    }

    /// The header that it stands in; none if it stands elsewhere, or in several.
    pub(super) fn header(&self) -> Option<&str> {
        match &self.from {
            Source::Header(name) => Some(name),
            _ => None,
        }
    }

    /// The same place, with signatures of another encoding.
    pub(super) fn written_in(&self, encoding: Encoding) -> Self {
        Self {
            encoding,
            ..self.clone()
        }
    }

    /// The signatures of a request, or of one item of it.
    pub(super) fn find(&self, facts: &Facts<'_>, item: Option<&Fields<'_>>) -> Signatures {
        let values = self.from.all(facts, item);
        if values.iter().all(|value| value.is_empty()) {
            return Signatures::Missing;
        }
        let texts = values.iter().flat_map(|value| self.texts(value));
        let found: Vec<_> = texts
            .filter_map(|text| self.encoding.decode(text))
            .take(MOST)
            .collect();
        match found.is_empty() {
            true => Signatures::Malformed,
            false => Signatures::Some(found),
        }
    }

    /// Whether the header that should come once came more often.
    pub(super) fn is_doubled(&self, facts: &Facts<'_>) -> bool {
        matches!(&self.from, Source::Header(name) if facts.headers(name).nth(1).is_some())
    }

    /// The signatures in one value, undecoded.
    pub(super) fn texts<'v>(&self, value: &'v [u8]) -> Vec<&'v [u8]> {
        match (self.pair, &self.field, &self.prefix) {
            (Some(pair), Some(field), _) => {
                let pairs = self.pairs(value, pair);
                pairs
                    .filter(|(name, _)| *name == field.as_bytes())
                    .map(|(_, text)| text)
                    .collect()
            }
            (_, _, Some(prefix)) => value.strip_prefix(prefix.as_bytes()).into_iter().collect(),
            _ => vec![value],
        }
    }

    /// A pair of the signature header: of a name that repeats, the first.
    pub(super) fn field(&self, facts: &Facts<'_>, name: &str) -> Option<Vec<u8>> {
        let pair = self.pair?;
        let values = self.from.all(facts, None);
        let mut pairs = values.iter().flat_map(|value| self.pairs(value, pair));
        pairs
            .find(|(found, _)| *found == name.as_bytes())
            .map(|(_, value)| value.to_vec())
    }

    fn pairs<'v>(&self, value: &'v [u8], pair: u8) -> impl Iterator<Item = (&'v [u8], &'v [u8])> {
        let items = self.items;
        value
            .split(move |&byte| Some(byte) == items)
            .filter_map(move |item| split_once(item.trim_ascii(), pair))
    }
}

/// Where the timestamp stands, and for how long it is good.
#[derive(Clone, Debug)]
pub(super) struct TimeRule {
    pub(super) from: Source,
    pub(super) unit: Unit,
    pub(super) format: TimeFormat,
    /// For how long, in seconds; none: for ever.
    pub(super) tolerance: Option<u32>,
    /// Whether a moment in the future is measured too.
    pub(super) future: bool,
    pub(super) is_required: bool,
    exclusive: bool,
}

/// A timestamp as sent, and the moment in Unix milliseconds, or why it is none.
pub(super) type Stamp = (Vec<u8>, Result<i64, String>);

/// What the clock says of a timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clocked {
    /// Within the tolerance.
    Fresh,
    /// In the future beyond the tolerance, where that is not measured: by so many seconds.
    Early(i64),
    /// Out of tolerance: its age in seconds, less than 0 in the future.
    Out(i64),
}

impl TimeRule {
    /// Compiles it.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(raw: &definition::Timestamp, pointers: &mut Pointers) -> Result<Self, Fault> {
        let from = Source::parse(raw.from.get_ref(), pointers)
            .map_err(|reason| Fault::at(&raw.from, "timestamp", reason))?;
        Ok(Self {
            from,
            unit: raw.unit,
            format: raw.format,
            tolerance: raw.tolerance,
            future: raw.future,
            is_required: raw.required.unwrap_or(true),
            exclusive: raw.exclusive,
        })
    }

    /// The timestamp of a request; none if there is none.
    pub(super) fn find(
        &self,
        facts: &Facts<'_>,
        signature: Option<&SignatureRule>,
    ) -> Option<Stamp> {
        let text = match &self.from {
            Source::Field(name) => signature?.field(facts, name)?,
            source => source.first(facts, None)?.into_owned(),
        };
        let moment = self.moment(&text);
        (!text.is_empty()).then_some((text, moment))
    }

    fn moment(&self, text: &[u8]) -> Result<i64, String> {
        let readable = str::from_utf8(text).map_err(|_| "is no text".to_owned())?;
        match self.format {
            TimeFormat::Unix => {
                let number: i64 = readable
                    .parse()
                    .map_err(|_| "is no whole number".to_owned())?;
                Ok(match self.unit {
                    Unit::Seconds => number.saturating_mul(1_000),
                    Unit::Millis => number,
                })
            }
            TimeFormat::Iso8601 => readable
                .parse::<Timestamp>()
                .map(Timestamp::as_millisecond)
                .map_err(|_| "is no date and time of ISO 8601".to_owned()),
            TimeFormat::HttpDate => rfc2822::parse(readable)
                .map(|moment| moment.timestamp().as_millisecond())
                .map_err(|_| "is no date of HTTP".to_owned()),
        }
    }

    /// Whether a moment is good at `now`, both in Unix milliseconds.
    pub(super) fn clocked(&self, moment: i64, now: i64) -> Clocked {
        let Some(tolerance) = self.tolerance else {
            return Clocked::Fresh;
        };
        let age = now.saturating_sub(moment);
        // Senders and receivers count whole seconds.
        let seconds = age.div_euclid(1_000);
        let tolerance = i64::from(tolerance);
        let is_over = |seconds: i64| match self.exclusive {
            true => seconds >= tolerance,
            false => seconds > tolerance,
        };
        let ahead = seconds.saturating_neg();
        if is_over(seconds) || (self.future && is_over(ahead)) {
            Clocked::Out(seconds)
        } else if ahead > tolerance {
            Clocked::Early(ahead)
        } else {
            Clocked::Fresh
        }
    }

    /// A moment as the sender writes it.
    pub(super) fn write(&self, millis: i64) -> String {
        let moment = Timestamp::from_millisecond(millis).unwrap_or_default();
        match (self.format, self.unit) {
            (TimeFormat::Unix, Unit::Seconds) => millis.div_euclid(1_000).to_string(),
            (TimeFormat::Unix, Unit::Millis) => millis.to_string(),
            (TimeFormat::Iso8601, _) => moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            (TimeFormat::HttpDate, _) => moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        }
    }
}
