//! Everything the loop waits for but its own reads, as one stream of inputs.
//!
//! In: terminal events, the listener's [`Feed`], the history's changes. Out: [`Input`]s. A source that ended is no longer asked; a
//! view that lagged is told to read again. The terminal's answer about its background comes among the keys, and is none.

use std::{collections::VecDeque, io, time::Duration};

use crossterm::event::Event;
use futures_util::{Stream, StreamExt};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    answer::{Answer, Heard},
    terminal,
    update::Input,
};
use crate::{
    event::{Feed, Notice, Round},
    history::Change,
};

/// The sources, and which of them have ended.
pub(super) struct Sources<S> {
    feed: Feed,
    changes: broadcast::Receiver<Change>,
    /// None while another program has the terminal.
    events: Option<S>,
    /// What the terminal was asked at the start and has not answered yet.
    answer: Option<Answer>,
    /// Events that were found to be a person's, to be taken next.
    keys: VecDeque<Event>,
    has: Has,
}

/// How long an end waits for the answer to a question of just now: else it would be typed into the shell.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Which sources are still there.
#[derive(Clone, Copy)]
struct Has {
    link: bool,
    reach: bool,
    hold: bool,
    standing: bool,
    notices: bool,
    rounds: bool,
    changes: bool,
    events: bool,
}

/// What came, before it is looked at.
enum Came {
    Link(bool),
    Reach(bool),
    Hold(bool),
    Standing(bool),
    Notice(Result<Notice, RecvError>),
    Round(Result<Round, RecvError>),
    Change(Result<Change, RecvError>),
    Event(Option<io::Result<Event>>),
    /// What was kept back is due.
    Due,
}

impl<S: Stream<Item = io::Result<Event>> + Unpin> Sources<S> {
    /// All of them, from now on.
    pub(super) fn new(feed: Feed, changes: broadcast::Receiver<Change>, events: S) -> Self {
        let has = Has {
            link: true,
            reach: true,
            hold: true,
            standing: true,
            notices: true,
            rounds: true,
            changes: true,
            events: true,
        };
        Self {
            feed,
            changes,
            events: Some(events),
            answer: None,
            keys: VecDeque::new(),
            has,
        }
    }

    /// The terminal was just asked for its background.
    pub(super) fn expect_answer(&mut self) {
        self.answer = Some(Answer::awaited(Instant::now()));
    }

    /// Waits until the terminal has answered, or `asked` is long ago; keys that come meanwhile are let go.
    pub(super) async fn hear_out(&mut self, asked: Instant) {
        let heard = async {
            while self.answer.is_some() && !self.is_over() {
                let _ = self.next().await;
            }
        };
        // There was none: the terminal gives no answer.
        let _ = timeout_at(asked + LAST_WORDS, heard).await;
    }

    /// How the board stands now.
    pub(super) fn first(&mut self) -> [Input; 4] {
        [
            Input::Link(self.feed.link.borrow_and_update().clone()),
            Input::Reach(self.feed.reach.borrow_and_update().clone()),
            Input::Hold(self.feed.hold.borrow_and_update().clone()),
            Input::Standing(self.feed.standing.borrow_and_update().clone()),
        ]
    }

    /// Reads no more keys: another program gets them.
    pub(super) fn lend(&mut self) {
        self.events = None;
        self.keys.clear();
    }

    /// Reads keys again.
    pub(super) fn take_back(&mut self, events: S) {
        self.events = Some(events);
    }

    /// Whether the terminal has gone away: then nobody looks.
    pub(super) fn is_over(&self) -> bool {
        !self.has.events
    }

    /// What comes next, if it means anything here; pending while nothing comes.
    ///
    /// # Errors
    /// If the terminal cannot be read.
    ///
    /// # Cancel safety
    /// Safe: one receive, and no await after it.
    pub(super) async fn next(&mut self) -> io::Result<Option<Input>> {
        if let Some(event) = self.keys.pop_front() {
            return Ok(terminal::input(&event));
        }
        let due = self.answer.as_ref().and_then(Answer::due);
        let came = tokio::select! {
            // Keys first: a person is answered however much comes in.
            biased;
            event = next_of(&mut self.events), if self.has.events => Came::Event(event),
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Came::Due,
            told = self.feed.link.changed(), if self.has.link => Came::Link(told.is_ok()),
            told = self.feed.reach.changed(), if self.has.reach => Came::Reach(told.is_ok()),
            told = self.feed.hold.changed(), if self.has.hold => Came::Hold(told.is_ok()),
            told = self.feed.standing.changed(), if self.has.standing => Came::Standing(told.is_ok()),
            notice = self.feed.notices.recv(), if self.has.notices => Came::Notice(notice),
            round = self.feed.rounds.recv(), if self.has.rounds => Came::Round(round),
            change = self.changes.recv(), if self.has.changes => Came::Change(change),
            else => return std::future::pending().await,
        };
        self.input(came)
    }

    fn input(&mut self, came: Came) -> io::Result<Option<Input>> {
        Ok(match came {
            Came::Event(None) => {
                self.has.events = false;
                None
            }
            Came::Event(Some(event)) => self.hear(event?),
            Came::Due => {
                let kept = self.answer.as_mut().map(Answer::give_back);
                self.keys.extend(kept.into_iter().flatten());
                None
            }
            Came::Link(told) => {
                self.has.link = told;
                told.then(|| Input::Link(self.feed.link.borrow_and_update().clone()))
            }
            Came::Reach(told) => {
                self.has.reach = told;
                told.then(|| Input::Reach(self.feed.reach.borrow_and_update().clone()))
            }
            Came::Hold(told) => {
                self.has.hold = told;
                told.then(|| Input::Hold(self.feed.hold.borrow_and_update().clone()))
            }
            Came::Standing(told) => {
                self.has.standing = told;
                told.then(|| Input::Standing(self.feed.standing.borrow_and_update().clone()))
            }
            Came::Notice(Ok(notice)) => Some(Input::Notice(notice)),
            Came::Notice(Err(RecvError::Lagged(missed))) => Some(Input::Notice(Notice {
                is_problem: false,
                text: format!("{missed} messages came too fast to be shown"),
                about: None,
            })),
            Came::Change(Ok(change)) => Some(Input::Changed(change)),
            Came::Change(Err(RecvError::Lagged(_))) => Some(Input::Changed(Change::Reload)),
            Came::Round(Ok(round)) => Some(Input::Round(round)),
            Came::Round(Err(RecvError::Lagged(_))) => None,
            Came::Round(Err(RecvError::Closed)) => {
                self.has.rounds = false;
                None
            }
            Came::Notice(Err(RecvError::Closed)) => {
                self.has.notices = false;
                None
            }
            Came::Change(Err(RecvError::Closed)) => {
                self.has.changes = false;
                None
            }
        })
    }
}

impl<S> Sources<S> {
    /// An event, unless it belongs to the terminal's answer.
    fn hear(&mut self, event: Event) -> Option<Input> {
        let Some(answer) = &mut self.answer else {
            return terminal::input(&event);
        };
        match answer.hear(event, Instant::now()) {
            Heard::Events(events) => {
                self.keys.extend(events);
                let next = self.keys.pop_front();
                next.and_then(|event| terminal::input(&event))
            }
            Heard::Answer(color) => {
                self.answer = None;
                color.map(Input::Background)
            }
        }
    }
}

async fn next_of<S: Stream + Unpin>(events: &mut Option<S>) -> Option<S::Item> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}
