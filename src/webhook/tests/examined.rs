//! What is told of a signature beside its verdict, and that the verdict is the same whether its cause is looked for or not.

use super::*;

fn doctor(secrets: &[Secret]) -> Doctor<'_> {
    Doctor {
        known: Known::built_in(),
        secrets,
    }
}

#[test]
fn the_cause_never_changes_the_verdict() {
    for sample in SAMPLES {
        let right = sample.secret();
        let text = sample.secret;
        let signed = sample.owned().signed(sample.provider, &right);
        let owned = signed.unwrap_or_else(|_| sample.owned());
        let others = [
            "",
            "pk_live_x",
            "00",
            &format!(" {text}\n"),
            &format!("\"{text}\""),
        ];
        let others = others.map(|other| Secret::new(sample.provider, "", other));
        for secret in others.into_iter().chain([right]) {
            let secrets = [secret];
            let doctor = doctor(&secrets);
            for now in [NOW, NOW + 100_000_000] {
                let short = doctor.verdict(&owned.request(), None, now);
                let long = doctor.diagnose(&owned.request(), None, now);
                assert_eq!(short.verdict, long.verdict, "{}: {long:?}", sample.provider);
                let facts = |found: &Diagnosis| (found.signature_ok, found.timestamp_ok);
                assert_eq!(facts(&short), facts(&long), "{}", sample.provider);
            }
        }
    }
}

#[test]
fn a_secret_that_is_no_key_is_unknown_with_its_cause_and_one_in_quotes_is_bad() {
    let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = [
        ("webhook-id", "m"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", "-"),
    ];
    let unsigned = Owned::new(&headers, b"{}");
    let key = Secret::new("standard-webhooks", "", text);
    let owned = unsigned.signed("standard-webhooks", &key).unwrap();
    let spaced = [Secret::new("standard-webhooks", "", format!("{text} \n"))];
    let found = owned.verdict(&spaced, NOW);
    assert_eq!(found.verdict, Verdict::Bad, "{}", found.reason);
    assert_eq!(
        found.cause.as_deref(),
        Some("the secret has white space around it")
    );
    // Signed by the secret as it is, which is no base64.
    let mac = crypto::Hash::Sha256.hmac(b"not base64!", [&b"m.1700000000.{}"[..]]);
    let mut owned = unsigned;
    owned.headers.0[2].1 = format!("v1,{}", crypto::Encoding::Base64.encode(&mac)).into();
    let plain = [Secret::new("standard-webhooks", "", "not base64!")];
    let found = owned.verdict(&plain, NOW);
    assert_eq!(found.verdict, Verdict::Unknown, "{}", found.reason);
    assert_eq!(
        found.reason,
        "it cannot be checked: the secret is no key: it is not base64"
    );
    assert_eq!(
        found.cause.as_deref(),
        Some("the secret is the key as it is, not decoded")
    );
}

#[test]
fn every_scheme_of_a_provider_has_a_name_of_its_own() {
    for (provider, wanted) in [
        ("stripe", "stripe-v1"),
        ("github", "github-sha256"),
        ("slack", "slack-v0"),
        ("shopify", "shopify-sha256"),
        ("svix", "svix-v1"),
        ("discord", "discord-ed25519"),
        ("aws-sns", "aws-sns-rsa-x509"),
        ("adyen", "adyen-payments"),
    ] {
        let sample = SAMPLES.iter().find(|sample| sample.provider == provider);
        let owned = sample.unwrap().owned();
        let name = doctor(&[]).scheme(&owned.request(), None);
        assert_eq!(name.as_deref(), Some(wanted));
    }
    let owned = Owned::new(
        &[("x-gitlab-event", "Push Hook"), ("x-gitlab-token", "t")],
        b"{}",
    );
    let name = doctor(&[]).scheme(&owned.request(), None);
    assert_eq!(name.as_deref(), Some("gitlab-token"));
    assert_eq!(
        doctor(&[]).scheme(&Owned::new(&[], b"{}").request(), None),
        None
    );
}

#[test]
fn eight_digits_of_a_mac_and_four_characters_of_a_secret_are_told() {
    let headers = [(
        "stripe-signature",
        "t=1700000000,v1=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    )];
    let owned = Owned::new(&headers, b"{}");
    let secrets = [
        Secret::new("stripe", "the one of env:A", "whsec_0123456789abcdefk3Qz"),
        Secret::new("stripe", "the short one", "whsec_short"),
    ];
    let examined = doctor(&secrets).examine(&owned.request(), None, NOW + 7_000);
    let told = examined.scheme.unwrap();
    assert_eq!(told.name, "stripe-v1");
    let tried = |tail: Option<&str>, label: &str| Tried {
        tail: tail.map(str::to_owned),
        label: label.to_owned(),
    };
    let wanted = [
        tried(Some("k3Qz"), "the one of env:A"),
        tried(None, "the short one"),
    ];
    assert_eq!(told.secrets, wanted);
    assert_eq!(told.received, ["0011 2233"]);
    let mac = crypto::Hash::Sha256.hmac(b"whsec_short", [&b"1700000000.{}"[..]]);
    let hex = |part: &[u8]| crypto::Encoding::Hex.encode(part);
    let wanted = format!("{} {}", hex(&mac[..2]), hex(&mac[2..4]));
    assert_eq!(told.expected, Some(wanted));
    assert_eq!(told.timestamp, Some((b"1700000000".to_vec(), Some(7))));
    assert_eq!(told.tolerance, Some(300));
    // A token's beginning is a part of the secret.
    let owned = Owned::new(
        &[("x-gitlab-event", "Push Hook"), ("x-gitlab-token", "t")],
        b"{}",
    );
    let secrets = [Secret::new("gitlab", "", "glpat-0123456789abcdef")];
    let told = doctor(&secrets).examine(&owned.request(), None, NOW).scheme;
    let told = told.unwrap();
    assert_eq!((told.expected, told.received), (None, Vec::new()));
}
