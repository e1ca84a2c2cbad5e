//! What lies over the panes: the boxes that have the keys, and the sentences that go by themselves.

use std::time::Duration;

use hooktool_relay::capture::UnixMillis;

use super::State;
use crate::{
    event::Notice,
    history::Number,
    text::{Mode, Safe, safe},
    tui::{
        deed::Desk,
        field::{Field, Hidden},
        load::Save,
    },
};

/// What lies over the panes and has the keys.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tui) enum Popup {
    /// All keys of the pane beneath.
    Help {
        /// First line shown.
        scroll: usize,
    },
    /// Every action by its name.
    Palette {
        field: Field,
        /// Which of those that fit.
        at: usize,
    },
    /// What was told, and how the link went.
    Log {
        /// First line shown.
        scroll: usize,
    },
    /// What a filter may say.
    Syntax {
        /// First line shown.
        scroll: usize,
    },
    /// What the list can be sorted by.
    Sort,
    /// The public URL, and how to try it.
    Url,
    /// How the body can be laid out.
    Forms,
    /// Before the first replay without a listener: where to.
    Target {
        number: Number,
        field: Field,
        /// Why what was typed is none.
        error: Option<Safe<'static>>,
    },
    /// Where a person says what is done with requests, and how.
    Desk(Desk),
    /// Where a body is to be saved.
    Save { save: Save, field: Field },
    /// Before a file is replaced.
    Replace(Save),
    /// A signing secret of a provider.
    Secret {
        provider: String,
        name: Safe<'static>,
        field: Hidden<Field>,
    },
    /// The note beside a request.
    Note { number: Number, field: Field },
    /// Before requests are deleted.
    Delete {
        numbers: Vec<Number>,
        /// How many of them are bookmarked.
        bookmarked: usize,
    },
    /// Before all requests are deleted: the word that is to be typed, and what is.
    Clear {
        word: Safe<'static>,
        field: Field,
        is_wrong: bool,
    },
    /// What becomes of the held ones when hold ends.
    Release,
    /// Before the end.
    Quit,
}

impl Popup {
    /// Whether it covers both panes, so that a toast stands on it.
    pub(in crate::tui) fn is_full(&self) -> bool {
        matches!(
            self,
            Self::Help { .. }
                | Self::Palette { .. }
                | Self::Log { .. }
                | Self::Syntax { .. }
                | Self::Desk(Desk::Diff { .. })
        )
    }
}

/// A pop-up and since when it is open: keys pressed before it was seen do not count.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Open {
    pub(in crate::tui) popup: Popup,
    pub(in crate::tui) since: Duration,
}

/// How a toast begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Mood {
    Done,
    Note,
    Problem,
}

/// A sentence that goes by itself, or with the next key if it is a problem.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Toast {
    pub(in crate::tui) mood: Mood,
    pub(in crate::tui) text: Safe<'static>,
    pub(in crate::tui) since: Duration,
}

impl Toast {
    /// How long one stays.
    pub(in crate::tui) const STAYS: Duration = Duration::from_secs(4);
}

/// Something that was told, for those who looked elsewhere.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Told {
    pub(in crate::tui) at: UnixMillis,
    pub(in crate::tui) mood: Mood,
    pub(in crate::tui) text: Safe<'static>,
}

impl Told {
    /// How many are kept; the oldest goes.
    pub(in crate::tui) const KEPT: usize = 500;
}

impl State {
    /// Tells a sentence.
    pub(in crate::tui) fn say(&mut self, mood: Mood, text: Safe<'static>) {
        self.note(mood, text.clone());
        self.toast = Some(Toast {
            mood,
            text,
            since: self.now.since_start,
        });
    }

    /// Tells what the listener said; what it said of a replay before it is sent is told again with how that went.
    pub(in crate::tui) fn hear(&mut self, notice: &Notice) {
        let mood = match notice.is_problem {
            true => Mood::Problem,
            false => Mood::Note,
        };
        let text = safe(notice.text.as_bytes(), Mode::Cell).into_owned();
        if let Some(number) = notice.about {
            self.acting.remember(number, text.clone());
        }
        self.say(mood, text);
    }

    /// The line that is being typed.
    pub(in crate::tui) fn field(&mut self) -> Option<&mut Field> {
        match self.popup.as_mut().map(|open| &mut open.popup) {
            Some(
                Popup::Target { field, .. }
                | Popup::Palette { field, .. }
                | Popup::Save { field, .. }
                | Popup::Note { field, .. }
                | Popup::Clear { field, .. },
            ) => Some(field),
            Some(Popup::Secret { field, .. }) => Some(&mut field.0),
            Some(Popup::Desk(desk)) => desk.field(),
            Some(_) => None,
            None if self.bar.is_some() => self.bar.as_mut().map(|bar| &mut bar.field),
            None => {
                let search = self.search.as_mut();
                search
                    .filter(|search| search.is_typing)
                    .map(|search| &mut search.field)
            }
        }
    }

    /// Puts a sentence into the log alone.
    pub(in crate::tui) fn note(&mut self, mood: Mood, text: Safe<'static>) {
        if self.log.len() == Told::KEPT {
            self.log.pop_front();
        }
        let at = self.now.wall;
        self.log.push_back(Told { at, mood, text });
    }

    /// Opens a pop-up.
    pub(in crate::tui) fn open(&mut self, popup: Popup) {
        self.popup = Some(Open {
            popup,
            since: self.now.since_start,
        });
    }
}
