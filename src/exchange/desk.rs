//! A folder of our own for a file that another program edits: 0700, gone with this value; the file is 0600, and named by us, never by
//! a request.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use hooktool_relay::capture::CaptureId;

/// The folder.
#[derive(Debug)]
pub struct Desk(PathBuf);

impl Desk {
    /// A new one, among the system's temporary files.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<Self> {
        // A fresh id is not guessed, and a folder that is there already is refused.
        let folder = std::env::temp_dir().join(format!("hooktool-{}", CaptureId::new()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self(folder))
    }

    /// Lays a file into it; where it is then. Its name tells an editor what it is: a request, JSON, or text.
    ///
    /// # Errors
    /// The system's.
    pub fn lay(&self, bytes: &[u8], is_request: bool) -> io::Result<PathBuf> {
        let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
        let file = self.0.join(match (is_request, is_json) {
            (true, _) => "request.http",
            (false, true) => "body.json",
            (false, false) => "body.txt",
        });
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&file)?.write_all(bytes)?;
        Ok(file)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A file that stays behind is this user's alone.
        let _ = fs::remove_dir_all(&self.0);
    }
}
