//! What the loop needs of a terminal beside its cells: keys, a clipboard, and to lend it to another program for a while.
//!
//! ```text
//! events ─▶ … ─▶ events dropped ─▶ lend ─▶ (a pager, an editor, the shell) ─▶ take_back ─▶ events anew
//! ```
//!
//! The stream of events is dropped, not just left unpolled: crossterm's reads on in a thread of its own and would eat the other
//! program's keys (crossterm#618).

use std::io;

use crossterm::event::{Event, EventStream};
use futures_util::Stream;

use super::{
    clipboard::{self, Clipboard, Tool},
    terminal,
};

/// A terminal's keys and what else the loop asks of it.
pub trait Console: Clipboard {
    /// Keys, pastes and sizes. Ends when the terminal has gone away.
    type Events: Stream<Item = io::Result<Event>> + Unpin + Send;

    /// Begins to read; called anew after each [`Console::take_back`].
    fn events(&mut self) -> Self::Events;

    /// Asks the terminal for the colour of its background: its answer comes among the events. Whether it was asked.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn ask_background(&mut self) -> io::Result<bool>;

    /// Takes the mouse from the terminal, or gives it back.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn mouse(&mut self, on: bool) -> io::Result<()>;

    /// Leaves every mode that was set, so that another program finds the terminal as it was before the inspector.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    fn lend(&mut self) -> io::Result<()>;

    /// Sets the modes again, and throws away what was typed meanwhile: it was meant for the other program.
    ///
    /// # Errors
    /// If the terminal cannot be written to, or read.
    fn take_back(&mut self) -> io::Result<()>;
}

/// The terminal of this process.
#[derive(Debug)]
pub(super) struct Tty;

impl Clipboard for Tty {
    fn tool(&self) -> Option<Tool> {
        Tool::here()
    }

    fn tell(&mut self, bytes: &[u8]) -> io::Result<()> {
        clipboard::tell(bytes)
    }
}

impl Console for Tty {
    type Events = EventStream;

    fn events(&mut self) -> EventStream {
        EventStream::new()
    }

    fn ask_background(&mut self) -> io::Result<bool> {
        // Elsewhere events are no bytes, and an answer would not come as one.
        if cfg!(unix) {
            terminal::ask_background()?;
        }
        Ok(cfg!(unix))
    }

    fn mouse(&mut self, on: bool) -> io::Result<()> {
        terminal::mouse(on)
    }

    fn lend(&mut self) -> io::Result<()> {
        terminal::lend()
    }

    fn take_back(&mut self) -> io::Result<()> {
        terminal::take_back()
    }
}
