//! How `listen` ends, in words: what became of a session, or why it ends otherwise than asked.
//!
//! In: what the inspector, the agent, the relay in this process or a task said. Out: a sentence, a [`Failure`]. Must not know: what is
//! done about it.

use std::path::Path;

use hooktool_relay::{capture::EndpointName, protocol::ErrorCode, server::RelayError};

use crate::{
    agent::Endpoint,
    config::secrets,
    exit::{Failure, Report},
    forward::Distrust,
    output, text, tui,
};

/// The relay refused, in its own words, which are not safe to show as they are.
pub(super) fn refused(relay: &Endpoint, code: ErrorCode, text: String) -> Failure {
    let report = Report::new(format!("the relay {relay} refused")).because(text);
    Failure::Relay(match code {
        ErrorCode::Unauthorized if secrets::is_from_environment() => report
            .hint("HOOKTOOL_TOKEN is set, and goes before the token that `hooktool login` keeps"),
        ErrorCode::Unauthorized => report.hint(format!("`hooktool login {relay}` keeps a token")),
        ErrorCode::Forbidden => report.hint("choose another name with --endpoint"),
        ErrorCode::Version => {
            report.hint("relay and listener must be of one generation: update the older")
        }
        _ => report,
    })
}

/// Whoever answers at the relay's address does not prove to be the relay.
pub(super) fn untrusted(relay: &Endpoint, found: Distrust) -> Failure {
    let report = Report::new(format!("cannot reach the relay {relay}"));
    Failure::Relay(report.because(found.cause).hint(found.hint))
}

/// A newer listener, which the relay calls so, holds the endpoint.
pub(super) fn taken_over(endpoint: &EndpointName, by: &str) -> Failure {
    let report = Report::new(match by {
        "" => format!("{endpoint} was taken over by another session"),
        by => format!("{endpoint} was taken over by session {by}"),
    });
    Failure::Relay(report.because("a newer listener of the same account holds the endpoint"))
}

/// The embedded relay stopped by itself.
pub(super) fn relay_failed(error: &RelayError) -> Failure {
    let cause = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    Failure::Other(
        Report::new("the relay of this folder stopped")
            .because(cause)
            .hint("is the disk full?"),
    )
}

/// A thread that reads for this process panicked.
pub(super) fn panicked() -> Failure {
    Failure::Other(
        Report::new("hooktool met a bug of its own").because("a reader of the history panicked"),
    )
}

/// Says what became of an inspector's session, once the screen is the person's again.
pub(super) fn goodbye(ended: &tui::Ended, history: &Path) {
    let (requests, failed) = (text::count(ended.requests), text::count(ended.failed));
    let lasted = text::duration(ended.lasted);
    let word = if ended.requests == 1 {
        "request"
    } else {
        "requests"
    };
    output::say(format_args!(
        "{requests} {word} in {lasted}, {failed} failed. Saved: {}. Reopen: hooktool open",
        history.display()
    ));
}
