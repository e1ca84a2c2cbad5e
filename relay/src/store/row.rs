//! The bytes of a capture's row: its key, the encoding of its head, and the checksum over all of it.
//!
//! In: a [`Capture`]. Out: bytes, and the capture again, or what is wrong with the bytes. Must not know: SQL.
//!
//! ```text
//! key   endpoint's number (23 bits) · seq (40 bits): arrival order needs no index of its own
//! blob  layout 1 · version 0..2 + 16 * scheme 0 unknown, 1 http, 2 https (format 2) · body 0 absent, 1 whole, 2 pieces · 4 | 6 · address
//!       · method · path · headers · trailers · body's bytes to the end | length of a body in pieces
//!       text    = length, bytes       lines = number, (name, value)…       numbers are LEB128
//! sum   CRC32C over key, received_at, size, number of the body (each 8 bytes, little endian), id, blob
//! piece key: number of the body (43 bits) · place (20 bits); sum: CRC32C over key, bytes
//! ```

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use bytes::{Buf, Bytes};
use rusqlite::Row;

use super::Stored;
use crate::capture::{
    Body, Capture, CaptureId, EndpointName, Headers, Scheme, Seq, UnixMillis, Version,
};

/// Bits of a seq in a key: 7 years at 5,000 a second.
const SEQ_BITS: u32 = 40;
/// Highest seq.
const MAX_SEQ: i64 = (1 << SEQ_BITS) - 1;
/// Highest number of an endpoint.
pub(super) const MAX_NUMBER: i64 = (1 << (63 - SEQ_BITS)) - 1;
/// Bits of a piece's place in its key: 64 GiB a body.
const PLACE_BITS: u32 = 20;
/// Bytes of every piece of a body but its last.
pub(super) const PIECE: usize = 64 * 1024;
/// Highest place of a piece.
const MAX_PLACE: i64 = (1 << PLACE_BITS) - 1;
/// What a blob begins with.
const LAYOUT: u8 = 1;

/// Columns of a capture's row as [`Found::of`] wants them.
pub(super) const COLUMNS: &str = "key, at, size, body, sum, id, blob";

/// Key of a capture's row.
pub(super) fn key(number: i64, seq: u64) -> i64 {
    let seq = i64::try_from(seq).map_or(MAX_SEQ, |seq| seq.min(MAX_SEQ));
    (number << SEQ_BITS) | seq
}

/// First and last key of the `count` captures that follow a seq.
pub(super) fn keys_after(number: i64, seq: u64, count: u64) -> (i64, i64) {
    let last = seq.saturating_add(count);
    (key(number, seq.saturating_add(1)), key(number, last))
}

/// Number of the endpoint in a key.
pub(super) fn number_of(key: i64) -> i64 {
    key >> SEQ_BITS
}

/// Seq in a key.
pub(super) fn seq_of(key: i64) -> u64 {
    (key & MAX_SEQ).unsigned_abs()
}

/// Keys that the pieces of a body may have.
pub(super) fn pieces(body: i64) -> (i64, i64) {
    (body << PLACE_BITS, (body << PLACE_BITS) | MAX_PLACE)
}

/// Key of a piece; none beyond the longest body.
pub(super) fn piece_key(body: i64, place: u64) -> Option<i64> {
    let place = i64::try_from(place).ok().filter(|&at| at <= MAX_PLACE)?;
    Some((body << PLACE_BITS) | place)
}

/// Number of the body in a piece's key.
pub(super) fn body_of(piece: i64) -> i64 {
    piece >> PLACE_BITS
}

/// Checksum of a piece.
pub(super) fn piece_sum(key: i64, bytes: &[u8]) -> i64 {
    i64::from(crc32c::crc32c_append(
        crc32c::crc32c(&key.to_le_bytes()),
        bytes,
    ))
}

/// Checksum of a row; `body` is 0 for a body that is not in pieces.
pub(super) fn sum(numbers: [i64; 4], id: &[u8], blob: &[u8]) -> i64 {
    let mut head = [0; 32];
    for (to, number) in head.chunks_exact_mut(8).zip(numbers) {
        to.copy_from_slice(&number.to_le_bytes());
    }
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head), id);
    i64::from(crc32c::crc32c_append(sum, blob))
}

/// Writes a capture's blob in place of what `to` held.
pub(super) fn encode(capture: &Capture, to: &mut Vec<u8>) {
    to.clear();
    let version = match capture.version {
        Version::Http10 => 0,
        Version::Http11 => 1,
        Version::Http2 => 2,
    };
    let scheme = match capture.scheme {
        None => 0,
        Some(Scheme::Http) => 1,
        Some(Scheme::Https) => 2,
    };
    let body = match capture.body {
        Body::Absent => 0,
        Body::Whole(_) => 1,
        Body::Pieces(_) => 2,
    };
    to.extend_from_slice(&[LAYOUT, version | scheme << 4, body]);
    match capture.peer {
        IpAddr::V4(peer) => {
            to.push(4);
            to.extend_from_slice(&peer.octets());
        }
        IpAddr::V6(peer) => {
            to.push(6);
            to.extend_from_slice(&peer.octets());
        }
    }
    put_text(capture.method.as_str().as_bytes(), to);
    put_text(&capture.path, to);
    put_lines(&capture.headers, to);
    put_lines(&capture.trailers, to);
    match &capture.body {
        Body::Absent => {}
        Body::Whole(bytes) => to.extend_from_slice(bytes),
        Body::Pieces(len) => put_number(*len, to),
    }
}

fn put_lines(lines: &Headers, to: &mut Vec<u8>) {
    put_number(lines.len() as u64, to);
    for (name, value) in lines.iter() {
        put_text(name, to);
        put_text(value, to);
    }
}

