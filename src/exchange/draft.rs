//! A stored request as a text that a person edits, and what that text changes in it.
//!
//! ```text
//! body       the body alone, decompressed
//! whole      POST /stripe?a=1
//!            Content-Type: application/json
//!
//!            the body
//! ```

use bytes::Bytes;
use hooktool_relay::capture::{Body, Capture, Headers};
use http::{HeaderName, HeaderValue, Method, header::CONTENT_ENCODING};

use super::{path, whole};
use crate::{
    event::Edits,
    format::{
        self, Wanted,
        decode::{self, Encoding},
    },
    history::{HistoryError, Reader, Request},
};

/// Longest body that goes into an editor, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// How much of a request is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its body.
    Body,
    /// Its method, path, header lines and body.
    Whole,
}

/// A body as an editor takes it, or why it is none. `true` if it was compressed.
fn body(reader: &Reader, request: &Request) -> Result<Result<(Bytes, bool), String>, HistoryError> {
    let size = request.capture.body.len();
    if size > LONGEST {
        return Ok(Err("its body is too large for an editor".to_owned()));
    }
    let bytes = whole(reader, request)?.unwrap_or_default();
    let encoding = decode::encoding(request.capture.headers.all("content-encoding"));
    let (bytes, was_encoded) = match encoding {
        Encoding::One(coding) => match decode::decode(coding, &bytes, &Wanted::always()) {
            decoded if decoded.is_whole() => (decoded.bytes.into(), true),
            _ => return Ok(Err("its compressed body cannot be read".to_owned())),
        },
        _ => (bytes, false),
    };
    match format::is_binary(&bytes) {
        true => Ok(Err("its body is no text".to_owned())),
        false => Ok(Ok((bytes, was_encoded))),
    }
}

/// The text to edit, or why there is none.
///
/// # Errors
/// The reader's.
pub fn text(
    reader: &Reader,
    request: &Request,
    part: Part,
) -> Result<Result<Bytes, String>, HistoryError> {
    let (body, was_encoded) = match body(reader, request)? {
        Ok(body) => body,
        Err(why) => return Ok(Err(why)),
    };
    if part == Part::Body {
        return Ok(Ok(body));
    }
    let method = request.capture.method.as_str().as_bytes();
    let mut text = [method, b" ", path(request), b"\n"].concat();
    for (name, value) in request.capture.headers.iter() {
        if value.contains(&b'\n') || value.contains(&b'\r') {
            return Ok(Err("a header line has a line end in it".to_owned()));
        }
        if !(was_encoded && name.eq_ignore_ascii_case(b"content-encoding")) {
            text.extend_from_slice(&[name, b": ", value, b"\n"].concat());
        }
    }
    text.push(b'\n');
    text.extend_from_slice(&body);
    Ok(Ok(text.into()))
}

/// What an edited text changes in the request that it was made of.
///
/// # Errors
/// What is wrong with the text, in words.
pub fn edits(capture: &Capture, text: &Bytes, part: Part) -> Result<Edits, String> {
    let (mut edits, body) = match part {
        Part::Body => (Edits::default(), text.clone()),
        Part::Whole => head(capture, text)?,
    };
    let was_encoded = capture.headers.first("content-encoding").is_some();
    if part == Part::Body && was_encoded {
        edits.removed.push(CONTENT_ENCODING);
    }
    let is_same = match &capture.body {
        Body::Absent => body.is_empty(),
        Body::Whole(bytes) => *bytes == body,
        // Too large to be at hand: it is sent as edited.
        Body::Pieces(_) => false,
    };
    edits.body = (!is_same).then_some(body);
    Ok(edits)
}

fn head(capture: &Capture, text: &Bytes) -> Result<(Edits, Bytes), String> {
    let mut rest = text.clone();
    let line = next_line(&mut rest);
    let line = str::from_utf8(&line).map_err(|_| "the first line is no text".to_owned())?;
    let mut words = line.split_whitespace();
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or("/"),
    );
    let method: Method = method
        .parse()
        .map_err(|_| "line 1: give a method and a path, as in POST /hook".to_owned())?;
    if !path.starts_with(['/', '?']) || path.parse::<http::uri::PathAndQuery>().is_err() {
        return Err("line 1: a path begins with / and has no blanks".to_owned());
    }
    let mut headers = Headers::new();
    for number in 2_u32.. {
        if rest.is_empty() {
            break;
        }
        let line = next_line(&mut rest);
        if line.is_empty() {
            break;
        }
        let (name, value) = header(&line).ok_or(format!("line {number}: give Name: value"))?;
        headers.push(name, value);
    }
    let old_path: &[u8] = match capture.path.as_ref() {
        b"" => b"/",
        path => path,
    };
    let edits = Edits {
        method: (method != capture.method).then_some(method),
        path: (path.as_bytes() != old_path).then(|| Bytes::copy_from_slice(path.as_bytes())),
        headers: (headers != capture.headers).then_some(headers),
        ..Edits::default()
    };
    Ok((edits, rest))
}

