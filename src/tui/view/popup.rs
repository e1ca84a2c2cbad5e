//! What lies over the panes: the list of keys, and the boxes that ask.

mod deed;
mod keep;

use super::{Canvas, row};
use crate::{
    history::Number,
    text::{Mode, Safe, safe},
    tui::{
        field::Field,
        help, keys,
        layout::{Area, Layout},
        log,
        page::{Line, Role},
        palette,
        state::{Popup, State},
    },
};

/// Widest box, in cells.
const WIDEST: u16 = 64;

/// Draws the open pop-up, if there is one.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let Some(open) = &state.popup else { return };
    match &open.popup {
        Popup::Help { scroll } => draw_lines(canvas, layout.body, &help::lines(state), *scroll),
        Popup::Log { scroll } => draw_lines(canvas, layout.body, &log::lines(state), *scroll),
        Popup::Syntax { scroll } => draw_lines(canvas, layout.body, &help::syntax(), *scroll),
        Popup::Sort => {
            let lines = orders(state);
            draw_box(state, canvas, layout.screen, &Safe::own("Sort by"), &lines);
        }
        Popup::Palette { field, at } => {
            let body = layout.body;
            let (first, rest) = (
                row(body, 0),
                Area {
                    y: body.y + 1,
                    height: body.height.saturating_sub(1),
                    ..body
                },
            );
            let top = (at + 1).saturating_sub(usize::from(rest.height));
            canvas.clear(first);
            draw_lines(canvas, rest, &palette::lines(state), top);
            canvas.field(first, 1, "> ", field);
        }
        Popup::Forms => {
            let lines = forms(state);
            let title = Safe::own("Views of the body");
            draw_box(state, canvas, layout.screen, &title, &lines);
        }
        Popup::Target {
            number,
            field,
            error,
        } => draw_target(
            state,
            canvas,
            layout.screen,
            (*number, field, error.as_ref()),
        ),
        Popup::Desk(desk) => deed::draw(state, canvas, layout, desk),
        Popup::Save { field, .. } => {
            let lines = [
                Safe::own("The body as received, into this file:"),
                Safe::default(),
            ];
            let title = Safe::own("Save");
            let area = draw_box(state, canvas, layout.screen, &title, &lines);
            canvas.field(row(area, 2), 1, "> ", field);
        }
        Popup::Replace(save) => {
            let lines = [safe(save.path.as_bytes(), Mode::Cell)];
            let title = Safe::own("There is a file of that name: replace it?");
            draw_box(state, canvas, layout.screen, &title, &lines);
        }
        Popup::Secret { name, field, .. } => {
            let lines = [
                Safe::own("What the sender signs by; kept in your own config, 0600."),
                Safe::default(),
            ];
            let title = Safe::format(format_args!("Signing secret of {name}"));
            let area = draw_box(state, canvas, layout.screen, &title, &lines);
            canvas.field(row(area, 2), 1, "> ", &field.0.masked());
        }
        Popup::Url => {
            let lines = super::empty::lines(state);
            draw_lines(canvas, layout.body, &lines, 0);
        }
        Popup::Note { .. } | Popup::Delete { .. } | Popup::Clear { .. } => {
            keep::draw(state, canvas, layout.screen, &open.popup);
        }
        Popup::Release => {
            let held = state.hold.held;
            let lines = [Safe::format(format_args!("{held} held: forward them now?"))];
            draw_box(state, canvas, layout.screen, &Safe::own("End hold"), &lines);
        }
        Popup::Quit => {
            let lines: &[&str] = match (state.route.is_listening, state.route.is_local_relay) {
                (true, true) => &[
                    "Requests come in, wait or are held.",
                    "The relay on this machine stops too:",
                    "senders get no answer until you start again.",
                ],
                (true, false) => &[
                    "Requests come in, wait or are held.",
                    "What comes later waits at the relay.",
                ],
                (false, _) => &[
                    "A replay is under way.",
                    "How it ends is not recorded then.",
                ],
            };
            let lines: Vec<_> = lines.iter().map(|line| Safe::own(line)).collect();
            draw_box(state, canvas, layout.screen, &Safe::own("Quit?"), &lines);
        }
    }
}

