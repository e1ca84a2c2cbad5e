//! What the history keeps of a request as a webhook, from what is seen of it.
//!
//! In: what a request says of itself, what its signature is worth, its place, path and body. Out: [`Webhook`] and
//! [`Fingerprint`]. Must not know: how it was recognised, who records it.

use hooktool_relay::capture::Capture;

use crate::{
    history::{Fingerprint, Webhook},
    webhook::{Seen, Verdict, body_number},
};

/// What is kept. `relay`: its name in the history; `body`: unless it comes in pieces. Without a fingerprint there is nothing to know
/// the same event by.
pub fn kept(
    seen: Seen,
    verdict: Verdict,
    (relay, capture): (&str, &Capture),
    body: Option<&[u8]>,
) -> (Webhook, Option<Fingerprint>) {
    let endpoint = [relay, capture.endpoint.as_str()];
    let keys = seen.keys(&endpoint, &capture.path, body.unwrap_or_default());
    let fingerprint = (!keys.numbers.is_empty()).then(|| Fingerprint {
        keys: keys.numbers,
        is_of_body: keys.are_of_body,
        body: body.map(body_number),
    });
    let webhook = Webhook {
        delivery_id: seen.id().map(str::to_owned),
        provider: seen.provider,
        event: seen.event,
        action: seen.action,
        attempt: seen.attempt,
        attempt_reason: seen.attempt_reason,
        verdict: verdict.as_str().to_owned(),
    };
    (webhook, fingerprint)
}
