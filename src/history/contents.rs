//! Bytes of bodies, read back: from a row, or from pieces.
//!
//! In: where they are. Out: the bytes; pieces that are missing are an error. Must not know: who asks, how they came in.

use bytes::{Bytes, BytesMut};
use hooktool_relay::capture::Body;
use rusqlite::{Connection, Result};

use super::{
    error::odd,
    rows::{self, Link},
    schema,
};

const PIECES: &str = "SELECT bytes FROM pieces WHERE piece BETWEEN ?1 AND ?2 ORDER BY piece";

/// Adds the kept bytes of an attempt's answer.
pub(super) fn fill(db: &Connection, link: &mut Link) -> Result<()> {
    let Some(answer) = &mut link.attempt.answer else {
        return Ok(());
    };
    let Some(body) = link.body else {
        answer.body = db
            .prepare_cached("SELECT bytes FROM attempts WHERE position = ?1")?
            .query_row([link.position.cast_signed()], |row| rows::blob(row, 0))?
            .unwrap_or_default();
        return Ok(());
    };
    let mut bytes = BytesMut::new();
    let mut query = db.prepare_cached(PIECES)?;
    let mut pieces = query.query(schema::pieces(body))?;
    while let Some(row) = pieces.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob()?);
    }
    answer.body = bytes.freeze();
    Ok(())
}

/// Bytes of a body whose pieces, all but the last, are [`Body::INLINE`] long.
pub(super) fn range(
    db: &Connection,
    body: i64,
    offset: u64,
    len: usize,
    size: u64,
) -> Result<Bytes> {
    let end = offset.saturating_add(len as u64).min(size);
    if offset >= end {
        return Ok(Bytes::new());
    }
    let index = |at: u64| schema::piece(body, (at / Body::INLINE as u64).cast_signed());
    let mut query = db.prepare_cached(PIECES)?;
    let mut pieces = query.query([index(offset), index(end - 1)])?;
    let mut bytes = BytesMut::new();
    let mut skip = (offset % Body::INLINE as u64) as usize;
    while let Some(row) = pieces.next()? {
        let piece = row.get_ref(0)?.as_blob()?;
        bytes.extend_from_slice(piece.get(skip..).unwrap_or_default());
        skip = 0;
    }
    let wanted = (end - offset) as usize;
    if bytes.len() < wanted {
        return Err(odd("body", "pieces of it are missing"));
    }
    bytes.truncate(wanted);
    Ok(bytes.freeze())
}
