//! The layers themselves: every key, what each layer says of it, and which one counts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, parser::ValueSource};

use super::{ConfigError, Folders, Origin, file, folders, keys, project};
use crate::{
    cli::value,
    target::Target,
    text::Zone,
    tui::{Keymap, Theme},
};

/// What a value looks like in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Switch,
    List,
}

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    /// As in files, and the long flag's name.
    pub(super) name: &'static str,
    /// Its shape in files; none: by flag and environment only.
    pub(super) shape: Option<Shape>,
    /// What holds when nobody set it.
    default: Option<&'static str>,
    /// Whether a text fits.
    pub(super) check: fn(&str) -> Result<(), String>,
}

macro_rules! key {
    ($name:literal, $shape:expr, $default:expr, $parse:expr) => {
        Key {
            name: $name,
            shape: $shape,
            default: $default,
            check: |text| $parse(text).map(drop),
        }
    };
}

/// Every setting, in the order in which `config show` prints them.
pub(super) const KEYS: &[Key] = &[
    key!("target", Some(Shape::Text), None, value::target),
    key!("route", Some(Shape::List), None, value::route),
    key!("only", Some(Shape::Text), None, value::only),
    key!("relay", Some(Shape::Text), Some("local"), value::relay),
    key!("endpoint", Some(Shape::Text), None, value::endpoint),
    key!("from", None, None, value::from),
    key!("answer", Some(Shape::Text), Some("app"), value::answer),
    key!("respond", Some(Shape::Text), None, value::respond),
    key!("deadline", Some(Shape::Text), Some("4.5s"), value::duration),
    key!(
        "answer-challenges",
        Some(Shape::Switch),
        Some("false"),
        value::switch
    ),
    key!("timeout", Some(Shape::Text), Some("60s"), value::duration),
    key!(
        "max-in-flight",
        Some(Shape::Number),
        Some("32"),
        value::in_flight
    ),
    key!("retry", Some(Shape::Number), Some("0"), value::retry),
    key!("hold", Some(Shape::Switch), Some("false"), value::switch),
    key!(
        "wait-for-target",
        Some(Shape::Switch),
        Some("false"),
        value::switch
    ),
    key!("header", Some(Shape::List), None, value::header),
    key!(
        "host-header",
        Some(Shape::Text),
        Some("target"),
        value::host_header
    ),
    key!(
        "insecure",
        Some(Shape::Switch),
        Some("false"),
        value::switch
    ),
    key!("output", Some(Shape::Text), None, value::output),
    key!("json", None, Some("false"), value::switch),
    key!("color", Some(Shape::Text), Some("auto"), value::color),
    key!(
        "theme",
        Some(Shape::Text),
        Some("auto"),
        str::parse::<Theme>
    ),
    key!("ascii", Some(Shape::Switch), None, value::switch),
    key!(
        "animation",
        Some(Shape::Switch),
        Some("true"),
        value::switch
    ),
    key!("utc", Some(Shape::Switch), Some("false"), value::switch),
];

/// A key as a layer has it: its name, its values, where they stand.
pub(super) type Line = (&'static str, Vec<String>, Origin);

/// What one layer says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its values; more than one only for a list.
    pub(super) texts: Vec<String>,
    /// Where they stand.
    pub(super) origin: Origin,
    /// Which layer: the higher one counts.
    rank: u8,
}

/// All layers, put one over the other.
#[derive(Clone, Debug)]
pub struct Layers {
    /// hooktool's folders.
    pub folders: Folders,
    /// The project's folder.
    pub project: PathBuf,
    /// Other keys for actions of the inspector, from the user's file.
    pub keys: Option<Keymap>,
    entries: BTreeMap<&'static str, Entry>,
}

impl Layers {
    /// Reads the files and lays `listen`'s flags over them; other verbs have none, and give no matches.
    ///
    /// # Errors
    /// `Homeless`, `Unreadable`, `Syntax`, `Unknown`, `Value`, `Forbidden`.
    pub fn read(matches: Option<&ArgMatches>, here: &Path) -> Result<Self, ConfigError> {
        let folders = Folders::of_user()?;
        let project = project(here);
        let project_file = project.join(folders::PROJECT_FILE);
        let mut layers = Self {
            entries: BTreeMap::new(),
            keys: keys::read(&folders.settings())?,
            project,
            folders,
        };
        layers.lay(0, defaults());
        layers.lay(1, file::read(&layers.folders.settings(), false)?);
        layers.lay(2, file::read(&project_file, true)?);
        layers.lay(3, environment()?);
        if let Some(matches) = matches {
            layers.lay(4, flags(matches));
        }
        Ok(layers)
    }

