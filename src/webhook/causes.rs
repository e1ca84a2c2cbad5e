//! The usual causes of a signature that does not match, tried in turn; the first that fits is named.
//!
//! In: a request whose signature fails by every secret of its sender. Out: the cause in words, or which were tried. What is tried
//! is the request as it may have been before something on the way changed it. Must not know: clocks.
//!
//! ```text
//! white space round the secret ▸ prefix decoded or not ▸ newline ▸ JSON rewritten ▸ URL ▸ hash, encoding ▸ another's secret
//! ```

use super::{
    case::Case,
    check::{Check, Trial},
    crypto::{Encoding, Hash},
    definition::{KeyFormat, Kind},
    key::{Secret, base64},
    scheme::Scheme,
    url,
};
use crate::webhook::rewrite;

/// Largest body that is tried in other spellings, in bytes: each of them is hashed once for every secret.
const LARGEST_REWRITTEN: usize = 1024 * 1024;

/// Most secrets that are tried.
const MOST_SECRETS: usize = 64;

/// The cause that fits.
///
/// # Errors
/// None fits: what was tried.
pub(super) fn find(case: &Case<'_, '_>, scheme: &Scheme) -> Result<String, Vec<&'static str>> {
    let mut tried = Vec::new();
    let own = case.doctor.own(case.provider);
    let own = own.into_iter().take(MOST_SECRETS);
    for secret in own.clone() {
        let trial = case.trial(secret);
        let search = Search {
            case,
            scheme,
            trial,
        };
        for (name, cause) in SEARCHES {
            if let Some(cause) = cause(&search) {
                return Ok(cause);
            }
            let is_about_urls = *name == URLS;
            if !tried.contains(name) && (!is_about_urls || scheme.signs_url()) {
                tried.push(*name);
            }
        }
    }
    tried.push("the secrets of other providers");
    let others = case.doctor.secrets.iter().take(MOST_SECRETS);
    let mut others = others.filter(|secret| own.clone().all(|own| own != *secret));
    match others.find(|secret| holds_by(case, scheme, secret)) {
        Some(other) => Ok(format!(
            "another configured secret matches: {} of {}",
            other.label, other.provider
        )),
        None => Err(tried),
    }
}

fn holds_by(case: &Case<'_, '_>, scheme: &Scheme, secret: &Secret) -> bool {
    scheme.check(&case.trial(secret)) == Check::Holds
}

/// What is tried only where the sender signs its URL.
const URLS: &str = "other URLs";

/// One secret, and the request as it came.
struct Search<'s, 'c, 'f> {
    case: &'s Case<'c, 'f>,
    scheme: &'s Scheme,
    trial: Trial<'s, 'f>,
}

/// A cause: what it is called when it was tried, and the sentence if it fits.
type Cause = (&'static str, fn(&Search<'_, '_, '_>) -> Option<String>);

const SEARCHES: &[Cause] = &[
    ("white space round the secret", spaced_secret),
    (
        "the secret decoded or not, with and without its prefix",
        other_key,
    ),
    ("a newline at the end of the body", newline),
    ("the body's JSON written differently", rewritten),
    ("a byte order mark", byte_order_mark),
    (URLS, other_url),
    ("other hashes and encodings", other_hash),
];

impl Search<'_, '_, '_> {
    fn holds(&self, trial: &Trial<'_, '_>) -> bool {
        self.scheme.check(trial) == Check::Holds
    }

    fn with_body(&self, body: &[u8]) -> bool {
        self.holds(&Trial { body, ..self.trial })
    }

    fn with_key(&self, key: &[u8]) -> bool {
        self.holds(&Trial {
            key: Some(key),
            ..self.trial
        })
    }
}

fn spaced_secret(search: &Search<'_, '_, '_>) -> Option<String> {
    let secret = search.trial.secret;
    let trimmed = secret.trim_ascii();
    let is_quoted = trimmed.len() > 2
        && [b'"', b'\''].iter().any(|quote| {
            trimmed.starts_with(std::slice::from_ref(quote))
                && trimmed.ends_with(std::slice::from_ref(quote))
        });
    if trimmed != secret {
        let trial = Trial {
            secret: trimmed,
            ..search.trial
        };
        if search.holds(&trial) {
            return Some("the secret has white space around it".to_owned());
        }
    }
    let inner = trimmed.get(1..trimmed.len().saturating_sub(1))?;
    let trial = Trial {
        secret: inner,
        ..search.trial
    };
    (is_quoted && search.holds(&trial)).then(|| "the secret has quotes around it".to_owned())
}

