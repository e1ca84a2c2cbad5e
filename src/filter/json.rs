//! `.a.b[0].c` in a JSON body: the way there, and what is asked of what it leads to.
//!
//! In: the bytes of a body. Out: yes or no; a body that is no JSON has no fields. Nothing is kept of what is not on the way.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{decimal::Decimal, pattern::Pattern};

/// Most steps of a path, below the depth at which the JSON reader gives up.
const STEPS: usize = 64;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// The way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// Reads `.a.b[0].c`; none if it is not of that form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.strip_prefix('.')?.split('.') {
            let (key, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() && (indices.is_empty() || !steps.is_empty()) {
                return None;
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            let mut rest = indices;
            while !rest.is_empty() {
                let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
                steps.push(Step::Index(index.parse().ok()?));
                rest = after;
            }
        }
        (steps.len() <= STEPS).then_some(Self(steps))
    }

    /// What stands there, as written.
    fn find<'a>(&self, body: &'a [u8]) -> Option<&'a RawValue> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        Walk(&self.0).deserialize(&mut reader).ok()?
    }
}

/// What is asked of a field.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// That it is there, and not null.
    Present,
    /// A text like this, or one of these numbers.
    Like(Pattern, Vec<Decimal>),
    /// A number of one of these spans, ends included.
    Within(Vec<(Option<Decimal>, Option<Decimal>)>),
    /// A number above this.
    Above(Decimal),
    /// A number below this.
    Below(Decimal),
}

impl Asked {
    /// Whether the field is as asked.
    pub(super) fn fits(&self, path: &Path, body: &[u8]) -> bool {
        let Some(raw) = path.find(body).map(RawValue::get) else {
            return false;
        };
        let text = unquoted(raw);
        // Providers write amounts as texts too.
        let number = Decimal::parse(text.trim());
        match (self, number) {
            (Self::Present, _) => raw != "null",
            (Self::Like(_, numbers), Some(number)) if numbers.contains(&number) => true,
            (Self::Like(..), Some(_)) if !raw.starts_with('"') => false,
            (Self::Like(pattern, _), _) => pattern.fits(text.as_bytes()),
            (Self::Within(spans), Some(number)) => spans.iter().any(|(low, high)| {
                low.as_ref().is_none_or(|low| number >= *low)
                    && high.as_ref().is_none_or(|high| number <= *high)
            }),
            (Self::Above(limit), Some(number)) => number > *limit,
            (Self::Below(limit), Some(number)) => number < *limit,
            (_, None) => false,
        }
    }
}

/// The text of a JSON string; anything else as written.
fn unquoted(raw: &str) -> Cow<'_, str> {
    if raw.starts_with('"') {
        return serde_json::from_str(raw).map_or(Cow::Borrowed(raw), Cow::Owned);
    }
    Cow::Borrowed(raw)
}

/// Goes down the steps and gives what is there; of a key that repeats, the last one counts.
struct Walk<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return serde::Deserialize::deserialize(from).map(Some);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match self.0.split_first() {
                Some((Step::Key(wanted), rest)) if *wanted == key => {
                    found = map.next_value_seed(Walk(rest))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut at = 0_usize;
        loop {
            match self.0.split_first() {
                Some((Step::Index(wanted), rest)) if *wanted == at => {
                    match items.next_element_seed(Walk(rest))? {
                        Some(value) => found = value,
                        None => return Ok(found),
                    }
                }
                _ => {
                    if items.next_element::<IgnoredAny>()?.is_none() {
                        return Ok(found);
                    }
                }
            }
            at = at.saturating_add(1);
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, body: &str) -> Option<String> {
        let path = Path::parse(path).expect("a path");
        path.find(body.as_bytes()).map(|raw| raw.get().to_owned())
    }

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let body = r#"{"a":{"b":[{"c":1.50},{"c":"x","c":"y"}]},"n":null,"d e":3,"big":1e400}"#;
        let table = [
            (".a.b[0].c", Some("1.50")),
            (".a.b[1].c", Some("\"y\"")),
            (".a.b[2].c", None),
            (".a.c", None),
            (".n", Some("null")),
            (".n.x", None),
            (".big", Some("1e400")),
            (".a.b[0]", Some("{\"c\":1.50}")),
        ];
        for (path, wanted) in table {
            assert_eq!(found(path, body).as_deref(), wanted, "{path}");
        }
        assert_eq!(found(".[1]", "[1,2]").as_deref(), Some("2"));
        assert_eq!(found(".[1].x", "[1,{\"x\":[]}] {}").as_deref(), Some("[]"));
    }

    #[test]
    fn what_is_no_json_has_no_fields() {
        for body in ["", "a=1", "{\"a\":", "{\"a\":1", "\u{feff}", "[[[["] {
            assert_eq!(found(".a", body), None, "{body}");
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(".a", &deep), None);
    }

    #[test]
    fn a_path_has_keys_and_numbers() {
        for wrong in [
            "", ".", "a", "..a", ".a..b", ".a[", ".a[x]", ".a[0]b", ".a.[0]", ".a[-1]",
        ] {
            assert_eq!(Path::parse(wrong), None, "{wrong}");
        }
    }
}
