//! Hashes, MACs and signatures, by the names that definitions use.
//!
//! In: a key as bytes, a message in pieces, a signature. Out: a MAC, or whether the signature holds; compared in constant time.
//! All of it is aws-lc-rs. Must not know: where any of these stood.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest, hmac,
    signature::{
        ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Hash {
    /// SHA-1; some senders still use it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Every hash.
    pub(super) const ALL: [Self; 3] = [Self::Sha256, Self::Sha1, Self::Sha512];

    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    fn mac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn plain(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The HMAC of a message (RFC 2104).
    pub(super) fn hmac<'a>(
        self,
        key: &[u8],
        message: impl IntoIterator<Item = &'a [u8]>,
    ) -> Vec<u8> {
        let key = hmac::Key::new(self.mac(), key);
        let mut context = hmac::Context::with_key(&key);
        for piece in message {
            context.update(piece);
        }
        context.sign().as_ref().to_vec()
    }

    /// The plain hash of a message.
    pub(super) fn digest<'a>(self, message: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut context = digest::Context::new(self.plain());
        for piece in message {
            context.update(piece);
        }
        context.finish().as_ref().to_vec()
    }
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// Two hexadecimal digits a byte, in any case.
    Hex,
    /// Base64 of the usual alphabet, with or without its padding.
    Base64,
    /// As it is.
    Text,
}

impl Encoding {
    /// Undoes it; none if the text is not of this form.
    pub(super) fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hex => HEXLOWER_PERMISSIVE.decode(text).ok(),
            Self::Base64 if text.ends_with(b"=") => BASE64.decode(text).ok(),
            Self::Base64 => BASE64_NOPAD.decode(text).ok(),
            Self::Text => Some(text.to_vec()),
        }
    }

    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Text => "text",
        }
    }

    /// Writes bytes so.
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => HEXLOWER.encode(bytes),
            Self::Base64 => BASE64.encode(bytes),
            // A token is a header's value, and those that are no text were refused when the secret was read.
            Self::Text => bytes.iter().map(|&byte| char::from(byte)).collect(),
        }
    }
}

/// A signature by a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256; the signature in DER.
    EcdsaP256,
    /// RSA with PKCS #1 v1.5 padding (RFC 8017 §8.2).
    Rsa(Hash),
}

impl PublicKey {
    /// Whether a signature holds; a key that is none holds nothing.
    pub(super) fn holds(self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self {
            Self::Ed25519 => &ED25519,
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
            Self::Rsa(Hash::Sha1) => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Rsa(Hash::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rsa(Hash::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        };
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(message, signature).is_ok()
    }
}

/// Whether two secrets or MACs are the same, in a time that depends only on their length.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

/// The CRC-32 of the bytes (ISO-HDLC, as in gzip).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        // RFC 4231 §4.3 and FIPS 180-4's "abc".
        let mac = Hash::Sha256.hmac(b"Jefe", [&b"what do ya want "[..], b"for nothing?"]);
        assert_eq!(
            Encoding::Hex.encode(&mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let hash = Hash::Sha1.digest([&b"a"[..], b"bc"]);
        assert_eq!(
            Encoding::Hex.encode(&hash),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn signatures_are_read_in_one_way_each() {
        type Case = (Encoding, &'static [u8], Option<&'static [u8]>);
        let table: [Case; 8] = [
            (Encoding::Hex, b"00fF", Some(&[0, 255])),
            (Encoding::Hex, b"0", None),
            (Encoding::Hex, b"zz", None),
            (Encoding::Base64, b"/w==", Some(&[255])),
            (Encoding::Base64, b"/w", Some(&[255])),
            // The last letter carries bits that mean nothing: another spelling of the same is none.
            (Encoding::Base64, b"/x==", None),
            (Encoding::Base64, b"_w==", None),
            (Encoding::Text, b"\xff", Some(&[255])),
        ];
        for (encoding, text, wanted) in table {
            assert_eq!(encoding.decode(text).as_deref(), wanted, "{text:?}");
        }
    }
}
