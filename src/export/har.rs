//! Stored requests as an HTTP archive, version 1.2: what the network panel of a browser opens.
//!
//! In: exchanges. Out: one JSON document, an entry a try; a request that was never forwarded has one entry too, with status 0 as
//! browsers have it for what failed. Bodies that are no UTF-8 are base64. Fields of our own begin with `_`.
//! Source: the archived W3C draft "HTTP Archive (HAR) format" (2012), which every browser writes and reads.
//!
//! ```text
//! log ─┬─ version, creator, pages
//!      └─ entries ─▶ request ─▶ headers, cookies, queryString, postData
//!                 └▶ response ─▶ headers, cookies, content             └▶ cache, timings
//! ```

use std::{
    borrow::Cow,
    io::{self, Write},
    time::Duration,
};

use data_encoding::BASE64;
use hooktool_relay::capture::{Headers, Version};
use serde::Serialize;

use super::{Answer, Exchange, MASK, Try};
use crate::text;

/// What is not known, as a number.
const UNKNOWN: i64 = -1;

/// The beginning of the document.
pub(super) fn begin(out: &mut impl Write) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    write!(
        out,
        "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"hooktool\",\"version\":\"{version}\"}},\"pages\":[],\"entries\":["
    )
}

/// The entries of one request.
pub(super) fn entries(out: &mut impl Write, exchange: &Exchange, is_first: bool) -> io::Result<()> {
    let mut separator: &[u8] = if is_first { b"\n" } else { b",\n" };
    let mut entry = |one: Option<&Try>| {
        out.write_all(separator)?;
        separator = b",\n";
        out.write_all(&text::json(&Entry::new(exchange, one))?)
    };
    match exchange.tries.as_slice() {
        [] => entry(None),
        tries => tries.iter().try_for_each(|one| entry(Some(one))),
    }
}

/// The end of the document.
pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\n]}}\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    started_date_time: String,
    time: f64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Empty,
    timings: Timings,
    comment: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_number")]
    number: u64,
    #[serde(rename = "_peer")]
    peer: String,
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn new(exchange: &'a Exchange, one: Option<&'a Try>) -> Self {
        let capture = &exchange.capture;
        let started_at = one.map_or(capture.received_at, |one| one.started_at);
        let timings = Timings::new(one);
        let what = one.map_or("never forwarded".to_owned(), |one| {
            format!("try {}", one.number)
        });
        Self {
            started_date_time: super::moment(started_at),
            time: timings.connect.max(0.0) + timings.wait,
            request: Request::new(exchange, one),
            response: Response::new(one.and_then(|one| one.answer.as_ref())),
            cache: Empty {},
            timings,
            comment: format!("request {}, {what}", exchange.number),
            id: capture.id.to_string(),
            number: exchange.number,
            peer: capture.peer.to_string(),
            error: one.and_then(|one| one.error.as_deref()),
        }
    }
}

#[derive(Serialize)]
struct Empty {}

/// In milliseconds; -1 where it does not apply or is not known.
#[derive(Serialize)]
struct Timings {
    blocked: i64,
    dns: i64,
    connect: f64,
    ssl: i64,
    send: f64,
    wait: f64,
    receive: f64,
}

