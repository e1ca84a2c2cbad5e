//! URLs as the senders that sign them write them: with the default port, without it, with some escapes undone.
//!
//! In: an absolute URL as text, or a capture. Out: another spelling of it, or a part; the URLs that the sender may have called.
//! Nothing is normalised that was not asked for: a signature covers the very bytes. Must not know: who signs.

use hooktool_relay::capture::{Capture, Scheme};

/// The URLs that the sender of a capture may have called: by the relay's own name (its origin, or a word for the one on this
/// machine), and by the one that the sender gave, in the scheme that it spoke.
pub fn called(capture: &Capture, relay: &str) -> Vec<String> {
    let Ok(path) = str::from_utf8(&capture.path) else {
        return Vec::new();
    };
    let endpoint = capture.endpoint.as_str();
    let host = capture.headers.first("host");
    let host = host.and_then(|host| str::from_utf8(host).ok());
    let relays = relay.split_once("://").map(|(scheme, _)| scheme);
    let spoken = capture.scheme.map(Scheme::as_str);
    let scheme = spoken.or(relays).unwrap_or("http");
    let named = relays.map(|_| relay.to_owned());
    let asked = host.map(|host| format!("{scheme}://{host}"));
    let mut urls: Vec<_> = named
        .into_iter()
        .chain(asked)
        .map(|origin| format!("{origin}/{endpoint}{path}"))
        .collect();
    urls.dedup();
    urls
}

/// A spelling of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    AsIs,
    /// With its port, the default one too.
    Port,
    /// Without its port.
    NoPort,
    /// With the escapes undone that HubSpot undoes before it signs.
    Hubspot,
}

/// The escapes that HubSpot's documentation lists (request validation, v3).
const HUBSPOT: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

impl Form {
    /// The URL in this spelling; what is no URL stays as it is.
    pub(super) fn of(self, url: &str) -> String {
        match self {
            Self::AsIs => url.to_owned(),
            Self::Hubspot => HUBSPOT.iter().fold(url.to_owned(), |url, (escape, plain)| {
                url.replace(escape, plain)
                    .replace(&escape.to_ascii_lowercase(), plain)
            }),
            Self::Port | Self::NoPort => {
                let Some((scheme, authority, rest)) = parts(url) else {
                    return url.to_owned();
                };
                let (host, port) = split_port(authority);
                let port = match (self, port, scheme) {
                    (Self::NoPort, ..) => None,
                    (_, Some(port), _) => Some(port),
                    (_, None, "https") => Some("443"),
                    (_, None, _) => Some("80"),
                };
                match port {
                    Some(port) => format!("{scheme}://{host}:{port}{rest}"),
                    None => format!("{scheme}://{host}{rest}"),
                }
            }
        }
    }
}

/// Scheme, authority, and all that follows.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    Some((scheme, authority, rest))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Path and query of a URL, never empty.
pub(super) fn path(url: &str) -> &str {
    match parts(url) {
        Some((_, _, "")) => "/",
        Some((_, _, rest)) => rest,
        None => url,
    }
}

/// The host of an https URL, without its port; none if it is another URL, or one that readers understand differently.
pub(super) fn https_host(url: &str) -> Option<&str> {
    let (scheme, authority, _) = parts(url)?;
    let is_plain = !authority.contains(['@', '\\']);
    (scheme == "https" && is_plain).then(|| split_port(authority).0)
}

/// The same URL by the other of http and https.
pub(super) fn other_scheme(url: &str) -> Option<String> {
    match url.split_once("://")? {
        ("http", rest) => Some(format!("https://{rest}")),
        ("https", rest) => Some(format!("http://{rest}")),
        _ => None,
    }
}

/// The same URL without the first segment of its path, where an endpoint's name stands.
pub(super) fn without_first_segment(url: &str) -> Option<String> {
    let (scheme, authority, rest) = parts(url)?;
    let inner = rest.strip_prefix('/')?;
    let end = inner.find(['/', '?']).unwrap_or(inner.len());
    let rest = inner.get(end..)?;
    let rest = match rest.starts_with('/') {
        true => rest.to_owned(),
        false => format!("/{rest}"),
    };
    Some(format!("{scheme}://{authority}{rest}"))
}

/// The same URL with another value of a parameter of its query; the same URL if it has none of that name.
pub(super) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let Some((before, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let fields = query
        .split('&')
        .map(|field| match field.split_once('=') {
            Some((found, _)) if found == name => format!("{name}={value}"),
            _ => field.to_owned(),
        })
        .collect::<Vec<_>>();
    format!("{before}?{}", fields.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_many_spellings() {
        let table = [
            (Form::Port, "https://a.b/c?d", "https://a.b:443/c?d"),
            (Form::Port, "http://a.b:81", "http://a.b:81"),
            (Form::NoPort, "https://a.b:443/c", "https://a.b/c"),
            (Form::NoPort, "https://[::1]:443/c", "https://[::1]/c"),
            (Form::NoPort, "nonsense", "nonsense"),
            (
                Form::Hubspot,
                "https://a/?x=%3a%2F%25",
                "https://a/?x=:/%25",
            ),
        ];
        for (form, url, wanted) in table {
            assert_eq!(form.of(url), wanted, "{url}");
        }
        assert_eq!(path("https://a.b/c?d"), "/c?d");
        assert_eq!(path("https://a.b"), "/");
        assert_eq!(https_host("https://a.b:1/c"), Some("a.b"));
        assert_eq!(https_host("http://a.b:1/c"), None);
        assert_eq!(https_host("https://sns.x.amazonaws.com@evil"), None);
        assert_eq!(https_host("https://evil\\@sns.x.amazonaws.com"), None);
        assert_eq!(
            without_first_segment("https://a/end/x?y").as_deref(),
            Some("https://a/x?y")
        );
        assert_eq!(
            without_first_segment("https://a/end?y").as_deref(),
            Some("https://a/?y")
        );
        assert_eq!(
            with_parameter("https://a/?b=1&c=2", "c", "3"),
            "https://a/?b=1&c=3"
        );
    }
}
