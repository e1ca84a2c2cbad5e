//! What a record says of a request's signature: the verdict of when it came, the scheme, and on request what it is worth now.

use hooktool_relay::capture::Body;
use serde::Serialize;

use super::CaptureRecord;
use crate::{
    history::{Request, Webhook},
    webhook::{self, Diagnosis, Head, Keys, Verdict},
};

/// What the signature was worth when the request came, and by which scheme it is signed.
#[derive(Debug, Serialize)]
pub(super) struct SigRecord<'a> {
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<NowRecord>,
}

/// What it is worth by the secrets that are set now, and the clock of when it came.
#[derive(Debug, Serialize)]
struct NowRecord {
    verdict: &'static str,
    reason: String,
    cause: Option<String>,
}

impl<'a> SigRecord<'a> {
    pub(super) fn new(webhook: &'a Webhook) -> Self {
        Self {
            verdict: &webhook.verdict,
            scheme: None,
            now: None,
        }
    }
}

impl CaptureRecord<'_> {
    /// The same with the scheme that it is signed by, as the definitions have it now; none of what was not signed.
    pub fn signed_by(mut self, request: &Request, keys: &Keys) -> Self {
        let webhook = request.summary.webhook.as_deref();
        if let (Some(sig), Some(webhook)) = (&mut self.sig, webhook)
            && webhook.verdict != Verdict::None.as_str()
        {
            let capture = &request.capture;
            let body: &[u8] = match &capture.body {
                Body::Whole(bytes) => bytes,
                Body::Absent | Body::Pieces(_) => &[],
            };
            let request = webhook::Request {
                head: Head::of(capture),
                body,
                public: &[],
                local: &[],
            };
            sig.scheme = keys.doctor().scheme(&request, Some(&webhook.provider));
        }
        self
    }

    /// The same with what its signature is worth now.
    pub fn judged(mut self, found: &Diagnosis) -> Self {
        if let Some(sig) = &mut self.sig {
            sig.now = Some(NowRecord {
                verdict: found.verdict.as_str(),
                reason: found.reason.clone(),
                cause: found.cause.clone(),
            });
        }
        self
    }
}
