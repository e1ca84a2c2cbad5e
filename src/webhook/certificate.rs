//! The public key of an X.509 certificate (RFC 5280 §4.1), and nothing else of it.
//!
//! In: a certificate in DER. Out: its SubjectPublicKeyInfo in DER. Whether the certificate is to be trusted is the choice of the
//! person who set it: nothing is checked here. Must not know: what is verified with the key.
//!
//! ```text
//! Certificate ::= SEQUENCE { tbsCertificate SEQUENCE {
//!     [0] version?, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … }, … }
//! ```

/// Tag of a SEQUENCE.
const SEQUENCE: u8 = 0x30;
/// Tag of the version, which may be left out.
const VERSION: u8 = 0xa0;
/// Fields between the version and the public key.
const BEFORE_KEY: usize = 5;

/// The SubjectPublicKeyInfo of a certificate; none if this is no certificate.
pub(super) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, outer, _) = element(certificate)? else {
        return None;
    };
    let (SEQUENCE, inner, _) = element(outer.content)? else {
        return None;
    };
    let mut rest = inner.content;
    if let (VERSION, _, after) = element(rest)? {
        rest = after;
    }
    for _ in 0..BEFORE_KEY {
        (_, _, rest) = element(rest)?;
    }
    match element(rest)? {
        (SEQUENCE, key, _) => Some(key.whole),
        _ => None,
    }
}

/// One element of DER: with its head, and without.
struct Element<'a> {
    whole: &'a [u8],
    content: &'a [u8],
}

/// The first element of some DER, its tag before it and the rest behind it.
fn element(der: &[u8]) -> Option<(u8, Element<'_>, &[u8])> {
    let (&[tag, first], mut rest) = der.split_first_chunk::<2>()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        let shift = |len: usize, &digit: &u8| (len << 8) | usize::from(digit);
        len = digits.iter().fold(0, shift);
        rest = after;
    }
    let (content, after) = rest.split_at_checked(len)?;
    let whole = der.get(..der.len().saturating_sub(after.len()))?;
    Some((tag, Element { whole, content }, after))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_real_certificate_is_found() {
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let der = made.cert.der();
        let key = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        assert_eq!(public_key(der), Some(&key[..]));
        for end in 0..der.len() {
            assert_eq!(public_key(&der[..end]), None, "cut at {end}");
        }
        assert_eq!(public_key(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
