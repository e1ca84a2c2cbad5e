//! The detail: a heading with the tabs, and the visible lines of the chosen one; or one line of preview.

use super::{Canvas, row};
use crate::{
    text::{Mode, Safe, safe},
    tui::{
        layout::{Area, Layout, Pane, Shape},
        page::{Line, Role, role, status},
        search::Search,
        state::{State, Tab, rows as wrapped},
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
        0..60 if state.layout().shape == Shape::Narrow => ["B", "H", "R", "T", "S", "W"],
        // Beside the list: the request's number needs the blanks of all but the tab that is shown.
        0..62 => ["Body", "Head", "Resp", "Tries", "Sig", "Raw"],
        62..90 => [" Body", " Head", " Resp", " Tries", " Sig", " Raw"],
        _ => [" Body", " Headers", " Response", " Tries", " Sig", " Raw"],
    };
    let tries = state.shown().map_or(0, |detail| detail.tries);
    let mut line = Line::new();
    for (tab, name) in Tab::ALL.into_iter().zip(names) {
        let many = if tab == Tab::Tries && tries > 0 {
            format!("({tries})")
        } else {
            String::new()
        };
        let is_shown = tab == state.tab;
        let (open, close) = if is_shown { ("[", "]") } else { (" ", " ") };
        let blank = if is_shown && name.len() > 1 { " " } else { "" };
        let name = name.strip_prefix(blank).unwrap_or(name);
        let text = Safe::format(format_args!(
            "{open}{}{blank}{name}{many}{close}",
            tab.digit()
        ));
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
    let rows = area.height - u16::from(state.has_status());
    let most = detail.len(state.tab).saturating_sub(1);
    let top = state.scroll.min(most);
    let cursor = state.tree().filter(|_| state.focus == Pane::Detail);
    let cursor = cursor.map(|_| state.cursor + detail.above(state.tab));
    let lines = (top..).map_while(|at| Some((at, detail.line(state.tab, at)?)));
    let in_rows = lines.flat_map(|(at, line)| {
        let line = line.into_owned();
        let pieces = match state.wrapped_cells() {
            Some(cells) => wrapped(&line, cells),
            None => vec![line],
        };
        let is_first = (0..).map(|piece| piece == 0);
        pieces
            .into_iter()
            .zip(is_first)
            .map(move |(line, is_first)| (at, line, is_first))
    });
    // Of the first line as many rows as were scrolled past are out of view.
    let above = if state.is_wrapped && top == state.scroll {
        state.passed
    } else {
        0
    };
    for (y, (at, line, is_first)) in (0..rows).zip(in_rows.skip(above)) {
        let row = row(area, y);
        draw_line(canvas, row, &line, state.column);
        if let Some(search) = &state.search {
            draw_hits(canvas, row, &line, (search, state.column));
        }
        if cursor == Some(at) && is_first {
            canvas.write(row, 0, 0, &Safe::own(">"), Role::Strong);
        }
    }
    if state.has_status() {
        draw_status(state, canvas, row(area, rows));
    }
}

/// The search, and the path that the person is on.
fn draw_status(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    let mut x = 1;
    if let Some(search) = &state.search {
        let hits = search.hits.len();
        let current = (search.current + 1).min(hits);
        let count = match search.error {
            Some(why) => Safe::own(why),
            None => Safe::format(format_args!("{current}/{hits} lines ")),
        };
        if search.is_typing {
            let room = Area {
                width: area.width.saturating_sub(count.width() as u16 + 1),
                ..area
            };
            canvas.write_right(area, 0, &count, Role::Dim);
            canvas.field(room, x, "/", &search.field);
            return;
        }
        let text = safe(search.field.text().as_bytes(), Mode::Cell);
        x = canvas.write(
            area,
            x,
            0,
            &Safe::format(format_args!("/{text} ")),
            Role::Key,
        );
        x = canvas.write(area, x, 0, &count, Role::Text) + 1;
    }
    if let Some(tree) = state.tree() {
        canvas.write(area, x, 0, &tree.path(state.cursor), Role::Dim);
    }
}

/// Marks what is searched, in a line without its first cells.
fn draw_hits(
    canvas: &mut Canvas<'_>,
    area: Area,
    line: &Line,
    (search, skipped): (&Search, usize),
) {
    let text: String = line.iter().map(|(_, text)| text.as_str()).collect();
    let width = |part: &str| safe(part.as_bytes(), Mode::Body).width();
    for place in search.places(&text) {
        let from = width(&text[..place.start]);
        let cells = width(&text[place]);
        if from >= skipped {
            // A blank stands before every line.
            let x = u16::try_from(from - skipped + 1)
                .unwrap_or(area.width)
                .min(area.width);
            canvas.select(Area {
                x: area.x + x,
                width: (cells as u16).min(area.width - x),
                ..area
            });
        }
    }
}

/// Draws a line without its first `skipped` cells.
fn draw_line(canvas: &mut Canvas<'_>, area: Area, line: &Line, mut skipped: usize) {
    let mut x = 1;
    for (role, text) in line {
        let width = text.width();
        if *role == Role::Aside {
            if usize::from(x) + width + 2 <= usize::from(area.width) {
                canvas.write_right(area, 0, text, *role);
            }
        } else if width > skipped {
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
    if summary.tries > 1 {
        let tries = Safe::format(format_args!("×{}", summary.tries));
        x = canvas.write(area, x, 0, &tries, Role::Text) + 1;
    }
    if let Some(last) = &summary.last {
        let shown = status(last.outcome, last.status);
        x = canvas.write(area, x, 0, &shown, role(last.outcome, last.status)) + 1;
    }
    let outcome = state.shown().map(|detail| &detail.outcome);
    if let Some(outcome) = outcome.filter(|outcome| !outcome.is_empty()) {
        canvas.write(area, x, 0, outcome, Role::Text);
        return;
    }
    let text = Safe::format(format_args!("{method} {path}"));
    canvas.write(area, x, 0, &text, Role::Text);
}
