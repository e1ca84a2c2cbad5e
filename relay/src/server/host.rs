//! Which names in `Host` an embedded relay answers to: loopback ones, so that a web page whose name was made to point at
//! this machine (DNS rebinding) reads and claims nothing.
//!
//! In: a request's head. Out: yes or no; malformed is no. Must not know: what is asked for.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{Request, header::HOST};

/// Whether every authority in this head is a loopback name, and there is at least one.
pub(super) fn is_loopback<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST);
    let named = hosts.iter().map(http::HeaderValue::as_bytes);
    let absolute = request.uri().authority().map(|a| a.as_str().as_bytes());
    let mut all = named.chain(absolute).peekable();
    all.peek().is_some() && all.all(is_loopback_name)
}

/// Whether this is `127.0.0.1`, `[::1]`, `localhost` or `*.localhost` (RFC 6761 §6.3), with or without a port.
fn is_loopback_name(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else {
        return false;
    };
    if let Some((ip, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return ip.parse() == Ok(Ipv6Addr::LOCALHOST) && is_port(port);
    }
    let end = host.find(':').unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    is_port(port) && (name.parse() == Ok(Ipv4Addr::LOCALHOST) || is_localhost(name))
}

/// Whether this is nothing, or `:` and a port's digits.
fn is_port(port: &str) -> bool {
    match port.strip_prefix(':') {
        Some(digits) => digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    }
}

fn is_localhost(name: &str) -> bool {
    let mut labels = name.rsplit('.');
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
            "localhost",
            "LocalHost:1",
            "localhost:",
            "tidy-otter.localhost:4141",
            "a.b.localhost",
            "[::1]",
            "[::1]:65535",
        ] {
            assert!(is_loopback_name(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn everything_else_does_not() {
        for bad in [
            "",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            ".localhost",
            "a..localhost",
            "a b.localhost",
            "user@localhost",
            "localhost@evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80:80",
            "127.0.0.1:eighty",
            "127.0.0.1/",
            "10.0.0.1",
            "0.0.0.0",
            "2130706433",
            "::1",
            "[::1",
            "[::1]x",
            "[::ffff:127.0.0.1]",
            "[",
            "]",
            "[]:",
            "localhost:123456",
            "lo\u{301}calhost",
        ] {
            assert!(!is_loopback_name(bad.as_bytes()), "{bad:?}");
        }
        assert!(!is_loopback_name(b"\xff.localhost"));
    }

    #[test]
    fn every_authority_counts() {
        let request = |uri: &str, hosts: &[&str]| {
            let mut head = Request::get(uri);
            for host in hosts {
                head = head.header(HOST, *host);
            }
            head.body(()).unwrap()
        };
        assert!(is_loopback(&request("/", &["localhost"])));
        assert!(is_loopback(&request("http://localhost/", &["localhost"])));
        assert!(!is_loopback(&request("/", &[])));
        assert!(!is_loopback(&request("/", &["localhost", "evil.example"])));
        assert!(!is_loopback(&request(
            "http://evil.example/",
            &["localhost"]
        )));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(host in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            is_loopback_name(&host);
        }

        #[test]
        fn nothing_near_a_loopback_name_panics(host in r"[\[\]:.a1localhost0-9é-]{0,24}") {
            is_loopback_name(host.as_bytes());
        }
    }
}
