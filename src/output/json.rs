//! JSON lines: exact for a machine, harmless on a terminal. The records here are public: fields may be added, none may change.
//!
//! In: requests, tries, link states. Out: one object a line, with `v` and `type` first.
//!
//! ```text
//! session · ready · capture · attempt · link   listen --json
//! capture (with `last`, without data)        list --json
//! capture · attempt (with changes, answer)   show --json
//! attempt                                    replay --json
//! ```

use std::{
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;
use hooktool_relay::capture::EndpointName;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    OutputError,
    follow::{self, Printer, Said, Start},
    say,
};
use crate::{
    event::{Feed, Link},
    history::{Attempt, History, Request, Summary},
    text,
    webhook::Keyring,
};

pub mod record;

use record::{AttemptRecord, CaptureRecord, GapRecord, LinkRecord, ReadyRecord, SessionRecord};

/// Writes a record as one line.
///
/// # Errors
/// The pipe's.
pub fn line(out: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    let mut text = text::json(record)?;
    text.push(b'\n');
    out.write_all(&text)?;
    out.flush()
}

/// The records of a listener.
#[derive(Debug)]
pub struct Json<W = io::Stdout> {
    out: W,
    endpoint: EndpointName,
    target: Option<String>,
    /// What schemes are told by.
    keys: Arc<dyn Keyring>,
    /// The URL that the last session record named.
    url: Option<String>,
    /// The link state that was told last, without its numbers.
    state: &'static str,
}

impl Json {
    /// Prints one endpoint's records from `start` until the stop. `target`: where requests go, for the session record.
    ///
    /// # Errors
    /// [`OutputError`]; a closed pipe among them.
    pub async fn run(
        history: History,
        feed: Feed,
        endpoint: (String, EndpointName),
        start: Start,
        target: Option<String>,
        keys: Arc<dyn Keyring>,
        stop: CancellationToken,
    ) -> Result<(), OutputError> {
        let json = Self::new(io::stdout(), endpoint.1.clone(), target, keys);
        follow::run(json, history, feed, endpoint, start, stop).await
    }
}

impl<W: Write> Json<W> {
    /// Records that go to `out`.
    pub(crate) fn new(
        out: W,
        endpoint: EndpointName,
        target: Option<String>,
        keys: Arc<dyn Keyring>,
    ) -> Self {
        Self {
            out,
            keys,
            endpoint,
            target,
            url: None,
            state: "",
        }
    }

    fn link(&mut self, link: &Link) -> io::Result<()> {
        if let Link::Live(live) = link
            && self.url.as_ref() != Some(&live.url)
        {
            self.url = Some(live.url.clone());
            let session = SessionRecord::new(&self.endpoint, &live.url, self.target.as_deref());
            line(&mut self.out, &session)?;
        }
        let record = LinkRecord::new(link);
        // The session comes first, and a live link that catches up stays the same link.
        let is_before_session = record.state == "connecting" && self.url.is_none();
        let is_same = record.state == "live" && self.state == "live";
        self.state = record.state;
        match is_before_session || is_same {
            true => Ok(()),
            false => line(&mut self.out, &record),
        }
    }
}

impl<W: Write + Send + 'static> Printer for Json<W> {
    fn capture(&mut self, request: &Request, body: Option<&Bytes>) -> io::Result<()> {
        let record = CaptureRecord::new(request, body);
        let record = record.signed_by(request, &self.keys.keys());
        line(&mut self.out, &record)
    }

    fn prints_captures(&self) -> bool {
        true
    }

    fn attempt(&mut self, request: &Summary, attempt: &Attempt) -> io::Result<()> {
        line(&mut self.out, &AttemptRecord::new(request, attempt))
    }

    fn said(&mut self, said: &Said) -> io::Result<()> {
        match said {
            Said::Link(link) => self.link(link),
            Said::Ready => line(&mut self.out, &ReadyRecord::new()),
            Said::Notice(notice) => {
                say(format_args!("{}", notice.text));
                Ok(())
            }
            Said::Gap(gap) => line(&mut self.out, &GapRecord::new(*gap)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
