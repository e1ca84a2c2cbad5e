//! What is found, what is folded away, and that nothing different is ever called the same.

use proptest::prelude::*;

use super::*;

fn lines(text: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in text {
        headers.push(name.to_string(), value.to_string());
    }
    headers
}

fn side<'a>(headers: &'a Headers, body: &'a [u8]) -> Side<'a> {
    Side {
        head: Vec::new(),
        headers,
        body,
    }
}

/// The plain text of a comparison, without its first line.
fn shown(from: &str, to: &str) -> String {
    let none = Headers::new();
    let diff = compare(&side(&none, from.as_bytes()), &side(&none, to.as_bytes()));
    let mut out = Vec::new();
    print(&diff, ["a", "b"], true, false, &mut out).expect("in memory");
    let text = String::from_utf8(out).expect("utf-8");
    text.split_once('\n').expect("a title").1.to_owned()
}

#[test]
fn json_is_compared_by_path() {
    let from = r#"{"a":{"paid":1900,"who":"cus_1","tax":null,"odd key":1},"list":[1,2,3]}"#;
    let to =
        r#"{"list":[1,5,3,4],"a":{"paid":4200,"who":"cus_1","discount":{"x":1},"odd key":[]}}"#;
    assert_eq!(
        shown(from, to),
        "body\n~ .a.paid        1900  →  4200\n- .a.tax         null\n~ .a[\"odd key\"]  1  →  [ 0 items ]\n\
         + .a.discount    { 1 key }\n~ .list[1]       2  →  5\n+ .list[3]       4\n"
    );
}

