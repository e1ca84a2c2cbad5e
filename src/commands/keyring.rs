//! The senders and the secrets of this user and this project, read again when a file changed that they came from.
//!
//! In: the files, looked at whenever somebody asks. Out: [`Keys`]. What cannot be read any more stays as it was, and is told once.
//!
//! ```text
//! asked ─▶ stamps of the files: as before? ─yes─▶ the same keys
//!                                    └─no─▶ read: well? ─yes─▶ new keys      no ─▶ told, the old ones
//! ```

use std::{
    fmt,
    fs::Metadata,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{
    secret,
    senders::{self, Unusable},
};
use crate::{
    config::{
        Layers,
        signing::{Entry, Place},
    },
    event::Board,
    exit::Failure,
    output::say,
    text::{Mode, safe},
    webhook::{Keyring, Keys, Secret},
};

/// What tells that a file is another one, or was written; none: it is not there.
type Stamp = Option<(u64, u64, SystemTime)>;

/// The files, and what was read of them.
pub(super) struct FileKeys {
    layers: Layers,
    tell: Box<dyn Fn(String) + Send + Sync>,
    read: Mutex<Read>,
}

struct Read {
    /// Files of definitions, and files of secrets with those that they name.
    stamps: [Vec<(PathBuf, Stamp)>; 2],
    keys: Arc<Keys>,
}

impl FileKeys {
    /// Reads them, and says on stderr which secrets cannot be had.
    ///
    /// # Errors
    /// A definition or a file of secrets that cannot be used.
    pub(super) fn read(layers: &Layers) -> Result<Self, Failure> {
        let tell = |told: String| say(format_args!("{}", safe(told.as_bytes(), Mode::Cell)));
        let stamps = stamps(layers);
        let known = senders::known(layers)?;
        let (secrets, unusable) = senders::secrets(layers)?;
        tell_unusable(&tell, &unusable);
        let keys = Arc::new(Keys {
            known: Arc::new(known),
            secrets,
        });
        Ok(Self {
            layers: layers.clone(),
            tell: Box::new(tell),
            read: Mutex::new(Read { stamps, keys }),
        })
    }

    /// Reads them for a verb that can do without: what cannot be used is told, and left out.
    pub(super) fn lenient(layers: &Layers) -> Arc<Keys> {
        match Self::read(layers) {
            Ok(read) => read.keys(),
            Err(failure) => {
                let why = failure.sentence();
                let why = safe(why.as_bytes(), Mode::Cell);
                say(format_args!(
                    "{why}; signatures are told by the built-in definitions alone"
                ));
                Arc::new(Keys::default())
            }
        }
    }

    /// The same, with another place for what goes wrong from now on.
    pub(super) fn telling(self, board: &Board) -> Self {
        let board = board.clone();
        Self {
            tell: Box::new(move |told| board.tell(true, told)),
            ..self
        }
    }

    fn known(&self, before: &Keys) -> Arc<crate::webhook::Known> {
        match senders::known(&self.layers) {
            Ok(known) => Arc::new(known),
            Err(failure) => {
                let why = failure.sentence();
                (self.tell)(format!("{why}; the definitions stay as they were"));
                before.known.clone()
            }
        }
    }

    fn secrets(&self, before: &Keys) -> Vec<Secret> {
        match senders::secrets(&self.layers) {
            Ok((secrets, unusable)) => {
                tell_unusable(&self.tell, &unusable);
                secrets
            }
            Err(failure) => {
                let why = failure.sentence();
                (self.tell)(format!("{why}; the secrets stay as they were"));
                before.secrets.clone()
            }
        }
    }
}

impl Keyring for FileKeys {
    fn keys(&self) -> Arc<Keys> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &Vec<(PathBuf, Stamp)>| one.iter().all(|(path, old)| stamp(path) == *old);
        if !read.stamps.iter().all(same) {
            // Stamped before it is read: what is written meanwhile is read the next time.
            let stamps = stamps(&self.layers);
            let [definitions, _] = &read.stamps;
            let known = match same(definitions) {
                true => read.keys.known.clone(),
                false => self.known(&read.keys),
            };
            let secrets = self.secrets(&read.keys);
            let keys = Arc::new(Keys { known, secrets });
            *read = Read { stamps, keys };
        }
        read.keys.clone()
    }

    fn keep(&self, provider: &str, secret: &str) -> Result<String, String> {
        let [place, _] = Place::all(&self.layers.folders, &self.layers.project);
        let entry = Entry {
            provider: provider.to_owned(),
            value: Some(secret.to_owned()),
            ..Entry::default()
        };
        let kept = secret::keep(&place, entry);
        kept.map_err(|error| Failure::Config(error).sentence())?;
        Ok(place.path.display().to_string())
    }
}

impl fmt::Debug for FileKeys {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("FileKeys");
        shown.field("project", &self.layers.project);
        shown.finish_non_exhaustive()
    }
}

fn tell_unusable(tell: &dyn Fn(String), unusable: &[Unusable]) {
    for (provider, reason) in unusable {
        tell(format!("a secret for {provider} cannot be used: {reason}"));
    }
}

fn stamps(layers: &Layers) -> [Vec<(PathBuf, Stamp)>; 2] {
    let stamped = |path: PathBuf| {
        let stamp = stamp(&path);
        (path, stamp)
    };
    let definitions = senders::files(&layers.folders, &layers.project);
    let places = Place::all(&layers.folders, &layers.project);
    let named = places.iter().flat_map(Place::named);
    let named: Vec<_> = named.collect();
    let own = places.into_iter().map(|place| place.path);
    [
        definitions.into_iter().map(stamped).collect(),
        own.chain(named).map(stamped).collect(),
    ]
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    Some((inode(&found), found.len(), written))
}

/// A file that takes another's name is another file, though both be written in one tick of the clock.
#[cfg(unix)]
fn inode(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}
