//! Tokens of relays, and signing secrets: `secrets.toml`, 0600, written as a whole by commands and by nobody else; and `relay` in
//! `config.toml`.
//!
//! ```toml
//! [tokens]
//! "https://relay.example" = "…"
//!
//! [offers]                            # made here, and not yet taken by an open relay
//! "https://open.example" = "…"
//!
//! [[secret]]
//! provider = "stripe"
//! ```

use std::{fmt, io::ErrorKind, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    ConfigError, Folders,
    folders::{keep_private, replace},
    signing::Entry,
};

/// A token. Debug hides it, and there is no Display.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A token as typed or read, without the white space around it. None if it is empty or cannot be a header's value.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The token itself, for an `Authorization` header.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What `secrets.toml` holds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Secrets {
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    tokens: std::collections::BTreeMap<String, Secret>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    offers: std::collections::BTreeMap<String, Secret>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secret: Vec<Entry>,
}

/// The signing secrets in a file.
///
/// # Errors
/// `Unreadable`, `Syntax`.
pub(super) fn signing(path: &Path) -> Result<Vec<Entry>, ConfigError> {
    Ok(read(path)?.secret)
}

/// Replaces the signing secrets in a file, and nothing else in it.
///
/// # Errors
/// `Unreadable`, `Syntax`, `Unwritable`.
pub(super) fn keep_signing(path: &Path, entries: Vec<Entry>) -> Result<(), ConfigError> {
    let mut secrets = read(path)?;
    secrets.secret = entries;
    write(path, &secrets)
}

/// The token for a relay: `HOOKTOOL_TOKEN`, else the one kept for it.
///
/// # Errors
/// `Unreadable`, `Syntax`.
pub fn token(folders: &Folders, relay: &str) -> Result<Option<Secret>, ConfigError> {
    if let Some(secret) = from_environment() {
        return Ok(Some(secret));
    }
    Ok(read(&folders.secrets())?.tokens.remove(relay))
}

/// Whether `HOOKTOOL_TOKEN` is the token for every relay.
pub fn is_from_environment() -> bool {
    from_environment().is_some()
}

fn from_environment() -> Option<Secret> {
    Secret::new(&std::env::var("HOOKTOOL_TOKEN").unwrap_or_default())
}

/// Keeps a relay's token in place of the one before. What was offered to that relay is of no use any more.
///
/// # Errors
/// `Unreadable`, `Syntax`, `Unwritable`.
pub fn add(folders: &Folders, relay: &str, token: Secret) -> Result<(), ConfigError> {
    let path = folders.secrets();
    let mut secrets = read(&path)?;
    secrets.tokens.insert(relay.to_owned(), token);
    secrets.offers.remove(relay);
    write(&path, &secrets)
}

/// What was offered to a relay that gave no token since.
///
/// # Errors
/// `Unreadable`, `Syntax`.
pub fn offered(folders: &Folders, relay: &str) -> Result<Option<Secret>, ConfigError> {
    Ok(read(&folders.secrets())?.offers.remove(relay))
}

/// Keeps what is offered to a relay until that gives a token.
///
/// # Errors
/// `Unreadable`, `Syntax`, `Unwritable`.
pub fn offer(folders: &Folders, relay: &str, offer: Secret) -> Result<(), ConfigError> {
    let path = folders.secrets();
    let mut secrets = read(&path)?;
    if secrets.offers.get(relay) == Some(&offer) {
        return Ok(());
    }
    secrets.offers.insert(relay.to_owned(), offer);
    write(&path, &secrets)
}

/// Makes a relay the one that `listen` uses, and leaves the rest of `config.toml` as it is.
///
/// # Errors
/// `Unreadable`, `Syntax`, `Unwritable`.
pub fn keep_relay(folders: &Folders, relay: &str) -> Result<(), ConfigError> {
    let path = folders.settings();
    let text = text_of(&path)?;
    let line = format!("relay = {}", toml::Value::from(relay));
    let table = toml::de::DeTable::parse(&text).map_err(|error| syntax(&path, &text, &error))?;
    let before = table
        .get_ref()
        .iter()
        .find(|(key, _)| key.get_ref() == "relay");
    let new = match before {
        Some((key, value)) => {
            let (start, end) = (key.span().start, value.span().end);
            let head = text.get(..start).unwrap_or_default();
            let tail = text.get(end..).unwrap_or_default();
            format!("{head}{line}{tail}")
        }
        // At the top it belongs to no table, whatever follows.
        None => format!("{line}\n{text}"),
    };
    replace(&path, &new).map_err(|error| unwritable(&path, &error))
}

fn read(path: &Path) -> Result<Secrets, ConfigError> {
    // A file that cannot be changed, on a read-only disk say, is still the user's choice.
    let _ = keep_private(path);
    let text = text_of(path)?;
    toml::from_str(&text).map_err(|error| syntax(path, &text, &error))
}

fn write(path: &Path, secrets: &Secrets) -> Result<(), ConfigError> {
    let text = toml::to_string(secrets).map_err(|error| unwritable(path, &error))?;
    replace(path, &text).map_err(|error| unwritable(path, &error))
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ConfigError::Unreadable {
            path: path.to_owned(),
            detail: error.to_string(),
        }),
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.as_bytes().iter().take(at);
    ConfigError::Syntax {
        path: path.to_owned(),
        line: before.filter(|&&byte| byte == b'\n').count() + 1,
        detail: error.message().to_owned(),
    }
}

fn unwritable(path: &Path, error: &impl ToString) -> ConfigError {
    ConfigError::Unwritable {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}
