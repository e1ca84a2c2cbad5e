//! Two texts compared by line, and changed lines within themselves.
//!
//! In: texts. Out: the changed lines with three around each change, and gaps between.

use std::time::Duration;

use similar::{ChangeTag, DiffOp, TextDiff};

use super::Mark;

/// Lines that stand around a change.
pub(super) const AROUND: usize = 3;

/// Most lines that are given.
const MOST: usize = 5_000;

/// How long the search for a short answer may take; what is found by then is a right answer, if a longer one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Largest change that is compared within its lines, in bytes.
const WITHIN: usize = 32 * 1024;

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// In both.
    Same(String),
    /// In one only, in pieces; those that changed are true.
    Changed(Mark, Vec<(bool, String)>),
    /// So many lines that are the same are left out.
    Gap(usize),
    /// So many more are not given.
    More(usize),
}

impl Line {
    /// Whether it was added or removed.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Changed(..))
    }
}

/// The comparison.
pub(super) fn changes(from: &str, to: &str) -> Vec<Line> {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(from, to);
    let mut lines = Vec::new();
    let mut next = 0_usize;
    let mut left_out = 0_usize;
    for group in diff.grouped_ops(AROUND) {
        let start = group.first().map_or(next, |op| op.old_range().start);
        if start > next {
            lines.push(Line::Gap(start.saturating_sub(next)));
        }
        for op in &group {
            match lines.len() < MOST {
                true => lines.extend(of(&diff, op)),
                false => {
                    let more = op.old_range().len().max(op.new_range().len());
                    left_out = left_out.saturating_add(more);
                }
            }
            next = op.old_range().end;
        }
    }
    if lines.len() > MOST {
        left_out = left_out.saturating_add(lines.len().saturating_sub(MOST));
        lines.truncate(MOST);
    }
    if left_out > 0 {
        lines.push(Line::More(left_out));
    }
    lines
}

fn of(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Line> {
    let old: usize = op
        .old_range()
        .filter_map(|at| diff.old_slice(at))
        .map(str::len)
        .sum();
    let new: usize = op
        .new_range()
        .filter_map(|at| diff.new_slice(at))
        .map(str::len)
        .sum();
    if old.saturating_add(new) > WITHIN {
        let changes = diff.iter_changes(op);
        return changes
            .map(|change| line(change.tag(), &[(false, change.value())]))
            .collect();
    }
    let changes = diff.iter_inline_changes(op);
    changes
        .map(|change| line(change.tag(), change.values()))
        .collect()
}

fn line(tag: ChangeTag, pieces: &[(bool, &str)]) -> Line {
    let bare = |text: &str| text.trim_end_matches('\n').to_owned();
    let pieces = pieces.iter().map(|(changed, text)| (*changed, bare(text)));
    match tag {
        ChangeTag::Equal => Line::Same(pieces.map(|(_, text)| text).collect()),
        ChangeTag::Insert => Line::Changed(Mark::Added, pieces.collect()),
        ChangeTag::Delete => Line::Changed(Mark::Removed, pieces.collect()),
    }
}
