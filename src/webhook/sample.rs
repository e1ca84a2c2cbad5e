//! Samples: webhooks that this project wrote after the shapes in their senders' documents, made new each time.
//!
//! In: `samples/<provider>.toml`, a moment, random bytes. Out: a [`Made`] request, with fresh ids and timestamps, not signed yet.
//! Pure. Must not know: secrets, where it is sent.
//!
//! ```text
//! headers, and a body whose {{places}} are filled:
//!   {{now}} {{now_ms}} {{iso}} {{iso_ms}} {{micros}}       the moment; {{now -3600}} an hour before
//!   {{alnum:24}} {{upper:9}} {{hex:40}} {{digits:8}} {{uuid}} {{ulid}}
//!   {{hex:40 =head}} … {{head}}                            the same once more
//!   {{signature}}                                          a header that is only there if it is signed
//! ```

use std::{collections::BTreeMap, sync::OnceLock};

use hooktool_relay::capture::Headers;
use serde::Deserialize;

use super::fresh::Fresh;

/// The files, by the id of their provider.
const FILES: [(&str, &str); 23] = [
    ("adyen", include_str!("samples/adyen.toml")),
    ("calendly", include_str!("samples/calendly.toml")),
    ("clerk", include_str!("samples/clerk.toml")),
    ("github", include_str!("samples/github.toml")),
    ("gitlab", include_str!("samples/gitlab.toml")),
    ("hubspot", include_str!("samples/hubspot.toml")),
    ("lemonsqueezy", include_str!("samples/lemonsqueezy.toml")),
    ("linear", include_str!("samples/linear.toml")),
    ("mailgun", include_str!("samples/mailgun.toml")),
    ("meta", include_str!("samples/meta.toml")),
    ("paddle", include_str!("samples/paddle.toml")),
    ("pagerduty", include_str!("samples/pagerduty.toml")),
    ("resend", include_str!("samples/resend.toml")),
    ("sentry", include_str!("samples/sentry.toml")),
    ("shopify", include_str!("samples/shopify.toml")),
    ("slack", include_str!("samples/slack.toml")),
    ("square", include_str!("samples/square.toml")),
    (
        "standard-webhooks",
        include_str!("samples/standard-webhooks.toml"),
    ),
    ("stripe", include_str!("samples/stripe.toml")),
    ("svix", include_str!("samples/svix.toml")),
    ("twilio", include_str!("samples/twilio.toml")),
    ("typeform", include_str!("samples/typeform.toml")),
    ("zoom", include_str!("samples/zoom.toml")),
];

/// A file of samples.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Header lines of every one.
    headers: BTreeMap<String, String>,
    sample: Vec<Raw>,
}

/// A sample as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    event: String,
    /// What people type, where the event has a name of another kind.
    name: Option<String>,
    /// Header lines that it has besides, or in place of those of every one.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
}

/// A webhook that can be made.
#[derive(Debug)]
pub struct Sample {
    /// The id of its provider.
    pub provider: &'static str,
    /// What people type: `invoice.paid`.
    pub name: String,
    /// The event, with its action, as it is recognised.
    pub event: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// A request made of a sample, not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its header lines; those that only a signature fills are there, and empty.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// Header lines that go if it is not signed.
    unsigned: Vec<String>,
}

impl Made {
    /// The same for whoever has no secret: without the header lines that only a signature fills.
    pub fn unsigned(mut self) -> Self {
        let is_left = |name: &[u8]| {
            let mut gone = self.unsigned.iter();
            !gone.any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
        };
        self.headers.0.retain(|(name, _)| is_left(name));
        self
    }
}

/// Every sample, by provider and then in the order of its file.
///
/// # Panics
/// Never: a test reads every file.
pub fn samples() -> &'static [Sample] {
    static ALL: OnceLock<Vec<Sample>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = FILES.iter();
        files
            .flat_map(|(provider, text)| {
                let file: File = toml::from_str(text).expect("a test reads every file of samples");
                read(provider, file)
            })
            .collect()
    })
}

fn read(provider: &'static str, file: File) -> Vec<Sample> {
    let File { headers, sample } = file;
    let one = |raw: Raw| {
        let mut all = headers.clone();
        all.extend(raw.headers);
        Sample {
            provider,
            name: raw.name.unwrap_or_else(|| raw.event.clone()),
            event: raw.event,
            headers: all,
            body: raw.body,
        }
    };
    sample.into_iter().map(one).collect()
}

impl Sample {
    /// Whether a word means it: its name or its event, in any case.
    pub fn is_meant(&self, word: &str) -> bool {
        [&self.name, &self.event]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(word))
    }

    /// Makes it at a moment in Unix milliseconds; the same bytes give the same ids.
    pub fn make(&self, now: i64, random: [u8; 32]) -> Made {
        let mut fresh = Fresh::new(now, random);
        let mut headers = Headers::new();
        let mut unsigned = Vec::new();
        for (name, text) in &self.headers {
            if text == SIGNATURE {
                unsigned.push(name.clone());
            }
            headers.push(name.clone(), filled(text, &mut fresh));
        }
        let body = filled(&self.body, &mut fresh);
        Made {
            headers,
            body: body.into_bytes(),
            unsigned,
        }
    }
}

/// The place of what only signing gives.
const SIGNATURE: &str = "{{signature}}";

/// A text whose places are filled; a name that is not known stays as it is, which a test finds.
fn filled(text: &str, fresh: &mut Fresh) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        whole.push_str(before);
        let Some((place, behind)) = after.split_once("}}") else {
            whole.push_str("{{");
            rest = after;
            continue;
        };
        match fresh.value(place) {
            Some(value) => whole.push_str(&value),
            None => whole.push_str(&["{{", place, "}}"].concat()),
        }
        rest = behind;
    }
    whole.push_str(rest);
    whole
}