fn draw_target(
    state: &State,
    canvas: &mut Canvas<'_>,
    screen: Area,
    (number, field, error): (Number, &Field, Option<&Safe<'static>>),
) {
    let tries = state.row().map_or(0, |row| row.tries);
    let lines = [
        Safe::own("Where to? A port, host:port or URL; for this replay and the next."),
        Safe::own(if tries > 0 {
            "Nothing typed: where its last try went."
        } else {
            "It was never forwarded."
        }),
        Safe::default(),
        error.cloned().unwrap_or_default(),
    ];
    let title = Safe::format(format_args!("Replay #{number}"));
    let area = draw_box(state, canvas, screen, &title, &lines);
    canvas.field(row(area, 3), 1, "> ", field);
}

/// Every way to lay the body out, and why some are not possible.
fn forms(state: &State) -> Vec<Safe<'static>> {
    let present = state
        .shown()
        .and_then(|detail| detail.page(state.tab)?.form);
    let of_forms = keys::table()
        .iter()
        .filter_map(|binding| match binding.action {
            keys::Action::Form(form) => Some((form, binding)),
            _ => None,
        });
    let lines = of_forms.map(|(form, binding)| {
        let sign = if present == Some(form) { '>' } else { ' ' };
        let (key, name) = (binding.keys[0].label(), form.name());
        let why = keys::possible(state, binding.action)
            .err()
            .unwrap_or(binding.help);
        Safe::format(format_args!("{sign} {key}  {name:7} {why}"))
    });
    lines.collect()
}

/// Every order of the list.
fn orders(state: &State) -> Vec<Safe<'static>> {
    let of_orders = keys::table()
        .iter()
        .filter_map(|binding| match binding.action {
            keys::Action::Order(order) => Some((order, binding)),
            _ => None,
        });
    let lines = of_orders.map(|(order, binding)| {
        let sign = if state.list.order() == order {
            '>'
        } else {
            ' '
        };
        let key = binding.keys[0].label();
        Safe::format(format_args!("{sign} {key}  {}", binding.help))
    });
    lines.collect()
}

fn draw_lines(canvas: &mut Canvas<'_>, area: Area, lines: &[Line], scroll: usize) {
    canvas.clear(area);
    let most = lines.len().saturating_sub(usize::from(area.height));
    for (y, line) in (0..area.height).zip(lines.iter().skip(scroll.min(most))) {
        draw_line(canvas, row(area, y), 1, line);
    }
}

fn draw_line(canvas: &mut Canvas<'_>, area: Area, mut x: u16, line: &Line) {
    for (role, text) in line {
        x = canvas.write(area, x, 0, text, *role);
    }
}

/// A box in the middle of the screen: title, lines, and its keys at the bottom. Answers where its lines are.
fn draw_box(
    state: &State,
    canvas: &mut Canvas<'_>,
    screen: Area,
    title: &Safe<'_>,
    lines: &[Safe<'_>],
) -> Area {
    let width = screen.width.min(WIDEST);
    let height = (lines.len() as u16 + 4).min(screen.height);
    let area = Area {
        x: (screen.width - width) / 2,
        y: (screen.height - height) / 2,
        width,
        height,
    };
    canvas.clear(area);
    draw_border(canvas, area);
    let text = Area {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let title = Safe::format(format_args!(" {title} "));
    canvas.write(text, 1, 0, &title, Role::Strong);
    for (y, line) in (1..height.saturating_sub(1)).zip(lines) {
        canvas.write(text, 1, y, line, Role::Text);
    }
    let keys = row(text, height.saturating_sub(2));
    draw_line(canvas, keys, 1, &box_keys(state));
    text
}

fn draw_border(canvas: &mut Canvas<'_>, area: Area) {
    let inner = usize::from(area.width.saturating_sub(2));
    let bar = "─".repeat(inner);
    for y in 0..area.height {
        let (left, middle, right) = match y {
            0 => ("┌", bar.as_str(), "┐"),
            _ if y + 1 == area.height => ("└", bar.as_str(), "┘"),
            _ => ("│", "", "│"),
        };
        let border = Safe::format(format_args!("{left}{middle:inner$}{right}"));
        canvas.write(area, 0, y, &border, Role::Dim);
    }
}

fn box_keys(state: &State) -> Line {
    let place = keys::place(state);
    let own = keys::table()
        .iter()
        .filter(|binding| binding.place == place);
    let mut line = Line::new();
    let is_listed = |action| match action {
        keys::Action::QuitNow | keys::Action::Form(_) | keys::Action::Order(_) => true,
        keys::Action::Do(deed) => deed.is_listed(),
        _ => false,
    };
    let is_offered = |binding: &&keys::Binding| {
        !is_listed(binding.action) && keys::possible(state, binding.action).is_ok()
    };
    for binding in own.filter(is_offered).take(3) {
        let label = binding.keys[0].label();
        line.push((Role::Key, Safe::format(format_args!("[ {label}"))));
        line.push((
            Role::Text,
            Safe::format(format_args!(" {} ]  ", binding.help)),
        ));
    }
    line
}
