//! Every definition on a sample of our own: recognised, signed, verified; and what a changed byte, a bad clock, a bad file gives.

mod causes;
mod examined;
mod files;
mod handshakes;
mod hostile;
mod keys;
mod resigned;
mod samples;
mod triggered;

use hooktool_relay::capture::Headers;

use super::*;
use samples::{SAMPLES, Sample};

/// When the samples are signed, in Unix milliseconds.
pub(super) const NOW: i64 = 1_700_000_000_000;

/// The URL that every sample came to.
pub(super) const URL: &str = "https://relay.example/tidy-otter/hooks?a=1";

/// A request that a test owns.
#[derive(Clone)]
pub(super) struct Owned {
    pub(super) method: &'static str,
    pub(super) path: Vec<u8>,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    pub(super) public: Vec<String>,
    pub(super) local: Vec<String>,
}

impl Owned {
    pub(super) fn new(headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut lines = Headers::new();
        for (name, value) in headers {
            lines.push((*name).to_owned(), (*value).to_owned());
        }
        Self {
            method: "POST",
            path: b"/hooks?a=1".to_vec(),
            headers: lines,
            body: body.to_vec(),
            public: vec![URL.to_owned()],
            local: vec!["http://localhost:3000/hooks?a=1".to_owned()],
        }
    }

    pub(super) fn request(&self) -> Request<'_> {
        Request {
            head: Head {
                method: self.method,
                path: &self.path,
                headers: &self.headers,
            },
            body: &self.body,
            public: &self.public,
            local: &self.local,
        }
    }

    pub(super) fn signed(&self, provider: &str, secret: &Secret) -> Result<Self, Refusal> {
        let signing = Signing {
            known: Known::built_in(),
            provider,
            secret,
            url: self.public.first().map(String::as_str),
            now: NOW,
        };
        let signed = signing.sign(&self.request())?;
        Ok(Self {
            headers: signed.headers,
            body: signed.body,
            path: signed.path,
            ..self.clone()
        })
    }

    pub(super) fn verdict(&self, secrets: &[Secret], now: i64) -> Diagnosis {
        let doctor = Doctor {
            known: Known::built_in(),
            secrets,
        };
        doctor.diagnose(&self.request(), None, now)
    }
}

impl Sample {
    pub(super) fn owned(&self) -> Owned {
        Owned::new(self.headers, self.body.as_bytes())
    }

    pub(super) fn secret(&self) -> Secret {
        Secret::new(self.provider, "the test's secret", self.secret)
    }
}

#[test]
fn every_provider_has_a_sample_and_a_source() {
    let known = Known::built_in();
    assert_eq!(known.providers().count(), 39);
    for provider in known.providers() {
        let has = SAMPLES.iter().any(|sample| sample.provider == provider.id);
        assert!(has, "{} has no sample", provider.id);
    }
    let text = include_str!("providers.toml");
    for definition in text.split("[[provider]]").skip(1) {
        assert!(definition.contains("\n# source: "), "{definition}");
    }
}

#[test]
fn every_sample_is_recognised() {
    for sample in SAMPLES {
        let owned = sample.owned();
        let seen = Known::built_in().look(owned.request().head, &owned.body);
        let seen = seen.unwrap_or_else(|| panic!("{}: not recognised", sample.provider));
        assert_eq!(seen.provider, sample.provider);
        assert_eq!(seen.title().as_deref(), sample.title, "{}", sample.provider);
        assert_eq!(seen.ids, sample.ids, "{}", sample.provider);
        assert_eq!(
            seen.attempt.as_deref(),
            sample.attempt,
            "{}",
            sample.provider
        );
    }
}

#[test]
fn every_sample_that_can_be_signed_verifies() {
    for sample in SAMPLES {
        let secret = sample.secret();
        let signed = match sample.owned().signed(sample.provider, &secret) {
            Ok(signed) => signed,
            Err(Refusal::SendersKey(_)) => {
                let foreign = ["sendgrid", "paypal", "discord", "aws-sns"];
                assert!(foreign.contains(&sample.provider), "{}", sample.provider);
                continue;
            }
            Err(refusal) => panic!("{}: {refusal}", sample.provider),
        };
        let secrets = [secret];
        let found = signed.verdict(&secrets, NOW);
        let is_token = ["gitlab", "msgraph"].contains(&sample.provider);
        let wanted = if is_token {
            Verdict::Token
        } else {
            Verdict::Ok
        };
        assert_eq!(
            found.verdict, wanted,
            "{}: {}",
            sample.provider, found.reason
        );
        assert_eq!(found.signature_ok, Some(true));
        let again = Owned {
            headers: signed.headers.clone(),
            body: signed.body.clone(),
            ..sample.owned()
        };
        assert_eq!(again.verdict(&[], NOW).verdict, Verdict::Unknown);
        let wrong = [Secret::new(sample.provider, "wrong", "00".repeat(16))];
        let found = signed.verdict(&wrong, NOW);
        assert_eq!(
            found.verdict,
            Verdict::Bad,
            "{}: {found:?}",
            sample.provider
        );
    }
}

