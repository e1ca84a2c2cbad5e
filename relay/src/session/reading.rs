//! The half of a session that reads: answers to the registry, DONE and RESET to the streams. It waits for the peer alone.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

use crate::{
    answer::{AnswerBody, Cut},
    capture::{AnswerHead, Epoch, SessionId},
    link::{Inbound, Incoming},
    protocol::{ErrorCode, ResetCode, ResponseHead, StreamId},
    registry::{Answer, NoAnswer, Offers},
};

use super::{
    Ended, refusal,
    streams::{Asker, Place, Streams},
};

/// Reads until the link ends.
pub(super) async fn read<S>(
    inbound: &mut Inbound<S>,
    streams: &Streams,
    offers: Offers<'_>,
    session: &SessionId,
    epoch: Epoch,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    loop {
        let incoming = match inbound.next().await {
            Ok(incoming) => incoming,
            Err(cause) => return Ended::Link(cause),
        };
        match incoming {
            Incoming::Response(stream, head, body) => {
                response(stream, *head, body, streams, offers);
            }
            Incoming::Reset(stream, reset) => no_answer(stream, reset.code, streams, offers),
            Incoming::Done(stream, _) => {
                if let Some(id) = streams.done(stream) {
                    // A DONE without an answer: held, parked or skipped captures are answered before, so this is a listener
                    // that forgot; its sender must not wait.
                    let _ = offers.answer(id, Err(NoAnswer::Broken));
                }
            }
            Incoming::Heartbeat(beat) if beat.session == *session && beat.epoch == epoch => {
                if !streams.is_heard(beat.offered) {
                    return Ended::Refused(refusal(
                        ErrorCode::Protocol,
                        "what was offered does not arrive",
                    ));
                }
            }
            Incoming::Heartbeat(_) => {
                return Ended::Refused(refusal(
                    ErrorCode::Protocol,
                    "a heartbeat of another session",
                ));
            }
            Incoming::Error(error) => {
                debug!(code = ?error.code, text = %error.text.escape_debug(), "the listener says");
            }
            Incoming::Hello(_)
            | Incoming::Welcome(_)
            | Incoming::Request(..)
            | Incoming::Sent(..)
            | Incoming::GoAway(_) => {
                return Ended::Refused(refusal(
                    ErrorCode::Protocol,
                    "a frame that a listener never sends",
                ));
            }
        }
    }
}

fn response(
    stream: StreamId,
    head: ResponseHead,
    body: AnswerBody,
    streams: &Streams,
    offers: Offers<'_>,
) {
    let Some((asker, permit)) = streams.headed(stream) else {
        return;
    };
    let answer = match http::StatusCode::from_u16(head.status) {
        Ok(status) => {
            let body = Counted {
                body,
                _permit: permit,
            }
            .boxed_unsync();
            Ok(Answer {
                head: AnswerHead {
                    status,
                    headers: head.headers,
                },
                body,
            })
        }
        Err(_) => Err(NoAnswer::Broken),
    };
    give(asker, answer, offers);
}

fn no_answer(stream: StreamId, code: ResetCode, streams: &Streams, offers: Offers<'_>) {
    if code == ResetCode::Busy {
        // Nobody has it yet: its sender is told so, and it is offered once more.
        if let Some(asker) = streams.refused(stream) {
            give(asker, Err(NoAnswer::NoListener), offers);
        }
        return;
    }
    let Some((asker, _)) = streams.headed(stream) else {
        return;
    };
    let why = match code {
        ResetCode::Refused => NoAnswer::Refused,
        ResetCode::TimedOut => NoAnswer::TimedOut,
        _ => NoAnswer::Broken,
    };
    give(asker, Err(why), offers);
}

/// An answer that nobody wants any more is dropped, which tells the listener to stop sending its body.
fn give(asker: Asker, answer: Result<Answer, NoAnswer>, offers: Offers<'_>) {
    match asker {
        Asker::Sender(id) => drop(offers.answer(id, answer)),
        Asker::Upgrade(carried) => drop(carried.send(answer)),
    }
}

/// A body that holds its place among the open streams until it is dropped.
struct Counted {
    body: AnswerBody,
    _permit: Option<Place>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