fn put_text(bytes: &[u8], to: &mut Vec<u8>) {
    put_number(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn put_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// A row as it was read, not yet checked.
pub(super) struct Found {
    /// Its key.
    pub(super) key: i64,
    /// Number of its body's pieces, if it has any.
    pub(super) body: Option<i64>,
    at: i64,
    size: i64,
    sum: i64,
    id: [u8; 16],
    blob: Vec<u8>,
}

impl Found {
    /// Takes a row of [`COLUMNS`].
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            key: row.get(0)?,
            at: row.get(1)?,
            size: row.get(2)?,
            body: row.get(3)?,
            sum: row.get(4)?,
            id: row.get(5)?,
            blob: row.get(6)?,
        })
    }

    /// The capture, if every byte is as it was written; else what is wrong.
    pub(super) fn check(self, endpoint: &EndpointName) -> Result<Stored, String> {
        let seq = seq_of(self.key);
        let numbers = [self.key, self.at, self.size, self.body.unwrap_or(0)];
        if sum(numbers, &self.id, &self.blob) != self.sum {
            return Err(format!("checksum of {endpoint} {seq} does not fit"));
        }
        let capture = decode(
            endpoint.clone(),
            CaptureId::from_bytes(self.id),
            UnixMillis(self.at),
            Bytes::from(self.blob),
        )
        .ok_or_else(|| format!("head of {endpoint} {seq} cannot be read"))?;
        Ok(Stored {
            seq: Seq(seq),
            capture: Arc::new(capture),
        })
    }
}

fn decode(
    endpoint: EndpointName,
    id: CaptureId,
    received_at: UnixMillis,
    mut from: Bytes,
) -> Option<Capture> {
    if from.try_get_u8().ok()? != LAYOUT {
        return None;
    }
    let spoken = from.try_get_u8().ok()?;
    let scheme = match spoken >> 4 {
        0 => None,
        1 => Some(Scheme::Http),
        2 => Some(Scheme::Https),
        _ => return None,
    };
    let version = match spoken & 0x0f {
        0 => Version::Http10,
        1 => Version::Http11,
        2 => Version::Http2,
        _ => return None,
    };
    let body = from.try_get_u8().ok()?;
    let peer = take_peer(&mut from)?;
    let method = http::Method::from_bytes(&take_text(&mut from)?).ok()?;
    let path = take_text(&mut from)?;
    let headers = take_lines(&mut from)?;
    let trailers = take_lines(&mut from)?;
    let body = match body {
        0 => Body::Absent,
        1 => Body::Whole(from),
        2 => Body::Pieces(take_number(&mut from)?),
        _ => return None,
    };
    Some(Capture {
        id,
        endpoint,
        received_at,
        peer,
        method,
        path,
        version,
        scheme,
        headers,
        trailers,
        body,
    })
}

fn take_peer(from: &mut Bytes) -> Option<IpAddr> {
    match from.try_get_u8().ok()? {
        4 => Some(Ipv4Addr::from_bits(from.try_get_u32().ok()?).into()),
        6 => Some(Ipv6Addr::from_bits(from.try_get_u128().ok()?).into()),
        _ => None,
    }
}

fn take_lines(from: &mut Bytes) -> Option<Headers> {
    let mut lines = Headers::new();
    for _ in 0..take_number(from)? {
        let name = take_text(from)?;
        lines.push(name, take_text(from)?);
    }
    Some(lines)
}

fn take_text(from: &mut Bytes) -> Option<Bytes> {
    let len = usize::try_from(take_number(from)?).ok()?;
    (len <= from.len()).then(|| from.split_to(len))
}

fn take_number(from: &mut Bytes) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = from.try_get_u8().ok()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_number_and_seq_and_sorts_by_them() {
        for (number, seq) in [(0, 1), (1, 0), (7, 123_456), (MAX_NUMBER, 1 << 39)] {
            let key = key(number, seq);
            assert_eq!((number_of(key), seq_of(key)), (number, seq));
        }
        assert!(key(1, u64::MAX) < key(2, 0));
    }

    #[test]
    fn a_scheme_comes_back_and_rows_of_format_1_have_none() {
        let endpoint: EndpointName = "a".parse().unwrap();
        let (id, at) = (CaptureId::from_bytes([7; 16]), UnixMillis(5));
        let mut blob = Vec::new();
        for scheme in [None, Some(Scheme::Http), Some(Scheme::Https)] {
            let capture = Capture {
                id,
                endpoint: endpoint.clone(),
                received_at: at,
                peer: "203.0.113.7".parse().unwrap(),
                method: http::Method::PUT,
                path: Bytes::from_static(b"/x"),
                version: Version::Http2,
                scheme,
                headers: Headers::new(),
                trailers: Headers::new(),
                body: Body::Absent,
            };
            encode(&capture, &mut blob);
            let read = |blob| decode(endpoint.clone(), id, at, Bytes::from(blob));
            assert_eq!(read(blob.clone()), Some(capture));
            blob[1] |= 0x40;
            assert_eq!(read(blob.clone()), None);
        }
        // As format 1 wrote it, byte for byte.
        let old = b"\x01\x02\x00\x04\xcb\x00\x71\x07\x03PUT\x02/x\x00\x00";
        let found = decode(endpoint.clone(), id, at, Bytes::from_static(old)).unwrap();
        assert_eq!((found.scheme, found.version), (None, Version::Http2));
        assert_eq!(found.path, "/x");
    }

    #[test]
    fn numbers_of_any_size_come_back_and_a_cut_one_does_not() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_number(number, &mut bytes);
            assert_eq!(take_number(&mut Bytes::from(bytes.clone())), Some(number));
            bytes.pop();
            assert_eq!(take_number(&mut Bytes::from(bytes)), None);
        }
    }
}
