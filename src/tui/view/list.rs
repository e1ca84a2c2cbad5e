//! The list: one line a request, only the visible ones, and between them what is missing.
//!
//! ```text
//! gutter 2 · # 5 · time 8 · METHOD 6 · event 26 · PATH: what is left · SIZE 8 · FROM 15 · SIG 3 · ST 3 · LAT 6 · NOTE 4
//! ```
//!
//! Too narrow, columns go in this order: FROM, SIZE, METHOD (of a POST; another one replaces the time), PATH, `#`, seconds, NOTE, SIG.

mod columns;

use std::time::Duration;

use hooktool_relay::capture::Kind;

use self::columns::{Columns, Place};
use super::{Canvas, row};
use crate::{
    history::{Dropped, Limit, Missing, Summary, Webhook},
    text::{Mode, Safe, clock, count, duration, safe, size},
    tui::{
        layout::{Area, Layout},
        page::{Role, role, status},
        state::{Fit, Shown, State},
    },
};

/// Cells of an event before the path behind it, and fewest that a path makes sense in.
const EVENT: usize = 26;
const LEAST: usize = 6;

/// Draws the titles and the visible lines.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let Some(area) = layout.list else { return };
    let columns = Columns::of(
        area.width,
        state.list.newest().unwrap_or_default(),
        &state.columns,
    );
    if let Some(titles) = layout.titles {
        for (title, place) in columns.titles() {
            let title = Safe::own(title);
            if place.is_right {
                canvas.write_right(place.of(titles), 0, &title, Role::Dim);
            } else {
                canvas.write(place.of(titles), 0, 0, &title, Role::Dim);
            }
        }
    }
    for (y, at) in (0..area.height).zip(state.list.top..) {
        let area = row(area, y);
        match state.list.line(at) {
            None => {
                let is_first = y == 0;
                if is_first {
                    draw_nothing(state, canvas, area);
                }
                break;
            }
            Some(Shown::Older(dropped)) => {
                canvas.write(area, 2, 0, &older(state, dropped), Role::Dim);
            }
            Some(Shown::Gap(missing)) => {
                canvas.write(area, 2, 0, &gap(missing), Role::Warn);
            }
            Some(Shown::Request(summary)) => {
                draw_gutter(state, canvas, area, summary);
                draw_row(state, canvas, (area, &columns), summary);
                if state.list.selected == Some(summary.number) {
                    canvas.select(area);
                }
            }
        }
    }
}

/// Why there is no row, though there are requests.
fn draw_nothing(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    let text = match &state.list.sieve {
        Some(sieve) if sieve.progress().is_some() => "no match yet",
        Some(sieve) if sieve.is_on => "no request matches (Esc takes the filter away)",
        _ => "the view is cleared (C shows all requests again)",
    };
    canvas.write(area, 2, 0, &Safe::own(text), Role::Dim);
}

fn older(state: &State, dropped: Dropped) -> Safe<'static> {
    let at = clock(dropped.at, state.zone);
    let at = at.as_str().get(..5).unwrap_or_default();
    let limit = match dropped.limit {
        Limit::Count => "10,000 requests",
        Limit::Bytes => "1 GiB",
    };
    let count = count(dropped.count);
    Safe::format(format_args!(
        "older: {count} dropped, last at {at}, limit {limit}"
    ))
}

fn gap(missing: Missing) -> Safe<'static> {
    let count = count(missing.count);
    Safe::format(format_args!(
        "── {count} dropped by the relay before they could be delivered ──"
    ))
}

fn draw_gutter(state: &State, canvas: &mut Canvas<'_>, area: Area, summary: &Summary) {
    let is_selected = state.list.selected == Some(summary.number);
    let is_marked = state.list.marked.contains(&summary.number);
    let sign = if is_selected { ">" } else { " " };
    let sign = match (is_marked, summary.bookmarked) {
        (true, _) => format!("{sign}●"),
        (false, true) => format!("{sign}★"),
        (false, false) => sign.to_owned(),
    };
    canvas.write(
        area,
        0,
        0,
        &Safe::format(format_args!("{sign}")),
        Role::Text,
    );
}

