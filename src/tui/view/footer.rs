//! The last line: the keys wanted most, from the live key table; and the toast, never over the list.

use super::{Canvas, row};
use crate::{
    text::Safe,
    tui::{
        keys::{self, Action},
        layout::{Area, Layout},
        page::Role,
        state::{Mood, State},
    },
};

/// Draws the hints.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    draw_hints(state, canvas, layout.hints);
}

/// Draws the toast over the right end of the detail's last line, or of the hints, where no detail is shown.
pub(super) fn draw_toast(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let detail = layout.detail.filter(|_| !state.list.rows.is_empty());
    let area = detail.and_then(Area::last_row).unwrap_or(layout.hints);
    if let Some(toast) = &state.toast {
        let (role, prefix) = match toast.mood {
            Mood::Done => (Role::Strong, "[ok]"),
            Mood::Note => (Role::Text, "[!]"),
            Mood::Problem => (Role::Bad, "[x]"),
        };
        let text = Safe::format(format_args!("  {prefix} {} ", toast.text));
        let text = text.cut(usize::from(area.width));
        let width = text.width() as u16;
        let place = Area {
            x: area.x + area.width.saturating_sub(width),
            width,
            ..area
        };
        canvas.clear(place);
        canvas.write(place, 0, 0, &text, role);
    }
}

fn draw_hints(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    let place = keys::place(state);
    let area = row(area, 0);
    // The way to all others always has room.
    let help = keys::of(place, Action::Help).map(|binding| {
        let words = if area.width < 60 {
            "keys"
        } else {
            binding.help
        };
        let label = binding.keys[0].label();
        (Safe::format(format_args!("{label}")), Safe::own(words))
    });
    let last = help
        .as_ref()
        .map_or(0, |(label, words)| label.width() + words.width() + 3);
    let room = area.width.saturating_sub(last as u16);
    let mut x = 1;
    for &action in keys::hinted(place, state.list.rows.is_empty()) {
        let Some(binding) = keys::of(place, action) else {
            continue;
        };
        if keys::possible(state, action).is_err() {
            continue;
        }
        let label = Safe::format(format_args!("{}", binding.keys[0].label()));
        let help = Safe::own(binding.help);
        let width = (label.width() + help.width() + 1) as u16;
        if x + width >= room {
            continue;
        }
        x = canvas.write(area, x, 0, &label, Role::Key) + 1;
        x = canvas.write(area, x, 0, &help, Role::Text) + 2;
    }
    if let Some((label, words)) = help {
        let x = canvas.write(area, x, 0, &label, Role::Key) + 1;
        canvas.write(area, x, 0, &words, Role::Text);
    }
}
