//! `hooktool login`: a relay and its token, kept for `listen`.
//!
//! The token is asked for without echo, or read from stdin; it never stands on a command line, where other users see it.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use crossterm::{
    event::{Event, KeyCode, KeyEventKind, KeyModifiers},
    terminal,
};

use super::probe;
use crate::{
    cli::relay::Login,
    config::{
        Folders,
        secrets::{self, Secret},
    },
    exit::{Failure, Report},
    output::say,
};

/// Longest line taken from stdin, in bytes; a token has 62.
const LONGEST: u64 = 4096;

/// Asks the relay, then the person, and keeps what they say.
pub(super) async fn run(login: Login) -> Result<(), Failure> {
    let relay = login.relay;
    let folders = Folders::of_user()?;
    probe::health(&relay).await?;
    let typed = if io::stdin().is_terminal() {
        prompt(&relay)?
    } else {
        let mut text = String::new();
        io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
        text
    };
    match typed.trim() {
        "" => say(format_args!("no token: an open relay will give you one")),
        text => {
            let secret = Secret::new(text).ok_or_else(malformed)?;
            probe::token(&relay, &secret).await?;
            secrets::add(&folders, &relay, secret)?;
        }
    }
    secrets::keep_relay(&folders, &relay)?;
    say(format_args!(
        "`hooktool listen 3000` uses {relay} from now on"
    ));
    Ok(())
}

fn malformed() -> Failure {
    let report = Report::new("that is not a token");
    Failure::Usage(report.hint("`hooktool relay token add NAME` on the relay prints one"))
}

/// Reads a line without showing it.
fn prompt(relay: &str) -> Result<String, Failure> {
    let mut talk = io::stderr().lock();
    write!(talk, "token for {relay} (Enter for none): ")?;
    talk.flush()?;
    let raw = Raw::enter()?;
    let line = typed();
    drop(raw);
    writeln!(talk)?;
    line?.ok_or_else(|| Failure::Other(Report::new("no token was given")))
}

/// What is typed until Enter; none after ^C or ^D.
fn typed() -> io::Result<Option<String>> {
    let mut line = String::new();
    loop {
        let key = match crossterm::event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => key,
            Event::Paste(text) => {
                line.push_str(&text);
                continue;
            }
            _ => continue,
        };
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return Ok(Some(line)),
            KeyCode::Char('c' | 'd') if is_control => return Ok(None),
            KeyCode::Char('u') if is_control => line.clear(),
            KeyCode::Char(c) if !is_control => line.push(c),
            KeyCode::Backspace => {
                line.pop();
            }
            _ => {}
        }
    }
}

/// The terminal without echo, until it is dropped.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing better can be done with a terminal that does not come back.
        let _ = terminal::disable_raw_mode();
    }
}
