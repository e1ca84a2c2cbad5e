//! A comparison as lines: what changed, by path or by line; what differs every time is left out or shown.
//!
//! In: two sides and what they are called. Out: a [`Compared`]. Run off the loop.

use super::{
    deed::Draft,
    fetch::{Compared, Sheet, Sheets},
    page::{Line, Role},
};
use crate::{
    diff::{self, BodyDiff, Change, Diff, Mark, Side},
    text::{Mode, Safe, count, safe, size},
};

/// Widest column of paths, in cells; a longer one moves only its own line.
const COLUMN: usize = 32;

/// Longest text of a line, in cells.
const CELLS: usize = 4_096;

/// Lays it out, without and with what differs every time. `names`: what the two are called, and of what kind they are.
pub(super) fn compose(
    [from, to]: [&Side<'_>; 2],
    names: [&str; 3],
    draft: Option<Draft>,
) -> Compared {
    let diff = diff::compare(from, to);
    let sheets = |all| {
        let title = title(&diff, names, all);
        let lines = diff::unified(from, to, all);
        Sheets {
            list: list(&diff, title.clone(), all),
            unified: unified(&lines, title.clone()),
            split: split(&lines, title),
            patch: diff::patch(from, to, all),
        }
    };
    Compared {
        short: sheets(false),
        all: sheets(true),
        draft,
    }
}

fn list(diff: &Diff, title: Safe<'static>, all: bool) -> Sheet {
    let mut sheet = Sheet {
        title,
        ..Sheet::default()
    };
    sheet.changes("head", &diff.head, all);
    sheet.body(&diff.body, all);
    sheet.changes("headers", &diff.headers, all);
    sheet
}

fn unified(lines: &[diff::Line], title: Safe<'static>) -> Sheet {
    let mut sheet = Sheet {
        title,
        ..Sheet::default()
    };
    for line in lines {
        sheet.text(line);
    }
    sheet
}

/// Lines that were taken away, beside those that came in their place.
fn split(lines: &[diff::Line], title: Safe<'static>) -> Sheet {
    let mut sheet = Sheet {
        title,
        ..Sheet::default()
    };
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let of = |mark, lines: &[diff::Line]| {
            let is =
                |line: &&diff::Line| matches!(line, diff::Line::Changed(own, _) if *own == mark);
            lines.iter().take_while(is).count()
        };
        let old = of(Mark::Removed, rest);
        let new = of(Mark::Added, rest.get(old..).unwrap_or_default());
        if old + new == 0 {
            let line = shown(first);
            sheet.lines.push(line.clone());
            sheet.right.push(line);
            rest = &rest[1..];
            continue;
        }
        let (run, after) = rest.split_at(old + new);
        sheet.changes.push(sheet.lines.len());
        for place in 0..old.max(new) {
            let left = run[..old].get(place).map(shown);
            let right = run[old..].get(place).map(shown);
            sheet.lines.push(left.unwrap_or_default());
            sheet.right.push(right.unwrap_or_default());
        }
        rest = after;
    }
    sheet
}

fn title(diff: &Diff, [from, to, kind]: [&str; 3], all: bool) -> Safe<'static> {
    let (changes, volatile) = diff.count();
    let shown = if all {
        changes
    } else {
        changes.saturating_sub(volatile)
    };
    let shown = match shown {
        0 => "the same".to_owned(),
        1 => "1 change".to_owned(),
        _ => format!("{} changes", count(shown as u64)),
    };
    let hidden = match volatile {
        0 => String::new(),
        _ if all => ", volatile ones too (i)".to_owned(),
        _ => format!(", {volatile} volatile hidden (i)"),
    };
    let blank = if kind.is_empty() { "" } else { "  " };
    Safe::format(format_args!(
        "diff {from} → {to}{blank}{kind}     {shown}{hidden}"
    ))
}

impl Sheet {
    fn heading(&mut self, name: &'static str) {
        self.lines.push(vec![(Role::Strong, Safe::own(name))]);
    }

    /// A line that is a change.
    fn change(&mut self, line: Line) {
        self.changes.push(self.lines.len());
        self.lines.push(line);
    }

