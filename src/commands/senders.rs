//! The table of senders and the secrets of this user and this project, as the verbs that know webhooks use them.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    cli::webhook::Origin,
    config::{
        ConfigError, Folders, Layers,
        signing::{self, Entry, Place},
    },
    exit::{Failure, Report},
    text,
    webhook::{DefinitionError, Known, Layer, Provider, Secret},
};

/// Files of definitions: the user's, then the project's, which counts more.
pub(super) fn files(folders: &Folders, project: &Path) -> [PathBuf; 2] {
    [
        folders.config.join("providers.toml"),
        project.join("hooktool.providers.toml"),
    ]
}

/// Every known sender.
pub(super) fn known(layers: &Layers) -> Result<Known, Failure> {
    let mut texts = Vec::new();
    for path in files(&layers.folders, &layers.project) {
        match std::fs::read_to_string(&path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::Config(ConfigError::Unreadable {
                    path,
                    detail: error.to_string(),
                }));
            }
        }
    }
    let layers: Vec<_> = texts
        .iter()
        .map(|(name, text)| Layer { name, text })
        .collect();
    Known::load(&layers).map_err(refused)
}

fn refused(error: DefinitionError) -> Failure {
    let what = format!(
        "{}:{}: `{}` cannot be used",
        error.file, error.line, error.field
    );
    Failure::Setting(Report::new(what).because(error.reason))
}

/// The sender of an id.
pub(super) fn named<'k>(known: &'k Known, id: &str) -> Result<&'k Provider, Failure> {
    known.provider(id).ok_or_else(|| {
        let ids = known.providers().map(|provider| provider.id.as_str());
        let nearest = text::nearest(id, ids).unwrap_or("stripe");
        let report = Report::new(format!("there is no provider `{id}`"));
        Failure::Usage(report.hint(format!(
            "the nearest is `{nearest}`; `hooktool providers` lists them"
        )))
    })
}

/// A secret on the command line is seen by everybody on the machine, and kept in the shell's history.
pub(super) fn bare() -> Failure {
    let report = Report::new("a secret is never given on the command line");
    Failure::Usage(
        report
            .hint("env:NAME or file:PATH says where it stands; `hooktool secret add` asks for it"),
    )
}

/// A provider's secret that a flag says where to find.
pub(super) fn given(provider: &str, origin: &Origin) -> Result<Secret, Failure> {
    let (label, bytes) = match origin {
        Origin::Typed => return Err(bare()),
        Origin::Env(name) => (format!("the secret of env:{name}"), signing::variable(name)),
        Origin::File(path) => (
            format!("the secret of file:{}", path.display()),
            signing::content(path),
        ),
    };
    let bytes = bytes.map_err(|reason| {
        Failure::Setting(Report::new("the secret cannot be read").because(reason))
    })?;
    Ok(Secret::new(provider, label, bytes))
}

/// Every entry that is kept, with its file.
pub(super) fn entries(layers: &Layers) -> Result<Vec<(Place, Entry)>, Failure> {
    let mut found = Vec::new();
    for place in Place::all(&layers.folders, &layers.project) {
        let entries = place.read()?.into_iter();
        found.extend(entries.map(|entry| (place.clone(), entry)));
    }
    Ok(found)
}

/// A secret that cannot be had: whose it is, and why not.
pub(super) type Unusable = (String, String);

/// Every secret that can be had, and of the others whose it is and why not.
pub(super) fn secrets(layers: &Layers) -> Result<(Vec<Secret>, Vec<Unusable>), Failure> {
    let mut found = Vec::new();
    let mut failed = Vec::new();
    for (place, entry) in entries(layers)? {
        match entry.secret(&place) {
            Ok(secret) => found.push(secret),
            Err(reason) => failed.push((entry.provider, reason)),
        }
    }
    Ok((found, failed))
}
