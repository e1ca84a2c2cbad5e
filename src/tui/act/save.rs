//! Saving a body: the person names the file, never a request; one that is there is replaced only after a question.

use crate::{
    text::{Mode, Safe, safe, size},
    tui::{
        field::Field,
        load::{Save, Saved},
        state::{Mood, Popup, State, Tab},
        update::{Effect, What},
    },
};

/// Asks for a name, with one of ours to begin with.
pub(super) fn ask(state: &mut State) {
    let Some((wish, row)) = state.wish().zip(state.row()) else {
        return;
    };
    let whose = match state.tab {
        Tab::Response => "response",
        _ => "request",
    };
    let mut field = Field::default();
    field.insert(&format!("{whose}-{}.body", row.number));
    let save = Save {
        wish,
        tab: state.tab,
        path: String::new(),
        replaces: false,
    };
    state.open(Popup::Save { save, field });
}

/// Takes the name that was typed, or the wish to replace what is there.
pub(super) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let popup = state.popup.take().map(|open| open.popup);
    let save = match popup {
        Some(Popup::Save { save, field }) if !field.text().trim().is_empty() => Save {
            path: field.text().trim().to_owned(),
            ..save
        },
        Some(Popup::Replace(save)) => Save {
            replaces: true,
            ..save
        },
        _ => return,
    };
    effects.push(Effect::Load(What::Save(save)));
}

/// It is saved, or it is not.
pub(in crate::tui) fn saved(state: &mut State, save: Save, saved: Saved) {
    let path = safe(save.path.as_bytes(), Mode::Cell);
    match saved {
        Saved::Done(len) => {
            let text = format_args!("{} saved as {path}, as received", size(len));
            let text = Safe::format(text);
            state.say(Mood::Done, text);
        }
        Saved::Exists => state.open(Popup::Replace(save)),
        Saved::Failed(why) => {
            let why = safe(why.as_bytes(), Mode::Cell);
            let text = Safe::format(format_args!("{path} is not saved: {why}"));
            state.say(Mood::Problem, text);
        }
    }
}
