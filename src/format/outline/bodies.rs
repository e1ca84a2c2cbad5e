//! Bodies that are no JSON document, as trees: a form with its fields, multipart with a node a part.
//!
//! ```text
//! a: 1                        part 1 · avatar: {
//! a: 2                          Content-Type: image/png
//! payload: "{                   body: (binary, 2.1 KB)
//!   "action": "opened"        }
//! }"
//! ```

use super::{Outline, sheet::Sheet};
use crate::{
    format::{
        Wanted, essence, form, is_binary,
        json::Kind,
        multipart::{self, Part},
    },
    text,
};

/// A form: a line a field, in order, repeats kept; a value that is JSON is a node.
pub(in crate::format) fn form(text: &str, wanted: &Wanted) -> Outline {
    let mut sheet = Sheet::new(wanted);
    for (name, value) in form::fields(text).take_while(|_| !wanted.is_over()) {
        let key = form::shown(name);
        let key = if key.is_empty() { "\"\"" } else { key.as_str() };
        let is_node = form::decoded(value).is_some_and(|value| sheet.json(0, key, &value, "\""));
        if !is_node {
            sheet.line(0, Kind::Value, key, &form::shown(value));
        }
    }
    Outline::of(sheet)
}

/// A multipart body: a node a part; its header lines, then its body.
pub(in crate::format) fn parts(
    content_type: &[u8],
    body: &[u8],
    wanted: &Wanted,
) -> Option<Outline> {
    let mut sheet = Sheet::new(wanted);
    for (place, part) in multipart::parts(content_type, body)?.iter().enumerate() {
        let number = place.saturating_add(1);
        let key = match name(part) {
            Some(name) => format!("part {number} · {name}"),
            None => format!("part {number}"),
        };
        sheet.line(0, Kind::Opens, &key, "{");
        for (name, value) in &part.headers {
            let name = one_line(name);
            sheet.line(1, Kind::Value, &name, &one_line(value));
        }
        contents(part, &mut sheet);
        let end = if part.is_whole { "}" } else { "} cut off" };
        sheet.line(0, Kind::Closes, "", end);
    }
    Some(Outline::of(sheet))
}

/// The `name` of a part's Content-Disposition (RFC 7578 §4.2), as it is written.
fn name(part: &Part<'_>) -> Option<String> {
    let shown = one_line(part.header("content-disposition")?);
    let at = shown.find(" name=\"").or_else(|| shown.find(";name=\""))?;
    let rest = shown.get(at.saturating_add(" name=\"".len())..)?;
    Some(rest.split('"').next()?.to_owned())
}

fn contents(part: &Part<'_>, sheet: &mut Sheet) {
    let size = text::size(part.body.len() as u64);
    if is_binary(part.body) {
        sheet.line(1, Kind::Value, "body", &format!("(binary, {size})"));
        return;
    }
    let kind = part.header("content-type").map(essence);
    let json = str::from_utf8(part.body).ok();
    let is_node = kind.is_none_or(|kind| !kind.starts_with("multipart/"))
        && json.is_some_and(|json| sheet.json(1, "body", json, ""));
    if is_node {
        return;
    }
    let shown = text::safe(part.body, text::Mode::Body);
    let mut lines = shown.as_str().trim_end_matches('\n').split('\n');
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    if rest.is_empty() {
        sheet.line(1, Kind::Value, "body", first);
        return;
    }
    sheet.line(1, Kind::Opens, "body", "[");
    for line in std::iter::once(first).chain(rest) {
        sheet.line(2, Kind::Value, "", line);
    }
    sheet.line(1, Kind::Closes, "", "]");
}

fn one_line(bytes: &[u8]) -> String {
    text::safe(bytes, text::Mode::Cell).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(outline: &Outline) -> Vec<String> {
        let rows = outline.rows().iter().enumerate();
        rows.map(|(index, row)| format!("{} {}", outline.path(index), outline.value(row)))
            .collect()
    }

    #[test]
    fn a_form_keeps_repeats_and_opens_json() {
        let text = "a=1&a=2%20x%0Ay&payload=%7B%22action%22%3A%22op%5Cnened%22%2C%22n%22%3A%5B1%5D%7D&bad=%7B%22a%22&e=%7B%7D";
        let outline = form(text, &Wanted::always());
        assert_eq!(
            shown(&outline),
            [
                ".a 1",
                ".a 2 x^Jy",
                ".payload \"{",
                ".payload.action \"op\\nened\"",
                ".payload.n [",
                ".payload.n[0] 1",
                ".payload.n ]",
                ".payload }\"",
                ".bad {\"a\"",
                ".e {}",
            ]
        );
        let node = outline.rows().get(2).expect("a row");
        assert_eq!((node.items, node.has_keys, node.end), (2, true, 7));
    }

    #[test]
    fn a_part_is_a_node() {
        let body = b"--xy\r\nContent-Disposition: form-data; name=\"a b\"; filename=\"../../x\"\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n--xy\r\n\r\none\ntwo\r\n--xy\r\n\r\n\0\xff";
        let outline =
            parts(b"multipart/form-data; boundary=xy", body, &Wanted::always()).expect("parts");
        assert_eq!(
            shown(&outline),
            [
                "[part 1 · a b] {",
                "[part 1 · a b][Content-Disposition] form-data; name=\"a b\"; filename=\"../../x\"",
                "[part 1 · a b][Content-Type] application/json",
                "[part 1 · a b].body {",
                "[part 1 · a b].body.a 1",
                "[part 1 · a b].body }",
                "[part 1 · a b] }",
                "[part 2] {",
                "[part 2].body [",
                "[part 2].body[0] one",
                "[part 2].body[1] two",
                "[part 2].body ]",
                "[part 2] }",
                "[part 3] {",
                "[part 3].body (binary, 2 B)",
                "[part 3] } cut off",
            ]
        );
    }

    #[test]
    fn json_in_a_string_is_a_node_and_says_that_it_was_one() {
        let text = r#"{"Type":"Notification","Message":"{\"id\":7,\"in\":\"[1]\"}","s":"{no"}"#;
        let outline = Outline::new(text, &Wanted::always()).expect("fits");
        assert_eq!(
            shown(&outline),
            [
                ". {",
                ".Type \"Notification\"",
                ".Message \"{",
                ".Message.id 7",
                ".Message.in \"[",
                ".Message.in[0] 1",
                ".Message.in ]\"",
                ".Message }\"",
                ".s \"{no\"",
                ". }",
            ]
        );
    }
}
