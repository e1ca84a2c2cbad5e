//! One config file → its entries, each with its line.
//!
//! In: TOML. Out: keys that exist, with values of the right shape that parse; anything else is an error that names file, line
//! and what would be right.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigError, Origin,
    layers::{KEYS, Key, Line, Shape},
};
use crate::{cli::value, text};

/// Reads a file; one that does not exist says nothing. `of_project`: it came with a repository, and may name only targets on
/// this machine.
///
/// # Errors
/// `Unreadable`, `Syntax`, `Unknown`, `Value`, `Forbidden`.
pub(super) fn read(path: &Path, of_project: bool) -> Result<Vec<Line>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(ConfigError::Unreadable {
                path: path.to_owned(),
                detail: error.to_string(),
            });
        }
    };
    let line_of = |at: usize| {
        let before = text.as_bytes().iter().take(at);
        before.filter(|&&byte| byte == b'\n').count() + 1
    };
    let table = DeTable::parse(&text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: line_of(error.span().map_or(0, |span| span.start)),
        detail: error.message().to_owned(),
    })?;
    let mut found = Vec::new();
    for (name, value) in table.into_inner() {
        let line = line_of(name.span().start);
        // The inspector's keys are a table of their own, and read by themselves.
        if name.get_ref() == "keys" && !of_project {
            continue;
        }
        let (key, texts) = entry(path, line, name.get_ref(), &value)?;
        if of_project {
            refuse_foreign(path, line, key, &texts)?;
        }
        let path = path.to_owned();
        found.push((line, (key.name, texts, Origin::File { path, line })));
    }
    found.sort_by_key(|&(line, _)| line);
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

fn entry(
    path: &Path,
    line: usize,
    name: &str,
    value: &Spanned<DeValue<'_>>,
) -> Result<(&'static Key, Vec<String>), ConfigError> {
    let known = KEYS
        .iter()
        .find(|key| key.name == name && key.shape.is_some());
    let Some(key) = known else {
        return Err(ConfigError::Unknown {
            path: path.to_owned(),
            line,
            key: name.to_owned(),
            nearest: nearest(name),
        });
    };
    let wrong = |text: String, reason: String| ConfigError::Value {
        origin: Origin::File {
            path: path.to_owned(),
            line,
        },
        key: key.name,
        text,
        reason,
    };
    let texts = texts(key.shape, value.get_ref())
        .map_err(|reason| wrong(shown(value.get_ref()), reason.to_owned()))?;
    for text in &texts {
        (key.check)(text).map_err(|reason| wrong(text.clone(), reason))?;
    }
    Ok((key, texts))
}

fn texts(shape: Option<Shape>, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    match (shape, value) {
        (Some(Shape::Switch), DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
        (Some(Shape::Switch), _) => Err("give true or false, without quotes"),
        (Some(Shape::Number), DeValue::Integer(number)) => Ok(vec![number.as_str().to_owned()]),
        (Some(Shape::Number), _) => Err("give a number, without quotes"),
        (Some(Shape::List), DeValue::Array(items)) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("give a list of texts: [\"…\", \"…\"]"),
        (Some(Shape::List), _) => Err("give a list of texts: [\"…\", \"…\"]"),
        // `target = 3000` reads well and can mean only one thing.
        (Some(Shape::Text), DeValue::Integer(number)) => Ok(vec![number.as_str().to_owned()]),
        (_, DeValue::String(text)) => Ok(vec![text.clone().into_owned()]),
        _ => Err("give a text in quotes"),
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) => "[…]".to_owned(),
        DeValue::Table(_) => "{…}".to_owned(),
    }
}

fn refuse_foreign(
    path: &Path,
    line: usize,
    key: &'static Key,
    texts: &[String],
) -> Result<(), ConfigError> {
    let is_foreign = |text: &String| match key.name {
        "relay" => true,
        "target" => !value::target(text).is_ok_and(|to| value::is_loopback(&to.host)),
        "route" => !value::route(text).is_ok_and(|(_, to)| value::is_loopback(&to.host)),
        _ => false,
    };
    match texts.iter().find(|text| is_foreign(text)) {
        None => Ok(()),
        Some(text) => Err(ConfigError::Forbidden {
            path: path.to_owned(),
            line,
            key: key.name,
            text: text.clone(),
        }),
    }
}

/// The key that is nearest to a word.
fn nearest(name: &str) -> &'static str {
    let keys = KEYS.iter().filter(|key| key.shape.is_some());
    text::nearest(name, keys.map(|key| key.name)).unwrap_or("target")
}
