//! Choose what shows the requests (screen, lines or JSON), and follow the history for the two that print.
//!
//! In: the history, by position, and a listener's feed. Out: data on stdout, talk on stderr. Must not know: the link, forwarding.
//!
//! ```text
//! Change ─▶ wake ─▶ read on from (position, number) ─▶ Printer ─▶ stdout, stderr
//! ```
//!
//! A slow pipe makes its reader late and loses nothing, since what is printed next is read from the history and not from a
//! queue; and all of it happens on a thread that no delivery waits for.

use std::io::{self, IsTerminal as _, Write as _};

use crate::{history::HistoryError, text::Safe};

pub mod follow;
pub mod json;
pub mod lines;

pub use follow::{Start, run};

/// What shows the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The inspector.
    Tui,
    /// A line a try.
    Lines,
    /// A JSON record a line.
    Json,
}

/// What the process stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether stdin and stdout are both terminals that can draw.
    pub can_draw: bool,
    /// Whether stdout is a terminal and nobody asked for no colour.
    pub can_color: bool,
    /// Whether a build machine runs it.
    pub is_ci: bool,
}

impl Surroundings {
    /// Those of this process: its terminals, `TERM`, `CI`, `NO_COLOR`.
    pub fn here() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|text| !text.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let out = io::stdout().is_terminal();
        Self {
            can_draw: out && io::stdin().is_terminal() && !is_dumb,
            can_color: out && !is_dumb && !is_set("NO_COLOR"),
            is_ci: is_set("CI"),
        }
    }
}

/// What shows the requests here. None: the inspector was asked for, and there is no terminal for it.
pub fn choose(asked: Option<Output>, here: Surroundings) -> Option<Output> {
    match asked {
        Some(Output::Tui) if !here.can_draw => None,
        Some(asked) => Some(asked),
        None if here.can_draw && !here.is_ci => Some(Output::Tui),
        None => Some(Output::Lines),
    }
}

/// What a listener says first, on stderr: where to send, where it goes, what to try. `is_local`: the relay is in this process.
pub fn banner(url: &str, target: Option<&str>, is_local: bool) {
    let goes = target.map_or_else(
        || " (captured only)".to_owned(),
        |target| format!(" → {target}"),
    );
    say(format_args!("{url}{goes}, ^C to stop"));
    say(format_args!(
        "try  curl {url}/test -d '{{\"hello\":\"world\"}}'"
    ));
    if is_local {
        say(format_args!(
            "it works on this machine, while this runs; `hooktool login RELAY_URL` gives a public one"
        ));
    }
}

/// Says a sentence on stderr.
pub fn say(sentence: std::fmt::Arguments<'_>) {
    let safe = Safe::format(sentence);
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(io::stderr().lock(), "hooktool: {safe}");
}

/// Why nothing more is printed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The pipe is closed or broken.
    #[error(transparent)]
    Pipe(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inspector_is_chosen_only_where_it_can_draw() {
        let here = |can_draw, is_ci| Surroundings {
            can_draw,
            can_color: can_draw,
            is_ci,
        };
        assert_eq!(choose(None, here(true, false)), Some(Output::Tui));
        assert_eq!(choose(None, here(true, true)), Some(Output::Lines));
        assert_eq!(choose(None, here(false, false)), Some(Output::Lines));
        assert_eq!(
            choose(Some(Output::Tui), here(true, true)),
            Some(Output::Tui)
        );
        assert_eq!(choose(Some(Output::Tui), here(false, false)), None);
        assert_eq!(
            choose(Some(Output::Json), here(true, false)),
            Some(Output::Json)
        );
    }
}