/// Name and value of a header line that can be sent.
fn header(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = line.split_at(colon);
    let value = value.get(1..)?.trim_ascii();
    HeaderName::from_bytes(name).ok()?;
    HeaderValue::from_bytes(value).ok()?;
    Some((name.to_vec(), value.to_vec()))
}

/// A header line as a person types it, `Name: value`; none if it cannot be sent.
pub fn header_line(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = header(line.as_bytes())?;
    Some((
        HeaderName::from_bytes(&name).ok()?,
        HeaderValue::from_bytes(&value).ok()?,
    ))
}

fn next_line(rest: &mut Bytes) -> Bytes {
    let end = rest.iter().position(|&byte| byte == b'\n');
    let line = rest.split_to(end.unwrap_or(rest.len()));
    if end.is_some() {
        let _ = rest.split_to(1);
    }
    match line.strip_suffix(b"\r") {
        Some(bare) => line.slice_ref(bare),
        None => line,
    }
}

/// Editors end a last line that had no end; that is no wish of the person.
pub fn without_added_end(before: &[u8], mut after: Vec<u8>) -> Bytes {
    if !before.ends_with(b"\n") && after.ends_with(b"\n") {
        after.pop();
        if after.ends_with(b"\r") && !before.ends_with(b"\r") {
            after.pop();
        }
    }
    after.into()
}

#[cfg(test)]
mod tests {
    use hooktool_relay::capture::{CaptureId, UnixMillis, Version};

    use super::*;

    fn capture() -> Capture {
        let mut headers = Headers::new();
        headers.push("X-A", "1");
        headers.push("X-A", "2");
        Capture {
            id: CaptureId::new(),
            endpoint: "tidy-otter".parse().unwrap(),
            received_at: UnixMillis(0),
            peer: "::1".parse().unwrap(),
            scheme: None,
            method: Method::POST,
            path: Bytes::from_static(b"/stripe"),
            version: Version::Http11,
            headers,
            trailers: Headers::new(),
            body: Body::Whole(Bytes::from_static(b"a\n\nb")),
        }
    }

    fn read(text: &'static str) -> Result<Edits, String> {
        edits(
            &capture(),
            &Bytes::from_static(text.as_bytes()),
            Part::Whole,
        )
    }

    #[test]
    fn a_text_that_was_not_touched_changes_nothing() {
        assert_eq!(
            read("POST /stripe\nX-A: 1\nX-A: 2\n\na\n\nb"),
            Ok(Edits::default())
        );
        assert_eq!(
            read("POST /stripe HTTP/1.1\r\nX-A: 1\r\nX-A:2\r\n\r\na\n\nb"),
            Ok(Edits::default())
        );
    }

    #[test]
    fn what_was_changed_is_what_is_sent() {
        let edits = read("PUT /x?y\nX-A: 2\n\n").expect("edits");
        assert_eq!(edits.method, Some(Method::PUT));
        assert_eq!(edits.path.as_deref(), Some(&b"/x?y"[..]));
        assert_eq!(edits.headers.map(|headers| headers.iter().count()), Some(1));
        assert_eq!(edits.body.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn what_cannot_be_sent_is_told_by_its_line() {
        for (text, told) in [
            ("", "line 1"),
            ("PO ST /", "line 1"),
            ("POST stripe", "line 1"),
            ("POST /a\nX-A 1\n\n", "line 2"),
            ("POST /a\nX-A: 1\nX B: \n\n", "line 3"),
            ("POST /a\nX-A: a\u{1}\n\n", "line 2"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(told), "{text}: {error}");
        }
    }

    #[test]
    fn an_end_that_the_editor_added_is_no_change() {
        assert_eq!(without_added_end(b"a", b"a\n".to_vec()), "a");
        assert_eq!(without_added_end(b"a", b"a\r\n".to_vec()), "a");
        assert_eq!(without_added_end(b"a\n", b"a\n".to_vec()), "a\n");
        assert_eq!(without_added_end(b"a", b"a\n\n".to_vec()), "a\n");
    }
}
