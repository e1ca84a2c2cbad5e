//! `:secret PROVIDER`: a signing secret, typed without being shown, kept for this user, and what is shown judged by it at once.
//!
//! ```text
//! :secret stripe ─▶ is there such a provider? ─▶ box ── Enter ─▶ kept ─▶ the signature that is shown is judged again
//! ```

use crate::{
    text::{Mode, Safe, safe},
    tui::{
        fetch::Fetch,
        field::Hidden,
        state::{Mood, Popup, State},
        update::{Effect, What},
    },
};

/// Looks for the provider that was named, or that sent the selected request.
pub(super) fn ask(state: &State, given: &str, effects: &mut Vec<Effect>) -> bool {
    let selected = || Some(state.row()?.webhook.as_ref()?.provider.clone());
    let named = Some(given.to_owned()).filter(|given| !given.is_empty());
    let Some(provider) = named.or_else(selected) else {
        return false;
    };
    effects.push(Effect::Load(What::Fetch(Fetch::Sender(provider))));
    true
}

/// Opens the box for a provider that there is.
pub(super) fn open(state: &mut State, provider: String, name: Safe<'static>) {
    state.open(Popup::Secret {
        provider,
        name,
        field: Hidden::default(),
    });
}

/// Takes what was typed. Answers whether the box is open at all.
pub(super) fn accept(state: &mut State, effects: &mut Vec<Effect>) -> bool {
    let Some(Popup::Secret {
        provider, field, ..
    }) = state.popup.as_ref().map(|open| &open.popup)
    else {
        return false;
    };
    let secret = field.0.text().trim().to_owned();
    if !secret.is_empty() {
        let keep = Fetch::Keep {
            provider: provider.clone(),
            secret: Hidden(secret),
        };
        effects.push(Effect::Load(What::Fetch(keep)));
        state.popup = None;
    }
    true
}

/// Tells where it was kept, and has the signature that is shown judged again.
pub(super) fn kept(state: &mut State, kept: Result<String, String>) {
    let told = |text: &str| safe(text.as_bytes(), Mode::Cell).into_owned();
    match kept {
        Ok(place) => {
            state.sync.is_detail_stale = true;
            let text = Safe::format(format_args!(
                "the secret is kept in {}; it counts from now on",
                told(&place)
            ));
            state.say(Mood::Done, text);
        }
        Err(why) => {
            let text = Safe::format(format_args!("the secret is not kept: {}", told(&why)));
            state.say(Mood::Problem, text);
        }
    }
}