/// Whatever of the body is not signed: Mailgun signs its own token, Adyen eight fields, the tokens nothing.
const UNCOVERED: [&str; 4] = ["mailgun", "adyen", "gitlab", "msgraph"];

#[test]
fn any_one_byte_that_is_changed_is_bad() {
    let may_be = |found: &Diagnosis| matches!(found.verdict, Verdict::Bad | Verdict::None);
    for sample in SAMPLES {
        let secrets = [sample.secret()];
        let Ok(signed) = sample.owned().signed(sample.provider, &secrets[0]) else {
            continue;
        };
        let doctor = Doctor {
            known: Known::built_in(),
            secrets: &secrets,
        };
        let judge = |owned: &Owned| doctor.verdict(&owned.request(), Some(sample.provider), NOW);
        if !UNCOVERED.contains(&sample.provider) {
            for at in 0..signed.body.len() {
                for bit in [1, 0x20] {
                    let mut changed = signed.clone();
                    changed.body[at] ^= bit;
                    // Twilio signs the fields of the form: %2b and %2B are the same.
                    let is_same = request::pairs(&changed.body) == request::pairs(&signed.body);
                    if sample.provider == "twilio" && is_same {
                        continue;
                    }
                    let found = judge(&changed);
                    assert!(may_be(&found), "{} at {at}: {found:?}", sample.provider);
                }
            }
        }
        for (line, name) in sample.signed.iter().flat_map(|name| {
            let lines = signed.headers.0.iter().enumerate();
            lines
                .filter(|(_, (found, _))| found.eq_ignore_ascii_case(name.as_bytes()))
                .map(|(line, _)| (line, *name))
        }) {
            for at in 0..signed.headers.0[line].1.len() {
                let mut changed = signed.clone();
                let mut value = changed.headers.0[line].1.to_vec();
                value[at] ^= 1;
                changed.headers.0[line].1 = value.into();
                let found = judge(&changed);
                assert!(may_be(&found), "{} {name} {at}: {found:?}", sample.provider);
            }
        }
        if Known::built_in()
            .provider(sample.provider)
            .unwrap()
            .is_url_signed
        {
            let mut changed = signed.clone();
            changed.public = vec![URL.replace("otter", "utter")];
            changed.local.clear();
            // HubSpot's oldest and Contentful's scheme sign less or other things than the URL.
            assert_eq!(judge(&changed).verdict, Verdict::Bad, "{}", sample.provider);
        }
    }
}

#[test]
fn a_timestamp_is_judged_by_the_tolerance_of_its_sender() {
    for (provider, age, wanted, is_timely) in [
        ("stripe", 300, Verdict::Ok, Some(true)),
        ("stripe", 301, Verdict::Old, Some(false)),
        ("stripe", -100_000, Verdict::Ok, Some(true)),
        ("standard-webhooks", -301, Verdict::Old, Some(false)),
        ("standard-webhooks", 300, Verdict::Ok, Some(true)),
        ("paddle", 6, Verdict::Old, Some(false)),
        ("contentful", 30, Verdict::Old, Some(false)),
        ("contentful", 29, Verdict::Ok, Some(true)),
        ("linear", -61, Verdict::Old, Some(false)),
        ("zoom", 1_000_000, Verdict::Ok, Some(true)),
        ("github", 1_000_000, Verdict::Ok, None),
    ] {
        let sample = SAMPLES.iter().find(|sample| sample.provider == provider);
        let sample = sample.unwrap();
        let secrets = [sample.secret()];
        let signed = sample.owned().signed(provider, &secrets[0]).unwrap();
        let found = signed.verdict(&secrets, NOW + age * 1_000);
        assert_eq!(found.verdict, wanted, "{provider} {age}: {}", found.reason);
        assert_eq!(found.signature_ok, Some(true));
        assert_eq!(found.timestamp_ok, is_timely, "{provider} {age}");
        assert_eq!(found.cause.is_some(), wanted == Verdict::Old);
    }
}
