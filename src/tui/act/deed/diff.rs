//! The comparison: which two are meant, moving among the changes, going on from an edit to the replay form.

use super::form;
use crate::{
    history::Summary,
    text::Safe,
    tui::{
        deed::{Desk, Set, View},
        fetch::{Clip, Compared, Fetch, Pick, Sheet, Sheets},
        kind::kind,
        state::{Mood, Popup, State, Tab},
        update::{Effect, What},
    },
};

/// Asks for the comparison of what is meant.
pub(super) fn compare(state: &mut State, effects: &mut Vec<Effect>) {
    match picks(state) {
        Ok((from, to)) => effects.push(Effect::Load(What::Fetch(Fetch::Diff(from, to)))),
        Err(why) => state.say(Mood::Note, Safe::own(why)),
    }
}

/// Which two are meant: two tries in the tab of tries, two marked ones, else the selected one and the previous of its kind.
///
/// # Errors
/// Why there are no two, in words.
pub(super) fn picks(state: &State) -> Result<(Pick, Pick), &'static str> {
    let whole = |number| Pick {
        number,
        chosen: None,
    };
    let row = state.row().ok_or("no request yet")?;
    let shown = state.shown();
    if let (Tab::Tries, Some(detail)) = (state.tab, shown.filter(|detail| detail.tries > 1)) {
        let later = detail.chosen.max(1);
        let one = |chosen| Pick {
            number: row.number,
            chosen: Some(chosen),
        };
        return Ok((one(later - 1), one(later)));
    }
    let marked: Vec<_> = state.list.marked.iter().copied().collect();
    match marked[..] {
        [from, to] => return Ok((whole(from), whole(to))),
        [] | [_] => {}
        _ => return Err("mark two requests, no more"),
    }
    let own = kind(row);
    let before = |other: &&Summary| other.number < row.number && kind(other) == own;
    if let [one] = marked[..]
        && one != row.number
    {
        return Ok((whole(one.min(row.number)), whole(one.max(row.number))));
    }
    let previous = state.list.rows.iter().rev().find(before);
    let previous = previous.ok_or("no earlier request of this kind: Space marks two others")?;
    Ok((whole(previous.number), whole(row.number)))
}

/// Shows what was worked out, unless the person is busy with something else.
pub(super) fn show(state: &mut State, compared: Compared) {
    if state.popup.is_some() && compared.draft.is_none() {
        return;
    }
    state.acting.compared = Some(compared);
    state.open(Popup::Desk(Desk::Diff {
        scroll: 0,
        at: 0,
        all: false,
        view: View::List,
    }));
}

/// Narrowest screen for two columns, in cells.
const TWO: u16 = 110;

/// What is shown of the comparison now.
pub(in crate::tui) fn sheet(state: &State, all: bool, view: View) -> Option<&Sheet> {
    let sheets = sheets(state, all)?;
    Some(match view {
        View::List => &sheets.list,
        View::Split if state.size.0 >= TWO => &sheets.split,
        View::Unified | View::Split => &sheets.unified,
    })
}

fn sheets(state: &State, all: bool) -> Option<&Sheets> {
    let compared = state.acting.compared.as_ref()?;
    Some(if all { &compared.all } else { &compared.short })
}

/// Goes to another change.
pub(super) fn step(state: &mut State, by: isize) {
    let Some((_, at, shown)) = desk(state) else {
        return;
    };
    let Some(sheet) = sheet(state, shown.0, shown.1) else {
        return;
    };
    let to = at
        .saturating_add_signed(by)
        .min(sheet.changes.len().saturating_sub(1));
    let line = sheet.changes.get(to).copied().unwrap_or(0);
    let height = rows(state);
    let lines = sheet.lines.len();
    if let Some(Popup::Desk(Desk::Diff { scroll, at, .. })) =
        state.popup.as_mut().map(|open| &mut open.popup)
    {
        *at = to;
        *scroll = line
            .saturating_sub(height / 2)
            .min(lines.saturating_sub(height));
    }
}

/// Scrolls, as far as there are lines.
pub(in crate::tui) fn scroll(state: &mut State, by: isize) {
    let Some((top, _, (all, view))) = desk(state) else {
        return;
    };
    let lines = sheet(state, all, view).map_or(0, |sheet| sheet.lines.len());
    let most = lines.saturating_sub(rows(state));
    if let Some(Popup::Desk(Desk::Diff { scroll, .. })) =
        state.popup.as_mut().map(|open| &mut open.popup)
    {
        *scroll = top.saturating_add_signed(by).min(most);
    }
}

/// How many lines are shown at once: the body of the screen without the title.
pub(in crate::tui) fn rows(state: &State) -> usize {
    usize::from(state.layout().body.height).saturating_sub(1)
}

/// First line, change, and what is shown how.
fn desk(state: &State) -> Option<(usize, usize, (bool, View))> {
    match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Desk(Desk::Diff {
            scroll,
            at,
            all,
            view,
        })) => Some((*scroll, *at, (*all, *view))),
        _ => None,
    }
}

/// Shows what differs every time, or hides it.
pub(super) fn fold(state: &mut State) {
    if let Some(Popup::Desk(Desk::Diff {
        scroll, at, all, ..
    })) = state.popup.as_mut().map(|open| &mut open.popup)
    {
        *all = !*all;
        (*scroll, *at) = (0, 0);
    }
}

/// Shows it in the next way that there is room for.
pub(super) fn next_view(state: &mut State) {
    let is_wide = state.size.0 >= TWO;
    if let Some(Popup::Desk(Desk::Diff {
        scroll, at, view, ..
    })) = state.popup.as_mut().map(|open| &mut open.popup)
    {
        *view = match view.next() {
            View::Split if !is_wide => View::List,
            next => next,
        };
        (*scroll, *at) = (0, 0);
    }
}

/// Copies what is compared as a JSON Patch; what is hidden stays out of it.
pub(super) fn copy(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((.., (all, _))) = desk(state) else {
        return;
    };
    let patch = sheets(state, all).map(|sheets| sheets.patch.clone());
    match patch {
        Some(Ok(patch)) => {
            let changes = if patch.count == 1 {
                "change"
            } else {
                "changes"
            };
            let left = match patch.left {
                0 => None,
                left => Some(Safe::format(format_args!("{left} volatile left out (i)"))),
            };
            effects.push(Effect::Copy(Clip {
                what: Safe::format(format_args!("JSON Patch of {} {changes}", patch.count)),
                bytes: patch.text.into(),
                note: left,
            }));
        }
        Some(Err(why)) => {
            let text = format_args!("there is no JSON Patch: {why}");
            state.say(Mood::Note, Safe::format(text));
        }
        None => {}
    }
}

/// Goes on to the form with the edit that is shown.
pub(super) fn go_on(state: &mut State, effects: &mut Vec<Effect>) {
    let compared = state.acting.compared.as_ref();
    let draft = compared.and_then(|compared| compared.draft.clone());
    if draft.is_some() {
        form::open(state, Set::Selected, draft, effects);
    }
}

/// Whether the comparison is of an edit.
pub(in crate::tui) fn is_edit(state: &State) -> bool {
    let compared = state.acting.compared.as_ref();
    compared.is_some_and(|compared| compared.draft.is_some())
}
