//! Files of definitions: what they may say over one another, and what is refused with file, line and field.

use super::*;

fn load(text: &str) -> Result<Known, DefinitionError> {
    Known::load(&[Layer {
        name: "mine.toml",
        text,
    }])
}

const MINE: &str = r#"
[[provider]]
id = "mine"
detect = [{ header = "x-mine" }]
event = ["header:x-mine"]
[[provider.verify]]
kind = "hmac"
hash = "sha256"
signature = { from = "header:x-mine-signature", encoding = "hex" }
message = "{body}"
emit = { x-mine-signature = "{sig}" }
"#;

#[test]
fn a_file_of_the_user_extends_and_overrides() {
    let known = load(MINE).unwrap();
    assert_eq!(known.providers().count(), 40);
    assert!(known.provider("mine").is_some());
    let known =
        load("[[provider]]\nid = \"stripe\"\nextends = \"stripe\"\nname = \"Mine\"\n").unwrap();
    let stripe = known.provider("stripe").unwrap();
    assert_eq!((stripe.name.as_str(), stripe.schemes.len()), ("Mine", 1));
    let known = load("[[provider]]\nid = \"stripe\"\nname = \"Mine\"\n").unwrap();
    assert!(known.provider("stripe").unwrap().schemes.is_empty());
    // A definition wins over a built-in one that fits as well.
    let over = MINE.replace("header = \"x-mine\"", "header = \"stripe-signature\"");
    let known = load(&over).unwrap();
    let owned = SAMPLES[0].owned();
    let seen = known.look(owned.request().head, &owned.body).unwrap();
    assert_eq!(seen.provider, "mine");
}

#[test]
fn a_fault_names_its_file_line_and_field() {
    let with = |from: &str, to: &str| MINE.replace(from, to);
    let table = [
        ("[[provider]]\nid = \"a\"\nnmae = \"x\"\n".to_owned(), 3, "nmae", "unknown field"),
        ("[[provider]]\nname = \"x\"\n".to_owned(), 1, "provider", "missing field `id`"),
        (with("\"mine\"", "\"Mine\""), 3, "id", "lower-case"),
        (with("\"{body}\"", "\"{boddy}\""), 10, "message", "no variable"),
        (with("\"{body}\"", "\"{body\""), 10, "message", "no closing brace"),
        (with("\"header:x-mine\"]", "\"haeder:x-mine\"]"), 5, "event", "no source"),
        (with("kind = \"hmac\"", "kind = \"hmca\""), 7, "kind", "unknown variant"),
        (with("message = \"{body}\"", ""), 6, "message", "missing"),
        (with(", encoding = \"hex\"", ""), 9, "signature", "encoding"),
        (with("{ header = \"x-mine\" }", "{}"), 3, "detect", "every request"),
        (with("header = \"x-mine\"", "header = \"x\", match = \"(\""), 4, "match", "no regular expression"),
        (
            with("header = \"x-mine\"", "header = \"x\", match = \"((a{99}){99}){99}\""),
            4,
            "match",
            "too large",
        ),
        (format!("{MINE}{MINE}"), 14, "id", "twice"),
        (with("id = \"mine\"", "id = \"mine\"\nextends = \"mine\""), 4, "extends", "itself"),
        (with("id = \"mine\"", "id = \"mine\"\nextends = \"nobody\""), 4, "extends", "no provider"),
        ("[[provider]]\nid = \"a\"\nextends = \"b\"\n[[provider]]\nid = \"b\"\nextends = \"a\"\n".to_owned(), 0, "extends", "circle"),
        ("[[provider]]\nid = \"a\"\nverify = [{ use = \"a\" }]\n".to_owned(), 3, "use", "no scheme of its own"),
        ("x = [".to_owned(), 1, "x", ""),
    ];
    for (text, line, field, reason) in table {
        let error = load(&text).expect_err(&text);
        assert_eq!(error.file, "mine.toml", "{text}");
        assert!(error.reason.contains(reason), "{}: {text}", error.reason);
        assert_eq!(error.field, field, "{error}: {text}");
        if line > 0 {
            assert_eq!(error.line, line, "{error}: {text}");
        }
    }
}

#[test]
fn a_catastrophic_expression_is_slow_for_nobody() {
    let text = MINE.replace(
        "header = \"x-mine\"",
        "header = \"x-mine\", match = \"^(a+)+$\"",
    );
    let known = load(&text).unwrap();
    let value = format!("{}b", "a".repeat(60_000));
    let owned = Owned::new(&[("x-mine", &value)], b"");
    assert_eq!(known.look(owned.request().head, b""), None);
}
