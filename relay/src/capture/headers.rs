//! Header lines, and bytes as they stand in JSON.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

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
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (
                Bytes::copy_from_slice(name.as_str().as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        };
        Self(map.iter().map(line).collect())
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
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(latin1::Owned, latin1::Owned)>::deserialize(from)?;
        Ok(Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.0, value.0))
                .collect(),
        ))
    }
}

/// Bytes in JSON: each byte as the character of the same number, which keeps every byte. For `#[serde(with)]`.
pub mod latin1 {
    use std::borrow::Cow;

    use bytes::Bytes;
    use serde::{Deserialize, Serialize};

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

    /// Bytes read back from such text.
    pub struct Owned(pub Bytes);

    impl<'de> Deserialize<'de> for Owned {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            deserialize(from).map(Self)
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
    pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        if text.is_ascii() {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
        bytes
            .map(Bytes::from)
            .map_err(|_| serde::de::Error::custom("a character above U+00FF stands for no byte"))
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
