//! What each action does to the [`State`], and what it asks for.

pub(super) mod away;
mod command;
pub(super) mod deed;
pub(super) mod detail;
pub(super) mod filter;
pub(super) mod keep;
mod list;
pub(super) mod mouse;
mod replay;
pub(super) mod save;
mod secret;

use super::{
    deed::Set,
    field::Field,
    help,
    keys::{self, Action},
    layout::{Pane, Shape},
    log, palette,
    state::{Follow, Mood, Popup, State, Tab},
    update::{Effect, Reading, touched},
};
use crate::{event::Intent, history::Number, text::Safe};

/// How long after the last request the end is asked about.
const RECENT: std::time::Duration = std::time::Duration::from_secs(60);

/// Does an action that is possible.
pub(super) fn act(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match action {
        Action::Down | Action::Up | Action::First | Action::Last => walk(state, action),
        Action::HalfDown | Action::HalfUp | Action::PageDown | Action::PageUp => {
            walk(state, action);
        }
        Action::NextRequest => detail::turn(state, 1),
        Action::PreviousRequest => detail::turn(state, -1),
        Action::NextProblem => problem(state, true),
        Action::PreviousProblem => problem(state, false),
        Action::ScrollDown => detail::scroll(state, 1),
        Action::ScrollUp => detail::scroll(state, -1),
        Action::Right | Action::Left | Action::Toggle | Action::FoldAll | Action::UnfoldAll => {
            detail::fold(state, action);
        }
        Action::Wrap => detail::wrap(state),
        Action::NextForm => detail::next_form(state),
        Action::Forms => state.open(Popup::Forms),
        Action::Form(form) => {
            state.popup = None;
            detail::lay_out(state, form);
        }
        Action::Search => detail::search(state),
        Action::NextHit => detail::next_hit(state, 1),
        Action::PreviousHit => detail::next_hit(state, -1),
        Action::Open => enter(state),
        Action::Pane => match state.focus {
            Pane::List if state.list.selected.is_some() => enter(state),
            _ => leave(state),
        },
        Action::Show(tab) => detail::show(state, tab),
        Action::NextTab => detail::show(state, state.tab.moved(1)),
        Action::PreviousTab => detail::show(state, state.tab.moved(Tab::ALL.len() - 1)),
        Action::NextTry => detail::choose(state, 1),
        Action::PreviousTry => detail::choose(state, -1),
        Action::Secrets => {
            state.revealed = state
                .list
                .selected
                .filter(|_| state.revealed != state.list.selected);
        }
        Action::Zoom => {
            let line = state.selected_line();
            state.is_zoomed = !state.is_zoomed;
            state.put_on_line(line);
        }
        Action::Filter => filter::open(state),
        Action::FilterOff => filter::switch(state),
        Action::NextMatch => filter::next_match(state, true),
        Action::PreviousMatch => filter::next_match(state, false),
        Action::Complete => filter::complete(state, true),
        Action::CompleteBack => filter::complete(state, false),
        Action::Older => filter::recall(state, true),
        Action::Newer => filter::recall(state, false),
        Action::Syntax => state.open(Popup::Syntax { scroll: 0 }),
        Action::Sort => state.open(Popup::Sort),
        Action::Order(order) => list::sort(state, order),
        Action::Mark => list::mark(state),
        Action::MarkDown => list::mark_range(state, 1),
        Action::MarkUp => list::mark_range(state, -1),
        Action::ClearView => list::clear_view(state),
        Action::Follow if state.list.follow == Follow::On => state.list.pause(Follow::Paused),
        Action::Follow => list::follow(state),
        Action::Help => state.open(Popup::Help { scroll: 0 }),
        Action::Palette => state.open(Popup::Palette {
            field: Field::default(),
            at: 0,
        }),
        Action::Log => {
            state.open(Popup::Log { scroll: 0 });
            scroll_popup(state, isize::MAX);
        }
        Action::Save => save::ask(state),
        Action::Replace => save::accept(state, effects),
        Action::Split | Action::Narrower | Action::Wider => split(state, action, effects),
        Action::Page => away::page(state, Reading::Paged, effects),
        Action::Mouse => mouse::switch(state, effects),
        Action::Suspend => away::suspend(state, effects),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Back => back(state),
        Action::Accept if state.popup.is_none() && state.bar.is_some() => filter::keep(state),
        Action::Accept if state.popup.is_none() => detail::keep_search(state),
        Action::Accept if keys::place(state) == keys::Place::Save => save::accept(state, effects),
        Action::Accept => {
            let is_done = command::accept(state, effects)
                || keep::accept(state, effects)
                || secret::accept(state, effects);
            if !is_done {
                replay::accept(state, effects);
            }
        }
        Action::Note => keep::note(state),
        Action::Delete => keep::delete(state),
        Action::DeleteShown => keep::delete_shown(state),
        Action::ClearHistory => keep::clear(state),
        Action::Undelete => keep::undo(state, effects),
        Action::Erase(what) => type_in(state, |field| field.erase(what)),
        Action::Cursor(step) => type_in(state, |field| field.step(step)),
        Action::Leave | Action::Release | Action::Yes | Action::Bookmarked => {
            confirm(state, action, effects);
        }
        Action::Do(deed) => deed::act(state, deed, effects),
        Action::Replay | Action::Bookmark | Action::Hold | Action::Connect => {
            ask(state, action, effects);
        }
        Action::Quit => quit(state, effects),
        Action::QuitNow => end(effects),
    }
}

