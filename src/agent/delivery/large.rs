//! A delivery whose body comes in pieces: each goes to the history and to the app as it arrives, and is held nowhere else.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::{Body, Capture, Kind},
    protocol::{Done, RequestHead},
};
use http_body_util::{BodyExt, channel::Channel};

use crate::{
    filter::Verdict,
    history::{Draft, HistoryError, Recorded, Webhook},
};

use super::{Deliveries, Reply, beside, is_recorded};

/// Pieces on their way to the app; when it is full the link gives no more credit.
const PIECES: usize = 4;

impl Deliveries {
    /// As [`Deliveries::run`], for a body above 64 KiB.
    pub(super) async fn run_large(
        self: &Arc<Self>,
        head: RequestHead,
        body: AnswerBody,
        mut reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let kind = head.kind;
        let length = head.length.unwrap_or_default();
        let (arrival, clock) = self.arrival(head, Body::Pieces(length));
        let capture = arrival.capture.clone();
        self.wind(&mut reply, &capture, clock);
        let webhook = arrival.webhook.clone();
        let mut draft = self.history.draft(capture.id);
        if kind == Kind::Waited
            && let Some(recorded) = self.recorded(capture.id).await?
            && let Some(done) = self.known(recorded, capture.id)
        {
            return Ok(Some(done));
        }
        let fits = self.fits(&arrival);
        let Some(target) = self.target_now(&capture, kind, fits) else {
            if !keep(body, &mut draft, None, length).await? {
                return Ok(None);
            }
            let recorded = self.history.record(arrival, Some(draft)).await?;
            return match fits {
                Verdict::Unknown => self.decide(&capture, webhook, recorded, reply).await,
                fits => self.keep_back(&capture, recorded, fits, reply).await,
            };
        };
        let (sender, channel) = Channel::<Bytes, Cut>::new(PIECES);
        let recorded = async {
            // Not whole: the link broke, and the capture is offered again.
            let is_whole = keep(body, &mut draft, Some(sender), length).await?;
            if is_whole {
                self.history.record(arrival, Some(draft)).await?;
            }
            Ok(is_whole)
        };
        let recorded = recorded.boxed().shared();
        let forwarding = self.forward(&target, &capture, channel.boxed_unsync());
        let forwarding = self.in_time(forwarding, &mut reply);
        let tried = beside(forwarding, recorded.clone()).await;
        self.settle(&capture, tried, reply, recorded).await
    }

    /// Goes on with a capture that `--only` could not judge before its body was recorded; it is forwarded from there.
    async fn decide(
        self: &Arc<Self>,
        capture: &Capture,
        webhook: Option<Box<Webhook>>,
        recorded: Recorded,
        mut reply: Reply<'_>,
    ) -> Result<Option<Done>, HistoryError> {
        let (kind, number) = (reply.kind, recorded.number);
        let fits = self.fits_recorded(capture, webhook, kind, number).await?;
        let Some(target) = self.target_now(capture, kind, fits) else {
            return self.keep_back(capture, recorded, fits, reply).await;
        };
        let body = self.history.stored_body(number, &capture.body);
        let forwarding = self.forward(&target, capture, body);
        let tried = self.in_time(forwarding, &mut reply).await;
        self.settle(capture, tried, reply, is_recorded()).await
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
        if came > length {
            // What was not announced is kept nowhere.
            break;
        }
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
