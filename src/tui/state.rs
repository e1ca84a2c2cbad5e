//! All that the inspector knows: rows, what is selected and loaded, the link, what lies over the screen.
//!
//! In and out: nothing by itself; [`mod@super::update`] changes it, `view/` draws from it. Must not know: the clock (time is told by a
//! tick), terminals, the runtime.
//!
//! ```text
//! history ──Change──▶ sync (what to read again) ──Load──▶ rows ─▶ selected ─▶ wish ──Load──▶ detail
//! ```

mod acting;
mod bar;
mod columns;
mod folds;
mod list;
mod over;
mod wrapped;

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use hooktool_relay::capture::UnixMillis;

use super::{
    act::deed,
    layout::{Layout, Pane, Split, layout},
    look::Look,
    page::{Detail, Form, Tree},
    search::Search,
};
use crate::{
    event::{Hold, Link, Reach},
    history::{Number, Summary},
    target::Target,
    text::Zone,
};

pub(super) use self::acting::{Acting, Kept};
pub(super) use self::bar::{Bar, Offer, remember};
pub(super) use self::columns::{Column, Wanted};
pub(super) use self::folds::Folds;
pub(super) use self::list::{Fit, Follow, List, Order, Query, Shown};
pub(super) use self::over::{Mood, Open, Popup, Toast, Told};
pub(super) use self::wrapped::rows;

/// Under this width of a pane a row of hex has 8 bytes instead of 16.
const WIDE_HEX: u16 = 77;

/// What is known of where requests come in and go to. It never changes.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The target as the header names it; empty: captured only.
    pub(super) target: String,
    /// The relay's host; empty without one.
    pub(super) relay: String,
    /// How many paths have targets of their own.
    pub(super) routes: usize,
    /// Whether the relay is embedded, so that its URL works on this machine only.
    pub(super) is_local_relay: bool,
    /// Whether requests come in; else this is the history alone.
    pub(super) is_listening: bool,
}

/// Where replays go.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) enum Goal {
    /// The person has not been asked yet.
    #[default]
    Unasked,
    /// Where the last try of each went.
    LastTry,
    At(Target),
}

/// Now: a monotonic clock since the screen came up, and the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Time {
    pub(super) since_start: Duration,
    pub(super) wall: UnixMillis,
}

/// A time that the shell had the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Away {
    pub(super) since: UnixMillis,
    pub(super) until: UnixMillis,
    /// How many requests came in it, as far as it is known by now.
    pub(super) came: u64,
}

/// A page of the detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) enum Tab {
    #[default]
    Body,
    Headers,
    Response,
    Tries,
    Sig,
    Raw,
}

impl Tab {
    pub(super) const ALL: [Self; 6] = [
        Self::Body,
        Self::Headers,
        Self::Response,
        Self::Tries,
        Self::Sig,
        Self::Raw,
    ];

    /// The key that shows it, wherever it stands among the others.
    pub(super) const fn digit(self) -> char {
        match self {
            Self::Body => '1',
            Self::Headers => '2',
            Self::Response => '3',
            Self::Tries => '4',
            Self::Sig => '5',
            Self::Raw => '6',
        }
    }

