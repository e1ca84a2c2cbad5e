//! The list's behaviour: rows as they are read, the selected one by its id, follow and pause, what is in view.
//!
//! In: rows read from the history, moves. Out: the changed [`State`]. An arrival never moves the row that a person is on.

use super::{
    act::away,
    layout::Pane,
    page::{Role, role, status},
    state::{Follow, Mood, Order, Query, State},
};
use crate::{
    history::{Cause, Number, Summary},
    search::Hit,
    text::{Safe, duration},
};

impl State {
    /// Takes the whole history's rows, or at first its newest ones.
    pub(super) fn replace_rows(&mut self, rows: Vec<Summary>, is_all: bool) {
        let newest = self.list.newest();
        let (line, selected, was_last) = (self.selected_line(), self.list.selected, self.is_last());
        self.list.replace(rows, self.now.wall);
        let is_first = !self.sync.is_begun;
        self.sync.is_begun = true;
        self.sync.is_loaded |= is_all;
        if is_first {
            self.list.baseline = self.list.newest().unwrap_or_default();
            self.select_newest();
        } else {
            let new = self.list.rows.iter().rev();
            let new = new.take_while(|row| Some(row.number) > newest);
            let shown = new.filter(|row| self.list.place(row.number).is_some());
            let came = shown.count();
            self.reselect(selected, line);
            self.arrivals(came, was_last);
        }
        self.tell_replays();
    }

    /// Takes rows that are new or changed, ascending; and the numbers of those that are gone.
    pub(super) fn merge_rows(&mut self, rows: Vec<Summary>, gone: &[Number]) {
        let newest = self.list.newest();
        let (line, selected, was_last) = (self.selected_line(), self.list.selected, self.is_last());
        let mut came = 0;
        for row in rows {
            if let Some(index) = self.list.index(row.number) {
                self.list.change(index, row, self.now.wall);
            } else if Some(row.number) > newest {
                came += usize::from(self.list.push(row, self.now.wall));
            }
        }
        if !gone.is_empty() {
            self.list.remove(gone);
        }
        self.reselect(selected, line);
        self.arrivals(came, was_last);
        self.tell_replays();
    }

    /// Takes what reading brought of a filter.
    pub(super) fn found(&mut self, query: &Query, hits: &[Hit]) {
        let (line, selected, was_last) = (self.selected_line(), self.list.selected, self.is_last());
        let came = self.list.found(query, hits);
        let anchor = self.bar.as_ref().and_then(|bar| bar.selected);
        self.reselect(anchor.or(selected), line);
        if came > 0 && was_last && self.list.follow == Follow::On {
            self.select_newest();
        }
    }

    /// Tests some more rows against the filter. Answers whether the view is another one.
    pub(super) fn sift(&mut self) -> bool {
        let (line, selected) = (self.selected_line(), self.list.selected);
        let is_sifting = self.list.is_sifting();
        let has_ended = is_sifting && self.list.sift(self.now.wall);
        if has_ended {
            let anchor = self.bar.as_ref().and_then(|bar| bar.selected);
            self.reselect(anchor.or(selected), line);
        }
        is_sifting
    }

    /// Whether the last row in view is selected, or none is there.
    fn is_last(&self) -> bool {
        let last = self.list.shown().next_back().map(|row| row.number);
        self.list.selected == last
    }

    fn arrivals(&mut self, came: usize, was_last: bool) {
        if came == 0 {
            return;
        }
        self.list.arrived = Some(self.now.since_start);
        away::count_new(self, came);
        let is_free = self.focus == Pane::List && self.popup.is_none() && self.bar.is_none();
        let stands_last = was_last && is_free;
        match self.list.follow {
            _ if self.list.order() != Order::Arrival => self.list.missed += came as u64,
            Follow::Scrolled if stands_last => self.select_newest(),
            Follow::On => self.select_newest(),
            Follow::Scrolled | Follow::Paused => self.list.missed += came as u64,
        }
        if self.list.selected.is_none() {
            self.select_newest();
        }
    }

    /// Selects the last row in view and follows from here on, where the order allows it.
    pub(super) fn select_newest(&mut self) {
        if self.list.order() == Order::Arrival {
            self.list.follow = Follow::On;
            self.list.missed = 0;
        }
        let last = self.list.shown().next_back().map(|row| row.number);
        self.select(last);
    }

    /// Moves the selection by rows; leaving the last one stops following.
    pub(super) fn step(&mut self, by: isize) {
        let Some(place) = self.list.selected_place() else {
            return;
        };
        let last = self.list.shown().len() - 1;
        let to = place.saturating_add_signed(by).min(last);
        if to != last {
            self.list.pause(Follow::Scrolled);
        }
        self.select(self.list.at(to).map(|row| row.number));
    }

