//! Stored requests, written for other programs: a curl command, a `.http` request file, an HTTP archive.
//!
//! In: [`Exchange`]s, one after the other. Out: text, an exchange at a time, so that any number of them costs the memory of one.
//! JSON lines are the records of `output/json`. Must not know: the history, files, who asked.
//!
//! ```text
//! Export::new ─▶ add(exchange, masked or whole) ─▶ add … ─▶ finish
//! ```
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use std::{
    io::{self, Write},
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::capture::{Body, Capture, Headers, UnixMillis};
use jiff::Timestamp;

mod curl;
mod har;
mod http;
mod mask;

pub use mask::{MASK, headers as mask, is_secret};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A command for each request, for a shell.
    Curl,
    /// A request file for editors (`.http`, `.rest`).
    Http,
    /// An HTTP archive, version 1.2, for the network panel of a browser. An entry a try.
    Har,
}

impl Format {
    /// Whether bodies above [`Body::INLINE`] are wanted in [`Exchange::body`]; the other formats name the command that has them.
    pub fn holds_bodies(self) -> bool {
        self == Self::Har
    }

    /// Whether a request that has no [`Exchange::url`] can be written.
    pub fn needs_url(self) -> bool {
        self != Self::Har
    }
}

/// One request with what is known of its way.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its number in the history; what `hooktool show` takes.
    pub number: u64,
    /// As received; a copy, since masking changes it.
    pub capture: Capture,
    /// The relay it came from: an origin, or `local`.
    pub relay: String,
    /// All of its body, if it has one and [`Format::holds_bodies`]; else only what is in the capture.
    pub body: Option<Bytes>,
    /// Where the app has it, path included; none if it was never forwarded and no target is known.
    pub url: Option<Bytes>,
    /// Its tries, oldest first.
    pub tries: Vec<Try>,
}

/// A try, as an archive has it.
#[derive(Clone, Debug)]
pub struct Try {
    /// From 1.
    pub number: u32,
    /// The URL it went to.
    pub url: Bytes,
    /// When it began.
    pub started_at: UnixMillis,
    /// Time to connect, if a connection was made.
    pub connect: Option<Duration>,
    /// Time to the answer's head, or to the failure.
    pub took: Option<Duration>,
    /// Why it failed.
    pub error: Option<String>,
    /// What the app answered.
    pub answer: Option<Answer>,
}

/// An answer, as far as it is kept.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Header lines.
    pub headers: Headers,
    /// Its first bytes.
    pub body: Bytes,
    /// How long it was in all, in bytes.
    pub len: u64,
}

impl Exchange {
    /// Puts [`MASK`] in the place of every secret in header lines and URLs, and says how many there were. Bodies stay: what is
    /// secret in them, nobody can tell.
    pub fn mask(&mut self) -> usize {
        let capture = &mut self.capture;
        let mut masked = mask::headers(&mut capture.headers);
        masked = masked.saturating_add(mask::headers(&mut capture.trailers));
        masked = masked.saturating_add(mask::url(&mut capture.path));
        if let Some(url) = &mut self.url {
            mask::url(url);
        }
        for one in &mut self.tries {
            mask::url(&mut one.url);
            if let Some(answer) = &mut one.answer {
                masked = masked.saturating_add(mask::headers(&mut answer.headers));
            }
        }
        masked
    }

    /// Its body, as far as it is at hand.
    fn bytes(&self) -> Option<&Bytes> {
        match (&self.body, &self.capture.body) {
            (Some(bytes), _) | (None, Body::Whole(bytes)) => Some(bytes),
            (None, Body::Absent | Body::Pieces(_)) => None,
        }
    }
}

/// An export that is being written.
#[derive(Debug)]
pub struct Export<W> {
    format: Format,
    out: W,
    written: usize,
}

impl<W: Write> Export<W> {
    /// Begins one.
    ///
    /// # Errors
    /// The pipe's, or the file's.
    pub fn new(format: Format, mut out: W) -> io::Result<Self> {
        if format == Format::Har {
            har::begin(&mut out)?;
        }
        Ok(Self {
            format,
            out,
            written: 0,
        })
    }

    /// Writes one more request.
    ///
    /// # Errors
    /// The pipe's; `InvalidInput` for one without a URL where [`Format::needs_url`].
    pub fn add(&mut self, exchange: &Exchange) -> io::Result<()> {
        let is_first = self.written == 0;
        self.written = self.written.saturating_add(1);
        if self.format == Format::Har {
            return har::entries(&mut self.out, exchange, is_first);
        }
        let url = exchange.url.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        if !is_first {
            self.out.write_all(b"\n")?;
        }
        let text = match self.format {
            Format::Curl => curl::command(exchange, url),
            Format::Http | Format::Har => http::request(exchange, url),
        };
        self.out.write_all(text.as_bytes())
    }

    /// Ends it, and gives back where it went.
    ///
    /// # Errors
    /// The pipe's, or the file's.
    pub fn finish(mut self) -> io::Result<W> {
        if self.format == Format::Har {
            har::end(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// RFC 3339 in UTC, to the millisecond.
fn moment(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Header lines that a client is told of: not those of the connection, nor those that it writes by itself.
fn told(all: &Headers) -> Headers {
    let (mut headers, _) = hooktool_relay::headers::strip_hop_by_hop(all);
    headers.remove("host");
    headers.remove("content-length");
    headers
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;
