//! Requests in a file, as `export --as json` writes them: read back, to be sent from there.
//!
//! In: the bytes of a file: records of type `capture`, one after the other, a line each or laid out. Out: [`Fixture`]s, or the place and
//! the cause of what is wrong. Must not know: files, where requests are sent.
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use data_encoding::BASE64;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, EndpointName, Headers, UnixMillis, Version, latin1,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{export::MASK, history::KeptAnswer};

/// Version of the records that are understood.
const V: u64 = 1;

/// A request of a file.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The request.
    pub capture: Capture,
    /// Its whole body.
    pub body: Bytes,
    /// The answer that was recorded last, if the file has one.
    pub answer: Option<KeptAnswer>,
    /// How many secrets of the request are masked: it is not what was captured.
    pub masked: usize,
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct FixtureError {
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1; none if the whole record is meant.
    pub column: Option<usize>,
    /// In words, not yet safe to show.
    pub what: String,
}

/// The requests of a file, in its order.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(bytes: &[u8]) -> Result<Vec<Fixture>, FixtureError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut records = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
    let mut found = Vec::new();
    loop {
        let before = records.byte_offset();
        match records.next() {
            None => break,
            Some(Err(error)) => return Err(at(&error, 1)),
            Some(Ok(raw)) => {
                let blank = bytes.get(before..).unwrap_or_default();
                let blank = blank.iter().take_while(|byte| byte.is_ascii_whitespace());
                let start = before.saturating_add(blank.count());
                let line = line_of(bytes, start);
                found.push(one(raw.get(), line)?);
            }
        }
    }
    if found.is_empty() {
        return Err(FixtureError {
            line: 1,
            column: None,
            what: "it is empty".to_owned(),
        });
    }
    Ok(found)
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let ends = before.iter().filter(|&&byte| byte == b'\n').count();
    ends.saturating_add(1)
}

/// serde's own words without its place, which counts from the record on.
fn at(error: &serde_json::Error, first: usize) -> FixtureError {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default();
    FixtureError {
        line: first.saturating_add(error.line().saturating_sub(1)),
        column: Some(error.column()).filter(|&column| column > 0),
        what: what.to_owned(),
    }
}

fn one(text: &str, line: usize) -> Result<Fixture, FixtureError> {
    let wrong = |what: String| FixtureError {
        line,
        column: None,
        what,
    };
    if !text.starts_with('{') {
        let what = "no record of hooktool: it has JSON objects, one after the other";
        return Err(wrong(what.to_owned()));
    }
    let kind: Kind<'_> = serde_json::from_str(text).map_err(|error| at(&error, line))?;
    if kind.v != Some(V) {
        return Err(wrong(match kind.v {
            Some(v) => format!("a record of version {v}, and this hooktool knows 1"),
            None => "no record of hooktool: it has no `v`".to_owned(),
        }));
    }
    let kind = kind.r#type.unwrap_or_default();
    if kind != "capture" {
        return Err(wrong(format!(
            "a record of type `{kind}`, and only a `capture` can be sent"
        )));
    }
    let record: Record<'_> = serde_json::from_str(text).map_err(|error| at(&error, line))?;
    record.fixture(line).map_err(wrong)
}

/// What says whether the rest can be understood.
#[derive(Deserialize)]
struct Kind<'a> {
    v: Option<u64>,
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
}

/// A capture as it is written, as far as it is needed.
#[derive(Deserialize)]
struct Record<'a> {
    id: CaptureId,
    endpoint: EndpointName,
    received_at: Timestamp,
    peer: IpAddr,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(deserialize_with = "latin1::deserialize")]
    path: Bytes,
    headers: Headers,
    #[serde(default)]
    trailers: Headers,
    #[serde(borrow)]
    body: Option<Data<'a>>,
    #[serde(borrow, default)]
    answer: Option<Answer<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    encoding: Option<Cow<'a, str>>,
    size: u64,
    #[serde(borrow)]
    data: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: u16,
    headers: Headers,
    #[serde(borrow)]
    body: Data<'a>,
    ended: bool,
}

impl Record<'_> {
    fn fixture(self, line: usize) -> Result<Fixture, String> {
        let body = match &self.body {
            Some(data) => Some(data.bytes("body")?),
            None => None,
        };
        let method = http::Method::from_bytes(self.method.as_bytes())
            .map_err(|_| format!("`method`: `{}` is no method", self.method))?;
        if !matches!(self.path.first(), None | Some(b'/' | b'?')) {
            return Err("`path`: it begins with `/` or `?`, or is empty".to_owned());
        }
        let answer = match &self.answer {
            None => None,
            Some(answer) => Some(KeptAnswer {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.body.bytes("answer.body")?,
                len: answer.body.size,
                ended: answer.ended,
                carried: None,
            }),
        };
        let masked = masked(&self.headers, &self.path);
        let capture = Capture {
            id: self.id,
            endpoint: self.endpoint,
            received_at: UnixMillis(self.received_at.as_millisecond()),
            peer: self.peer,
            method,
            path: self.path,
            version: Version::Http11,
            scheme: None,
            headers: self.headers,
            trailers: self.trailers,
            body: match &body {
                None => Body::Absent,
                Some(bytes) if bytes.len() > Body::INLINE => Body::Pieces(bytes.len() as u64),
                Some(bytes) => Body::Whole(bytes.clone()),
            },
        };
        Ok(Fixture {
            line,
            capture,
            body: body.unwrap_or_default(),
            answer,
            masked,
        })
    }
}

impl Data<'_> {
    /// The bytes; `name` is that of the field.
    fn bytes(&self, name: &str) -> Result<Bytes, String> {
        let Some(data) = &self.data else {
            return match self.size {
                0 => Ok(Bytes::new()),
                _ => Err(format!(
                    "`{name}.data`: it is left out, and only `hooktool export --as json` writes it whole"
                )),
            };
        };
        match self.encoding.as_deref() {
            Some("utf8") => Ok(Bytes::copy_from_slice(data.as_bytes())),
            Some("base64") => BASE64
                .decode(data.as_bytes())
                .map(Bytes::from)
                .map_err(|error| format!("`{name}.data`: no base64: {error}")),
            other => Err(format!(
                "`{name}.encoding`: `{}` is neither utf8 nor base64",
                other.unwrap_or("null")
            )),
        }
    }
}

/// How many values were masked when it was written.
fn masked(headers: &Headers, path: &[u8]) -> usize {
    let mask = MASK.as_bytes();
    let in_path = path.windows(mask.len()).filter(|&part| part == mask);
    let lines = headers.iter().filter(|&(_, value)| value == mask);
    lines.count().saturating_add(in_path.count())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