#[test]
fn items_go_by_their_id_else_by_the_longest_run() {
    assert_eq!(
        shown(
            r#"[{"id":"a","n":1},{"id":"b","n":1},{"id":"c"}]"#,
            r#"[{"id":"c"},{"id":"a","n":2},{"id":"d"}]"#
        ),
        "body\n~ [id=\"a\"].n  1  →  2\n- [id=\"b\"]    { 2 keys }\n> [id=\"c\"]    [2]  →  [0]\n+ [id=\"d\"]    { 1 key }\n"
    );
    assert_eq!(shown("[1,2,3]", "[0,1,2,3]"), "body\n+ [0]  0\n");
    assert_eq!(
        shown(r#"["x","y","z"]"#, r#"["y","z","x"]"#),
        "body\n> [0]  [0]  →  [2]\n"
    );
}

#[test]
fn big_numbers_and_repeated_keys_are_not_lost() {
    assert_eq!(
        shown("[12345678901234567890123]", "[12345678901234567890124]"),
        "body\n~ [0]  12345678901234567890123  →  12345678901234567890124\n"
    );
    assert_eq!(
        shown(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":3,"a":4}"#),
        "body\n~ .a  2  →  3\n+ .a  4\n"
    );
    assert_eq!(
        shown(r#"{"a":1,"b":2}"#, r#"{"b": 2, "a": 1}"#),
        "body\n~ the same values, in other order or white space\n"
    );
}

#[test]
fn a_long_value_is_shown_where_it_differs() {
    let long = "x".repeat(1000);
    let text = shown(
        &format!("[\"{long}a{long}\"]"),
        &format!("[\"{long}b{long}\"]"),
    );
    assert!(text.contains("xa") && text.contains("xb"), "{text}");
    assert!(text.len() < 700, "{text}");
}

#[test]
fn no_key_and_no_number_of_changes_costs_more_than_its_body() {
    let key = "k".repeat(100_000);
    let list = |digit| format!("{digit},").repeat(100_000);
    let body = |digit| format!("{{\"{key}\":[{}0]}}", list(digit));
    let none = Headers::new();
    let (from, to) = (body(1), body(2));
    let diff = compare(&side(&none, from.as_bytes()), &side(&none, to.as_bytes()));
    assert_eq!(diff.count(), (100_000, 0));
    let BodyDiff::Json { changes, more } = diff.body else {
        panic!("json");
    };
    assert_eq!((changes.len(), more), (5_000, 95_000));
    assert!(changes.iter().all(|change| change.what.len() < 200));
}

#[test]
fn volatile_changes_are_counted_and_hidden_until_asked_for() {
    let before = lines(&[
        ("Date", "a"),
        ("X-A", "1"),
        ("X-A", "2"),
        ("Webhook-Signature", "v1"),
    ]);
    let after = lines(&[
        ("date", "b"),
        ("x-a", "1"),
        ("X-A", "3"),
        ("webhook-signature", "v2"),
    ]);
    let diff = compare(
        &side(&before, br#"{"id":"evt_1","created":1760265101,"n":1}"#),
        &side(&after, br#"{"id":"evt_2","created":1760265109,"n":1}"#),
    );
    assert_eq!(diff.count(), (5, 4));
    let text = |all| {
        let mut out = Vec::new();
        print(&diff, ["#1", "#2"], all, false, &mut out).expect("in memory");
        String::from_utf8(out).expect("utf-8")
    };
    assert_eq!(
        text(false),
        "diff #1 → #2     1 change, 4 volatile hidden (--all shows them)\nheaders\n~ x-a  2  →  3\n"
    );
    assert!(
        text(true).contains("~ .id       \"evt_1\"  →  \"evt_2\"\n"),
        "{}",
        text(true)
    );
    assert!(text(true).contains("~ webhook-signature  v1  →  v2\n"));
}

#[test]
fn text_is_compared_by_line_with_emphasis_within() {
    let before: String = (0..20).map(|n| format!("line {n}\n")).collect();
    let after = before.replace("line 9\n", "line nine\n");
    assert_eq!(
        shown(&before, &after),
        "body\n  … 6 the same …\n  line 6\n  line 7\n  line 8\n- line 9\n+ line nine\n  line 10\n  line 11\n  line 12\n"
    );
    let BodyDiff::Text(lines) = bodies(
        &side(&Headers::new(), before.as_bytes()),
        &side(&Headers::new(), after.as_bytes()),
    ) else {
        panic!("text");
    };
    let changed = Line::Changed(
        Mark::Added,
        vec![
            (false, "line ".to_owned()),
            (true, "nine".to_owned()),
            (false, String::new()),
        ],
    );
    assert!(lines.contains(&changed), "{lines:?}");
}

#[test]
fn forms_and_xml_are_compared_laid_out() {
    let form = lines(&[("content-type", "application/x-www-form-urlencoded")]);
    let diff = compare(&side(&form, b"a=1&b=2"), &side(&form, b"a=1&b=3"));
    let BodyDiff::Text(lines) = diff.body else {
        panic!("text");
    };
    assert_eq!(lines.iter().filter(|line| line.is_change()).count(), 2);
}

#[test]
fn bodies_are_decoded_first() {
    use std::io::Write as _;
    let packed = |level| {
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder
            .write_all(br#"{"a":"aaaaaaaaaaaaaaaaaaaaaaaa"}"#)
            .expect("in memory");
        encoder.finish().expect("in memory")
    };
    let gzip = lines(&[("Content-Encoding", "gzip")]);
    let (first, second) = (packed(0), packed(9));
    let diff = compare(&side(&gzip, &first), &side(&gzip, &second));
    assert_eq!(diff.body, BodyDiff::SameDecoded);
    let diff = compare(
        &side(&gzip, &first),
        &side(&Headers::new(), br#"{"a":"b"}"#),
    );
    assert!(matches!(diff.body, BodyDiff::Json { .. }), "{diff:?}");
}

#[test]
fn binary_says_where_it_begins_to_differ() {
    assert_eq!(
        shown("\0ab", "\0acd"),
        "body\n~ binary, 3 B  →  4 B, the first difference at byte 2\n"
    );
}

#[test]
fn strangers_cannot_draw() {
    let from = "{\"\u{1b}[31m\":1}".replace('\u{1b}', "\\u001b");
    let text = shown(&from, "{\"\u{202e}x\":\"\u{9b}\"}");
    assert!(
        !text
            .chars()
            .any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "{text:?}"
    );
}

proptest! {
    #[test]
    fn different_bytes_are_never_the_same(
        from in prop::collection::vec(any::<u8>(), 0..64),
        to in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let none = Headers::new();
        let diff = compare(&side(&none, &from), &side(&none, &to));
        prop_assert_eq!(diff.body == BodyDiff::Same, from == to);
        prop_assert_eq!(diff.count().0 == 0, from == to);
    }

    #[test]
    fn any_json_is_compared(from in "[\\[\\]{}\",:0-9a-c \\\\]{0,48}", to in "(\\[|\\{)[\\[\\]{}\",:0-9a-c ]{0,48}(\\]|\\})") {
        let none = Headers::new();
        let from = format!("[{from}]");
        let diff = compare(&side(&none, from.as_bytes()), &side(&none, to.as_bytes()));
        prop_assert_eq!(diff.count().0 == 0, from == to);
    }
}

/// How the two differ line by line, the sign of each line before it.
fn unified_of(from: &str, to: &str, all: bool) -> Vec<String> {
    let mut headers = [Headers::new(), Headers::new()];
    headers[0].push("Date", "Mon");
    headers[1].push("Date", "Tue");
    for one in &mut headers {
        one.push("Content-Type", "application/json");
    }
    let side = |headers, body: &'static str| Side {
        head: vec![("method".into(), b"POST"[..].into())],
        headers,
        body: body.as_bytes(),
    };
    let (from, to) = (from.to_owned().leak(), to.to_owned().leak());
    let lines = unified(&side(&headers[0], from), &side(&headers[1], to), all);
    let text = |pieces: &[(bool, String)]| pieces.iter().map(|(_, text)| text.as_str()).collect();
    let shown = lines.iter().map(|line| match line {
        Line::Same(text) => format!("  {text}"),
        Line::Changed(mark, pieces) => {
            let text: String = text(pieces);
            format!("{} {text}", mark.sign())
        }
        Line::Gap(count) => format!("… {count}"),
        Line::More(count) => format!("more {count}"),
    });
    shown.collect()
}

#[test]
fn line_by_line_hides_what_differs_every_time() {
    let from =
        r#"{"id":"evt_1","amount":1900,"name":"x","a":1,"b":2,"c":3,"d":4,"created":1760265101}"#;
    let to =
        r#"{"id":"evt_2","amount":4200,"name":"x","a":1,"b":2,"c":3,"d":4,"created":1760265106}"#;
    assert_eq!(
        unified_of(from, to, false),
        [
            "… 3",
            "  ",
            "  {",
            "    \"id\": \"evt_1\",",
            "-   \"amount\": 1900,",
            "+   \"amount\": 4200,",
            "    \"name\": \"x\",",
            "    \"a\": 1,",
            "    \"b\": 2,",
        ]
    );
    let all = unified_of(from, to, true);
    let changed = all.iter().filter(|line| line.starts_with(['+', '-']));
    assert_eq!(changed.count(), 8, "{all:?}");
    let same = unified_of(from, &from.replace("evt_1", "evt_3"), false);
    assert_eq!(same, Vec::<String>::new());
}

#[test]
fn a_patch_is_of_one_document_each() {
    let headers = Headers::new();
    let side = |body: &'static str| Side {
        head: Vec::new(),
        headers: &headers,
        body: body.as_bytes(),
    };
    let of = |from, to| patch(&side(from), &side(to), true).map(|patch| patch.text);
    assert_eq!(
        of("{\"a\":1}", "{\"a\":2}").as_deref(),
        Ok("[\n  {\"op\":\"replace\",\"path\":\"/a\",\"value\":2}\n]")
    );
    let told = Err("a body is no JSON document");
    assert_eq!(of("{\"a\":1}\n{\"a\":1}", "{}"), told);
    assert_eq!(of("a=1", "a=2"), told);
}
