//! Where a capture goes: to its target, or nowhere, and then why.
//!
//! In: a capture, `--only`, what the person holds back. Out: a target, or held, parked or skipped.

use hooktool_relay::capture::{Capture, Kind, Outcome, UnixMillis};

use super::Deliveries;
use crate::{
    filter::{Subject, Verdict},
    history::{HistoryError, Number},
    target::Target,
};

/// Most bytes of a body that `--only` looks at. A relay takes 25 MiB unless it is told otherwise.
const LOOKED_AT: usize = 32 * 1024 * 1024;

impl Deliveries {
    /// Whether `--only` lets a capture pass; unknown if that depends on a body that has not come whole.
    pub(super) fn fits(&self, capture: &Capture, kind: Kind) -> Verdict {
        let Some(only) = &self.only else {
            return Verdict::Yes;
        };
        only.test(&Subject::arrived(capture, kind), UnixMillis::now())
    }

    /// As [`Deliveries::fits`], for a capture that is recorded with its whole body.
    pub(super) async fn fits_recorded(
        &self,
        capture: &Capture,
        kind: Kind,
        number: Number,
    ) -> Result<Verdict, HistoryError> {
        let Some(only) = self.only.clone() else {
            return Ok(Verdict::Yes);
        };
        let capture = capture.clone();
        self.read(move |reader| {
            let body = reader.body(number, 0, LOOKED_AT)?;
            let subject = Subject {
                body: Some(&body),
                ..Subject::arrived(&capture, kind)
            };
            Ok(only.test(&subject, UnixMillis::now()))
        })
        .await
    }

    /// Where a capture goes now; or what it is recorded as: skipped, held, or parked behind others.
    pub(super) fn way(
        &self,
        capture: &Capture,
        kind: Kind,
        fits: Verdict,
    ) -> Result<Target, Outcome> {
        let target = self.routes.pick(&capture.path).ok_or(Outcome::Skipped)?;
        if fits != Verdict::Yes {
            return Err(Outcome::Skipped);
        }
        let hold = self.board.hold.borrow();
        if hold.on {
            return Err(Outcome::Held);
        }
        if hold.parked > 0 && (kind == Kind::Waited || self.wait_for_target) {
            return Err(Outcome::Parked);
        }
        Ok(target.clone())
    }
}