fn draw_row(
    state: &State,
    canvas: &mut Canvas<'_>,
    (area, columns): (Area, &Columns),
    summary: &Summary,
) {
    draw_event(canvas, (area, columns), summary);
    let mut put = |place: Option<Place>, text: &Safe<'_>, role: Role| {
        let Some(place) = place else { return };
        let area = place.of(area);
        if place.is_right {
            canvas.write_right(area, 0, &text.cut(usize::from(area.width)), role);
        } else {
            canvas.write(area, 0, 0, text, role);
        }
    };
    let method = safe(summary.method.as_bytes(), Mode::Cell);
    put(
        columns.number,
        &Safe::format(format_args!("{}", summary.number)),
        Role::Text,
    );
    put(columns.method, &method, Role::Text);
    if columns.is_narrow && summary.method != "POST" {
        put(Some(columns.time), &method, Role::Text);
    } else {
        put(
            Some(columns.time),
            &time(state, summary, columns),
            Role::Dim,
        );
    }
    let length = summary.size.map_or(Safe::own("-"), size);
    put(columns.size, &length, Role::Dim);
    put(
        columns.from,
        &Safe::format(format_args!("{}", summary.peer)),
        Role::Dim,
    );
    let (sig_role, sig) = sig(summary.webhook.as_deref());
    put(columns.sig, &Safe::own(sig), sig_role);
    let Some(last) = &summary.last else {
        put(Some(columns.status), &Safe::own("…"), Role::Dim);
        return;
    };
    let role = role(last.outcome, last.status);
    put(
        Some(columns.status),
        &status(last.outcome, last.status),
        role,
    );
    if let Some(took) = last.took {
        // A slow answer is no failure: only a failed try's time is coloured.
        let role = if role == Role::Bad { role } else { Role::Text };
        put(Some(columns.latency), &duration(took), role);
    }
    let (role, note) = note(state, summary);
    put(columns.note, &note, role);
}

fn time(state: &State, summary: &Summary, columns: &Columns) -> Safe<'static> {
    if state.is_relative {
        return ago(state.now.wall.since(summary.received_at));
    }
    let time = clock(summary.received_at, state.zone);
    let shown = time.as_str().get(..usize::from(columns.time.width));
    Safe::format(format_args!("{}", shown.unwrap_or_default()))
}

/// How long ago, in at most five cells.
fn ago(passed: Duration) -> Safe<'static> {
    let (number, unit) = match passed.as_secs() {
        seconds @ 0..60 => (seconds, 's'),
        seconds @ 60..3600 => (seconds / 60, 'm'),
        seconds @ 3600..86_400 => (seconds / 3600, 'h'),
        seconds => (seconds / 86_400, 'd'),
    };
    Safe::format(format_args!("{number}{unit}"))
}

/// What the signature was worth.
fn sig(webhook: Option<&Webhook>) -> (Role, &'static str) {
    match webhook.map(|webhook| webhook.verdict.as_str()) {
        Some("ok") => (Role::Text, "ok"),
        Some("bad") => (Role::Bad, "BAD"),
        Some("old") => (Role::Warn, "OLD"),
        Some("token") => (Role::Warn, "tok"),
        Some("unknown") => (Role::Warn, "?"),
        _ => (Role::Dim, "-"),
    }
}

/// Who sent it and which event it is; none if it is of no known sender.
fn event(summary: &Summary) -> Option<Safe<'_>> {
    let webhook = summary.webhook.as_ref()?;
    let provider = safe(webhook.provider.as_bytes(), Mode::Cell);
    Some(match webhook.title() {
        Some(title) => {
            let title = safe(title.as_bytes(), Mode::Cell);
            Safe::format(format_args!("{provider} · {title}"))
        }
        None => provider,
    })
}

/// Event and path, each in its column or one behind the other. A sender that nobody knows leaves both to the path, and to the method
/// before it, unless that has a place of its own.
fn draw_event(canvas: &mut Canvas<'_>, (area, columns): (Area, &Columns), summary: &Summary) {
    let path = match summary.path.as_ref() {
        b"" => Safe::own("/"),
        path => safe(path, Mode::Cell),
    };
    let whole = columns
        .path
        .map_or(columns.event, |path| columns.event.with(path));
    let (place, text) = match (event(summary), columns.path) {
        (Some(event), Some(place)) => {
            canvas.write(place.of(area), 0, 0, &path, Role::Text);
            (columns.event, event)
        }
        (Some(event), None) if usize::from(whole.width) < EVENT + 1 + LEAST => (whole, event),
        (Some(event), None) => {
            let blank = EVENT.saturating_sub(event.width());
            (
                whole,
                Safe::format(format_args!("{event}{:blank$} {path}", "")),
            )
        }
        (None, _) if columns.is_narrow || columns.method.is_some() => (whole, path),
        (None, _) => {
            let method = safe(summary.method.as_bytes(), Mode::Cell);
            (whole, Safe::format(format_args!("{method} {path}")))
        }
    };
    canvas.write(place.of(area), 0, 0, &text, Role::Text);
}

fn note(state: &State, summary: &Summary) -> (Role, Safe<'static>) {
    let is_late = summary.last.as_ref().is_some_and(|last| last.late);
    let is_challenge = summary
        .last
        .as_ref()
        .is_some_and(|last| last.is_challenge());
    let is_in_body = state.list.fit(summary.number) == Fit::InBody;
    match (is_late, summary.kind, summary.tries) {
        _ if is_in_body => (Role::Key, Safe::own("body")),
        (true, _, _) => (Role::Warn, Safe::own("late")),
        (_, Kind::Waited, _) => (Role::Dim, Safe::own("wait")),
        _ if is_challenge => (Role::Text, Safe::own("auto")),
        (_, _, tries @ 2..) => (Role::Text, Safe::format(format_args!("×{tries}"))),
        _ => (Role::Text, Safe::default()),
    }
}
