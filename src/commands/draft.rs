//! A file that is written beside its name and takes it when it is whole; until then the name keeps what it had.
//!
//! ```text
//! .NAME.PID, 0600, new ─▶ written ─▶ keep, keep_new: fsync ─▶ NAME      dropped before: removed
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file on its way.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    /// Where it is now, and where it goes; none for what is no file to be replaced (a pipe, a device).
    way: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    /// Begins one; readable by nobody else.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            // A pipe, `/dev/stdout`, or a link to one: it is written, never replaced.
            let file = OpenOptions::new().write(true).truncate(true).open(path)?;
            return Ok(Self { file, way: None });
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}", std::process::id()));
        let draft = folder.unwrap_or(Path::new(".")).join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(&draft)?,
            way: Some((draft, path.to_owned())),
        })
    }

    /// Gives it its name.
    pub(super) fn keep(mut self) -> io::Result<()> {
        if let Some((draft, path)) = &self.way {
            self.file.sync_all()?;
            fs::rename(draft, path)?;
            self.way = None;
        }
        Ok(())
    }

    /// Gives it its name if nothing has it.
    pub(super) fn keep_new(self) -> io::Result<()> {
        match &self.way {
            Some((draft, path)) => {
                self.file.sync_all()?;
                // A link never replaces a file, as a new name does; the draft's own name goes with it.
                fs::hard_link(draft, path)
            }
            None => Ok(()),
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some((draft, _)) = &self.way {
            // Half a file is of no use; whatever went wrong before is the error to tell.
            let _ = fs::remove_file(draft);
        }
    }
}
