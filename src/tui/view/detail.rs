//! The detail: a heading with the tabs, and the visible lines of the chosen one; or one line of preview.

use super::{Canvas, row};
use crate::{
    text::{Mode, Safe, duration, safe},
    tui::{
        layout::{Area, Layout, Pane, Shape},
        page::{Line, Role, role, status},
        state::{State, Tab},
    },
};

/// Draws what of the detail the layout has room for.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    if let Some(area) = layout.heading {
        draw_heading(state, canvas, area);
    }
    if let Some(area) = layout.detail {
        draw_page(state, canvas, area);
    }
    if layout.shape == Shape::Beside {
        draw_border(canvas, layout);
    }
    if let Some(area) = layout.preview {
        draw_preview(state, canvas, area);
    }
}

fn draw_heading(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    canvas.fill(area, 0, '─', Role::Dim);
    let Some(summary) = state.row() else { return };
    let tabs = tabs(state, area.width);
    let taken: usize = tabs.iter().map(|(_, text)| text.width()).sum();
    let method = safe(summary.method.as_bytes(), Mode::Cell);
    let path = safe(&summary.path, Mode::Cell);
    let title = Safe::format(format_args!("#{} {method} {path}", summary.number));
    // A rule and a space before, a space and a rule behind.
    let title = title.cut(usize::from(area.width).saturating_sub(taken + 5));
    let title = Safe::format(format_args!(" {title} "));
    let role = if state.focus == Pane::Detail {
        Role::Strong
    } else {
        Role::Text
    };
    let mut x = canvas.write(area, 1, 0, &title, role) + 1;
    for (role, text) in tabs {
        x = canvas.write(area, x, 0, &text, role);
    }
}

/// The tabs, their names as long as there is room for.
fn tabs(state: &State, width: u16) -> Line {
    let names = match width {
        ..60 if state.layout().shape == Shape::Narrow => ["B", "H", "R", "T"],
        ..80 => [" Body", " Head", " Resp", " Tries"],
        _ => [" Body", " Headers", " Response", " Tries"],
    };
    let tries = state.shown().map_or(0, |detail| detail.tries);
    let mut line = Line::new();
    for ((number, tab), name) in (1..).zip(Tab::ALL).zip(names) {
        let many = if tab == Tab::Tries && tries > 0 {
            format!("({tries})")
        } else {
            String::new()
        };
        let is_shown = tab == state.tab;
        let (open, close) = if is_shown { ("[", "]") } else { (" ", " ") };
        let text = Safe::format(format_args!("{open}{number}{name}{many}{close}"));
        let role = if is_shown { Role::Strong } else { Role::Text };
        line.push((role, text));
    }
    line
}

fn draw_page(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    let Some(detail) = state.shown() else {
        canvas.write(area, 1, 0, &Safe::own("reading…"), Role::Dim);
        return;
    };
    let lines = detail.page(state.tab);
    let top = state.scroll.min(lines.len().saturating_sub(1));
    for (y, line) in (0..area.height).zip(lines.iter().skip(top)) {
        draw_line(canvas, row(area, y), line, state.column);
    }
}

/// Draws a line without its first `skipped` cells.
fn draw_line(canvas: &mut Canvas<'_>, area: Area, line: &Line, mut skipped: usize) {
    let mut x = 1;
    for (role, text) in line {
        let width = text.width();
        if width > skipped {
            x = canvas.write(area, x, 0, &text.skip(skipped), *role);
        }
        skipped = skipped.saturating_sub(width);
    }
}

fn draw_border(canvas: &mut Canvas<'_>, layout: &Layout) {
    let Some(heading) = layout.heading else {
        return;
    };
    let border = Area {
        x: heading.x.saturating_sub(1),
        width: 1,
        ..layout.body
    };
    for y in 0..border.height {
        canvas.write(border, 0, y, &Safe::own("│"), Role::Dim);
    }
}

/// The outcome of the selected request in one line.
fn draw_preview(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    let Some(summary) = state.row() else { return };
    let method = safe(summary.method.as_bytes(), Mode::Cell);
    let path = safe(&summary.path, Mode::Cell);
    let number = Safe::format(format_args!("#{}", summary.number));
    let mut x = canvas.write(area, 1, 0, &number, Role::Strong) + 1;
    if let Some(last) = &summary.last {
        let took = last.took.map(duration).unwrap_or_default();
        let shown = status(last.outcome, last.status);
        let text = Safe::format(format_args!("{shown} {took}"));
        x = canvas.write(area, x, 0, &text, role(last.outcome, last.status)) + 1;
    }
    let text = Safe::format(format_args!("{method} {path}"));
    canvas.write(area, x, 0, &text, Role::Text);
}
