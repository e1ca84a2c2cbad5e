//! A terminal of our own: the real binary in a pseudo-terminal, its screen kept by `vt100`, its questions answered.
//!
//! ```text
//! test ── keys, size, signal ──▶ pty ──▶ hooktool
//!   ▲                             │
//!   └── screen ◀── vt100 ◀────────┘   (what the program asks the terminal is answered on the way)
//! ```

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::SocketAddr,
    num::NonZeroU16,
    os::fd::{AsFd as _, OwnedFd},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pty_process::{Size, blocking as pty};
use vt100::{Callbacks, Parser, Screen};

use crate::support::eventually;

/// What the program asked of the terminal: where the cursor is, what it can do.
#[derive(Default)]
struct Asked(Vec<u8>);

impl Callbacks for Asked {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        private: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        match (private, params, last) {
            (None, [[6]], 'n') => {
                let (row, column) = screen.cursor_position();
                let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                self.0.extend_from_slice(answer.as_bytes());
            }
            (None, _, 'c') => self.0.extend_from_slice(b"\x1b[?62c"),
            _ => {}
        }
    }
}

/// A running program and its terminal. Both end when this is dropped.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    pty: pty::Pty,
    /// Kept open, so that the terminal outlives the program.
    pts: Option<pty::Pts>,
    /// How the terminal was set before the program started.
    pub(crate) before: String,
    shown: Arc<Mutex<Parser<Asked>>>,
}

impl Terminal {
    /// Starts the binary with these words in `folder/project`, with `folder` as its home and nothing else of this process's
    /// environment but the path. None, and a line on stderr, where there are no pseudo-terminals.
    pub(crate) fn start(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Option<Self> {
        Self::run(env!("CARGO_BIN_EXE_hooktool"), folder, args, variables)
    }

    /// Starts an interactive shell that knows the binary as `$HOOKTOOL`, in the same way.
    pub(crate) fn shell(folder: &Path, variables: &[(&str, &str)]) -> Option<Self> {
        let mut variables = variables.to_vec();
        variables.extend([
            ("HOOKTOOL", env!("CARGO_BIN_EXE_hooktool")),
            ("PS1", "$ "),
            ("ENV", ""),
        ]);
        Self::run("sh", folder, &["-i"], &variables)
    }

    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn run(
        program: &str,
        folder: &Path,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Option<Self> {
        let (pty, pts) = match pty::open() {
            Ok(pair) => pair,
            Err(error) => {
                eprintln!("skipped: there are no pseudo-terminals here: {error}");
                return None;
            }
        };
        pty.resize(Size::new(24, 80)).expect("a size");
        let before = settings(&pts);
        let child = pty::Command::new(program)
            .args(args)
            .env_clear()
            .env("HOME", folder)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .envs(variables.iter().copied())
            .current_dir(folder.join("project"))
            .spawn_borrowed(&pts)
            .expect("the binary runs");
        let (rows, columns) = (cells(24), cells(80));
        let parser = Parser::new_with_callbacks(rows, columns, 0, Asked::default());
        let terminal = Self {
            child,
            keyboard: file(&pty),
            shown: Arc::new(Mutex::new(parser)),
            pts: Some(pts),
            before,
            pty,
        };
        let (shown, answers) = (Arc::clone(&terminal.shown), file(&terminal.pty));
        let screen = file(&terminal.pty);
        // It ends with the last one who holds the other end: the program, then this value.
        drop(tokio::task::spawn_blocking(move || {
            look(&shown, screen, answers);
        }));
        Some(terminal)
    }

    fn parser(&self) -> MutexGuard<'_, Parser<Asked>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        self.parser().screen().contents()
    }

    /// Whether the screen is the program's own, with the cursor hidden.
    pub(crate) fn is_taken(&self) -> bool {
        let parser = self.parser();
        let screen = parser.screen();
        screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste()
    }

    /// Waits until nothing of the program's screen is left: its last bytes are read after its end.
    pub(crate) async fn gives_back(&self) {
        eventually("the terminal is given back", || async {
            let parser = self.parser();
            let screen = parser.screen();
            let left = [
                screen.alternate_screen(),
                screen.hide_cursor(),
                screen.bracketed_paste(),
            ];
            (left == [false; 3])
                .then_some(())
                .ok_or_else(|| format!("{left:?}"))
        })
        .await;
    }

    /// Waits until the screen shows a text; answers the whole of it.
    pub(crate) async fn shows(&self, wanted: &str) -> String {
        let what = format!("`{wanted}` on the screen");
        eventually(&what, || async {
            let text = self.text();
            if text.contains(wanted) {
                Ok(text)
            } else {
                Err(format!("\n{text}"))
            }
        })
        .await
    }

    /// Waits until the endpoint is answered at, which is after its URL is shown; where that is.
    pub(crate) async fn live(&self) -> (SocketAddr, String) {
        self.shows("● live").await;
        super::url(&self.shows("curl http://127.0.0.1").await)
    }

    /// Whether clicks go to the program.
    pub(crate) fn has_mouse(&self) -> bool {
        let parser = self.parser();
        parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// Whether anything is drawn in cyan, which a light background has none of.
    pub(crate) fn has_cyan(&self) -> bool {
        let parser = self.parser();
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        let columns = 0..columns.get();
        let mut cells =
            (0..rows.get()).flat_map(|row| columns.clone().map(move |column| (row, column)));
        cells.any(|(row, column)| {
            let cell = screen.cell(row, column);
            cell.is_some_and(|cell| cell.fgcolor() == vt100::Color::Idx(6))
        })
    }

    /// Presses `Q` until the program has ended: a terminal that was lent throws away what was typed meanwhile.
    pub(crate) async fn quit(&mut self) -> ExitStatus {
        eventually("the end of the program", || {
            self.press("Q");
            let ended = self.child.try_wait().expect("it can be asked");
            let text = self.text();
            async move { ended.ok_or_else(|| format!("\n{text}")) }
        })
        .await
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("a keyboard");
    }

    /// Makes the window larger or smaller.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.parser().set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).expect("a size");
    }

    /// How the terminal is set, in the words of `stty -a`.
    pub(crate) fn settings(&self) -> String {
        settings(self.pts.as_ref().expect("it is there until the end"))
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("a shell").success());
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_some()
    }

