//! What is changed in a copy of a capture before it is sent again. Pure.
//!
//! In: a capture, which stays as it is, and wishes. Out: a copy, and the list of what differs. Must not know: the history,
//! sending.

use bytes::Bytes;
use hooktool_relay::capture::{Body, Capture, Edit, Headers};

use super::signature::inline;
use crate::{
    event::Edits,
    forward::lines::{self, Fresh},
};

impl Edits {
    /// Whether the copy would be the same, but for its signature.
    pub fn is_empty(&self) -> bool {
        let signature_aside = Self {
            sign: self.sign,
            url: self.url.clone(),
            ..Self::default()
        };
        *self == signature_aside
    }

    /// Whether a text was edited for it; else header lines are set and removed at most.
    pub fn is_draft(&self) -> bool {
        self.method.is_some()
            || self.path.is_some()
            || self.headers.is_some()
            || self.body.is_some()
    }

    /// An edited copy, and what differs in it. A body is listed by its length alone: the list is kept with every attempt.
    pub fn apply(&self, capture: &Capture) -> (Capture, Vec<Edit>) {
        let mut copy = capture.clone();
        let mut list = Vec::new();
        if let Some(method) = &self.method {
            let from = capture.method.as_str().to_owned();
            list.extend(changed("method", from, method.as_str().to_owned()));
            copy.method = method.clone();
        }
        if let Some(path) = &self.path {
            list.extend(changed("path", capture.path.clone(), path.clone()));
            copy.path = path.clone();
        }
        let set = self
            .set
            .iter()
            .map(|(name, value)| (name, Some(Bytes::copy_from_slice(value.as_bytes()))));
        let removed = self.removed.iter().map(|name| (name, None));
        let fresh = set.chain(removed).map(|(name, value)| {
            let name = Bytes::copy_from_slice(name.as_str().as_bytes());
            Fresh::new(name, value)
        });
        let before = match &self.headers {
            Some(headers) => {
                list.extend(lines_changed(&capture.headers, headers));
                headers
            }
            None => &capture.headers,
        };
        copy.headers = lines::replaced(before, fresh.collect(), |_| false, &mut list);
        if let Some(bytes) = &self.body {
            copy.body = inline(bytes);
            if copy.body != capture.body || copy.body.len() > Body::INLINE as u64 {
                let length = |body: &Body| Bytes::from(format!("{} bytes", body.len()));
                list.push(Edit::Changed {
                    what: "body".to_owned(),
                    from: length(&capture.body),
                    to: length(&copy.body),
                });
            }
        }
        (copy, list)
    }
}

