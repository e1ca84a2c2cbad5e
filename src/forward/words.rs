//! Errors of the system and of TLS in words, the same wherever they are told: by the link, by `login`, by a forward.
//!
//! In: errors as they came. Out: fragments for a cause, and a hint where there is one. Must not know: targets, relays.

use std::{error::Error, io};

use rustls::{CertificateError, ExtendedKeyPurpose};

/// A peer whose certificate does not prove who it is, or that does not speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrust {
    /// What is wrong.
    pub cause: String,
    /// What helps.
    pub hint: String,
}

/// Why there is no connection, or why it broke: the innermost error that says something.
pub(crate) fn of(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    let mut system = None;
    while let Some(inner) = below(innermost) {
        innermost = inner;
        system = innermost.downcast_ref::<io::Error>().or(system);
    }
    match innermost.downcast_ref::<io::Error>().or(system) {
        Some(error) => of_system(error),
        None => innermost.to_string(),
    }
}

/// An error of the system: no number, no capital.
pub(crate) fn of_system(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset",
        io::ErrorKind::HostUnreachable => "no route to the host",
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            "the network is unreachable"
        }
        io::ErrorKind::TimedOut => "no answer",
        io::ErrorKind::UnexpectedEof => "the connection was closed",
        io::ErrorKind::AddrInUse => "the port is in use",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let said = error.to_string();
    // "failed to lookup address information: Name or service not known" says it twice.
    let said = said
        .strip_prefix("failed to lookup address information: ")
        .map_or(said.as_str(), |_| "no address for this name");
    let said = said.split(" (os error").next().unwrap_or_default();
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// What TLS found wrong with a peer at `authority`, if that is why there is no connection; `name` is its host.
pub(crate) fn distrust(
    error: &(dyn Error + 'static),
    authority: &str,
    name: &str,
) -> Option<Distrust> {
    let mut next = Some(error);
    let tls = loop {
        let error = next?;
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            break tls;
        }
        next = below(error);
    };
    let (cause, hint) = match tls {
        rustls::Error::InvalidCertificate(flaw) => of_certificate(flaw, authority, name),
        rustls::Error::InvalidMessage(_) => (
            format!("{authority} does not speak TLS"),
            format!("is it http://{authority}?"),
        ),
        _ => (
            format!("no TLS with {authority}: {tls}"),
            "the relay needs TLS 1.2 or newer".to_owned(),
        ),
    };
    Some(Distrust { cause, hint })
}

/// No certificate of any authority was found on this machine.
pub(crate) fn no_authorities(error: &rustls::Error) -> Distrust {
    Distrust {
        cause: format!("this machine's authorities cannot be read: {error}"),
        hint: "install this system's authorities, as `ca-certificates`, or name a file by SSL_CERT_FILE"
            .to_owned(),
    }
}

fn of_certificate(flaw: &CertificateError, authority: &str, name: &str) -> (String, String) {
    let trust = "install its authority's certificate on this machine, or name a file with it by SSL_CERT_FILE";
    let clock = "renew it there; if it is fresh, is this machine's clock right?";
    let (what, hint) = match flaw {
        CertificateError::UnknownIssuer => (
            "is from an authority that this machine does not trust".to_owned(),
            trust.to_owned(),
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired".to_owned(), clock.to_owned())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet".to_owned(), clock.to_owned())
        }
        CertificateError::NotValidForName => {
            (format!("is not for {name}"), other_name(&[], authority))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<String> = presented.iter().filter_map(|name| plain(name)).collect();
            let shown = match names.as_slice() {
                [] => format!("is not for {name}"),
                names => format!("is for {}, not for {name}", names.join(", ")),
            };
            (shown, other_name(&names, authority))
        }
        CertificateError::InvalidPurpose
        | CertificateError::InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            ..
        } => (
            "is not one for a server".to_owned(),
            "give the relay one with the extended key usage `serverAuth`".to_owned(),
        ),
        CertificateError::BadSignature => (
            "is not signed by the authority that it names".to_owned(),
            trust.to_owned(),
        ),
        CertificateError::Other(_) if flaw.to_string().contains("CaUsedAsEndEntity") => (
            "is an authority's own, not a server's".to_owned(),
            "with `openssl req -x509`, add `-addext basicConstraints=critical,CA:FALSE`".to_owned(),
        ),
        _ => (format!("cannot be trusted ({flaw})"), trust.to_owned()),
    };
    (format!("the certificate of {authority} {what}"), hint)
}

fn other_name(names: &[String], authority: &str) -> String {
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    let port = port.filter(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    match names {
        [name, ..] if !name.starts_with('*') => {
            format!("use https://{name}{port}, or give the relay a certificate for this name")
        }
        _ => "use the name it is for, or give the relay a certificate for this name".to_owned(),
    }
}

/// `DnsName("a.example")` as `a.example`, `IpAddress(127.0.0.1)` as `127.0.0.1`.
fn plain(presented: &str) -> Option<String> {
    let (_, inner) = presented.split_once('(')?;
    let inner = inner.trim_end_matches(')').trim_matches('"');
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// What an error was made from; of an `io::Error` also what it only carries.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let carried = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match carried {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_speaks_as_we_do() {
        let refused = io::Error::from_raw_os_error(111);
        assert_eq!(of_system(&refused), "connection refused");
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(of_system(&missing), "no such file or directory");
        assert_eq!(of(&io::Error::other(refused)), "connection refused");
        assert_eq!(of(&io::Error::other("odd")), "odd");
        let lookup =
            io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(of_system(&lookup), "no address for this name");
        assert_eq!(of(&io::Error::other(lookup)), "no address for this name");
    }

    #[test]
    fn a_certificate_for_another_name_tells_both() {
        let flaw = CertificateError::NotValidForNameContext {
            expected: rustls_pki_types::ServerName::try_from("relay.example")
                .unwrap()
                .to_owned(),
            presented: vec![
                "DnsName(\"a.example\")".into(),
                "IpAddress(127.0.0.1)".into(),
            ],
        };
        let error = io::Error::other(rustls::Error::InvalidCertificate(flaw));
        let found = distrust(&error, "relay.example:8443", "relay.example").unwrap();
        assert_eq!(
            found.cause,
            "the certificate of relay.example:8443 is for a.example, 127.0.0.1, not for relay.example"
        );
        assert!(
            found.hint.contains("https://a.example:8443,"),
            "{}",
            found.hint
        );
    }

    #[test]
    fn what_is_no_matter_of_trust_is_none() {
        let refused: io::Error = io::ErrorKind::ConnectionRefused.into();
        assert_eq!(distrust(&refused, "a:1", "a"), None);
    }
}
