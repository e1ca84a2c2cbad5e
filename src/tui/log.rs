//! The log: every sentence that was told, and how the link went, newest last.

use super::{
    page::{Line, Role},
    state::{Mood, State},
};
use crate::{
    event::Link,
    text::{Mode, Safe, Zone, clock, duration, safe},
};

/// A line for each.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let mut lines = vec![vec![(Role::Strong, Safe::own("Log"))]];
    lines.extend(state.log.iter().map(|told| {
        let at = Safe::format(format_args!("  {}  ", clock(told.at, Zone::Local)));
        let role = match told.mood {
            Mood::Done | Mood::Note => Role::Text,
            Mood::Problem => Role::Bad,
        };
        vec![(Role::Dim, at), (role, told.text.clone())]
    }));
    if state.log.is_empty() {
        lines.push(vec![(Role::Dim, Safe::own("  nothing yet"))]);
    }
    lines
}

/// A state of the link in words.
pub(super) fn link(link: &Link) -> (Mood, Safe<'static>) {
    let text = |text: &str| safe(text.as_bytes(), Mode::Cell).into_owned();
    match link {
        Link::Connecting { attempt } => {
            let told = format_args!("connecting (try {attempt})");
            (Mood::Note, Safe::format(told))
        }
        Link::Live(_) => (Mood::Done, Safe::own("live")),
        Link::Reconnecting {
            after,
            attempt,
            cause,
        } => {
            let (after, cause) = (duration(*after), text(cause));
            let told = format_args!("link lost, next try in {after} (try {attempt}): {cause}");
            (Mood::Problem, Safe::format(told))
        }
        Link::TakenOver { by } => {
            let told = match by.as_str() {
                "" => Safe::own("taken over by another session"),
                by => Safe::format(format_args!("taken over by session {}", text(by))),
            };
            (Mood::Problem, told)
        }
        Link::Refused { cause } => {
            let told = format_args!("the relay refused: {}", text(cause));
            (Mood::Problem, Safe::format(told))
        }
    }
}