impl Timings {
    fn new(one: Option<&Try>) -> Self {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let connect = one.and_then(|one| one.connect);
        let took = one.and_then(|one| one.took).unwrap_or_default();
        Self {
            blocked: UNKNOWN,
            dns: UNKNOWN,
            connect: connect.map_or(-1.0, millis),
            ssl: UNKNOWN,
            send: 0.0,
            wait: millis(took.saturating_sub(connect.unwrap_or_default())),
            receive: 0.0,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: String,
    http_version: &'static str,
    cookies: Vec<Pair<'a>>,
    headers: Vec<Pair<'a>>,
    query_string: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData<'a>>,
    headers_size: i64,
    body_size: u64,
}

impl<'a> Request<'a> {
    fn new(exchange: &'a Exchange, one: Option<&'a Try>) -> Self {
        let capture = &exchange.capture;
        let url = one.map(|one| &one.url).or(exchange.url.as_ref());
        let path = &capture.path;
        let query = path.iter().position(|&byte| byte == b'?');
        let query = query.and_then(|at| path.get(at.saturating_add(1)..));
        let body = exchange.bytes().filter(|bytes| !bytes.is_empty());
        Self {
            method: capture.method.as_str(),
            url: match url {
                Some(url) => escaped(url),
                None => received_at(exchange),
            },
            http_version: version(capture.version),
            cookies: cookies(&capture.headers),
            headers: pairs(&capture.headers),
            query_string: fields(query.unwrap_or_default(), b'&'),
            post_data: body.map(|body| PostData::new(&capture.headers, body)),
            headers_size: UNKNOWN,
            body_size: capture.body.len(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    mime_type: Cow<'a, str>,
    text: Cow<'a, str>,
    /// No field of the draft for requests, but what several programs read.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
}

impl<'a> PostData<'a> {
    fn new(headers: &'a Headers, body: &'a [u8]) -> Self {
        let (text, encoding) = coded(body);
        Self {
            mime_type: mime_type(headers),
            text,
            encoding,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: Vec<Pair<'a>>,
    headers: Vec<Pair<'a>>,
    content: Content<'a>,
    #[serde(rename = "redirectURL")]
    redirect_url: Cow<'a, str>,
    headers_size: i64,
    body_size: i64,
}

impl<'a> Response<'a> {
    fn new(answer: Option<&'a Answer>) -> Self {
        let Some(answer) = answer else {
            return Self::none();
        };
        let (text, encoding) = coded(&answer.body);
        let status = ::http::StatusCode::from_u16(answer.status).ok();
        let is_cut = answer.len > answer.body.len() as u64;
        Self {
            status: answer.status,
            status_text: status
                .and_then(|status| status.canonical_reason())
                .unwrap_or(""),
            http_version: "HTTP/1.1",
            cookies: set_cookies(&answer.headers),
            headers: pairs(&answer.headers),
            content: Content {
                size: answer.len,
                mime_type: mime_type(&answer.headers),
                text: Some(text),
                encoding,
                comment: is_cut.then_some("only its first part was kept"),
            },
            redirect_url: words(answer.headers.first("location").unwrap_or_default()),
            headers_size: UNKNOWN,
            body_size: i64::try_from(answer.len).unwrap_or(UNKNOWN),
        }
    }

    /// No answer came.
    fn none() -> Self {
        Self {
            status: 0,
            status_text: "",
            http_version: "unknown",
            cookies: Vec::new(),
            headers: Vec::new(),
            content: Content {
                size: 0,
                mime_type: Cow::Borrowed("x-unknown"),
                text: None,
                encoding: None,
                comment: None,
            },
            redirect_url: Cow::Borrowed(""),
            headers_size: UNKNOWN,
            body_size: UNKNOWN,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'a> {
    size: u64,
    mime_type: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
struct Pair<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> Pair<'a> {
    fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            name: words(name),
            value: words(value),
        }
    }
}

fn pairs(headers: &Headers) -> Vec<Pair<'_>> {
    let pair = |(name, value)| Pair::new(name, value);
    headers.iter().map(pair).collect()
}

/// `name=value` fields as they stand, nothing decoded.
fn fields(text: &[u8], separator: u8) -> Vec<Pair<'_>> {
    let all = text
        .split(|&byte| byte == separator)
        .map(<[u8]>::trim_ascii);
    all.filter(|field| !field.is_empty()).map(field).collect()
}

fn field(field: &[u8]) -> Pair<'_> {
    let end = field.iter().position(|&byte| byte == b'=');
    let (name, value) = field.split_at(end.unwrap_or(field.len()));
    Pair::new(name, value.strip_prefix(b"=").unwrap_or(value))
}

/// RFC 6265 §4.2. Masked lines have none.
fn cookies(headers: &Headers) -> Vec<Pair<'_>> {
    let lines = headers
        .all("cookie")
        .filter(|line| *line != MASK.as_bytes());
    lines.flat_map(|line| fields(line, b';')).collect()
}

/// RFC 6265 §4.1: one a line, its attributes left to the line itself.
fn set_cookies(headers: &Headers) -> Vec<Pair<'_>> {
    let lines = headers.all("set-cookie");
    let lines = lines.filter(|line| *line != MASK.as_bytes());
    lines
        .filter_map(|line| line.split(|&byte| byte == b';').next().map(field))
        .collect()
}

fn mime_type(headers: &Headers) -> Cow<'_, str> {
    words(headers.first("content-type").unwrap_or(b"x-unknown"))
}

/// Text as it is, anything else as base64.
fn coded(body: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    match str::from_utf8(body) {
        Ok(text) => (text.into(), None),
        Err(_) => (BASE64.encode(body).into(), Some("base64")),
    }
}

/// A header's bytes: UTF-8, else Latin-1.
fn words(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2",
    }
}

/// Where the sender sent it, as far as the request itself knows.
fn received_at(exchange: &Exchange) -> String {
    let capture = &exchange.capture;
    let origin = match exchange.relay.contains("://") {
        true => exchange.relay.clone().into_bytes(),
        false => [
            b"http://",
            capture.headers.first("host").unwrap_or(b"localhost"),
        ]
        .concat(),
    };
    let endpoint = capture.endpoint.as_str().as_bytes();
    escaped(&[&origin, &b"/"[..], endpoint, &capture.path].concat())
}

/// A URL that every parser takes: what is not printable ASCII by number (RFC 3986 §2.1).
fn escaped(url: &[u8]) -> String {
    let mut text = String::with_capacity(url.len());
    for &byte in url {
        match byte {
            b'!'..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
