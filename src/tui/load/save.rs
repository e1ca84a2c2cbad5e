//! A body into a file that a person named, as received, byte for byte.
//!
//! In: whose body, a path. Out: how it went, always. Blocking. A file that is there is replaced only if that was said, and then at
//! once: it is written beside it first.
//!
//! ```text
//! new:       create, refused if there is one ─▶ written ─▶ kept (removed if that fails)
//! replacing: .NAME.PID beside it ─▶ written ─▶ takes its name
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hooktool_relay::capture::Body;

use crate::{
    history::{HistoryError, Reader},
    tui::{
        page,
        state::{Tab, Wish},
    },
};

/// Bytes that are read and written at once.
const PIECE: usize = 1024 * 1024;

/// What is to be saved, and where.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tui) struct Save {
    pub(in crate::tui) wish: Wish,
    /// The answer's body in [`Tab::Response`], else the request's.
    pub(in crate::tui) tab: Tab,
    /// As typed; `~/` is the home.
    pub(in crate::tui) path: String,
    /// Whether a file that is there may be replaced.
    pub(in crate::tui) replaces: bool,
}

/// How it went.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tui) enum Saved {
    /// All of it is in the file; how many bytes.
    Done(u64),
    /// There is a file of that name.
    Exists,
    /// Why not, in words.
    Failed(String),
}

/// Saves.
pub(super) fn save(reader: &Reader, save: &Save) -> Result<Saved, HistoryError> {
    let path = in_home(&save.path);
    let draft = match Draft::new(&path, save.replaces) {
        Ok(draft) => draft,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Saved::Exists),
        Err(error) => return Ok(Saved::Failed(error.to_string())),
    };
    let Some(pieces) = pieces(reader, save)? else {
        return Ok(Saved::Failed("there is no body".to_owned()));
    };
    let written = match pieces {
        Pieces::Kept(bytes) => draft.write(std::iter::once(Ok(bytes))),
        Pieces::Stored(len) => {
            let places = (0..len).step_by(PIECE);
            draft.write(places.map(|at| reader.body(save.wish.number, at, PIECE)))
        }
    };
    written.map(|written| match written {
        Ok(len) => Saved::Done(len),
        Err(error) => Saved::Failed(error.to_string()),
    })
}

/// Where the bytes are.
enum Pieces {
    Kept(Bytes),
    Stored(u64),
}

fn pieces(reader: &Reader, save: &Save) -> Result<Option<Pieces>, HistoryError> {
    let number = save.wish.number;
    if save.tab == Tab::Response {
        let attempts = reader.attempts(number)?;
        let answer = page::answer(&attempts, &save.wish);
        return Ok(answer.map(|answer| Pieces::Kept(answer.body.clone())));
    }
    let request = reader.request(number)?;
    Ok(request.and_then(|request| match &request.capture.body {
        Body::Absent => None,
        Body::Whole(bytes) => Some(Pieces::Kept(bytes.clone())),
        body @ Body::Pieces(_) => Some(Pieces::Stored(body.len())),
    }))
}

fn in_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// A file that is not whole yet: removed unless it is kept.
struct Draft {
    file: File,
    at: PathBuf,
    /// The name that it takes when it is whole.
    takes: Option<PathBuf>,
    is_kept: bool,
}

impl Draft {
    fn new(path: &Path, replaces: bool) -> io::Result<Self> {
        let (at, takes) = match path.symlink_metadata() {
            Ok(there) if !there.is_file() => {
                return Err(io::Error::other("there is something that is no file"));
            }
            Ok(_) if replaces => {
                let mut name = std::ffi::OsString::from(".");
                name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
                name.push(format!(".{}", std::process::id()));
                (path.with_file_name(name), Some(path.to_owned()))
            }
            _ => (path.to_owned(), None),
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(&at)?,
            at,
            takes,
            is_kept: false,
        })
    }

    /// Writes every piece and keeps the file; answers how many bytes.
    fn write(
        mut self,
        pieces: impl Iterator<Item = Result<Bytes, HistoryError>>,
    ) -> Result<io::Result<u64>, HistoryError> {
        let mut len = 0;
        for piece in pieces {
            let piece = piece?;
            len += piece.len() as u64;
            if let Err(error) = self.file.write_all(&piece) {
                return Ok(Err(error));
            }
        }
        if let Some(path) = &self.takes
            && let Err(error) = fs::rename(&self.at, path)
        {
            return Ok(Err(error));
        }
        self.is_kept = true;
        Ok(Ok(len))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_kept {
            // Half a file is of no use; whatever went wrong before is the error to tell.
            let _ = fs::remove_file(&self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, replaces: bool, text: &'static str) -> io::Result<u64> {
        let pieces = [Ok(Bytes::from_static(text.as_bytes())), Ok(Bytes::new())];
        let written = Draft::new(path, replaces)?.write(pieces.into_iter());
        written.expect("no history is read")
    }

    #[test]
    fn a_file_is_replaced_only_if_that_was_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("body");
        assert_eq!(write(&path, false, "one").expect("written"), 3);
        let refused = write(&path, false, "two").expect_err("it is there");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("read"), b"one");
        assert_eq!(write(&path, true, "three").expect("written"), 5);
        assert_eq!(fs::read(&path).expect("read"), b"three");
        assert!(
            write(folder.path(), true, "").is_err(),
            "a folder is no file"
        );
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_written_whole_does_not_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("body");
        let draft = Draft::new(&path, false).expect("made");
        let lost = Err(HistoryError::Denied {
            path: path.clone(),
            detail: String::new(),
        });
        assert!(draft.write(std::iter::once(lost)).is_err());
        assert!(!path.exists());
    }
}
