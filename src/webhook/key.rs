//! Secrets, and the keys they become: as they are, decoded, or a public key out of a certificate.
//!
//! In: a secret as its owner wrote it. Out: key bytes, or why it is none. A secret is never shown: no Display, no Debug. Must
//! not know: where secrets are kept.

use std::{collections::BTreeMap, fmt};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use regex::bytes::Regex;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer, pem::PemObject as _};

use super::{
    block::expression,
    certificate,
    definition::{self, KeyFormat, Kind},
    reading::Fault,
};

/// How many characters of a secret are told.
const TAIL: usize = 4;

/// Shortest secret of which any are: what is told must be a small part of it.
const LONG: usize = 20;

/// A signing secret of a provider. Debug hides it, and there is no Display.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Whose it is: a provider's id.
    pub provider: String,
    /// What it is called when a verdict names it: `the secret of FILE`, say.
    pub label: String,
    /// Settings beside it that a signature needs: PayPal's `webhook_id`.
    pub config: BTreeMap<String, String>,
    bytes: Vec<u8>,
}

impl Secret {
    /// A secret as its owner wrote it.
    pub fn new(
        provider: impl Into<String>,
        label: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            provider: provider.into(),
            label: label.into(),
            config: BTreeMap::new(),
            bytes: bytes.into(),
        }
    }

    /// Its last characters, to tell it from others; none of a short one, and none of a certificate.
    pub(super) fn tail(&self) -> Option<&str> {
        let text = str::from_utf8(&self.bytes).ok()?;
        let is_long = text.len() >= LONG && text.bytes().all(|byte| byte.is_ascii_graphic());
        text.get(text.len().checked_sub(TAIL)?..)
            .filter(|_| is_long)
    }

    /// The secret itself, to sign with.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, …)", self.provider)
    }
}

/// How a scheme makes a key of a secret.
#[derive(Clone, Debug)]
pub(super) struct KeyRule {
    pub(super) format: KeyFormat,
    pub(super) strip_prefix: Option<String>,
    /// Only secrets that look so are for this scheme.
    fits: Option<Regex>,
    /// What a secret is when it looks so: no signing secret.
    mistaken: Vec<(Regex, String)>,
    is_certificate: bool,
}

impl KeyRule {
    /// Compiles it.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(raw: &definition::Key, kind: Kind) -> Result<Self, Fault> {
        let mut mistaken = Vec::new();
        for (pattern, what) in &raw.not {
            mistaken.push((expression(pattern)?, what.clone()));
        }
        Ok(Self {
            format: raw.format,
            strip_prefix: raw.strip_prefix.clone(),
            fits: raw.r#match.as_ref().map(expression).transpose()?,
            mistaken,
            is_certificate: kind == Kind::RsaX509,
        })
    }

    /// Whether the scheme is for such a secret.
    pub(super) fn takes(&self, secret: &[u8]) -> bool {
        self.fits.as_ref().is_none_or(|fits| fits.is_match(secret))
    }

    /// What a secret is, if it looks like something that is no signing secret.
    pub(super) fn mistaken(&self, secret: &[u8]) -> Option<&str> {
        let mut known = self.mistaken.iter();
        known
            .find(|(pattern, _)| pattern.is_match(secret))
            .map(|(_, what)| what.as_str())
    }

    /// Whether a secret that is no key would be one without the white space, or the quotes, around it.
    pub(super) fn is_key_but_for_space(&self, secret: &[u8]) -> bool {
        let trimmed = unspaced(secret);
        trimmed != secret && self.key(trimmed).is_ok()
    }

    /// The key.
    ///
    /// # Errors
    /// Why the secret is none, in words that do not show it.
    pub(super) fn key(&self, secret: &[u8]) -> Result<Vec<u8>, String> {
        if self.is_certificate || secret.starts_with(b"-----BEGIN ") {
            return public_key(secret);
        }
        let bare = match &self.strip_prefix {
            Some(prefix) => secret.strip_prefix(prefix.as_bytes()).unwrap_or(secret),
            None => secret,
        };
        let key = match self.format {
            KeyFormat::Utf8 => Some(bare.to_vec()),
            KeyFormat::Base64 | KeyFormat::SpkiBase64 => base64(bare),
            KeyFormat::Hex | KeyFormat::RawHex => HEXLOWER_PERMISSIVE.decode(bare).ok(),
        };
        match key {
            Some(key) if key.is_empty() => Err("it is empty".to_owned()),
            Some(key) => Ok(key),
            None => Err(match self.format {
                KeyFormat::Hex | KeyFormat::RawHex => "it is not hexadecimal".to_owned(),
                _ => "it is not base64".to_owned(),
            }),
        }
    }
}

/// A secret without white space around it, and without quotes.
fn unspaced(secret: &[u8]) -> &[u8] {
    let trimmed = secret.trim_ascii();
    let inner = [b'"', b'\''].iter().find_map(|quote| {
        let quote = std::slice::from_ref(quote);
        trimmed.strip_prefix(quote)?.strip_suffix(quote)
    });
    inner.unwrap_or(trimmed)
}

/// Base64 of the usual alphabet, with or without padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    match text.ends_with(b"=") {
        true => BASE64.decode(text).ok(),
        false => BASE64_NOPAD.decode(text).ok(),
    }
}

/// The public key in PEM: of a certificate, or by itself.
fn public_key(secret: &[u8]) -> Result<Vec<u8>, String> {
    if let Ok(certificate) = CertificateDer::from_pem_slice(secret) {
        return certificate::public_key(&certificate)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| "the certificate in it cannot be read".to_owned());
    }
    match SubjectPublicKeyInfoDer::from_pem_slice(secret) {
        Ok(key) => Ok(key.to_vec()),
        Err(_) => Err("it is no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned()),
    }
}
