//! How a request stands to those before it with the same event, in words: "retry of #12, 5m 0s later, sender's attempt 2
//! (http_timeout), body identical".
//!
//! In: a request in short, its sender's definition if there is one. Out: a sentence, safe to show.

use crate::{
    history::{Again, Repeat, Summary},
    text::{Mode, Safe, duration, safe},
    webhook::Provider,
};

/// What a request repeats, and which of its sender's attempts it is; none if there is nothing to tell.
pub fn again(row: &Summary, provider: Option<&Provider>) -> Option<Safe<'static>> {
    let again = row.again.as_deref();
    let mut parts = Vec::new();
    if let Some(again) = again {
        parts.push(first(again));
        parts.push(format!("{} later", duration(again.after)));
        if again.times > 2 {
            parts.push(format!("{} times by now", again.times));
        }
    }
    parts.extend(attempt(row, provider));
    parts.extend(again.and_then(|again| again.is_same_body).map(|is_same| {
        let body = if is_same { "identical" } else { "changed" };
        format!("body {body}")
    }));
    if parts.is_empty() {
        return None;
    }
    let text = parts.join(", ");
    Some(safe(text.as_bytes(), Mode::Cell).into_owned())
}

fn first(again: &Again) -> String {
    let what = match again.repeat {
        Repeat::Retry => "retry",
        Repeat::Duplicate => "duplicate",
    };
    let of = again.of;
    match (again.batch, again.is_probable) {
        (Some((events, seen)), _) if seen < events => {
            format!("{what} of #{of} in part: {seen} of {events} events seen before")
        }
        (Some((events, _)), _) => format!("{what} of #{of}: all {events} events seen before"),
        (None, true) => format!("probably a {what} of #{of} (the same path and body)"),
        (None, false) => format!("{what} of #{of}"),
    }
}

/// Which of the sender's attempts it is, if it is not the first, and why; counted from 1 where it is known how the sender counts.
fn attempt(row: &Summary, provider: Option<&Provider>) -> Option<String> {
    let webhook = row.webhook.as_deref()?;
    let counted = webhook.attempt.as_deref()?;
    let number = provider.and_then(|provider| provider.attempt_number(counted));
    if number == Some(1) {
        return None;
    }
    let number = number.map_or_else(|| counted.to_owned(), |number| number.to_string());
    let reason = webhook.attempt_reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    Some(format!("sender's attempt {number}{reason}"))
}
