//! Each usual cause, made on purpose and found by name.

use super::*;

fn stripe(body: &str, secret: &Secret) -> Owned {
    let owned = Owned::new(&[("stripe-signature", "-")], body.as_bytes());
    owned.signed("stripe", secret).unwrap()
}

#[track_caller]
fn cause(owned: &Owned, secrets: &[Secret], wanted: &str) {
    let found = owned.verdict(secrets, NOW);
    assert_eq!(found.verdict, Verdict::Bad, "{}", found.reason);
    let cause = found
        .cause
        .unwrap_or_else(|| format!("tried {:?}", found.tried));
    assert!(cause.contains(wanted), "{cause}");
}

fn secret(text: &str) -> Secret {
    Secret::new("stripe", "the second", text)
}

#[test]
fn a_body_that_was_changed_on_the_way() {
    let key = secret("whsec_a");
    let json = "{\"id\": \"evt\", \"name\": \"caf\\u00e9/\", \"n\": [1, 2.50]}";
    let table: [(&str, String, &str); 8] = [
        (
            "{\"a\":1}\n",
            "{\"a\":1}".to_owned(),
            "trailing newline (LF) was lost",
        ),
        (
            "{\"a\":1}\r\n",
            "{\"a\":1}".to_owned(),
            "trailing newline (CRLF) was lost",
        ),
        (
            "{\"a\":1}",
            "{\"a\":1}\n".to_owned(),
            "trailing newline (LF) was added",
        ),
        ("a\r\nb", "a\nb".to_owned(), "line ends"),
        (
            json,
            json.replace(": ", ":").replace(", ", ","),
            "with spaces",
        ),
        (
            "{\"a\":\"é\"}",
            "{\"a\":\"\\u00e9\"}".to_owned(),
            "without \\u escapes",
        ),
        (
            "{\"a\":[1,{}]}",
            "{\n  \"a\": [\n    1,\n    {}\n  ]\n}".to_owned(),
            "compact",
        ),
        ("\u{feff}{}", "{}".to_owned(), "byte order mark"),
    ];
    for (sent, received, wanted) in table {
        let mut owned = stripe(sent, &key);
        owned.body = received.into_bytes();
        cause(&owned, std::slice::from_ref(&key), wanted);
    }
}

#[test]
fn a_secret_that_is_not_quite_right() {
    let key = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let owned = stripe("{}", &key);
    let spaced = [secret(" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")];
    cause(&owned, &spaced, "white space");
    let quoted = [secret("'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'")];
    cause(&owned, &quoted, "quotes");
    let other = Secret::new(
        "github",
        "the one in FILE",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );
    cause(
        &owned,
        &[secret("whsec_wrong"), other],
        "the one in FILE of github",
    );
    let published = [secret("pk_live_abc")];
    cause(&owned, &published, "publishable key");
    let found = owned.verdict(&[secret("whsec_wrong")], NOW);
    assert_eq!((found.verdict, found.cause), (Verdict::Bad, None));
    assert!(found.tried.len() >= 7, "{:?}", found.tried);
    let second = [secret("whsec_wrong"), key];
    let found = owned.verdict(&second, NOW);
    assert_eq!(found.verdict, Verdict::Ok);
    assert_eq!(found.secret.as_deref(), Some("the second"));
}

#[test]
fn a_key_that_was_decoded_or_not() {
    let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = [
        ("webhook-id", "m"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", "-"),
    ];
    let mut owned = Owned::new(&headers, b"{}");
    let sign = |key: &[u8]| {
        let message: [&[u8]; 1] = [b"m.1700000000.{}"];
        let mac = crypto::Hash::Sha256.hmac(key, message);
        format!("v1,{}", crypto::Encoding::Base64.encode(&mac))
    };
    let secrets = [Secret::new("standard-webhooks", "", text)];
    for (key, wanted) in [
        (text, "not decoded"),
        (
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "without its whsec_ prefix",
        ),
        (text, "nothing decoded"),
    ] {
        owned.headers.0[2].1 = sign(key.as_bytes()).into();
        let found = owned.verdict(&secrets, NOW);
        let cause = found.cause.unwrap_or_default();
        let is_it = cause.contains(wanted) || wanted == "not decoded" && cause.contains("decoded");
        assert!(is_it, "{cause}");
    }
    let unusable = [Secret::new("standard-webhooks", "", "pk_live_***")];
    let found = owned.verdict(&unusable, NOW);
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.reason.contains("publishable key"), "{}", found.reason);
}

#[test]
fn another_hash_or_encoding() {
    let secrets = [Secret::new("github", "", "k")];
    for (hash, encoding, wanted) in [
        (crypto::Hash::Sha1, crypto::Encoding::Hex, "SHA-1"),
        (crypto::Hash::Sha512, crypto::Encoding::Hex, "SHA-512"),
        (crypto::Hash::Sha256, crypto::Encoding::Base64, "base64"),
    ] {
        let body: [&[u8]; 1] = [b"{}"];
        let sig = format!("sha256={}", encoding.encode(&hash.hmac(b"k", body)));
        let headers = [
            ("x-github-event", "ping"),
            ("x-hub-signature-256", sig.as_str()),
        ];
        let found = Owned::new(&headers, b"{}").verdict(&secrets, NOW);
        assert_eq!(found.verdict, Verdict::Bad);
        let cause = found.cause.unwrap_or_default();
        assert!(cause.contains(wanted), "{cause}");
    }
}

#[test]
fn another_url_than_the_public_one() {
    let key = Secret::new("square", "", "k");
    let public = Owned::new(&[("x-square-hmacsha256-signature", "-")], b"{}");
    for (url, wanted) in [
        ("http://localhost:3000/hooks?a=1", "the local URL"),
        (
            "http://relay.example/tidy-otter/hooks?a=1",
            "http and https",
        ),
        (
            "https://relay.example:443/tidy-otter/hooks?a=1",
            "another port",
        ),
        (
            "https://relay.example/hooks?a=1",
            "without the endpoint's name",
        ),
        ("https://relay.example/tidy-otter/hooks?a=1/", "slash"),
    ] {
        let mut owned = public.clone();
        owned.public = vec![url.to_owned()];
        let mut owned = owned.signed("square", &key).unwrap();
        owned.public = public.public.clone();
        cause(&owned, std::slice::from_ref(&key), wanted);
    }
    let mut owned = public.signed("square", &key).unwrap();
    owned.public.clear();
    let found = owned.verdict(&[key], NOW);
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.reason.contains("--url"), "{}", found.reason);
}
