//! `hooktool config`: the settings in force and where each came from; the files they may stand in.

use std::{
    io::{self, Write as _},
    path::Path,
};

use crate::{
    cli::ConfigVerb,
    config::{Folders, Layers, project},
    exit::Failure,
    text::{self, Mode},
};

/// Prints settings or files.
pub(super) fn run(verb: ConfigVerb) -> Result<(), Failure> {
    match verb {
        ConfigVerb::Show => show(),
        ConfigVerb::Path => path(),
    }
}

fn show() -> Result<(), Failure> {
    let layers = Layers::read(None, &super::here()?)?;
    let rows: Vec<_> = layers.shown().collect();
    let width = rows.iter().map(|(setting, _)| setting.chars().count());
    let width = width.max().unwrap_or_default().min(48);
    let mut out = io::stdout().lock();
    for (setting, origin) in rows {
        let setting = text::safe(setting.as_bytes(), Mode::Body);
        let origin = origin.to_string();
        let origin = text::safe(origin.as_bytes(), Mode::Cell);
        writeln!(out, "{setting:width$}  # {origin}")?;
    }
    Ok(())
}

fn path() -> Result<(), Failure> {
    let folders = Folders::of_user()?;
    let files = [
        ("config", folders.settings()),
        ("secrets", folders.secrets()),
        ("senders", folders.config.join("providers.toml")),
        ("project", project(&super::here()?).join("hooktool.toml")),
        ("history", folders.history()),
        ("relay", folders.relay()),
    ];
    let mut out = io::stdout().lock();
    for (name, path) in files {
        writeln!(out, "{name:8} {}{}", shown(&path), mark(&path))?;
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    text::safe(path.as_os_str().as_encoded_bytes(), Mode::Cell).to_string()
}

fn mark(path: &Path) -> &'static str {
    if path.exists() { "" } else { "  (not there)" }
}
