//! The terminal, taken and given back: raw mode, alternate screen, bracketed paste; and its events as our [`Input`]s.
//!
//! ```text
//! take ─▶ raw mode, alternate screen, bracketed paste ─▶ … ─▶ restore, once, on drop ─▶ what panicked meanwhile is printed
//!              ▲                                        │
//!              └─ take_back ◀─ another program ◀─ lend ◀┘
//! ```
//!
//! Signals end the loop, which returns here. A panic in some other task leaves the screen as it
//! is; its message waits until the terminal is given back.

use std::{
    io::{self, Write as _},
    panic::PanicHookInfo,
    sync::{
        Mutex, Once, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossterm::{
    cursor::{Hide, Show},
    event::{
        self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEventKind,
        KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
    },
    execute,
    terminal::{
        EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
    },
};

use super::{
    act::mouse::{Deed, Mouse},
    answer::QUESTION,
    keys::{Code, Key},
    update::Input,
};
use crate::text::{Mode, safe};

/// Whether the terminal is ours now; whoever turns it off restores it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is ours too; it is given back and taken again with the terminal.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Presses and the wheel, without the pointer's every move; in a form that has no end at column 223.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// What the window is called: words of ours and a port, never a stranger's.
static TITLE: OnceLock<String> = OnceLock::new();

/// Whether another program has it.
static LENT: AtomicBool = AtomicBool::new(false);

/// Most events that are thrown away: a paste has no more.
const TYPED: usize = 100_000;

/// What panicked while the terminal was ours: the first [`KEPT`] messages.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many panics are told afterwards: the first one explains the others.
const KEPT: usize = 4;

/// The terminal while it is ours.
#[derive(Debug)]
pub(super) struct Guard(());

impl Guard {
    /// Takes the terminal; the window is named after the port that requests go to.
    ///
    /// # Errors
    /// If the terminal refuses; it is as before then.
    pub(super) fn take(port: Option<u16>) -> io::Result<Self> {
        keep_panics();
        // A second inspector in one process keeps the first one's title.
        let _ = TITLE
            .set(port.map_or_else(|| "hooktool".to_owned(), |port| format!("hooktool :{port}")));
        let guard = Self(());
        enter()?;
        Ok(guard)
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        Hide,
        SetTitle(TITLE.get().map_or("hooktool", String::as_str))
    )?;
    match MOUSE.load(Ordering::SeqCst) {
        true => say(MOUSE_ON),
        false => Ok(()),
    }
}

fn say(sequence: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(sequence.as_bytes())?;
    stdout.flush()
}

/// Takes the mouse from the terminal, or gives it back.
pub(super) fn mouse(on: bool) -> io::Result<()> {
    MOUSE.store(on, Ordering::SeqCst);
    say(if on { MOUSE_ON } else { MOUSE_OFF })
}

/// Asks the terminal for its background; the answer comes among the events.
pub(super) fn ask_background() -> io::Result<()> {
    say(QUESTION)
}

/// Gives the terminal to another program for a while. Signals that its keys send are that program's.
pub(super) fn lend() -> io::Result<()> {
    LENT.store(true, Ordering::SeqCst);
    restore();
    io::stdout().flush()
}

/// Takes it again, and throws away what was typed and not read: nobody saw what it would do.
pub(super) fn take_back() -> io::Result<()> {
    enter()?;
    for _ in 0..TYPED {
        if !event::poll(Duration::ZERO)? {
            break;
        }
        event::read()?;
    }
    LENT.store(false, Ordering::SeqCst);
    Ok(())
}

/// Whether another program has the terminal: then ^C is that program's, though it comes to this process too.
pub fn is_lent() -> bool {
    LENT.load(Ordering::SeqCst)
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once. There is nobody to tell if that fails: the terminal is gone then.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        if MOUSE.load(Ordering::SeqCst) {
            let _ = say(MOUSE_OFF);
        }
        let _ = execute!(
            io::stdout(),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        for panic in std::mem::take(&mut *panics()) {
            let _ = writeln!(io::stderr(), "{}", safe(panic.as_bytes(), Mode::Body));
        }
    }
}

/// From now on a panic's message waits while the terminal is ours.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if !TAKEN.load(Ordering::SeqCst) {
                print(panic);
            } else if panics().len() < KEPT {
                panics().push(panic.to_string());
            }
        }));
    });
}

fn panics() -> std::sync::MutexGuard<'static, Vec<String>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the terminal says that it goes away (SIGHUP). Only while a screen is up: without one, `nohup` is right.
#[cfg(unix)]
pub(super) async fn hung_up() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => drop(hangup.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Pending for ever where the system delivers no signals.
#[cfg(not(unix))]
pub(super) async fn hung_up() {
    std::future::pending().await
}

/// What a terminal's event means here, if anything.
pub(super) fn input(event: &Event) -> Option<Input> {
    match event {
        // Windows tells of releases too.
        Event::Key(pressed) if pressed.kind == KeyEventKind::Press => {
            key(pressed.code, pressed.modifiers).map(Input::Key)
        }
        Event::Paste(text) => Some(Input::Paste(text.clone())),
        Event::Mouse(mouse) => pointed(mouse).map(Input::Mouse),
        Event::Resize(width, height) => Some(Input::Size(*width, *height)),
        _ => None,
    }
}

fn pointed(event: &MouseEvent) -> Option<Mouse> {
    let deed = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Deed::Click,
        MouseEventKind::ScrollUp => Deed::WheelUp,
        MouseEventKind::ScrollDown => Deed::WheelDown,
        _ => return None,
    };
    Some(Mouse {
        deed,
        x: event.column,
        y: event.row,
    })
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    if modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
        return None;
    }
    let ctrl = modifiers.contains(KeyModifiers::CONTROL);
    let has_shift = modifiers.contains(KeyModifiers::SHIFT);
    let code = match code {
        // With Ctrl some terminals report the capital letter.
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Up if has_shift => Code::ShiftUp,
        KeyCode::Down if has_shift => Code::ShiftDown,
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
