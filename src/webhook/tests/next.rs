//! What each sender does after an answer: in time, too late, refused, stopped, none at all; and silence where nothing is known.

use std::time::Duration;

use hooktool_relay::capture::Headers;

use crate::webhook::{Does, Heard, Known, Next};

fn next(provider: &str, heard: &Heard<'_>) -> Option<Next> {
    let provider = Known::built_in().provider(provider).unwrap();
    provider.next(heard)
}

fn words(provider: &str, heard: &Heard<'_>) -> String {
    next(provider, heard).map_or_else(String::new, |next| next.words)
}

/// The app answered so after so many milliseconds, and the sender got that.
fn got(status: u16, ms: u64) -> Heard<'static> {
    let took = Some(Duration::from_millis(ms));
    Heard {
        status: Some(status),
        waited: took,
        took,
        ..Heard::default()
    }
}

/// The relay answered 202 at 4.5 s, and the app took longer.
fn late(ms: u64) -> Heard<'static> {
    Heard {
        status: Some(202),
        waited: Some(Duration::from_millis(4500)),
        took: Some(Duration::from_millis(ms)),
        ..Heard::default()
    }
}

#[test]
fn each_sender_is_told_by_its_own_rules() {
    let cases = [
        ("slack", got(200, 20), "Slack got 200 after 20 ms of 3 s"),
        (
            "slack",
            got(200, 4200),
            "Slack waits 3 s, your handler took 4.2 s: it tries again at once",
        ),
        (
            "slack",
            late(6100),
            "Slack waits 3 s, your handler took 6.1 s: it tries again at once",
        ),
        (
            "slack",
            got(500, 20),
            "Slack got 500: it tries again at once",
        ),
        ("stripe", got(200, 20), ""),
        (
            "stripe",
            got(500, 20),
            "Stripe got 500: it tries again for up to 3 days",
        ),
        (
            "stripe",
            got(400, 20),
            "Stripe got 400: it tries again for up to 3 days",
        ),
        (
            "github",
            got(500, 20),
            "GitHub got 500: it does not try again by itself",
        ),
        (
            "github",
            got(200, 12_000),
            "GitHub waits 10 s, your handler took 12 s: it does not try again by itself",
        ),
        (
            "gitlab",
            got(500, 20),
            "GitLab got 500: it does not try again by itself; after 4 failures in a row it turns the webhook off for a while",
        ),
        (
            "shopify",
            got(500, 20),
            "Shopify got 500: it tries again up to 8 times within 4 h; after 8 failures in a row it removes a subscription that an app made",
        ),
        (
            "mailgun",
            got(406, 20),
            "Mailgun got 406: it does not try again",
        ),
        (
            "mailgun",
            got(500, 20),
            "Mailgun got 500: it tries again in about 5 min",
        ),
        (
            "paddle",
            got(500, 20),
            "Paddle Billing got 500: it tries again up to 60 times within 3 days",
        ),
        (
            "pagerduty",
            got(404, 20),
            "PagerDuty got 404: it does not try again; after 3 events that it dropped it turns the webhook off for 24 h",
        ),
        (
            "pagerduty",
            got(429, 20),
            "PagerDuty got 429: it tries again for up to 48 h; after 3 events that it dropped it turns the webhook off for 24 h",
        ),
        (
            "discord",
            got(500, 20),
            "Discord got 500: it tries again for up to 10 min; after that it turns the webhook off",
        ),
        (
            "zoom",
            got(500, 20),
            "Zoom got 500: it tries again in about 5 min",
        ),
        (
            "svix",
            got(500, 20),
            "Svix got 500: it tries again in about 5 s",
        ),
        (
            "clerk",
            got(500, 20),
            "Clerk got 500: it tries again in about 5 s",
        ),
        (
            "meta",
            got(500, 20),
            "Meta (WhatsApp, Messenger, Instagram) got 500: it tries again for up to 7 days",
        ),
        (
            "adyen",
            got(500, 20),
            "Adyen got 500: it tries again in about 9 s",
        ),
        (
            "msgraph",
            got(500, 20),
            "Microsoft Graph got 500: it tries again for up to 4 h",
        ),
        (
            "aws-sns",
            got(500, 20),
            "Amazon SNS got 500: it tries again in about 20 s",
        ),
        // What is marked `?` is told as believed.
        (
            "linear",
            got(500, 20),
            "Linear got 500: it is believed to try again in about 1 min",
        ),
        (
            "bitbucket",
            got(500, 20),
            "Bitbucket Cloud got 500: it is believed to try again up to 2 times",
        ),
        (
            "bitbucket",
            got(404, 20),
            "Bitbucket Cloud got 404: it is believed not to try again",
        ),
        (
            "aws-sns",
            got(404, 20),
            "Amazon SNS got 404: it is believed not to try again",
        ),
        (
            "square",
            got(500, 20),
            "Square got 500: it tries again for up to 24 h",
        ),
        (
            "hubspot",
            got(200, 6000),
            "HubSpot is believed to wait 5 s, your handler took 6 s: it is believed to try again up to 10 times within 24 h",
        ),
        (
            "hubspot",
            got(200, 20),
            "HubSpot got 200 after 20 ms of about 5 s",
        ),
        (
            "lemonsqueezy",
            got(500, 20),
            "Lemon Squeezy got 500: it is believed to try again up to 3 times",
        ),
        (
            "calendly",
            got(500, 20),
            "Calendly got 500: it is believed to try again for up to 24 h",
        ),
        (
            "svix",
            got(200, 20),
            "Svix got 200 after 20 ms of about 15 s",
        ),
        // What nobody knows is not told.
        (
            "sentry",
            got(200, 1500),
            "Sentry waits 1 s, your handler took 1.5 s",
        ),
        ("sentry", got(500, 20), ""),
        ("zendesk", got(500, 20), ""),
        ("vercel", got(500, 20), ""),
        ("twilio", got(500, 20), ""),
        ("workos", got(200, 20), ""),
        ("stripe", got(302, 20), ""),
        ("stripe", got(101, 20), ""),
    ];
    for (provider, heard, wanted) in cases {
        assert_eq!(words(provider, &heard), wanted, "{provider}");
    }
}

