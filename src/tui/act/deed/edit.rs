//! Editing a request in the person's own editor: the text goes there, what comes back is compared before anything is sent.
//!
//! ```text
//! e, E ─▶ text (an edit that was kept, else the request) ─▶ editor ─▶ changed? ─▶ comparison ── r ─▶ form
//!                                                  failed, emptied, unchanged ─▶ said, nothing is sent
//! ```

use bytes::Bytes;

use crate::{
    exchange::Part,
    history::Number,
    text::{Mode, Safe, safe},
    tui::{
        errand::Errand,
        fetch::{Edited, Fetch},
        state::{Kept, Mood, State},
        update::{Effect, What},
    },
};

/// How many edits are kept; the oldest goes.
const KEPT: usize = 16;

/// Asks for the text of the selected request.
pub(super) fn begin(state: &mut State, part: Part, effects: &mut Vec<Effect>) {
    state.popup = None;
    if let Some(number) = state.list.selected {
        effects.push(Effect::Load(What::Fetch(Fetch::Text { number, part })));
    }
}

/// Opens the editor: on the edit that was kept, if there is one.
pub(super) fn edit(
    state: &mut State,
    number: Number,
    part: Part,
    original: Bytes,
    effects: &mut Vec<Effect>,
) {
    let mut kept = state.acting.drafts.iter();
    let kept = kept.find(|kept| kept.number == number && kept.part == part);
    let text = kept.map_or_else(|| original.clone(), |kept| kept.text.clone());
    effects.push(Effect::Lend(Errand::Edit(Edited {
        number,
        part,
        original,
        text,
    })));
}

/// Takes what the editor left.
pub(in crate::tui) fn edited(
    state: &mut State,
    edited: Edited,
    result: Result<(), String>,
    effects: &mut Vec<Effect>,
) {
    let number = edited.number;
    if let Err(why) = result {
        let why = safe(why.as_bytes(), Mode::Cell).into_owned();
        let text = Safe::format(format_args!("{why}: nothing was sent"));
        return state.say(Mood::Problem, text);
    }
    let told = if edited.text.is_empty() {
        Some("the file was empty")
    } else if edited.text == edited.original {
        Some("nothing was changed")
    } else {
        None
    };
    let is_it = |kept: &Kept| kept.number == number && kept.part == edited.part;
    state.acting.drafts.retain(|kept| !is_it(kept));
    if let Some(why) = told {
        let text = Safe::format(format_args!("#{number}: {why}, nothing was sent"));
        return state.say(Mood::Note, text);
    }
    if state.acting.drafts.len() == KEPT {
        state.acting.drafts.remove(0);
    }
    state.acting.drafts.push(Kept {
        number,
        part: edited.part,
        text: edited.text.clone(),
    });
    effects.push(Effect::Load(What::Fetch(Fetch::Edited(edited))));
}
