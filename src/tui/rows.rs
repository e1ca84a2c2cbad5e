//! The list's behaviour: rows as they are read, the selected one by its id, follow and pause, what is in view.
//!
//! In: rows read from the history, moves. Out: the changed [`State`]. An arrival never moves the row that a person is on.

use super::{
    act::away,
    layout::Pane,
    page::{Role, role, status},
    state::{Follow, Mood, State},
};
use crate::{
    history::{Cause, Number, Summary},
    text::{Safe, duration},
};

impl State {
    /// Takes the whole history's rows.
    pub(super) fn replace_rows(&mut self, rows: Vec<Summary>) {
        let newest = self.list.newest();
        let line = self.selected_line();
        let selected = self.list.selected;
        self.list.rows = rows;
        self.list.rows.sort_by_key(|row| row.number);
        self.list.failed = self.list.rows.iter().filter(|row| has_failed(row)).count() as u64;
        if !self.sync.is_loaded {
            self.sync.is_loaded = true;
            self.list.baseline = self.list.newest().unwrap_or_default();
            self.select_newest();
        } else {
            let came = self.list.rows.iter().rev();
            let came = came.take_while(|row| Some(row.number) > newest).count();
            self.stay_near(selected, line);
            self.arrivals(came, selected == newest);
        }
        self.tell_replays();
    }

    /// Takes rows that are new or changed, ascending; and the numbers of those that are gone.
    pub(super) fn merge_rows(&mut self, rows: Vec<Summary>, gone: &[Number]) {
        let newest = self.list.newest();
        let was_last = self.list.selected == newest;
        let mut came = 0;
        for row in rows {
            let failed = u64::from(has_failed(&row));
            if let Some(index) = self.index(row.number) {
                self.list.failed -= u64::from(has_failed(&self.list.rows[index]));
                self.list.rows[index] = row;
            } else if Some(row.number) > newest {
                self.list.rows.push(row);
                came += 1;
            } else {
                continue;
            }
            self.list.failed += failed;
        }
        if !gone.is_empty() {
            let (line, selected) = (self.selected_line(), self.list.selected);
            self.list.rows.retain(|row| !gone.contains(&row.number));
            self.list.failed = self.list.rows.iter().filter(|row| has_failed(row)).count() as u64;
            self.stay_near(selected, line);
        }
        self.arrivals(came, was_last);
        self.tell_replays();
    }

    fn arrivals(&mut self, came: usize, was_last: bool) {
        if came == 0 {
            return;
        }
        self.list.arrived = Some(self.now.since_start);
        away::count_new(self, came);
        let stands_last = was_last && self.focus == Pane::List && self.popup.is_none();
        match self.list.follow {
            Follow::Scrolled if stands_last => self.select_newest(),
            Follow::On => self.select_newest(),
            Follow::Scrolled | Follow::Paused => self.list.missed += came as u64,
        }
        if self.list.selected.is_none() {
            self.select_newest();
        }
    }

    /// Selects the newest row and follows from here on.
    pub(super) fn select_newest(&mut self) {
        self.list.follow = Follow::On;
        self.list.missed = 0;
        self.select(self.list.newest());
    }

    /// Moves the selection by rows; leaving the last one stops following.
    pub(super) fn step(&mut self, by: isize) {
        let Some(index) = self.list.selected.and_then(|number| self.index(number)) else {
            return;
        };
        let last = self.list.rows.len() - 1;
        let to = index.saturating_add_signed(by).min(last);
        if to != last {
            self.list.pause(Follow::Scrolled);
        }
        self.select(self.list.rows.get(to).map(|row| row.number));
    }

    /// Selects the next row whose latest try did not end well, or the one before; answers whether there is one.
    pub(super) fn step_to_problem(&mut self, is_forward: bool) -> bool {
        let Some(index) = self.list.selected.and_then(|number| self.index(number)) else {
            return false;
        };
        let to = if is_forward {
            let after = self.list.rows.iter().skip(index + 1).position(has_failed);
            after.map(|ahead| index + 1 + ahead)
        } else {
            self.list.rows.iter().take(index).rposition(has_failed)
        };
        let Some(to) = to else { return false };
        self.list.pause(Follow::Scrolled);
        self.select(self.list.rows.get(to).map(|row| row.number));
        true
    }

    /// Selects a row by its number; another one begins at the top of its detail.
    pub(super) fn select(&mut self, number: Option<Number>) {
        if self.list.selected != number {
            self.list.selected = number;
            self.scroll = 0;
            self.column = 0;
            self.chosen = None;
            self.revealed = None;
        }
        self.bring_into_view();
    }

    /// Scrolls the list as little as needed to show the selected row.
    pub(super) fn bring_into_view(&mut self) {
        let height = self.layout().list_rows();
        let index = self.list.selected.and_then(|number| self.index(number));
        let (Some(index), 1..) = (index, height) else {
            return;
        };
        let least = (index + 1).saturating_sub(height);
        let most = index.min(self.list.rows.len().saturating_sub(height));
        self.list.top = self.list.top.clamp(least, most.max(least));
    }

    /// On which line of the list the selected row stands.
    pub(super) fn selected_line(&self) -> usize {
        let index = self.list.selected.and_then(|number| self.index(number));
        index.map_or(0, |index| index.saturating_sub(self.list.top))
    }

    /// Puts the selected row on this line of the list, as far as that is possible.
    pub(super) fn put_on_line(&mut self, line: usize) {
        if let Some(index) = self.list.selected.and_then(|number| self.index(number)) {
            self.list.top = index.saturating_sub(line);
        }
        self.bring_into_view();
    }

    /// After rows have gone: the same request, else the next one, on the same line.
    fn stay_near(&mut self, selected: Option<Number>, line: usize) {
        let near = selected.map(|number| self.list.rows.partition_point(|row| row.number < number));
        let near = near.map(|index| index.min(self.list.rows.len().saturating_sub(1)));
        let number = near
            .and_then(|index| self.list.rows.get(index))
            .map(|row| row.number);
        self.select(number);
        self.put_on_line(line);
    }

    /// Says how replays ended whose rows have been read since.
    fn tell_replays(&mut self) {
        let replays = std::mem::take(&mut self.replays);
        for (number, before) in replays {
            let row = self.index(number).map(|index| &self.list.rows[index]);
            let last = row.and_then(|row| row.last.as_ref().filter(|_| row.tries > before));
            match last {
                Some(last) if last.cause == Cause::Replay => {
                    let took = last.took.map(duration).unwrap_or_default();
                    let shown = status(last.outcome, last.status);
                    let text =
                        Safe::format(format_args!("replay of #{number}: {shown} after {took}"));
                    let is_bad = matches!(role(last.outcome, last.status), Role::Warn | Role::Bad);
                    self.say(if is_bad { Mood::Problem } else { Mood::Done }, text);
                }
                _ if row.is_some() => self.replays.push((number, before)),
                _ => {}
            }
        }
    }
}

/// Whether the latest try did not end well.
pub(super) fn has_failed(row: &Summary) -> bool {
    let role = row
        .last
        .as_ref()
        .map(|last| role(last.outcome, last.status));
    matches!(role, Some(Role::Warn | Role::Bad))
}
