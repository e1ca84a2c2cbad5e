//! Which form a body is shown in, what is said above it, and what becomes of large, compressed and broken ones.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

fn headers(kind: &'static str, encoding: Option<&'static str>) -> Headers {
    let mut headers = Headers::new();
    headers.push("Content-Type", kind);
    if let Some(encoding) = encoding {
        headers.push("content-encoding", encoding);
    }
    headers
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn of(headers: &Headers, bytes: &[u8], len: u64, wish: &Wish) -> Page {
    page(&Content::new(headers, bytes, len, &Wanted::always()), wish)
}

fn whole(headers: &Headers, bytes: &[u8], form: Option<Form>) -> Page {
    let wish = Wish {
        form,
        hex_row: 16,
        ..Wish::default()
    };
    of(headers, bytes, bytes.len() as u64, &wish)
}

fn said(page: &Page, at: usize) -> String {
    let line = page.lines.get(at).map(Vec::as_slice).unwrap_or_default();
    line.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn a_compressed_body_is_shown_decoded_and_kept_raw_in_hex() {
    let headers = headers("application/json", Some("GZIP"));
    let bytes = gzip(br#"{"a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#);
    let page = whole(&headers, &bytes, None);
    assert_eq!(page.form, Some(Form::Tree));
    assert_eq!(page.tree.as_ref().map(Tree::len), Some(3));
    let heading = format!("application/json · gzip {} B → 68 B · tree", bytes.len());
    assert_eq!(said(&page, 0), heading);
    let hex = whole(&headers, &bytes, Some(Form::Hex));
    assert!(
        said(&hex, 1).starts_with("00000000  1f 8b"),
        "{:?}",
        hex.lines
    );
}

#[test]
fn what_is_not_what_its_header_says_is_shown_as_it_came() {
    let headers = headers("application/json", Some("br, gzip"));
    let page = whole(&headers, b"{}", None);
    assert_eq!(
        said(&page, 0),
        "application/json · 2 B · tree · not decoded: br, gzip"
    );
    let headers = self::headers("text/plain", Some("gzip"));
    let page = whole(&headers, b"plain text", None);
    assert_eq!(page.form, Some(Form::Text));
    let heading = said(&page, 0);
    assert!(heading.contains("stopped: broken"), "{heading}");
    assert_eq!(said(&page, 2), "plain text");
}

#[test]
fn a_bomb_is_stopped_and_said() {
    let headers = headers("application/json", Some("gzip"));
    let bytes = gzip(&vec![b' '; 24 * 1024 * 1024]);
    let page = whole(&headers, &bytes, Some(Form::Tree));
    assert!(said(&page, 0).contains("stopped: "), "{}", said(&page, 0));
    let why = page.obstacles.iter().find(|(form, _)| *form == Form::Tree);
    assert_eq!(
        why.map(|(_, why)| *why),
        Some("only its beginning is decoded")
    );
}

#[test]
fn a_large_body_is_text_until_a_person_wishes_it_otherwise() {
    let headers = headers("application/json", None);
    let body = format!("[{}0]", "{\"id\":1},\n".repeat(120_000));
    let (bytes, len) = (body.as_bytes(), body.len() as u64);
    let mut wish = Wish {
        form: Some(Form::Tree),
        hex_row: 16,
        ..Wish::default()
    };
    let page = of(&headers, &bytes[..SHOWN], len, &wish);
    assert_eq!(page.form, Some(Form::Text));
    assert_eq!(
        said(&page, 1),
        "[ 1.1 MB: v tree, S save, o pager ]  the first 2,000 lines"
    );
    assert_eq!(page.lines.len(), 2 + LINES_OF_LARGE);
    assert!(page.obstacles.is_empty());
    wish.is_whole = true;
    let page = of(&headers, bytes, len, &wish);
    assert_eq!(
        page.obstacles,
        [(Form::Tree, "it has more than 200,000 lines")]
    );
    let fewer = format!("[{}0]", "{\"id\":\"one\"},           \n".repeat(60_000));
    let page = of(&headers, fewer.as_bytes(), fewer.len() as u64, &wish);
    assert_eq!((page.form, page.tree.is_some()), (Some(Form::Tree), true));
    let page = of(&headers, &bytes[..SHOWN], 17 << 20, &wish);
    assert_eq!(
        said(&page, 1),
        "[ 17.0 MB: S save, o pager ]  the first 2,000 lines"
    );
}

#[test]
fn hidden_characters_are_counted_above_a_tree_too() {
    let headers = headers("application/json", None);
    let page = whole(&headers, "{\"a\":\"\u{202e}x\u{200b}\"}".as_bytes(), None);
    assert_eq!(page.form, Some(Form::Tree));
    assert!(said(&page, 0).ends_with(" · tree · 2 hidden characters made visible"));
}

#[test]
fn every_kind_has_its_best_form() {
    let form = |kind, bytes: &[u8]| whole(&headers(kind, None), bytes, None).form;
    assert_eq!(
        form("text/plain", b"{\"a\":1} x"),
        Some(Form::Tree),
        "broken JSON too"
    );
    assert_eq!(
        form("application/x-ndjson", b"{\"a\":1}\n{\"a\":2}\n"),
        Some(Form::Tree)
    );
    assert_eq!(
        form("application/x-www-form-urlencoded", b"a=1&a=2"),
        Some(Form::Tree)
    );
    assert_eq!(
        form("multipart/form-data; boundary=x", b"--x\r\n\r\n1\r\n--x--"),
        Some(Form::Tree)
    );
    let part = b"--x\r\nContent-Type: image/png\r\n\r\n\x89PNG\0\r\n--x--";
    assert_eq!(
        form("Multipart/form-data; boundary=x", part),
        Some(Form::Tree),
        "a binary part"
    );
    assert_eq!(form("application/xml", b"<a><b/></a>"), Some(Form::Pretty));
    assert_eq!(form("text/html", b"<p>"), Some(Form::Text));
    assert_eq!(form("application/json", b"\x89PNG\0"), Some(Form::Hex));
}

#[test]
fn what_nobody_wants_any_more_is_left_soon() {
    const LEN: usize = 256 * 1024;
    let repeated = |text: &str| text.repeat(LEN / text.len());
    let json = format!(
        "[{}0]",
        repeated("{\"id\":\"one\",\"of\":\"{\\\"a\\\":1}\"},\n")
    );
    let parts = format!("--x\r\n\r\n{}\r\n--x--", json);
    let xml = format!("<a>{}</a>", repeated("<b>one</b>"));
    let packed = gzip(json.as_bytes());
    for (kind, encoding, body) in [
        ("application/json", None, json.as_bytes()),
        (
            "application/x-ndjson",
            None,
            repeated("{\"a\":1}\n").as_bytes(),
        ),
        (
            "application/x-www-form-urlencoded",
            None,
            repeated("a=1&").as_bytes(),
        ),
        ("multipart/form-data; boundary=x", None, parts.as_bytes()),
        ("application/xml", None, xml.as_bytes()),
        ("text/plain", None, repeated("a line\n").as_bytes()),
        ("application/json", Some("gzip"), &packed),
    ] {
        let headers = headers(kind, encoding);
        let laid_out = |wanted: &Wanted| {
            let content = Content::new(&headers, body, body.len() as u64, wanted);
            let wish = Wish {
                form: Some(Form::Tree),
                is_whole: true,
                hex_row: 16,
                ..Wish::default()
            };
            page(&content, &wish)
        };
        let patient = Wanted::for_questions(usize::MAX);
        laid_out(&patient);
        assert!(
            patient.asked() >= LEN / (64 * 1024),
            "{kind}: asked too rarely"
        );
        for questions in [1, patient.asked() / 2] {
            let wanted = Wanted::for_questions(questions);
            laid_out(&wanted);
            let after = wanted.asked() - questions;
            assert!(after < 100, "{kind}: went on for {after} questions");
        }
    }
}
