//! Copying: what the screen knows goes at once, the rest is read first; a toast says where it went.

use bytes::Bytes;

use crate::{
    text::{Mode, Safe, safe},
    tui::{
        deed::Piece,
        fetch::{Clip, ClipWish, Fetch},
        state::{Goal, Mood, State, Tab},
        update::{Effect, What},
    },
};

/// Copies a piece of the selected request.
pub(super) fn copy(state: &mut State, piece: Piece, effects: &mut Vec<Effect>) {
    state.popup = None;
    let (cursor, number) = (state.cursor, state.list.selected);
    let of_tree = |text: Option<String>| text.unwrap_or_default();
    let tree = state.tree();
    let (what, text) = match piece {
        Piece::Url => (
            Safe::own("public URL"),
            state.url.clone().unwrap_or_default(),
        ),
        Piece::Id => {
            let id = state.row().map(|row| row.id.to_string());
            (Safe::own("request id"), id.unwrap_or_default())
        }
        Piece::Key => (
            Safe::own("key"),
            of_tree(tree.and_then(|tree| tree.key(cursor))),
        ),
        Piece::Value => (
            Safe::own("value"),
            of_tree(tree.and_then(|tree| tree.value(cursor))),
        ),
        Piece::Path => (
            Safe::own("JSON path"),
            of_tree(tree.map(|tree| json_path(tree.path(cursor).as_str()))),
        ),
        Piece::Jq => (
            Safe::own("jq path"),
            of_tree(tree.map(|tree| jq_path(tree.path(cursor).as_str()))),
        ),
        _ => {
            let Some(number) = number else { return };
            let wish = ClipWish {
                number,
                piece,
                form: state.shown().and_then(|detail| detail.body.form),
                chosen: state.chosen,
                reveals: state.revealed == Some(number),
                target: target(state),
            };
            effects.push(Effect::Load(What::Fetch(Fetch::Clip(wish))));
            return;
        }
    };
    let bytes = safe(text.as_bytes(), Mode::Body).to_string().into();
    effects.push(Effect::Copy(Clip {
        what,
        bytes,
        note: None,
    }));
}

/// Where a request that was never forwarded would go.
fn target(state: &State) -> Option<crate::target::Target> {
    match &state.goal {
        Goal::At(target) => Some(target.clone()),
        Goal::Unasked | Goal::LastTry => state.route.target.parse().ok(),
    }
}

/// RFC 9535.
fn json_path(path: &str) -> String {
    match path {
        "." => "$".to_owned(),
        path => format!("${path}"),
    }
}

fn jq_path(path: &str) -> String {
    match path.starts_with('[') {
        true => format!(".{path}"),
        false => path.to_owned(),
    }
}

/// Says why there is nothing to copy.
pub(super) fn none(state: &mut State, why: &Safe<'static>) {
    state.say(Mood::Note, Safe::format(format_args!("not copied: {why}")));
}

/// After the system's program ran: where it failed, the terminal is asked.
pub(super) fn put(
    state: &mut State,
    clip: Clip,
    tool: &'static str,
    error: Option<String>,
    effects: &mut Vec<Effect>,
) {
    match error {
        Some(error) => {
            let why = safe(error.as_bytes(), Mode::Cell).into_owned();
            let why = Safe::format(format_args!("{tool}: {why}"));
            effects.push(Effect::Tell(clip, Some(why)));
        }
        None => say(state, &clip, format_args!("copied by {tool}"), None),
    }
}

/// After the terminal was asked.
pub(super) fn told(
    state: &mut State,
    clip: &Clip,
    why: Option<Safe<'static>>,
    error: Option<String>,
) {
    match error {
        Some(error) => {
            let error = safe(error.as_bytes(), Mode::Cell).into_owned();
            let why = why.unwrap_or(Safe::own("no xclip, xsel, wl-copy or pbcopy here"));
            let text = format_args!("{} not copied: {error} ({why})", clip.what);
            state.say(Mood::Problem, Safe::format(text));
        }
        None => say(
            state,
            clip,
            format_args!("sent to the terminal clipboard (OSC 52)"),
            why,
        ),
    }
}

fn say(state: &mut State, clip: &Clip, where_to: std::fmt::Arguments<'_>, why: Option<Safe<'_>>) {
    let note = clip.note.as_ref().map(|note| format!("; {note}"));
    let why = why.map(|why| format!("; {why}"));
    let text = format_args!(
        "{} {where_to}{}{}",
        clip.what,
        note.unwrap_or_default(),
        why.unwrap_or_default()
    );
    state.say(Mood::Done, Safe::format(text));
}

/// Whether a piece can be copied now.
pub(super) fn possible(state: &State, piece: Piece) -> Result<(), &'static str> {
    let tree = state.tree().filter(|_| state.tab == Tab::Body);
    match piece {
        Piece::Url if !state.route.is_listening => Err("not listening: this is the history"),
        Piece::Url if state.url.is_none() => Err("the URL is not known yet"),
        Piece::Url => Ok(()),
        _ if state.list.selected.is_none() => Err("no request yet"),
        Piece::Key | Piece::Value | Piece::Path | Piece::Jq => match tree {
            None => Err("there is no JSON tree here"),
            Some(tree) if piece == Piece::Key && tree.key(state.cursor).is_none() => {
                Err("this line has no key")
            }
            Some(_) => Ok(()),
        },
        Piece::Response if state.shown().is_some_and(|detail| detail.tries == 0) => {
            Err("it was never forwarded")
        }
        _ => Ok(()),
    }
}

/// A clip of these bytes, every character made visible.
pub(in crate::tui) fn clip(what: Safe<'static>, bytes: &[u8], masked: usize) -> Clip {
    let note = match masked {
        0 => None,
        1 => Some(Safe::own("1 secret masked (* shows it)")),
        _ => Some(Safe::format(format_args!(
            "{masked} secrets masked (* shows them)"
        ))),
    };
    let text = safe(bytes, Mode::Body).to_string();
    Clip {
        what,
        bytes: Bytes::from(text),
        note,
    }
}
