//! What differs between any two requests and says nothing: ids of the message, times, signatures.
//!
//! In: names, and the values of a field. Out: yes or no. Only a field that both sides have can be volatile; its going is news.

/// Header lines, by their whole name in lower case.
const HEADERS: [&str; 12] = [
    "date",
    "etag",
    "last-modified",
    "age",
    "idempotency-key",
    "cf-ray",
    "traceparent",
    "tracestate",
    "webhook-id",
    "x-shopify-webhook-id",
    "x-shopify-triggered-at",
    "x-shopify-event-id",
];

/// Parts of the names of header lines.
const HEADER_PARTS: [&str; 8] = [
    "signature",
    "hmac",
    "timestamp",
    "delivery",
    "request-id",
    "correlation-id",
    "trace-id",
    "x-forwarded-for",
];

/// Fields that name the message itself; an id of something else (`customer_id`) is news.
const IDS: [&str; 17] = [
    "id",
    "uuid",
    "guid",
    "eventid",
    "messageid",
    "requestid",
    "deliveryid",
    "webhookid",
    "traceid",
    "spanid",
    "correlationid",
    "idempotencykey",
    "nonce",
    "signature",
    "deliveryattempt",
    "etag",
    "sequence",
];

/// Fields that hold a time, if their values are times.
const TIMES: [&str; 12] = [
    "created",
    "updated",
    "modified",
    "timestamp",
    "ts",
    "time",
    "date",
    "eventtime",
    "datetime",
    "createdon",
    "updatedon",
    "pushed",
];

/// Whether a header line or a fact is volatile; `name` in lower case.
pub(super) fn is_header(name: &str) -> bool {
    let is_ours = matches!(name, "took" | "started" | "hooktool-replay-of");
    is_ours || HEADERS.contains(&name) || HEADER_PARTS.iter().any(|part| name.contains(part))
}

/// Longest name that is looked at, in bytes: every change of a list asks again for the key above it.
const NAME: usize = 64;

/// Whether a JSON field is volatile; values as spelled.
pub(super) fn is_field(key: &str, from: &str, to: &str) -> bool {
    if key.len() > NAME {
        return false;
    }
    let name: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if IDS.contains(&name.as_str()) {
        return true;
    }
    let is_at = key.ends_with("_at") || key.ends_with("At") || key.ends_with("_time");
    (is_at || TIMES.contains(&name.as_str())) && is_time(from) && is_time(to)
}

/// Unix seconds to nanoseconds of this century, or RFC 3339, as spelled in JSON.
fn is_time(text: &str) -> bool {
    let text = text.trim_matches('"');
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_number {
        let whole = text.split('.').next().unwrap_or_default();
        return (10..=19).contains(&whole.len());
    }
    let date = text.as_bytes().first_chunk::<10>();
    date.is_some_and(|date| {
        let shape = date.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        &shape == b"0000-00-00"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_volatile_and_its_subject_is_not() {
        for (key, from, to) in [
            ("id", "\"evt_1\"", "\"evt_2\""),
            ("request_id", "1", "2"),
            ("created", "1760265101", "1760265106"),
            (
                "updatedAt",
                "\"2025-10-12T10:31:41Z\"",
                "\"2025-10-12T10:32:41Z\"",
            ),
            ("event_ts", "\"1\"", "\"2\""),
        ] {
            assert_eq!(is_field(key, from, to), key != "event_ts", "{key}");
        }
        for (key, from, to) in [
            ("customer_id", "\"cus_1\"", "\"cus_2\""),
            ("created", "true", "false"),
            ("date", "1", "2"),
            ("amount", "1760265101", "1760265102"),
        ] {
            assert!(!is_field(key, from, to), "{key}");
        }
        for name in [
            "stripe-signature",
            "x-github-delivery",
            "date",
            "x-hub-signature-256",
            "took",
        ] {
            assert!(is_header(name), "{name}");
        }
        for name in ["content-length", "content-type", "x-github-event", "status"] {
            assert!(!is_header(name), "{name}");
        }
    }
}
