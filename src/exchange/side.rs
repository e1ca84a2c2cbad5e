//! One of two things that are compared: a stored request, or a try of it.
//!
//! ```text
//! request   method, path, headers, body
//! try       where to, what was changed on the way, and the app's answer
//! ```

use std::borrow::Cow;

use bytes::Bytes;
use hooktool_relay::capture::{Edit, Headers};

use super::{path, whole};
use crate::{
    diff::Side,
    history::{Attempt, HistoryError, Reader, Request},
    text,
};

/// A request, or one of its tries.
#[derive(Clone, Debug)]
pub struct Picked {
    /// The request.
    pub request: Request,
    /// Which try of it; none: the request itself.
    pub attempt: Option<Attempt>,
    /// Of a try without an answer.
    none: Headers,
}

impl Picked {
    /// Picks one.
    pub fn new(request: Request, attempt: Option<Attempt>) -> Self {
        let none = Headers::new();
        Self {
            request,
            attempt,
            none,
        }
    }

    /// What people call it: `#1199`, or `#1199:3`.
    pub fn name(&self) -> String {
        let number = self.request.summary.number;
        match self.attempt.as_ref().and_then(|attempt| attempt.try_number) {
            None => format!("#{number}"),
            Some(try_number) => format!("#{number}:{try_number}"),
        }
    }

    /// Its body: the request's, or the answer's as far as it is kept.
    ///
    /// # Errors
    /// The reader's.
    pub fn body(&self, reader: &Reader) -> Result<Bytes, HistoryError> {
        match &self.attempt {
            None => Ok(whole(reader, &self.request)?.unwrap_or_default()),
            Some(attempt) => {
                let answer = attempt.answer.as_ref();
                Ok(answer.map_or_else(Bytes::new, |answer| answer.body.clone()))
            }
        }
    }

    /// What is compared of it.
    pub fn side<'a>(&'a self, body: &'a [u8]) -> Side<'a> {
        match &self.attempt {
            None => Side {
                head: vec![
                    (
                        "method".into(),
                        self.request.summary.method.as_bytes().into(),
                    ),
                    ("path".into(), path(&self.request).into()),
                ],
                headers: &self.request.capture.headers,
                body,
            },
            Some(attempt) => Side {
                head: tried(attempt),
                headers: attempt
                    .answer
                    .as_ref()
                    .map_or(&self.none, |answer| &answer.headers),
                body,
            },
        }
    }
}

type Facts<'a> = Vec<(Cow<'a, str>, Cow<'a, [u8]>)>;

/// What is known of a try beside its answer's headers and body.
fn tried(attempt: &Attempt) -> Facts<'_> {
    let own = |text: String| Cow::from(text.into_bytes());
    let mut facts: Facts<'_> = vec![
        ("target".into(), attempt.target.as_bytes().into()),
        ("outcome".into(), attempt.outcome.as_str().as_bytes().into()),
    ];
    if let Some(error) = &attempt.error {
        facts.push(("error".into(), error.as_bytes().into()));
    }
    if let Some(took) = attempt.took {
        facts.push(("took".into(), own(text::duration(took).to_string())));
    }
    if let Some(answer) = &attempt.answer {
        facts.push(("status".into(), own(answer.status.to_string())));
        facts.push(("answer's length".into(), own(answer.len.to_string())));
    }
    facts.extend(attempt.changes.iter().map(|edit| match edit {
        Edit::Changed { what, to, .. } => (sent(what), to.as_ref().into()),
        Edit::Added { name, value } => (sent(name), value.as_ref().into()),
        Edit::Removed { name, .. } => (sent(name), (&b"(left out)"[..]).into()),
    }));
    facts
}

fn sent(name: &str) -> Cow<'static, str> {
    format!("sent {}", name.to_ascii_lowercase()).into()
}
