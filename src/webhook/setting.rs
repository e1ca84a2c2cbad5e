//! Fields of a sample that a person sets: `data.object.amount=4200`, or `From=+4930` of a form.
//!
//! In: a body, a path, a value. Out: the same body with another value there, every other byte as it was; or the path that is
//! nearest to one that is not there. Must not know: which sample it is.

use serde_json::Value;

use super::{request::pairs, sample::Made, splice};
use crate::text;

/// A field that cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no field `{path}`")]
pub struct SetError {
    /// As it was asked for.
    pub path: String,
    /// The one that is nearest to it; none if the body has no fields.
    pub nearest: Option<String>,
}

/// Sets a field. A value that is JSON is written so, any other one as a string; of a form it is a text.
///
/// # Errors
/// There is no such field.
pub(super) fn set(made: &mut Made, path: &str, value: &str) -> Result<(), SetError> {
    let (known, body) = match serde_json::from_slice::<Value>(&made.body) {
        Ok(json) => {
            let mut known = Vec::new();
            walk(&json, &mut Vec::new(), &mut known);
            let body = in_json(&made.body, &known, path, value);
            (known.into_iter().map(|(name, _)| name).collect(), body)
        }
        Err(_) => in_form(&made.body, path, value),
    };
    match body {
        Some(body) => {
            made.body = body;
            Ok(())
        }
        None => {
            let names = known.iter().map(String::as_str);
            Err(SetError {
                path: path.to_owned(),
                nearest: text::nearest(path, names).map(str::to_owned),
            })
        }
    }
}

/// Every path as people write it, and as a JSON pointer.
fn walk(value: &Value, way: &mut Vec<(String, bool)>, found: &mut Vec<(String, String)>) {
    if !way.is_empty() {
        let mut name = String::new();
        let mut pointer = String::new();
        for (step, is_place) in way.iter() {
            match is_place {
                true => name.push_str(&format!("[{step}]")),
                false if name.is_empty() => name.push_str(step),
                false => name.push_str(&format!(".{step}")),
            }
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        found.push((name, pointer));
    }
    let mut into = |step: String, is_place: bool, value: &Value| {
        way.push((step, is_place));
        walk(value, way, found);
        way.pop();
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into(key.clone(), false, value);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                into(place.to_string(), true, value);
            }
        }
        _ => {}
    }
}

fn in_json(body: &[u8], known: &[(String, String)], path: &str, value: &str) -> Option<Vec<u8>> {
    // `items.0.id` and `.items[0].id` mean the same, as filters and jq write it.
    let plain = |path: &str| path.replace('[', ".").replace(']', "");
    let wanted = plain(path);
    let wanted = wanted.strip_prefix('.').unwrap_or(&wanted);
    let is_it = |(name, _): &&(String, String)| {
        let name = plain(name);
        name.strip_prefix('.').unwrap_or(&name) == wanted
    };
    let (_, pointer) = known.iter().find(is_it)?;
    let place = splice::places(body, pointer).into_iter().next()?;
    let new = match serde_json::from_str::<Value>(value) {
        Ok(_) => value.trim().to_owned(),
        Err(_) => serde_json::to_string(value).ok()?,
    };
    let before = body.get(..place.start)?;
    let after = body.get(place.end..)?;
    Some([before, new.as_bytes(), after].concat())
}

/// The names of a form's fields, and the form with another value in one.
fn in_form(body: &[u8], path: &str, value: &str) -> (Vec<String>, Option<Vec<u8>>) {
    let fields = pairs(body);
    let known = fields
        .iter()
        .map(|(name, _)| String::from_utf8(name.clone()));
    let known: Vec<String> = known.filter_map(Result::ok).collect();
    if !known.iter().any(|name| name == path) {
        return (known, None);
    }
    let mut parts = body
        .split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty());
    let mut whole: Vec<Vec<u8>> = Vec::new();
    for ((name, _), part) in fields.iter().zip(parts.by_ref()) {
        if name != path.as_bytes() {
            whole.push(part.to_vec());
            continue;
        }
        let raw_name = part.split(|&byte| byte == b'=').next().unwrap_or_default();
        whole.push([raw_name, b"=", escaped(value).as_bytes()].concat());
    }
    (known, Some(whole.join(&b'&')))
}

/// A value as a form has it (WHATWG URL §5.2).
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b' ' => text.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                text.push(char::from(byte));
            }
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
