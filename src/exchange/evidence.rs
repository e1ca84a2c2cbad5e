//! A request as the signature doctor takes it: its bytes, the URLs that it was called by, and the clock to judge it by.

use bytes::Bytes;
use hooktool_relay::capture::{Headers, UnixMillis};

use super::whole;
use crate::{
    history::{HistoryError, Reader, Request},
    webhook::{self, Head},
};

/// A request to judge.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Method as sent.
    pub method: String,
    /// Path and query as sent.
    pub path: Bytes,
    /// Header lines as received.
    pub headers: Headers,
    /// All of the body as received.
    pub body: Bytes,
    /// The URLs that the sender may have called.
    pub public: Vec<String>,
    /// The URLs that the app was called by.
    pub local: Vec<String>,
    /// When it came.
    pub at: UnixMillis,
}

impl Evidence {
    /// A stored request.
    ///
    /// # Errors
    /// The reader's.
    pub fn new(reader: &Reader, request: &Request) -> Result<Self, HistoryError> {
        let capture = &request.capture;
        let attempts = reader.attempts(request.summary.number)?;
        let targets = attempts.into_iter().map(|attempt| attempt.target);
        Ok(Self {
            method: capture.method.as_str().to_owned(),
            path: capture.path.clone(),
            headers: capture.headers.clone(),
            body: whole(reader, request)?.unwrap_or_default(),
            public: webhook::called(capture, &request.relay),
            local: targets.filter(|url| !url.is_empty()).collect(),
            at: capture.received_at,
        })
    }

    /// The same as the doctor takes it.
    pub fn request(&self) -> webhook::Request<'_> {
        webhook::Request {
            head: Head {
                method: &self.method,
                path: &self.path,
                headers: &self.headers,
            },
            body: &self.body,
            public: &self.public,
            local: &self.local,
        }
    }
}