    /// Waits until the program ends.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        eventually("the end of the program", || {
            let ended = self.child.try_wait().expect("it can be asked");
            let text = self.text();
            async move { ended.ok_or_else(|| format!("\n{text}")) }
        })
        .await
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.pts = None;
    }
}

/// Keeps the screen until nobody can write on it any more.
fn look(shown: &Mutex<Parser<Asked>>, mut screen: File, mut answers: File) {
    let mut bytes = [0; 4096];
    while let Ok(len @ 1..) = screen.read(&mut bytes) {
        let mut parser = shown.lock().unwrap_or_else(PoisonError::into_inner);
        parser.process(&bytes[..len]);
        let asked = std::mem::take(&mut parser.callbacks_mut().0);
        drop(parser);
        if answers.write_all(&asked).is_err() {
            return;
        }
    }
}

fn settings(pts: &pty::Pts) -> String {
    let stty = Command::new("stty")
        .arg("-a")
        .stdin(Stdio::from(copy(pts)))
        .output()
        .expect("stty runs");
    assert!(stty.status.success(), "{stty:?}");
    String::from_utf8(stty.stdout).expect("text")
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a size above zero")
}

fn file(pty: &pty::Pty) -> File {
    File::from(pty.as_fd().try_clone_to_owned().expect("a descriptor"))
}

fn copy(pts: &pty::Pts) -> OwnedFd {
    pts.as_fd().try_clone_to_owned().expect("a descriptor")
}
