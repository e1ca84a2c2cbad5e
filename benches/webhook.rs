//! How long it takes to recognise a webhook and to verify its signature: 10,000 requests of 2 KiB of each of a few senders.
//!
//! In: `cargo bench --bench webhook`. Out: microseconds a request, right and wrong, a line a sender. One thread, nothing but the room
//! `webhook`. The aim is 20 µs; `cargo bench` for the real figures, a debug build is ten times slower.
#![expect(clippy::print_stdout, reason = "a table for people")]

use std::{hint::black_box, time::Instant};

use hooktool::webhook::{Doctor, Head, Known, Request, Secret, Signing, Verdict};
use hooktool_relay::capture::Headers;

/// Requests of each sender.
const REQUESTS: u32 = 10_000;
/// Body of each, in bytes.
const SIZE: usize = 2 * 1024;
/// When they are signed and judged, in Unix milliseconds.
const NOW: i64 = 1_700_000_000_000;

/// A secret that none of them signed by; it is base64 for those that want that.
const WRONG: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A sender, its secret, and the header lines that it would come with.
type Sender = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const SENDERS: [Sender; 6] = [
    ("stripe", "whsec_x", &[("stripe-signature", "-")]),
    (
        "github",
        "secret",
        &[("x-github-event", "push"), ("x-hub-signature-256", "-")],
    ),
    (
        "slack",
        "secret",
        &[
            ("x-slack-request-timestamp", "1"),
            ("x-slack-signature", "-"),
        ],
    ),
    (
        "shopify",
        "secret",
        &[
            ("x-shopify-topic", "orders/create"),
            ("x-shopify-hmac-sha256", "-"),
        ],
    ),
    (
        "resend",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        &[
            ("svix-id", "m"),
            ("svix-timestamp", "1"),
            ("svix-signature", "-"),
        ],
    ),
    // Recognised by its body alone.
    ("jira", "secret", &[("x-hub-signature", "-")]),
];

fn main() {
    let body = body();
    for (provider, secret, lines) in SENDERS {
        let secrets = [Secret::new(provider, "bench", secret)];
        let mut headers = Headers::new();
        for name in [
            "host",
            "accept",
            "user-agent",
            "content-type",
            "content-length",
        ] {
            headers.push(name, "application/json");
        }
        for (name, value) in lines {
            headers.push(*name, *value);
        }
        let headers = signed(provider, &secrets[0], &headers, &body);
        let took = measured(&headers, &body, &secrets, Verdict::Ok);
        // What a stranger sends costs no more: the cause is looked for when a person asks.
        let wrong = [Secret::new(provider, "bench", WRONG)];
        let bad = measured(&headers, &body, &wrong, Verdict::Bad);
        println!("{provider:10} {took:6.1} µs   bad {bad:6.1} µs");
    }
}

/// A body as senders write them, with what every one of them looks for.
fn body() -> Vec<u8> {
    let start = r#"{"id":"evt_1","type":"email.sent","webhookEvent":"x","data":{"text":""#;
    let end = r#""},"lines":[{"amount":1,"currency":"eur"},{"amount":2,"currency":"usd"}]}"#;
    let filling = SIZE - start.len() - end.len();
    [start, &"x".repeat(filling), end].concat().into_bytes()
}

fn signed(provider: &str, secret: &Secret, headers: &Headers, body: &[u8]) -> Headers {
    let signing = Signing {
        known: Known::built_in(),
        provider,
        secret,
        url: None,
        now: NOW,
    };
    let signed = signing.sign(&request(headers, body));
    signed.expect("every sender here can be signed").headers
}

fn request<'a>(headers: &'a Headers, body: &'a [u8]) -> Request<'a> {
    Request {
        head: Head {
            method: "POST",
            path: b"/hooks",
            headers,
        },
        body,
        public: &[],
        local: &[],
    }
}

/// Microseconds a request.
fn measured(headers: &Headers, body: &[u8], secrets: &[Secret], wanted: Verdict) -> f64 {
    let doctor = Doctor {
        known: Known::built_in(),
        secrets,
    };
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let found = doctor.verdict(black_box(&request(headers, body)), None, NOW);
        assert_eq!(found.verdict, wanted);
        black_box(found);
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(REQUESTS)
}
