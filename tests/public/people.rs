//! The operator of a public relay, its users and its certificate authority: the real binary, each in a home of its own.
//!
//! Every process runs with umask 000, so that a file which relies on it shows.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::CertificateDer;
use tempfile::TempDir;

use crate::support::eventually;

/// A certificate authority that nobody knows but who is told.
pub(super) struct Ca {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    pub(super) root: CertificateDer<'static>,
}

impl Ca {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        let folder = tempfile::tempdir().expect("a folder");
        // Authorities of one name would be told apart by their signatures alone.
        let name = folder.path().display().to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("signed");
        fs::write(folder.path().join("ca.pem"), root.pem()).expect("written");
        Self {
            folder,
            issuer: Issuer::new(params, key),
            root: root.der().clone(),
        }
    }

    /// Where it is written for `SSL_CERT_FILE`.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Writes a certificate for this machine, and its key, in place of the ones before.
    pub(super) fn issue(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let params = CertificateParams::new(names).expect("names");
        let cert = params.signed_by(&key, &self.issuer).expect("signed");
        fs::write(self.cert(), cert.pem()).expect("written");
        fs::write(self.key(), key.serialize_pem()).expect("written");
        cert.der().clone()
    }

    pub(super) fn cert(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

/// Somebody with a home folder, who may trust an authority.
pub(super) struct User {
    home: TempDir,
    trusts: Option<PathBuf>,
}

impl User {
    pub(super) fn new(trusts: Option<&Ca>) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("project")).expect("made");
        Self {
            home,
            trusts: trusts.map(Ca::file),
        }
    }

    /// Somebody whose machine knows no authority at all.
    pub(super) fn trusting_nobody() -> Self {
        let mut user = Self::new(None);
        user.trusts = Some(user.path("no-such-file"));
        user
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"umask 000; exec "$0" "$@""#])
            .arg(env!("CARGO_BIN_EXE_hooktool"))
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .current_dir(self.path("project"));
        if let Some(file) = &self.trusts {
            command.env("SSL_CERT_FILE", file);
        }
        command
    }

    /// Runs to the end with this on stdin: code, stdout, stderr.
    pub(super) fn run(&self, args: &[&str], typed: &str) -> (i32, String, String) {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdin = child.stdin.take().expect("piped");
        // Who refuses its flags reads nothing.
        let _ = stdin.write_all(typed.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("utf-8");
        let code = output.status.code().expect("no signal");
        (code, text(output.stdout), text(output.stderr))
    }

    /// Starts what runs until it is stopped.
    pub(super) fn start(&self, args: &[&str], variables: &[(&str, &str)]) -> Running {
        let log = tempfile::tempdir_in(self.home.path()).expect("a folder");
        let file = |name| File::create(log.path().join(name)).expect("a file");
        let child = self
            .command(args)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .expect("the binary runs");
        Running { child, log }
    }

    /// Starts `hooktool listen` there, and waits for its URL.
    pub(super) async fn listen(&self, args: &[&str]) -> (Running, String) {
        let args: Vec<_> = ["listen"].iter().chain(args).copied().collect();
        let listener = self.start(&args, &[]);
        let said = listener.says("^C to stop").await;
        let url = said
            .lines()
            .find(|line| line.ends_with("^C to stop"))
            .and_then(|line| line.split_whitespace().nth(1));
        let url = url.expect("a URL").to_owned();
        (listener, url)
    }

    /// The path of an endpoint's URL.
    pub(super) async fn listen_at(&self, args: &[&str]) -> (Running, String) {
        let (listener, url) = self.listen(args).await;
        let (_, name) = url.rsplit_once('/').expect("a path");
        (listener, format!("/{name}"))
    }

    /// Every file and folder that hooktool made in this home is this user's alone.
    pub(super) fn assert_private(&self) {
        let made = [".config", ".local"].map(|name| self.path(name));
        let made: Vec<_> = made.iter().filter(|path| path.exists()).collect();
        assert!(!made.is_empty(), "it made nothing");
        made.into_iter().for_each(|path| assert_private(path));
    }
}

/// 0700 for folders, 0600 for files, all the way down.
pub(super) fn assert_private(path: &Path) {
    let metadata = fs::metadata(path).expect("it is there");
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    let mode = metadata.permissions().mode() & 0o777;
    assert_eq!(mode, wanted, "{} is {mode:o}", path.display());
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("readable") {
            assert_private(&entry.expect("an entry").path());
        }
    }
}

