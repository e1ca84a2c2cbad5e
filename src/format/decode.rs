//! A compressed body, decoded to be looked at: gzip, deflate, br and zstd, streaming, with a lid on what comes out.
//!
//! In: bytes as received and the values of their `Content-Encoding`. Out: the beginning of what they hold, how long all of it is,
//! and why it was stopped if it was. What is signed, sent and exported stays as received. Must not know: what the bytes mean.
//!
//! ```text
//! bytes ─▶ one coding? ─▶ decoder, window ≤ 8 MiB (br: 16) ─▶ 32 KiB pieces ─▶ first 1 MiB kept, the rest counted
//!             │ no                                               │ 16 MiB in all · 200 times its size · broken
//!             ▼                                                  ▼
//!          as received                                        stopped, and said
//! ```
//!
//! Sources: RFC 9110 §8.4 (codings), RFC 1950 to 1952, RFC 7932, RFC 8878.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder, errors};

use super::Wanted;
use crate::text::{self, Safe};

/// How much of a decoded body is kept to be shown, in bytes.
pub const SHOWN: usize = 1024 * 1024;

/// How much is decoded in all before it is stopped, in bytes.
pub const ALL: u64 = 16 * 1024 * 1024;

/// How many times its own size a body may become. Text rarely passes 30; deflate can reach 1,032, zstd and br far more.
const RATIO: u64 = 200;

/// Below so many bytes no ratio counts: blanks and zeros of a small body do no harm.
const HARMLESS: u64 = 64 * 1024;

/// Largest window of a zstd frame, in bytes: what RFC 8878 §3.1.1.1.2 asks every decoder to take.
const WINDOW: u64 = 8 * 1024 * 1024;

/// Bytes that are decoded at once.
const PIECE: usize = 32 * 1024;

/// A content coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`, `x-gzip`; several members count as one.
    Gzip,
    /// `deflate`: zlib as the standard has it, or bare as some senders write it.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
}

impl Coding {
    /// What it is called in a header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// What the `Content-Encoding` lines of a message say of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Nothing, or `identity`: it is as it is.
    Plain,
    /// One coding that can be undone.
    One(Coding),
    /// An unknown one, or several on top of each other: it is shown as received. In the sender's words.
    Other(Vec<u8>),
}

/// Reads the values of all `Content-Encoding` lines.
pub fn encoding<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Encoding {
    let values: Vec<&[u8]> = values.into_iter().collect();
    let all = values.join(&b", "[..]);
    let names: Vec<String> = all
        .split(|&byte| byte == b',')
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != b"identity")
        .map(|name| String::from_utf8(name).unwrap_or_default())
        .collect();
    match names.as_slice() {
        [] => Encoding::Plain,
        [name] => Coding::from_name(name).map_or(Encoding::Other(all), Encoding::One),
        _ => Encoding::Other(all),
    }
}

/// Why a body was decoded only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It holds more than [`ALL`].
    TooLarge,
    /// It became more than 200 times its size.
    TooDense,
    /// It is not what its header says, or its end is missing.
    Broken,
}

/// What a compressed body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// How it was compressed.
    pub coding: Coding,
    /// Its length as received, in bytes.
    pub from: u64,
    /// How many bytes came out, kept or not.
    pub len: u64,
    /// The first of them, at most [`SHOWN`].
    pub bytes: Vec<u8>,
    /// Why no more came, if there is more.
    pub stopped: Option<Stopped>,
}

impl Decoded {
    /// Whether `bytes` is all that it holds.
    pub fn is_whole(&self) -> bool {
        self.stopped.is_none() && self.len == self.bytes.len() as u64
    }

