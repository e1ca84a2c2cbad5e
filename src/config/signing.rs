//! Signing secrets: `secrets.toml` in the user's config and `hooktool.secrets.toml` in a project, both 0600.
//!
//! In: the files. Out: entries, and the secrets that they stand for, read when they are asked for. A project's file comes with a
//! repository: it may name variables and its own files, nothing above its folder. Must not know: what is signed.
//!
//! ```toml
//! [[secret]]
//! provider = "stripe"
//! value = "whsec_…"          # or env = "STRIPE_SECRET", or file = "/path"
//! ```

use std::{
    collections::BTreeMap,
    fmt,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ConfigError, Folders, secrets};
use crate::webhook;

/// Largest secret, in bytes: a certificate with its chain has some thousand.
pub const LARGEST: u64 = 64 * 1024;

/// Name of a project's file.
const PROJECT_FILE: &str = "hooktool.secrets.toml";

/// A secret as it is kept: itself, or where it stands.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Whose: a provider's id.
    pub provider: String,
    /// A name, to tell several apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The variable that it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The file that it stands in; a relative one in the folder of the file that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Settings beside it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {})", self.provider, self.stands())
    }
}

impl Entry {
    /// Where the secret stands, in words that do not show it.
    pub fn stands(&self) -> String {
        match (&self.env, &self.file) {
            (Some(name), _) => format!("env:{name}"),
            (None, Some(path)) => format!("file:{}", path.display()),
            (None, None) => "kept here".to_owned(),
        }
    }

    /// The secret.
    ///
    /// # Errors
    /// Why it cannot be had, in words that do not show it.
    pub fn secret(&self, place: &Place) -> Result<webhook::Secret, String> {
        let label = match &self.name {
            Some(name) => format!("the secret `{name}`"),
            None if self.value.is_some() => format!("the secret in {}", place.path.display()),
            None => format!("the secret of {}", self.stands()),
        };
        let bytes = match (&self.value, &self.env, &self.file) {
            (Some(value), ..) => value.clone().into_bytes(),
            (None, Some(name), _) => variable(name)?,
            (None, None, Some(path)) => content(&place.resolve(path)?)?,
            (None, None, None) => return Err("it has no value, env or file".to_owned()),
        };
        if bytes.is_empty() {
            return Err(format!("{} is empty", self.stands()));
        }
        let mut secret = webhook::Secret::new(self.provider.clone(), label, bytes);
        secret.config.clone_from(&self.config);
        Ok(secret)
    }
}

/// A file of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Whether it came with a project.
    pub is_project: bool,
}

impl Place {
    /// The user's and the project's, the user's first.
    pub fn all(folders: &Folders, project: &Path) -> [Self; 2] {
        [
            Self {
                path: folders.secrets(),
                is_project: false,
            },
            Self {
                path: project.join(PROJECT_FILE),
                is_project: true,
            },
        ]
    }

    /// What it holds; nothing, if it is not there.
    ///
    /// # Errors
    /// `Unreadable`, `Syntax`.
    pub fn read(&self) -> Result<Vec<Entry>, ConfigError> {
        secrets::signing(&self.path)
    }

    /// Replaces what it holds, and nothing else in it.
    ///
    /// # Errors
    /// `Unreadable`, `Syntax`, `Unwritable`.
    pub fn write(&self, entries: Vec<Entry>) -> Result<(), ConfigError> {
        secrets::keep_signing(&self.path, entries)
    }

    /// The files that its entries name, those that it may name. What cannot be read names none.
    pub fn named(&self) -> Vec<PathBuf> {
        let entries = self.read().unwrap_or_default().into_iter();
        let paths = entries.filter_map(|entry| entry.file);
        paths.filter_map(|path| self.resolve(&path).ok()).collect()
    }

    fn resolve(&self, path: &Path) -> Result<PathBuf, String> {
        let is_above = path.is_absolute()
            || path
                .components()
                .any(|part| matches!(part, Component::ParentDir));
        if self.is_project && is_above {
            return Err(format!(
                "a project may not name {}: it is outside its folder",
                path.display()
            ));
        }
        Ok(match self.path.parent() {
            Some(folder) => folder.join(path),
            None => path.to_owned(),
        })
    }
}

/// The secret in a variable.
///
/// # Errors
/// It is not set.
pub fn variable(name: &str) -> Result<Vec<u8>, String> {
    let value = std::env::var_os(name).ok_or_else(|| format!("the variable {name} is not set"))?;
    Ok(value.into_encoded_bytes())
}

/// The secret in a file, without the line end that an editor puts behind it.
///
/// # Errors
/// The file cannot be read, or is too large.
pub fn content(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;

    let wrong = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = std::fs::File::open(path).map_err(wrong)?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(wrong)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{} is too large to be a secret", path.display()));
    }
    Ok(without_line_end(bytes))
}

/// The bytes without one line end at their end.
pub fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    bytes
}
