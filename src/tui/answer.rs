//! The terminal's answer about its background, told apart from what a person presses.
//!
//! In: the question (OSC 11), then every event, and the time. Out: the events that a person caused, and a colour. The answer is awaited
//! for as long as it takes: it comes among the keys, whole or in pieces, at once or after seconds, and none of its characters may ever
//! act as a key (it holds an `r`). Source: XTerm Control Sequences. Must not know: what keys do, what colours are for.
//!
//! ```text
//! ─▶ ESC ] 11 ; ? BEL
//! ◀─ ESC ] 11 ; rgb:ffff/ffff/ffff BEL        the end may be ESC \ as well
//!    └── HEAD ───┘ no person types this: from its end on all is the answer
//! ```
//!
//! What might become that head is kept back for a moment; if nothing more comes it is a key after all, but what comes next may still
//! go on with it.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::time::Instant;

/// Asks for the background.
pub(super) const QUESTION: &str = "\x1b]11;?\x07";

/// How every answer begins.
const HEAD: &str = "\x1b]11;";

/// How long what may be the head's beginning is kept back: the pieces of one write seldom come further apart.
const KEPT_BACK: Duration = Duration::from_millis(50);

/// After this silence within an answer its rest does not come any more.
const BROKEN: Duration = Duration::from_secs(5);

/// Longest answer, in characters: `rgba:` and four parts of four digits have 24.
const LONGEST: usize = 64;

/// What an event is.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// A person's, in this order; none while it is not known.
    Events(Vec<Event>),
    /// The answer is whole: red, green and blue, each from 0 to 1; none if it says something else.
    Answer(Option<[f64; 3]>),
}

/// Waits for the answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The answer so far.
    said: String,
    /// What it came as, as long as it may be keys.
    kept: Vec<Event>,
    last: Instant,
}

impl Answer {
    /// From the question on.
    pub(super) fn awaited(now: Instant) -> Self {
        Self {
            said: String::new(),
            kept: Vec::new(),
            last: now,
        }
    }

    /// Takes an event.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Heard {
        let Event::Key(key) = &event else {
            return Heard::Events(vec![event]);
        };
        if key.kind != KeyEventKind::Press {
            return Heard::Events(Vec::new());
        }
        if self.is_inside() && now.duration_since(self.last) > BROKEN {
            self.said.clear();
        }
        let said = characters(key).unwrap_or_default();
        let begins_anew = !said.is_empty() && HEAD.starts_with(&said);
        let longer = format!("{}{said}", self.said);
        let goes_on = !said.is_empty() && is_possible(&longer);
        let mut events = Vec::new();
        if !goes_on {
            events.append(&mut self.kept);
            self.said.clear();
        }
        if !goes_on && !begins_anew {
            events.push(event);
            return Heard::Events(events);
        }
        self.said = if goes_on { longer } else { said };
        self.last = now;
        if !self.is_inside() {
            self.kept.push(event);
            return Heard::Events(events);
        }
        self.kept.clear();
        match is_over(&self.said) {
            true => Heard::Answer(color(&self.said)),
            false => Heard::Events(events),
        }
    }

    /// When [`Answer::give_back`] is due, if anything is kept back.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.kept.is_empty()).then(|| self.last + KEPT_BACK)
    }

    /// What was kept back: nothing came that would make it the answer's.
    pub(super) fn give_back(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.kept)
    }

    /// Whether the head is whole.
    fn is_inside(&self) -> bool {
        self.said.starts_with(HEAD)
    }
}

/// What a key is on the wire, as far as an answer has such characters.
fn characters(key: &KeyEvent) -> Option<String> {
    let KeyEvent {
        code, modifiers, ..
    } = key;
    let has = |modifier| modifiers.contains(modifier);
    match code {
        KeyCode::Esc => Some("\x1b".to_owned()),
        KeyCode::Char('g') if has(KeyModifiers::CONTROL) => Some("\x07".to_owned()),
        KeyCode::Char(_) if has(KeyModifiers::CONTROL) => None,
        KeyCode::Char(c) if has(KeyModifiers::ALT) => Some(format!("\x1b{c}")),
        KeyCode::Char(c) => Some(c.to_string()),
        _ => None,
    }
}

/// Whether this may be an answer, or the beginning of one.
fn is_possible(said: &str) -> bool {
    let Some(rest) = said.strip_prefix(HEAD) else {
        return HEAD.starts_with(said);
    };
    let text = rest
        .strip_suffix(['\x07', '\x1b'])
        .or(rest.strip_suffix("\x1b\\"))
        .unwrap_or(rest);
    let is_of_a_color = |c: char| c.is_ascii_alphanumeric() || ":/#.,-%".contains(c);
    rest.len() <= LONGEST && text.chars().all(is_of_a_color)
}

fn is_over(said: &str) -> bool {
    said.ends_with(['\x07', '\\'])
}

/// The colour in an answer: `rgb:` and one to four hex digits each.
fn color(said: &str) -> Option<[f64; 3]> {
    let rest = said.strip_prefix(HEAD)?.strip_prefix("rgb:")?;
    let rest = rest.trim_end_matches(['\x07', '\\', '\x1b']);
    let mut parts = rest.split('/').map(|part| {
        let digits = u32::try_from(part.len()).ok()?;
        let most = 16_u32.checked_pow(digits)?.checked_sub(1)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        (1..=4)
            .contains(&digits)
            .then(|| f64::from(value) / f64::from(most))
    });
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests;