    /// The line above it: `gzip 812 B → 4.1 KB`, and why it was stopped.
    pub fn heading(&self) -> Safe<'static> {
        let (coding, from, len) = (
            self.coding.as_str(),
            text::size(self.from),
            text::size(self.len),
        );
        let stopped = match self.stopped {
            None => "",
            Some(Stopped::TooLarge) => ", stopped: it holds more than 16 MB",
            Some(Stopped::TooDense) => ", stopped: more than 200 times its size",
            Some(Stopped::Broken) => ", stopped: broken, or cut off, from here",
        };
        Safe::format(format_args!("{coding} {from} → {len}{stopped}"))
    }
}

/// Decodes a body. Never fails: what came before it broke, or was no longer `wanted`, is kept. At most some 20 MiB of memory,
/// whatever comes.
pub fn decode(coding: Coding, bytes: &[u8], wanted: &Wanted) -> Decoded {
    let mut decoded = Decoded {
        coding,
        from: bytes.len() as u64,
        len: 0,
        bytes: Vec::new(),
        stopped: None,
    };
    let all = match coding {
        Coding::Gzip => decoded.pour(MultiGzDecoder::new(bytes), wanted),
        Coding::Deflate if is_zlib(bytes) => decoded.pour(ZlibDecoder::new(bytes), wanted),
        Coding::Deflate => decoded.pour(DeflateDecoder::new(bytes), wanted),
        Coding::Brotli => brotli(&mut decoded, bytes, wanted),
        Coding::Zstd => zstd(&mut decoded, bytes, wanted),
    };
    if all.is_err() && decoded.stopped.is_none() {
        decoded.stopped = Some(Stopped::Broken);
    }
    decoded
}

impl Decoded {
    /// Takes all that a decoder gives, up to the limits.
    fn pour(&mut self, mut decoder: impl Read, wanted: &Wanted) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        loop {
            let read = match decoder.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.take(piece.get(..read).unwrap_or_default());
            if self.stopped.is_some() || wanted.is_over() {
                return Ok(());
            }
        }
    }

    fn take(&mut self, piece: &[u8]) {
        let room = SHOWN.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes
            .extend_from_slice(piece.get(..room).unwrap_or_default());
        self.len = self.len.saturating_add(piece.len() as u64);
        if self.len > ALL {
            self.stopped = Some(Stopped::TooLarge);
        } else if self.len > HARMLESS && self.len > self.from.saturating_mul(RATIO) {
            self.stopped = Some(Stopped::TooDense);
        }
    }
}

/// Whether a zlib head stands there (RFC 1950 §2.2): method 8, and a sum that 31 divides.
fn is_zlib(bytes: &[u8]) -> bool {
    let Some(&[first, second]) = bytes.first_chunk::<2>() else {
        return false;
    };
    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}

fn brotli(decoded: &mut Decoded, bytes: &[u8], wanted: &Wanted) -> io::Result<()> {
    let mut decoder = Decompressor::new(bytes, PIECE);
    // A "large window" may be a gigabyte, and is no part of RFC 7932.
    decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    decoded.pour(decoder, wanted)
}

/// Frame after frame, those to be skipped left out (RFC 8878 §3.1).
fn zstd(decoded: &mut Decoded, mut bytes: &[u8], wanted: &Wanted) -> io::Result<()> {
    let mut frames = FrameDecoder::new();
    frames.set_max_window_size(WINDOW);
    loop {
        match StreamingDecoder::new_with_decoder(&mut bytes, &mut frames) {
            Ok(frame) => decoded.pour(frame, wanted)?,
            Err(error) => match skippable(&error) {
                Some(length) => {
                    let rest = bytes.get(length..).ok_or(io::ErrorKind::UnexpectedEof)?;
                    bytes = rest;
                }
                None => return Err(io::Error::other(error)),
            },
        }
        if bytes.is_empty() || decoded.stopped.is_some() || wanted.is_over() {
            return Ok(());
        }
    }
}

fn skippable(error: &errors::FrameDecoderError) -> Option<usize> {
    use errors::{FrameDecoderError as Error, ReadFrameHeaderError as Head};
    match error {
        Error::ReadFrameHeaderError(Head::SkipFrame { length, .. }) => {
            usize::try_from(*length).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
mod tests;
