//! Draws the inspector from the [`State`], a pane a file; changes nothing.
//!
//! In: the state. Out: cells. Only what is visible is built. Text comes as [`crate::text::Safe`], through [`canvas`] alone.

mod canvas;
mod counts;
mod detail;
mod empty;
mod filter;
mod footer;
mod header;
mod list;
mod popup;

use ratatui::Frame;

use self::canvas::Canvas;
use super::{
    layout::{Area, Layout, Pane, Shape},
    look::Look,
    page::Role,
    state::State,
};
use crate::text::{Safe, count};

/// Draws everything.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, look: Look) {
    let layout = state.layout();
    let canvas = &mut Canvas::new(frame.buffer_mut(), look.palette);
    draw_panes(state, canvas, &layout);
    if look.is_ascii {
        canvas.reduce_to_ascii();
    }
    if let Some(cursor) = canvas.cursor() {
        frame.set_cursor_position(cursor);
    }
}

/// Where the person is, by row: the selected request, or the line of the tree; none while something else has the cursor.
pub(super) fn place_of_person(state: &State) -> Option<(u16, u16)> {
    let layout = state.layout();
    let is_typing = state.search.as_ref().is_some_and(|search| search.is_typing);
    if state.popup.is_some() || state.bar.is_some() || is_typing {
        return None;
    }
    let (area, line) = match state.focus {
        Pane::List => (
            layout.list?,
            state.list.selected.map(|_| state.selected_line())?,
        ),
        Pane::Detail => {
            let at = state
                .tree()
                .map(|_| state.cursor + state.shown().map_or(0, |all| all.above(state.tab)));
            (
                layout.detail?,
                at.unwrap_or(state.scroll).checked_sub(state.scroll)?,
            )
        }
    };
    let line = u16::try_from(line)
        .ok()
        .filter(|line| *line < area.height)?;
    Some((area.x, area.y + line))
}

fn draw_panes(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    if layout.shape == Shape::Message {
        too_small(state, canvas, layout);
        return;
    }
    header::draw(state, canvas, layout);
    if state.list.rows.is_empty() {
        empty::draw(state, canvas, layout.body);
    } else {
        list::draw(state, canvas, layout);
        detail::draw(state, canvas, layout);
        filter::draw(state, canvas, layout);
    }
    footer::draw(state, canvas, layout);
    let is_full = state
        .popup
        .as_ref()
        .is_some_and(|open| open.popup.is_full());
    if !is_full {
        footer::draw_toast(state, canvas, layout);
    }
    popup::draw(state, canvas, layout);
    if is_full {
        footer::draw_toast(state, canvas, layout);
    }
}

/// Says what is missing, and that traffic goes on.
fn too_small(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let (width, height) = state.size;
    let ok = count(state.list.tally.ok);
    let failed = count(state.list.tally.failed());
    let doing = if state.route.is_listening {
        "Still forwarding"
    } else {
        "Stored"
    };
    let lines = [
        Safe::format(format_args!("{width}x{height} is too small for the")),
        Safe::own("list (it needs 32x8)."),
        Safe::format(format_args!("{doing}: {ok} ok")),
        Safe::format(format_args!("{failed} failed. Enlarge, or q.")),
    ];
    for (row, text) in (0..).zip(&lines) {
        canvas.write(layout.screen, 1, row, text, Role::Text);
    }
    popup::draw(state, canvas, layout);
}

/// A part of an area: the row at `y`, from `x` on.
fn row(area: Area, y: u16) -> Area {
    Area {
        y: area.y + y,
        height: 1,
        ..area
    }
}
