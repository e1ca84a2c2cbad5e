//! The filter of the list: typed, completed, applied, kept or taken back.
//!
//! In: keys in the filter's line; time, for what was typed is applied a moment later. Out: another view of the list.

use std::collections::HashMap;

use crate::{
    filter::{self, Clock, Filter, Verdict},
    search::subject,
    text::{Mode, Safe, safe},
    tui::{
        field::Field,
        state::{Bar, Mood, Offer, State, remember},
    },
};

/// Rows that values are counted in: the newest ones.
const COUNTED: usize = 10_000;

/// Most values that are offered.
const OFFERED: usize = 50;

/// Opens the line, with the filter in force.
pub(super) fn open(state: &mut State) {
    let before = state.list.sieve.as_ref();
    let before = before.map(|sieve| (sieve.filter.as_ref().clone(), sieve.is_on));
    state.bar = Some(Bar::new(before, state.list.selected));
    offer(state);
    state.bring_into_view();
}

/// After the text changed: looks for what may follow, and has it applied a moment later.
pub(in crate::tui) fn typed(state: &mut State) {
    let now = state.now.since_start;
    if let Some(bar) = &mut state.bar {
        bar.taken = None;
        bar.due = Some(now + Bar::DELAY);
        offer(state);
    }
}

/// Applies what was typed, if its moment has come. Answers whether it had.
pub(in crate::tui) fn apply_due(state: &mut State) -> bool {
    let now = state.now.since_start;
    let is_due = |bar: &mut Bar| bar.due.take_if(|due| *due <= now).is_some();
    let is_due = state.bar.as_mut().is_some_and(is_due);
    if is_due {
        apply(state);
    }
    is_due
}

/// Applies what is typed; if it does not parse, the last good filter stays.
fn apply(state: &mut State) {
    let Some(text) = state.bar.as_ref().map(|bar| bar.field.text().trim()) else {
        return;
    };
    let parsed = match text {
        "" => Ok(None),
        text => Filter::parse(text, clock(state)).map(Some),
    };
    match parsed {
        Ok(filter) => {
            if let Some(bar) = &mut state.bar {
                (bar.error, bar.due) = (None, None);
            }
            sieve(state, filter, true);
        }
        Err(error) => {
            if let Some(bar) = &mut state.bar {
                (bar.error, bar.due) = (Some(error), None);
            }
        }
    }
}

/// The clock that times in a filter are meant on.
pub(super) fn clock(state: &State) -> Clock {
    Clock {
        now: state.now.wall,
        zone: state.zone,
    }
}

/// Shows what fits a filter, unless it is in force already.
fn sieve(state: &mut State, filter: Option<Filter>, is_on: bool) {
    let text = |filter: Option<&Filter>| filter.map(|filter| filter.text().to_owned());
    let present = state.list.sieve.as_ref();
    let is_same = text(present.map(|sieve| sieve.filter.as_ref())) == text(filter.as_ref());
    let anchor = state.bar.as_ref().and_then(|bar| bar.selected);
    let (anchor, line) = (anchor.or(state.list.selected), state.selected_line());
    if !is_same {
        let was_wide = state.list.is_wide();
        state.list.filter(filter, state.now.wall);
        state.sync.all |= was_wide != state.list.is_wide();
    }
    if state
        .list
        .sieve
        .as_ref()
        .is_some_and(|sieve| sieve.is_on != is_on)
    {
        state.list.switch(is_on);
    }
    state.reselect(anchor, line);
}

/// Keeps what is typed and closes the line; what does not parse is told, and the line stays.
pub(super) fn keep(state: &mut State) {
    apply(state);
    let Some(bar) = state.bar.take_if(|bar| bar.error.is_none()) else {
        return;
    };
    remember(&mut state.filters, bar.field.text().trim());
    state.bring_into_view();
}

/// Shows what fits this filter, and remembers it.
pub(super) fn keep_this(state: &mut State, filter: Filter) {
    remember(&mut state.filters, filter.text());
    sieve(state, Some(filter), true);
}

/// Closes the line; the filter of before is back.
pub(super) fn cancel(state: &mut State) {
    let Some(bar) = state.bar.take() else { return };
    let (filter, is_on) = bar.before.map_or((None, true), |(f, on)| (Some(f), on));
    sieve(state, filter, is_on);
    let line = state.selected_line();
    state.reselect(bar.selected, line);
}

/// Takes the filter away.
pub(super) fn clear(state: &mut State) {
    if state.list.sieve.is_some() {
        sieve(state, None, true);
    }
}