fn other_key(search: &Search<'_, '_, '_>) -> Option<String> {
    if !matches!(search.scheme.kind, Kind::Hmac) {
        return None;
    }
    let secret = search.trial.secret;
    let prefixes = ["whsec_", "v1,whsec_"];
    let bare = prefixes
        .iter()
        .find_map(|prefix| secret.strip_prefix(prefix.as_bytes()));
    let rest = bare.unwrap_or(secret);
    let hex = || Encoding::Hex.decode(rest);
    let is_decoded = search.scheme.key.format == KeyFormat::Base64;
    if search.with_key(secret) {
        return Some(match bare {
            Some(_) => {
                "the whole secret is the key, its whsec_ prefix not taken away and nothing decoded"
                    .to_owned()
            }
            None => "the secret is the key as it is, not decoded".to_owned(),
        });
    }
    if bare.is_some() && search.with_key(rest) {
        return Some("the secret without its whsec_ prefix is the key, not decoded".to_owned());
    }
    if let Some(key) = base64(rest)
        && !is_decoded
        && search.with_key(&key)
    {
        return Some("the secret is base64 and was decoded before signing".to_owned());
    }
    let key = hex().filter(|_| search.scheme.key.format != KeyFormat::Hex)?;
    search
        .with_key(&key)
        .then(|| "the secret is hexadecimal and was decoded before signing".to_owned())
}

fn newline(search: &Search<'_, '_, '_>) -> Option<String> {
    let body = search.trial.body;
    for (end, name) in [("\r\n", "CRLF"), ("\n", "LF")] {
        let longer = [body, end.as_bytes()].concat();
        if search.with_body(&longer) {
            return Some(format!(
                "the body's trailing newline ({name}) was lost on the way"
            ));
        }
        if let Some(shorter) = body.strip_suffix(end.as_bytes())
            && search.with_body(shorter)
        {
            return Some(format!(
                "a trailing newline ({name}) was added to the body on the way"
            ));
        }
    }
    let unix = rewrite::line_ends(body, false);
    let dos = rewrite::line_ends(body, true);
    let is_other = |other: &[u8]| other != body && search.with_body(other);
    (is_other(&unix) || is_other(&dos))
        .then(|| "the body's line ends (LF, CRLF) were changed on the way".to_owned())
}

fn rewritten(search: &Search<'_, '_, '_>) -> Option<String> {
    let body = search.trial.body;
    if body.len() > LARGEST_REWRITTEN {
        return None;
    }
    for (form, name) in rewrite::FORMS {
        let other = rewrite::rewritten(body, *form)?;
        let with_newline = [other.as_slice(), b"\n"].concat();
        if search.with_body(&other) || search.with_body(&with_newline) {
            return Some(format!(
                "the body's JSON was re-serialised on the way; it was signed {name}"
            ));
        }
    }
    None
}

fn byte_order_mark(search: &Search<'_, '_, '_>) -> Option<String> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let body = search.trial.body;
    if let Some(bare) = body.strip_prefix(MARK) {
        return search
            .with_body(bare)
            .then(|| "a byte order mark was put before the body on the way".to_owned());
    }
    search
        .with_body(&[MARK, body].concat())
        .then(|| "the byte order mark before the body was lost on the way".to_owned())
}

fn other_url(search: &Search<'_, '_, '_>) -> Option<String> {
    if !search.scheme.signs_url() {
        return None;
    }
    let with = |url: String| {
        let urls = [url];
        let trial = Trial {
            urls: &urls,
            ..search.trial
        };
        search.holds(&trial).then(|| urls.concat())
    };
    let request = search.case.request;
    if let Some(url) = request.local.iter().find_map(|url| with(url.clone())) {
        return Some(format!(
            "it was signed for the local URL {url} instead of the public one"
        ));
    }
    let all = || request.public.iter().chain(request.local);
    if let Some(url) = all()
        .filter_map(|url| url::other_scheme(url))
        .find_map(with)
    {
        return Some(format!(
            "it was signed for {url}: http and https are mixed up"
        ));
    }
    for form in [url::Form::Port, url::Form::NoPort] {
        if let Some(url) = all().find_map(|url| with(form.of(url))) {
            return Some(format!("it was signed for {url}: with another port"));
        }
    }
    let shorter = |url: &String| url::without_first_segment(url).and_then(with);
    if let Some(url) = all().find_map(shorter) {
        return Some(format!(
            "it was signed for {url}: without the endpoint's name"
        ));
    }
    let toggled = |url: &String| match url.strip_suffix('/') {
        Some(bare) => with(bare.to_owned()),
        None => with(format!("{url}/")),
    };
    all()
        .find_map(toggled)
        .map(|url| format!("it was signed for {url}: the slash at its end differs"))
}

fn other_hash(search: &Search<'_, '_, '_>) -> Option<String> {
    if !matches!(search.scheme.kind, Kind::Hmac | Kind::Digest) {
        return None;
    }
    let usual = search.scheme.signature.as_ref()?.encoding;
    for encoding in [Encoding::Hex, Encoding::Base64] {
        for hash in Hash::ALL {
            let trial = Trial {
                hash: Some(hash),
                encoding: Some(encoding),
                ..search.trial
            };
            if search.holds(&trial) {
                return Some(match encoding == usual {
                    true => format!("it was signed with {}", hash.name()),
                    false => format!(
                        "it was signed with {} and written in {}",
                        hash.name(),
                        encoding.name()
                    ),
                });
            }
        }
    }
    None
}
