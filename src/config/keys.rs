//! The table `[keys]` of the user's config: other keys for actions of the inspector.
//!
//! In: TOML. Out: a [`Keymap`], or what is wrong, with file and line. A project's file has no such table: what a key does is for the
//! person at the keyboard to say.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use crate::tui::Keymap;

/// Reads it; none if there is no such table. What is no TOML was refused before.
///
/// # Errors
/// `Keys`.
pub(super) fn read(path: &Path) -> Result<Option<Keymap>, ConfigError> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let Ok(table) = DeTable::parse(&text) else {
        return Ok(None);
    };
    let line_of = |at: usize| {
        let before = text.as_bytes().iter().take(at);
        before.filter(|&&byte| byte == b'\n').count() + 1
    };
    let fault = |at, what: String, hint: String| ConfigError::Keys {
        path: path.to_owned(),
        line: line_of(at),
        what,
        hint,
    };
    let Some((name, value)) = table.get_ref().get_key_value("keys") else {
        return Ok(None);
    };
    let example = || "[keys]  and below it  next-problem = \"x\"".to_owned();
    let DeValue::Table(keys) = value.get_ref() else {
        let what = "`keys` is a table".to_owned();
        return Err(fault(name.span().start, what, example()));
    };
    let mut wishes = Vec::new();
    let mut places = Vec::new();
    for (action, value) in keys {
        let at = action.span().start;
        let Some(chosen) = texts(value.get_ref()) else {
            let what = format!(
                "`{}` takes a key in quotes, or a list of them",
                action.get_ref()
            );
            return Err(fault(at, what, example()));
        };
        wishes.push((action.get_ref().to_string(), chosen));
        places.push(at);
    }
    let map = Keymap::new(&wishes);
    map.map(Some).map_err(|misfit| {
        let at = places.get(misfit.wish).copied();
        fault(at.unwrap_or_default(), misfit.what, misfit.hint)
    })
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::String(key) => Some(vec![key.to_string()]),
        DeValue::Array(keys) => {
            let texts = keys.iter().map(|key| key.get_ref().as_str());
            texts.map(|text| text.map(str::to_owned)).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<Keymap>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).expect("written");
        read(&path).map_err(|error| {
            let folder = folder.path().display().to_string();
            error.to_string().replace(&folder, "")
        })
    }

    #[test]
    fn keys_are_read_and_what_is_wrong_names_its_line() {
        assert!(matches!(read_text("target = 3000"), Ok(None)));
        let two = "[keys]\nmark = \"m\"\nnext-problem = [\"X\", \"Ctrl-t\"]\n";
        assert!(matches!(read_text(two), Ok(Some(_))));
        let wrong = |text| read_text(text).expect_err("an error");
        assert_eq!(
            wrong("[keys]\nmark = \"m\"\nsort = \"r\"\n"),
            "/config.toml:3: r would be both `sort` and `replay`"
        );
        assert_eq!(
            wrong("[keys]\nmarc = \"m\"\n"),
            "/config.toml:2: there is no action `marc`"
        );
        let opening = "[keys]\ncopy = \"Y\"\nexport = \"X\"\ndiff = \"=\"\nreplay-form = \"a\"\nedit = \"i\"\nedit-all = \"I\"\n";
        assert!(matches!(read_text(opening), Ok(Some(_))));
        assert_eq!(
            wrong("[keys]\nmark = 3\n"),
            "/config.toml:2: `mark` takes a key in quotes, or a list of them"
        );
        assert_eq!(wrong("\nkeys = 3\n"), "/config.toml:2: `keys` is a table");
    }
}
