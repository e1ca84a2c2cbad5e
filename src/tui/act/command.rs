//! What is chosen in the palette: an action, or a command with what was typed behind it.
//!
//! Enter there never sends: an action that would send opens its box instead, and that is confirmed by a key of its own.

use super::{act, filter, replay, secret};
use crate::{
    filter::Filter,
    text::{Mode, Safe, Zone, safe},
    tui::{
        keys::{self, Action},
        palette::{self, Command, Entry, Typed},
        state::{Mood, Popup, State, Wanted},
        update::Effect,
    },
};

/// Does what is chosen. Answers whether the palette is open at all.
pub(super) fn accept(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    if !matches!(
        state.popup.as_ref().map(|open| &open.popup),
        Some(Popup::Palette { .. })
    ) {
        return false;
    }
    match palette::chosen(state) {
        Some(Entry::Action(binding)) => perform(state, binding.action, effects),
        Some(Entry::Typed(typed)) => {
            let given = palette::given(state);
            state.popup = None;
            run(state, typed, &given, effects);
        }
        None => {}
    }
    true
}

/// Does an action, or says why not.
fn perform(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    state.popup = None;
    match (keys::possible(state, action), action) {
        (Err(why), _) => state.say(Mood::Note, Safe::own(why)),
        (Ok(()), Action::Replay) => replay::ask(state, effects),
        (Ok(()), _) => act(state, action, effects),
    }
}

fn run(state: &mut State, typed: &Typed, given: &str, effects: &mut Vec<Effect>) {
    match typed.command {
        Command::Url => state.open(Popup::Url),
        Command::Time => match given {
            "local" => (state.zone, state.is_relative) = (Zone::Local, false),
            "utc" => (state.zone, state.is_relative) = (Zone::Utc, false),
            "relative" => state.is_relative = true,
            _ => usage(state, typed),
        },
        Command::Columns => match Wanted::parse(given) {
            Some(wanted) => state.columns = wanted,
            None => usage(state, typed),
        },
        Command::Secret => {
            if !secret::ask(state, given, effects) {
                usage(state, typed);
            }
        }
        Command::Filter if given.is_empty() => filter::open(state),
        Command::Filter => match Filter::parse(given, filter::clock(state)) {
            Ok(filter) => filter::keep_this(state, filter),
            Err(error) => {
                let what = safe(error.what.as_bytes(), Mode::Cell).into_owned();
                state.say(Mood::Problem, Safe::format(format_args!("filter: {what}")));
            }
        },
    }
}

fn usage(state: &mut State, typed: &Typed) {
    let text = format_args!(":{} {}", typed.name, typed.takes);
    state.say(Mood::Note, Safe::format(text));
}
