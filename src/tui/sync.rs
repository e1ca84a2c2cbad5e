//! What has to be read, so that the screen is what the history is.
//!
//! In: changes, what is selected, what was read. Out: effects that read. Must not know: how it is read.
//!
//! ```text
//! Change ─▶ changed ─▶ noted ─▶ settle ─▶ Load(Newest | All | Rows | Older | Search | Detail)
//! ```

use super::{
    state::State,
    update::{Effect, What},
};
use crate::history::{Change, Number};

/// How many changed rows are noted one by one; more of them and all are read again.
const NOTED: usize = 256;

/// Notes what changed.
pub(super) fn changed(state: &mut State, change: &Change) {
    if *change == Change::Missed {
        state.sync.missing = true;
        return;
    }
    let (Change::Captured(number) | Change::Attempted(number) | Change::Noted(number)) = *change
    else {
        state.sync.all = true;
        state.sync.is_detail_stale = true;
        return;
    };
    // Noted even if it is no row yet: the read under way may have been too early for this change and still bring the row.
    state.sync.changed.insert(number);
    state.sync.is_detail_stale |= state.list.selected == Some(number);
    if state.sync.changed.len() > NOTED {
        state.sync.all = true;
    }
}

/// Asks for what has to be read: one read of rows at a time, and one of the detail, where a newer wish takes the place of an older.
pub(super) fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(what) = rows_to_read(state) {
        state.sync.is_reading = true;
        state.sync.missing |= matches!(what, What::Newest | What::All { .. });
        effects.push(Effect::Load(what));
    }
    if std::mem::take(&mut state.sync.missing) {
        effects.push(Effect::Load(What::Older));
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
        if !state.sync.is_begun {
            return Some(What::Newest);
        }
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
