//! Long lines of the detail over several rows of the screen, where a person asked for it.
//!
//! In: lines, how many cells a row has. Out: rows, and where the view stands. Its top is a line and a row of that line; all is counted
//! from there, so a page of 100,000 lines costs what a screenful does.

use super::State;
use crate::tui::page::{Line, Role};

/// A line in rows of at most so many cells each; at least one. What stands at the right edge goes: there is no free edge.
pub(in crate::tui) fn rows(line: &Line, cells: usize) -> Vec<Line> {
    let cells = cells.max(1);
    let mut rows = vec![Line::new()];
    let mut left = cells;
    for (role, text) in line.iter().filter(|(role, _)| *role != Role::Aside) {
        let mut rest = text.clone();
        while !rest.is_empty() {
            if left == 0 {
                rows.push(Line::new());
                left = cells;
            }
            let (head, tail) = rest.split(left);
            if head.width() > left && left < cells {
                // A wide character that has no room in this row.
                left = 0;
                continue;
            }
            left = left.saturating_sub(head.width());
            if let Some(row) = rows.last_mut() {
                row.push((*role, head.into_owned()));
            }
            rest = tail.into_owned();
        }
    }
    rows
}

impl State {
    /// How many cells a row of a wrapped line has; none where lines are not wrapped.
    pub(in crate::tui) fn wrapped_cells(&self) -> Option<usize> {
        let area = self.layout().detail.filter(|_| self.is_wrapped)?;
        // A blank stands before every row.
        Some(usize::from(area.width.saturating_sub(1)).max(1))
    }

    /// How many rows a line of the shown tab takes.
    fn rows_of(&self, line: usize) -> usize {
        let detail = self.shown();
        let line = detail.and_then(|detail| detail.line(self.tab, line));
        match (self.wrapped_cells(), line) {
            (Some(cells), Some(line)) => rows(&line, cells).len(),
            _ => 1,
        }
    }

    /// Moves the view by rows of the screen.
    pub(in crate::tui) fn scroll_rows(&mut self, by: isize) {
        let lines = self.shown().map_or(0, |detail| detail.len(self.tab));
        let last = lines.saturating_sub(1);
        if by < 0 {
            for _ in 0..by.unsigned_abs() {
                match (self.passed, self.scroll) {
                    (0, 0) => break,
                    (0, above) => {
                        self.scroll = above - 1;
                        self.passed = self.rows_of(above - 1) - 1;
                    }
                    _ => self.passed -= 1,
                }
            }
            return;
        }
        let end = self.top_for(last);
        for _ in 0..by {
            if (self.scroll, self.passed) >= end {
                break;
            }
            self.passed += 1;
            if self.passed >= self.rows_of(self.scroll) {
                (self.scroll, self.passed) = (self.scroll + 1, 0);
            }
        }
    }

    /// The top of a view whose last row is this line's last.
    fn top_for(&self, line: usize) -> (usize, usize) {
        let height = self.detail_rows().max(1);
        let (mut top, mut taken) = (line, self.rows_of(line));
        while taken < height && top > 0 {
            top -= 1;
            taken += self.rows_of(top);
        }
        (top, taken.saturating_sub(height))
    }

    /// Scrolls as little as needed to show a line.
    pub(in crate::tui) fn bring_line_into_view(&mut self, line: usize) {
        if self.wrapped_cells().is_none() {
            let least = (line + 1).saturating_sub(self.detail_rows().max(1));
            self.scroll = self.scroll.clamp(least, line.max(least));
            return;
        }
        let least = self.top_for(line);
        if (self.scroll, self.passed) < least {
            (self.scroll, self.passed) = least;
        } else if (self.scroll, self.passed) > (line, 0) {
            (self.scroll, self.passed) = (line, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Mode, Safe, safe};

    fn shown(rows: &[Line]) -> Vec<String> {
        let text = |row: &Line| row.iter().map(|(_, text)| text.as_str()).collect();
        rows.iter().map(text).collect()
    }

    #[test]
    fn a_line_is_cut_between_characters_and_nothing_of_it_is_lost() {
        let text =
            |text: &'static str| (Role::Text, safe(text.as_bytes(), Mode::Body).into_owned());
        let line = vec![text("ab"), text("cdef"), (Role::Aside, Safe::own("aside"))];
        assert_eq!(shown(&rows(&line, 4)), ["abcd", "ef"]);
        assert_eq!(shown(&rows(&line, 6)), ["abcdef"]);
        assert_eq!(shown(&rows(&vec![text("日本語")], 3)), ["日", "本", "語"]);
        assert_eq!(shown(&rows(&vec![text("日")], 1)), ["日"]);
        assert_eq!(shown(&rows(&Line::new(), 4)), [""]);
    }
}
