//! One stored request, as captured or edited, forwarded again and recorded.
//!
//! In: its number, where to, what to change. Out: the attempt, which is in the history by then. Must not know: the link, who
//! asked, screens.
//!
//! ```text
//! number ─▶ read ─▶ edit a copy ─▶ its signature ─▶ forward ─▶ record ─────────────────────▶ attempt
//!                                     └─▶ a word       answer │   └─ it goes on: piece by piece ─┘
//! ```

use bytes::Bytes;
use futures_util::stream;
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::{Body, Capture, Edit, EndpointName, Outcome, Seq, UnixMillis},
};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::{
    task::spawn_blocking,
    time::{Duration, Instant, timeout_at},
};

use self::signature::{Case, Settled};
pub use self::{
    many::{Sent, many},
    signature::{Became, Unsigned, Word},
};
pub use crate::event::{Edits, Sign};
use crate::{
    forward::{Forwarder, Kept, RequestBody, Tried},
    history::{Attempt, Cause, History, HistoryError, KeptAnswer, Number, Reader, Request},
    target::{Routes, Target},
    webhook::{self, Keyring},
};

mod edits;
mod many;
mod signature;

/// How long an answer may take to end before its attempt is recorded as one that still streams.
const SETTLES: Duration = Duration::from_millis(300);

/// Bytes of a stored body that are read at once.
const PIECE: usize = 256 * 1024;

/// What an answer that broke off is told by.
const BROKE_OFF: &str = "the answer broke off";

/// Why there was no replay. A target that refuses or breaks off is an attempt, not an error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReplayError {
    /// The history has no such number (any more).
    #[error("no request {0}")]
    NoRequest(Number),
    /// It was never forwarded, and no target was named.
    #[error("request {0} was never forwarded: name a target")]
    NoTarget(Number),
    /// An upgraded connection is live only; there is nothing to send again.
    #[error("request {0} opened a websocket, which cannot be sent again")]
    Upgrade(Number),
    /// Its signature cannot be made as it was asked for.
    #[error("request {0} cannot be signed: {1}")]
    Unsigned(Number, Unsigned),
    /// It could not be read or recorded.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// What every replay needs.
#[derive(Clone, Copy)]
pub struct With<'a> {
    /// Where requests are read, and attempts recorded.
    pub history: &'a History,
    /// What sends them.
    pub forwarder: &'a Forwarder,
    /// Where goes what was never forwarded.
    pub otherwise: &'a Routes,
    /// What signatures are judged and made by.
    pub keys: &'a dyn Keyring,
    /// Is told, before a request is sent, what became of its signature, if that is worth a word.
    pub say: &'a (dyn Fn(Number, &Word) + Sync),
}

/// Forwards a stored request again and records the attempt with cause replay. Without `to` it goes where its last try went;
/// what was never forwarded, where it would go now.
///
/// Returns when the answer has ended; one that goes on is recorded at its head and grows in the history meanwhile. Dropped
/// before, the answer counts as broken off, and before its head nothing is recorded. `try_number` of the attempt is none:
/// the history counts.
///
/// # Errors
/// [`ReplayError`]; a failed forward is an attempt.
pub async fn run(
    with: &With<'_>,
    number: Number,
    to: Option<Target>,
    edits: &Edits,
) -> Result<Attempt, ReplayError> {
    let Stored {
        request,
        reader,
        last,
        body,
    } = read(with.history, number, to.is_none(), edits.sign).await?;
    let capture = &request.capture;
    let target = to
        .or(last)
        .or_else(|| with.otherwise.pick(&capture.path).cloned())
        .ok_or(ReplayError::NoTarget(number))?;
    let (mut edited, mut changes) = edits.apply(capture);
    let mut body_sent = edits.body.clone();
    let seen = || with.forwarder.seen(&target, &edited);
    let url = edits.url.clone().or_else(seen);
    let case = Case {
        keys: &with.keys.keys(),
        original: (capture, &body),
        public: &webhook::called(capture, &request.relay),
        copy: (&edited, body_sent.as_ref().unwrap_or(&body)),
        url: url.as_deref(),
        now: UnixMillis::now().0,
    };
    let settled = case.settle(edits.sign);
    let settled = settled.map_err(|why| ReplayError::Unsigned(number, why))?;
    let Settled { signed, word, .. } = settled;
    changes.extend(settled.changes);
    if let Some(word) = &word {
        (with.say)(number, word);
    }
    if let Some((capture, body)) = signed {
        edited = capture;
        body_sent = Some(body);
    }
    let body = match body_sent {
        Some(bytes) => whole(bytes),
        None => stored(&capture.body, number, reader),
    };
    let tried = with
        .forwarder
        .send(&target, &edited, body, Some(capture.id))
        .await;
    record(with.history, capture, tried, changes).await
}