    /// Selects the next row whose latest try did not end well, or the one before; answers whether there is one.
    pub(super) fn step_to_problem(&mut self, is_forward: bool) -> bool {
        let is_problem = |state: &Self, number| state.list.row(number).is_some_and(has_failed);
        self.step_to(is_forward, is_problem)
    }

    /// Selects the next row of some kind, or the one before; answers whether there is one.
    pub(super) fn step_to(
        &mut self,
        is_forward: bool,
        is_wanted: impl Fn(&Self, Number) -> bool,
    ) -> bool {
        let Some(place) = self.list.selected_place() else {
            return false;
        };
        let wanted = |row: &Summary| is_wanted(self, row.number);
        let to = if is_forward {
            let after = self.list.shown().skip(place + 1).position(wanted);
            after.map(|ahead| place + 1 + ahead)
        } else {
            self.list.shown().take(place).rposition(wanted)
        };
        let Some(to) = to else { return false };
        self.list.pause(Follow::Scrolled);
        self.select(self.list.at(to).map(|row| row.number));
        true
    }

    /// Selects a row by its number; another one begins at the top of its detail.
    pub(super) fn select(&mut self, number: Option<Number>) {
        if self.list.selected != number {
            self.list.selected = number;
            (self.scroll, self.passed) = (0, 0);
            self.column = 0;
            self.chosen = None;
            self.revealed = None;
        }
        self.bring_into_view();
    }

    /// Scrolls the list as little as needed to show the selected row.
    pub(super) fn bring_into_view(&mut self) {
        let height = self.layout().list_rows();
        let (Some(place), 1..) = (self.list.selected_place(), height) else {
            self.list.top = 0;
            return;
        };
        let line = self.list.line_of(place);
        let least = (line + 1).saturating_sub(height);
        let most = line.min(self.list.lines().saturating_sub(height));
        // What stands above the first request has no other way into view.
        let most = if place == 0 { 0 } else { most };
        self.list.top = self.list.top.clamp(least, most.max(least));
    }

    /// On which line of the list the selected row stands.
    pub(super) fn selected_line(&self) -> usize {
        let line = self
            .list
            .selected_place()
            .map(|place| self.list.line_of(place));
        line.map_or(0, |line| line.saturating_sub(self.list.top))
    }

    /// Puts the selected row on this line of the list, as far as that is possible.
    pub(super) fn put_on_line(&mut self, line: usize) {
        if let Some(place) = self.list.selected_place() {
            self.list.top = self.list.line_of(place).saturating_sub(line);
        }
        self.bring_into_view();
    }

    /// After the view changed: the newest if it is followed, the same request, else the one nearest to it, on the same line.
    pub(super) fn reselect(&mut self, selected: Option<Number>, line: usize) {
        let is_there = selected.is_some_and(|number| self.list.place(number).is_some());
        let number = match selected {
            Some(number) if !is_there => self.nearest(number),
            None if self.list.follow == Follow::On => {
                self.list.shown().next_back().map(|row| row.number)
            }
            number => number,
        };
        self.select(number);
        self.put_on_line(line);
    }

    /// The request in view that is nearest to one that is not: the next one, else the last.
    fn nearest(&self, number: Number) -> Option<Number> {
        let numbers = self.list.shown().map(|row| row.number);
        let next = numbers.clone().filter(|&other| other > number).min();
        next.or_else(|| numbers.max())
    }

    /// Says how replays ended whose rows have been read since.
    fn tell_replays(&mut self) {
        let replays = std::mem::take(&mut self.replays);
        for (number, before) in replays {
            let row = self.list.row(number);
            let last = row.and_then(|row| row.last.clone().filter(|_| row.tries > before));
            let is_there = row.is_some();
            match last {
                Some(last) if last.cause == Cause::Replay => {
                    let took = last.took.map(duration).unwrap_or_default();
                    let shown = status(last.outcome, last.status);
                    let word = self.acting.word(number);
                    let word = word.map(|word| Safe::format(format_args!("; {word}")));
                    let word = word.unwrap_or_default();
                    let text = format_args!("replay of #{number}: {shown} after {took}{word}");
                    let text = Safe::format(text);
                    let is_bad = matches!(role(last.outcome, last.status), Role::Warn | Role::Bad);
                    self.say(if is_bad { Mood::Problem } else { Mood::Done }, text);
                }
                _ if is_there => self.replays.push((number, before)),
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