/// Puts the detail elsewhere, or moves the border between it and the list; the selected row keeps its line.
fn split(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    let line = state.selected_line();
    let shape = state.layout().shape;
    match action {
        Action::Split => state.split.put(shape != Shape::Beside),
        Action::Narrower => state.split.move_border(shape, -1),
        _ => state.split.move_border(shape, 1),
    }
    effects.push(Effect::Ask(Intent::Keep(state.split.panes())));
    state.put_on_line(line);
}

fn type_in(state: &mut State, change: impl FnOnce(&mut Field)) {
    if let Some(field) = state.field() {
        change(field);
        touched(state);
    }
}

fn walk(state: &mut State, action: Action) {
    let layout = state.layout();
    let in_list = state.popup.is_none() && state.focus == Pane::List;
    let page = match (state.popup.is_some(), in_list) {
        (true, _) => usize::from(layout.body.height),
        (false, true) => layout.list_rows(),
        (false, false) => state.detail_rows(),
    };
    let page = isize::try_from(page.max(2)).unwrap_or(isize::MAX);
    let by = match action {
        Action::Down => 1,
        Action::Up => -1,
        Action::HalfDown => page / 2,
        Action::HalfUp => -(page / 2),
        Action::PageDown => page - 1,
        Action::PageUp => 1 - page,
        Action::First => isize::MIN,
        _ => isize::MAX,
    };
    if state.popup.is_some() {
        scroll_popup(state, by);
    } else if !in_list {
        detail::walk(state, by);
    } else if action == Action::Last {
        state.select_newest();
    } else {
        state.step(by);
    }
}

fn scroll_popup(state: &mut State, by: isize) {
    let height = usize::from(state.layout().body.height);
    let entries = palette::entries(state).len();
    let lines = match state.popup.as_ref().map(|open| &open.popup) {
        Some(Popup::Log { .. }) => log::lines(state).len(),
        Some(Popup::Syntax { .. }) => help::syntax().len(),
        _ => help::lines(state).len(),
    };
    let open = state.popup.as_mut().map(|open| &mut open.popup);
    if let Some(Popup::Desk(_)) = open {
        deed::diff::scroll(state, by);
    } else if let Some(Popup::Help { scroll } | Popup::Log { scroll } | Popup::Syntax { scroll }) =
        open
    {
        let most = lines.saturating_sub(height);
        *scroll = scroll.saturating_add_signed(by).min(most);
    } else if let Some(Popup::Palette { at, .. }) = open {
        let last = entries.saturating_sub(1);
        *at = (*at).min(last).saturating_add_signed(by).min(last);
    }
}

