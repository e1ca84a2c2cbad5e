//! A program that has the terminal for a while, such as the person's pager, found by the variables that name it.
//!
//! In: the names of variables, arguments, what the program reads on its stdin. Out: how it ended. Must not know: who asked, and
//! what the screen does meanwhile. Blocking: it runs on a thread for that, and forwards go on.
//!
//! ```text
//! $PAGER, else less -R ─▶ words, as a shell splits them ─▶ child ◀─ bytes on stdin ─▶ its end, or [`Running`] dropped: ended
//! ```

use std::{
    io::{self, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::text::{Mode, safe};

/// A program and its arguments.
#[derive(Debug)]
pub(super) struct Program {
    name: String,
    command: Command,
}

impl Program {
    /// The program that the first of these variables names that is set and not blank, else this one.
    ///
    /// # Errors
    /// If what the variable says cannot be split into words; in words.
    pub(super) fn named(variables: &[&str], otherwise: &str) -> Result<Self, String> {
        let set = variables.iter().filter_map(std::env::var_os);
        let set = set.filter_map(|text| text.into_string().ok());
        let typed = set.into_iter().find(|text| !text.trim().is_empty());
        let typed = typed.unwrap_or_else(|| otherwise.to_owned());
        let words = shlex::split(&typed).unwrap_or_default();
        let Some((name, arguments)) = words.split_first() else {
            return Err(format!("`{typed}` is no command"));
        };
        let mut command = Command::new(name);
        command.args(arguments);
        Ok(Self {
            name: name.clone(),
            command,
        })
    }

    /// What pages text: `$PAGER`, else `less -R`, told that text is UTF-8.
    ///
    /// # Errors
    /// Those of [`Program::named`].
    pub(super) fn pager() -> Result<Self, String> {
        let mut pager = Self::named(&["PAGER"], "less -R")?;
        if std::env::var_os("LESSCHARSET").is_none() {
            pager.command.env("LESSCHARSET", "utf-8");
        }
        Ok(pager)
    }

    /// What edits a file: `$VISUAL`, else `$EDITOR`, else `vi`.
    ///
    /// # Errors
    /// Those of [`Program::named`].
    pub(super) fn editor(file: &Path) -> Result<Self, String> {
        let mut editor = Self::named(&["VISUAL", "EDITOR"], "vi")?;
        let name = Path::new(&editor.name).file_name();
        if name.is_some_and(|name| name == "vim" || name == "nvim") {
            // A modeline in a stranger's body would set options.
            editor.command.args(["--cmd", "set nomodeline"]);
        }
        editor.command.arg(file);
        Ok(editor)
    }

    /// Runs it to its end, with these bytes on its stdin, or with the terminal there if there are none. One that stops reading
    /// early is well.
    ///
    /// # Errors
    /// If it does not start, or ends with a failure; in words.
    pub(super) fn run(mut self, input: Option<&[u8]>, running: &Running) -> Result<(), String> {
        let stdin = input.map_or_else(Stdio::inherit, |_| Stdio::piped());
        let name = safe(self.name.as_bytes(), Mode::Cell);
        let mut child = self
            .command
            .stdin(stdin)
            .spawn()
            .map_err(|error| format!("`{name}` does not start: {error}"))?;
        let pipe = child.stdin.take();
        let _known = running.know(&child);
        if let (Some(mut pipe), Some(bytes)) = (pipe, input) {
            // It was closed before its end: the pager was left early.
            let _ = pipe.write_all(bytes);
        }
        let ended = child
            .wait()
            .map_err(|error| format!("`{name}` is lost: {error}"))?;
        match ended.success() {
            true => Ok(()),
            false => Err(format!("`{name}` failed: {ended}")),
        }
    }
}

/// The program that has the terminal, if one has it. Dropping the last of these ends it: the inspector is over.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    child: Option<u32>,
    is_over: bool,
}

impl Running {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the inspector is over.
    pub(super) fn is_over(&self) -> bool {
        self.held().is_over
    }

    fn know(&self, child: &Child) -> Known {
        self.held().child = Some(child.id());
        Known(self.clone())
    }

    /// Asks the program to end, if one runs: the inspector is over.
    pub(super) fn end(&self) -> io::Result<()> {
        let mut held = self.held();
        held.is_over = true;
        let child = held.child;
        drop(held);
        child.map_or(Ok(()), terminate)
    }
}

/// As long as it lives, the program may be asked to end.
struct Known(Running);

impl Drop for Known {
    fn drop(&mut self) {
        self.0.held().child = None;
    }
}

#[cfg(unix)]
fn terminate(child: u32) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};

    let child = i32::try_from(child).ok().and_then(Pid::from_raw);
    child.map_or(Ok(()), |child| Ok(kill_process(child, Signal::TERM)?))
}

/// Where there are no signals a program is left to end by itself.
#[cfg(not(unix))]
fn terminate(_: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(words: &str, input: Option<&[u8]>) -> Result<(), String> {
        let program = Program::named(&["HOOKTOOL_NO_SUCH_VARIABLE"], words)?;
        program.run(input, &Running::default())
    }

    #[test]
    fn it_ends_as_the_program_does() {
        assert_eq!(run("sh -c 'test \"$(cat)\" = text'", Some(b"text")), Ok(()));
        assert_eq!(
            run("sh -c 'exit 3'", Some(b"")),
            Err("`sh` failed: exit status: 3".to_owned())
        );
        let missing = run("/no/such/program -x", Some(b"")).expect_err("it is not there");
        assert!(
            missing.starts_with("`/no/such/program` does not start: "),
            "{missing}"
        );
        assert_eq!(run("'", None), Err("`'` is no command".to_owned()));
    }

    #[test]
    fn one_that_reads_nothing_is_not_waited_for_to_read() {
        let large = vec![b'x'; 4 * 1024 * 1024];
        assert_eq!(run("true", Some(&large)), Ok(()));
    }

    #[test]
    fn it_is_ended_with_the_inspector() {
        let running = Running::default();
        let others = running.clone();
        let thread = std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let program = Program::named(&[], "sleep 600").expect("a command");
                program.run(None, &others)
            });
            while running.held().child.is_none() {
                std::thread::yield_now();
            }
            running.end().expect("it can be told");
            thread.join().expect("no panic")
        });
        assert!(thread.is_err_and(|why| why.contains("signal: 15")));
    }
}
