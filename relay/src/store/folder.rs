//! The data folder: who may look into it (0700, files 0600, no symlinks), who holds it, and that its entries last. What others
//! may do is taken away; what its owner made read-only is refused, and stays so.
//!
//! In: a path. Out: the path of `relay.db`, and the lock on the folder. Must not know: SQL.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::{StoreError, reserve};

/// The database's name in its folder; SQLite adds `-wal` and `-shm`.
const FILE: &str = "relay.db";
/// Held locked by the relay that runs on the folder.
const LOCK: &str = "relay.lock";

/// Makes the folder and an empty database file in it if they are missing, repairs modes; the database's path, without
/// symlinks in it.
pub(super) fn prepare(folder: &Path) -> Result<PathBuf, StoreError> {
    // Without a slash at its end, which would lead through a link.
    let folder = &folder.components().collect::<PathBuf>();
    let denied = |error: io::Error| StoreError::refused(folder, &error);
    refuse_symlink(folder)?;
    let is_new = !folder.exists();
    if is_new {
        make_folder(folder).map_err(denied)?;
    }
    repair(folder, 0o700)?;
    let folder = folder.canonicalize().map_err(denied)?;
    if is_new && let Some(parent) = folder.parent() {
        sync(parent)?;
    }
    let path = folder.join(FILE);
    for name in [FILE, "relay.db-wal", "relay.db-shm", LOCK, reserve::FILE] {
        let file = folder.join(name);
        refuse_symlink(&file)?;
        if file.exists() {
            repair(&file, 0o600)?;
        }
    }
    open_private(&path).map_err(|error| StoreError::refused(&path, &error))?;
    Ok(path)
}

/// Takes the folder for this process, for as long as the file is kept.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let folder = path.parent().unwrap_or(path);
    let path = folder.join(LOCK);
    let file = open_private(&path).map_err(|error| StoreError::refused(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::refused(folder, &error)),
    }
}

/// Makes the entries of a folder last through a power cut.
pub(super) fn sync(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| StoreError::refused(folder, &error))?;
    }
    Ok(())
}

fn refuse_symlink(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(StoreError::denied(path, "a symbolic link")),
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens or makes a file that nobody else may read.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn repair(path: &Path, mode: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let denied = |error: io::Error| StoreError::refused(path, &error);
    let found = fs::metadata(path).map_err(denied)?.permissions();
    // Modes stop no root: without this it would write what somebody protected.
    if found.mode() & 0o200 == 0 {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    if found.mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(denied)
}

#[cfg(not(unix))]
fn repair(path: &Path, _mode: u32) -> Result<(), StoreError> {
    let found = fs::metadata(path).map_err(|error| StoreError::refused(path, &error))?;
    // On a folder the flag means something else there.
    if found.is_file() && found.permissions().readonly() {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    Ok(())
}
