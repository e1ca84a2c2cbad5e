//! What is chosen in the palette: an action, or a command with what was typed behind it.
//!
//! Enter there never sends: an action that would send opens its box instead, and that is confirmed by a key of its own.

use super::{act, filter, replay, secret};
use crate::{
    event::Intent,
    filter::{Filter, FilterError},
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
            Err(error) => refuse(state, typed, &error),
        },
        Command::Only => only(state, typed, given, effects),
        Command::Theme => match given.parse() {
            Ok(theme) => state.look.wear(theme),
            Err(_) => usage(state, typed),
        },
    }
}

/// Says what is forwarded from now on. What is shown stays: that is the filter's.
fn only(state: &mut State, typed: &Typed, given: &str, effects: &mut Vec<Effect>) {
    if !state.route.is_listening {
        let why = Safe::own("not listening: this is the history");
        return state.say(Mood::Note, why);
    }
    let text = match given {
        "" => None,
        given => match Filter::parse_only(given, filter::clock(state)) {
            Ok(filter) => Some(filter.text().to_owned()),
            Err(error) => return refuse(state, typed, &error),
        },
    };
    let said = match text {
        Some(_) => "forwarded is only what fits; the rest is captured and answered with 202",
        None => "everything is forwarded",
    };
    state.say(Mood::Done, Safe::own(said));
    effects.push(Effect::Ask(Intent::Only(text)));
}

/// Says what is wrong with a filter, where, and what to write instead.
fn refuse(state: &mut State, typed: &Typed, error: &FilterError) {
    let hint = error.hint.as_ref().map(|hint| format!("; {hint}"));
    let what = format!("{}{}", error.what, hint.unwrap_or_default());
    let what = safe(what.as_bytes(), Mode::Cell).into_owned();
    let text = format_args!("{}: {what}", typed.name);
    state.say(Mood::Problem, Safe::format(text));
}

fn usage(state: &mut State, typed: &Typed) {
    let text = format_args!(":{} {}", typed.name, typed.takes);
    state.say(Mood::Note, Safe::format(text));
}
