//! A delivery whose body comes in pieces: each goes to the history and to the app as it arrives, and is held nowhere else.

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Capture, Kind},
    protocol::{Done, RequestHead},
    registry::{AnswerBody, Cut},
};
use http_body_util::{BodyExt, channel::Channel};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    filter::Verdict,
    history::{Draft, HistoryError, Recorded},
};

use super::{Deliveries, Reply};

/// Pieces on their way to the app; when it is full the link gives no more credit.
const PIECES: usize = 4;

impl Deliveries {
    /// As [`Deliveries::run`], for a body above 64 KiB.
    pub(super) async fn run_large(
        &self,
        head: RequestHead,
        body: AnswerBody,
        reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let kind = head.kind;
        let length = head.length.unwrap_or_default();
        let arrival = self.arrival(head, Body::Pieces(length));
        let capture = arrival.capture.clone();
        let mut draft = self.history.draft(capture.id);
        if kind == Kind::Waited
            && let Some(recorded) = self.recorded(capture.id).await?
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        let fits = self.fits(&capture, kind);
        let way = self.way(&capture, kind, fits);
        let target = match way {
            Ok(target) => target,
            Err(outcome) => {
                if !keep(body, &mut draft, None, length).await? {
                    return Ok(None);
                }
                let recorded = self.history.record(arrival, Some(draft)).await?;
                return match fits {
                    Verdict::Unknown => self.decide(&capture, recorded, reply, slot).await,
                    _ => {
                        let recording = std::future::ready(Ok(recorded));
                        self.keep_back(&capture, recording, outcome, reply).await
                    }
                };
            }
        };
        let (sender, channel) = Channel::<Bytes, Cut>::new(PIECES);
        let recording = async {
            if keep(body, &mut draft, Some(sender), length).await? {
                self.history.record(arrival, Some(draft)).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let (tried, recorded) = tokio::join!(
            self.forward(&target, &capture, channel.boxed_unsync()),
            recording
        );
        if recorded?.is_none() {
            // The link broke: the capture is offered again, whole.
            return Ok(None);
        }
        self.settle(&capture, tried, reply, slot).await
    }

    /// Goes on with a capture that `--only` could not judge before its body was recorded; it is forwarded from there.
    async fn decide(
        &self,
        capture: &Capture,
        recorded: Recorded,
        reply: Reply,
        slot: OwnedSemaphorePermit,
    ) -> Result<Option<Done>, HistoryError> {
        let (kind, number) = (reply.kind, recorded.number);
        if kind == Kind::Waited
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        let fits = self.fits_recorded(capture, kind, number).await?;
        match self.way(capture, kind, fits) {
            Err(outcome) => self.record_kept_back(capture, outcome, reply).await,
            Ok(target) => {
                let body = self.history.stored_body(number, &capture.body);
                let tried = self.forward(&target, capture, body).await;
                self.settle(capture, tried, reply, slot).await
            }
        }
    }
}

/// Copies a body into the history and to the app, as far as the app wants it. False if it did not come whole.
async fn keep(
    mut body: AnswerBody,
    draft: &mut Draft,
    mut app: Option<http_body_util::channel::Sender<Bytes, Cut>>,
    length: u64,
) -> Result<bool, HistoryError> {
    let mut came = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            if let Some(app) = app {
                app.abort(Cut);
            }
            return Ok(false);
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        came += bytes.len() as u64;
        draft.push(bytes.clone()).await?;
        if let Some(sender) = &mut app
            && sender.send_data(bytes).await.is_err()
        {
            // The app answered without reading on; the history keeps the rest all the same.
            app = None;
        }
    }
    Ok(came == length)
}
