//! What a person's word for a request means: `1199`, `#1199`, `req_…`, a unique prefix of it, `last`.
//!
//! In: the word. Out: a number, or why it is none and what is near. Must not know: who asks.

use hooktool_relay::capture::CaptureId;
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::{error::PickError, model::Number};

/// Letters and digits of a ULID.
const ULID: usize = 26;

/// The request that is meant. `chosen` is the condition that `last` looks within.
pub(super) fn pick(
    db: &Connection,
    text: &str,
    chosen: &str,
) -> Result<std::result::Result<Number, PickError>> {
    let word = text.trim();
    if word == "last" {
        return last(db, text, chosen);
    }
    let digits = word.strip_prefix('#').unwrap_or(word);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return by_number(db, text, digits.parse().unwrap_or(i64::MAX));
    }
    match span(word) {
        Some((low, high)) => by_prefix(db, text, low, high),
        None => Ok(Err(nothing(text))),
    }
}

/// Nothing fits and nothing is near.
pub(super) fn nothing(asked: &str) -> PickError {
    PickError::None {
        asked: asked.to_owned(),
        nearest: None,
    }
}

/// The number of the request with this id.
pub(super) fn by_id(db: &Connection, id: CaptureId) -> Result<Option<Number>> {
    db.prepare_cached("SELECT number FROM requests WHERE id = ?1")?
        .query_row([id.to_bytes()], number)
        .optional()
}

fn last(
    db: &Connection,
    text: &str,
    chosen: &str,
) -> Result<std::result::Result<Number, PickError>> {
    let sql =
        format!("SELECT number FROM requests WHERE true {chosen} ORDER BY number DESC LIMIT 1");
    let newest = db.prepare_cached(&sql)?.query_row([], number).optional()?;
    Ok(newest.ok_or_else(|| nothing(text)))
}

fn by_number(
    db: &Connection,
    text: &str,
    asked: i64,
) -> Result<std::result::Result<Number, PickError>> {
    let mut query = db.prepare_cached(
        "SELECT number FROM (SELECT max(number) AS number FROM requests WHERE number <= ?1
                             UNION SELECT min(number) FROM requests WHERE number >= ?1)
         WHERE number IS NOT NULL ORDER BY abs(number - ?1), number DESC LIMIT 1",
    )?;
    let nearest: Option<Number> = query.query_row([asked], number).optional()?;
    Ok(match nearest {
        Some(found) if found == asked.cast_unsigned() => Ok(found),
        nearest => Err(PickError::None {
            asked: text.to_owned(),
            nearest: nearest.map(|number| number.to_string()),
        }),
    })
}

/// The ids that begin like this, from the lowest to the highest; none if no id can. Letters may be small.
fn span(word: &str) -> Option<(CaptureId, CaptureId)> {
    let start = match word.get(..CaptureId::PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(CaptureId::PREFIX) => {
            word.get(CaptureId::PREFIX.len()..)?
        }
        _ => return None,
    };
    // 26 digits of 5 bits are 130, so the first one stands for 3 bits only.
    if start
        .bytes()
        .next()
        .is_some_and(|first| !(b'0'..=b'7').contains(&first))
    {
        return None;
    }
    let start = start.to_ascii_uppercase();
    let fill = |with: char| {
        let missing = ULID.checked_sub(start.len())?;
        let rest: String = std::iter::repeat_n(with, missing).collect();
        format!("{}{start}{rest}", CaptureId::PREFIX).parse().ok()
    };
    if start.is_empty() {
        return Some((
            CaptureId::from_bytes([0; 16]),
            CaptureId::from_bytes([0xff; 16]),
        ));
    }
    Some((fill('0')?, fill('Z')?))
}

fn by_prefix(
    db: &Connection,
    text: &str,
    low: CaptureId,
    high: CaptureId,
) -> Result<std::result::Result<Number, PickError>> {
    let mut query =
        db.prepare_cached("SELECT count(*), max(number) FROM requests WHERE id BETWEEN ?1 AND ?2")?;
    let (count, newest): (i64, Option<i64>) = query
        .query_row(params![low.to_bytes(), high.to_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(match (count, newest) {
        (1, Some(number)) => Ok(number.cast_unsigned()),
        (0, _) | (_, None) => Err(PickError::None {
            asked: text.to_owned(),
            nearest: nearest_id(db, text, low, high)?,
        }),
        (count, _) => Err(PickError::Many {
            asked: text.to_owned(),
            count: count.cast_unsigned(),
        }),
    })
}

/// The id beside the asked one that has more of its beginning; the newer one of two that have as much.
fn nearest_id(
    db: &Connection,
    text: &str,
    low: CaptureId,
    high: CaptureId,
) -> Result<Option<String>> {
    let mut query = db.prepare_cached(
        "SELECT max(id) FROM requests WHERE id < ?1 UNION SELECT min(id) FROM requests WHERE id > ?2",
    )?;
    let ids = query.query_map(params![low.to_bytes(), high.to_bytes()], |row| {
        let id: Option<[u8; 16]> = row.get(0)?;
        Ok(id.map(|id| CaptureId::from_bytes(id).to_string()))
    })?;
    let ids: Vec<Option<String>> = ids.collect::<Result<_>>()?;
    let common = |id: &String| {
        let pairs = id.bytes().zip(text.trim().bytes());
        pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
    };
    Ok(ids
        .into_iter()
        .flatten()
        .max_by_key(|id| (common(id), id.clone())))
}

fn number(row: &rusqlite::Row<'_>) -> Result<Number> {
    Ok(row.get::<_, i64>(0)?.cast_unsigned())
}
