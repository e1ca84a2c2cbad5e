//! The app's answer on its way back: to the sender as it comes, to the history as far as it is kept.
//!
//! The common answer is there whole when its head is: one RESPONSE, one record. A longer one is pumped to the sender while the
//! attempt is recorded at its head; what the history gets is a copy over a bounded queue.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use hooktool_relay::{
    answer::AnswerBody,
    capture::{Capture, Outcome},
    link::OutBody,
    protocol::{Done, MAX_FIRST, Reset, ResetCode, ResponseHead},
};
use http_body_util::BodyExt;
use tokio::{
    pin,
    sync::mpsc,
    time::{Duration, timeout},
};

use crate::{
    forward::{Answered, Failure, Kept},
    history::{HistoryError, KeptAnswer, Streaming},
};

use super::{
    Deliveries, Recording, beside,
    settle::{Facts, Reply, cause},
};

/// Pieces of an answer that wait for the history; when it is full the pump waits, and so the app.
const COPIES: usize = 16;

/// An answer that nobody waits for is read to its end for so long, to be kept.
const UNWANTED: Duration = Duration::from_secs(60);

/// One whose sender left after its beginning is, too: most come to their end within a moment, and those that never do, such as
/// server-sent events, must not go on for nobody.
const LEFT: Duration = Duration::from_secs(2);

/// The beginning of an answer.
enum Beginning {
    /// All of it.
    Whole(Bytes),
    /// What is there already; more comes.
    Part(Bytes),
    /// It broke off here.
    Cut(usize),
}

impl Deliveries {
    /// Gives the app's answer to the sender, records the attempt, and streams the rest.
    pub(super) async fn pass(
        self: &Arc<Self>,
        capture: &Capture,
        answered: Answered,
        facts: Facts,
        mut reply: Reply<'_>,
        recorded: Recording<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let Answered { head, mut body } = answered;
        let (first, ended) = match begin(&mut body) {
            Beginning::Whole(first) => (first, true),
            Beginning::Part(first) => (first, false),
            Beginning::Cut(after) => {
                // Nothing of it has gone out yet, so the sender can still be told the truth.
                let failure = Failure {
                    outcome: Outcome::Broken,
                    text: format!("the answer broke off after {after} bytes"),
                };
                return self
                    .fall_short(capture, failure, facts, reply, recorded)
                    .await;
            }
        };
        // The client reads larger pieces than a frame takes: what is over goes first in the rest.
        let over = first.slice(first.len().min(MAX_FIRST)..);
        let ended = ended && over.is_empty();
        let mut out = None;
        if reply.is_wanted() {
            let response = ResponseHead {
                status: head.status.as_u16(),
                headers: head.headers.clone(),
                ms: reply.ms(),
            };
            let fits = first.slice(..first.len() - over.len());
            out = reply.begin(response, fits, ended).await;
        }
        let kept = KeptAnswer {
            status: head.status.as_u16(),
            headers: head.headers,
            len: first.len() as u64,
            body: first,
            ended,
            carried: None,
        };
        if !ended {
            let rest = Rest { over, body, out };
            return self
                .stream(capture, kept, facts, reply, recorded, rest)
                .await;
        }
        let (cause, ms) = (cause(reply.kind), facts.ms());
        let sent = beside(reply.sent(), recorded.clone()).await;
        let is_whole = recorded.await?;
        let attempt = facts.attempt(cause, Ok(kept), sent);
        if !is_whole {
            self.aside.put(capture.id, attempt);
            return Ok(None);
        }
        self.attempted(capture.id, attempt).await?;
        let outcome = Outcome::Answered;
        Ok(Some(Done { outcome, ms }))
    }

    /// Pumps a streaming answer and records it; DONE is said as soon as its attempt is on disk. The app may answer while the
    /// request still comes, and read on only as its answer is taken: neither waits for the other here.
    async fn stream(
        &self,
        capture: &Capture,
        kept: KeptAnswer,
        facts: Facts,
        reply: Reply<'_>,
        recorded: Recording<'_>,
        rest: Rest,
    ) -> Result<Option<Done>, HistoryError> {
        let (copies, mut copied) = mpsc::channel(COPIES);
        let pumping = async { Ok(rest.pump(copies).await) };
        let recording = async {
            let (cause, ms, run) = (cause(reply.kind), facts.ms(), reply.run);
            let told = async {
                let sent = beside(reply.sent(), recorded.clone()).await;
                recorded.await.map(|is_whole| (is_whole, sent))
            };
            let (told, kept) = gather(told, kept, &mut copied).await;
            let (is_whole, sent) = told?;
            let attempt = facts.attempt(cause, Ok(kept), sent);
            if !is_whole {
                self.aside.put(capture.id, attempt);
                return Ok(None);
            }
            let streaming = self.attempted(capture.id, attempt).await?;
            let outcome = Outcome::Answered;
            run.done(Done { outcome, ms }).await;
            // Moved in, so that the pump is not held up by copies that nobody takes any more.
            keep(streaming, copied).await
        };
        let (ended, recorded) = tokio::try_join!(pumping, recording)?;
        if let Some(streaming) = recorded {
            streaming.end(ended.err()).await?;
        }
        Ok(None)
    }
}

