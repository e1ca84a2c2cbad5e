//! What the flags' values are taken for, and which are refused.

use super::*;

#[test]
fn times_need_a_unit_and_may_have_a_fraction() {
    assert_eq!(duration("4.5s"), Ok(Duration::from_millis(4_500)));
    assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
    assert_eq!(duration("30m"), Ok(Duration::from_secs(1_800)));
    for wrong in ["", "5", "s", "1.2.3s", "0s", "-1s", "1e9d", "9999d", "5 s"] {
        assert!(duration(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn expectations_are_classes_statuses_and_lists() {
    let both = expect("2xx, 404").expect("valid");
    assert!(both.fits(200) && both.fits(299) && both.fits(404));
    assert!(!both.fits(300) && !both.fits(199));
    for wrong in ["", "xx", "0xx", "20x", "99", "200,", "2xxx"] {
        assert!(expect(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_token_never_goes_over_plain_http_to_another_machine() {
    assert!(relay_url("http://relay.example").is_err());
    assert_eq!(
        relay_url("http://localhost:8080/"),
        Ok("http://localhost:8080".to_owned())
    );
    assert_eq!(relay_url("http://[::1]:1"), Ok("http://[::1]:1".to_owned()));
    assert_eq!(
        relay_url("https://Relay.Example"),
        Ok("https://relay.example".to_owned())
    );
    for wrong in [
        "relay.example",
        "ftp://x",
        "https://a/b",
        "https://u@h",
        "https://h?q",
        "local",
    ] {
        assert!(relay_url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn headers_have_no_line_breaks() {
    assert!(header("X-A: 1").is_ok());
    assert!(header("X-A").is_err());
    assert!(header("X A: 1").is_err());
    assert!(header("X-A: 1\r\nX-B: 2").is_err());
}

#[test]
fn a_fixed_answer_has_a_status_that_http_ends_with() {
    let ok = AnswerPolicy::Respond {
        status: 200,
        body: "a:b".to_owned(),
    };
    assert_eq!(respond("200:a:b"), Ok(ok));
    for wrong in ["", "100", "600", "ok", ":x"] {
        assert!(respond(wrong).is_err(), "{wrong}");
    }
}