fn problem(state: &mut State, is_forward: bool) {
    if !state.step_to_problem(is_forward) {
        let text = if is_forward {
            "no problem further down"
        } else {
            "no problem further up"
        };
        state.say(Mood::Note, Safe::own(text));
    }
}

fn enter(state: &mut State) {
    let line = state.selected_line();
    state.focus = Pane::Detail;
    state.list.pause(Follow::Paused);
    state.put_on_line(line);
    detail::search_for_filter(state);
}

fn leave(state: &mut State) {
    let line = state.selected_line();
    state.focus = Pane::List;
    state.put_on_line(line);
}

/// One step back: closes what lies on top, else leaves the detail, else takes the filter away. Never the end.
fn back(state: &mut State) {
    if state.popup.take().is_some() {
        return;
    }
    if state.bar.is_some() {
        filter::cancel(state);
    } else if state.search.take().is_none() {
        match state.focus {
            Pane::Detail => leave(state),
            Pane::List => filter::clear(state),
        }
    }
}

fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if state.focus == Pane::Detail {
        leave(state);
        return;
    }
    let is_recent = state
        .list
        .arrived
        .is_some_and(|at| state.now.since_start.saturating_sub(at) < RECENT);
    let is_pending = state
        .list
        .rows
        .iter()
        .rev()
        .take(replay::MOST)
        .any(|row| row.last.is_none() && state.now.wall.since(row.received_at) < RECENT);
    let is_held = state.hold.held > 0 || state.hold.parked > 0;
    let is_busy = is_recent || is_pending || is_held;
    if (is_busy && state.route.is_listening) || !state.replays.is_empty() || state.acting.rounds > 0
    {
        state.open(Popup::Quit);
    } else {
        end(effects);
    }
}

fn end(effects: &mut Vec<Effect>) {
    effects.push(Effect::Ask(Intent::Quit));
    effects.push(Effect::Quit);
}

fn ask(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    match (action, state.row().map(|row| (row.number, row.bookmarked))) {
        (Action::Replay, _) if state.list.marked.len() > 1 => {
            deed::form::open(state, Set::Marked, None, effects);
        }
        (Action::Replay, Some((number, _))) => replay::replay(state, number, effects),
        (Action::Bookmark, _) if !state.list.marked.is_empty() => bookmark(state, effects),
        (Action::Bookmark, Some((number, on))) => {
            effects.push(Effect::Ask(Intent::Bookmark { number, on: !on }));
        }
        (Action::Hold, _) if state.hold.on && state.hold.held > 0 => state.open(Popup::Release),
        (Action::Hold, _) => effects.push(Effect::Ask(Intent::Hold(!state.hold.on))),
        (Action::Connect, _) => effects.push(Effect::Ask(Intent::Connect)),
        _ => {}
    }
}

/// Keeps all that are marked, or lets all of them go if all were kept.
fn bookmark(state: &State, effects: &mut Vec<Effect>) {
    let numbers = deed::set::numbers(state, Set::Marked);
    let is_kept = |&number: &Number| state.list.row(number).is_some_and(|row| row.bookmarked);
    let on = !numbers.iter().all(is_kept);
    effects.push(Effect::Ask(Intent::Bookmarks { numbers, on }));
}

fn confirm(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    let Some(open) = state.popup.take() else {
        return;
    };
    match (open.popup, action) {
        (Popup::Release, Action::Release) => {
            effects.push(Effect::Ask(Intent::Hold(false)));
            effects.push(Effect::Ask(Intent::Release));
        }
        (Popup::Release, Action::Leave) => effects.push(Effect::Ask(Intent::Hold(false))),
        (Popup::Delete { numbers, .. }, _) => {
            keep::remove(state, numbers, action == Action::Bookmarked, effects);
        }
        (Popup::Quit, Action::Yes) => end(effects),
        _ => {}
    }
}
