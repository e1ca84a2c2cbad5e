//! What a listener knows of webhooks: recognition and the signature doctor, with this user's definitions and secrets as they are.
//!
//! In: a request as it comes. Out: what the history keeps of it. Its time is in proportion to the body, of 64 KiB at most: larger
//! ones come in pieces and are told by their heads. Secrets stay in this process.

use std::sync::Arc;

use hooktool_relay::capture::Capture;

use crate::{
    agent::{Clock, Recognise, Recognised},
    exchange::kept,
    filter::inline,
    webhook::{Challenge, Head, Keyring, Known, Request, Seen, Verdict, called},
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
    fn look(&self, capture: &Capture) -> Option<Recognised> {
        let keys = self.keys.keys();
        let head = Head::of(capture);
        let Some(body) = inline(&capture.body) else {
            let seen = keys.known.look(head, &[])?;
            return Some(self.recognised(&keys.known, seen, Verdict::Unknown, (capture, None)));
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
        Some(self.recognised(&keys.known, seen, found.verdict, (capture, Some(body))))
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

impl Recogniser {
    /// What is kept; `body`: unless it comes in pieces.
    fn recognised(
        &self,
        known: &Known,
        seen: Seen,
        verdict: Verdict,
        (capture, body): (&Capture, Option<&[u8]>),
    ) -> Recognised {
        let (webhook, fingerprint) = kept(seen, verdict, (&self.relay, capture), body);
        let provider = known.provider(&webhook.provider);
        let clock = provider.and_then(|provider| {
            let waits = provider.sender.timeout_s?.duration();
            let name = provider.name.clone();
            Some(Clock { name, waits })
        });
        Recognised {
            clock,
            webhook,
            fingerprint,
        }
    }
}
