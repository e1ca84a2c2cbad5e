//! The inspector: one loop that waits for keys, the listener's board, the history's changes, finished reads and the next tick; hands
//! what came to the pure `update`, starts the effects, and draws once.
//!
//! ```text
//!  keys ─┐                                             ┌─▶ Ask ──▶ intents (try_send; full: "busy")
//!  board ┼─▶ Input ─▶ update(&mut State) ─▶ Effect ────┼─▶ Load ─▶ a thread for blocking reads ─▶ Loaded ─▶ Input
//! change ┘                   │                         └─▶ Copy ─▶ the clipboard
//!                            └─▶ view::draw(&State), at most 30 times a second, never when nothing changed
//! ```
//!
//! Nothing in the loop awaits disk or network, and traffic never waits for it: what it cannot take in time it reads again from the
//! history.

mod act;
mod clipboard;
mod compare;
mod deed;
mod feed;
mod fetch;
mod field;
mod help;
mod keys;
mod layout;
mod load;
mod log;
mod page;
mod palette;
mod rows;
mod search;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod update;
mod view;

use std::{io, pin::pin, time::Duration};

use crossterm::event::{Event, EventStream};
use futures_util::Stream;
use hooktool_relay::capture::UnixMillis;
use ratatui::{
    Terminal,
    backend::{Backend, CrosstermBackend},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

pub use self::clipboard::{Clipboard, Tool};
use self::{
    feed::Sources,
    fetch::{Brought, Clip, Edited},
    load::Source,
    state::{Route, State, Time},
    update::{Effect, Input, Loaded, What, update},
};
use crate::{
    event::{Feed, Intent},
    history::{History, Select},
    text::Safe,
};

/// Shortest time between two draws: 30 a second.
const FRAME: Duration = Duration::from_millis(33);

/// How many inputs are taken in one turn before the screen is drawn again.
const TURN: usize = 256;

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
    /// The public URL, if it is known before the link is live.
    pub url: Option<String>,
    /// Whether the relay is embedded, so that its URL works on this machine only.
    pub is_local_relay: bool,
    /// Whether colours are wanted; bold, dim and reverse are used in any case.
    pub is_colored: bool,
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
    let _guard = terminal::Guard::take()?;
    let mut screen = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let stop = view.stop.clone();
    let mut driving = pin!(drive(
        view,
        &mut screen,
        EventStream::new(),
        clipboard::System
    ));
    tokio::select! {
        ended = &mut driving => return ended,
        () = terminal::hung_up() => stop.cancel(),
    }
    driving.await
}

/// The inspector on any terminal, with events from any stream, copying to a clipboard.
///
/// # Errors
/// If the terminal cannot be read or drawn on.
pub async fn drive<B, S, C>(
    view: View,
    screen: &mut Terminal<B>,
    events: S,
    clipboard: C,
) -> io::Result<Ended>
where
    B: Backend,
    S: Stream<Item = io::Result<Event>> + Unpin,
    C: Clipboard,
{
    let size = screen.size().map_err(failed)?;
    let stop = view.stop.clone();
    let changes = view.history.changes();
    let (mut turn, feed) = Turn::new(view, (size.width, size.height), clipboard);
    let mut sources = Sources::new(feed, changes, events);
    for input in sources.first() {
        turn.take(input);
    }
    while !turn.has_quit && !sources.is_over() {
        turn.draw_if_due(screen)?;
        let wake = turn.next_wake();
        let first = tokio::select! {
            () = stop.cancelled() => break,
            input = sources.next() => input?,
            Some(read) = turn.reads.join_next() => finished(read),
            () = sleep_until(wake.unwrap_or(turn.began)), if wake.is_some() => None,
        };
        turn.take(Input::Tick(turn.now()));
        if let Some(first) = first {
            turn.take(first);
            turn.take_what_waits(&mut sources).await?;
        }
    }
    Ok(turn.ended())
}

/// What a read brought; a read's panic goes on here, and one that was cut off by the end of the runtime brings nothing.
fn finished(read: Result<Loaded, tokio::task::JoinError>) -> Option<Input> {
    match read.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(loaded) => Some(Input::Loaded(loaded)),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_)) => None,
    }
}

