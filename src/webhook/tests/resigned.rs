//! Signed again, by every scheme that was there; and made wrong in one character.

use super::*;

fn signing(provider: &'static str, secret: &'static Secret) -> Signing<'static> {
    Signing {
        known: Known::built_in(),
        provider,
        secret,
        url: Some(URL),
        now: NOW,
    }
}

fn secret(provider: &str, text: &str) -> &'static Secret {
    Box::leak(Box::new(Secret::new(provider, "", text)))
}

#[test]
fn a_second_scheme_of_the_same_request_is_signed_too() {
    let headers = [
        ("x-github-event", "push"),
        ("x-hub-signature", "sha1=00"),
        ("x-hub-signature-256", "sha256=00"),
    ];
    let github = secret("github", "k");
    let owned = Owned::new(&headers, b"{\"a\":1}");
    let signed = signing("github", github).sign(&owned.request()).unwrap();
    let places: Vec<_> = signed
        .written
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(
        places,
        ["header:x-hub-signature-256", "header:x-hub-signature"]
    );
    let mac = crypto::Hash::Sha1.hmac(b"k", [&owned.body[..]]);
    let mac = format!("sha1={}", crypto::Encoding::Hex.encode(&mac));
    assert_eq!(
        signed.headers.first("x-hub-signature"),
        Some(mac.as_bytes())
    );

    let headers = [
        ("x-hubspot-signature-v3", "-"),
        ("x-hubspot-request-timestamp", "1"),
        ("x-hubspot-signature", "-"),
        ("x-hubspot-signature-version", "v2"),
    ];
    let hubspot = secret("hubspot", "s");
    let owned = Owned::new(&headers, b"[]");
    let signed = signing("hubspot", hubspot).sign(&owned.request()).unwrap();
    let text = format!("sPOST{URL}[]");
    let hash = crypto::Encoding::Hex.encode(&crypto::Hash::Sha256.digest([text.as_bytes()]));
    assert_eq!(
        signed.headers.first("x-hubspot-signature"),
        Some(hash.as_bytes())
    );

    // GitLab's token is no signature of the request, and its secret is another one.
    let headers = [
        ("x-gitlab-event", "Push Hook"),
        ("x-gitlab-token", "token"),
        ("webhook-id", "m"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "-"),
    ];
    let gitlab = secret("gitlab", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let signed = signing("gitlab", gitlab).sign(&Owned::new(&headers, b"{}").request());
    assert_eq!(
        signed.unwrap().headers.first("x-gitlab-token"),
        Some(&b"token"[..])
    );
}

#[test]
fn a_signature_that_is_made_wrong_is_bad_and_nothing_else_is_changed() {
    for sample in SAMPLES {
        let secret = sample.secret();
        let Ok(signed) = sample.owned().signed(sample.provider, &secret) else {
            continue;
        };
        let spoilt = Known::built_in().spoiled(sample.provider, &signed.request());
        let spoilt = spoilt.unwrap_or_else(|why| panic!("{}: {why}", sample.provider));
        assert_eq!(spoilt.path, signed.path);
        assert_eq!(spoilt.body.len(), signed.body.len());
        let differ = |one: &[u8], other: &[u8]| {
            let pairs = one.iter().zip(other);
            pairs.filter(|(one, other)| one != other).count()
        };
        let lines = spoilt.headers.0.iter().zip(&signed.headers.0);
        let lines: usize = lines.map(|(one, other)| differ(&one.1, &other.1)).sum();
        let all = lines + differ(&spoilt.body, &signed.body);
        assert!((1..=2).contains(&all), "{}: {all}", sample.provider);
        let wrong = Owned {
            headers: spoilt.headers,
            body: spoilt.body,
            ..signed
        };
        let doctor = Doctor {
            known: Known::built_in(),
            secrets: &[secret],
        };
        let found = doctor.verdict(&wrong.request(), Some(sample.provider), NOW);
        assert_eq!(
            found.verdict,
            Verdict::Bad,
            "{}: {}",
            sample.provider,
            found.reason
        );
    }
    let unsigned = Owned::new(&[("x-github-event", "push")], b"{}");
    let refused = Known::built_in().spoiled("github", &unsigned.request());
    assert!(matches!(refused, Err(Refusal::Missing(_))), "{refused:?}");
}

#[test]
fn what_is_signed_longer_ago_than_the_tolerance_is_old() {
    for (provider, seconds) in [
        ("stripe", 360),
        ("paddle", 65),
        ("linear", 120),
        ("zoom", 3_600),
    ] {
        let sample = SAMPLES.iter().find(|sample| sample.provider == provider);
        let secret: &'static Secret = Box::leak(Box::new(sample.unwrap().secret()));
        let owned = sample.unwrap().owned();
        let mut signing = signing(provider, secret);
        let past = signing.past(&owned.request()).unwrap();
        assert_eq!(past, seconds * 1_000, "{provider}");
        signing.now = NOW - past;
        let signed = signing.sign(&owned.request()).unwrap();
        let signed = Owned {
            headers: signed.headers,
            body: signed.body,
            ..owned
        };
        let wanted = if provider == "zoom" {
            Verdict::Ok
        } else {
            Verdict::Old
        };
        let found = signed.verdict(std::slice::from_ref(secret), NOW);
        assert_eq!(found.verdict, wanted, "{provider}: {}", found.reason);
    }
    let github = secret("github", "k");
    let owned = Owned::new(
        &[("x-github-event", "push"), ("x-hub-signature-256", "-")],
        b"{}",
    );
    let past = signing("github", github).past(&owned.request());
    assert_eq!(past, Err(Refusal::Timeless("GitHub".to_owned())));
}

#[test]
fn only_what_is_signed_for_is_spliced_into_a_body() {
    let body = "\u{feff}{ \"event-data\" : {\"id\":\"e\" , \"event\": \"x\"},\r\n \"signature\":{\"token\":\"t\",\"timestamp\":\"1\",\"signature\":\"00\"}, \"n\": 1.50e3 }\n";
    let mailgun = secret("mailgun", "k");
    let signed = signing("mailgun", mailgun)
        .sign(&Owned::new(&[], body.as_bytes()).request())
        .unwrap();
    let text = String::from_utf8(signed.body).unwrap();
    let mac = crypto::Hash::Sha256.hmac(b"k", [&b"1700000000t"[..]]);
    let wanted = body
        .replace("\"timestamp\":\"1\"", "\"timestamp\":\"1700000000\"")
        .replace(
            "\"00\"",
            &format!("\"{}\"", crypto::Encoding::Hex.encode(&mac)),
        );
    assert_eq!(text, wanted);
    let written: Vec<_> = signed
        .written
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(
        written,
        ["body:/signature/timestamp", "body:/signature/signature"]
    );
}
