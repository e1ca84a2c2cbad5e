//! The processes of a run: relay, listener, app; what they cost; and what the disk under them does.
//!
//! In: the binary and a folder. Out: addresses, CPU time, memory. Each process ends with its value. Linux only: `/proc` says
//! what a process costs.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use crate::load::Goal;

/// Unit of the times in `/proc/PID/stat`: USER_HZ, 100 on every Linux of today.
const TICK: Duration = Duration::from_millis(10);
/// How long a process may take to come up, and the listener to record the last of a load.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is measured.
#[derive(Debug)]
pub(crate) struct Hop {
    child: Child,
}

impl Hop {
    fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn().context("the binary starts")?;
        Ok(Self { child })
    }

    /// CPU time so far, its own and the kernel's for it.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The name in brackets may hold anything; behind it come state (3), … utime (14), stime (15).
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks = fields.split_ascii_whitespace().skip(11).take(2);
        TICK * ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum()
    }

    /// Memory in RAM now, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory that it had in RAM, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `hooktool relay`.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) hop: Hop,
    pub(crate) addr: SocketAddr,
}

impl Relay {
    /// Starts it on a port of the system's choice, with its data below `folder`.
    pub(crate) async fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let log = folder.join("relay.log");
        let flags = [
            "relay",
            "--listen",
            "127.0.0.1:0",
            "--open",
            "--max-rate",
            "0",
        ];
        let mut command = at_home(binary, folder);
        command.args(flags).arg("--data").arg(folder.join("relay"));
        let hop = Hop::start(command.stdout(Stdio::null()).stderr(File::create(&log)?))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = fs::read_to_string(&log)?;
            let addr = said.split("addr=").nth(1).and_then(|rest| {
                let (addr, _) = rest.split_once(char::is_whitespace)?;
                addr.parse().ok()
            });
            if let Some(addr) = addr {
                return Ok(Self { hop, addr });
            }
            ensure!(
                Instant::now() < deadline,
                "the relay did not come up: {said}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A path on it.
    pub(crate) fn goal(&self, path: &'static str) -> Goal {
        Goal {
            addr: self.addr,
            path,
        }
    }
}

/// `hooktool listen`, printing lines into a file.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) hop: Hop,
    lines: PathBuf,
}

impl Listener {
    /// Starts it for the endpoint `bench`, forwarding to `port`.
    pub(crate) fn start(binary: &Path, folder: &Path, relay: &Relay, port: u16) -> Result<Self> {
        let lines = folder.join("lines");
        let url = format!("http://{}", relay.addr);
        let mut command = at_home(binary, folder);
        command.args(["listen", &port.to_string(), "--relay", &url]);
        command.args(["--endpoint", "bench", "--output", "lines"]);
        command.stdout(File::create(&lines)?);
        command.stderr(File::create(folder.join("listener.log"))?);
        let hop = Hop::start(&mut command)?;
        Ok(Self { hop, lines })
    }

    /// How many tries it printed.
    pub(crate) fn lines(&self) -> Result<u64> {
        let lines = fs::read(&self.lines)?;
        Ok(lines.iter().filter(|&&byte| byte == b'\n').count() as u64)
    }

    /// Waits until it has printed so many.
    pub(crate) async fn wait_for(&self, lines: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = self.lines()?;
            if printed >= lines {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the listener printed {printed} of {lines} tries"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The binary, with folders of its own and no settings of whoever runs this.
fn at_home(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// This program as the app.
#[derive(Debug)]
pub(crate) struct App {
    _hop: Hop,
    pub(crate) port: u16,
}

impl App {
    /// Starts it on a port of the system's choice.
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("app")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut hop = Hop::start(&mut command)?;
        let mut port = String::new();
        let stdout = hop.child.stdout.take().context("the app's stdout")?;
        BufReader::new(stdout).read_line(&mut port)?;
        let port = port.trim().parse().context("the app's port")?;
        Ok(Self { _hop: hop, port })
    }

    /// A path on it.
    pub(crate) fn goal(&self, path: &'static str) -> Goal {
        Goal {
            addr: (Ipv4Addr::LOCALHOST, self.port).into(),
            path,
        }
    }
}

/// What appending 4 KiB to a file and syncing it takes in this folder, in order of length.
pub(crate) fn sync_times(folder: &Path, count: usize) -> Result<Vec<Duration>> {
    let mut file = File::create(folder.join("sync"))?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}
