//! Frames to bytes and back.
//!
//! In: a [`Frame`], or the payload of one binary websocket message. Out: the other. Body bytes are slices of the message, never
//! copies. Every length is checked again here, whatever the websocket's own limits are. Must not know: sockets, streams' states.
//!
//! ```text
//! 0      1       2        6                                      all numbers big-endian
//! │ kind │ flags │ stream │ payload …                            flags: bit 0 END, the others ignored
//!                         │ head_len u32 │ JSON head │ first …   REQUEST, RESPONSE
//!                         │ bytes …                              DATA
//!                         │ credit u32                           WINDOW
//!                         │ JSON …                               all others
//! ```

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    DecodeError, Frame, MAX_DATA, MAX_FIRST, MAX_HEAD, MAX_MESSAGE, RequestHead, ResponseHead,
    StreamId,
};
use crate::capture::Headers;

/// Kind, flags and stream, in bytes.
const PREFIX: usize = 6;

/// `head_len`, and a WINDOW's credit, in bytes.
const NUMBER: usize = 4;

/// Flag: this is the last of the body.
const END: u8 = 0x01;

/// Room for the small JSON payloads (DONE, SENT, RESET, HEARTBEAT), in bytes: one allocation each.
const SMALL: usize = 160;

/// First byte of a frame, in life-cycle order.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Hello = 0x01,
    Welcome = 0x02,
    Request = 0x03,
    Response = 0x04,
    Data = 0x05,
    Done = 0x06,
    Sent = 0x07,
    Reset = 0x08,
    Window = 0x09,
    Heartbeat = 0x0a,
    GoAway = 0x0b,
    Error = 0x0c,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::Hello,
            0x02 => Self::Welcome,
            0x03 => Self::Request,
            0x04 => Self::Response,
            0x05 => Self::Data,
            0x06 => Self::Done,
            0x07 => Self::Sent,
            0x08 => Self::Reset,
            0x09 => Self::Window,
            0x0a => Self::Heartbeat,
            0x0b => Self::GoAway,
            0x0c => Self::Error,
            _ => return None,
        })
    }

    /// Its name in documents and messages.
    fn name(self) -> &'static str {
        match self {
            Self::Hello => "HELLO",
            Self::Welcome => "WELCOME",
            Self::Request => "REQUEST",
            Self::Response => "RESPONSE",
            Self::Data => "DATA",
            Self::Done => "DONE",
            Self::Sent => "SENT",
            Self::Reset => "RESET",
            Self::Window => "WINDOW",
            Self::Heartbeat => "HEARTBEAT",
            Self::GoAway => "GOAWAY",
            Self::Error => "ERROR",
        }
    }

    /// Whether it belongs to the link and not to a stream.
    fn is_of_link(self) -> bool {
        matches!(
            self,
            Self::Hello | Self::Welcome | Self::Heartbeat | Self::GoAway | Self::Error
        )
    }
}

impl Frame {
    /// The frame's stream; 0 for those of the link itself.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Request { stream, .. }
            | Self::Response { stream, .. }
            | Self::Data { stream, .. }
            | Self::Done { stream, .. }
            | Self::Sent { stream, .. }
            | Self::Reset { stream, .. }
            | Self::Window { stream, .. } => *stream,
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::Heartbeat(_)
            | Self::GoAway(_)
            | Self::Error(_) => 0,
        }
    }

    /// The frame as the payload of one binary websocket message. The peer refuses what is over [`MAX_HEAD`],
    /// [`MAX_FIRST`] or [`MAX_DATA`]: whoever builds a frame keeps within them.
    pub fn encode(&self) -> Bytes {
        let stream = self.stream();
        let out = match self {
            Self::Hello(hello) => json_frame(Kind::Hello, stream, hello),
            Self::Welcome(welcome) => json_frame(Kind::Welcome, stream, welcome),
            Self::Request {
                head, first, end, ..
            } => head_frame(
                begin(Kind::Request, *end, stream, request_room(head, first)),
                head,
                first,
            ),
            Self::Response {
                head, first, end, ..
            } => head_frame(
                begin(Kind::Response, *end, stream, response_room(head, first)),
                head,
                first,
            ),
            Self::Data { bytes, end, .. } => {
                let mut out = begin(Kind::Data, *end, stream, bytes.len());
                out.extend_from_slice(bytes);
                out
            }
            Self::Done { done, .. } => json_frame(Kind::Done, stream, done),
            Self::Sent { sent, .. } => json_frame(Kind::Sent, stream, sent),
            Self::Reset { reset, .. } => json_frame(Kind::Reset, stream, reset),
            Self::Window { credit, .. } => {
                let mut out = begin(Kind::Window, false, stream, NUMBER);
                out.extend_from_slice(&credit.to_be_bytes());
                out
            }
            Self::Heartbeat(heartbeat) => json_frame(Kind::Heartbeat, stream, heartbeat),
            Self::GoAway(goaway) => json_frame(Kind::GoAway, stream, goaway),
            Self::Error(error) => json_frame(Kind::Error, stream, error),
        };
        Bytes::from(out)
    }

    /// The frame in the payload of a binary websocket message; none if its kind is of a later version, which is to be
    /// ignored with a warning. Bodies are slices of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError::Short`], [`DecodeError::TooLong`], [`DecodeError::Json`] or [`DecodeError::Stream`]: it is no frame.
    pub fn decode(bytes: Bytes) -> Result<Option<Self>, DecodeError> {
        let len = bytes.len();
        within("frame", len, MAX_MESSAGE)?;
        let Some((&[kind, flags, s0, s1, s2, s3], _)) = bytes.split_first_chunk::<PREFIX>() else {
            return Err(DecodeError::Short(len));
        };
        let Some(kind) = Kind::of(kind) else {
            return Ok(None);
        };
        let stream = StreamId::from_be_bytes([s0, s1, s2, s3]);
        if kind.is_of_link() != (stream == 0) {
            let kind = kind.name();
            return Err(DecodeError::Stream { kind, stream });
        }
        let payload = bytes.slice(PREFIX..);
        payload_of(kind, stream, flags & END != 0, payload).map(Some)
    }
}

