//! What has to be read after an input: rows that came or changed, hits of the filter, the detail that is wished.
//!
//! In: the state, which knows what is being read. Out: reads to be started. Must not know: what happened.

use super::{Effect, What};
use crate::{history::Number, tui::state::State};

/// Asks for what has to be read: one read of rows at a time, and one of the detail, where a newer wish takes the place of an older.
pub(super) fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(what) = rows_to_read(state) {
        state.sync.is_reading = true;
        if matches!(what, What::All { .. }) {
            effects.push(Effect::Load(What::Older));
        }
        effects.push(Effect::Load(what));
    }
    if let Some(query) = state.list.query() {
        effects.push(Effect::Load(What::Search(query)));
    }
    let Some(wish) = state.wish() else {
        state.detail = None;
        return;
    };
    let shown = state.detail.as_ref().map(|detail| &detail.wish);
    let is_wanted = state.sync.is_detail_stale || shown != Some(&wish);
    if is_wanted && state.sync.detail.as_ref() != Some(&wish) {
        state.sync.is_detail_stale = false;
        state.sync.detail = Some(wish.clone());
        effects.push(Effect::Load(What::Detail(wish)));
    }
}

fn rows_to_read(state: &mut State) -> Option<What> {
    if state.sync.is_reading {
        return None;
    }
    let is_wide = state.list.is_wide();
    let changed = std::mem::take(&mut state.sync.changed);
    if std::mem::take(&mut state.sync.all) {
        return Some(What::All { is_wide });
    }
    let newest = state.list.newest();
    let is_newer = changed.last().copied() > newest;
    let newer_than = is_newer.then_some(newest);
    // The others belong to endpoints that are not shown.
    let is_row = |&number: &Number| state.index(number).is_some();
    let numbers: Vec<Number> = changed.into_iter().filter(is_row).collect();
    let has_any = newer_than.is_some() || !numbers.is_empty();
    has_any.then_some(What::Rows {
        newer_than,
        numbers,
        is_wide,
    })
}
