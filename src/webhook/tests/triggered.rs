//! Every sample: recognised as its own provider and event, signed so that the doctor calls it right, new each time.

use super::*;
use crate::webhook::sample::Sample;

const URL: &str = "https://relay.example/tidy-otter/in";

/// A secret that each provider takes.
fn secret(provider: &str) -> Secret {
    let bytes = match provider {
        "svix" | "clerk" | "resend" | "standard-webhooks" => {
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        }
        "adyen" => "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
        _ => "a-secret-of-a-test",
    };
    Secret::new(provider, "a test", bytes)
}

fn ready(sample: &Sample, secrets: &[Secret], set: &[(&str, &str)]) -> Result<Ready, SetError> {
    let set: Vec<_> = set
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    sample.ready(&Order {
        known: Known::built_in(),
        secrets,
        path: "/in",
        url: URL,
        set: &set,
        headers: &[],
        now: NOW,
        random: [7; 32],
    })
}

fn request<'a>(ready: &'a Ready, public: &'a [String]) -> Request<'a> {
    Request {
        head: Head {
            method: "POST",
            path: &ready.path,
            headers: &ready.headers,
        },
        body: &ready.body,
        public,
        local: &[],
    }
}

fn sample(provider: &str, name: &str) -> &'static Sample {
    let mut all = samples().iter();
    all.find(|sample| sample.provider == provider && sample.is_meant(name))
        .unwrap()
}

#[test]
fn every_sample_is_its_own_and_its_signature_holds() {
    let known = Known::built_in();
    let public = [URL.to_owned()];
    for sample in samples() {
        let name = format!("{} {}", sample.provider, sample.name);
        let secrets = [secret(sample.provider)];
        let ready = ready(sample, &secrets, &[]).unwrap();
        assert_eq!(ready.signed, Ok("a test".to_owned()), "{name}");
        let text = String::from_utf8(ready.body.to_vec()).unwrap();
        assert!(!text.contains("{{"), "{name}: {text}");
        for (line, value) in ready.headers.iter() {
            assert!(!value.starts_with(b"{{"), "{name}: {line:?}");
        }
        let is_form =
            ready.headers.first("content-type") == Some(b"application/x-www-form-urlencoded");
        assert!(
            is_form || serde_json::from_str::<serde_json::Value>(&text).is_ok(),
            "{name}: {text}"
        );
        let request = request(&ready, &public);
        let seen = known.look(request.head, request.body).unwrap();
        assert_eq!(seen.provider, sample.provider, "{name}");
        assert_eq!(seen.title(), Some(sample.event.clone()), "{name}");
        let doctor = Doctor {
            known,
            secrets: &secrets,
        };
        let found = doctor.verdict(&request, None, NOW);
        let wanted = match sample.provider {
            "gitlab" => Verdict::Token,
            _ => Verdict::Ok,
        };
        assert_eq!(found.verdict, wanted, "{name}: {}", found.reason);
        let mut changed = ready.clone();
        let mut body = changed.body.to_vec();
        let last = body.iter().rposition(|byte| byte.is_ascii_alphanumeric());
        body[last.unwrap()] ^= 1;
        changed.body = body.into();
        let found = doctor.verdict(
            &self::request(&changed, &public),
            Some(sample.provider),
            NOW,
        );
        // A token protects no body; of Adyen's some fields are signed, of Mailgun's none.
        if !["gitlab", "adyen", "mailgun"].contains(&sample.provider) {
            assert_ne!(found.verdict, Verdict::Ok, "{name}");
        }
    }
}

#[test]
fn there_are_many_and_the_large_ones_have_five() {
    let mut providers: Vec<_> = samples().iter().map(|sample| sample.provider).collect();
    let count = |id| samples().iter().filter(|one| one.provider == id).count();
    for id in ["stripe", "github", "shopify", "slack", "twilio"] {
        assert!(count(id) >= 5, "{id}");
    }
    assert!(providers.is_sorted());
    providers.dedup();
    assert!(providers.len() >= 12);
    for id in providers {
        assert!(Known::built_in().provider(id).is_some(), "{id}");
        let mut names: Vec<_> = samples()
            .iter()
            .filter(|one| one.provider == id)
            .map(|one| &one.name)
            .collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{id}");
    }
}

#[test]
fn two_of_a_sample_are_no_duplicates() {
    let known = Known::built_in();
    for sample in samples() {
        let ids = |random| {
            let made = sample.make(NOW, random);
            let head = Head {
                method: "POST",
                path: b"/",
                headers: &made.headers,
            };
            let seen = known.look(head, &made.body);
            (made.body.clone(), seen.map(|seen| seen.ids))
        };
        let (one, other) = (ids([1; 32]), ids([2; 32]));
        let is_new = one.0 != other.0 || one.1 != other.1;
        // A ping of change or a first question has nothing else of its own.
        assert!(is_new, "{} {}", sample.provider, sample.name);
        if let (Some(one), Some(other)) = (one.1, other.1)
            && !one.is_empty()
        {
            assert_ne!(one, other, "{} {}", sample.provider, sample.name);
        }
    }
}

#[test]
fn fields_are_set_and_every_other_byte_stays() {
    let paid = sample("stripe", "INVOICE.PAID");
    let body = |set: &[(&str, &str)]| {
        let ready = ready(paid, &[], set).unwrap();
        String::from_utf8(ready.body.to_vec()).unwrap()
    };
    let plain = body(&[]);
    let set = body(&[
        ("data.object.amount_paid", "4200"),
        ("data.object.customer_name", "Zoë"),
        (".data.object.lines.data[0].quantity", "[1, 2]"),
        ("data.object.lines.data.0.currency", "null"),
    ]);
    let wanted = plain
        .replace("\"amount_paid\": 4900", "\"amount_paid\": 4200")
        .replace("\"Jenny Rosen\"", "\"Zoë\"")
        .replace("\"quantity\": 1", "\"quantity\": [1, 2]")
        .replacen(
            "\"currency\": \"eur\",\n            \"description\"",
            "\"currency\": null,\n            \"description\"",
            1,
        );
    assert_eq!(set, wanted);
    let wrong = ready(paid, &[], &[("data.object.amount", "1")]).unwrap_err();
    assert_eq!(wrong.nearest.as_deref(), Some("data.object.amount_due"));
    let sms = sample("twilio", "received");
    let made = ready(sms, &[secret("twilio")], &[("Body", "yes & no")]).unwrap();
    let text = String::from_utf8(made.body.to_vec()).unwrap();
    assert!(text.contains("&Body=yes+%26+no&FromCountry=DE&"), "{text}");
    assert!(made.signed.is_ok());
    let wrong = ready(sms, &[], &[("body", "1")]).unwrap_err();
    assert_eq!(wrong.nearest.as_deref(), Some("Body"));
}

#[test]
fn without_a_secret_it_is_unsigned_and_says_so() {
    for sample in samples() {
        let ready = ready(sample, &[], &[]).unwrap();
        let why = ready.signed.unwrap_err();
        assert!(why.contains("hooktool secret add"), "{why}");
        for (name, value) in ready.headers.iter() {
            assert!(!value.is_empty(), "{}: {name:?}", sample.provider);
        }
    }
}
