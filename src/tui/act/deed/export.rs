//! Writing requests to a file: as what, which, with their secrets or not, its name. A file that is there takes a second key.

use std::path::PathBuf;

use super::set;
use crate::{
    event::{self, Form, Intent},
    text::Safe,
    tui::{
        deed::{Desk, Export},
        fetch::Fetch,
        field::Field,
        state::{Mood, Popup, State},
        update::{Effect, What},
    },
};

/// Opens the menu.
pub(super) fn open(state: &mut State) {
    let set = set::usual(state);
    state.open(Popup::Desk(Desk::Export {
        set,
        with_secrets: false,
    }));
}

/// Takes another set of requests, or their secrets.
pub(super) fn turn(state: &mut State, is_set: bool) {
    let Some(Popup::Desk(Desk::Export { set, with_secrets })) = popup(state) else {
        return;
    };
    let (old, secrets) = (*set, *with_secrets);
    let new = set::next(state, old);
    if let Some(Popup::Desk(Desk::Export { set, with_secrets })) = popup(state) {
        match is_set {
            true => *set = new,
            false => *with_secrets = !secrets,
        }
    }
}

fn popup(state: &mut State) -> Option<&mut Popup> {
    state.popup.as_mut().map(|open| &mut open.popup)
}

/// Takes the form, and asks for the file's name.
pub(super) fn choose(state: &mut State, form: Form) {
    let Some(Popup::Desk(Desk::Export { set, with_secrets })) = popup(state) else {
        return;
    };
    let (set, with_secrets) = (*set, *with_secrets);
    let numbers = set::numbers(state, set);
    let end = match form {
        Form::Curl => "sh",
        Form::Http => "http",
        Form::Har => "har",
        Form::Json => "jsonl",
    };
    // Named by us, never by a request.
    let name = match numbers[..] {
        [number] => format!("webhook-{number}.{end}"),
        _ => format!("webhooks.{end}"),
    };
    let mut field = Field::default();
    field.insert(&name);
    let export = Export {
        numbers,
        form,
        with_secrets,
    };
    state.open(Popup::Desk(Desk::File {
        export,
        field,
        error: None,
    }));
}

/// Takes the name, and looks whether it is taken.
pub(super) fn save(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Popup::Desk(Desk::File { field, error, .. })) = popup(state) else {
        return;
    };
    let name = field.text().trim();
    if name.is_empty() {
        *error = Some(Safe::own("name a file"));
        return;
    }
    let path = PathBuf::from(name);
    effects.push(Effect::Load(What::Fetch(Fetch::File(path))));
}

/// Writes a file whose name is free; asks before it replaces another.
pub(super) fn found(state: &mut State, path: PathBuf, is_there: bool, effects: &mut Vec<Effect>) {
    let Some(Popup::Desk(Desk::File { export, field, .. })) = popup(state) else {
        return;
    };
    // Typed on since: it is another name now.
    if path.as_os_str() != field.text().trim() {
        return;
    }
    let export = export.clone();
    match is_there {
        true => state.open(Popup::Desk(Desk::Overwrite(export, path))),
        false => write(state, export, path, false, effects),
    }
}

/// Replaces the file, as the second key said.
pub(super) fn overwrite(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(Popup::Desk(Desk::Overwrite(export, path))) = popup(state) {
        let (export, path) = (export.clone(), path.clone());
        write(state, export, path, true, effects);
    }
}

fn write(
    state: &mut State,
    export: Export,
    path: PathBuf,
    replaces: bool,
    effects: &mut Vec<Effect>,
) {
    state.popup = None;
    state.say(Mood::Note, Safe::own("writing …"));
    effects.push(Effect::Ask(Intent::Export(event::Export {
        numbers: export.numbers,
        form: export.form,
        path,
        with_secrets: export.with_secrets,
        replaces,
    })));
}