#[test]
fn a_schedule_is_followed_by_the_senders_own_number() {
    let after = |attempt| {
        let heard = Heard {
            attempt,
            ..got(500, 20)
        };
        words("slack", &heard)
    };
    assert_eq!(after(None), "Slack got 500: it tries again at once");
    assert_eq!(
        after(Some("1")),
        "Slack got 500: it tries again in about 1 min"
    );
    assert_eq!(
        after(Some("2")),
        "Slack got 500: it tries again in about 5 min"
    );
    assert_eq!(after(Some("3")), "Slack got 500: that was its last try");
    // A stranger's number is no number.
    assert_eq!(after(Some("x")), after(None));
    assert_eq!(after(Some("4294967295")), after(None));
}

#[test]
fn without_a_number_what_came_before_counts() {
    let after = |provider: &str, before| {
        let heard = Heard {
            before,
            ..got(503, 20)
        };
        words(provider, &heard)
    };
    assert_eq!(
        after("resend", 1),
        "Resend got 503: it tries again in about 5 min"
    );
    assert_eq!(after("resend", 7), "Resend got 503: that was its last try");
    assert_eq!(
        after("mailgun", 5),
        "Mailgun got 503: it tries again in about 4 h"
    );
    assert_eq!(
        after("mailgun", 6),
        "Mailgun got 503: that was its last try"
    );
    assert_eq!(
        after("linear", 3),
        "Linear got 503: that is believed to be its last try"
    );
    // Its schedule goes on longer than what is written of it.
    assert_eq!(
        after("adyen", 40),
        "Adyen got 503: it tries again for up to 30 days"
    );
}