    fn changes(&mut self, heading: &'static str, changes: &[Change], all: bool) {
        let shown: Vec<&Change> = changes
            .iter()
            .filter(|one| all || !one.is_volatile)
            .collect();
        let widths = shown.iter().map(|one| cell(&one.what).width());
        let column = widths.filter(|width| *width <= COLUMN).max().unwrap_or(0);
        if !shown.is_empty() {
            self.heading(heading);
        }
        for one in shown {
            let what = cell(&one.what);
            let blank = column.saturating_sub(what.width()) + 2;
            let mut line = vec![
                sign(one.mark),
                (Role::Key, what),
                (Role::Text, Safe::format(format_args!("{:blank$}", ""))),
            ];
            let values = [(Role::Dim, &one.from), (Role::Text, &one.to)];
            let mut values = values
                .into_iter()
                .filter_map(|(role, value)| Some((role, cell(value.as_ref()?))));
            line.extend(values.next());
            if let Some(value) = values.next() {
                line.push((Role::Dim, Safe::own("  →  ")));
                line.push(value);
            }
            self.change(line);
        }
    }

    fn body(&mut self, body: &BodyDiff, all: bool) {
        let told = |text| (Role::Dim, text);
        match body {
            BodyDiff::Same => {}
            BodyDiff::SameDecoded => {
                self.heading("body");
                let text = Safe::own("  the same once decoded, compressed otherwise");
                self.lines.push(vec![told(text)]);
            }
            BodyDiff::Json { changes, .. } if changes.is_empty() => {
                self.heading("body");
                let text = Safe::own("the same values, in other order or white space");
                self.change(vec![sign(Mark::Changed), told(text)]);
            }
            BodyDiff::Json { changes, more } => {
                self.changes("body", changes, all);
                if *more > 0 {
                    let text = Safe::format(format_args!("  … {more} changes more …"));
                    self.lines.push(vec![told(text)]);
                }
            }
            BodyDiff::Text(lines) => {
                self.heading("body");
                for line in lines {
                    self.text(line);
                }
            }
            BodyDiff::Binary { from, to, first } => {
                self.heading("body");
                let (from, to) = (size(*from), size(*to));
                let text =
                    format_args!("binary, {from}  →  {to}, the first difference at byte {first}");
                self.change(vec![sign(Mark::Changed), (Role::Text, Safe::format(text))]);
            }
        }
    }

    fn text(&mut self, line: &diff::Line) {
        // Lines that follow each other are one change to go to.
        let follows = || {
            self.changes.last().is_some_and(|&at| {
                let between = self.lines.get(at..).unwrap_or_default();
                between.iter().all(|line| line.first().is_some_and(is_sign))
            })
        };
        match line.is_change() && !follows() {
            true => self.change(shown(line)),
            false => self.lines.push(shown(line)),
        }
    }
}

/// A line of a text.
fn shown(line: &diff::Line) -> Line {
    let dim = |text| vec![(Role::Dim, text)];
    match line {
        diff::Line::Same(text) => dim(Safe::format(format_args!("  {}", cell(text)))),
        diff::Line::Gap(lines) => dim(Safe::format(format_args!("  … {lines} the same …"))),
        diff::Line::More(lines) => dim(Safe::format(format_args!("  … {lines} lines more …"))),
        diff::Line::Changed(mark, pieces) => {
            let mut line = vec![sign(*mark)];
            line.extend(pieces.iter().map(|(is_changed, piece)| {
                let role = if *is_changed {
                    Role::Strong
                } else {
                    Role::Text
                };
                (role, cell(piece))
            }));
            line
        }
    }
}

fn is_sign((_, text): &(Role, Safe<'static>)) -> bool {
    matches!(text.as_str(), "+ " | "- " | "~ " | "> ")
}

fn sign(mark: Mark) -> (Role, Safe<'static>) {
    let role = match mark {
        Mark::Added => Role::Key,
        Mark::Removed => Role::Bad,
        Mark::Changed => Role::Warn,
        Mark::Moved => Role::Dim,
    };
    (role, Safe::format(format_args!("{} ", mark.sign())))
}

fn cell(text: &str) -> Safe<'static> {
    let text = safe(text.as_bytes(), Mode::Cell);
    safe(text.cut(CELLS).as_str().as_bytes(), Mode::Cell).into_owned()
}
