//! Header lines, and bytes as they stand in JSON.

use std::fmt;

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, SeqAccess, Visitor},
};

/// Header lines in the order they came, repeats kept. Names are tokens (RFC 9110 §5.1), values any bytes but CR, LF, NUL.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Headers(pub Vec<(Bytes, Bytes)>);

impl Headers {
    /// No lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line at the end.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push((name.into(), value.into()));
    }

    /// Every line, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Value of the first line of that name, whatever its case.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// Values of all lines of that name, whatever its case, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Removes every line of that name, whatever its case.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()));
    }

    /// How many lines.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&http::HeaderMap> for Headers {
    fn from(map: &http::HeaderMap) -> Self {
        let size = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            name.as_str().len() + value.len()
        };
        let mut lines = Lines::with_room(map.iter().map(size).sum(), map.len());
        for (name, value) in map {
            lines.bytes.extend_from_slice(name.as_str().as_bytes());
            lines.end_part();
            lines.bytes.extend_from_slice(value.as_bytes());
            lines.end_part();
        }
        lines.finish()
    }
}

/// Lines under way: their bytes in one buffer, which they share in the end, instead of two allocations a line.
struct Lines {
    bytes: Vec<u8>,
    /// Where each part ends: name, value, name, value …
    ends: Vec<usize>,
}

impl Lines {
    /// None yet, and room for so many bytes and lines.
    fn with_room(bytes: usize, lines: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(2 * lines),
        }
    }

    fn end_part(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn finish(self) -> Headers {
        let mut rest = Bytes::from(self.bytes);
        let mut begun = 0;
        let mut part = |end: &usize| rest.split_to(end - std::mem::replace(&mut begun, *end));
        let lines = self.ends.chunks_exact(2);
        let lines = lines.map(|ends| (part(&ends[0]), part(&ends[1])));
        Headers(lines.collect())
    }
}

impl Serialize for Headers {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(
            self.iter()
                .map(|(name, value)| (latin1::Text(name), latin1::Text(value))),
        )
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(AllLines)
    }
}

struct AllLines;

/// Bytes and lines of most heads, which then do not grow step by step.
const USUAL: (usize, usize) = (512, 16);

impl<'de> Visitor<'de> for AllLines {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pairs of a name and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Headers, A::Error> {
        let mut lines = Lines::with_room(USUAL.0, USUAL.1);
        while pairs.next_element_seed(Line(&mut lines))?.is_some() {}
        Ok(lines.finish())
    }
}

/// One line, read to the end of the others.
struct Line<'a>(&'a mut Lines);

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_tuple(2, self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<(), A::Error> {
        for place in 0..2 {
            let part = parts.next_element_seed(latin1::Behind(&mut self.0.bytes))?;
            part.ok_or_else(|| A::Error::invalid_length(place, &self))?;
            self.0.end_part();
        }
        Ok(())
    }
}

/// Bytes in JSON: each byte as the character of the same number, which keeps every byte. For `#[serde(with)]`.
pub mod latin1 {
    use std::fmt;

    use bytes::Bytes;
    use serde::{
        Deserializer, Serialize,
        de::{DeserializeSeed, Error, Visitor},
    };

    /// Borrowed bytes that serialize as text.
    pub struct Text<'a>(pub &'a [u8]);

    impl Serialize for Text<'_> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            match std::str::from_utf8(self.0) {
                Ok(text) if text.is_ascii() => to.serialize_str(text),
                _ => to.serialize_str(&self.0.iter().map(|&b| char::from(b)).collect::<String>()),
            }
        }
    }

    /// Bytes read back from such text, put behind those that are there.
    pub(super) struct Behind<'a>(pub(super) &'a mut Vec<u8>);

    impl<'de> DeserializeSeed<'de> for Behind<'_> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
            from.deserialize_str(self)
        }
    }

    impl Visitor<'_> for Behind<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("characters up to U+00FF")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
            if text.is_ascii() {
                self.0.extend_from_slice(text.as_bytes());
                return Ok(());
            }
            for character in text.chars() {
                let byte = u8::try_from(u32::from(character))
                    .map_err(|_| E::custom("a character above U+00FF stands for no byte"))?;
                self.0.push(byte);
            }
            Ok(())
        }
    }

    /// Writes bytes as text.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: serde::Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        Text(bytes).serialize(to)
    }

    /// Reads bytes from text.
    ///
    /// # Errors
    /// A character above U+00FF, or the deserializer's own.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let mut bytes = Vec::new();
        Behind(&mut bytes).deserialize(from)?;
        Ok(Bytes::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_json() {
        let all: Vec<u8> = (0..=255).collect();
        let mut headers = Headers::new();
        headers.push("x-all", all.clone());
        headers.push("X-ALL", "second");
        let json = serde_json::to_string(&headers).unwrap();
        let back: Headers = serde_json::from_str(&json).unwrap();
        assert_eq!(back, headers);
        assert_eq!(back.all("X-All").collect::<Vec<_>>(), [&all[..], b"second"]);
        assert!(serde_json::from_str::<Headers>(r#"[["x","\u0100"]]"#).is_err());
    }
}