fn payload_of(
    kind: Kind,
    stream: StreamId,
    end: bool,
    payload: Bytes,
) -> Result<Frame, DecodeError> {
    Ok(match kind {
        Kind::Hello => Frame::Hello(json(kind, &payload)?),
        Kind::Welcome => Frame::Welcome(json(kind, &payload)?),
        Kind::Request => {
            let (head, first) = head_and_first(kind, &payload)?;
            Frame::Request {
                stream,
                head,
                first,
                end,
            }
        }
        Kind::Response => {
            let (head, first) = head_and_first(kind, &payload)?;
            Frame::Response {
                stream,
                head,
                first,
                end,
            }
        }
        Kind::Data => {
            within("DATA", payload.len(), MAX_DATA)?;
            Frame::Data {
                stream,
                bytes: payload,
                end,
            }
        }
        Kind::Done => Frame::Done {
            stream,
            done: json(kind, &payload)?,
        },
        Kind::Sent => Frame::Sent {
            stream,
            sent: json(kind, &payload)?,
        },
        Kind::Reset => Frame::Reset {
            stream,
            reset: json(kind, &payload)?,
        },
        Kind::Window => Frame::Window {
            stream,
            credit: number(&payload)?,
        },
        Kind::Heartbeat => Frame::Heartbeat(json(kind, &payload)?),
        Kind::GoAway => Frame::GoAway(json(kind, &payload)?),
        Kind::Error => Frame::Error(json(kind, &payload)?),
    })
}

/// A buffer with the frame's prefix, and room for `room` bytes more.
fn begin(kind: Kind, end: bool, stream: StreamId, room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(room.saturating_add(PREFIX));
    out.push(kind as u8);
    out.push(if end { END } else { 0 });
    out.extend_from_slice(&stream.to_be_bytes());
    out
}

fn json_frame<T: Serialize>(kind: Kind, stream: StreamId, payload: &T) -> Vec<u8> {
    let mut out = begin(kind, false, stream, SMALL);
    write_json(&mut out, payload);
    out
}

fn head_frame<T: Serialize>(mut out: Vec<u8>, head: &T, first: &[u8]) -> Vec<u8> {
    out.extend_from_slice(&[0; NUMBER]);
    let start = out.len();
    write_json(&mut out, head);
    let len = u32::try_from(out.len().saturating_sub(start)).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(PREFIX..start) {
        place.copy_from_slice(&len.to_be_bytes());
    }
    out.extend_from_slice(first);
    out
}

fn write_json<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    // A Vec takes every write, and the types of this room have neither maps nor failing fields.
    serde_json::to_writer(out, value).expect("frames are always JSON");
}

/// About as many bytes as the REQUEST takes, so that its buffer is allocated once.
fn request_room(head: &RequestHead, first: &Bytes) -> usize {
    const FIELDS: usize = 288;
    FIELDS
        .saturating_add(head.path.len())
        .saturating_add(lines_room(&head.headers))
        .saturating_add(first.len())
}

/// About as many bytes as the RESPONSE takes.
fn response_room(head: &ResponseHead, first: &Bytes) -> usize {
    const FIELDS: usize = 64;
    FIELDS
        .saturating_add(lines_room(&head.headers))
        .saturating_add(first.len())
}

fn lines_room(headers: &Headers) -> usize {
    /// `["",""],` and an escaped character or two.
    const PUNCTUATION: usize = 10;
    headers.iter().fold(0, |room: usize, (name, value)| {
        room.saturating_add(name.len())
            .saturating_add(value.len())
            .saturating_add(PUNCTUATION)
    })
}

fn head_and_first<T: DeserializeOwned>(
    kind: Kind,
    payload: &Bytes,
) -> Result<(Box<T>, Bytes), DecodeError> {
    let short = DecodeError::Short(payload.len());
    let head_len = usize::try_from(number(payload)?).unwrap_or(usize::MAX);
    within("head", head_len, MAX_HEAD)?;
    let start = NUMBER.saturating_add(head_len);
    let Some(head) = payload.get(NUMBER..start) else {
        return Err(short);
    };
    within("first body", payload.len().saturating_sub(start), MAX_FIRST)?;
    Ok((json(kind, head)?, payload.slice(start..)))
}

fn number(payload: &[u8]) -> Result<u32, DecodeError> {
    match payload.first_chunk::<NUMBER>() {
        Some(bytes) => Ok(u32::from_be_bytes(*bytes)),
        None => Err(DecodeError::Short(payload.len())),
    }
}

fn json<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| DecodeError::Json {
        kind: kind.name(),
        detail: format!(
            "{:?} at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ),
    })
}

fn within(what: &'static str, len: usize, max: usize) -> Result<(), DecodeError> {
    if len > max {
        return Err(DecodeError::TooLong { what, len, max });
    }
    Ok(())
}
