//! Reading one request: scrolling, folding, the forms of a body, searching.
//!
//! A tree has a line that the person is on; its path stays when another request of its kind is shown, and so does what is folded.

use std::collections::HashSet;

use crate::tui::{
    keys::Action,
    page::Form,
    search::Search,
    state::{Fit, State, Tab},
};

/// How many cells a step to the right is.
const SIDEWAYS: usize = 8;

/// Shows another request in the same place.
pub(super) fn turn(state: &mut State, by: isize) {
    let scroll = state.scroll;
    state.step(by);
    state.scroll = scroll;
}

/// Moves down in what is read: the person's line of a tree, else what is in view.
pub(super) fn walk(state: &mut State, by: isize) {
    match state.tree().map(|tree| tree.len()) {
        Some(lines) => {
            let to = state.cursor.saturating_add_signed(by);
            let to = to.min(lines.saturating_sub(1));
            let line = state.cursor + state.shown().map_or(0, |detail| detail.above(state.tab));
            let is_step = by.unsigned_abs() == 1;
            let stays = to == state.cursor && state.wrapped_cells().is_some();
            if stays || (is_step && state.goes_on(line, by > 0)) {
                state.scroll_rows(by);
            } else {
                stand(state, to);
                // To the very end of a last line that is taller than the view.
                if by == isize::MAX && state.wrapped_cells().is_some() {
                    state.scroll_rows(by);
                }
            }
        }
        None if state.tab == Tab::Tries && state.shown().is_some_and(|shown| shown.tries > 1) => {
            choose(state, by.signum());
            scroll(state, by);
        }
        None => scroll(state, by),
    }
}

/// Puts the person on a visible line of the tree, and brings it into view.
pub(super) fn stand(state: &mut State, at: usize) {
    state.cursor = at;
    watch(state, state.tree().and_then(|tree| tree.id(at)));
    let above = state.shown().map_or(0, |detail| detail.above(state.tab));
    // On the first line of the tree one sees what stands above it too.
    if at == 0 {
        state.bring_line_into_view(0);
    }
    state.bring_line_into_view(above + at);
}

/// Notes the path that the person is on.
fn watch(state: &mut State, path: Option<u64>) {
    if let Some(kind) = state.kind() {
        state.folds.at(kind).watched = path;
    }
}

/// Moves what is in view.
pub(super) fn scroll(state: &mut State, by: isize) {
    if state.wrapped_cells().is_some() {
        state.scroll_rows(by);
        return;
    }
    let lines = state.shown().map_or(0, |detail| detail.len(state.tab));
    let most = lines.saturating_sub(state.detail_rows().max(1));
    state.scroll = state.scroll.saturating_add_signed(by).min(most);
}

/// Wraps long lines, or cuts them again.
pub(super) fn wrap(state: &mut State) {
    state.is_wrapped = !state.is_wrapped;
    (state.passed, state.column) = (0, 0);
    if state.tree().is_some() {
        stand(state, state.cursor);
    }
}

/// Shows a tab from its beginning.
pub(super) fn show(state: &mut State, tab: Tab) {
    state.tab = tab;
    (state.scroll, state.passed) = (0, 0);
    state.column = 0;
    refold(state);
    (state.scroll, state.passed) = (0, 0);
    look(state);
}

/// Goes to another try.
pub(super) fn choose(state: &mut State, by: isize) {
    let Some((chosen, tries)) = state.shown().map(|detail| (detail.chosen, detail.tries)) else {
        return;
    };
    state.chosen = Some(
        chosen
            .saturating_add_signed(by)
            .min(tries.saturating_sub(1)),
    );
}

/// Folds and unfolds; where there is no tree, left and right scroll.
pub(super) fn fold(state: &mut State, action: Action) {
    let Some(tree) = state.tree() else {
        match action {
            Action::Right if state.tab == Tab::Tries => show(state, Tab::Response),
            _ if state.is_wrapped => {}
            Action::Right => state.column = state.column.saturating_add(SIDEWAYS).min(4096),
            Action::Left => state.column = state.column.saturating_sub(SIDEWAYS),
            _ => {}
        }
        return;
    };
    let Some(kind) = state.kind() else { return };
    let node = tree.node(state.cursor);
    let fold = state.folds.of(kind);
    let is_folded = node.is_some_and(|node| fold.is_some_and(|fold| fold.folded.contains(&node)));
    let mut to = node;
    match (action, node) {
        (Action::FoldAll, _) => {
            let nodes: Vec<u64> = tree.nodes().collect();
            to = tree.id(state.cursor);
            state.folds.at(kind).folded.extend(nodes);
        }
        (Action::UnfoldAll, _) => {
            to = tree.id(state.cursor);
            state.folds.at(kind).folded.clear();
        }
        (Action::Right | Action::Toggle, Some(node)) if is_folded => {
            state.folds.at(kind).folded.remove(&node);
        }
        (Action::Left | Action::Toggle, Some(node)) if !is_folded => {
            state.folds.at(kind).folded.insert(node);
        }
        (Action::Left, _) => to = tree.parent(state.cursor),
        _ => return,
    }
    if to.is_some() {
        watch(state, to);
    }
    refold(state);
}

