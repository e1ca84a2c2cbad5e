//! The senders and the secrets that are known at a moment, and whoever has them.
//!
//! Plain values and one seam: where definitions and secrets are kept, and when they are read again, others know.

use std::{fmt, sync::Arc};

use super::{doctor::Doctor, key::Secret, known::Known};

/// The senders, and the secrets by which their signatures are judged and made.
#[derive(Debug)]
pub struct Keys {
    /// The senders.
    pub known: Arc<Known>,
    /// The secrets, of any provider, several of one.
    pub secrets: Vec<Secret>,
}

/// The built-in senders, and no secret.
impl Default for Keys {
    fn default() -> Self {
        Self {
            known: Known::built_in().clone(),
            secrets: Vec::new(),
        }
    }
}

impl Keys {
    /// The doctor that judges by these.
    pub fn doctor(&self) -> Doctor<'_> {
        Doctor {
            known: &self.known,
            secrets: &self.secrets,
        }
    }
}

/// Has the senders and the secrets as they are now.
pub trait Keyring: fmt::Debug + Send + Sync {
    /// As they are now. It may look at files, and waits for nothing else.
    fn keys(&self) -> Arc<Keys>;

    /// Keeps a secret of a provider for this user, so that it is among the keys from now on. Answers where it is.
    ///
    /// # Errors
    /// Why not, in words that do not show it.
    fn keep(&self, provider: &str, secret: &str) -> Result<String, String>;
}

/// Keys that stay as they are.
impl Keyring for Arc<Keys> {
    fn keys(&self) -> Arc<Keys> {
        self.clone()
    }

    fn keep(&self, _: &str, _: &str) -> Result<String, String> {
        Err("there is no place to keep it".to_owned())
    }
}