/// What differs between two lists of header lines: those of a name are compared in their order.
fn lines_changed(before: &Headers, after: &Headers) -> Vec<Edit> {
    let mut old: Vec<Option<_>> = before.iter().map(Some).collect();
    let mut list = Vec::new();
    let mut added = Vec::new();
    for (name, value) in after.iter() {
        let is_same = |line: &&mut Option<(&[u8], &[u8])>| {
            line.is_some_and(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let text = String::from_utf8(name.to_vec()).unwrap_or_default();
        match old.iter_mut().find(is_same).and_then(Option::take) {
            Some((_, from)) => list.extend(changed(
                &text,
                Bytes::copy_from_slice(from),
                Bytes::copy_from_slice(value),
            )),
            None => added.push(Edit::Added {
                name: text,
                value: Bytes::copy_from_slice(value),
            }),
        }
    }
    list.extend(
        old.into_iter()
            .flatten()
            .map(|(name, value)| Edit::Removed {
                name: String::from_utf8(name.to_vec()).unwrap_or_default(),
                value: Bytes::copy_from_slice(value),
            }),
    );
    list.extend(added);
    list
}

fn changed(what: &str, from: impl Into<Bytes>, to: impl Into<Bytes>) -> Option<Edit> {
    let (from, to) = (from.into(), to.into());
    (from != to).then(|| Edit::Changed {
        what: what.to_owned(),
        from,
        to,
    })
}

#[cfg(test)]
mod tests {
    use hooktool_relay::capture::{CaptureId, UnixMillis, Version};
    use http::{HeaderName, HeaderValue, Method};

    use super::*;

    fn capture() -> Capture {
        let mut headers = Headers::new();
        for (name, value) in [
            ("x-a", "1"),
            ("x-b", "2"),
            ("x-a", "3"),
            ("content-length", "4"),
        ] {
            headers.push(name, value);
        }
        Capture {
            id: CaptureId::new(),
            endpoint: "tidy-otter".parse().unwrap(),
            received_at: UnixMillis(0),
            peer: "::1".parse().unwrap(),
            method: Method::POST,
            path: Bytes::from_static(b"/stripe?a=1"),
            version: Version::Http11,
            scheme: None,
            headers,
            trailers: Headers::new(),
            body: Body::Whole(Bytes::from_static(b"body")),
        }
    }

    fn changed(what: &str, from: &'static str, to: &'static str) -> Edit {
        super::changed(what, from, to).unwrap()
    }

    #[test]
    fn nothing_wished_is_nothing_changed() {
        let edits = Edits::default();
        assert!(edits.is_empty());
        assert_eq!(edits.apply(&capture()).1, []);
    }

    #[test]
    fn every_wish_is_met_in_the_copy_and_listed() {
        let edits = Edits {
            method: Some(Method::PUT),
            path: Some(Bytes::from_static(b"/other")),
            headers: None,
            set: vec![
                (
                    HeaderName::from_static("x-a"),
                    HeaderValue::from_static("9"),
                ),
                (
                    HeaderName::from_static("x-new"),
                    HeaderValue::from_static("n"),
                ),
            ],
            removed: vec![HeaderName::from_static("x-b")],
            body: Some(Bytes::from_static(b"longer")),
            ..Edits::default()
        };
        let original = capture();
        let (copy, list) = edits.apply(&original);
        assert_eq!((copy.id, copy.method), (original.id, Method::PUT));
        assert_eq!(copy.path, "/other");
        assert_eq!(copy.body, Body::Whole(Bytes::from_static(b"longer")));
        let mut headers = Headers::new();
        for (name, value) in [("x-a", "9"), ("content-length", "4"), ("x-new", "n")] {
            headers.push(name, value);
        }
        assert_eq!(copy.headers, headers);
        let removed = |name: &'static str, value: &'static str| Edit::Removed {
            name: name.to_owned(),
            value: Bytes::from_static(value.as_bytes()),
        };
        let added = Edit::Added {
            name: "x-new".to_owned(),
            value: Bytes::from_static(b"n"),
        };
        let expected = [
            changed("method", "POST", "PUT"),
            changed("path", "/stripe?a=1", "/other"),
            changed("x-a", "1", "9"),
            removed("x-b", "2"),
            removed("x-a", "3"),
            added,
            changed("body", "4 bytes", "6 bytes"),
        ];
        assert_eq!(list, expected);
    }

    #[test]
    fn other_header_lines_are_sent_as_they_stand() {
        let mut headers = Headers::new();
        for (name, value) in [("x-a", "1"), ("X-B", "3"), ("x-new", "n")] {
            headers.push(name, value);
        }
        let edits = Edits {
            headers: Some(headers.clone()),
            ..Edits::default()
        };
        let (copy, list) = edits.apply(&capture());
        assert_eq!(copy.headers, headers);
        let removed = |name: &str, value: &'static str| Edit::Removed {
            name: name.to_owned(),
            value: Bytes::from_static(value.as_bytes()),
        };
        let added = Edit::Added {
            name: "x-new".to_owned(),
            value: Bytes::from_static(b"n"),
        };
        let expected = [
            changed("X-B", "2", "3"),
            removed("x-a", "3"),
            removed("content-length", "4"),
            added,
        ];
        assert_eq!(list, expected);
    }

    #[test]
    fn a_large_new_body_is_sent_in_pieces() {
        let edits = Edits {
            body: Some(Bytes::from(vec![0; Body::INLINE + 1])),
            ..Edits::default()
        };
        let (copy, list) = edits.apply(&capture());
        assert_eq!(copy.body, Body::Pieces(65_537));
        assert_eq!(list, [changed("body", "4 bytes", "65537 bytes")]);
    }
}