    /// The tab so many places on, around the end.
    pub(super) fn moved(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// What the detail is to show.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Wish {
    pub(super) number: Number,
    /// Which try, from 0; none: the newest.
    pub(super) chosen: Option<usize>,
    /// Whether secrets are shown whole.
    pub(super) reveals: bool,
    /// How the body is laid out, if a person said it.
    pub(super) form: Option<Form>,
    /// Whether it was said of this request: then a large body is laid out whole.
    pub(super) is_whole: bool,
    /// Bytes in a row of hex.
    pub(super) hex_row: usize,
    /// Whether its signature is judged.
    pub(super) judges: bool,
}

/// What has to be read from the history.
#[derive(Clone, Debug, Default)]
pub(super) struct Sync {
    /// Everything.
    pub(super) all: bool,
    /// Requests that came or changed; what is above the newest row is read as one.
    pub(super) changed: BTreeSet<Number>,
    /// What is missing between and above the rows.
    pub(super) missing: bool,
    /// Whether rows are being read.
    pub(super) is_reading: bool,
    /// The detail that is being read.
    pub(super) detail: Option<Wish>,
    /// Whether the loaded detail changed in the history.
    pub(super) is_detail_stale: bool,
    /// Whether the newest rows were read, which are shown before all others are.
    pub(super) is_begun: bool,
    /// Whether all rows were read at least once.
    pub(super) is_loaded: bool,
}

/// All that the inspector knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) size: (u16, u16),
    pub(super) now: Time,
    pub(super) look: Look,
    /// Whether the mouse is ours.
    pub(super) has_mouse: bool,
    /// Whether the countdown counts.
    pub(super) is_animated: bool,
    pub(super) route: Route,
    /// Public URL, as soon as it is known.
    pub(super) url: Option<String>,

    pub(super) link: Link,
    /// Since when the link is so.
    pub(super) link_since: Time,
    pub(super) reach: Reach,
    pub(super) hold: Hold,
    /// What else holds of how requests are answered and which are forwarded, a few words each.
    pub(super) standing: Vec<String>,

    /// The rows, and where the person is among them.
    pub(super) list: List,
    /// The filter while it is typed.
    pub(super) bar: Option<Bar>,
    /// Filters that were kept, the newest last.
    pub(super) filters: Vec<String>,
    /// Which clock times are shown on; or how long ago it was.
    pub(super) zone: Zone,
    pub(super) is_relative: bool,
    /// The columns of the list that a person asked for.
    pub(super) columns: Wanted,

    pub(super) focus: Pane,
    pub(super) is_zoomed: bool,
    pub(super) split: Split,
    pub(super) tab: Tab,
    /// First line and first cell of the detail that are shown; of a wrapped line the first row.
    pub(super) scroll: usize,
    pub(super) passed: usize,
    pub(super) column: usize,
    /// Whether long lines go on in the next row.
    pub(super) is_wrapped: bool,
    /// How bodies are laid out, if a person said it.
    pub(super) form: Option<Form>,
    /// Of which request it was said last.
    pub(super) laid_out: Option<Number>,
    /// What is folded, and where the person is, by the kind of request.
    pub(super) folds: Folds,
    /// The line of the tree that the person is on, counted among the visible ones.
    pub(super) cursor: usize,
    pub(super) search: Option<Search>,
    /// Which try, from 0, of the selected request; none: the newest.
    pub(super) chosen: Option<usize>,
    /// Whose secrets are shown.
    pub(super) revealed: Option<Number>,
    /// The last time that the shell had the terminal.
    pub(super) away: Option<Away>,
    pub(super) detail: Option<Detail>,
    pub(super) sync: Sync,

    pub(super) popup: Option<Open>,
    pub(super) toast: Option<Toast>,
    /// What was told, oldest first.
    pub(super) log: VecDeque<Told>,
    pub(super) goal: Goal,
    pub(super) acting: Acting,
    /// Replays that were asked for, and how many tries there were before each.
    pub(super) replays: Vec<(Number, u32)>,
    /// When requests were deleted last.
    pub(super) deleted: Option<Duration>,
}