fn failed(error: impl std::error::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// The state and what effects need.
struct Turn<C> {
    state: State,
    source: Source,
    /// At most one read of rows and one of the detail: `update` asks for no more.
    reads: JoinSet<Loaded>,
    intents: mpsc::Sender<Intent>,
    clipboard: C,
    is_colored: bool,
    began: Instant,
    drawn: Option<Instant>,
    is_changed: bool,
    is_redrawn: bool,
    has_quit: bool,
}

impl<C: Clipboard> Turn<C> {
    fn new(view: View, size: (u16, u16), clipboard: C) -> (Self, Feed) {
        let route = Route {
            target: view.target,
            is_local_relay: view.is_local_relay,
            is_listening: view.is_listening,
        };
        let turn = Self {
            state: State::new(size, route, view.url),
            source: Source::new(view.history, view.select),
            reads: JoinSet::new(),
            intents: view.intents,
            clipboard,
            is_colored: view.is_colored,
            began: Instant::now(),
            drawn: None,
            is_changed: true,
            is_redrawn: false,
            has_quit: false,
        };
        (turn, view.feed)
    }

    fn now(&self) -> Time {
        Time {
            since_start: self.began.elapsed(),
            wall: UnixMillis::now(),
        }
    }

    /// When something is to be done without any input: the next frame, or what time alone changes.
    fn next_wake(&self) -> Option<Instant> {
        if self.is_changed {
            return Some(self.due());
        }
        self.state.next_tick().map(|at| self.began + at)
    }

    /// When the next frame may be drawn.
    fn due(&self) -> Instant {
        self.drawn.map_or(self.began, |at| at + FRAME)
    }

    /// Takes what came while the last input was being taken, so that one draw shows all of it. Never waits.
    async fn take_what_waits<S>(&mut self, sources: &mut Sources<S>) -> io::Result<()>
    where
        S: Stream<Item = io::Result<Event>> + Unpin,
    {
        for _ in 0..TURN {
            if self.has_quit {
                break;
            }
            let came = tokio::select! {
                // What came is taken before it is found that nothing more did. Polled by this task and no other way:
                // crossterm's stream keeps the first waker it was shown, and wakes no other.
                biased;
                input = sources.next() => input?,
                () = std::future::ready(()) => break,
            };
            if let Some(input) = came {
                self.take(input);
            }
        }
        Ok(())
    }

    fn take(&mut self, input: Input) {
        let (is_visible, effects) = update(&mut self.state, input);
        self.is_changed |= is_visible;
        for effect in effects {
            match effect {
                Effect::Ask(intent) => self.ask(intent),
                Effect::Load(what) => self.load(what),
                Effect::Copy(clip) => self.copy(clip),
                Effect::Tell(clip, why) => self.tell(clip, why),
                Effect::Edit(edited) => self.edit(edited),
                Effect::Redraw => self.is_redrawn = true,
                Effect::Quit => self.has_quit = true,
            }
        }
    }

    fn ask(&mut self, intent: Intent) {
        if self.intents.try_send(intent).is_err() {
            self.take(Input::Busy);
        }
    }

    /// Hands a clip to the system's own program, which takes its time; else to the terminal.
    fn copy(&mut self, clip: Clip) {
        let Some(tool) = self.clipboard.tool() else {
            return self.tell(clip, None);
        };
        self.reads.spawn(async move {
            let name = tool.name;
            let error = tool.put(clip.bytes.clone()).await.err();
            let tool = name;
            Loaded::Brought(Box::new(Brought::Put { clip, tool, error }))
        });
    }

    fn edit(&mut self, edited: Edited) {
        let why = Err("the terminal cannot be lent to an editor".to_owned());
        let brought = Brought::Edited(edited, why);
        self.take(Input::Loaded(Loaded::Brought(Box::new(brought))));
    }

    fn tell(&mut self, clip: Clip, why: Option<Safe<'static>>) {
        let told = self.clipboard.tell(&clip.bytes);
        let error = told.err().map(|error| error.to_string());
        let brought = Brought::Told { clip, why, error };
        self.take(Input::Loaded(Loaded::Brought(Box::new(brought))));
    }

    fn load(&mut self, what: What) {
        let source = self.source.clone();
        self.reads.spawn_blocking(move || source.load(&what));
    }

    fn draw_if_due<B: Backend>(&mut self, screen: &mut Terminal<B>) -> io::Result<()> {
        if !self.is_changed || self.due() > Instant::now() {
            return Ok(());
        }
        if std::mem::take(&mut self.is_redrawn) {
            screen.clear().map_err(failed)?;
        }
        let size = screen.size().map_err(failed)?;
        if (size.width, size.height) != self.state.size {
            self.take(Input::Size(size.width, size.height));
        }
        let (state, is_colored) = (&self.state, self.is_colored);
        screen
            .draw(|frame| view::draw(state, frame, is_colored))
            .map_err(failed)?;
        self.is_changed = false;
        self.drawn = Some(Instant::now());
        Ok(())
    }

    fn ended(&self) -> Ended {
        let new = self.state.list.rows.iter().rev();
        let new = new.take_while(|row| row.number > self.state.list.baseline);
        let (requests, failed) = new.fold((0, 0), |(requests, failed), row| {
            (requests + 1, failed + u64::from(rows::has_failed(row)))
        });
        Ended {
            requests,
            failed,
            lasted: self.began.elapsed(),
            by_person: self.has_quit,
        }
    }
}
