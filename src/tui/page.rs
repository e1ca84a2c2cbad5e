//! What the detail shows of one request: lines of [`Safe`] pieces with a [`Role`] each, one page a tab.
//!
//! In: a request, its attempts, its body as far as it is shown. Out: a [`Detail`]. Pure, and run off the loop: laying a body out is
//! no work for a draw. Must not know: colours, sizes of panes.

mod body;
mod headers;
mod preview;
mod raw;
mod tree;
mod tries;
mod whole;

use std::borrow::Cow;

use hooktool_relay::capture::Outcome;

use super::state::{Tab, Wish};
use crate::{
    history::{Attempt, Number, Request},
    text::{Mode, Safe, Zone, date_clock, safe, size},
};

pub(super) use self::tree::Tree;
pub(super) use body::{Form, Page, SHOWN};
pub(super) use whole::whole;

/// What a piece of text is, so that the view can choose its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Role {
    #[default]
    Text,
    /// Secondary.
    Dim,
    /// A heading, or what has the focus.
    Strong,
    /// A key to press, or a 3xx.
    Key,
    /// 4xx and the like.
    Warn,
    /// 5xx, ERR, DOWN.
    Bad,
    /// A number in JSON.
    Number,
    /// What we add to a line: dim, at the right edge, and only if there is room.
    Aside,
}

/// A line of text in pieces.
pub(super) type Line = Vec<(Role, Safe<'static>)>;

/// What is shown of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Detail {
    pub(super) number: Number,
    /// What was asked for; another wish means that this is out of date.
    pub(super) wish: Wish,
    pub(super) body: Page,
    /// A page for each tab but the body's, in the order of [`Tab::ALL`].
    pub(super) pages: [Vec<Line>; 4],
    /// How the chosen try ended, in a few words.
    pub(super) outcome: Safe<'static>,
    /// How many tries there are.
    pub(super) tries: usize,
    /// The one that headers and response are of, from 0.
    pub(super) chosen: usize,
    /// The URL of the last try, as recorded.
    pub(super) last_url: Option<String>,
}

impl Detail {
    /// How many lines a tab has.
    pub(super) fn len(&self, tab: Tab) -> usize {
        self.fixed(tab).len() + self.tree(tab).map_or(0, Tree::len)
    }

    /// A line of a tab.
    pub(super) fn line(&self, tab: Tab, at: usize) -> Option<Cow<'_, Line>> {
        let fixed = self.fixed(tab);
        match (fixed.get(at), self.tree(tab)) {
            (Some(line), _) => Some(Cow::Borrowed(line)),
            (None, Some(tree)) => tree.line(at - fixed.len()).map(Cow::Owned),
            (None, None) => None,
        }
    }

    /// The tree of a tab, if it shows one; it stands below the other lines.
    pub(super) fn tree(&self, tab: Tab) -> Option<&Tree> {
        self.body.tree.as_ref().filter(|_| tab == Tab::Body)
    }

    fn fixed(&self, tab: Tab) -> &[Line] {
        match (tab as usize).checked_sub(1) {
            None => &self.body.lines,
            Some(page) => &self.pages[page],
        }
    }
}

/// Lays a request out. `body` is its beginning, [`SHOWN`] bytes at most.
pub(super) fn compose(request: &Request, attempts: &[Attempt], body: &[u8], wish: &Wish) -> Detail {
    let (tries, chosen) = tries(attempts, wish);
    let attempt = tries.get(chosen).copied();
    let capture = &request.capture;
    let kind = capture.headers.first("content-type");
    Detail {
        number: request.summary.number,
        wish: wish.clone(),
        body: body::page(kind, body, capture.body.len(), wish),
        pages: [
            headers::page(request, attempt, wish.reveals),
            tries::response(attempt.or(attempts.last()), wish),
            tries::list(request, attempts, attempt),
            raw::page(capture, body, wish.reveals),
        ],
        outcome: attempt.map(preview::outcome).unwrap_or_default(),
        tries: tries.len(),
        chosen,
        last_url: tries.last().map(|attempt| attempt.target.clone()),
    }
}

/// The attempts that were tries, and which of them is wished.
fn tries<'a>(attempts: &'a [Attempt], wish: &Wish) -> (Vec<&'a Attempt>, usize) {
    let tries: Vec<&Attempt> = attempts.iter().filter(|a| a.outcome.is_try()).collect();
    let newest = tries.len().saturating_sub(1);
    let chosen = wish.chosen.unwrap_or(newest).min(newest);
    (tries, chosen)
}

/// The role of a status or an outcome.
pub(super) fn role(outcome: Outcome, status: Option<u16>) -> Role {
    match (outcome, status) {
        (Outcome::Answered, Some(300..400)) => Role::Key,
        (Outcome::Answered, Some(400..500)) => Role::Warn,
        (Outcome::Answered, Some(500..)) => Role::Bad,
        (Outcome::Refused | Outcome::TimedOut | Outcome::Broken, _) => Role::Bad,
        _ => Role::Text,
    }
}

/// What an outcome is called where a status would stand.
pub(super) fn status(outcome: Outcome, status: Option<u16>) -> Safe<'static> {
    match (outcome, status) {
        (Outcome::Answered, Some(status)) => Safe::format(format_args!("{status}")),
        (Outcome::Answered, None) => Safe::own("?"),
        (Outcome::Refused | Outcome::TimedOut | Outcome::Broken, _) => Safe::own("ERR"),
        (Outcome::Held | Outcome::Parked, _) => Safe::own("HLD"),
        (Outcome::Skipped, _) => Safe::own("-"),
    }
}

/// A line of one piece.
fn line(role: Role, text: Safe<'static>) -> Line {
    vec![(role, text)]
}

/// Bytes of one line, in a place where lines are right-most.
fn text(bytes: &[u8]) -> Safe<'static> {
    Safe::format(format_args!("{}", safe(bytes, Mode::Cell)))
}

/// Method, path, sender and time: what was sent, in one line.
fn came(request: &Request) -> Safe<'static> {
    let summary = &request.summary;
    let at = date_clock(summary.received_at, Zone::Local);
    let size = summary.size.map(size).unwrap_or(Safe::own("no body"));
    Safe::format(format_args!("{at} from {} · {size}", summary.peer))
}
