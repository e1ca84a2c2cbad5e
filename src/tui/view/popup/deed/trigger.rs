//! The list of samples, and the box that says how one is sent.

use super::super::{Canvas, draw_box, row};
use crate::{
    text::{Mode, Safe, safe},
    tui::{act::deed::trigger, deed::Shot, field::Field, layout::Area, page::Role, state::State},
};

/// Most samples that are shown at once.
const SHOWN: usize = 12;

/// Draws the list.
pub(super) fn list(
    state: &State,
    canvas: &mut Canvas<'_>,
    screen: Area,
    (field, at): (&Field, usize),
) {
    let all = trigger::found(field.text());
    let at = at.min(all.len().saturating_sub(1));
    let room = SHOWN
        .min(usize::from(screen.height).saturating_sub(8))
        .max(1);
    let first = (at + 1).saturating_sub(room);
    let blank = vec![Safe::default(); room + 2];
    let title = Safe::format(format_args!("Trigger a sample ({})", all.len()));
    let area = draw_box(state, canvas, screen, &title, &blank);
    canvas.field(row(area, 1), 1, "> ", field);
    for (y, (place, sample)) in (2..).zip(all.iter().enumerate().skip(first).take(room)) {
        let is_chosen = place == at;
        let sign = if is_chosen { ">" } else { " " };
        let role = if is_chosen { Role::Strong } else { Role::Text };
        let line = format_args!("{sign} {:18} {}", sample.provider, sample.name);
        canvas.write(row(area, y), 1, 0, &Safe::format(line), role);
    }
    let note = match all.is_empty() {
        true => "No sample fits.",
        false => "A word that begins with / is the path.",
    };
    let last = row(area, room as u16 + 2);
    canvas.write(last, 1, 0, &Safe::own(note), Role::Dim);
}

/// Draws how one is sent.
pub(super) fn shot(state: &State, canvas: &mut Canvas<'_>, screen: Area, shot: &Shot) {
    let path = safe(shot.path.as_bytes(), Mode::Cell);
    let mut lines = Vec::new();
    for (place, way) in shot.ways.iter().enumerate() {
        let sign = if place == shot.way { "(•)" } else { "( )" };
        let words = match (way, &state.url) {
            (None, Some(url)) => format!("through {}", safe(url.as_bytes(), Mode::Cell)),
            (None, None) => "through the public URL".to_owned(),
            (Some(target), _) => {
                let target = target.base_url();
                format!("straight to {}", safe(target.as_bytes(), Mode::Cell))
            }
        };
        lines.push(Safe::format(format_args!("{sign} {words}")));
    }
    lines.push(Safe::default());
    if !shot.path.is_empty() {
        lines.push(Safe::format(format_args!("Path {path}")));
    }
    let made = "With ids of its own, signed if its secret is kept.";
    lines.push(Safe::own(made));
    let title = format_args!("Trigger {} {}", shot.sample.provider, shot.sample.name);
    draw_box(state, canvas, screen, &Safe::format(title), &lines);
}