/// What is needed of the history.
struct Stored {
    request: Request,
    reader: Reader,
    /// Where its last try went; not looked for if a target was named.
    last: Option<Target>,
    /// All of its body if it is to be signed; else of a large one nothing.
    body: Bytes,
}

async fn read(
    history: &History,
    number: Number,
    wants_target: bool,
    sign: Sign,
) -> Result<Stored, ReplayError> {
    let history = history.clone();
    let read = move || {
        let reader = history.reader()?;
        let request = reader
            .request(number)?
            .ok_or(ReplayError::NoRequest(number))?;
        let capture = &request.capture;
        if is_upgrade(request.summary.seq, capture) {
            return Err(ReplayError::Upgrade(number));
        }
        let last = match wants_target {
            true => last_target(&reader, number, capture)?,
            false => None,
        };
        let body = match (&capture.body, sign) {
            (Body::Whole(bytes), _) => bytes.clone(),
            (Body::Absent, _) | (Body::Pieces(_), Sign::Keep) => Bytes::new(),
            (Body::Pieces(len), _) => {
                let len = usize::try_from(*len).unwrap_or(usize::MAX);
                reader.body(number, 0, len)?
            }
        };
        Ok(Stored {
            request,
            reader,
            last,
            body,
        })
    };
    match spawn_blocking(read).await {
        Ok(stored) => stored,
        // It is cancelled only with the runtime, which ends this future too.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Whether a request opened a websocket, which is live only: it has no place in its endpoint.
pub fn is_upgrade(seq: Option<Seq>, capture: &Capture) -> bool {
    seq.is_none() && capture.headers.first("upgrade").is_some()
}

/// Where the last try of a request went; none if it was never forwarded. Blocking.
///
/// # Errors
/// The reader's.
pub fn last_target(
    reader: &Reader,
    number: Number,
    capture: &Capture,
) -> Result<Option<Target>, HistoryError> {
    let attempts = reader.attempts(number)?;
    let mut tries = attempts.iter().rev();
    Ok(tries.find_map(|attempt| target_of(attempt, capture)))
}

/// The target an attempt went to: its URL without the request's own path. That stands in its edit of the path, behind the
/// endpoint's name; an edited replay sent another one than was captured.
fn target_of(attempt: &Attempt, capture: &Capture) -> Option<Target> {
    let changed = attempt.changes.iter().rev().find_map(|edit| match edit {
        Edit::Changed { what, from, to } if what == "path" => Some((from, to)),
        _ => None,
    });
    let path = match changed {
        Some((from, to)) => behind(&capture.endpoint, from).unwrap_or(to),
        None => &capture.path,
    };
    let base = attempt.target.as_bytes().strip_suffix(path)?;
    std::str::from_utf8(base).ok()?.parse().ok()
}

fn behind<'a>(endpoint: &EndpointName, path: &'a [u8]) -> Option<&'a [u8]> {
    path.strip_prefix(b"/")?
        .strip_prefix(endpoint.as_str().as_bytes())
}