/// What is left of an answer.
struct Rest {
    /// Kept already, not yet sent.
    over: Bytes,
    body: AnswerBody,
    out: Option<OutBody>,
}

impl Rest {
    async fn pump(self, copies: mpsc::Sender<Bytes>) -> Result<(), String> {
        let Self {
            over,
            body,
            mut out,
        } = self;
        if let Some(out) = &mut out
            && out.send(over).await.is_err()
        {
            return left(body, copies).await;
        }
        pump(body, out, copies).await
    }
}

/// Adds to what is kept of an answer while something else is waited for.
async fn gather<T>(
    until: impl Future<Output = T>,
    mut kept: KeptAnswer,
    copied: &mut mpsc::Receiver<Bytes>,
) -> (T, KeptAnswer) {
    let mut all = Kept::new(KeptAnswer::KEPT);
    all.take(&kept.body);
    pin!(until);
    let done = loop {
        tokio::select! {
            done = &mut until => break done,
            Some(bytes) = copied.recv() => all.take(&bytes),
        }
    };
    kept.len = all.len();
    kept.body = all.into_bytes();
    (done, kept)
}

/// Takes what is there already, without waiting.
fn begin(body: &mut AnswerBody) -> Beginning {
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut len = 0;
    while len < MAX_FIRST {
        match body.frame().now_or_never() {
            None => return Beginning::Part(joined(pieces)),
            Some(None) => return Beginning::Whole(joined(pieces)),
            Some(Some(Err(_))) => return Beginning::Cut(len),
            Some(Some(Ok(frame))) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                len += bytes.len();
                pieces.push(bytes);
            }
        }
    }
    Beginning::Part(joined(pieces))
}

/// Pieces as one; a single one is not copied.
fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        1 => pieces.swap_remove(0),
        _ => pieces.concat().into(),
    }
}

/// Carries an answer from the app to the sender, with a copy to the history.
///
/// # Errors
/// Why it did not come to its end, in words.
async fn pump(
    mut body: AnswerBody,
    out: Option<OutBody>,
    copies: mpsc::Sender<Bytes>,
) -> Result<(), String> {
    let Some(mut out) = out else {
        let unwanted = "nobody waited for the rest of the answer";
        return drain(body, copies, UNWANTED, unwanted).await;
    };
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = out.cancelled() => return left(body, copies).await,
        };
        match frame {
            None => {
                out.finish().await;
                return Ok(());
            }
            Some(Err(cut)) => {
                out.reset(Reset {
                    code: ResetCode::Broken,
                    text: String::new(),
                });
                return Err(cut.to_string());
            }
            Some(Ok(frame)) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                // Without a recorder the sender still gets its answer.
                let _ = copies.send(bytes.clone()).await;
                if out.send(bytes).await.is_err() {
                    return left(body, copies).await;
                }
            }
        }
    }
}

/// Reads what is left of an answer whose sender did not stay for all of it.
async fn left(body: AnswerBody, copies: mpsc::Sender<Bytes>) -> Result<(), String> {
    drain(body, copies, LEFT, "the sender left").await
}

/// Reads an answer that no sender waits for, for its copy alone; `why` it was not read to its end.
async fn drain(
    mut body: AnswerBody,
    copies: mpsc::Sender<Bytes>,
    patience: Duration,
    why: &str,
) -> Result<(), String> {
    let to_its_end = async {
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|cut| cut.to_string())?.into_data() {
                let _ = copies.send(bytes).await;
            }
        }
        Ok(())
    };
    timeout(patience, to_its_end)
        .await
        .unwrap_or_else(|_| Err(why.into()))
}

/// Keeps copies until the pump ends.
async fn keep(
    mut streaming: Option<Streaming>,
    mut copied: mpsc::Receiver<Bytes>,
) -> Result<Option<Streaming>, HistoryError> {
    let mut pieces = Vec::new();
    while copied.recv_many(&mut pieces, COPIES).await > 0 {
        let bytes = joined(std::mem::take(&mut pieces));
        if let Some(streaming) = &mut streaming {
            streaming.push(bytes).await?;
        }
    }
    Ok(streaming)
}

/// Pumps what the app writes, to whoever wants it, with a copy to the history.
pub(super) async fn carry_on(
    streaming: Option<Streaming>,
    body: AnswerBody,
    out: Option<OutBody>,
) -> Result<(), HistoryError> {
    match to_its_end(streaming, body, out).await? {
        (Some(streaming), broken) => streaming.end(broken).await,
        (None, _) => Ok(()),
    }
}

/// The same, without recording the end: that, and why it came too early if it did, is what comes back.
pub(super) async fn to_its_end(
    streaming: Option<Streaming>,
    body: AnswerBody,
    out: Option<OutBody>,
) -> Result<(Option<Streaming>, Option<String>), HistoryError> {
    let (copies, copied) = mpsc::channel(COPIES);
    let pumping = async { Ok(pump(body, out, copies).await) };
    let (ended, kept) = tokio::try_join!(pumping, keep(streaming, copied))?;
    Ok((kept, ended.err()))
}
