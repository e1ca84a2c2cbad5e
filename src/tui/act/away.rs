//! Lending the terminal: a pager for what is shown, the shell by Ctrl-z; and what is told when it is back, or when all is here that came
//! while nobody listened.

use crate::{
    event::Link,
    text::{Mode, Safe, clock, count, duration, safe},
    tui::{
        errand::{Errand, Returned},
        state::{Away, Mood, State},
        update::{Effect, Reading, What},
    },
};

/// Asks for the text of the tab that is shown, whole; it is paged or printed when it is there.
pub(super) fn page(state: &State, reading: Reading, effects: &mut Vec<Effect>) {
    if let Some(wish) = state.wish() {
        effects.push(Effect::Load(What::Page(wish, state.tab, reading)));
    }
}

/// Gives the terminal to the shell.
pub(super) fn suspend(state: &State, effects: &mut Vec<Effect>) {
    let said = match (state.route.is_listening, state.route.is_local_relay) {
        (true, true) => "suspended, and the relay on this machine with it: senders wait until fg",
        (true, false) => "suspended: the relay keeps what comes; fg goes on",
        (false, _) => "suspended: fg goes on",
    };
    effects.push(Effect::Lend(Errand::Suspend { said }));
}

/// The terminal is back.
pub(in crate::tui) fn returned(state: &mut State, returned: Returned) {
    match returned {
        // What an editor left is taken by the deed that asked for it.
        Returned::Paged(Ok(())) | Returned::Edited(..) => {}
        Returned::Paged(Err(why)) => {
            let why = safe(why.as_bytes(), Mode::Cell).into_owned();
            state.say(Mood::Problem, why);
        }
        Returned::Resumed { since } => {
            state.away = Some(Away {
                since,
                until: state.now.wall,
                came: 0,
            });
            tell(state);
        }
    }
}

/// Counts those of the newest rows that came while the terminal was away.
pub(in crate::tui) fn count_new(state: &mut State, newest: usize) {
    let Some(away) = &mut state.away else { return };
    let rows = state.list.rows.iter().rev().take(newest);
    let meanwhile = rows.filter(|row| (away.since..=away.until).contains(&row.received_at));
    let came = meanwhile.count() as u64;
    if came > 0 {
        away.came += came;
        tell(state);
    }
}

fn tell(state: &mut State) {
    let Some(away) = &state.away else { return };
    let lasted = duration(away.until.since(away.since));
    let text = match away.came {
        0 => Safe::format(format_args!("suspended {lasted}")),
        came => Safe::format(format_args!(
            "suspended {lasted}, {} came meanwhile",
            count(came)
        )),
    };
    let has_told = away.came > 0;
    let is_last = state
        .log
        .back()
        .is_some_and(|told| told.text.as_str().starts_with("suspended "));
    if has_told && is_last {
        state.log.pop_back();
    }
    state.say(Mood::Note, text);
}

/// Tells that all is here that came while nobody listened.
pub(in crate::tui) fn catch_up(state: &mut State, link: &Link) {
    let done = |link: &Link| match link {
        Link::Live(live) if live.waiting > 0 && live.caught_up >= live.waiting => {
            Some((live.waiting, live.waiting_since))
        }
        _ => None,
    };
    let Some((came, since)) = done(link).filter(|_| done(&state.link).is_none()) else {
        return;
    };
    let hour = |at| {
        let at = clock(at, state.zone);
        safe(
            at.as_str().get(..5).unwrap_or_default().as_bytes(),
            Mode::Cell,
        )
        .into_owned()
    };
    let came = count(came);
    let text = match since {
        Some(since) => {
            let (since, now) = (hour(since), hour(state.now.wall));
            Safe::format(format_args!("{came} came while away ({since} to {now})"))
        }
        None => Safe::format(format_args!("{came} came while away")),
    };
    state.say(Mood::Done, text);
}
