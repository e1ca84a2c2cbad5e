//! What is secret by its name: header lines and query fields whose values stay at home unless asked for.
//!
//! In: names and values of a copy. Out: the same with [`MASK`] for a value. The stored request keeps its bytes.

use bytes::Bytes;
use hooktool_relay::capture::Headers;

/// What stands for a secret.
pub const MASK: &str = "[masked]";

/// Words that make a name secret, in lower case, wherever in it they stand: `Proxy-Authorization`, `Set-Cookie`,
/// `X-Hub-Signature-256`, `X-Api-Key`, `hmac`.
const WORDS: [&str; 8] = [
    "authorization",
    "cookie",
    "signature",
    "token",
    "secret",
    "key",
    "password",
    "hmac",
];

/// Header lines whose value is a URL.
const URLS: [&str; 3] = ["location", "referer", "content-location"];

/// Whether the value of this name is a secret, whatever the name's case.
pub fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS
        .iter()
        .any(|word| name.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// Masks header lines; how many.
pub fn headers(headers: &mut Headers) -> usize {
    let mut masked = 0_usize;
    for (name, value) in &mut headers.0 {
        if is_secret(name) && !value.is_empty() {
            *value = Bytes::from_static(MASK.as_bytes());
            masked = masked.saturating_add(1);
        } else if URLS
            .iter()
            .any(|url| name.eq_ignore_ascii_case(url.as_bytes()))
        {
            masked = masked.saturating_add(url(value));
        }
    }
    masked
}

/// Masks the query fields of a path or URL; how many.
pub(super) fn url(url: &mut Bytes) -> usize {
    let Some(query) = url.iter().position(|&byte| byte == b'?') else {
        return 0;
    };
    let (before, query) = url.split_at(query.saturating_add(1));
    let mut masked = 0_usize;
    let fields: Vec<Vec<u8>> = query
        .split(|&byte| byte == b'&')
        .map(|field| {
            let Some(end) = field.iter().position(|&byte| byte == b'=') else {
                return field.to_vec();
            };
            let (name, value) = field.split_at(end);
            if !is_secret(name) || value == b"=" {
                return field.to_vec();
            }
            masked = masked.saturating_add(1);
            [name, b"=", MASK.as_bytes()].concat()
        })
        .collect();
    if masked > 0 {
        *url = [before, &fields.join(&b'&')].concat().into();
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name_whatever_its_case() {
        for name in [
            "AUTHORIZATION",
            "Proxy-Authorization",
            "Cookie",
            "set-cookie",
            "X-Hub-Signature-256",
            "Stripe-Signature",
            "x-gitlab-Token",
            "client_secret",
            "X-API-KEY",
            "X-Shopify-Hmac-Sha256",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
        for name in ["content-type", "host", "x-github-delivery", "date", ""] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn only_values_change() {
        let mut all = Headers::new();
        all.push("X-Token", "t");
        all.push("X-Token", "");
        all.push("Location", "/x?a=1&api_key=2&token&key=#f");
        all.push("X-B", "?token=1");
        assert_eq!(headers(&mut all), 3);
        let lines: Vec<_> = all.iter().map(|(_, value)| value).collect();
        assert_eq!(
            lines,
            [
                &b"[masked]"[..],
                b"",
                b"/x?a=1&api_key=[masked]&token&key=[masked]",
                b"?token=1"
            ]
        );
    }
}
