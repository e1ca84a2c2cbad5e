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
    layout::{Area, Layout, Shape},
    page::Role,
    state::State,
};
use crate::text::{Safe, count};

/// Draws everything.
pub(super) fn draw(state: &State, frame: &mut Frame<'_>, is_colored: bool) {
    let layout = state.layout();
    let canvas = &mut Canvas::new(frame.buffer_mut(), is_colored);
    if layout.shape == Shape::Message {
        too_small(state, canvas, &layout);
        return;
    }
    header::draw(state, canvas, &layout);
    if state.list.rows.is_empty() {
        empty::draw(state, canvas, layout.body);
    } else {
        list::draw(state, canvas, &layout);
        detail::draw(state, canvas, &layout);
        filter::draw(state, canvas, &layout);
    }
    footer::draw(state, canvas, &layout);
    popup::draw(state, canvas, &layout);
    if let Some(cursor) = canvas.cursor() {
        frame.set_cursor_position(cursor);
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
