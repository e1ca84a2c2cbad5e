//! Requests that repeat others, and what their sender does next: the NOTE column, the counts, the answer and the tries.

use super::{screens::shown, *};
use crate::history::{Again, Repeat, Webhook};

fn again(repeat: Repeat, of: Number) -> Option<Box<Again>> {
    Some(Box::new(Again {
        repeat,
        of,
        id: CaptureId::from_bytes([7; 16]),
        after: Duration::from_secs(300),
        times: 2,
        is_probable: false,
        is_same_body: Some(true),
        batch: None,
    }))
}

fn slack(number: Number, again: Option<Box<Again>>) -> Summary {
    Summary {
        webhook: Some(Box::new(Webhook {
            provider: "slack".to_owned(),
            event: Some("app_mention".to_owned()),
            action: None,
            delivery_id: Some("Ev1".to_owned()),
            attempt: Some("1".to_owned()),
            attempt_reason: Some("http_timeout\u{1b}[31m".to_owned()),
            verdict: "ok".to_owned(),
        })),
        again,
        ..row(number, Some(500))
    }
}

#[test]
fn a_row_says_what_it_repeats_and_the_counts_how_often() {
    let mut pending = slack(4, again(Repeat::Retry, 1));
    pending.last = None;
    let rows = vec![
        slack(1, None),
        slack(2, again(Repeat::Retry, 1)),
        slack(3, again(Repeat::Duplicate, 1)),
        pending,
        slack(5, again(Repeat::Duplicate, 1)),
    ];
    let state = screen((80, 24), rows.clone());
    let drawn = shown(&state);
    for (number, note) in [(1, ""), (2, "rtr"), (3, "dup"), (4, "rtr"), (5, "dup")] {
        let path = format!("/stripe?n={number} ");
        let line = drawn.lines().find(|line| line.contains(&path));
        let line = line.expect("a row").trim_end();
        let last = line.rsplit(' ').next().unwrap_or_default();
        let found = if ["rtr", "dup"].contains(&last) {
            last
        } else {
            ""
        };
        assert_eq!(found, note, "{line}");
    }
    assert!(drawn.contains("5 requests · 4 failed · 2 dup"), "{drawn}");
    let drawn = shown(&screen((120, 40), rows));
    assert!(drawn.contains(" · 2 duplicate"), "{drawn}");
}

#[test]
fn the_detail_says_what_is_repeated_and_what_the_sender_does_next() {
    let mut state = screen((220, 40), vec![slack(12, again(Repeat::Retry, 7))]);
    read_detail(&mut state, 1, "http://localhost:3000");
    press(&mut state, "3");
    let drawn = shown(&state);
    assert!(
        drawn.contains("Slack got 500: it tries again in about 1 min"),
        "{drawn}"
    );
    press(&mut state, "4");
    let drawn = shown(&state);
    let words = "retry of #7, 5m 0s later, sender's attempt 2 (http_timeout^[[31m), body identical";
    assert!(drawn.contains(words), "{drawn}");
    assert!(
        drawn.contains("Slack got 500: it tries again in about 1 min"),
        "{drawn}"
    );
}