impl State {
    /// A screen of this size before anything is read.
    pub(super) fn new(size: (u16, u16), route: Route) -> Self {
        let goal = if route.is_listening {
            Goal::LastTry
        } else {
            Goal::Unasked
        };
        Self {
            size,
            now: Time::default(),
            look: Look::default(),
            has_mouse: false,
            is_animated: true,
            route,
            url: None,
            link: Link::Connecting { attempt: 1 },
            link_since: Time::default(),
            reach: Reach::Unknown,
            hold: Hold::default(),
            standing: Vec::new(),
            list: List::default(),
            bar: None,
            filters: Vec::new(),
            zone: Zone::Local,
            is_relative: false,
            columns: Wanted::default(),
            focus: Pane::List,
            is_zoomed: false,
            split: Split::default(),
            tab: Tab::Body,
            scroll: 0,
            passed: 0,
            column: 0,
            is_wrapped: false,
            form: None,
            laid_out: None,
            folds: Folds::default(),
            cursor: 0,
            search: None,
            chosen: None,
            revealed: None,
            away: None,
            detail: None,
            sync: Sync {
                all: true,
                ..Sync::default()
            },
            popup: None,
            toast: None,
            log: VecDeque::new(),
            goal,
            acting: Acting::default(),
            replays: Vec::new(),
            deleted: None,
        }
    }

    /// Where everything stands now.
    pub(super) fn layout(&self) -> Layout {
        let layout = layout(self.size, self.is_zoomed, self.focus, self.split);
        match self.bar {
            Some(_) => layout.with_bar(),
            None => layout,
        }
    }

    /// Place of a request among the rows.
    pub(super) fn index(&self, number: Number) -> Option<usize> {
        self.list.index(number)
    }

    /// The selected row.
    pub(super) fn row(&self) -> Option<&Summary> {
        self.list.row(self.list.selected?)
    }

    /// What the detail is to show now.
    pub(super) fn wish(&self) -> Option<Wish> {
        let number = self.list.selected?;
        let width = self.layout().detail.map_or(self.size.0, |area| area.width);
        Some(Wish {
            number,
            chosen: self.chosen,
            reveals: self.revealed == Some(number),
            form: self.form,
            is_whole: self.laid_out == Some(number),
            hex_row: if width < WIDE_HEX { 8 } else { 16 },
            judges: self.tab == Tab::Sig,
        })
    }

    /// The detail, if it is the selected request's.
    pub(super) fn shown(&self) -> Option<&Detail> {
        let detail = self.detail.as_ref();
        detail.filter(|detail| Some(detail.number) == self.list.selected)
    }

    /// The tree that is shown, if one is.
    pub(super) fn tree(&self) -> Option<&Tree> {
        self.shown()?.tree(self.tab)
    }

    /// Whether the last line of the detail says where the person is.
    pub(super) fn has_status(&self) -> bool {
        let is_read = self.tree().is_some() || self.search.is_some();
        is_read && self.focus == Pane::Detail && self.layout().detail_rows() > 2
    }

    /// How many lines of the detail are shown at once.
    pub(super) fn detail_rows(&self) -> usize {
        self.layout().detail_rows() - usize::from(self.has_status())
    }

    /// Time until the next try to connect, while there is one to come.
    pub(super) fn until_next_try(&self) -> Option<Duration> {
        let Link::Reconnecting { after, .. } = &self.link else {
            return None;
        };
        let passed = self
            .now
            .since_start
            .saturating_sub(self.link_since.since_start);
        Some(after.saturating_sub(passed))
    }

    /// When the screen changes by time alone: the end of a toast, the next second of the countdown, the moment after a key in
    /// the filter, a pass of the filter.
    pub(super) fn next_tick(&self) -> Option<Duration> {
        let toast = self
            .toast
            .as_ref()
            .filter(|toast| toast.mood != Mood::Problem);
        let end = toast.map(|toast| toast.since + Toast::STAYS);
        let second = self
            .until_next_try()
            .filter(|left| self.is_animated && !left.is_zero())
            .map(|left| {
                let part = Duration::from_nanos(u64::from(left.subsec_nanos()));
                let wait = if part.is_zero() {
                    Duration::from_secs(1)
                } else {
                    part
                };
                self.now.since_start + wait
            });
        let menu = deed::appears(self);
        let typed = self.bar.as_ref().and_then(|bar| bar.due);
        let sifting = self.list.is_sifting().then_some(self.now.since_start);
        let all = [end, second, menu, typed, sifting];
        all.into_iter().flatten().min()
    }
}
