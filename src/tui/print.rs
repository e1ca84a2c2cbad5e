//! Prints on the normal screen and waits for Enter: what is there can be selected and scrolled as in any terminal, whatever a clipboard
//! does.
//!
//! In: text that may be shown. Out: nothing, or why not; it returns when Enter was pressed, or the inspector is over. Must not know:
//! what the text is. Blocking.

use std::io::{self, Write as _};

use super::program::Running;

/// What is said below it.
const BELOW: &str = "-- Enter goes back to hooktool --";

/// Prints, and waits.
///
/// # Errors
/// If the terminal cannot be written to or read; in words.
pub(super) fn until_enter(text: &str, running: &Running) -> Result<(), String> {
    let printed = print(text).and_then(|()| entered(running));
    printed.map_err(|error| format!("nothing is printed: {error}"))
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    writeln!(stdout, "{BELOW}")?;
    stdout.flush()
}

/// Waits for a line, which a terminal gives as a whole. Whoever waits looks up now and then: nothing else would end it with the
/// inspector.
#[cfg(unix)]
fn entered(running: &Running) -> io::Result<()> {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        io::Errno,
    };

    /// How long the inspector's end may go unnoticed.
    const LOOKS_UP: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 250_000_000,
    };

    let stdin = io::stdin();
    while !running.is_over() {
        let ready = match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&LOOKS_UP)) {
            Err(Errno::INTR) => 0,
            ready => ready?,
        };
        if ready > 0 {
            return stdin.read_line(&mut String::new()).map(drop);
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn entered(_: &Running) -> io::Result<()> {
    io::stdin().read_line(&mut String::new()).map(drop)
}
