//! Which hosts are this machine itself. Nothing is resolved: a name that a stranger's DNS points at loopback (DNS rebinding) is
//! not a loopback name.
//!
//! In: a `Host` value or an authority, as it came. Out: yes or no; malformed is no.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether this is an address of 127.0.0.0/8, `[::1]`, `localhost` or `*.localhost` (RFC 6761 §6.3; with or without the dot of
/// the root), with or without a port.
pub fn is_loopback_host(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    if let Some((ip, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return ip.parse() == Ok(Ipv6Addr::LOCALHOST) && is_port(port);
    }
    let end = host.find(':').unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    is_port(port) && (is_loopback_address(name) || is_localhost(name))
}

/// Whether this is nothing, or `:` and a port's digits.
fn is_port(port: &str) -> bool {
    match port.strip_prefix(':') {
        Some(digits) => digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    }
}

fn is_loopback_address(name: &str) -> bool {
    name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

fn is_localhost(name: &str) -> bool {
    let mut labels = name.strip_suffix('.').unwrap_or(name).rsplit('.');
    labels
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
        && labels.all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass() {
        for good in [
            "127.0.0.1",
            "127.0.0.1:4141",
            "127.8.8.8:1",
            "localhost",
            "LocalHost:1",
            "LOCALHOST.",
            "localhost:",
            "tidy-otter.localhost:4141",
            "a.b.localhost",
            "[::1]",
            "[::1]:65535",
        ] {
            assert!(is_loopback_host(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn everything_else_does_not() {
        for bad in [
            "",
            ":80",
            ".",
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            ".localhost",
            "localhost..",
            "a..localhost",
            "a b.localhost",
            "user@localhost",
            "localhost@evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80:80",
            "127.0.0.1:eighty",
            "127.0.0.1/",
            "10.0.0.1",
            "192.168.0.1",
            "0.0.0.0",
            "2130706433",
            "::1",
            "[::]",
            "[::1",
            "[::1]x",
            "[::ffff:127.0.0.1]",
            "[",
            "]",
            "[]:",
            "localhost:123456",
            "lo\u{301}calhost",
        ] {
            assert!(!is_loopback_host(bad.as_bytes()), "{bad:?}");
        }
        assert!(!is_loopback_host(b"\xff.localhost"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(host in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            is_loopback_host(&host);
        }

        #[test]
        fn nothing_near_a_loopback_name_panics(host in r"[\[\]:.a1localhost0-9é-]{0,24}") {
            is_loopback_host(host.as_bytes());
        }
    }
}
