//! The second line: how many requests of each kind there are, and which of them are shown.
//!
//! ```text
//!  1,204 requests · 3 failed · 2 marked                    filter: status:5xx 12 of 1,204
//! ```

use super::{Canvas, row};
use crate::{
    text::{Mode, Safe, count, safe},
    tui::{
        layout::{Area, Layout, Shape},
        page::{Line, Role},
        state::{Order, State},
    },
};

/// From this width on every kind is counted.
const WIDE: u16 = 110;

/// Fewer cells of a filter say nothing.
const LEAST: usize = 8;

/// Draws it: counts from the left, the filter at the right end.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let area = row(layout.counts, 0);
    let area = Area {
        width: area.width.saturating_sub(1),
        ..area
    };
    let mut counts = counts(state, area.width);
    let taken: usize = counts.iter().map(|(_, text)| text.width()).sum();
    let mut left = area;
    if !state.list.rows.is_empty() {
        let room = usize::from(area.width).saturating_sub(taken + 3);
        let (role, text) = chosen(state, layout, room);
        if text.width() <= room {
            canvas.write_right(area, 0, &text, role);
            left.width -= text.width() as u16 + 1;
        }
    }
    // What was said at the start is cut before what was chosen since.
    counts.extend(standing(state));
    let mut x = 1;
    for (role, text) in counts {
        x = canvas.write(left, x, 0, &text, role);
    }
}

/// What else was said of answers and of what is forwarded.
fn standing(state: &State) -> Line {
    let said = state.standing.iter();
    let said = said.map(|said| safe(said.as_bytes(), Mode::Cell));
    said.map(|said| (Role::Text, Safe::format(format_args!(" · {said}"))))
        .collect()
}

fn counts(state: &State, width: u16) -> Line {
    if !state.sync.is_loaded {
        return vec![(Role::Dim, Safe::own("reading the history…"))];
    }
    let mut line = Line::new();
    if state.list.rows.is_empty() {
        let text = if state.route.is_listening {
            "waiting for the first request"
        } else {
            "nothing is stored here yet"
        };
        line.push((Role::Text, Safe::own(text)));
    } else {
        line.push((Role::Text, requests(state)));
    }
    let mut add = |role, number: u64, words: &str| {
        if number > 0 {
            let number = count(number);
            line.push((role, Safe::format(format_args!(" · {number} {words}"))));
        }
    };
    let tally = &state.list.tally;
    if width < WIDE {
        add(Role::Warn, tally.failed(), "failed");
    } else {
        add(Role::Text, tally.ok, "ok");
        add(Role::Warn, tally.client, "4xx");
        add(Role::Bad, tally.server, "5xx");
        add(Role::Bad, tally.broken, "ERR");
    }
    let words = match (width < WIDE, tally.bad_sig) {
        (true, _) => "bad sig",
        (false, 1) => "bad signature",
        (false, _) => "bad signatures",
    };
    add(Role::Bad, tally.bad_sig, words);
    add(Role::Key, state.list.marked.len() as u64, "marked");
    add(Role::Warn, state.hold.held, "held");
    let target = super::header::target(&state.route.target, false);
    let parked = format!("parked, sent when {target} opens");
    add(Role::Warn, state.hold.parked, &parked);
    line
}

/// How many requests there are.
pub(super) fn requests(state: &State) -> Safe<'static> {
    let number = state.list.rows.len() as u64;
    let word = if number == 1 { "request" } else { "requests" };
    Safe::format(format_args!("{} {word}", count(number)))
}

/// The filter and the order, in at most so many cells.
fn chosen(state: &State, layout: &Layout, room: usize) -> (Role, Safe<'static>) {
    let order = match state.list.order() {
        Order::Arrival if layout.header.width < WIDE => String::new(),
        order => format!("   sort: {}", order.name()),
    };
    let Some(sieve) = &state.list.sieve else {
        let none = match layout.shape {
            Shape::Narrow => "no filter",
            _ => "filter: none",
        };
        return (Role::Dim, Safe::format(format_args!("{none}{order}")));
    };
    let told = match sieve.is_on {
        true => matches(state),
        false => Safe::own("(off)"),
    };
    let beside = "filter:  ".len() + told.width() + order.len();
    let text = safe(sieve.filter.text().as_bytes(), Mode::Cell);
    let room_for_text = room.saturating_sub(beside);
    if room_for_text < text.width().min(LEAST) {
        return (Role::Key, told);
    }
    let text = text.cut(room_for_text);
    let role = if sieve.is_on { Role::Key } else { Role::Dim };
    let shown = format_args!("filter: {text} {told}{order}");
    (role, Safe::format(shown))
}

/// How many requests fit the filter, and how far a search has come.
pub(super) fn matches(state: &State) -> Safe<'static> {
    let all = count(state.list.rows.len() as u64);
    let Some(sieve) = &state.list.sieve else {
        return Safe::format(format_args!("{all} requests"));
    };
    let fitting = count(state.list.matches() as u64);
    let hidden = match sieve.hidden {
        0 => String::new(),
        hidden => format!(" (+{} hidden)", count(hidden)),
    };
    match sieve.progress() {
        _ if state.list.is_sifting() => Safe::own("filtering…"),
        Some(percent) => Safe::format(format_args!(
            "{fitting} of {all}, searching bodies {percent}%"
        )),
        None => Safe::format(format_args!("{fitting} of {all}{hidden}")),
    }
}
