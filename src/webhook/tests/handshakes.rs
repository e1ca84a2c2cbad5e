//! Handshakes: which requests are some, what each wants to hear, and who hears nothing.

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use data_encoding::HEXLOWER;

use super::*;

const NOW: i64 = 1_700_000_000;

fn mac(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref())
}

/// What becomes of a request with these secrets.
fn asked(
    secrets: &[Secret],
    headers: &[(&str, &str)],
    (method, path): (&'static str, &str),
    body: &str,
) -> Option<Challenge> {
    let mut owned = Owned::new(headers, body.as_bytes());
    owned.method = method;
    owned.path = path.as_bytes().to_vec();
    let doctor = Doctor {
        known: Known::built_in(),
        secrets,
    };
    doctor.challenge(&owned.request(), NOW * 1_000)
}

fn answered(challenge: Option<Challenge>) -> (u16, String) {
    match challenge {
        Some(Challenge::Answer(reply)) => (reply.status, String::from_utf8(reply.body).unwrap()),
        other => panic!("{other:?}"),
    }
}

const POST: (&str, &str) = ("POST", "/");

#[test]
fn what_needs_no_secret_is_answered_without_one() {
    let slack = [
        ("x-slack-request-timestamp", "1"),
        ("x-slack-signature", "v0=00"),
    ];
    let body = r#"{"type":"url_verification","challenge":"3eZb"}"#;
    let reply = asked(&[], &slack, POST, body);
    assert_eq!(answered(reply), (200, "3eZb".to_owned()));
    let event = r#"{"type":"event_callback"}"#;
    assert_eq!(asked(&[], &slack, POST, event), None);
    let query = "/?hub.mode=subscribe&hub.verify_token=t&hub.challenge=11%2B58";
    let reply = asked(&[], &[], ("GET", query), "");
    assert_eq!(answered(reply), (200, "11+58".to_owned()));
    let reply = asked(&[], &[], ("POST", "/?validationToken=a%20b"), "");
    assert_eq!(answered(reply), (200, "a b".to_owned()));
    assert_eq!(asked(&[], &[], POST, body), None, "of no known sender");
}

#[test]
fn with_a_secret_the_signature_must_hold() {
    let secret = [Secret::new("slack", "", "right")];
    let body = r#"{"type":"url_verification","challenge":"3eZb"}"#;
    let at = NOW.to_string();
    let signed = |key: &str| format!("v0={}", mac(key, &format!("v0:{at}:{body}")));
    let (right, wrong) = (signed("right"), signed("wrong"));
    let headers = |signature| {
        [
            ("x-slack-request-timestamp", at.as_str()),
            ("x-slack-signature", signature),
        ]
    };
    let reply = asked(&secret, &headers(&right), POST, body);
    assert_eq!(answered(reply), (200, "3eZb".to_owned()));
    let reply = asked(&secret, &headers(&wrong), POST, body);
    assert!(matches!(reply, Some(Challenge::Refused(_))), "{reply:?}");
}

#[test]
fn nobody_gets_a_mac_for_words_of_his_own() {
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1:{}"}}"#;
    let at = NOW.to_string();
    let signature = format!("v0={}", mac("zoom-secret", &format!("v0:{at}:{body}")));
    let headers = [
        ("x-zm-request-timestamp", at.as_str()),
        ("x-zm-signature", signature.as_str()),
    ];
    let secrets = [
        Secret::new("zoom", "old", "another"),
        Secret::new("zoom", "new", "zoom-secret"),
    ];
    let (status, text) = answered(asked(&secrets, &headers, POST, body));
    let token = mac("zoom-secret", "v0:1:{}");
    assert_eq!(status, 200);
    assert!(text.ends_with(&format!("\"{token}\"}}")), "{text}");
    let reply = asked(&secrets[..1], &headers, POST, body);
    assert!(matches!(reply, Some(Challenge::Refused(_))), "{reply:?}");
    let reply = asked(&secrets, &headers[..1], POST, body);
    assert!(matches!(reply, Some(Challenge::Refused(_))), "{reply:?}");
    let reply = asked(&[], &headers, POST, body);
    let told = "no secret is set: `hooktool secret add zoom` takes it".to_owned();
    assert_eq!(reply, Some(Challenge::Lacks(told)));
}

#[test]
fn a_ping_of_discord_is_answered_if_its_signature_holds() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = HEXLOWER.encode(pair.public_key().as_ref());
    let secrets = [Secret::new("discord", "", public)];
    let at = NOW.to_string();
    let ask = |secrets: &[Secret], body: &str, signed: &str| {
        let signature = pair.sign(format!("{at}{signed}").as_bytes());
        let signature = HEXLOWER.encode(signature.as_ref());
        let headers = [
            ("x-signature-timestamp", at.as_str()),
            ("x-signature-ed25519", signature.as_str()),
        ];
        asked(secrets, &headers, POST, body)
    };
    let (ping, interaction) = (r#"{"type":0}"#, r#"{"type":1}"#);
    assert_eq!(answered(ask(&secrets, ping, ping)), (204, String::new()));
    let reply = ask(&secrets, interaction, interaction);
    assert_eq!(answered(reply), (200, r#"{"type":1}"#.to_owned()));
    let event = r#"{"type":1,"event":{"type":"X"}}"#;
    assert_eq!(ask(&secrets, event, event), None);
    let reply = ask(&secrets, ping, interaction);
    assert!(matches!(reply, Some(Challenge::Refused(_))), "{reply:?}");
    let reply = ask(&[], ping, ping);
    assert!(matches!(reply, Some(Challenge::Lacks(_))), "{reply:?}");
}
