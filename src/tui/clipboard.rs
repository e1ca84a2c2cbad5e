//! The clipboard: the system's own program if there is one, else the terminal by OSC 52. Whoever copies says which.
//!
//! In: bytes. Out: whether they were taken. A terminal never says so: it is asked, and may drop the question in silence.
//!
//! ```text
//! wl-copy · xclip · xsel · pbcopy · clip.exe on PATH? ─▶ run, 2 s ─▶ taken
//!             │ none, or it failed
//!             └─▶ OSC 52 (74,994 bytes at most; twice in tmux: plain, and passed through)
//! ```

use std::{
    env,
    ffi::OsStr,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use data_encoding::BASE64;
use tokio::time::{Instant, sleep};

/// Most bytes that OSC 52 carries: terminals drop a sequence above 100,000 bytes (`xterm`, `hterm`), and base64 makes 4 of 3.
const MOST: usize = 74_994;

/// How long the system's program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is asked whether it has ended.
const ASKED: Duration = Duration::from_millis(10);

/// Where copied text goes; the system's, or one that a test reads.
pub trait Clipboard {
    /// The system's own program, if there is one that can reach a clipboard here.
    fn tool(&self) -> Option<Tool>;

    /// Asks the terminal.
    ///
    /// # Errors
    /// If it cannot be asked, or the text is too long for it.
    fn tell(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// Asks the terminal of this process.
///
/// # Errors
/// If it has no clipboard, or the text is too long for it.
pub(super) fn tell(bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > MOST {
        return Err(io::Error::other("a terminal takes 74,994 bytes at most"));
    }
    if env::var_os("TERM").is_some_and(|term| term == "linux" || term == "dumb") {
        return Err(io::Error::other("this terminal has no clipboard"));
    }
    let mut out = io::stdout().lock();
    out.write_all(&sequence(bytes, env::var_os("TMUX").is_some()))?;
    out.flush()
}

fn sequence(bytes: &[u8], is_tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", BASE64.encode(bytes));
    let passed = match is_tmux {
        // tmux takes the one or hands on the other, as it is set up.
        true => format!("\x1bPtmux;\x1b{plain}\x1b\\"),
        false => String::new(),
    };
    [plain, passed].concat().into_bytes()
}

/// A program that reads what is copied from its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What people call it.
    pub name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// The programs, the variables of which one must be set, and their arguments.
const TOOLS: [(&str, &[&str], &[&str]); 5] = [
    ("wl-copy", &["WAYLAND_DISPLAY"], &[]),
    ("xclip", &["DISPLAY"], &["-selection", "clipboard", "-in"]),
    ("xsel", &["DISPLAY"], &["--clipboard", "--input"]),
    ("pbcopy", &[], &[]),
    ("clip.exe", &[], &[]),
];

impl Tool {
    /// The one of this machine.
    pub(super) fn here() -> Option<Self> {
        Self::found(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// The first program on `PATH` that can reach a clipboard. `has`: whether a variable is set.
    fn found(has: impl Fn(&str) -> bool) -> Option<Self> {
        let path = env::var_os("PATH")?;
        // From afar, what needs no display would fill the clipboard of the wrong machine.
        let is_afar = has("SSH_CONNECTION") || has("SSH_TTY");
        TOOLS.iter().find_map(|(name, variables, arguments)| {
            let is_here = match variables {
                [] => !is_afar,
                _ => variables.iter().any(|name| has(name)),
            };
            let program = is_here.then(|| on_path(&path, name)).flatten()?;
            Some(Self {
                name,
                program,
                arguments,
            })
        })
    }

    /// Hands it the bytes and waits until it has taken them.
    ///
    /// # Errors
    /// Why it did not, in words.
    pub(super) async fn put(self, bytes: Bytes) -> Result<(), String> {
        let mut child = Command::new(&self.program)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let bytes = if self.name == "clip.exe" {
            wide(bytes)
        } else {
            bytes
        };
        let pipe = child.stdin.take();
        // A program that ends early breaks the pipe, which its status tells better.
        let writing = tokio::task::spawn_blocking(move || {
            pipe.map(|mut pipe| pipe.write_all(&bytes));
        });
        let ended = ended(&mut child).await;
        if ended.is_err() {
            // It may have ended meanwhile; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = writing.await;
        ended
    }
}

async fn ended(child: &mut Child) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None if Instant::now() >= deadline => return Err("it takes too long".to_owned()),
            None => sleep(ASKED).await,
        }
    }
}

/// What `clip.exe` reads as text, whatever the code page: UTF-16 behind its mark. Bytes that are no text stay.
fn wide(bytes: Bytes) -> Bytes {
    match str::from_utf8(&bytes) {
        Ok(text) => {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        }
        Err(_) => bytes,
    }
}

fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    let mut folders = env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| is_program(program)))
}

fn is_program(path: &Path) -> bool {
    let Ok(meta) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    meta.is_file() && may_run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_within_tmux_is_asked_both_ways() {
        assert_eq!(sequence(b"hi", false), b"\x1b]52;c;aGk=\x07");
        assert_eq!(
            sequence(b"hi", true),
            b"\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
        );
    }

    #[test]
    fn a_long_text_is_too_much_for_a_terminal() {
        let told = tell(&[b'a'; MOST + 1]).expect_err("it is too long");
        assert!(told.to_string().contains("74,994"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_fails_says_why() {
        let tool = |program: &str, arguments| Tool {
            name: "xclip",
            program: program.into(),
            arguments,
        };
        let put = tool("/bin/sh", &["-c", "cat > /dev/null"]);
        assert_eq!(put.put(Bytes::from_static(b"text")).await, Ok(()));
        let failing = tool("/bin/sh", &["-c", "exit 3"]);
        let told = failing.put(vec![0; 1 << 20].into()).await;
        assert_eq!(told, Err("exit status: 3".to_owned()));
        let missing = tool("/nowhere/xclip", &[]);
        assert!(missing.put(Bytes::new()).await.is_err());
    }

    #[test]
    fn windows_reads_utf_16() {
        assert_eq!(wide(Bytes::from_static(b"a")), [0xff, 0xfe, b'a', 0][..]);
        assert_eq!(wide(Bytes::from_static(b"\xff")), b"\xff"[..]);
    }
}
