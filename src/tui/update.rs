//! What happens to the [`State`] when something happens: pure, so every rule of the screen is tested without one.
//!
//! In: an [`Input`]; time too is told by one. Out: [`Effect`]s for the loop to start. No clock, no I/O, no ratatui, no crossterm.

use std::sync::Arc;

use super::{
    act::{
        act, away, deed, detail, filter,
        mouse::{self, Mouse},
        save,
    },
    deed::Deed,
    errand::{Errand, Returned},
    fetch::{Brought, Clip, Fetch},
    keys::{self, Action, Code, Key},
    load::{Save, Saved},
    log,
    page::Detail,
    state::{Mood, Query, State, Tab, Time, Toast, Wish},
    sync,
};
use crate::{
    event::{Hold, Intent, Link, Notice, Reach, Round},
    history::{Change, Dropped, Missing, Number, Summary},
    search::Hit,
    text::{Mode, Safe, safe},
};

/// Keys pressed this soon after a box opened were meant for what was there before.
const GRACE: std::time::Duration = std::time::Duration::from_millis(150);

/// Something that happened.
#[derive(Debug)]
pub(super) enum Input {
    Key(Key),
    Paste(String),
    Size(u16, u16),
    /// The terminal's background: red, green and blue, each from 0 to 1.
    Background([f64; 3]),
    Link(Link),
    Reach(Reach),
    Hold(Hold),
    /// What holds of answers and of what is forwarded.
    Standing(Vec<String>),
    Notice(Notice),
    /// Requests that were sent again together.
    Round(Round),
    Changed(Change),
    Loaded(Loaded),
    /// An intent found its queue full, or nobody to perform it.
    Busy,
    /// The mouse, while it is ours.
    Mouse(Mouse),
    Tick(Time),
}

/// Something to do outside.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Ask(Intent),
    Load(What),
    /// Put it on the clipboard.
    Copy(Clip),
    /// Put it on the terminal's, and why not on the system's.
    Tell(Clip, Option<Safe<'static>>),
    /// Lend the terminal to another program.
    Lend(Errand),
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Draw every cell anew.
    Redraw,
    Quit,
}

/// Something to read from the history.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// The newest rows, for the first frame.
    Newest,
    /// All rows; those of every endpoint, if the filter asks for endpoints.
    All {
        is_wide: bool,
    },
    /// What is missing.
    Older,
    /// Rows above a number (none: all that are selected), and those of these numbers.
    Rows {
        newer_than: Option<Option<Number>>,
        numbers: Vec<Number>,
        is_wide: bool,
    },
    /// Which requests fit the filter.
    Search(Query),
    Detail(Wish),
    Fetch(Fetch),
    /// The text of a tab, whole, for a pager or the normal screen.
    Page(Wish, Tab, Reading),
    /// A body, into a file.
    Save(Save),
}

/// How a text is read outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// In the person's pager.
    Paged,
    /// On the normal screen.
    Printed,
}

/// Something that was read.
#[derive(Debug)]
pub(super) enum Loaded {
    /// Whether they are all there are.
    Newest(Vec<Summary>, bool),
    All(Vec<Summary>),
    Rows {
        rows: Vec<Summary>,
        gone: Vec<Number>,
    },
    /// What retention let go, and what the relay did before it was delivered.
    Older(Option<Dropped>, Vec<Missing>),
    Found {
        query: Query,
        hits: Vec<Hit>,
    },
    Detail(Box<Detail>),
    /// It is no longer there.
    NoDetail,
    /// Nobody waits for it any more; a newer one took its place.
    Unwanted,
    Brought(Box<Brought>),
    /// Text that is safe to be shown.
    Page(Arc<str>, Reading),
    /// A body is in a file, or it is not.
    Saved(Save, Saved),
    /// The terminal is back.
    Returned(Returned),
    Failed {
        what: What,
        cause: String,
    },
}

/// Takes one input. The answer says whether anything on the screen may have changed.
pub(super) fn update(state: &mut State, input: Input) -> (bool, Vec<Effect>) {
    let mut effects = Vec::new();
    let is_visible = match input {
        Input::Tick(now) => tick(state, now),
        Input::Changed(change) => {
            sync::changed(state, &change);
            false
        }
        Input::Loaded(Loaded::Unwanted) => false,
        Input::Key(key) => pressed(state, key, &mut effects),
        other => {
            happened(state, other, &mut effects);
            true
        }
    };
    sync::settle(state, &mut effects);
    (is_visible, effects)
}

fn happened(state: &mut State, input: Input, effects: &mut Vec<Effect>) {
    match input {
        Input::Paste(text) => match state.field() {
            Some(field) => {
                field.insert(&text);
                touched(state);
            }
            None => state.say(
                Mood::Note,
                Safe::own("paste ignored: there is no input field"),
            ),
        },
        Input::Size(width, height) => {
            let line = state.selected_line();
            state.size = (width, height);
            state.put_on_line(line);
        }
        Input::Background(color) => state.look.learn(color),
        Input::Link(link) => {
            if let Link::Live(live) = &link {
                state.url = Some(live.url.clone());
            }
            // A live link tells its counts again and again; that it is live is told once.
            let is_news = !matches!((&state.link, &link), (Link::Live(_), Link::Live(_)));
            if is_news && state.link != link && state.route.is_listening {
                let (mood, text) = log::link(&link);
                state.note(mood, text);
            }
            let was_live = matches!(state.link, Link::Live(_));
            away::catch_up(state, &link);
            if !(was_live && matches!(link, Link::Live(_))) {
                state.link_since = state.now;
            }
            state.link = link;
        }
        Input::Reach(reach) => state.reach = reach,
        Input::Hold(hold) => state.hold = hold,
        Input::Standing(standing) => state.standing = standing,
        Input::Notice(notice) => state.hear(&notice),
        Input::Round(round) => deed::round(state, &round),
        Input::Loaded(loaded) => take(state, loaded, effects),
        Input::Mouse(mouse) => mouse::moved(state, mouse),
        Input::Busy => state.say(Mood::Problem, Safe::own("busy: not done, try again")),
        Input::Tick(_) | Input::Changed(_) | Input::Key(_) => {}
    }
}

