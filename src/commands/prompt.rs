//! A line typed at the terminal and not shown: a token, a secret.

use std::io::{self, Write as _};

use crossterm::{
    event::{Event, KeyCode, KeyEventKind, KeyModifiers},
    terminal,
};

/// Asks, and reads a line without showing it; none after ^C or ^D.
pub(super) fn hidden(question: &str) -> io::Result<Option<String>> {
    let mut talk = io::stderr().lock();
    write!(talk, "{question}: ")?;
    talk.flush()?;
    let raw = Raw::enter()?;
    let line = typed();
    drop(raw);
    writeln!(talk)?;
    line
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
