//! What a listener knows of webhooks: recognition and the signature doctor, with this user's definitions and secrets.
//!
//! In: a request as it comes. Out: what the history keeps of it. Its time is in proportion to the body, of 64 KiB at most: larger
//! ones come in pieces and are told by their heads. Secrets stay in this process.

use std::{fmt, sync::Arc};

use hooktool_relay::capture::Capture;

use super::senders;
use crate::{
    agent::Recognise,
    config::Layers,
    exit::Failure,
    filter::inline,
    history::Webhook,
    output::say,
    webhook::{Challenge, Doctor, Head, Known, Request, Secret, Seen, Verdict},
};

/// The table of senders and the secrets, as they were when the listener began.
struct Recogniser {
    known: Known,
    secrets: Vec<Secret>,
    relay: String,
}

/// Reads definitions and secrets for a listener on a relay; says on stderr which secrets cannot be had.
///
/// # Errors
/// A definition or a file of secrets that cannot be used.
pub(super) fn read(layers: &Layers, relay: &str) -> Result<Arc<dyn Recognise>, Failure> {
    let known = senders::known(layers)?;
    let (secrets, unusable) = senders::secrets(layers)?;
    for (provider, reason) in unusable {
        say(format_args!(
            "a secret for {provider} cannot be used: {reason}"
        ));
    }
    let recogniser = Recogniser {
        known,
        secrets,
        relay: relay.to_owned(),
    };
    Ok(Arc::new(recogniser))
}

impl Recogniser {
    fn doctor(&self) -> Doctor<'_> {
        Doctor {
            known: &self.known,
            secrets: &self.secrets,
        }
    }
}

impl Recognise for Recogniser {
    fn webhook(&self, capture: &Capture) -> Option<Webhook> {
        let head = Head::of(capture);
        let Some(body) = inline(&capture.body) else {
            let seen = self.known.look(head, &[])?;
            return Some(webhook(seen, Verdict::Unknown));
        };
        let seen = self.known.look(head, body)?;
        let request = Request {
            head,
            body,
            public: &senders::public_urls(capture, &self.relay),
            local: &[],
        };
        let doctor = self.doctor();
        let found = doctor.verdict(&request, Some(&seen.provider), capture.received_at.0);
        Some(webhook(seen, found.verdict))
    }

    fn challenge(&self, capture: &Capture) -> Option<Challenge> {
        let request = Request {
            head: Head::of(capture),
            body: inline(&capture.body)?,
            public: &senders::public_urls(capture, &self.relay),
            local: &[],
        };
        self.doctor().challenge(&request, capture.received_at.0)
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

impl fmt::Debug for Recogniser {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Recogniser");
        shown.field("relay", &self.relay).finish_non_exhaustive()
    }
}
