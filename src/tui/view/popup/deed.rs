//! The boxes in which a person says what is done with requests, and how; and the comparison.

mod form;
mod trigger;

use super::{Canvas, draw_box, draw_line, row};
use crate::{
    event::Form,
    text::{Mode, Safe, safe},
    tui::{
        act::deed::{self, diff, set},
        deed::{Desk, Export, View},
        field::Field,
        keys::{self, Action, Place},
        layout::{Area, Layout},
        page::{Line, Role},
        state::State,
    },
};

/// Draws one.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout, desk: &Desk) {
    let screen = layout.screen;
    match desk {
        // Whoever knows its keys has pressed one by then.
        Desk::Copy if deed::appears(state).is_some() => {}
        Desk::Copy => {
            let lines = choices(state, Place::Copy);
            draw_box(state, canvas, screen, &Safe::own("Copy"), &lines);
        }
        Desk::Export { set, with_secrets } => {
            let name = set::name(*set, &set::numbers(state, *set));
            let mut lines = choices(state, Place::Export);
            lines.push(Safe::default());
            lines.push(Safe::own(match with_secrets {
                true => "Secrets in header lines and URLs are written as they are.",
                false => "Secrets in header lines and URLs are masked.",
            }));
            let title = Safe::format(format_args!("Export {name}"));
            draw_box(state, canvas, screen, &title, &lines);
        }
        Desk::File {
            export,
            field,
            error,
        } => file(state, canvas, screen, (export, field, error.as_ref())),
        Desk::Overwrite(_, path) => {
            let path = safe(path.as_os_str().as_encoded_bytes(), Mode::Cell);
            let lines = [path, Safe::own("is there already. Overwrite it?")];
            draw_box(state, canvas, screen, &Safe::own("Overwrite?"), &lines);
        }
        Desk::Diff {
            scroll,
            at,
            all,
            view,
        } => compared(state, canvas, layout, (*scroll, *at), (*all, *view)),
        Desk::Form(form) => form::draw(state, canvas, screen, form),
        Desk::Samples { field, at } => trigger::list(state, canvas, screen, (field, *at)),
        Desk::Trigger(shot) => trigger::shot(state, canvas, screen, shot),
        Desk::Confirm {
            replays,
            to,
            is_far,
            field,
            is_wrong,
        } => form::confirm(
            state,
            canvas,
            screen,
            (replays, to, field),
            (*is_far, *is_wrong),
        ),
    }
}

fn file(
    state: &State,
    canvas: &mut Canvas<'_>,
    screen: Area,
    (export, field, error): (&Export, &Field, Option<&Safe<'static>>),
) {
    let form = match export.form {
        Form::Curl => "curl commands",
        Form::Http => "a .http file",
        Form::Har => "an HTTP archive",
        Form::Json => "JSON lines",
    };
    let many = export.numbers.len();
    let many = if many == 1 {
        "1 request".to_owned()
    } else {
        format!("{many} requests")
    };
    let secrets = if export.with_secrets {
        "with their secrets"
    } else {
        "secrets masked"
    };
    let lines = [
        Safe::format(format_args!("{many} as {form}, {secrets}. File:")),
        Safe::default(),
        error.cloned().unwrap_or_default(),
    ];
    let area = draw_box(state, canvas, screen, &Safe::own("Export"), &lines);
    canvas.field(row(area, 2), 1, "> ", field);
}

/// The comparison, over both panes; `>` stands at the change that the person is on.
fn compared(
    state: &State,
    canvas: &mut Canvas<'_>,
    layout: &Layout,
    (scroll, at): (usize, usize),
    (all, view): (bool, View),
) {
    let body = layout.body;
    canvas.clear(body);
    let Some(sheet) = diff::sheet(state, all, view) else {
        return;
    };
    canvas.write(row(body, 0), 1, 0, &sheet.title, Role::Strong);
    let current = sheet.changes.get(at).copied();
    let shown = sheet.lines.iter().enumerate().skip(scroll);
    for (y, (index, line)) in (1..body.height).zip(shown) {
        let place = row(body, y);
        if current == Some(index) {
            canvas.write(place, 0, 0, &Safe::own(">"), Role::Strong);
        }
        match sheet.right.get(index) {
            None => {
                draw_line(canvas, place, 2, line);
            }
            Some(right) => beside(canvas, place, line, right),
        }
    }
    if sheet.lines.is_empty() {
        let text = Safe::own("nothing else differs");
        canvas.write(row(body, 1), 2, 0, &text, Role::Dim);
    }
}

/// Two lines, each in its half.
fn beside(canvas: &mut Canvas<'_>, area: Area, left: &Line, right: &Line) {
    let half = area.width / 2;
    let first = Area {
        width: half.saturating_sub(1),
        ..area
    };
    let second = Area {
        x: area.x + half,
        width: area.width - half,
        ..area
    };
    draw_line(canvas, first, 2, left);
    canvas.write(second, 0, 0, &Safe::own("│"), Role::Dim);
    draw_line(canvas, second, 2, right);
}

/// A line for each key of a menu; what is not possible says why.
fn choices(state: &State, place: Place) -> Vec<Safe<'static>> {
    let own = keys::table().iter().filter(|line| line.place == place);
    let deeds = own.filter(|line| matches!(line.action, Action::Do(deed) if deed.is_listed()));
    let lines = deeds.map(|line| {
        let (key, help) = (line.keys[0].label(), line.help);
        match keys::possible(state, line.action) {
            Ok(()) => Safe::format(format_args!("{key}  {help}")),
            Err(why) => Safe::format(format_args!("-  {help}: {why}")),
        }
    });
    lines.collect()
}
