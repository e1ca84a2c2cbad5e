//! What a person's word for a request means, as a table.

use hooktool_relay::capture::{Body, CaptureId};

use super::{
    super::{Arrival, PickError, Select},
    Place, arrival, capture, endpoint, recorded,
};

fn named(id: &str, name: &str) -> Arrival {
    let mut capture = capture(name, Body::Absent);
    capture.id = id.parse::<CaptureId>().unwrap();
    arrival(capture)
}

#[tokio::test]
async fn a_word_means_one_request_or_says_what_is_near() {
    let place = Place::new();
    let history = place.open();
    for (id, name) in [
        ("req_01K7CHAAAAAAAAAAAAAAAAAAAA", "a"),
        ("req_01K7CHABBBBBBBBBBBBBBBBBBB", "a"),
        ("req_01K9ZZZZZZZZZZZZZZZZZZZZZZ", "b"),
    ] {
        recorded(&history, &named(id, name)).await;
    }
    let reader = place.reader();
    let word = |text: &str| match reader.pick(text, &Select::default()) {
        Ok(number) => number.to_string(),
        Err(PickError::None { asked, nearest }) => {
            assert_eq!(asked, text);
            format!("none, near {}", nearest.as_deref().unwrap_or("nothing"))
        }
        Err(PickError::Many { asked, count }) => {
            assert_eq!(asked, text);
            format!("many: {count}")
        }
        Err(PickError::History(error)) => panic!("{error}"),
    };
    for (text, means) in [
        ("1", "1"),
        ("#2", "2"),
        (" 2 ", "2"),
        ("last", "3"),
        ("4", "none, near 3"),
        ("0", "none, near 1"),
        ("99999999999999999999999", "none, near 3"),
        ("req_01K7CHAAAAAAAAAAAAAAAAAAAA", "1"),
        ("req_01K7CHAB", "2"),
        ("req_01k9", "3"),
        ("REQ_01K9", "3"),
        ("req_01K7", "many: 2"),
        ("req_", "many: 3"),
        ("req_01K7CHACC", "none, near req_01K7CHABBBBBBBBBBBBBBBBBBB"),
        ("req_01K9ZY", "none, near req_01K9ZZZZZZZZZZZZZZZZZZZZZZ"),
        ("req_7ZZZ", "none, near req_01K9ZZZZZZZZZZZZZZZZZZZZZZ"),
        ("req_8ZZZ", "none, near nothing"),
        ("req_01K7CHAAAAAAAAAAAAAAAAAAAAB", "none, near nothing"),
        ("req_é", "none, near nothing"),
        ("rêq_01", "none, near nothing"),
        ("", "none, near nothing"),
        ("#", "none, near nothing"),
        ("latest", "none, near nothing"),
        ("-1", "none, near nothing"),
    ] {
        assert_eq!(word(text), means, "{text:?}");
    }
}

#[tokio::test]
async fn last_looks_at_the_chosen_endpoints() {
    let place = Place::new();
    let history = place.open();
    for name in ["a", "b", "a", "b"] {
        recorded(&history, &arrival(capture(name, Body::Absent))).await;
    }
    let reader = place.reader();
    let of = |name| Select {
        endpoints: vec![("local".to_owned(), endpoint(name))],
        ..Select::default()
    };
    assert_eq!(reader.pick("last", &of("a")).unwrap(), 3);
    assert_eq!(reader.pick("2", &of("a")).unwrap(), 2);
    let none = reader.pick("last", &of("c"));
    assert!(matches!(none, Err(PickError::None { nearest: None, .. })));
}
