//! Records are exactly those that are promised, and the session comes first.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    event::Live,
    output::lines::tests::{attempt, request},
    text::corpus::CORPUS,
};

fn lines(json: Json<Vec<u8>>) -> Vec<String> {
    let text = String::from_utf8(json.out).expect("utf-8");
    text.lines().map(str::to_owned).collect()
}

fn json() -> Json<Vec<u8>> {
    let endpoint = "tidy-otter".parse().expect("a name");
    Json::new(
        Vec::new(),
        endpoint,
        Some("http://localhost:3000".to_owned()),
        Arc::new(Arc::new(crate::webhook::Keys::default())),
    )
}

fn live(waiting: u64) -> Link {
    Link::Live(Live {
        url: "https://relay.example/tidy-otter".to_owned(),
        waiting,
        waiting_since: None,
        caught_up: 0,
    })
}

#[test]
fn a_session_comes_first_and_link_states_follow() {
    let mut json = json();
    let lost = Link::Reconnecting {
        after: Duration::from_secs(4),
        attempt: 1,
        cause: "silent".to_owned(),
    };
    for link in [
        Link::Connecting { attempt: 1 },
        live(2),
        live(1),
        lost,
        live(12),
    ] {
        json.said(&Said::Link(link)).expect("written");
    }
    assert_eq!(
        lines(json),
        [
            r#"{"v":1,"type":"session","endpoint":"tidy-otter","url":"https://relay.example/tidy-otter","target":"http://localhost:3000"}"#,
            r#"{"v":1,"type":"link","state":"live","waiting":2}"#,
            r#"{"v":1,"type":"link","state":"reconnecting","in_ms":4000,"try":1,"cause":"silent"}"#,
            r#"{"v":1,"type":"link","state":"live","waiting":12}"#,
        ]
    );
}

#[test]
fn a_request_and_its_try_are_a_line_each() {
    let mut json = json();
    let request = request(b"/stripe?a=\x9b\xff");
    json.capture(&request, Some(&Bytes::from_static(b"{\"a\":1}")))
        .expect("written");
    json.attempt(&request.summary, &attempt(Some(400)))
        .expect("written");
    let [capture, attempt] = &lines(json)[..] else {
        panic!("two lines");
    };
    let id = request.summary.id;
    assert_eq!(
        *capture,
        format!(
            r#"{{"v":1,"type":"capture","id":"{id}","number":1201,"endpoint":"tidy-otter","seq":988,"kind":"live","received_at":"2025-10-12T10:32:01.004Z","peer":"54.187.174.169","method":"POST","path":"/stripe?a=\u009bÿ","headers":[["Content-Type","application/json"]],"body":{{"encoding":"utf8","size":7,"data":"{{\"a\":1}}"}}}}"#
        )
    );
    assert_eq!(
        *attempt,
        format!(
            r#"{{"v":1,"type":"attempt","capture":"{id}","number":1201,"try":1,"cause":"live","target":"http://localhost:3000/stripe","started_at":"2025-10-12T10:32:01.004Z","outcome":"answered","status":400,"ms":4,"sender_status":400,"late":false,"error":null}}"#
        )
    );
}

#[test]
fn whatever_strangers_send_a_record_is_a_line() {
    for bytes in CORPUS {
        let mut json = json();
        let mut request = request(bytes);
        let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        request.summary.note = Some(text.as_str().into());
        request.summary.method.clone_from(&text);
        let body = Bytes::from_static(bytes);
        json.capture(&request, Some(&body)).expect("written");
        let tried = Attempt {
            error: Some(text.clone()),
            target: text.clone(),
            ..attempt(None)
        };
        json.attempt(&request.summary, &tried).expect("written");
        let lines = lines(json);
        assert_eq!(lines.len(), 2, "{lines:?}");
        for line in lines {
            let denied = |c: char| c.is_control() || "\u{202e}\u{2028}\u{2029}\u{200b}".contains(c);
            assert!(!line.contains(denied), "{line}");
            let record: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            let field = if record["type"] == "capture" {
                "note"
            } else {
                "error"
            };
            assert_eq!(record[field], text);
        }
    }
}
