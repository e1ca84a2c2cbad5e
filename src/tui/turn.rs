//! The loop's hands: the state, and what each effect needs to be started.
//!
//! In: inputs. Out: effects started, frames drawn. Nothing here waits for disk, network or another program: what they bring comes
//! back as an input.

use std::{io, panic::resume_unwind, time::Duration};

use hooktool_relay::capture::UnixMillis;
use ratatui::{
    Terminal,
    backend::{Backend, ClearType},
};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::Instant,
};

use super::{
    Console, Ended, View,
    errand::Errand,
    feed::Sources,
    fetch::{Brought, Clip},
    layout::Split,
    load::Source,
    look::Look,
    program::Running,
    rows,
    state::{Route, State, Time},
    update::{Effect, Input, Loaded, What, update},
    view,
};
use crate::{
    event::{Feed, Intent},
    format::Wanted,
    text::Safe,
};

/// Shortest time between two draws: 30 a second.
const FRAME: Duration = Duration::from_millis(33);

/// How many inputs are taken in one turn before the screen is drawn again.
const TURN: usize = 256;

pub(super) fn failed(error: impl std::error::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// The state and what effects need.
pub(super) struct Turn<C> {
    state: State,
    source: Source,
    /// At most one of each kind of [`What`] but rows, of which there is one of either, and one errand: `update` asks for no more. What
    /// nobody wants any more ends soon.
    reads: JoinSet<Loaded>,
    /// The newest read of the detail, and of a text for a pager.
    wanted: [Wanted; 2],
    intents: mpsc::Sender<Intent>,
    console: C,
    /// What the terminal is to be lent for, as soon as this turn is over.
    errand: Option<Errand>,
    is_lent: bool,
    /// The program that has the terminal, to be ended with the loop.
    running: Running,
    began: Instant,
    drawn: Option<Instant>,
    is_changed: bool,
    is_redrawn: bool,
    has_quit: bool,
}

impl<C: Console> Turn<C> {
    /// Before anything came.
    pub(super) fn new(view: View, size: (u16, u16), console: C, look: Look) -> (Self, Feed) {
        let route = Route {
            target: view.target,
            relay: view.relay,
            routes: view.routes,
            is_local_relay: view.is_local_relay,
            is_listening: view.is_listening,
        };
        let turn = Self {
            state: State {
                zone: view.zone,
                look,
                split: Split::of(view.panes),
                is_animated: view.is_animated,
                ..State::new(size, route)
            },
            source: Source::new(view.history, view.select, view.keyring),
            reads: JoinSet::new(),
            wanted: Default::default(),
            intents: view.intents,
            console,
            errand: None,
            is_lent: false,
            running: Running::default(),
            began: Instant::now(),
            drawn: None,
            is_changed: true,
            is_redrawn: false,
            has_quit: false,
        };
        (turn, view.feed)
    }

    /// Whether the person ended it.
    pub(super) fn has_quit(&self) -> bool {
        self.has_quit
    }

    /// When it began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// What the next read brought. A read's panic goes on here, and one that was cut off by the end of the runtime brings
    /// nothing; pending while nothing is read.
    ///
    /// # Cancel safety
    /// Safe: one receive.
    pub(super) async fn finished(&mut self) -> Option<Input> {
        let Some(read) = self.reads.join_next().await else {
            return std::future::pending().await;
        };
        match read.map_err(JoinError::try_into_panic) {
            Ok(loaded) => Some(Input::Loaded(loaded)),
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_)) => None,
        }
    }

    /// Lends the terminal if the last turn asked for it: no more keys are read, and nothing is drawn until it is back.
    pub(super) fn lend_if_asked(&mut self, sources: &mut Sources<C::Events>) -> io::Result<()> {
        let Some(errand) = self.errand.take() else {
            return Ok(());
        };
        sources.lend();
        self.console.lend()?;
        self.is_lent = true;
        errand.start(&mut self.reads, self.running.clone());
        Ok(())
    }

    /// Takes the terminal back if that is what came, and draws every cell anew.
    pub(super) fn take_back_if_returned(
        &mut self,
        came: Option<&Input>,
        sources: &mut Sources<C::Events>,
    ) -> io::Result<()> {
        if matches!(came, Some(Input::Loaded(Loaded::Returned(_)))) {
            self.console.take_back()?;
            sources.take_back(self.console.events());
            (self.is_lent, self.is_redrawn) = (false, true);
        }
        Ok(())
    }

    /// Now.
    pub(super) fn now(&self) -> Time {
        Time {
            since_start: self.began.elapsed(),
            wall: UnixMillis::now(),
        }
    }

    /// When something is to be done without any input: the next frame, or what time alone changes.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        if self.is_lent {
            return None;
        }
        let due = self.is_changed.then(|| self.due());
        let tick = self.state.next_tick().map(|at| self.began + at);
        due.into_iter().chain(tick).min()
    }

    /// When the next frame may be drawn.
    fn due(&self) -> Instant {
        self.drawn.map_or(self.began, |at| at + FRAME)
    }

    /// Takes what came while the last input was being taken, so that one draw shows all of it. Never waits.
    pub(super) async fn take_what_waits(
        &mut self,
        sources: &mut Sources<C::Events>,
    ) -> io::Result<()> {
        for _ in 0..TURN {
            if self.has_quit || self.errand.is_some() {
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

    /// Takes an input, and starts what it asks for.
    pub(super) fn take(&mut self, input: Input) {
        let (is_visible, effects) = update(&mut self.state, input);
        self.is_changed |= is_visible;
        for effect in effects {
            match effect {
                Effect::Ask(intent) => self.ask(intent),
                Effect::Load(what) => self.load(what),
                Effect::Copy(clip) => self.copy(clip),
                Effect::Tell(clip, why) => self.tell(clip, why),
                Effect::Lend(errand) => self.errand = Some(errand),
                Effect::Mouse(on) => self.mouse(on),
                Effect::Redraw => self.is_redrawn = true,
                Effect::Quit => self.has_quit = true,
            }
        }
    }

    fn mouse(&mut self, on: bool) {
        if self.console.mouse(on).is_err() {
            // The terminal is gone then, and says so to whoever reads it.
            self.is_redrawn = true;
        }
    }

    fn ask(&mut self, intent: Intent) {
        if self.intents.try_send(intent).is_err() {
            self.take(Input::Busy);
        }
    }

    /// Hands a clip to the system's own program, which takes its time; else to the terminal.
    fn copy(&mut self, clip: Clip) {
        let Some(tool) = self.console.tool() else {
            return self.tell(clip, None);
        };
        self.reads.spawn(async move {
            let name = tool.name;
            let error = tool.put(clip.bytes.clone()).await.err();
            let tool = name;
            Loaded::Brought(Box::new(Brought::Put { clip, tool, error }))
        });
    }

    fn tell(&mut self, clip: Clip, why: Option<Safe<'static>>) {
        let told = self.console.tell(&clip.bytes);
        let error = told.err().map(|error| error.to_string());
        let brought = Brought::Told { clip, why, error };
        self.take(Input::Loaded(Loaded::Brought(Box::new(brought))));
    }

    fn load(&mut self, what: What) {
        let wanted = self.newest(&what);
        let source = self.source.clone();
        self.reads
            .spawn_blocking(move || source.load(&what, &wanted));
    }

    /// Ends the read that this one takes the place of.
    fn newest(&mut self, what: &What) -> Wanted {
        let wanted = Wanted::default();
        let place = match what {
            What::Detail(_) => Some(0),
            What::Page(..) => Some(1),
            _ => None,
        };
        if let Some(older) = place.and_then(|place| self.wanted.get_mut(place)) {
            std::mem::replace(older, wanted.clone()).end();
        }
        wanted
    }

    /// Draws, if anything changed, the last frame is long enough ago, and the terminal is ours.
    pub(super) fn draw_if_due<B: Backend>(&mut self, screen: &mut Terminal<B>) -> io::Result<()> {
        if self.is_lent || !self.is_changed || self.due() > Instant::now() {
            return Ok(());
        }
        if std::mem::take(&mut self.is_redrawn) {
            // Not `clear`: it asks the terminal where the cursor is, and the answer goes to whoever reads keys.
            screen
                .backend_mut()
                .clear_region(ClearType::All)
                .map_err(failed)?;
            screen.swap_buffers();
        }
        let size = screen.size().map_err(failed)?;
        if (size.width, size.height) != self.state.size {
            self.take(Input::Size(size.width, size.height));
        }
        let state = &self.state;
        screen
            .draw(|frame| view::draw(state, frame, state.look))
            .map_err(failed)?;
        if let Some(place) = view::place_of_person(state) {
            // The cursor is hidden, but a screen reader follows it.
            let backend = screen.backend_mut();
            backend.set_cursor_position(place).map_err(failed)?;
            backend.flush().map_err(failed)?;
        }
        self.is_changed = false;
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// How it went.
    pub(super) fn ended(&self) -> Ended {
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

impl<C> Drop for Turn<C> {
    fn drop(&mut self) {
        // The runtime waits for threads that read.
        for wanted in &self.wanted {
            wanted.end();
        }
        // It may have ended by itself; and there is nobody to tell.
        let _ = self.running.end();
    }
}
