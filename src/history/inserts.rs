//! A capture, an attempt → their rows.
//!
//! In: the nouns, and the numbers that were given to them. Out: rows, and how many bytes they keep for retention to count.
//! Must not know: the transaction, what came before.

use std::time::Duration;

use hooktool_relay::capture::{Body, Capture, Headers, Version};
use rusqlite::{Connection, Result, params};
use serde::Serialize;

use super::{
    error::odd,
    model::{Arrival, Attempt, KeptAnswer, Number, Position},
    rows::kind_word,
};

/// Writes a new capture; gives the bytes that are kept of it. `body` has the pieces of a large one.
pub(super) fn insert_capture(
    db: &Connection,
    number: Number,
    place: i64,
    arrival: &Arrival,
    body: Option<i64>,
) -> Result<u64> {
    let capture = &arrival.capture;
    let head = json("head", &Head::of(capture))?;
    let bytes = head.len() as u64 + capture.path.len() as u64 + capture.body.len();
    let (size, inline) = match &capture.body {
        Body::Absent => (None, None),
        Body::Whole(bytes) => (Some(bytes.len() as i64), Some(bytes.as_ref())),
        Body::Pieces(len) => (Some(len.cast_signed()), None),
    };
    let mut row = db.prepare_cached(
        "INSERT INTO captures (number, id, place, seq, kind, received_at, method, path, size, peer, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    row.execute(params![
        number.cast_signed(),
        capture.id.to_bytes(),
        place,
        arrival.seq.map(|seq| seq.0.cast_signed()),
        kind_word(arrival.kind),
        capture.received_at.0,
        capture.method.as_str(),
        capture.path.as_ref(),
        size,
        capture.peer.to_string(),
        bytes.cast_signed(),
    ])?;
    db.prepare_cached("INSERT INTO contents (number, head, body, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![number.cast_signed(), head, body, inline])?;
    Ok(bytes)
}

/// A request's head as it is kept.
#[derive(Serialize)]
struct Head<'a> {
    version: Version,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Headers::is_empty")]
    trailers: &'a Headers,
}

impl<'a> Head<'a> {
    fn of(capture: &'a Capture) -> Self {
        Self {
            version: capture.version,
            headers: &capture.headers,
            trailers: &capture.trailers,
        }
    }
}

/// A new attempt and its place.
pub(super) struct AttemptRow<'a> {
    pub(super) position: Position,
    pub(super) number: Number,
    pub(super) previous: Option<i64>,
    pub(super) try_number: Option<u32>,
    /// The pieces of an answer that streams; none: its bytes stand in the row.
    pub(super) body: Option<i64>,
    pub(super) attempt: &'a Attempt,
}

impl AttemptRow<'_> {
    /// Writes it; gives the bytes that are kept of it.
    pub(super) fn insert(&self, db: &Connection) -> Result<u64> {
        let attempt = self.attempt;
        let answer = attempt.answer.as_ref();
        let texts = Texts::of(attempt)?;
        let mut row = db.prepare_cached(
            "INSERT INTO attempts (position, number, previous, try_number, cause, target, started_at, outcome, error, connect,
                 took, changes, sent, late, status, len, ended, headers, body, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?;
        row.execute(params![
            self.position.cast_signed(),
            self.number.cast_signed(),
            self.previous,
            self.try_number,
            attempt.cause.as_str(),
            attempt.target,
            attempt.started_at.0,
            attempt.outcome.as_str(),
            attempt.error,
            attempt.connect.map(micros),
            attempt.took.map(micros),
            texts.changes,
            texts.sent,
            attempt.late,
            answer.map(|answer| answer.status),
            answer.map(|answer| length(answer).cast_signed()),
            answer.map(|answer| answer.ended),
            texts.headers,
            self.body,
            answer.map(kept).filter(|_| self.body.is_none()),
        ])?;
        let kept = answer.map_or(0, |answer| kept(answer).len());
        Ok((texts.len() + attempt.target.len() + kept) as u64)
    }
}

/// What is kept of an attempt as JSON.
struct Texts {
    changes: Option<String>,
    sent: Option<String>,
    headers: Option<String>,
}

impl Texts {
    fn of(attempt: &Attempt) -> Result<Self> {
        let changes = Some(&attempt.changes).filter(|changes| !changes.is_empty());
        let changes = changes
            .map(|changes| json("changes", changes))
            .transpose()?;
        let sent = attempt
            .sent
            .as_ref()
            .map(|sent| json("sent", sent))
            .transpose()?;
        let answer = attempt.answer.as_ref();
        let headers = answer
            .map(|answer| json("headers", &answer.headers))
            .transpose()?;
        Ok(Self {
            changes,
            sent,
            headers,
        })
    }

    fn len(&self) -> usize {
        let all = [&self.changes, &self.sent, &self.headers];
        all.into_iter().flatten().map(String::len).sum()
    }
}

fn json(what: &str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| odd(what, error))
}

/// What is kept of an answer's first bytes.
pub(super) fn kept(answer: &KeptAnswer) -> &[u8] {
    let len = answer.body.len().min(KeptAnswer::KEPT);
    answer.body.get(..len).unwrap_or_default()
}

/// How long an answer is so far.
pub(super) fn length(answer: &KeptAnswer) -> u64 {
    answer.len.max(answer.body.len() as u64)
}

/// A duration as it is kept.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
