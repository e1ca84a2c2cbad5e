//! The list: one line a request, only the visible ones.
//!
//! ```text
//! gutter 2 · # 5 · time 8 · event: what is left · SIG 3 · ST 3 · LAT 6 · NOTE 4        (narrow: time 5, event, ST 3, LAT 6)
//! ```

use hooktool_relay::capture::Kind;

use super::{Canvas, row};
use crate::{
    history::Summary,
    text::{Mode, Safe, Zone, clock, duration, safe},
    tui::{
        layout::{Area, Layout, Shape},
        page::{Role, role, status},
        state::State,
    },
};

/// What stands beside the event in a wide row: gutter, number, time, SIG, ST, LAT, NOTE and the spaces between.
const BESIDE: u16 = 37;

/// The same in a narrow row: gutter, time, ST, LAT.
const BESIDE_NARROW: u16 = 19;

/// Draws the titles and the visible rows.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let Some(area) = layout.list else { return };
    if let Some(titles) = layout.titles {
        draw_titles(canvas, titles);
    }
    let rows = state.list.rows.iter().skip(state.list.top);
    for (y, summary) in (0..area.height).zip(rows) {
        let area = row(area, y);
        let is_selected = state.list.selected == Some(summary.number);
        let mark = match (is_selected, summary.bookmarked) {
            (true, true) => ">★",
            (true, false) => ">",
            (false, true) => " ★",
            (false, false) => "",
        };
        canvas.write(area, 0, 0, &Safe::own(mark), Role::Text);
        if layout.shape == Shape::Narrow {
            draw_narrow(canvas, area, summary);
        } else {
            draw_row(canvas, area, summary);
        }
        if is_selected {
            canvas.select(area);
        }
    }
}

fn draw_titles(canvas: &mut Canvas<'_>, area: Area) {
    let event = area.width.saturating_sub(BESIDE);
    let places = [
        (6, "#"),
        (8, "TIME"),
        (17, "EVENT"),
        (18 + event, "SIG"),
        (22 + event, "ST"),
        (29 + event, "LAT"),
        (33 + event, "NOTE"),
    ];
    for (x, title) in places {
        canvas.write(area, x, 0, &Safe::own(title), Role::Dim);
    }
}

fn draw_row(canvas: &mut Canvas<'_>, area: Area, summary: &Summary) {
    let event = area.width.saturating_sub(BESIDE);
    let number = Safe::format(format_args!("{:>5}", summary.number));
    let mut x = canvas.write(area, 2, 0, &number, Role::Text) + 1;
    x = canvas.write(
        area,
        x,
        0,
        &clock(summary.received_at, Zone::Local),
        Role::Dim,
    ) + 1;
    draw_event(
        canvas,
        clip(area, x, event.saturating_sub(x.saturating_sub(17))),
        summary,
    );
    let x = 17 + event + 1;
    canvas.write(area, x, 0, &Safe::own("-"), Role::Dim);
    draw_result(canvas, clip(area, x + 4, 10), summary);
    let (role, note) = note(summary);
    canvas.write(area, x + 15, 0, &note, role);
}

fn draw_narrow(canvas: &mut Canvas<'_>, area: Area, summary: &Summary) {
    let event = area.width.saturating_sub(BESIDE_NARROW);
    let time = clock(summary.received_at, Zone::Local);
    canvas.write(clip(area, 2, 5), 0, 0, &hour_minute(&time), Role::Dim);
    draw_event(canvas, clip(area, 8, event), summary);
    draw_result(canvas, clip(area, 9 + event, 10), summary);
}

fn draw_event(canvas: &mut Canvas<'_>, area: Area, summary: &Summary) {
    let method = safe(summary.method.as_bytes(), Mode::Cell);
    let x = canvas.write(area, 0, 0, &method, Role::Text);
    let path = match summary.path.as_ref() {
        b"" => Safe::own("/"),
        path => safe(path, Mode::Cell),
    };
    canvas.write(area, x + 1, 0, &path, Role::Text);
}

/// Status in 3 cells and time in 6, right-aligned.
fn draw_result(canvas: &mut Canvas<'_>, area: Area, summary: &Summary) {
    let Some(last) = &summary.last else {
        canvas.write(area, 0, 0, &Safe::own("…"), Role::Dim);
        return;
    };
    let role = role(last.outcome, last.status);
    canvas.write(area, 0, 0, &status(last.outcome, last.status), role);
    if let Some(took) = last.took {
        canvas.write_right(area, 0, &duration(took).cut(6), role_of_time(role));
    }
}

/// A slow answer is no failure: only a failed try's time is coloured.
fn role_of_time(role: Role) -> Role {
    if role == Role::Bad { role } else { Role::Text }
}

fn note(summary: &Summary) -> (Role, Safe<'static>) {
    let is_late = summary.last.as_ref().is_some_and(|last| last.late);
    match (is_late, summary.kind, summary.tries) {
        (true, _, _) => (Role::Warn, Safe::own("late")),
        (_, Kind::Waited, _) => (Role::Dim, Safe::own("wait")),
        (_, _, tries @ 2..) => (Role::Text, Safe::format(format_args!("×{tries}"))),
        _ => (Role::Text, Safe::default()),
    }
}

/// The first five cells of a time of day.
fn hour_minute(time: &Safe<'_>) -> Safe<'static> {
    let shown = time.as_str().get(..5).unwrap_or_default();
    Safe::format(format_args!("{shown}"))
}

/// A part of a row, inside it.
fn clip(area: Area, x: u16, width: u16) -> Area {
    let x = x.min(area.width);
    Area {
        x: area.x + x,
        width: width.min(area.width - x),
        ..area
    }
}