/// A process that runs; killed in `Drop`.
pub(super) struct Running {
    child: Child,
    log: TempDir,
}

impl Running {
    /// What it wrote on stderr so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log.path().join("err")).expect("utf-8")
    }

    /// What it wrote on stdout so far.
    pub(super) fn out(&self) -> String {
        fs::read_to_string(self.log.path().join("out")).expect("utf-8")
    }

    /// Waits until stderr says this, and gives all of it.
    pub(super) async fn says(&self, words: &str) -> String {
        eventually(words, || async {
            let log = self.log();
            if log.contains(words) {
                Ok(log)
            } else {
                Err(log)
            }
        })
        .await
    }

    /// Asks it to stop, as an init system does.
    pub(super) fn terminate(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("sh")
            .args(["-c", r#"kill -TERM "$0""#, &id])
            .status();
        assert!(asked.expect("a shell").success());
    }

    /// Waits for its end.
    pub(super) async fn code(&mut self) -> i32 {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.code().expect("no signal");
            }
            assert!(
                std::time::Instant::now() < until,
                "it runs on: {}",
                self.log()
            );
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A public relay with TLS, its operator, and the authority of its certificate.
pub(super) struct Public {
    pub(super) ca: Ca,
    pub(super) operator: User,
    pub(super) relay: Running,
    pub(super) url: String,
    flags: Vec<String>,
}

impl Public {
    /// A relay with these flags more, logging everything that it can.
    pub(super) async fn start(flags: &[&str]) -> Self {
        let ca = Ca::new();
        ca.issue();
        let operator = User::new(None);
        let flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let (relay, url) = run(&operator, &ca, "127.0.0.1:0", &flags).await;
        Self {
            ca,
            operator,
            relay,
            url,
            flags,
        }
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> std::net::SocketAddr {
        let addr = self.url.strip_prefix("https://").expect("https");
        addr.parse().expect("an address")
    }

    /// Starts it again on the same port and folder, once it has stopped.
    pub(super) async fn start_again(&mut self) {
        let addr = self.addr().to_string();
        let (relay, url) = run(&self.operator, &self.ca, &addr, &self.flags).await;
        assert_eq!(url, self.url);
        self.relay = relay;
    }

    /// `hooktool relay token …` beside it.
    pub(super) fn token(&self, verb: &[&str]) -> String {
        let data = self.data();
        let data = data.to_str().expect("utf-8");
        let args = ["relay", "token"].iter().chain(verb).copied();
        let args: Vec<_> = args.chain(["--data", data]).collect();
        let (code, stdout, stderr) = self.operator.run(&args, "");
        assert_eq!(code, 0, "{stderr}");
        stdout.trim().to_owned()
    }

    /// The relay's folder.
    pub(super) fn data(&self) -> PathBuf {
        self.operator.path("data")
    }

    /// Somebody who trusts it.
    pub(super) fn user(&self) -> User {
        User::new(Some(&self.ca))
    }

    /// Somebody with an account on it.
    pub(super) fn member(&self, name: &str) -> (User, String) {
        let token = self.token(&["add", name]);
        let user = self.user();
        let (code, stdout, stderr) = user.run(&["login", &self.url], &format!("{token}\n"));
        assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
        (user, token)
    }
}

async fn run(operator: &User, ca: &Ca, listen: &str, flags: &[String]) -> (Running, String) {
    let (cert, key, data) = (ca.cert(), ca.key(), operator.path("data"));
    let text = |path: &PathBuf| path.to_str().expect("utf-8").to_owned();
    let mut args: Vec<String> = ["relay", "--listen", listen].map(str::to_owned).to_vec();
    for (flag, path) in [
        ("--tls-cert", &cert),
        ("--tls-key", &key),
        ("--data", &data),
    ] {
        args.extend([flag.to_owned(), text(path)]);
    }
    args.extend(flags.iter().cloned());
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let relay = operator.start(&args, &[("HOOKTOOL_LOG", "trace")]);
    let log = relay.says("the relay is up").await;
    let url = log
        .split_whitespace()
        .find_map(|word| word.strip_prefix("url="));
    (relay, url.expect("a URL").to_owned())
}