fn whole(bytes: Bytes) -> RequestBody {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The captured body: in the head, or read from the history as the app takes it.
fn stored(body: &Body, number: Number, reader: Reader) -> RequestBody {
    let len = match body {
        Body::Absent => return whole(Bytes::new()),
        Body::Whole(bytes) => return whole(bytes.clone()),
        Body::Pieces(len) => *len,
    };
    let pieces = stream::try_unfold((reader, 0), move |(reader, offset)| async move {
        if offset >= len {
            return Ok(None);
        }
        let read = move || {
            let piece = reader.body(number, offset, PIECE);
            (reader, piece)
        };
        let (reader, piece) = spawn_blocking(read).await.map_err(|_| Cut)?;
        // A body that retention has dropped meanwhile reads as empty, and must not look like an end.
        let piece = piece.ok().filter(|piece| !piece.is_empty()).ok_or(Cut)?;
        let offset = offset + piece.len() as u64;
        Ok(Some((Frame::data(piece), (reader, offset))))
    });
    StreamBody::new(Box::pin(pieces)).boxed_unsync()
}

async fn record(
    history: &History,
    capture: &Capture,
    tried: Tried,
    changes: Vec<Edit>,
) -> Result<Attempt, ReplayError> {
    let (mut attempt, body) = attempt_of(tried, changes);
    let Some(mut body) = body else {
        history.attempted(capture.id, attempt.clone()).await?;
        return Ok(attempt);
    };
    let mut kept = Kept::new(KeptAnswer::KEPT);
    let end = settle(&mut body, &mut kept).await;
    close(&mut attempt, kept.len(), end);
    if let Some(answer) = &mut attempt.answer {
        answer.body = kept.into_bytes();
    }
    let streaming = history.attempted(capture.id, attempt.clone()).await?;
    let Some(mut streaming) = streaming else {
        return Ok(attempt);
    };
    let mut len = 0;
    let end = loop {
        match next(&mut body).await {
            Ok(piece) => {
                len += piece.len() as u64;
                streaming.push(piece).await?;
            }
            Err(end) => break end,
        }
    };
    let broken = (end == End::Cut).then(|| BROKE_OFF.to_owned());
    streaming.end(broken).await?;
    close(&mut attempt, len, Some(end));
    Ok(attempt)
}

/// The attempt as it stands at the answer's head, and the answer's body if there is one.
fn attempt_of(tried: Tried, mut changes: Vec<Edit>) -> (Attempt, Option<AnswerBody>) {
    changes.extend(tried.edits);
    let mut attempt = Attempt {
        try_number: None,
        cause: Cause::Replay,
        target: tried.url,
        started_at: tried.started_at,
        outcome: Outcome::Answered,
        error: None,
        connect: tried.connect,
        took: Some(tried.took),
        changes,
        answer: None,
        sent: None,
        late: false,
    };
    match tried.result {
        Ok(answered) => {
            attempt.answer = Some(KeptAnswer {
                status: answered.head.status.as_u16(),
                headers: answered.head.headers,
                body: Bytes::new(),
                len: 0,
                ended: false,
                carried: None,
            });
            (attempt, Some(answered.body))
        }
        Err(failure) => {
            attempt.outcome = failure.outcome;
            attempt.error = Some(failure.text);
            (attempt, None)
        }
    }
}

/// How an answer's body ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Cut,
}

/// Puts into the attempt that `len` bytes more came, and how the answer ended; none: it goes on.
fn close(attempt: &mut Attempt, len: u64, end: Option<End>) {
    if let Some(answer) = &mut attempt.answer {
        answer.len += len;
        answer.ended = end == Some(End::Whole);
    }
    if end == Some(End::Cut) {
        attempt.outcome = Outcome::Broken;
        attempt.error = Some(BROKE_OFF.to_owned());
    }
}

/// Keeps what comes until the body ends, there is no room or time is up; none if it goes on.
async fn settle(body: &mut AnswerBody, kept: &mut Kept) -> Option<End> {
    let deadline = Instant::now() + SETTLES;
    while !kept.is_full() {
        match timeout_at(deadline, next(body)).await.ok()? {
            Ok(piece) => kept.take(&piece),
            Err(end) => return Some(end),
        }
    }
    None
}

/// The next bytes.
///
/// # Cancel safety
/// Safe.
async fn next(body: &mut AnswerBody) -> Result<Bytes, End> {
    loop {
        match body.frame().await {
            None => return Err(End::Whole),
            Some(Err(Cut)) => return Err(End::Cut),
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(piece);
                }
            }
        }
    }
}