/// Hides what does not fit, or shows it again.
pub(super) fn switch(state: &mut State) {
    let is_on = state.list.sieve.as_ref().is_some_and(|sieve| !sieve.is_on);
    let (anchor, line) = (state.list.selected, state.selected_line());
    state.list.switch(is_on);
    state.reselect(anchor, line);
    let text = if is_on {
        "filter on"
    } else {
        "filter off: all requests are shown"
    };
    state.say(Mood::Note, Safe::own(text));
}

/// Goes to the next row that fits, or to the one before.
pub(super) fn next_match(state: &mut State, is_forward: bool) {
    let is_match = |state: &State, number| state.list.fit(number).is_match();
    if !state.step_to(is_forward, is_match) {
        let text = match is_forward {
            true => "no match further down",
            false => "no match further up",
        };
        state.say(Mood::Note, Safe::own(text));
    }
}

/// Shows an older filter, or a newer one.
pub(super) fn recall(state: &mut State, is_older: bool) {
    if let Some(bar) = &mut state.bar {
        bar.recall(&state.filters, is_older);
    }
    typed(state);
}

/// Writes the next offer, or the one before, in the place of the last one.
pub(super) fn complete(state: &mut State, is_forward: bool) {
    let now = state.now.since_start;
    let Some(bar) = &mut state.bar else { return };
    let count = bar.offers.len();
    if count == 0 {
        return;
    }
    let (at, text, cursor) = match bar.taken.take() {
        None => {
            let first = if is_forward { 0 } else { count - 1 };
            (first, bar.field.text().to_owned(), bar.field.cursor())
        }
        Some((at, text, cursor)) => {
            let step = if is_forward { 1 } else { count - 1 };
            ((at + step) % count, text, cursor)
        }
    };
    let offer = &bar.offers[at];
    let mut field = Field::of(&text);
    field.replace(offer.replaces.clone(), &offer.insert);
    bar.field = field;
    bar.due = Some(now + Bar::DELAY);
    // A single offer that is a field's name is followed by its values at once.
    if count == 1 {
        self::offer(state);
    } else {
        bar.taken = Some((at, text, cursor));
    }
}

fn offer(state: &mut State) {
    let Some(bar) = &state.bar else { return };
    let (text, cursor) = (bar.field.text(), bar.field.cursor());
    let mut offers: Vec<Offer> = filter::complete(text, cursor)
        .into_iter()
        .map(|candidate| Offer {
            count: None,
            replaces: candidate.replaces,
            insert: candidate.insert,
            about: candidate.about,
            example: candidate.example,
        })
        .collect();
    if let Some((name, typed)) = filter::value_at(text, cursor) {
        for offer in &mut offers {
            offer.count = count(state, &format!("{name}:{}", offer.insert));
        }
        if offers.is_empty() {
            offers = values(state, name, cursor - typed.len()..cursor, typed);
        }
    }
    // What is written already is no offer.
    offers.retain(|offer| text.get(offer.replaces.clone()) != Some(offer.insert.as_str()));
    if let Some(bar) = &mut state.bar {
        bar.offers = offers;
    }
}

/// How many of the newest rows fit a term; none if the rows alone do not tell.
fn count(state: &State, term: &str) -> Option<usize> {
    let filter = Filter::parse(term, clock(state)).ok()?;
    let rows = state.list.rows.iter().rev().take(COUNTED);
    let mut fitting = 0;
    for row in rows {
        match filter.test(&subject(row), state.now.wall) {
            Verdict::Yes => fitting += 1,
            Verdict::No => {}
            Verdict::Unknown => return None,
        }
    }
    Some(fitting)
}

/// Values of a field as the newest rows have them, the most frequent first.
fn values(state: &State, name: &str, replaces: std::ops::Range<usize>, typed: &str) -> Vec<Offer> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for row in state.list.rows.iter().rev().take(COUNTED) {
        let value = match name {
            "path" | "p" => {
                let end = row.path.iter().position(|&byte| byte == b'?');
                let path = &row.path[..end.unwrap_or(row.path.len())];
                safe(path, Mode::Cell).to_string()
            }
            "from" => row.peer.to_string(),
            "endpoint" => row.endpoint.as_str().to_owned(),
            _ => return Vec::new(),
        };
        if value.starts_with(typed) && is_word(&value) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts.truncate(OFFERED);
    let offer = |(insert, count)| Offer {
        replaces: replaces.clone(),
        insert,
        about: "",
        example: "",
        count: Some(count),
    };
    counts.into_iter().map(offer).collect()
}

/// Whether a value needs no quotes.
fn is_word(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    !value.is_empty() && value.chars().all(is_plain)
}
