//! The mouse, while it is ours: the wheel moves what is under it, a click selects.
//!
//! Nothing is sent, opened or closed by it: what a click would hit is not known before it is made.

use crate::text::Safe;
use crate::tui::{
    act::{detail, scroll_popup},
    layout::{Area, Pane},
    state::{Follow, Mood, Shown, State},
    update::Effect,
};

/// How many lines a notch of the wheel is.
const NOTCH: isize = 3;

/// What was done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Deed {
    Click,
    WheelUp,
    WheelDown,
}

/// Something done with the mouse, and at which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Mouse {
    pub(in crate::tui) deed: Deed,
    pub(in crate::tui) x: u16,
    pub(in crate::tui) y: u16,
}

/// Takes the mouse from the terminal, or gives it back.
pub(super) fn switch(state: &mut State, effects: &mut Vec<Effect>) {
    state.has_mouse = !state.has_mouse;
    effects.push(Effect::Mouse(state.has_mouse));
    let said = match state.has_mouse {
        true => "mouse on: with Shift the terminal still selects text; M gives it back",
        false => "mouse off: the terminal has it",
    };
    state.say(Mood::Note, Safe::own(said));
}

/// Does what the mouse says.
pub(in crate::tui) fn moved(state: &mut State, mouse: Mouse) {
    let by = match mouse.deed {
        Deed::WheelUp => -NOTCH,
        Deed::WheelDown => NOTCH,
        Deed::Click => 0,
    };
    if state.popup.is_some() {
        scroll_popup(state, by);
        return;
    }
    let layout = state.layout();
    let line = |area: Option<Area>| area.and_then(|area| area.line_at(mouse.x, mouse.y));
    if let Some(line) = line(layout.list) {
        match mouse.deed {
            Deed::Click => click_row(state, usize::from(line)),
            _ => state.step(by),
        }
    } else if let Some(line) = line(layout.detail) {
        match mouse.deed {
            Deed::Click => click_detail(state, usize::from(line)),
            _ => detail::scroll(state, by),
        }
    }
}

fn click_row(state: &mut State, line: usize) {
    let at = state.list.line(state.list.top + line);
    let Some(Shown::Request(row)) = at else {
        return;
    };
    let number = row.number;
    let is_last = state.list.shown().next_back().map(|row| row.number) == Some(number);
    if !is_last {
        state.list.pause(Follow::Scrolled);
    }
    state.focus = Pane::List;
    state.select(Some(number));
}

fn click_detail(state: &mut State, line: usize) {
    let above = state.shown().map_or(0, |detail| detail.above(state.tab));
    if state.focus == Pane::List {
        super::enter(state);
    }
    if let Some(tree) = state.tree() {
        let at = (state.scroll + line).checked_sub(above);
        if let Some(at) = at.filter(|at| *at < tree.len()) {
            detail::stand(state, at);
        }
    }
}
