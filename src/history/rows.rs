//! Rows of `history.db` → the history's nouns.
//!
//! In: rows. Out: [`Summary`], [`Capture`], [`Attempt`]; a row that this program cannot have written is an error.
//! Must not know: which rows were asked for.

use std::{collections::HashMap, str::FromStr, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Edit, EndpointName, Headers, Kind, Outcome, Scheme, Seq, UnixMillis,
    Version,
};
use rusqlite::{Connection, Result, Row};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    error::odd,
    model::{Attempt, Carried, Cause, KeptAnswer, LastAttempt, Number, Position, Summary},
    webhook::{Again, Repeat, Webhook},
};

/// Relays and endpoints by the number that stands for them.
pub(super) type Places = HashMap<i64, (String, EndpointName)>;

pub(super) fn places(db: &Connection) -> Result<Places> {
    let mut query = db.prepare_cached("SELECT place, relay, endpoint FROM places")?;
    let rows = query.query_map([], |row| {
        let endpoint = parsed::<EndpointName>("endpoint", row.get_ref(2)?.as_str()?)?;
        Ok((row.get(0)?, (row.get(1)?, endpoint)))
    })?;
    rows.collect()
}

/// What [`summary`] reads, in order.
pub(super) const SUMMARY: &str =
    "number, id, place, seq, kind, received_at, method, path, size, peer, bookmarked, tries,
    outcome, cause, status, took, late, note, provider, event, action, delivery_id, attempt, verdict, attempt_reason,
    again, again_of, again_id, again_after, again_times, again_probable, again_same, batch, batch_seen";

/// A row of `captures`.
pub(super) fn summary(row: &Row<'_>, places: &Places) -> Result<Summary> {
    let place: i64 = row.get(2)?;
    let (_, endpoint) = places
        .get(&place)
        .ok_or_else(|| odd("place", place.to_string()))?;
    Ok(Summary {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        id: CaptureId::from_bytes(row.get(1)?),
        endpoint: endpoint.clone(),
        seq: row
            .get::<_, Option<i64>>(3)?
            .map(|seq| Seq(seq.cast_unsigned())),
        kind: kind(row.get_ref(4)?.as_str()?)?,
        received_at: UnixMillis(row.get(5)?),
        method: row.get(6)?,
        path: blob(row, 7)?.unwrap_or_default(),
        size: row.get::<_, Option<i64>>(8)?.map(i64::cast_unsigned),
        peer: parsed("peer", row.get_ref(9)?.as_str()?)?,
        tries: row.get(11)?,
        last: last(row)?,
        bookmarked: row.get(10)?,
        note: row.get::<_, Option<String>>(17)?.map(Into::into),
        webhook: webhook(row)?,
        again: again(row)?,
    })
}

fn webhook(row: &Row<'_>) -> Result<Option<Box<Webhook>>> {
    let Some(provider) = row.get(18)? else {
        return Ok(None);
    };
    Ok(Some(Box::new(Webhook {
        provider,
        event: row.get(19)?,
        action: row.get(20)?,
        delivery_id: row.get(21)?,
        attempt: row.get(22)?,
        verdict: row.get(23)?,
        attempt_reason: row.get(24)?,
    })))
}

fn again(row: &Row<'_>) -> Result<Option<Box<Again>>> {
    let Some(word) = row.get_ref(25)?.as_str_or_null()? else {
        return Ok(None);
    };
    let batch = row.get::<_, Option<u32>>(32)?.zip(row.get(33)?);
    Ok(Some(Box::new(Again {
        repeat: repeat(word)?,
        of: row.get::<_, i64>(26)?.cast_unsigned(),
        id: CaptureId::from_bytes(row.get(27)?),
        after: Duration::from_millis(row.get::<_, i64>(28)?.cast_unsigned()),
        times: row.get(29)?,
        is_probable: row.get(30)?,
        is_same_body: row.get(31)?,
        batch,
    })))
}

/// What a word says a request is beside those before it.
pub(super) fn repeat(word: &str) -> Result<Repeat> {
    Repeat::named(word).ok_or_else(|| odd("again", word))
}

fn last(row: &Row<'_>) -> Result<Option<LastAttempt>> {
    let Some(word) = row.get_ref(12)?.as_str_or_null()? else {
        return Ok(None);
    };
    Ok(Some(LastAttempt {
        outcome: outcome(word)?,
        cause: cause(row.get_ref(13)?.as_str()?)?,
        status: row.get(14)?,
        took: duration(row, 15)?,
        late: row.get(16)?,
    }))
}

#[derive(Deserialize)]
struct Head {
    version: Version,
    #[serde(default)]
    scheme: Option<Scheme>,
    headers: Headers,
    #[serde(default)]
    trailers: Headers,
}

