//! What a listener knows of webhooks: recognition and the signature doctor, with this user's definitions and secrets as they are.
//!
//! In: a request as it comes. Out: what the history keeps of it. Its time is in proportion to the body, of 64 KiB at most: larger
//! ones come in pieces and are told by their heads. Secrets stay in this process.

use std::sync::Arc;

use hooktool_relay::capture::Capture;

use crate::{
    agent::Recognise,
    filter::inline,
    history::Webhook,
    webhook::{Challenge, Head, Keyring, Request, Seen, Verdict, called},
};

/// What a listener on a relay knows.
#[derive(Debug)]
pub(super) struct Recogniser {
    /// The senders and the secrets, as they are when a request comes.
    pub(super) keys: Arc<dyn Keyring>,
    /// The relay: its origin, or a word for the one on this machine.
    pub(super) relay: String,
}

impl Recognise for Recogniser {
    fn webhook(&self, capture: &Capture) -> Option<Webhook> {
        let keys = self.keys.keys();
        let head = Head::of(capture);
        let Some(body) = inline(&capture.body) else {
            let seen = keys.known.look(head, &[])?;
            return Some(webhook(seen, Verdict::Unknown));
        };
        let seen = keys.known.look(head, body)?;
        let request = Request {
            head,
            body,
            public: &called(capture, &self.relay),
            local: &[],
        };
        let found = keys
            .doctor()
            .verdict(&request, Some(&seen.provider), capture.received_at.0);
        Some(webhook(seen, found.verdict))
    }

    fn challenge(&self, capture: &Capture) -> Option<Challenge> {
        let request = Request {
            head: Head::of(capture),
            body: inline(&capture.body)?,
            public: &called(capture, &self.relay),
            local: &[],
        };
        let keys = self.keys.keys();
        keys.doctor().challenge(&request, capture.received_at.0)
    }
}

fn webhook(seen: Seen, verdict: Verdict) -> Webhook {
    Webhook {
        delivery_id: seen.id().map(str::to_owned),
        provider: seen.provider,
        event: seen.event,
        action: seen.action,
        attempt: seen.attempt,
        verdict: verdict.as_str().to_owned(),
    }
}