    fn lay(&mut self, rank: u8, layer: Vec<Line>) {
        for (name, texts, origin) in layer {
            let entry = Entry {
                texts,
                origin,
                rank,
            };
            self.entries.insert(name, entry);
        }
    }

    /// A list's values.
    pub(super) fn all<T>(
        &self,
        key: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(entry) = self.entries.get(key) else {
            return Ok(Vec::new());
        };
        let one = |text: &String| {
            parse(text).map_err(|reason| ConfigError::Value {
                origin: entry.origin.clone(),
                key,
                text: text.clone(),
                reason,
            })
        };
        entry.texts.iter().map(one).collect()
    }

    /// A value that may be missing.
    pub(super) fn one<T>(
        &self,
        key: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        Ok(self.all(key, parse)?.pop())
    }

    /// A value that has a default.
    pub(super) fn need<T>(
        &self,
        key: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.one(key, parse)?.ok_or_else(|| ConfigError::Value {
            origin: Origin::Default,
            key,
            text: String::new(),
            reason: "it needs a value".to_owned(),
        })
    }

    /// Whether `first` was said in a higher layer than `second`.
    pub(super) fn is_above(&self, first: &'static str, second: &'static str) -> bool {
        let rank = |key| self.entries.get(key).map_or(0, |entry: &Entry| entry.rank);
        rank(first) > rank(second)
    }

    /// Where requests go, as far as the settings say.
    ///
    /// # Errors
    /// `Value`.
    pub fn target(&self) -> Result<Option<Target>, ConfigError> {
        self.one("target", value::target)
    }

    /// Which clock times are shown on.
    ///
    /// # Errors
    /// `Value`.
    pub fn zone(&self) -> Result<Zone, ConfigError> {
        match self.need("utc", value::switch)? {
            true => Ok(Zone::Utc),
            false => Ok(Zone::Local),
        }
    }

    /// Every setting that has a value, as TOML, with its origin.
    pub fn shown(&self) -> impl Iterator<Item = (String, &Origin)> {
        KEYS.iter().filter_map(|key| {
            let entry = self.entries.get(key.name)?;
            // What no file can hold is worth a line only when somebody set it.
            if key.shape.is_none() && entry.origin == Origin::Default {
                return None;
            }
            Some((
                format!("{} = {}", key.name, toml(key, entry)),
                &entry.origin,
            ))
        })
    }
}

fn toml(key: &Key, entry: &Entry) -> String {
    let quoted = |text: &String| toml::Value::from(text.as_str()).to_string();
    match key.shape {
        Some(Shape::List) => {
            let all: Vec<_> = entry.texts.iter().map(quoted).collect();
            format!("[{}]", all.join(", "))
        }
        Some(Shape::Number) => entry.texts.concat(),
        Some(Shape::Switch) => {
            let text = entry.texts.concat();
            value::switch(&text).map_or(text, |is_on| is_on.to_string())
        }
        Some(Shape::Text) | None => entry.texts.iter().map(quoted).collect(),
    }
}

fn defaults() -> Vec<Line> {
    let one = |key: &Key| Some((key.name, vec![key.default?.to_owned()], Origin::Default));
    KEYS.iter().filter_map(one).collect()
}

/// The variable that stands for a key.
fn variable(key: &str) -> String {
    format!("HOOKTOOL_{}", key.replace('-', "_").to_ascii_uppercase())
}

fn environment() -> Result<Vec<Line>, ConfigError> {
    let mut found = Vec::new();
    for key in KEYS {
        let name = variable(key.name);
        // An empty variable is how containers and shells say "not set".
        let Some(text) = std::env::var_os(&name).filter(|text| !text.is_empty()) else {
            continue;
        };
        let text = text.display().to_string();
        let texts: Vec<String> = match key.name {
            "route" => text.split(',').map(str::to_owned).collect(),
            _ => vec![text],
        };
        let origin = Origin::Env(name);
        for text in &texts {
            (key.check)(text).map_err(|reason| ConfigError::Value {
                origin: origin.clone(),
                key: key.name,
                text: text.clone(),
                reason,
            })?;
        }
        found.push((key.name, texts, origin));
    }
    Ok(found)
}

fn flags(matches: &ArgMatches) -> Vec<Line> {
    let one = |key: &Key| {
        let id = key.name.replace('-', "_");
        // `utc` and its neighbours have no flag; clap panics when asked for an argument that it does not know.
        matches.try_contains_id(&id).ok()?;
        if matches.value_source(&id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let given = matches.get_raw(&id)?;
        let texts = given.map(|text| text.display().to_string()).collect();
        Some((key.name, texts, Origin::Flag))
    };
    KEYS.iter().filter_map(one).collect()
}
