//! The terminal, taken and given back: raw mode, alternate screen, bracketed paste; and its events as our [`Input`]s.
//!
//! ```text
//! take ─▶ raw mode, alternate screen, bracketed paste ─▶ … ─▶ restore, once: on return, on drop, on panic
//! ```
//!
//! Signals end the loop, which returns here: they need no handler of their own.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::Show,
    event::{
        DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEventKind, KeyModifiers,
    },
    execute,
    terminal::{
        EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
    },
};

use super::{
    keys::{Code, Key},
    update::Input,
};

/// Whether the terminal is ours now; whoever turns it off restores it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
#[derive(Debug)]
pub(super) struct Guard(());

impl Guard {
    /// Takes the terminal. A panic restores it before its message is printed.
    ///
    /// # Errors
    /// If the terminal refuses; it is as before then.
    pub(super) fn take() -> io::Result<Self> {
        let printed = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            printed(panic);
        }));
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self(());
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            SetTitle("hooktool")
        )?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once. There is nobody to tell if that fails: the terminal is gone then.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}

/// Asks the terminal to put text on the clipboard (OSC 52). It does not say whether it did.
pub(super) fn copy(text: &str) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
}

/// What a terminal's event means here, if anything.
pub(super) fn input(event: &Event) -> Option<Input> {
    match event {
        // Windows tells of releases too.
        Event::Key(pressed) if pressed.kind == KeyEventKind::Press => {
            key(pressed.code, pressed.modifiers).map(Input::Key)
        }
        Event::Paste(_) => Some(Input::Paste),
        Event::Resize(width, height) => Some(Input::Size(*width, *height)),
        _ => None,
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    if modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    let ctrl = modifiers.contains(KeyModifiers::CONTROL);
    let code = match code {
        // With Ctrl some terminals report the capital letter.
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::F(1) => Code::F1,
        _ => return None,
    };
    Some(Key { code, ctrl })
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    #[test]
    fn only_a_press_counts() {
        let mut event = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::NONE);
        assert!(input(&Event::Key(event)).is_some());
        for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
            event.kind = kind;
            assert!(input(&Event::Key(event)).is_none());
        }
        let alt = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::ALT);
        assert!(input(&Event::Key(alt)).is_none());
    }
}
