//! Definitions in words, for `providers show`.
//!
//! In: parts of a definition. Out: a line each. Must not know: requests.

use super::definition::{Block, Kind};

/// What there is to tell of a scheme.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub(super) kind: Kind,
    pub(super) hash: Option<&'static str>,
    pub(super) encoding: Option<&'static str>,
    pub(super) stands: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) tolerance: Option<u32>,
    pub(super) future: bool,
}

/// How a scheme signs.
pub(super) fn how(kind: Kind, hash: Option<&str>) -> String {
    let hash = hash.unwrap_or("the hash that the request names");
    match kind {
        Kind::Jwt => "a JSON web token, which is not checked".to_owned(),
        Kind::Token => "the secret itself; the body is not protected".to_owned(),
        Kind::Hmac => format!("HMAC by {hash}"),
        Kind::Digest => hash.to_owned(),
        Kind::Ed25519 => "Ed25519, checked by the sender's public key".to_owned(),
        Kind::EcdsaP256 => "ECDSA over P-256, checked by the sender's public key".to_owned(),
        Kind::RsaX509 => format!("RSA with {hash}, checked by the sender's certificate"),
    }
}

/// A scheme.
pub(super) fn scheme(told: &Told<'_>) -> String {
    let mut words = how(told.kind, told.hash);
    if told.kind == Kind::Jwt {
        return words;
    }
    if let Some(message) = told.message {
        words.push_str(&format!(" of {}", message.escape_debug()));
    }
    if let (Some(encoding), Some(stands)) = (told.encoding, told.stands) {
        words.push_str(&match encoding {
            "text" => format!(", in {stands}"),
            encoding => format!(", in {encoding} in {stands}"),
        });
    }
    match told.tolerance {
        Some(tolerance) if told.future => {
            words.push_str(&format!(", good for {tolerance} s before and after"));
        }
        Some(tolerance) => words.push_str(&format!(", good for {tolerance} s")),
        None => {}
    }
    words
}

/// A block of conditions.
pub(super) fn block(raw: &Block) -> String {
    let mut words = Vec::new();
    match (&raw.header, &raw.r#match) {
        (Some(name), Some(pattern)) => {
            words.push(format!("header {name} like {}", pattern.get_ref()));
        }
        (Some(name), None) => words.push(format!("header {name}")),
        (None, _) => {}
    }
    let mut add = |text: &str, name: Option<&str>| {
        if let Some(name) = name {
            words.push(format!("{text} {name}"));
        }
    };
    add("a header that begins with", raw.header_prefix.as_deref());
    add("no header", raw.not_header.as_deref());
    add("query", raw.query.as_deref());
    add("no query", raw.not_query.as_deref());
    add("method", raw.method.as_deref());
    for (pointer, pattern) in &raw.body {
        let (pointer, pattern) = (pointer.get_ref(), pattern.get_ref());
        words.push(match pattern.as_str() {
            "." => format!("body {pointer}"),
            _ => format!("body {pointer} like {pattern}"),
        });
    }
    if let Some(pointer) = &raw.not_body {
        words.push(format!("no body {}", pointer.get_ref()));
    }
    words.join(" and ")
}
