//! The real binary as a process of its own, in a home that is empty but for what it puts there; killed in `Drop`.
//!
//! Its stderr goes to a file, so that nobody need read it for it to run on; its stdout nowhere, or into a pipe.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;

use super::eventually;

/// A home with project folders.
pub(crate) struct Home {
    folder: TempDir,
    runs: AtomicU32,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            runs: AtomicU32::new(0),
        }
    }

    /// A file or folder below it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The listener's history.
    pub(crate) fn history(&self) -> PathBuf {
        self.path(".local/share/hooktool/history.db")
    }

    /// Starts the binary in a project folder of that name.
    pub(crate) fn start(&self, project: &str, args: &[&str]) -> Program {
        self.spawn(&[], project, args, Stdio::null())
    }

    /// The same with stdout a pipe, which is not read unless the test does.
    pub(crate) fn start_piped(&self, project: &str, args: &[&str]) -> Program {
        self.spawn(&[], project, args, Stdio::piped())
    }

    /// Starts a relay for everybody on this address, with its data in `relay`.
    pub(crate) fn relay(&self, listen: &str) -> Program {
        self.relay_by(&[], listen)
    }

    /// The same by another program, which is given the command that it is to become.
    pub(crate) fn relay_by(&self, before: &[String], listen: &str) -> Program {
        let data = self.path("relay").display().to_string();
        let mut args = vec!["relay", "--open", "--max-rate", "0"];
        args.extend(["--listen", listen, "--data", &data]);
        self.spawn(before, "relay-runs-here", &args, Stdio::null())
    }

    /// Runs the binary to its end, and gives the records that it printed.
    pub(crate) fn records(&self, project: &str, args: &[&str]) -> Vec<serde_json::Value> {
        let text = self.text(project, args);
        let lines = text.lines().filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_str(line).expect("a record"))
            .collect()
    }

    /// Runs the binary to its end, and gives what it printed.
    pub(crate) fn text(&self, project: &str, args: &[&str]) -> String {
        let (code, text, said) = self.said(project, args);
        assert_eq!(code, 0, "{args:?}: {said}");
        text
    }

    /// Runs the binary to its end, and gives its code, what it printed and what it said.
    pub(crate) fn said(&self, project: &str, args: &[&str]) -> (i32, String, String) {
        let output = self
            .command(&[], project, args)
            .stdin(Stdio::null())
            .output()
            .expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("it ended by itself");
        (code, text(output.stdout), text(output.stderr))
    }

    fn spawn(&self, before: &[String], project: &str, args: &[&str], stdout: Stdio) -> Program {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let stderr = self.path(&format!("stderr-{run}"));
        let file = File::create(&stderr).expect("a file");
        let mut child = self
            .command(before, project, args)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(file)
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take();
        Program {
            child,
            stdout,
            stderr,
        }
    }

    fn command(&self, before: &[String], project: &str, args: &[&str]) -> Command {
        let folder = self.path(project);
        fs::create_dir_all(folder.join(".git")).expect("made");
        let binary = [env!("CARGO_BIN_EXE_hooktool").to_owned()];
        let words: Vec<_> = before.iter().chain(&binary).collect();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(folder);
        command
    }
}

/// A running process.
pub(crate) struct Program {
    child: Child,
    /// The reading end of its stdout, if that is a pipe.
    pub(crate) stdout: Option<ChildStdout>,
    stderr: PathBuf,
}

impl Program {
    /// What it said so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).expect("its stderr")
    }

    /// Waits for the first URL that it says; its address, and the path behind it.
    pub(crate) async fn url(&self) -> (SocketAddr, String) {
        eventually("a URL on stderr", || async {
            let said = self.stderr();
            first_url(&said).ok_or(said)
        })
        .await
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is gone");
    }

    /// Whether it has ended, and with which code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().expect("a status");
        status.map(|status| status.code().expect("it ended by itself"))
    }

    /// Waits until it has ended.
    pub(crate) async fn code(&mut self) -> i32 {
        let (child, stderr) = (&mut self.child, &self.stderr);
        let child = std::cell::RefCell::new(child);
        eventually("the end of the process", || async {
            let status = child.borrow_mut().try_wait().expect("a status");
            let said = || fs::read_to_string(stderr).unwrap_or_default();
            let status = status.ok_or_else(said)?;
            Ok(status.code().expect("it ended by itself"))
        })
        .await
    }

    /// The most memory it ever had, in KiB; none where the system does not say.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail only for a process that is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address and the path of the first URL in a text.
pub(crate) fn first_url(text: &str) -> Option<(SocketAddr, String)> {
    let (_, rest) = text.split_once("http://")?;
    let end = rest.find([' ', ',', '"', '\n'])?;
    let (addr, path) = match rest[..end].split_once('/') {
        Some((addr, path)) => (addr, format!("/{path}")),
        None => (&rest[..end], String::new()),
    };
    Some((addr.parse().ok()?, path))
}
