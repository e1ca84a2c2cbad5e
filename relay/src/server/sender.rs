//! Who sent a request: the connection's peer, or whom a trusted proxy names.
//!
//! In: the peer, the lines of `X-Forwarded-For`, the proxies that are believed. Out: an address. Must not know: what it is
//! counted or recorded for.
//!
//! ```text
//! X-Forwarded-For: whatever the sender wrote, 198.51.100.7, 10.0.0.2      peer 10.0.0.1
//!                                             └ the sender  └─── trusted, read from the right
//! ```

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::{capture::Scheme, config::Network};

/// Where proxies write from whom they took a request, each at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a proxy writes what its own sender spoke.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// What a trusted proxy says its sender spoke: the last word of the last line, which is the proxy's own. None if it says
/// nothing, or neither `http` nor `https`.
pub(super) fn scheme(headers: &HeaderMap) -> Option<Scheme> {
    let line = headers.get_all(FORWARDED_PROTO).iter().next_back()?;
    let word = line.as_bytes().rsplit(|&b| b == b',').next()?.trim_ascii();
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| word.eq_ignore_ascii_case(scheme.as_str().as_bytes()))
}

/// The right-most address that no trusted proxy has; the peer's own if it is not trusted. What a proxy wrote is without a
/// port: it is 0 then. What cannot be read ends the search at the last proxy that could.
pub(super) fn of(peer: SocketAddr, headers: &HeaderMap, proxies: &[Network]) -> SocketAddr {
    let is_trusted = |ip: IpAddr| proxies.iter().any(|proxy| proxy.contains(ip));
    let mut sender = peer;
    let lines: Vec<&[u8]> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect();
    let mut named = lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(|&b| b == b','));
    while is_trusted(sender.ip()) {
        let Some(ip) = named.next().and_then(address) else {
            break;
        };
        sender = SocketAddr::new(ip, 0);
    }
    sender
}

/// An address, with or without a port.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let ip = text.parse::<IpAddr>().ok();
    ip.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies = ["10.0.0.0/8", "127.0.0.1"].map(|text| text.parse().unwrap());
        of(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn the_proxys_own_word_is_the_scheme() {
        for (lines, expected) in [
            (&["https"][..], Some(Scheme::Https)),
            (&["HTTP"], Some(Scheme::Http)),
            (&["http, https"], Some(Scheme::Https)),
            (&["https", " http "], Some(Scheme::Http)),
            (&[], None),
            (&[""], None),
            (&["https, wss"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_PROTO, line.parse().unwrap());
            }
            assert_eq!(scheme(&headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        assert_eq!(sender("192.0.2.1:5", &["198.51.100.7"]), "192.0.2.1:5");
        assert_eq!(sender("192.0.2.1:5", &[]), "192.0.2.1:5");
    }

    #[test]
    fn the_right_most_that_is_no_proxy_is_it() {
        for (lines, expected) in [
            (&["198.51.100.7"][..], "198.51.100.7:0"),
            (&["6.6.6.6, 198.51.100.7"], "198.51.100.7:0"),
            (&["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7:0"),
            (&["6.6.6.6", "198.51.100.7", "10.0.0.2"], "198.51.100.7:0"),
            (&["198.51.100.7:4711"], "198.51.100.7:0"),
            (&["[2001:db8::1]:4711"], "[2001:db8::1]:0"),
            (&["2001:db8::1"], "[2001:db8::1]:0"),
            (&["::ffff:198.51.100.7"], "198.51.100.7:0"),
        ] {
            assert_eq!(sender("10.0.0.1:5", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_search() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1:5"),
            (&[""], "10.0.0.1:5"),
            (&["6.6.6.6, unknown"], "10.0.0.1:5"),
            (&["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2:0"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3:0"),
        ] {
            assert_eq!(sender("10.0.0.1:5", lines), expected, "{lines:?}");
        }
    }
}
