//! Why there is no answer, in words that name the target.
//!
//! In: errors of the system, of TLS, of hyper. Out: a [`Failure`]. Must not know: requests, retries.
//!
//! ```text
//! refused     no connection: refused, no route, no such host
//! timed_out   no connection or no answer's head in time
//! broken      closed, reset, no TLS, no HTTP; or the request cannot be sent at all
//! ```

use std::{error::Error as _, io, time::Duration};

use hooktool_relay::capture::Outcome;

use super::{Failure, words};
use crate::target::Target;

/// Largest head of an answer, in bytes (limits of the design).
pub(super) const MAX_HEAD: usize = 64 * 1024;

impl Failure {
    pub(super) fn broken(text: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Broken,
            text: text.into(),
        }
    }

    fn refused(text: String) -> Self {
        Self {
            outcome: Outcome::Refused,
            text,
        }
    }

    /// No answer's head in time.
    pub(super) fn timed_out(target: &Target, timeout: Duration) -> Self {
        Self {
            outcome: Outcome::TimedOut,
            text: format!("no answer from {} within {timeout:?}", target.authority()),
        }
    }

    /// No connection.
    pub(super) fn unconnected(target: &Target, error: &io::Error) -> Self {
        let authority = target.authority();
        let port = target.port;
        match error.kind() {
            io::ErrorKind::ConnectionRefused if target.is_loopback() => Self::refused(format!(
                "connection refused: does the app listen on port {port}?"
            )),
            io::ErrorKind::ConnectionRefused => {
                Self::refused(format!("connection refused by {authority}"))
            }
            io::ErrorKind::TimedOut => Self {
                outcome: Outcome::TimedOut,
                text: format!("no connection to {authority}: no answer"),
            },
            _ => {
                let why = words::of_system(error);
                Self::refused(format!("no connection to {authority}: {why}"))
            }
        }
    }

    /// The host's name means no address.
    pub(super) fn unknown_host(target: &Target, error: Option<&io::Error>) -> Self {
        let host = &target.host;
        Self::refused(match error {
            Some(error) => format!(
                "no address for the host {host}: {}",
                words::of_system(error)
            ),
            None => format!("no address for the host {host}"),
        })
    }

    /// Connected, but no TLS came of it.
    pub(super) fn no_tls(target: &Target, error: &io::Error) -> Self {
        let authority = target.authority();
        let cause = error
            .get_ref()
            .and_then(|cause| cause.downcast_ref::<rustls::Error>());
        Self::broken(match cause {
            Some(rustls::Error::InvalidCertificate(flaw)) => format!(
                "the certificate of {authority} is not trusted ({flaw}): --insecure takes it unchecked"
            ),
            Some(rustls::Error::InvalidMessage(_)) => {
                format!("{authority} does not speak TLS: is it http://{authority}?")
            }
            _ => format!("no TLS with {authority}: {error}"),
        })
    }

    /// Connected, but no answer's head came. `is_cut`: the request's own body broke off.
    pub(super) fn unanswered(target: &Target, error: &hyper::Error, is_cut: bool) -> Self {
        let authority = target.authority();
        let reset = error
            .source()
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|cause| {
                matches!(
                    cause.kind(),
                    io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
                )
            });
        Self::broken(if is_cut {
            "the request's body broke off before its end".to_owned()
        } else if error.is_parse_too_large() {
            format!(
                "the head of the answer of {authority} is over {} KiB or 100 lines",
                MAX_HEAD / 1024
            )
        } else if error.is_parse() && !target.is_tls {
            format!(
                "{authority} answered something that is not HTTP/1.1: is it https://{authority}?"
            )
        } else if error.is_parse() {
            format!("{authority} answered something that is not HTTP/1.1")
        } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            format!("{authority} closed the connection before it answered")
        } else if reset {
            format!("{authority} reset the connection before it answered")
        } else {
            match error.source() {
                Some(cause) => format!("the connection to {authority} broke: {error}: {cause}"),
                None => format!("the connection to {authority} broke: {error}"),
            }
        })
    }
}