#[test]
fn an_answer_may_say_that_it_is_enough() {
    let mut headers = Headers::new();
    headers.push("X-Slack-No-Retry", "1");
    let told = |heard: Heard<'static>| {
        next(
            "slack",
            &Heard {
                headers: Some(&headers),
                ..heard
            },
        )
        .unwrap()
    };
    let stops = told(got(500, 20));
    assert_eq!(stops.does, Does::GivesUp);
    assert_eq!(
        stops.words,
        "Slack got 500 with x-slack-no-retry: it does not try again"
    );
    // One that comes too late is not heard.
    assert_eq!(told(got(500, 4000)).does, Does::Retries);
}

#[test]
fn a_sender_that_got_nothing_is_told_too() {
    let nothing = |took: Option<u64>, waited: Option<u64>| Heard {
        took: took.map(Duration::from_millis),
        waited: waited.map(Duration::from_millis),
        ..Heard::default()
    };
    let slack = |heard: &Heard<'_>| words("slack", heard);
    let no_answer = "Slack waits 3 s, and no answer came by then: it tries again at once";
    assert_eq!(slack(&nothing(None, Some(3001))), no_answer);
    assert_eq!(slack(&nothing(None, None)), no_answer);
    assert_eq!(
        slack(&nothing(Some(9), None)),
        "Slack left before the answer: it tries again at once"
    );
    assert_eq!(
        slack(&nothing(None, Some(100))),
        "Slack left before the answer: it tries again at once"
    );
    let late = "Slack waits 3 s, your handler took 4.2 s: it tries again at once";
    assert_eq!(slack(&nothing(Some(4200), None)), late);
    assert_eq!(
        words("stripe", &nothing(None, None)),
        "Stripe left before the answer: it tries again for up to 3 days"
    );
    assert_eq!(words("workos", &nothing(None, None)), "");
}

#[test]
fn an_early_answer_of_the_relay_is_in_time_however_long_the_app_takes() {
    let heard = Heard {
        status: Some(202),
        waited: Some(Duration::from_millis(2500)),
        took: Some(Duration::from_secs(20)),
        ..Heard::default()
    };
    let next = next("slack", &heard).unwrap();
    assert_eq!(next.does, Does::Nothing);
    assert_eq!(next.words, "Slack got 202 after 2.5 s of 3 s");
}

#[test]
fn attempts_are_counted_from_one() {
    let number = |provider: &str, text: &str| {
        let provider = Known::built_in().provider(provider).unwrap();
        provider.attempt_number(text)
    };
    assert_eq!(number("slack", "1"), Some(2));
    assert_eq!(number("bitbucket", "1"), Some(1));
    assert_eq!(number("hubspot", "0"), Some(1));
    assert_eq!(number("intercom", "0"), None);
    assert_eq!(number("slack", "one"), None);
}

#[test]
fn a_fact_that_is_no_fact_is_refused() {
    let refused = |sender: &str| {
        let text = format!(
            "[[provider]]\nid = \"mine\"\ndetect = [{{ header = \"x-mine\" }}]\nsender = {sender}\n"
        );
        let layer = crate::webhook::Layer {
            name: "mine.toml",
            text: &text,
        };
        Known::load(&[layer]).map(drop).unwrap_err()
    };
    for (sender, reason) in [
        (
            "{ schedule = [\"5 minutes\"] }",
            "give a whole number with s, m, h or d",
        ),
        (
            "{ window = \"soon\" }",
            "give a whole number with s, m, h or d",
        ),
        ("{ stops_on = [\"9xx\"] }", "give a status"),
        ("{ timeout_s = 0.0 }", "give seconds above 0"),
        (
            "{ believed = [\"everything\"] }",
            "unknown variant `everything`",
        ),
    ] {
        let error = refused(sender);
        assert_eq!(error.line, 4, "{error}");
        assert!(error.reason.contains(reason), "{error}");
    }
}
