//! Certificates from files, read again when they change.
//!
//! In: the paths of a PEM chain and key. Out: a rustls configuration whose certificate is swapped whole. Must not know: who
//! connects, or what is spoken over it.
//!
//! ```text
//! load ─▶ serve ─▶ (every 5 s: mtime or length changed?) ─▶ load ─▶ good: swapped, for new handshakes
//!           ▲                                                  └──▶ bad: logged, the old one stays
//!           └──────────────────────────────────────────────────────┘
//! ```

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::TlsFiles;

/// How often the files are looked at: a renewal may take its time, but a person who replaced a certificate looks soon.
const WATCH: Duration = Duration::from_secs(5);

/// What is spoken over TLS, best first (RFC 7301).
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What is wrong with certificate files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds none of what belongs there.
    #[error("{path} holds no {what} in PEM form")]
    Empty {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// A file is not PEM, or what is in it is of no use.
    #[error("{path}: {detail}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        detail: String,
    },
    /// The key is not the certificate's.
    #[error("the key in {key} does not belong to the certificate in {cert}")]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The cryptography cannot do what TLS 1.2 and 1.3 ask.
    #[error("tls: {0}")]
    Provider(rustls::Error),
}

/// When a file was changed and how long it is: what tells one version of it from the next.
type Look = [Option<(SystemTime, u64)>; 2];

/// The certificate that a relay shows, and the files it comes from.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    seen: Mutex<Look>,
}

impl Certificates {
    /// Reads the files. Blocks, shortly.
    ///
    /// # Errors
    /// [`TlsError`], naming the file.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Looked at before they are read: a change in between is seen as one.
        let seen = look(&files);
        let key = load(&files, &provider)?;
        Ok(Self {
            files,
            provider,
            shown: Arc::new(Shown(Mutex::new(Arc::new(key)))),
            seen: Mutex::new(seen),
        })
    }

    /// A configuration for TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, that shows whichever certificate was read last.
    ///
    /// # Errors
    /// [`TlsError::Provider`].
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Provider)?
            .with_no_client_auth()
            .with_cert_resolver(self.shown.clone());
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(config)
    }

    /// Reads the files again if one has changed since they were last read, and says whether another certificate is shown
    /// now. Blocks, shortly.
    ///
    /// # Errors
    /// [`TlsError`]: the old certificate stays, and the files are not tried again before their next change.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let now = look(&self.files);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let key = load(&self.files, &self.provider)?;
        self.shown.swap(key);
        Ok(true)
    }

    /// Looks at the files every few seconds, for ever.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = interval(WATCH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let files = self.clone();
            match tokio::task::spawn_blocking(move || files.reload()).await {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => {
                    tracing::info!(cert = %self.files.cert.display(), "certificate read again");
                }
                Ok(Err(error)) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "changed certificate files are of no use: the old certificate stays"
                ),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "certificate task");
                }
            }
        }
    }
}

/// One certificate for every name: the names are in it, and it is the client that compares.
#[derive(Debug)]
struct Shown(Mutex<Arc<CertifiedKey>>);

impl Shown {
    fn swap(&self, key: CertifiedKey) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

fn look(files: &TlsFiles) -> Look {
    [&files.cert, &files.key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn load(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| in_file(&files.cert, "certificate", error))?;
    if chain.is_empty() {
        return Err(in_file(
            &files.cert,
            "certificate",
            pem::Error::NoItemsFound,
        ));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| in_file(&files.key, "private key", error))?;
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| invalid(&files.key, &error))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        // What cannot be compared is not known to be wrong.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(pair)
        }
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            cert: files.cert.clone(),
            key: files.key.clone(),
        }),
        Err(error) => Err(invalid(&files.cert, &error)),
    }
}

fn in_file(path: &Path, what: &'static str, error: pem::Error) -> TlsError {
    let path = path.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Unreadable { path, source },
        pem::Error::NoItemsFound => TlsError::Empty { path, what },
        other => invalid(&path, &other),
    }
}

fn invalid(path: &Path, error: &dyn std::error::Error) -> TlsError {
    TlsError::Invalid {
        path: path.to_owned(),
        detail: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(cert: &str, key: &str) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            folder.write(cert, key);
            folder
        }

        fn write(&self, cert: &str, key: &str) {
            let files = self.files();
            std::fs::write(files.cert, cert).unwrap();
            std::fs::write(files.key, key).unwrap();
        }

        fn files(&self) -> TlsFiles {
            TlsFiles {
                cert: self.0.path().join("cert.pem"),
                key: self.0.path().join("key.pem"),
            }
        }
    }

    fn pair(name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn shown(certificates: &Certificates) -> CertificateDer<'static> {
        certificates.shown.0.lock().unwrap().cert[0].clone()
    }

    #[test]
    fn a_changed_certificate_is_shown_and_a_bad_one_is_not() {
        let (cert, key) = pair("one.example");
        let folder = Folder::with(&cert, &key);
        let certificates = Certificates::open(folder.files()).unwrap();
        let first = shown(&certificates);
        assert!(!certificates.reload().unwrap());

        let (cert, key) = pair("a-longer-name.two.example");
        folder.write(&cert, &key);
        assert!(certificates.reload().unwrap());
        let second = shown(&certificates);
        assert_ne!(second, first);

        folder.write("half a fi", &key);
        assert!(matches!(certificates.reload(), Err(TlsError::Empty { .. })));
        assert!(!certificates.reload().unwrap(), "tried once a change");
        assert_eq!(shown(&certificates), second);

        std::fs::remove_file(folder.files().cert).unwrap();
        assert!(matches!(
            certificates.reload(),
            Err(TlsError::Unreadable { .. })
        ));
        folder.write(&cert, &key);
        assert!(certificates.reload().unwrap());
        assert_eq!(shown(&certificates), second);
    }

    #[test]
    fn errors_name_the_file() {
        let (cert, key) = pair("one.example");
        let (_, foreign) = pair("two.example");
        let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        let cases: [(&str, &str, &str); 5] = [
            ("", &key, "cert.pem holds no certificate in PEM form"),
            (&cert, "", "key.pem holds no private key in PEM form"),
            (&cert, &cert, "key.pem holds no private key in PEM form"),
            (broken, &key, "cert.pem: "),
            (&cert, &foreign, "does not belong to the certificate in"),
        ];
        for (cert, key, words) in cases {
            let folder = Folder::with(cert, key);
            let error = Certificates::open(folder.files()).unwrap_err().to_string();
            assert!(error.contains(words), "{error:?} lacks {words:?}");
        }
        let folder = Folder::with(&cert, &key);
        std::fs::remove_file(folder.files().key).unwrap();
        let error = Certificates::open(folder.files()).unwrap_err();
        assert!(error.to_string().ends_with("key.pem"), "{error}");
        assert!(matches!(error, TlsError::Unreadable { .. }));
    }
}
