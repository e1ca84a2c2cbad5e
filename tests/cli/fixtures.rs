//! `replay FILE…`: what `export --as json` wrote is sent from the file, judged, and reported for CI.

use std::fs;

use super::{Home, Ran, requests::home};
use crate::app::App;

const NO: &[u8] = b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A home with one request in `project/fixtures/one.json`, which was answered with 400 `no`.
async fn exported() -> (Home, String) {
    let home = home("http://localhost:1").await;
    let ran = home.run(&["export", "last", "--as", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    home.file("project/fixtures/one.json", &ran.stdout);
    fs::remove_file(home.path(".local/share/hooktool/history.db")).expect("removed");
    (home, ran.stdout)
}

fn replay(home: &Home, to: &str, more: &[&str]) -> Ran {
    let mut args = vec!["replay", "fixtures/one.json", "--to", to];
    args.extend(more);
    home.run(&args)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_as_it_was_captured_and_recorded_nowhere() {
    let (home, _) = exported().await;
    let app = App::answering(NO).await;
    let to = app.addr.to_string();
    let ran = replay(&home, &to, &["--expect-same"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let line = "  fixtures/one.json:1  POST /hook?a='1'  --> 400  ";
    assert!(ran.stdout.contains(line), "{ran:?}");
    let seen = app.seen().remove(0);
    assert!(seen.starts_with(b"POST /hook?a='1' HTTP/1.1\r\n"));
    assert!(seen.ends_with(b"\r\n\r\n{\"a\":1}"));
    let odd = b": \x9b31m\xff\r\n";
    assert!(seen.windows(odd.len()).any(|part| part == odd));
    assert!(!home.path(".local/share/hooktool/history.db").exists());

    let ran = replay(&home, &to, &["--json", "--expect", "2xx"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let record: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one record");
    assert_eq!(record["number"], serde_json::Value::Null);
    assert_eq!(record["file"], "fixtures/one.json:1");
    assert_eq!(
        (&record["status"], &record["passed"]),
        (&400.into(), &false.into())
    );
    let why = record["why"].as_str().expect("a reason");
    assert!(why.ends_with("/hook?a='1' answered 400"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_answer_is_shown_and_reported() {
    let (home, _) = exported().await;
    let app = App::answering(OK).await;
    let to = app.addr.to_string();
    let ran = replay(&home, &to, &["--expect-same", "--junit", "report.xml"]);
    let said = "error: not every answer was as expected\n  cause: fixtures/one.json:1 answered otherwise than recorded\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (6, said), "{ran:?}");
    for line in ["    ~ status  400  →  200", "    - no", "    + ok"] {
        assert!(ran.stdout.lines().any(|shown| shown == line), "{ran:?}");
    }
    let report = fs::read_to_string(home.path("project/report.xml")).expect("a report");
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"1\" failures=\"1\" errors=\"0\" time=\"";
    assert!(report.starts_with(head), "{report}");
    let case = "<testcase classname=\"hooktool.replay\" name=\"fixtures/one.json:1 POST /hook?a=\\'1\\'\" time=\"";
    assert!(report.contains(case), "{report}");
    assert!(report.contains("<failure message=\"fixtures/one.json:1 answered otherwise than recorded\" type=\"answer\">diff recorded"), "{report}");
    let ended = report.matches("</failure>").count();
    assert_eq!((ended, report.ends_with("</testsuites>\n")), (1, true));
    valid_xml(&report);

    let ran = replay(
        &home,
        "127.0.0.1:1",
        &["--times", "2", "--junit", "report.xml"],
    );
    assert_eq!(ran.code, 5, "{ran:?}");
    let report = fs::read_to_string(home.path("project/report.xml")).expect("a report");
    assert!(
        report.contains("<testsuites tests=\"2\" failures=\"0\" errors=\"2\" "),
        "{report}"
    );
    assert!(report.contains("(2)\" time=\""), "{report}");
    valid_xml(&report);
    let left = fs::read_dir(home.path("project"))
        .expect("a folder")
        .count();
    assert_eq!(left, 3, "a draft was left");
}

fn valid_xml(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event().expect("XML") {
            quick_xml::events::Event::Eof => return,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    attribute.expect("an attribute");
                }
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let (home, good) = exported().await;
    replay(&home, "1", &["--edit"]).fails(
        2,
        "error: --edit works on stored requests, not on files\n  hint: change fixtures/one.json itself, or give --body @FILE\n",
    );
    home.run(&["replay", "fixtures/one.json"]).fails(
        2,
        "error: fixtures/one.json:1 goes nowhere\n  hint: name a target: --to 3000\n",
    );
    home.run(&["replay", "fixtures/*.json", "--to", "1"]).fails(
        2,
        "error: fixtures/*.json cannot be read\n  cause: No such file or directory (os error 2)\n",
    );
    home.run(&["replay", "./fixtures", "--to", "1"]).fails(
        2,
        "error: ./fixtures cannot be read\n  cause: it is a folder: give ./fixtures/*.json\n",
    );
    let hint = "  hint: `hooktool export last --as json > request.json` writes one\n";
    let bad = good.replace("\"method\":\"POST\"", "\"method\":7");
    home.file("project/bad.jsonl", &format!("{good}{bad}"));
    let ran = home.run(&["replay", "bad.jsonl", "--to", "1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let said = ran
        .stderr
        .strip_prefix("error: bad.jsonl:2:")
        .expect("a place");
    assert!(
        said.contains(" is no stored request\n  cause: invalid type: integer `7`, expected "),
        "{said}"
    );
    assert!(said.ends_with(hint), "{said}");
    let answer = good.find(",\"answer\":").expect("an answer");
    home.file("project/bare.json", &format!("{}}}\n", &good[..answer]));
    home.run(&["replay", "bare.json", "--to", "1", "--expect-same"]).fails(
        2,
        "error: bare.json:1 has no recorded answer\n  cause: --expect-same compares with the answer in the file\n  \
         hint: `hooktool export --as json` writes it, once the request was answered\n",
    );
    let app = App::answering(OK).await;
    let masked = good.replace(
        "[\"host\",\"relay.example\"]",
        "[\"authorization\",\"[masked]\"]",
    );
    home.file("project/masked.json", &masked);
    let ran = home.run(&["replay", "masked.json", "--to", &app.addr.to_string()]);
    let said = "hooktool: masked.json: 1 secret is masked in it and sent so, signatures too (export --with-secrets leaves them)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (0, said), "{ran:?}");
}
