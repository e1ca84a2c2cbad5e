//! The nouns that every room shares: ids, a [`Capture`], its [`Headers`], an answer's head, an [`Outcome`].
//!
//! No I/O, no clock but [`UnixMillis::now`], and nothing of ours imported. Header values and paths are bytes; in JSON
//! each byte is the character of the same number (Latin-1), which is lossless and which [`latin1`] does.

use std::net::IpAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

mod answer;
mod headers;
mod name;

pub use self::{
    answer::{AnswerHead, AnswerPolicy, Edit, Outcome, Sent, SentBy},
    headers::{Headers, latin1},
    name::{AccountId, CaptureId, EndpointName, Epoch, NameError, Seq, SessionId, UnixMillis},
};

/// HTTP version in which a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Version {
    /// HTTP/1.0.
    #[serde(rename = "1.0")]
    Http10,
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2: header names have no case and came as lower-case.
    #[serde(rename = "2")]
    Http2,
}

/// How the sender spoke to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The word in URLs and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None was declared: neither Content-Length nor Transfer-Encoding.
    Absent,
    /// All of it, at most [`Body::INLINE`] bytes; may be empty (`Content-Length: 0`).
    Whole(Bytes),
    /// Larger: its bytes are in the store (or come by DATA frames), this is their number.
    Pieces(u64),
}

impl Body {
    /// Largest body that travels with its head, in bytes; a larger one is stored and sent in pieces. The common webhook
    /// is a few KiB, so it is one row and one frame.
    pub const INLINE: usize = 64 * 1024;

    /// Its length in bytes; 0 if absent.
    pub fn len(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Pieces(len) => *len,
        }
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One request as received. Never changed; an edit is a copy with its list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Global name.
    pub id: CaptureId,
    /// The endpoint that it came to.
    pub endpoint: EndpointName,
    /// When its head had been read.
    pub received_at: UnixMillis,
    /// Who sent it: the address of the connection.
    pub peer: IpAddr,
    /// Method as sent, any token.
    pub method: http::Method,
    /// Path and query behind the endpoint's name, raw bytes as sent; empty, or beginning with `/` or `?`.
    pub path: Bytes,
    /// HTTP version it came in.
    pub version: Version,
    /// How the sender spoke to the relay, or to the proxy before it; none when nobody said.
    pub scheme: Option<Scheme>,
    /// Header lines as received, hop-by-hop ones too.
    pub headers: Headers,
    /// Trailer lines, never merged into the headers.
    pub trailers: Headers,
    /// The body, or its length.
    pub body: Body,
}

/// Whether a sender was waiting for the answer when a capture was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A sender waits.
    Live,
    /// It waited at the relay; no sender is left.
    Waited,
}
