//! The inspector: one loop that waits for keys, the listener's board, the history's changes, finished reads and the next tick; hands
//! what came to the pure `update`, starts the effects, and draws once.
//!
//! ```text
//!  keys ─┐                                             ┌─▶ Ask ──▶ intents (try_send; full: "busy")
//!  board ┼─▶ Input ─▶ update(&mut State) ─▶ Effect ────┼─▶ Load ─▶ a thread for blocking reads ─▶ Loaded ─▶ Input
//! change ┘                   │                         └─▶ Copy ─▶ the clipboard
//!                            │                        ├─▶ Lend ─▶ a pager, the shell ─▶ Returned ─▶ Input
//!                            └─▶ view::draw(&State), at most 30 times a second, never when nothing changed
//! ```
//!
//! Nothing in the loop awaits disk or network, and traffic never waits for it: what it cannot take in time it reads again from the
//! history.

mod act;
mod answer;
mod clipboard;
mod compare;
mod console;
mod deed;
mod editor;
mod errand;
mod feed;
mod fetch;
mod field;
mod help;
mod keys;
mod kind;
mod layout;
mod load;
mod log;
mod look;
mod page;
mod palette;
mod print;
mod program;
mod rows;
mod search;
mod shelf;
mod state;
mod suspend;
mod sync;
mod terminal;
#[cfg(test)]
mod tests;
mod turn;
mod update;
mod view;

use std::{io, pin::pin, sync::Arc, time::Duration};

use ratatui::{
    Terminal,
    backend::{Backend, CrosstermBackend},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

pub use self::{
    clipboard::{Clipboard, Tool},
    console::Console,
    keys::{Keymap, Misfit},
    look::Theme,
    terminal::is_lent,
};
use self::{feed::Sources, look::Look, turn::Turn, update::Input};
use crate::{
    event::{Feed, Intent, Panes},
    history::{History, Select},
    target::Target,
    text::Zone,
    webhook::Keyring,
};

/// What the inspector needs to run.
#[derive(Debug)]
pub struct View {
    /// Where requests and tries are read.
    pub history: History,
    /// Which of them are shown.
    pub select: Select,
    /// The link, the target's port, hold; without a listener, notices alone.
    pub feed: Feed,
    /// Where what the person asks for goes; full is said on the screen, never waited for. Capacity [`View::INTENTS`].
    pub intents: mpsc::Sender<Intent>,
    /// The default target, a base URL; empty if requests are only captured.
    pub target: String,
    /// The relay's host, for the time before the link is live.
    pub relay: String,
    /// How many paths have targets of their own.
    pub routes: usize,
    /// Whether the relay is embedded, so that its URL works on this machine only.
    pub is_local_relay: bool,
    /// Which clock times are shown on.
    pub zone: Zone,
    /// What signatures are judged by, and secrets kept in.
    pub keyring: Arc<dyn Keyring>,
    /// Other keys for some actions.
    pub keys: Option<Keymap>,
    /// Whether colours are wanted; bold, dim and reverse are used in any case.
    pub is_colored: bool,
    /// Which colours, if any are.
    pub theme: Theme,
    /// Whether only ASCII is drawn; none: where the terminal shows nothing else.
    pub is_ascii: Option<bool>,
    /// Where the panes stood the last time.
    pub panes: Panes,
    /// Whether the screen changes by time alone.
    pub is_animated: bool,
    /// Whether a listener is behind it; else it shows what is stored, and asks where replays go.
    pub is_listening: bool,
    /// Ends the inspector.
    pub stop: CancellationToken,
}

impl View {
    /// Capacity of the queue of intents: a person presses no more keys while one is performed.
    pub const INTENTS: usize = 16;
}

/// How it went, for the line that is printed on the normal screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Requests that came meanwhile.
    pub requests: u64,
    /// Those of them whose latest try failed, or was answered with 4xx or 5xx.
    pub failed: u64,
    /// How long the inspector ran.
    pub lasted: Duration,
    /// Whether the person ended it; else it was [`View::stop`], or the terminal went away.
    pub by_person: bool,
}

/// Shows the inspector on the terminal until the person quits ([`Intent::Quit`] is asked too) or [`View::stop`] is cancelled.
/// The terminal is as before when this returns. Stdin and stdout must be a terminal.
///
/// # Errors
/// If the terminal cannot be set up, read or drawn on.
pub async fn run(view: View) -> io::Result<Ended> {
    if let Some(keys) = view.keys.clone() {
        keys.choose();
    }
    let target: Option<Target> = view.target.parse().ok();
    let _guard = terminal::Guard::take(target.map(|target| target.port))?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let stop = view.stop.clone();
    let look = Look::settle(view.is_colored, view.theme, view.is_ascii);
    let mut driving = pin!(look_on(view, &mut screen, console::Tty, look));
    tokio::select! {
        ended = &mut driving => return ended,
        () = terminal::hung_up() => stop.cancel(),
    }
    driving.await
}

/// The inspector on any terminal, which is drawn in ASCII only if that is wished.
///
/// # Errors
/// If the terminal cannot be read or drawn on.
pub async fn drive<B: Backend, C: Console>(
    view: View,
    screen: &mut Terminal<B>,
    console: C,
) -> io::Result<Ended> {
    let is_ascii = Some(view.is_ascii == Some(true));
    let look = Look::settle(view.is_colored, view.theme, is_ascii);
    look_on(view, screen, console, look).await
}

/// The loop.
async fn look_on<B: Backend, C: Console>(
    view: View,
    screen: &mut Terminal<B>,
    mut console: C,
    look: Look,
) -> io::Result<Ended> {
    let size = screen.size().map_err(turn::failed)?;
    let stop = view.stop.clone();
    let changes = view.history.changes();
    let asked = Instant::now();
    let is_asked = look.is_colored() && console.ask_background()?;
    let events = console.events();
    let (mut turn, feed) = Turn::new(view, (size.width, size.height), console, look);
    let mut sources = Sources::new(feed, changes, events);
    if is_asked {
        sources.expect_answer();
    }
    turn.take(Input::Tick(turn.now()));
    for input in sources.first() {
        turn.take(input);
    }
    while !turn.has_quit() && !sources.is_over() {
        turn.draw_if_due(screen)?;
        let (wake, began) = (turn.next_wake(), turn.began());
        let first = tokio::select! {
            () = stop.cancelled() => break,
            input = sources.next() => input?,
            read = turn.finished() => read,
            () = sleep_until(wake.unwrap_or(began)), if wake.is_some() => None,
        };
        turn.take_back_if_returned(first.as_ref(), &mut sources)?;
        turn.take(Input::Tick(turn.now()));
        if let Some(first) = first {
            turn.take(first);
            turn.take_what_waits(&mut sources).await?;
        }
        turn.lend_if_asked(&mut sources)?;
    }
    sources.hear_out(asked).await;
    Ok(turn.ended())
}