/// After a tree came or its folds changed: folds it, and puts the person on the path that they were on.
pub(in crate::tui) fn refold(state: &mut State) {
    let Some(kind) = state.kind() else { return };
    let (none, fold) = (HashSet::new(), state.folds.of(kind));
    let folded = fold.map_or(&none, |fold| &fold.folded);
    let watched = fold.and_then(|fold| fold.watched);
    for tree in state.detail.iter_mut().flat_map(|detail| detail.trees()) {
        tree.fold(folded);
    }
    if state.folds.show(kind) {
        // A line of another kind of body says nothing in this one.
        state.cursor = 0;
    }
    let Some(tree) = state.tree() else { return };
    let last = tree.len().saturating_sub(1);
    let place = watched.and_then(|id| tree.place(id));
    let at = place.unwrap_or(state.cursor).min(last);
    if place.is_some() {
        stand(state, at);
    } else {
        state.cursor = at;
    }
}

/// Lays the body out in the next way that is possible.
pub(super) fn next_form(state: &mut State) {
    let Some(present) = state
        .shown()
        .and_then(|detail| detail.page(state.tab)?.form)
    else {
        return;
    };
    // Of a large body the tree is what was not tried yet.
    let is_untried = present == Form::Text
        && state.laid_out != state.list.selected
        && obstacle(state, Form::Tree).is_none();
    let from = if is_untried { 0 } else { present as usize + 1 };
    let after = Form::ALL.into_iter().cycle().skip(from);
    let next = after
        .take(Form::ALL.len())
        .find(|&form| obstacle(state, form).is_none());
    if let Some(form) = next {
        lay_out(state, form);
    }
}

/// Lays the body out so, here and wherever else it is possible.
pub(super) fn lay_out(state: &mut State, form: Form) {
    if !matches!(state.tab, Tab::Body | Tab::Response) {
        show(state, Tab::Body);
    }
    state.form = Some(form);
    state.laid_out = state.list.selected;
    (state.scroll, state.passed, state.column) = (0, 0, 0);
}

/// Why a form is not possible, if it is not.
pub(in crate::tui) fn obstacle(state: &State, form: Form) -> Option<&'static str> {
    let obstacles = &state.shown()?.page(state.tab)?.obstacles;
    obstacles
        .iter()
        .find(|(other, _)| *other == form)
        .map(|(_, why)| *why)
}

/// Begins a search, or changes the last one.
pub(super) fn search(state: &mut State) {
    state.search.get_or_insert_default().is_typing = true;
}

/// Searches for what the filter found in the body, unless something else is searched.
pub(super) fn search_for_filter(state: &mut State) {
    let number = state.list.selected.unwrap_or_default();
    let sieve = state.list.sieve.as_ref().filter(|sieve| sieve.is_on);
    let is_in_body = state.list.fit(number) == Fit::InBody;
    let Some(sieve) = sieve.filter(|_| is_in_body && state.search.is_none()) else {
        return;
    };
    state.search = Search::of(&sieve.filter.sought_in_bodies());
    if state.search.is_some() {
        if state.tab != Tab::Body {
            show(state, Tab::Body);
        }
        look(state);
        go_to_hit(state);
    }
}

/// Keeps what was found; nothing typed is no search.
pub(super) fn keep_search(state: &mut State) {
    state
        .search
        .take_if(|search| search.field.text().is_empty());
    if let Some(search) = &mut state.search {
        search.is_typing = false;
    }
}

/// Looks again, after what is looked for or what is looked through changed, and goes to the first hit while one types.
pub(in crate::tui) fn look(state: &mut State) {
    let Some(mut search) = state.search.take() else {
        return;
    };
    look_through(state, &mut search);
    let is_typing = search.is_typing;
    state.search = Some(search);
    if is_typing {
        go_to_hit(state);
    }
}

fn look_through(state: &State, search: &mut Search) {
    let Some(detail) = state.shown() else {
        search.look(std::iter::empty());
        return;
    };
    let is_hex = detail
        .page(state.tab)
        .is_some_and(|page| page.form == Some(Form::Hex));
    search.looks_at(is_hex && matches!(state.tab, Tab::Body | Tab::Response));
    // The heading of a tree is ours, and nothing to be found in.
    let is_ours = state.tab == Tab::Body && detail.tree(state.tab).is_some();
    let fixed = (0..detail.above(state.tab)).map(|at| {
        let line = detail.line(state.tab, at).filter(|_| !is_ours);
        let line = line.unwrap_or_default();
        line.iter().map(|(_, text)| text.as_str()).collect()
    });
    let tree = detail
        .tree(state.tab)
        .into_iter()
        .flat_map(|tree| tree.texts());
    search.look(fixed.chain(tree));
}

/// Goes to another hit, unfolding what hides it.
pub(super) fn next_hit(state: &mut State, by: isize) {
    if let Some(search) = &mut state.search {
        search.step(by);
        go_to_hit(state);
    }
}

fn go_to_hit(state: &mut State) {
    let hit = state
        .search
        .as_ref()
        .and_then(|search| search.hits.get(search.current));
    let Some(&hit) = hit else { return };
    let above = state.shown().map_or(0, |detail| detail.above(state.tab));
    let row = hit.checked_sub(above);
    let around = row.and_then(|row| Some(state.tree()?.around(row)));
    match (row, around) {
        (Some(row), Some(around)) => {
            if let Some(kind) = state.kind() {
                let folded = &mut state.folds.at(kind).folded;
                folded.retain(|node| !around.contains(node));
            }
            refold(state);
            let line = state.tree().and_then(|tree| tree.line_of(row));
            stand(state, line.unwrap_or(0));
        }
        _ => state.bring_line_into_view(hit),
    }
}
