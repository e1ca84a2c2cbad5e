//! The schema of `providers.toml`, field by field, as serde reads it. Unknown fields are refused.
//!
//! In: TOML. Out: plain values that know where in the file they stand. Must not know: what any of them means.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::crypto::{Encoding, Hash};

/// A text, and where it stands.
pub(super) type Text = Spanned<String>;

/// A file of definitions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) provider: Vec<Provider>,
}

/// `[[provider]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    pub(super) id: Text,
    pub(super) name: Option<String>,
    pub(super) docs: Option<String>,
    pub(super) extends: Option<Text>,
    pub(super) rank: Option<i8>,
    pub(super) detect: Option<Vec<Block>>,
    pub(super) event: Option<Vec<Text>>,
    pub(super) action: Option<Text>,
    pub(super) dedupe: Option<Vec<Text>>,
    pub(super) attempt: Option<Text>,
    pub(super) attempt_reason: Option<Text>,
    pub(super) url_signed: Option<bool>,
    pub(super) verify: Option<Vec<Spanned<Verify>>>,
    pub(super) handshake: Option<Vec<Spanned<Handshake>>>,
    pub(super) sender: Option<Sender>,
}

/// A block of conditions that must all hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) header: Option<String>,
    pub(super) r#match: Option<Text>,
    pub(super) header_prefix: Option<String>,
    pub(super) not_header: Option<String>,
    #[serde(default)]
    pub(super) body: BTreeMap<Text, Text>,
    pub(super) not_body: Option<Text>,
    pub(super) query: Option<String>,
    pub(super) not_query: Option<String>,
    pub(super) method: Option<String>,
}

/// One of a sender's schemes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    pub(super) name: Option<String>,
    pub(super) when: Option<Block>,
    pub(super) r#use: Option<Text>,
    pub(super) kind: Option<Kind>,
    pub(super) hash: Option<Hash>,
    pub(super) hash_from: Option<HashFrom>,
    #[serde(default)]
    pub(super) key: Key,
    pub(super) signature: Option<Signature>,
    pub(super) timestamp: Option<Timestamp>,
    #[serde(default)]
    pub(super) require: Vec<Text>,
    pub(super) message: Option<Text>,
    #[serde(default)]
    pub(super) message_alt: Vec<Text>,
    pub(super) each: Option<Each>,
    pub(super) body_digest: Option<BodyDigest>,
    pub(super) cert: Option<Elsewhere>,
    pub(super) emit: Option<BTreeMap<Text, Text>>,
}

/// How a scheme protects a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Kind {
    /// A MAC with a shared key.
    #[serde(rename = "hmac")]
    Hmac,
    /// A plain hash with the secret in what is hashed.
    #[serde(rename = "digest")]
    Digest,
    /// The secret itself.
    #[serde(rename = "token")]
    Token,
    /// A signature by Ed25519.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// A signature by ECDSA over P-256.
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
    /// A signature by RSA, the key in a certificate.
    #[serde(rename = "rsa-x509")]
    RsaX509,
    /// A JSON web token, which is not checked.
    #[serde(rename = "jwt")]
    Jwt,
}

/// A hash that the request names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HashFrom {
    pub(super) source: Text,
    pub(super) map: BTreeMap<Text, Hash>,
}

/// How a secret becomes a key.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    #[serde(default)]
    pub(super) format: KeyFormat,
    pub(super) strip_prefix: Option<String>,
    pub(super) r#match: Option<Text>,
    #[serde(default)]
    pub(super) not: BTreeMap<Text, String>,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum KeyFormat {
    /// Its bytes as they are.
    #[default]
    #[serde(rename = "utf8")]
    Utf8,
    /// Base64.
    #[serde(rename = "base64")]
    Base64,
    /// Hexadecimal.
    #[serde(rename = "hex")]
    Hex,
    /// A public key in hexadecimal.
    #[serde(rename = "raw-hex")]
    RawHex,
    /// A public key: SubjectPublicKeyInfo in base64.
    #[serde(rename = "spki-base64")]
    SpkiBase64,
}

/// Where the signature stands, and how it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    pub(super) from: Text,
    pub(super) encoding: Option<Encoding>,
    pub(super) items: Option<String>,
    pub(super) pair: Option<String>,
    pub(super) field: Option<String>,
    pub(super) prefix: Option<String>,
}

/// Where the timestamp stands, and for how long it is good.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timestamp {
    pub(super) from: Text,
    #[serde(default)]
    pub(super) unit: Unit,
    #[serde(default)]
    pub(super) format: TimeFormat,
    pub(super) tolerance: Option<u32>,
    #[serde(default)]
    pub(super) future: bool,
    pub(super) required: Option<bool>,
    #[serde(default)]
    pub(super) exclusive: bool,
}

/// What a timestamp counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Unit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millis,
}

/// How a timestamp is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum TimeFormat {
    /// A number since 1970.
    #[default]
    #[serde(rename = "unix")]
    Unix,
    /// RFC 3339.
    #[serde(rename = "iso8601")]
    Iso8601,
    /// RFC 9110 §5.6.7.
    #[serde(rename = "http-date")]
    HttpDate,
}

/// Items that are signed one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Each {
    pub(super) list: Text,
    pub(super) item: Text,
}

/// A parameter of the query that must be the body's hash.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BodyDigest {
    pub(super) query: String,
    pub(super) hash: Hash,
    pub(super) encoding: Encoding,
}

/// Where a URL stands, and the hosts where it may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Elsewhere {
    pub(super) url: Text,
    pub(super) allow: Text,
}

/// A question that a sender asks before it sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handshake {
    pub(super) when: Block,
    #[serde(default)]
    pub(super) require: BTreeMap<Text, Text>,
    /// Answered only where the signature holds.
    #[serde(default)]
    pub(super) signed: bool,
    pub(super) respond: Option<Respond>,
    pub(super) visit: Option<Elsewhere>,
}

/// What it wants to hear.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Respond {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Option<Text>,
}

/// How a sender behaves, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// Seconds that it waits for an answer.
    pub timeout_s: Option<f64>,
    /// Seconds that it waits for a connection.
    pub connect_s: Option<f64>,
    /// How often it tries again.
    pub retries: Option<u32>,
    /// When, after the try before: `5m`.
    #[serde(default)]
    pub schedule: Vec<String>,
    /// For how long it tries: `3d`.
    pub window: Option<String>,
    /// Its largest body.
    pub max_body: Option<String>,
    /// Whether a retry has the same delivery id.
    pub same_id_on_retry: Option<bool>,
    /// Whether a retry has a new timestamp and signature.
    pub resigns_on_retry: Option<bool>,
}
