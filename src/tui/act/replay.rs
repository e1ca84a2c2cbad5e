//! Sending again: straight away to this machine, by the form to another one, and where to if nobody has said it yet.

use std::net::IpAddr;

use crate::{
    event::Intent,
    history::Number,
    target::Target,
    text::Safe,
    tui::{
        act::deed::{form, set},
        field::Field,
        state::{Goal, Mood, Popup, State},
        update::Effect,
    },
};

/// How many replays may be under way before the screen stops telling how each ended.
pub(super) const MOST: usize = 64;

/// Sends at once what surely stays on this machine; asks before anything else.
pub(super) fn replay(state: &mut State, number: Number, effects: &mut Vec<Effect>) {
    if state.goal == Goal::Unasked {
        ask(state, effects);
        return;
    }
    match destination(state) {
        Some(url) if is_loopback(&url) => send(state, number, effects),
        _ => ask(state, effects),
    }
}

/// Asks before the selected request is sent, wherever it goes to.
pub(super) fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(number) = state.list.selected else {
        return;
    };
    if state.goal == Goal::Unasked {
        state.open(Popup::Target {
            number,
            field: Field::default(),
            error: None,
        });
        return;
    }
    form::open(state, set::usual(state), None, effects);
}

/// Takes the target that was typed, for this replay and those to come.
pub(super) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let tries = state.row().map_or(0, |row| row.tries);
    let Some(Popup::Target {
        number,
        field,
        error,
    }) = state.popup.as_mut().map(|open| &mut open.popup)
    else {
        return;
    };
    let number = *number;
    state.goal = match field.text().trim() {
        "" if tries == 0 => {
            *error = Some(Safe::own("it was never forwarded: name a target"));
            return;
        }
        "" => Goal::LastTry,
        text => match text.parse() {
            Ok(target) => Goal::At(target),
            Err(why) => {
                *error = Some(Safe::format(format_args!("{why}")));
                return;
            }
        },
    };
    state.popup = None;
    replay(state, number, effects);
}

/// Where a replay of the selected request would go, if that is known: the target of its last try, else the present one.
fn destination(state: &State) -> Option<String> {
    if let Goal::At(target) = &state.goal {
        return Some(target.base_url());
    }
    if state.row()?.tries == 0 {
        return Some(state.route.target.clone());
    }
    let detail = state.shown().filter(|_| !state.sync.is_detail_stale)?;
    detail.last_url.clone()
}

/// Asks for the replay, and remembers to tell how it ends.
fn send(state: &mut State, number: Number, effects: &mut Vec<Effect>) {
    let to = match &state.goal {
        Goal::At(target) => Some(target.clone()),
        Goal::Unasked | Goal::LastTry => None,
    };
    send_to(state, number, to, effects);
}

/// The same, to a target that a person chose.
pub(in crate::tui) fn send_to(
    state: &mut State,
    number: Number,
    to: Option<Target>,
    effects: &mut Vec<Effect>,
) {
    let tries = state
        .index(number)
        .map_or(0, |index| state.list.rows[index].tries);
    if state.replays.len() < MOST {
        state.replays.push((number, tries));
    }
    state.say(
        Mood::Note,
        Safe::format(format_args!("replay of #{number} …")),
    );
    effects.push(Effect::Ask(Intent::Replay { number, to }));
}

/// Whether a URL surely names this machine. Whatever is not plainly so counts as another one.
fn is_loopback(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_address = host
        .parse()
        .is_ok_and(|address: IpAddr| address.is_loopback());
    !authority.contains('@') && (host == "localhost" || is_address)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_what_plainly_is_this_machine_counts_as_it() {
        for url in [
            "http://localhost:3000/x",
            "http://127.0.0.1:1",
            "https://[::1]:8443/",
            "http://localhost",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "",
            "localhost:3000",
            "http://localhost.evil.example",
            "http://localhost@evil.example/",
            "http://10.0.0.1",
            "https://evil.example/localhost",
            "http://localhost:1@evil.example",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
