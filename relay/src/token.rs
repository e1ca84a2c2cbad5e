//! Tokens: what a listener shows at the door.
//!
//! In: 256 random bits, or text that claims to be a token. Out: the text, once and on purpose, and the digest that stores
//! keep. Must not know: whose it is, or whether it is still valid.
//!
//! ```text
//! hkt_ · base32 of ( 32 random bytes · CRC-32C of those, big-endian )        4 + 58 characters
//! ```
//!
//! The prefix and the checksum are for secret scanners: they tell a token from a look-alike without asking anybody.

use std::{fmt, str::FromStr};

use aws_lc_rs::{constant_time, digest, rand};
use data_encoding::BASE32_DNSSEC;

/// What every token begins with.
pub const PREFIX: &str = "hkt_";

/// Random bytes in a token.
const RANDOM: usize = 32;

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// A token. `Debug` hides it, there is no `Display`, and comparing takes the same time whatever differs.
#[derive(Clone)]
pub struct Token(String);

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token: another prefix, length or alphabet, or the checksum does not fit.
    #[error("a token is `hkt_` and 58 letters and digits, copied whole")]
    Malformed,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

impl Token {
    /// A new one that nobody can guess.
    ///
    /// # Errors
    /// [`TokenError::NoRandomness`].
    pub fn random() -> Result<Self, TokenError> {
        let mut bytes = [0; RANDOM];
        rand::fill(&mut bytes).map_err(|_| TokenError::NoRandomness)?;
        Ok(Self::from_random(bytes))
    }

    fn from_random(random: [u8; RANDOM]) -> Self {
        let mut bytes = [0; RANDOM + CHECKSUM];
        let (head, tail) = bytes.split_at_mut(RANDOM);
        head.copy_from_slice(&random);
        tail.copy_from_slice(&crc32c::crc32c(&random).to_be_bytes());
        Self(format!("{PREFIX}{}", BASE32_DNSSEC.encode(&bytes)))
    }

    /// The token itself: for the `Authorization` header, a secrets file, or the one time it is shown to a person.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the written token, under which stores keep it.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(TokenError::Malformed)?;
        let bytes = BASE32_DNSSEC
            .decode(encoded.as_bytes())
            .map_err(|_| TokenError::Malformed)?;
        let (random, checksum) = bytes
            .split_first_chunk::<RANDOM>()
            .ok_or(TokenError::Malformed)?;
        if checksum == crc32c::crc32c(random).to_be_bytes() {
            Ok(Self::from_random(*random))
        } else {
            Err(TokenError::Malformed)
        }
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        is_same(&self.digest(), &other.digest())
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({PREFIX}…)")
    }
}

/// SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    digest
}

/// Whether two digests are the same, in a time that says nothing of where they differ.
pub(crate) fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_as_itself() {
        let token = Token::random().unwrap();
        assert_eq!(token.reveal().len(), PREFIX.len() + 58);
        assert!(
            token.reveal()[PREFIX.len()..]
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
        let again: Token = token.reveal().parse().unwrap();
        assert_eq!(again, token);
        assert_eq!(again.digest(), token.digest());
        assert_ne!(Token::random().unwrap(), token);
    }

    #[test]
    fn the_written_form_is_fixed() {
        // Scanners match it, and a changed form would lock every listener out.
        assert_eq!(
            Token::from_random([7; RANDOM]).reveal(),
            "hkt_0s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3tcpam64"
        );
    }

    #[test]
    fn what_is_not_a_whole_token_is_refused() {
        let token = Token::from_random([9; RANDOM]);
        let good = token.reveal();
        let flipped = format!(
            "{}{}",
            &good[..20],
            good[20..].replacen(|c| c != '0', "0", 1)
        );
        let cut = &good[..good.len() - 1];
        let long = format!("{good}0");
        let spaced = format!("{good} ");
        for bad in [
            "", "hkt_", "hkt", "ghp_abc", cut, &long, &flipped, &spaced, "hkt_é", "hkt_0000",
        ] {
            assert_eq!(bad.parse::<Token>(), Err(TokenError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn debug_hides_it() {
        let token = Token::random().unwrap();
        assert_eq!(format!("{token:?}"), "Token(hkt_…)");
    }
}