/// A capture from its summary and its row of `contents`: head, body in pieces, bytes.
pub(super) fn capture(summary: &Summary, row: &Row<'_>) -> Result<Capture> {
    let head: Head = json("head", row.get_ref(0)?.as_str()?)?;
    let pieces: Option<i64> = row.get(1)?;
    let body = match (summary.size, pieces) {
        (None, _) => Body::Absent,
        (Some(len), Some(_)) => Body::Pieces(len),
        (Some(_), None) => Body::Whole(blob(row, 2)?.unwrap_or_default()),
    };
    Ok(Capture {
        id: summary.id,
        endpoint: summary.endpoint.clone(),
        received_at: summary.received_at,
        peer: summary.peer,
        method: parsed("method", &summary.method)?,
        path: summary.path.clone(),
        version: head.version,
        scheme: head.scheme,
        headers: head.headers,
        trailers: head.trailers,
        body,
    })
}

/// What [`attempt`] reads, in order.
pub(super) const ATTEMPT: &str =
    "position, number, previous, try_number, cause, target, started_at, outcome, error, connect,
    took, changes, sent, late, status, len, ended, headers, body, writer, up, lasted";

/// The same in short: without what was changed, and without the answer's headers.
pub(super) const ATTEMPT_IN_SHORT: &str =
    "position, number, previous, try_number, cause, target, started_at, outcome, error, connect,
    took, NULL, sent, late, status, len, ended, '[]', body, writer, up, lasted";

/// An attempt and its place in the chain; without its answer's bytes.
pub(super) struct Link {
    pub(super) position: Position,
    pub(super) number: Number,
    pub(super) previous: Option<i64>,
    /// Its answer's bytes are in these pieces; none: in its own row.
    pub(super) body: Option<i64>,
    /// Which process wrote its answer as it came.
    pub(super) writer: Option<i64>,
    pub(super) attempt: Attempt,
}

/// A row of `attempts`.
pub(super) fn attempt(row: &Row<'_>) -> Result<Link> {
    let changes = row.get_ref(11)?.as_str_or_null()?;
    let sent = row.get_ref(12)?.as_str_or_null()?;
    Ok(Link {
        position: row.get::<_, i64>(0)?.cast_unsigned(),
        number: row.get::<_, i64>(1)?.cast_unsigned(),
        previous: row.get(2)?,
        body: row.get(18)?,
        writer: row.get(19)?,
        attempt: Attempt {
            try_number: row.get(3)?,
            cause: cause(row.get_ref(4)?.as_str()?)?,
            target: row.get(5)?,
            started_at: UnixMillis(row.get(6)?),
            outcome: outcome(row.get_ref(7)?.as_str()?)?,
            error: row.get(8)?,
            connect: duration(row, 9)?,
            took: duration(row, 10)?,
            changes: changes.map_or(Ok(Vec::new()), |text| json::<Vec<Edit>>("changes", text))?,
            answer: answer(row)?,
            sent: sent.map(|text| json("sent", text)).transpose()?,
            late: row.get(13)?,
        },
    })
}

fn answer(row: &Row<'_>) -> Result<Option<KeptAnswer>> {
    let Some(status) = row.get(14)? else {
        return Ok(None);
    };
    Ok(Some(KeptAnswer {
        status,
        headers: json("headers", row.get_ref(17)?.as_str()?)?,
        body: Bytes::new(),
        len: row.get::<_, i64>(15)?.cast_unsigned(),
        ended: row.get(16)?,
        carried: carried(row)?,
    }))
}

fn carried(row: &Row<'_>) -> Result<Option<Carried>> {
    let (up, lasted) = (row.get::<_, Option<i64>>(20)?, duration(row, 21)?);
    Ok(up.zip(lasted).map(|(up, lasted)| Carried {
        up: up.cast_unsigned(),
        lasted,
    }))
}

/// The word for a kind.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Live => "live",
        Kind::Waited => "waited",
    }
}

fn kind(word: &str) -> Result<Kind> {
    let mut all = [Kind::Live, Kind::Waited].into_iter();
    let found = all.find(|kind| kind_word(*kind) == word);
    found.ok_or_else(|| odd("kind", word))
}

fn cause(word: &str) -> Result<Cause> {
    let mut all = Cause::ALL.into_iter();
    let found = all.find(|cause| cause.as_str() == word);
    found.ok_or_else(|| odd("cause", word))
}

/// The outcome that a word stands for.
pub(super) fn outcome(word: &str) -> Result<Outcome> {
    word.parse().map_err(|()| odd("outcome", word))
}

/// Bytes of a column, none if it is NULL.
pub(super) fn blob(row: &Row<'_>, column: usize) -> Result<Option<Bytes>> {
    let bytes = row.get_ref(column)?.as_blob_or_null()?;
    Ok(bytes.map(Bytes::copy_from_slice))
}

fn duration(row: &Row<'_>, column: usize) -> Result<Option<Duration>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(|micros| Duration::from_micros(micros.cast_unsigned())))
}

fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    what: &str,
    text: &str,
) -> Result<T> {
    text.parse().map_err(|error: T::Err| odd(what, error))
}

fn json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| odd(what, error))
}

/// An endpoint as it is kept.
pub(super) fn endpoint(text: &str) -> Result<EndpointName> {
    parsed("endpoint", text)
}
