//! Bad input: every piece of it gets a verdict in words, and none of it a panic or a long wait.

use proptest::prelude::*;

use super::*;

fn secrets() -> Vec<Secret> {
    SAMPLES.iter().map(Sample::secret).collect()
}

#[test]
fn timestamps_that_are_none_are_told() {
    let key = Secret::new("slack", "", "k");
    for (time, wanted) in [
        ("soon", "no whole number"),
        ("1e9", "no whole number"),
        ("99999999999999999999", "no whole number"),
    ] {
        let message = format!("v0:{time}:{{}}");
        let mac = crypto::Hash::Sha256.hmac(b"k", [message.as_bytes()]);
        let sig = format!("v0={}", crypto::Encoding::Hex.encode(&mac));
        let headers = [
            ("x-slack-request-timestamp", time),
            ("x-slack-signature", sig.as_str()),
        ];
        let found = Owned::new(&headers, b"{}").verdict(std::slice::from_ref(&key), NOW);
        assert_eq!(found.verdict, Verdict::Bad);
        assert_eq!(
            (found.signature_ok, found.timestamp_ok),
            (Some(true), Some(false))
        );
        assert!(found.reason.contains(wanted), "{}", found.reason);
    }
}

#[test]
fn what_is_missing_or_malformed_is_told() {
    let key = [Secret::new("slack", "", "k")];
    let judge = |headers: &[(&str, &str)]| Owned::new(headers, b"").verdict(&key, NOW);
    let time = ("x-slack-request-timestamp", "1700000000");
    for (headers, wanted) in [
        (vec![time], "missing"),
        (vec![time, ("x-slack-signature", "")], "missing"),
        (
            vec![time, ("x-slack-signature", "v0=zz")],
            "no signature in hex",
        ),
        (
            vec![time, ("x-slack-signature", "v1=00")],
            "no signature in hex",
        ),
        (vec![time, ("x-slack-signature", "v0=00")], "does not match"),
        (vec![("x-slack-signature", "v0=00")], "timestamp is missing"),
    ] {
        let found = judge(&headers);
        assert_eq!(found.verdict, Verdict::Bad, "{headers:?}");
        assert!(found.reason.contains(wanted), "{}", found.reason);
    }
    let found = Owned::new(&[time], b"").verdict(&[], NOW);
    assert_eq!(found.verdict, Verdict::None);
    assert_eq!(
        Owned::new(&[], b"{}").verdict(&key, NOW).verdict,
        Verdict::None
    );
}

#[test]
fn a_handshake_by_get_needs_no_signature() {
    let mut owned = Owned::new(&[], b"");
    (owned.method, owned.path) = ("GET", b"/?hub.challenge=1".to_vec());
    let found = owned.verdict(&[Secret::new("meta", "", "k")], NOW);
    assert_eq!(found.verdict, Verdict::None, "{}", found.reason);
}

#[test]
fn a_repeated_signature_header_is_judged_and_told() {
    let sample = SAMPLES
        .iter()
        .find(|sample| sample.provider == "github")
        .unwrap();
    let key = [sample.secret()];
    let mut signed = sample.owned().signed("github", &key[0]).unwrap();
    signed
        .headers
        .0
        .insert(0, ("x-hub-signature-256".into(), "sha256=00".into()));
    let found = signed.verdict(&key, NOW);
    assert_eq!(found.verdict, Verdict::Ok);
    assert_eq!(found.notes.len(), 1, "{:?}", found.notes);
}

#[test]
fn tokens_are_right_or_wrong() {
    let key = [Secret::new("gitlab", "", "right")];
    for (token, wanted) in [
        ("right", Verdict::Token),
        ("wrong", Verdict::Bad),
        ("righ", Verdict::Bad),
    ] {
        let headers = [("x-gitlab-event", "Push Hook"), ("x-gitlab-token", token)];
        assert_eq!(
            Owned::new(&headers, b"{}").verdict(&key, NOW).verdict,
            wanted
        );
    }
    let state = [Secret::new("msgraph", "", "s")];
    let body = br#"{"value":[{"subscriptionId":"1","clientState":"s"},{"subscriptionId":"2","clientState":"x"}]}"#;
    assert_eq!(
        Owned::new(&[], body).verdict(&state, NOW).verdict,
        Verdict::Bad
    );
    let rich = br#"{"value":[{"subscriptionId":"1"}],"validationTokens":["ey"]}"#;
    let found = Owned::new(&[], rich).verdict(&state, NOW);
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.reason.contains("JWT"), "{}", found.reason);
}

#[test]
fn a_secret_shows_itself_nowhere() {
    let secret = Secret::new("stripe", "label", "whsec_hidden");
    let owned = SAMPLES[0].owned().signed("stripe", &secret).unwrap();
    let shown = format!(
        "{secret:?} {:?}",
        owned.verdict(std::slice::from_ref(&secret), NOW)
    );
    assert!(!shown.contains("hidden"), "{shown}");
    let found = owned.verdict(&[Secret::new("stripe", "l", "whsec_other")], NOW);
    assert!(!format!("{found:?}").contains("other\""), "{found:?}");
}

#[test]
fn a_large_body_is_judged_in_bounded_time() {
    let secrets = secrets();
    for body in [
        "[".repeat(5_000_000),
        format!("{{\"a\":\"{}\"}}", "\\u00e9".repeat(1_000_000)),
        "\r\n".repeat(2_000_000),
    ] {
        let sample = &SAMPLES[0];
        let mut owned = sample.owned();
        owned.body = body.into_bytes();
        let mut signed = owned.signed("stripe", &secrets[0]).unwrap();
        assert_eq!(signed.verdict(&secrets, NOW).verdict, Verdict::Ok);
        signed.body.push(b'x');
        let start = std::time::Instant::now();
        assert_eq!(signed.verdict(&secrets, NOW).verdict, Verdict::Bad);
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_body_that_is_signed_verifies_and_a_changed_one_does_not(
        body in prop::collection::vec(any::<u8>(), 0..300),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        which in 0..SAMPLES.len(),
    ) {
        let sample = &SAMPLES[which];
        let secrets = [sample.secret()];
        let mut owned = sample.owned();
        owned.body = body;
        let doctor = Doctor { known: Known::built_in(), secrets: &secrets };
        let judge = |owned: &Owned| doctor.verdict(&owned.request(), Some(sample.provider), NOW).verdict;
        if let Ok(mut signed) = owned.signed(sample.provider, &secrets[0]) {
            let verdict = judge(&signed);
            prop_assert!(matches!(verdict, Verdict::Ok | Verdict::Token), "{} {verdict}", sample.provider);
            if verdict == Verdict::Ok && !UNCOVERED.contains(&sample.provider) && !signed.body.is_empty() {
                let at = place.index(signed.body.len());
                signed.body[at] ^= 1 << bit;
                // A form with another spelling of the same fields is the same to Twilio.
                if sample.provider != "twilio" {
                    prop_assert_eq!(judge(&signed), Verdict::Bad);
                }
            }
        }
    }

    #[test]
    fn any_header_and_any_body_get_a_verdict(
        which in 0..SAMPLES.len(),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..200),
        now in any::<i64>(),
    ) {
        let sample = &SAMPLES[which];
        let mut owned = sample.owned();
        for (line, value) in owned.headers.0.iter_mut().zip(&values) {
            line.1 = value.clone().into();
        }
        if values.len() > 3 {
            owned.body = body.clone();
            owned.path = body;
        }
        let found = owned.verdict(&secrets(), now);
        prop_assert!(!found.reason.is_empty());
        prop_assert!(found.verdict != Verdict::Ok);
    }
}
