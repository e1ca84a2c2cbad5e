//! Which names in `Host` an embedded relay answers to: loopback ones, so that a web page whose name was made to point at
//! this machine (DNS rebinding) reads and claims nothing.
//!
//! In: a request's head. Out: yes or no; malformed is no. Must not know: what is asked for.

use http::{Request, header::HOST};

use crate::headers::is_loopback_host;

/// Whether every authority in this head is a loopback name, and there is at least one.
pub(super) fn is_loopback<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST);
    let named = hosts.iter().map(http::HeaderValue::as_bytes);
    let absolute = request.uri().authority().map(|a| a.as_str().as_bytes());
    let mut all = named.chain(absolute).peekable();
    all.peek().is_some() && all.all(is_loopback_host)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
