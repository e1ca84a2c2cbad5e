//! The real binary in a pseudo-terminal, watched closely: what it shows, and when.
//!
//! In: a command, keys. Out: how long it took until the screen showed something; what the process costs. Must not know: what is
//! measured with it.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    num::NonZeroU16,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    process::Child,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::Builder,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use pty_process::{Size, blocking as pty};
use vt100::Parser;

/// The size that budgets are given for.
const SIZE: (u16, u16) = (120, 40);
/// How long anything may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has come from the program.
struct Seen {
    parser: Parser,
    /// How often something came.
    pieces: u64,
    /// When something came last.
    last: Instant,
    is_over: bool,
}

/// A program and whoever looks at it.
pub(crate) struct Eye {
    child: Child,
    keyboard: File,
    began: Instant,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    _pts: pty::Pts,
}

impl Eye {
    /// Starts the binary with these words, with `home` as its home.
    pub(crate) fn open(binary: &Path, home: &Path, words: &[&str]) -> Result<Self> {
        let (pty, pts) = pty::open().context("a pseudo-terminal")?;
        pty.resize(Size::new(SIZE.1, SIZE.0))?;
        let cells = |number| NonZeroU16::new(number).context("a size above zero");
        let seen = Seen {
            parser: Parser::new(cells(SIZE.1)?, cells(SIZE.0)?, 0),
            pieces: 0,
            last: Instant::now(),
            is_over: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let (keyboard, screen, shared) = (file(&pty)?, file(&pty)?, Arc::clone(&seen));
        // It ends with the program, when nobody holds the other end any more.
        Builder::new().spawn(move || look(screen, &shared))?;
        let began = Instant::now();
        let child = pty::Command::new(binary)
            .args(words)
            .env_clear()
            .env("HOME", home)
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .current_dir(home)
            .spawn_borrowed(&pts)?;
        Ok(Self {
            child,
            keyboard,
            began,
            seen,
            _pts: pts,
        })
    }

    /// Time from the start of the program until now.
    pub(crate) fn since_start(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn press(&mut self, keys: &str) -> Result<()> {
        Ok(self.keyboard.write_all(keys.as_bytes())?)
    }

    /// Waits until the screen is so; answers when that piece of it came.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Result<Instant> {
        self.wait(what, |seen| is_so(&seen.parser.screen().contents()))
    }

    /// Waits until anything more comes than these pieces.
    pub(crate) fn until_more(&self, pieces: u64) -> Result<Instant> {
        self.wait("a frame", |seen| seen.pieces > pieces)
    }

    /// Waits until nothing has come for so long.
    pub(crate) fn rest(&self, quiet: Duration) -> Result<()> {
        let (seen, came) = &*self.seen;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.last.elapsed() < quiet {
            let waited = came.wait_timeout(seen, quiet);
            (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if self.began.elapsed() > PATIENCE {
                bail!("the screen never rests");
            }
        }
        Ok(())
    }

    /// How many pieces have come.
    pub(crate) fn pieces(&self) -> u64 {
        let seen = self.seen.0.lock();
        seen.unwrap_or_else(PoisonError::into_inner).pieces
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        let seen = self.seen.0.lock();
        let seen = seen.unwrap_or_else(PoisonError::into_inner);
        seen.parser.screen().contents()
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Seen) -> bool) -> Result<Instant> {
        let (seen, came) = &*self.seen;
        let end = Instant::now() + PATIENCE;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        while !is_so(&seen) {
            if seen.is_over || Instant::now() > end {
                bail!("never {what}:\n{}", seen.parser.screen().contents());
            }
            let waited = came.wait_timeout(seen, Duration::from_secs(1));
            (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(seen.last)
    }

    /// The most memory that it had in RAM, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn file(pty: &pty::Pty) -> Result<File> {
    let copy: OwnedFd = pty.as_fd().try_clone_to_owned()?;
    Ok(File::from(copy))
}

fn look(mut screen: File, shared: &(Mutex<Seen>, Condvar)) {
    let (seen, came) = shared;
    let mut bytes = [0; 64 * 1024];
    let mut is_over = false;
    while !is_over {
        let len = screen.read(&mut bytes).unwrap_or_default();
        is_over = len == 0;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.parser.process(&bytes[..len]);
        seen.pieces += u64::from(!is_over);
        seen.last = Instant::now();
        seen.is_over = is_over;
        came.notify_all();
    }
}
