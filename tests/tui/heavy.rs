//! Requests that are heavy to look at: the loop answers keys while they are read, laid out and searched, and says what it left out.

use std::io::Write as _;

use bytes::Bytes;
use crossterm::event::KeyCode;
use flate2::{Compression, write::GzEncoder};
use hooktool_relay::capture::{Body, Headers};

use super::table::{Table, answered, arrival, both, inspector};
use hooktool::history::Cause;

/// Records a request with this body and these header lines.
async fn record(table: &Table, headers: &[(&'static str, Vec<u8>)], body: Vec<u8>) {
    let mut arrival = arrival(1, b"/heavy", b"");
    let capture = std::sync::Arc::make_mut(&mut arrival.capture);
    capture.headers = Headers::new();
    for (name, value) in headers {
        capture.headers.push(*name, value.clone());
    }
    let mut draft = None;
    if body.len() > Body::INLINE {
        capture.body = Body::Pieces(body.len() as u64);
        let mut pieces = table.history.draft(capture.id);
        for piece in body.chunks(16 * 1024) {
            let piece = Bytes::copy_from_slice(piece);
            pieces.push(piece).await.expect("recorded");
        }
        draft = Some(pieces);
    } else {
        capture.body = Body::Whole(body.into());
    }
    let id = capture.id;
    let recorded = table.history.record(arrival, draft).await;
    recorded.expect("recorded");
    table.attempted(id, answered(Cause::Live, 200)).await;
}

fn json() -> Vec<(&'static str, Vec<u8>)> {
    vec![("Content-Type", b"application/json".to_vec())]
}

/// Every view, every tab, a search: after each of them keys are answered.
async fn look_through(headers: &[(&'static str, Vec<u8>)], body: Vec<u8>, first: &str) {
    let (table, run) = inspector(80, 24);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        record(&table, headers, body).await;
        table.screen.shows("/heavy").await;
        table.screen.shows(first).await;
        table.keys.press(KeyCode::Enter);
        for _ in 0..4 {
            table.keys.type_in("vjG2");
            table.screen.shows("[2 Head]").await;
            table.keys.type_in("1");
            table.screen.shows("[1 Body]").await;
        }
        for (tab, shown) in [
            ('2', "[2 Head]"),
            ('3', "thanks"),
            ('4', "try 1"),
            ('6', "[6 Raw]"),
        ] {
            table.keys.type_in(&tab.to_string());
            table.screen.shows(shown).await;
        }
        table.keys.type_in("1/~(a|b)*c");
        table.screen.shows("/~(a|b)*c").await;
        table.keys.press(KeyCode::Enter);
        table.keys.type_in("nN");
        table.keys.press(KeyCode::Esc);
        table.stop.cancel();
    };
    both(run, script).await.expect("a clean end");
}

#[tokio::test]
async fn a_body_of_25_mib() {
    let body = format!(
        "[{}0]",
        "{\"id\":\"evt_1\",\"amount\":4200},\n".repeat(850_000)
    );
    assert!(body.len() > 24 * 1024 * 1024);
    let banner = "S save, o pager ]  the first 2,000 lines";
    look_through(&json(), body.into_bytes(), banner).await;
}

#[tokio::test]
async fn a_line_of_10_mib() {
    let body = format!("[\"{}\"]", "abc\u{202e}".repeat(1_700_000));
    look_through(&json(), body.into_bytes(), "v tree, S save, o pager ]").await;
}

#[tokio::test]
async fn json_100_000_deep() {
    look_through(&json(), b"[".repeat(100_000), "· tree").await;
    let nested = format!("{}{}", "{\"a\":".repeat(40_000), "}".repeat(40_000));
    look_through(&json(), nested.into_bytes(), "application/json").await;
}

#[tokio::test]
async fn a_header_block_of_1_mib() {
    let mut headers = json();
    headers.extend((0..1000).map(|_| ("X-Long", vec![b'x'; 1024])));
    headers.push(("Authorization", vec![0xff; 64 * 1024]));
    look_through(&headers, b"{\"a\":1}".to_vec(), "a: 1").await;
}

#[tokio::test]
async fn a_decompression_bomb() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b'0'; 1024 * 1024];
    for _ in 0..64 {
        encoder.write_all(&zeros).expect("in memory");
    }
    let mut headers = json();
    headers.push(("Content-Encoding", b"gzip".to_vec()));
    let bomb = encoder.finish().expect("in memory");
    look_through(&headers, bomb, "stopped: ").await;
}

#[tokio::test]
async fn a_small_body_does_not_wait_for_a_large_one() {
    let (table, run) = inspector(80, 24);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        let large = format!("[{}0]", "{\"amount\":4200},\n".repeat(850_000));
        record(&table, &json(), large.into_bytes()).await;
        table.screen.shows("S save, o pager ]").await;
        record(&table, &json(), b"{\"small\":true}".to_vec()).await;
        table.screen.shows("small: true").await;
        table.keys.press(KeyCode::Enter);
        table.keys.type_in("K");
        table.screen.shows("S save, o pager ]").await;
        // Whole, as a tree; and it is left before that is done.
        table.keys.type_in("vJ");
        table.screen.shows("small: true").await;
        table.keys.type_in("K");
        table.screen.shows("S save, o pager ]").await;
        table.stop.cancel();
    };
    both(run, script).await.expect("a clean end");
}