fn owned(text: &str) -> Safe<'static> {
    safe(text.as_bytes(), Mode::Cell).into_owned()
}

fn tick(state: &mut State, now: Time) -> bool {
    let countdown = |state: &State| {
        state
            .until_next_try()
            .filter(|_| state.is_animated)
            .map(|left| left.as_millis().div_ceil(1000))
    };
    let before = countdown(state);
    let is_hidden = deed::appears(state).is_some();
    state.now = now;
    let is_over = |toast: &Toast| {
        toast.mood != Mood::Problem && now.since_start.saturating_sub(toast.since) >= Toast::STAYS
    };
    let ends = state.toast.as_ref().is_some_and(is_over);
    if ends {
        state.toast = None;
    }
    let is_applied = filter::apply_due(state);
    let is_sifted = !is_applied && state.sift();
    let is_seen = is_hidden && deed::appears(state).is_none();
    ends || is_applied || is_sifted || is_seen || countdown(state) != before
}

fn pressed(state: &mut State, key: Key, effects: &mut Vec<Effect>) -> bool {
    let place = keys::place(state);
    let was_problem = state
        .toast
        .take_if(|toast| toast.mood == Mood::Problem)
        .is_some();
    let Some(binding) = keys::binding(place, key) else {
        return typed(state, key) || was_problem;
    };
    let is_early = |since| state.now.since_start.saturating_sub(since) < GRACE;
    let is_early = state
        .popup
        .as_ref()
        .is_some_and(|open| is_early(open.since));
    let is_harmless = matches!(
        binding.action,
        Action::QuitNow
            | Action::Erase(_)
            | Action::Cursor(_)
            | Action::Do(Deed::Copy(_) | Deed::Print | Deed::Export(_))
    );
    if is_early && !is_harmless {
        return was_problem;
    }
    match keys::possible(state, binding.action) {
        Ok(()) => act(state, binding.action, effects),
        Err(why) => state.say(Mood::Note, Safe::own(why)),
    }
    true
}

/// Puts a character into the line that is being typed, if there is one.
fn typed(state: &mut State, key: Key) -> bool {
    let Code::Char(c) = key.code else {
        return false;
    };
    match state.field() {
        Some(field) if !key.ctrl => {
            field.insert(c.encode_utf8(&mut [0; 4]));
            touched(state);
            true
        }
        _ => false,
    }
}

/// After what is typed changed.
pub(super) fn touched(state: &mut State) {
    if state.popup.is_none() && state.bar.is_some() {
        filter::typed(state);
    } else {
        detail::look(state);
    }
}

fn take(state: &mut State, loaded: Loaded, effects: &mut Vec<Effect>) {
    match loaded {
        Loaded::Newest(rows, is_all) => {
            state.sync.is_reading = false;
            state.sync.all |= !is_all;
            state.replace_rows(rows, is_all);
        }
        Loaded::All(rows) => {
            state.sync.is_reading = false;
            state.replace_rows(rows, true);
        }
        Loaded::Rows { rows, gone } => {
            state.sync.is_reading = false;
            state.merge_rows(rows, &gone);
        }
        Loaded::Older(older, gaps) => {
            (state.list.older, state.list.gaps) = (older, gaps);
            state.bring_into_view();
        }
        Loaded::Found { query, hits } => state.found(&query, &hits),
        Loaded::Detail(detail) => {
            state.sync.detail.take_if(|wish| *wish == detail.wish);
            // One of what is no longer wished came too late.
            if Some(&detail.wish) == state.wish().as_ref() {
                state.detail = Some(*detail);
                detail::refold(state);
                detail::look(state);
            }
        }
        Loaded::Brought(brought) => deed::bring(state, *brought, effects),
        Loaded::Page(text, Reading::Paged) => effects.push(Effect::Lend(Errand::Page(text))),
        Loaded::Page(text, Reading::Printed) => effects.push(Effect::Lend(Errand::Print(text))),
        Loaded::Returned(Returned::Edited(edited, ended)) => {
            deed::edited(state, edited, ended, effects);
        }
        Loaded::Saved(save, saved) => save::saved(state, save, saved),
        Loaded::Returned(returned) => away::returned(state, returned),
        Loaded::Unwanted => {}
        Loaded::NoDetail => {
            state.sync.detail = None;
            state.detail = None;
            state.sync.all = true;
        }
        Loaded::Failed { what, cause } => {
            match what {
                What::Detail(wish) => {
                    state.sync.detail.take_if(|other| *other == wish);
                    // Asked for again only when something else is wished.
                    if Some(&wish) == state.wish().as_ref() {
                        state.detail = Some(Detail {
                            number: wish.number,
                            wish,
                            ..Detail::default()
                        });
                    }
                }
                What::Page(..) | What::Fetch(_) | What::Save(_) | What::Older => {}
                What::Newest | What::All { .. } | What::Rows { .. } => {
                    state.sync.is_reading = false;
                }
                What::Search(query) => {
                    state.found(&query, &[]);
                    if let Some(sieve) = &mut state.list.sieve {
                        sieve.give_up();
                    }
                }
            }
            let cause = owned(&cause);
            state.say(
                Mood::Problem,
                Safe::format(format_args!("history: {cause}")),
            );
        }
    }
}
