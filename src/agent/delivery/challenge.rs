//! A handshake, answered for the app: when there is no target, and with `--answer-challenges` also when there is one.
//!
//! In: a capture that came whole, with a sender waiting. Out: an answer of the listener's own, recorded with an attempt that is
//! `skipped` and has an answer; the app hears nothing of it. Must not know: senders.

use bytes::Bytes;
use hooktool_relay::{
    capture::{Capture, Headers, Kind, Outcome},
    protocol::{Done, ResponseHead},
};

use super::{
    Deliveries,
    again::unsent,
    settle::{Reply, cause},
};
use crate::{
    history::{Attempt, HistoryError, KeptAnswer},
    webhook::{self, Challenge},
};

impl Deliveries {
    /// What a capture asks, if it is for this listener to answer it; none: it goes the way of every request. What cannot be
    /// answered goes to the app, if there is one, and is told.
    pub(super) fn challenge(&self, capture: &Capture, kind: Kind) -> Option<Challenge> {
        let has_app = self.routes.pick(&capture.path).is_some();
        if kind != Kind::Live || (has_app && !self.answer_challenges) {
            return None;
        }
        let challenge = self.recognise.as_ref()?.challenge(capture)?;
        if let Challenge::Lacks(reason) = &challenge {
            let left = if has_app { "; it went to the app" } else { "" };
            let text = format!("a challenge was not answered: {reason}{left}");
            self.board.tell(true, text);
        }
        match challenge {
            Challenge::Lacks(_) if has_app => None,
            challenge => Some(challenge),
        }
    }

    /// Answers it, and records that; the capture goes into the history's queue before.
    pub(super) async fn meet(
        &self,
        capture: &Capture,
        challenge: Challenge,
        mut reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let (answer, error) = match challenge {
            Challenge::Answer(answer) => (Some(answer), None),
            Challenge::Refused(reason) => {
                let error = format!("the challenge was refused: {reason}");
                (Some(refusal()), Some(error))
            }
            Challenge::Lacks(reason) => {
                let error = format!("the challenge was not answered: {reason}");
                (None, Some(error))
            }
        };
        let kept = answer.map(kept);
        if reply.is_wanted() {
            match &kept {
                Some(kept) => {
                    let head = ResponseHead {
                        status: kept.status,
                        headers: kept.headers.clone(),
                        ms: reply.ms(),
                    };
                    reply.begin(head, kept.body.clone(), true).await;
                }
                None => reply.without_target().await,
            }
        }
        let outcome = Outcome::Skipped;
        let cause = cause(reply.kind);
        let sent = reply.sent().await;
        let attempt = Attempt {
            error,
            answer: kept,
            ..unsent(outcome, cause, sent)
        };
        self.attempted(capture.id, attempt).await?;
        Ok(Some(Done { outcome, ms: None }))
    }
}

/// What a sender hears whose signature does not hold.
fn refusal() -> webhook::Reply {
    webhook::Reply {
        status: 401,
        content_type: Some("text/plain".to_owned()),
        body: b"the signature does not hold\n".to_vec(),
    }
}

/// An answer as it goes out and is kept. No browser takes it for anything but what it says it is: its words are the sender's own.
fn kept(reply: webhook::Reply) -> KeptAnswer {
    let mut headers = Headers::new();
    if let Some(kind) = reply.content_type {
        headers.push("content-type", kind);
        headers.push("x-content-type-options", "nosniff");
    }
    KeptAnswer {
        status: reply.status,
        headers,
        len: reply.body.len() as u64,
        body: Bytes::from(reply.body),
        ended: true,
        carried: None,
    }
}
