//! Signatures by a private key that only the sender has: made here with keys of our own.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use data_encoding::{BASE64, HEXLOWER};

use super::*;

#[test]
fn discord_is_checked_by_its_public_key() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let body = br#"{"type":0}"#;
    let sig = HEXLOWER.encode(pair.sign(&[b"1700000000", &body[..]].concat()).as_ref());
    let headers = [
        ("x-signature-ed25519", sig.as_str()),
        ("x-signature-timestamp", "1700000000"),
    ];
    let mut owned = Owned::new(&headers, body);
    let public = HEXLOWER.encode(pair.public_key().as_ref());
    let secrets = [Secret::new("discord", "", public)];
    assert_eq!(owned.verdict(&secrets, NOW).verdict, Verdict::Ok);
    owned.body[2] ^= 1;
    assert_eq!(owned.verdict(&secrets, NOW).verdict, Verdict::Bad);
    let short = [Secret::new("discord", "", "abc")];
    assert_eq!(owned.verdict(&short, NOW).verdict, Verdict::Unknown);
    assert!(matches!(
        owned.signed("discord", &secrets[0]),
        Err(Refusal::SendersKey(_))
    ));
}

#[test]
fn a_standard_webhook_may_have_both_kinds_of_signature() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let sig = BASE64.encode(pair.sign(b"m.1700000000.{}").as_ref());
    let value = format!("v1,AAAA v1a,{sig}");
    let headers = [
        ("webhook-id", "m"),
        ("webhook-timestamp", "1700000000"),
        ("webhook-signature", value.as_str()),
    ];
    let owned = Owned::new(&headers, b"{}");
    let public = format!("whpk_{}", BASE64.encode(pair.public_key().as_ref()));
    let secrets = [Secret::new("standard-webhooks", "", public)];
    let found = owned.verdict(&secrets, NOW);
    assert_eq!(found.verdict, Verdict::Ok, "{}", found.reason);
    let shared = [Secret::new("standard-webhooks", "", "whsec_AAAA")];
    assert_eq!(owned.verdict(&shared, NOW).verdict, Verdict::Bad);
}

#[test]
fn sendgrid_is_checked_by_its_public_key() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
    let body = b"[{\"event\":\"open\"}]\r\n";
    let sig = pair
        .sign(&random, &[b"1700000000", &body[..]].concat())
        .unwrap();
    let sig = BASE64.encode(sig.as_ref());
    let headers = [
        ("x-twilio-email-event-webhook-signature", sig.as_str()),
        ("x-twilio-email-event-webhook-timestamp", "1700000000"),
    ];
    let mut owned = Owned::new(&headers, body);
    let key: aws_lc_rs::encoding::PublicKeyX509Der<'_> =
        aws_lc_rs::encoding::AsDer::as_der(pair.public_key()).unwrap();
    let secrets = [Secret::new("sendgrid", "", BASE64.encode(key.as_ref()))];
    assert_eq!(owned.verdict(&secrets, NOW).verdict, Verdict::Ok);
    owned.body.truncate(body.len() - 2);
    let found = owned.verdict(&secrets, NOW);
    assert_eq!(found.verdict, Verdict::Bad);
    assert!(found.cause.unwrap().contains("CRLF"));
}

/// A certificate of our own, and its key.
fn certified() -> (String, RsaKeyPair) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let params = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap())
}

fn rsa(pair: &RsaKeyPair, message: &[u8]) -> String {
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .unwrap();
    BASE64.encode(&signature)
}

#[test]
fn sns_and_paypal_are_checked_by_the_certificate_that_was_set() {
    let (pem, pair) = certified();
    let message = "Message\nhi\nMessageId\nm-1\nTimestamp\nt\nTopicArn\narn\nType\nNotification\n";
    let body = r#"{"Type":"Notification","MessageId":"m-1","TopicArn":"arn","Message":"hi","Timestamp":"t","SignatureVersion":"2","Signature":"SIG","SigningCertURL":"https://sns.eu-west-1.amazonaws.com/c.pem"}"#;
    let body = body.replace("SIG\"", &format!("{}\"", rsa(&pair, message.as_bytes())));
    let headers = [("x-amz-sns-message-type", "Notification")];
    let secrets = [Secret::new("aws-sns", "", pem.clone())];
    let judge = |body: &str| Owned::new(&headers, body.as_bytes()).verdict(&secrets, NOW);
    let found = judge(&body);
    assert_eq!(found.verdict, Verdict::Ok, "{}", found.reason);
    assert_eq!(
        judge(&body.replace("\"hi\"", "\"ho\"")).verdict,
        Verdict::Bad
    );
    let foreign = body.replace(
        "eu-west-1.amazonaws.com",
        "eu-west-1.amazonaws.com.evil.example",
    );
    let found = judge(&foreign);
    assert_eq!(found.verdict, Verdict::Bad);
    assert!(
        found.reason.contains("not the sender's"),
        "{}",
        found.reason
    );
    let unset = Owned::new(&headers, foreign.as_bytes()).verdict(&[], NOW);
    assert_eq!(unset.verdict, Verdict::Bad);

    let body = br#"{"id":"WH-1"}"#;
    let message = format!("t|2026|WH-ID|{}", crypto::crc32(body));
    let sig = rsa(&pair, message.as_bytes());
    let headers = [
        ("paypal-transmission-id", "t"),
        ("paypal-transmission-time", "2026"),
        ("paypal-transmission-sig", sig.as_str()),
        ("paypal-cert-url", "https://api.paypal.com/v1/certs/x"),
    ];
    let owned = Owned::new(&headers, body);
    let mut secret = Secret::new("paypal", "", pem);
    let found = owned.verdict(std::slice::from_ref(&secret), NOW);
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.reason.contains("webhook_id"), "{}", found.reason);
    secret
        .config
        .insert("webhook_id".to_owned(), "WH-ID".to_owned());
    let found = owned.verdict(&[secret], NOW);
    assert_eq!(found.verdict, Verdict::Ok, "{}", found.reason);
}
