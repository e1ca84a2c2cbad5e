//! `replay --edit`: a body in the person's own editor, and a question before the changed one is sent.
//!
//! In: a stored body. Out: the new one, or nothing if it was left as it was, emptied, or not confirmed. The file lies in a folder
//! of its own (0700), is 0600, and is named by us, never by a request.

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    process::Command,
};

use bytes::Bytes;

use super::stored::Stored;
use crate::{
    exchange::{Desk, without_added_end},
    exit::{Failure, Report},
    history::Request,
    output::{follow::shown_body, say},
    text::{self, Mode},
};

/// The changed body of a request; none: nothing is to be sent.
pub(super) fn body(stored: &Stored, request: &Request) -> Result<Option<Bytes>, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let report = Report::new("--edit needs a terminal");
        return Err(Failure::Usage(
            report.hint("--body @FILE sends a body without one"),
        ));
    }
    let number = request.summary.number;
    let before = match shown_body(&stored.reader, request)? {
        Some(bytes) => bytes,
        None if request.capture.body.is_empty() => Bytes::new(),
        None => {
            let report = Report::new(format!("the body of #{number} is too large for an editor"));
            return Err(Failure::Usage(
                report.hint("--body @FILE sends a body of any size"),
            ));
        }
    };
    let after = edited(&before)?;
    if after.is_empty() || after == before {
        let why = if after.is_empty() {
            "empty"
        } else {
            "unchanged"
        };
        say(format_args!(
            "the body of #{number} is {why}: nothing was sent"
        ));
        return Ok(None);
    }
    show_change(&before, &after)?;
    match confirmed(number)? {
        true => Ok(Some(after)),
        false => {
            say(format_args!("nothing was sent"));
            Ok(None)
        }
    }
}

/// What the person made of it.
fn edited(before: &Bytes) -> Result<Bytes, Failure> {
    let cannot = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| Failure::Other(Report::new(what).because(error.to_string()))
    };
    let desk = Desk::new().map_err(cannot("there is no room for a file to edit"))?;
    let file = desk
        .lay(before, false)
        .map_err(cannot("there is no room for a file to edit"))?;
    let (name, mut editor) = editor()?;
    let status = editor.arg(&file).status();
    let status = status.map_err(cannot(&format!("the editor `{name}` does not start")))?;
    if !status.success() {
        let report = Report::new(format!("the editor `{name}` failed"));
        return Err(Failure::Other(
            report.because(status.to_string()).hint("nothing was sent"),
        ));
    }
    let after = fs::read(&file).map_err(cannot("the edited file cannot be read"))?;
    Ok(without_added_end(before, after))
}

/// `$VISUAL`, else `$EDITOR`, else `vi`, with its own arguments.
fn editor() -> Result<(String, Command), Failure> {
    let of = |name| {
        std::env::var(name)
            .ok()
            .filter(|text| !text.trim().is_empty())
    };
    let typed = of("VISUAL").or_else(|| of("EDITOR"));
    let typed = typed.unwrap_or_else(|| "vi".to_owned());
    let words = shlex::split(&typed).unwrap_or_default();
    let Some((name, arguments)) = words.split_first() else {
        let report = Report::new(format!("`{typed}` is no editor"));
        return Err(Failure::Usage(
            report.hint("set VISUAL or EDITOR to a command"),
        ));
    };
    let mut command = Command::new(name);
    command.args(arguments);
    let is_vim =
        matches!(Path::new(name).file_name(), Some(file) if file == "vim" || file == "nvim");
    if is_vim {
        // A modeline in a stranger's body would set options.
        command.args(["--cmd", "set nomodeline"]);
    }
    Ok((name.clone(), command))
}

/// Shows the lines that differ: between the first and the last one that do.
fn show_change(before: &[u8], after: &[u8]) -> io::Result<()> {
    let (old, new): (Vec<_>, Vec<_>) = (lines(before), lines(after));
    let same = |(a, b): &(&&[u8], &&[u8])| a == b;
    let start = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let mut talk = io::stderr().lock();
    for (mark, changed) in [("-", old), ("+", new)] {
        for line in changed.iter().take(changed.len() - end) {
            writeln!(talk, "{mark} {}", text::safe(line, Mode::Cell))?;
        }
    }
    Ok(())
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|&byte| byte == b'\n').collect()
}

fn confirmed(number: u64) -> io::Result<bool> {
    let mut talk = io::stderr().lock();
    write!(talk, "send this for #{number}? [y/N] ")?;
    talk.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
