//! Two messages compared line by line, head and all: for whoever wants to read them, not their paths.
//!
//! In: two sides. Out: changed lines with three around each change. A line that only holds another id, time or signature counts as the
//! same unless all are wanted.
//!
//! ```text
//! POST /stripe
//! content-type: application/json
//!
//! {
//!   "amount": 4200,
//! ```

use super::{
    Line, Mark, Side, decoded,
    lines::{self, AROUND},
    readable, volatile,
};
use crate::text::{self, Mode};

/// The comparison. `all`: volatile lines, too.
pub(super) fn unified(from: &Side<'_>, to: &Side<'_>, all: bool) -> Vec<Line> {
    let found = lines::changes(&whole(from), &whole(to));
    match all {
        true => found,
        false => without_volatile(found),
    }
}

/// A message as a text.
fn whole(side: &Side<'_>) -> String {
    let line = |bytes: &[u8]| text::safe(bytes, Mode::Cell).into_owned();
    let mut whole = String::new();
    for (name, value) in &side.head {
        whole.push_str(&format!("{name}: {}\n", line(value)));
    }
    for (name, value) in side.headers.iter() {
        let name = line(name).as_str().to_ascii_lowercase();
        whole.push_str(&format!("{name}: {}\n", line(value)));
    }
    whole.push('\n');
    let body = decoded(side);
    match readable(side, &body) {
        Some(text) => whole.push_str(&text),
        None => {
            let size = text::size(body.len() as u64);
            whole.push_str(&format!("(binary, {size})"));
        }
    }
    if !whole.ends_with('\n') {
        whole.push('\n');
    }
    whole
}

/// Takes pairs of a removed and an added line that differ in nothing but a volatile value for the same; what stands around no change
/// any more goes into the gap.
fn without_volatile(lines: Vec<Line>) -> Vec<Line> {
    let mut kept = Vec::new();
    let mut run = Run::default();
    for line in lines {
        match line {
            Line::Changed(Mark::Removed, pieces) if run.added.is_empty() => {
                run.removed.push(pieces);
            }
            Line::Changed(Mark::Added, pieces) => run.added.push(pieces),
            other => {
                run.end(&mut kept);
                match other {
                    Line::Changed(_, pieces) => run.removed.push(pieces),
                    other => kept.push(other),
                }
            }
        }
    }
    run.end(&mut kept);
    closed(kept)
}

type Pieces = Vec<(bool, String)>;

/// Removed lines, and those that came in their place.
#[derive(Default)]
struct Run {
    removed: Vec<Pieces>,
    added: Vec<Pieces>,
}

impl Run {
    fn end(&mut self, kept: &mut Vec<Line>) {
        let (removed, added) = (
            std::mem::take(&mut self.removed),
            std::mem::take(&mut self.added),
        );
        let mut added = added.into_iter().peekable();
        let mut before = Vec::new();
        let is_paired = removed.len() == added.len();
        for line in removed {
            let is_volatile = |other: &Pieces| is_paired && is_volatile(&text(&line), &text(other));
            match added.next_if(is_volatile) {
                Some(_) => {
                    flush(&mut before, kept);
                    kept.push(Line::Same(text(&line)));
                }
                None if is_paired => before.extend(added.next().map(|other| (line, Some(other)))),
                None => before.push((line, None)),
            }
        }
        flush(&mut before, kept);
        kept.extend(added.map(|line| Line::Changed(Mark::Added, line)));
    }
}

/// Gives removed lines, then what came in their place.
fn flush(pairs: &mut Vec<(Pieces, Option<Pieces>)>, kept: &mut Vec<Line>) {
    let mut after = Vec::new();
    for (removed, added) in pairs.drain(..) {
        kept.push(Line::Changed(Mark::Removed, removed));
        after.extend(added.map(|line| Line::Changed(Mark::Added, line)));
    }
    kept.append(&mut after);
}

fn text(pieces: &Pieces) -> String {
    pieces.iter().map(|(_, text)| text.as_str()).collect()
}

/// Whether two lines have the same volatile name: `"id": …,` of JSON, `date: …` of a head.
fn is_volatile(from: &str, to: &str) -> bool {
    let halves = from.split_once(": ").zip(to.split_once(": "));
    let Some(((name, before), (_, after))) = halves.filter(|(one, other)| one.0 == other.0) else {
        return false;
    };
    match name.trim_start().strip_prefix('"') {
        Some(key) => {
            let bare = |value: &str| value.trim_end_matches(',').to_owned();
            volatile::is_field(key.trim_end_matches('"'), &bare(before), &bare(after))
        }
        None => volatile::is_header(name),
    }
}

/// Puts lines that no longer stand near a change into the gaps.
fn closed(lines: Vec<Line>) -> Vec<Line> {
    let mut place = 0_usize;
    let mut placed = Vec::with_capacity(lines.len());
    for line in lines {
        let long = match line {
            Line::Gap(count) => count,
            _ => 1,
        };
        placed.push((place, line));
        place = place.saturating_add(long);
    }
    let changes: Vec<usize> = placed
        .iter()
        .filter(|(_, line)| line.is_change())
        .map(|(place, _)| *place)
        .collect();
    let is_near = |place: usize| {
        let next = changes.partition_point(|&change| change < place);
        let before = next.checked_sub(1).and_then(|at| changes.get(at));
        let around = before.into_iter().chain(changes.get(next));
        around
            .into_iter()
            .any(|&change| change.abs_diff(place) <= AROUND)
    };
    let mut kept = Vec::new();
    let mut gap = 0_usize;
    for (place, line) in placed {
        match line {
            Line::Gap(count) => gap = gap.saturating_add(count),
            Line::Same(_) if !is_near(place) => gap = gap.saturating_add(1),
            line => {
                if gap > 0 {
                    kept.push(Line::Gap(std::mem::take(&mut gap)));
                }
                kept.push(line);
            }
        }
    }
    kept
}
