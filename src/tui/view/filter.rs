//! The filter while it is typed: its line, what is wrong with it, what may be written next.
//!
//! ```text
//!  filter> status:5xxx path:/stripe                      showing last good filter
//!          -------^ expected 5xx, 500, 500..599, >=500, pending, err or held
//! ```

use super::{Canvas, row};
use crate::{
    filter::FilterError,
    text::{Mode, Safe, count, safe},
    tui::{
        layout::{Area, Layout},
        page::Role,
        state::{Bar, Offer, State},
    },
};

/// What stands before the text.
const PROMPT: &str = "filter> ";

/// Draws it over the list, if it is open.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let (Some(area), Some(bar)) = (layout.bar, &state.bar) else {
        return;
    };
    canvas.clear(area);
    let first = row(area, 0);
    let told = told(state, bar);
    let edge = Area {
        width: first.width.saturating_sub(1),
        ..first
    };
    canvas.write_right(edge, 0, &told, Role::Dim);
    let field = Area {
        width: edge.width.saturating_sub(told.width() as u16 + 1),
        ..first
    };
    canvas.field(field, 1, PROMPT, &bar.field);
    let mut y = 1;
    if let Some(error) = bar.error.as_ref().filter(|_| area.height > 1) {
        draw_error(canvas, row(area, 1), (bar, field), error);
        y = 2;
    }
    let chosen = bar.taken.as_ref().map(|(at, ..)| *at);
    let rows = usize::from(area.height - y);
    let top = (chosen.unwrap_or(0) + 1).saturating_sub(rows);
    for (y, (at, offer)) in (y..area.height).zip(bar.offers.iter().enumerate().skip(top)) {
        draw_offer(canvas, row(area, y), offer, chosen == Some(at));
    }
}

/// What the list shows meanwhile.
fn told(state: &State, bar: &Bar) -> Safe<'static> {
    if bar.error.is_some() {
        return match &state.list.sieve {
            Some(_) => Safe::own("showing last good filter"),
            None => Safe::own("showing all"),
        };
    }
    super::counts::matches(state)
}

/// The caret under the place, and what was expected there.
fn draw_error(
    canvas: &mut Canvas<'_>,
    area: Area,
    (bar, field): (&Bar, Area),
    error: &FilterError,
) {
    let text = bar.field.text();
    let before = text.get(..error.at).unwrap_or(text);
    let width = |text: &str| safe(text.as_bytes(), Mode::Cell).width();
    let start = PROMPT.len() + 1;
    let hidden = canvas.hidden(field, start as u16, &bar.field);
    let dashes = "-".repeat(width(before).saturating_sub(hidden));
    let what = safe(error.what.as_bytes(), Mode::Cell);
    let shown = Safe::format(format_args!("{dashes}^ {what}"));
    // Under a place far to the right there is no room for words: then they come first.
    let room = usize::from(area.width).saturating_sub(start);
    let shown = if shown.width() > room {
        Safe::format(format_args!("^ {what}"))
    } else {
        shown
    };
    canvas.write(area, start as u16, 0, &shown, Role::Warn);
}

fn draw_offer(canvas: &mut Canvas<'_>, area: Area, offer: &Offer, is_chosen: bool) {
    let insert = safe(offer.insert.as_bytes(), Mode::Cell);
    let sign = if is_chosen { '>' } else { ' ' };
    let role = if is_chosen { Role::Strong } else { Role::Key };
    let name = Safe::format(format_args!("       {sign} {insert:12} "));
    let x = canvas.write(area, 0, 0, &name, role);
    let text = match offer.count {
        Some(number) => Safe::format(format_args!("({})", count(number as u64))),
        None => Safe::format(format_args!("{:33} {}", offer.about, offer.example)),
    };
    canvas.write(area, x, 0, &text, Role::Dim);
}
