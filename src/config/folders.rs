//! hooktool's folders and files, and the project's folder.
//!
//! XDG on every Unix, macOS included; `%APPDATA%` on Windows. Folders are made 0700 when something is written.

use std::{
    io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

use super::ConfigError;

/// Where hooktool keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// `config.toml`, `secrets.toml`.
    pub config: PathBuf,
    /// `history.db`, `panes.toml`, `local/`, `relay/`.
    pub data: PathBuf,
}

impl Folders {
    /// Those of this user.
    ///
    /// # Errors
    /// `Homeless`.
    pub fn of_user() -> Result<Self, ConfigError> {
        let base = etcetera::choose_base_strategy()
            .map_err(|error| ConfigError::Homeless(error.to_string()))?;
        Ok(Self {
            config: base.config_dir().join("hooktool"),
            data: base.data_dir().join("hooktool"),
        })
    }

    /// The user's settings.
    pub fn settings(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// Tokens.
    pub fn secrets(&self) -> PathBuf {
        self.config.join("secrets.toml")
    }

    /// The history.
    pub fn history(&self) -> PathBuf {
        self.data.join("history.db")
    }

    /// Where the inspector's panes stand.
    pub fn panes(&self) -> PathBuf {
        self.data.join("panes.toml")
    }

    /// The embedded relay's data for an endpoint.
    pub fn local(&self, endpoint: &str) -> PathBuf {
        self.data.join("local").join(endpoint)
    }

    /// The data of `hooktool relay`, unless `--data` says otherwise.
    pub fn relay(&self) -> PathBuf {
        self.data.join("relay")
    }
}

/// Makes a folder and those above it, for this user alone.
///
/// # Errors
/// The system's.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Replaces a file as a whole: whoever reads it sees the old bytes or the new ones, after a crash too. The file is 0600.
///
/// # Errors
/// The system's.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;

    let folder = file.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&draft)?;
    let written = open
        .write_all(text.as_bytes())
        .and_then(|()| open.sync_all())
        .and_then(|()| std::fs::rename(&draft, file));
    if written.is_err() {
        // What was written so far is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&draft);
    }
    written?;
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

/// Takes a file that others may read away from them; a copy or an editor may have left it so. Missing files are well.
///
/// # Errors
/// The system's.
pub(super) fn keep_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        match std::fs::metadata(file) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                let private = std::fs::Permissions::from_mode(0o600);
                std::fs::set_permissions(file, private)?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The project's folder: the nearest parent with `hooktool.toml` or `.git`, else `here` itself.
pub fn project(here: &Path) -> PathBuf {
    here.ancestors()
        .find(|folder| folder.join(PROJECT_FILE).is_file() || folder.join(".git").exists())
        .unwrap_or(here)
        .to_owned()
}

/// Name of a project's settings.
pub(super) const PROJECT_FILE: &str = "hooktool.toml";
