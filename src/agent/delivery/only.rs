//! Whether `--only` lets a capture pass.
//!
//! In: a capture, as far as it has come. Out: a verdict; unknown only while a large body is under way. Must not know: what becomes
//! of a capture that does not pass.

use std::sync::Arc;

use hooktool_relay::capture::{Capture, Kind, UnixMillis};

use super::Deliveries;
use crate::{
    filter::{Filter, Said, Subject, Verdict},
    history::{Arrival, HistoryError, Number, Webhook},
};

/// Most bytes of a body that `--only` looks at. A relay takes 25 MiB unless it is told otherwise.
const LOOKED_AT: usize = 32 * 1024 * 1024;

impl Deliveries {
    /// Forwards only what fits this from now on, or everything.
    pub(in crate::agent) fn forward_only(&self, filter: Option<Filter>) {
        self.only.send_replace(filter.map(Arc::new));
    }

    /// Whether `--only` lets a capture pass; unknown if that depends on a body that has not come whole.
    pub(super) fn fits(&self, arrival: &Arrival) -> Verdict {
        let only = self.only.borrow().clone();
        let Some(only) = only else {
            return Verdict::Yes;
        };
        let subject = Subject {
            said: arrival.webhook.as_deref().map(said),
            ..Subject::arrived(&arrival.capture, arrival.kind)
        };
        only.test(&subject, UnixMillis::now())
    }

    /// As [`Deliveries::fits`], for a capture that is recorded with its whole body.
    pub(super) async fn fits_recorded(
        &self,
        capture: &Capture,
        webhook: Option<Box<Webhook>>,
        kind: Kind,
        number: Number,
    ) -> Result<Verdict, HistoryError> {
        let only = self.only.borrow().clone();
        let Some(only) = only else {
            return Ok(Verdict::Yes);
        };
        let capture = capture.clone();
        self.read(move |reader| {
            let body = reader.body(number, 0, LOOKED_AT)?;
            let subject = Subject {
                body: Some(&body),
                said: webhook.as_deref().map(said),
                ..Subject::arrived(&capture, kind)
            };
            Ok(only.test(&subject, UnixMillis::now()))
        })
        .await
    }
}

fn said(webhook: &Webhook) -> Said<'_> {
    Said {
        provider: &webhook.provider,
        event: webhook.event.as_deref(),
        action: webhook.action.as_deref(),
        verdict: &webhook.verdict,
    }
}
