//! What the detail shows of one request: lines of [`Safe`] pieces with a [`Role`] each, one page a tab.
//!
//! In: a request, its attempts, its body as far as it is shown. Out: a [`Detail`]. Pure, and run off the loop: laying a body out is
//! no work for a draw. Must not know: colours, sizes of panes.

mod body;
mod headers;
mod making;
mod preview;
mod raw;
mod signature;
mod tree;
mod tries;
mod whole;

use std::{borrow::Cow, convert::Infallible, sync::Arc};

use bytes::Bytes;
use hooktool_relay::capture::Outcome;

use super::{
    shelf::Shelf,
    state::{Tab, Wish},
};
use crate::{
    format::Wanted,
    history::{Attempt, KeptAnswer, Number, Request},
    text::{Mode, Safe, Zone, date_clock, safe, size},
    webhook::Known,
};

pub(super) use self::{making::Making, tree::Tree};
use body::Content;
pub(super) use body::{Form, Page, SHOWN, WHOLE, encoding};
pub(super) use headers::is_secret;
pub(super) use signature::signature;
pub(super) use whole::{text_of, whole};

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
    pub(super) response: Page,
    /// Headers, tries, signature, raw.
    pub(super) pages: [Arc<Vec<Line>>; 4],
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
        self.above(tab) + self.tree(tab).map_or(0, Tree::len)
    }

    /// How many lines of a tab stand above its tree.
    pub(super) fn above(&self, tab: Tab) -> usize {
        match self.fixed(tab) {
            Fixed::Page(page) => page.above(),
            Fixed::Lines(lines) => lines.len(),
        }
    }

    /// A line of a tab.
    pub(super) fn line(&self, tab: Tab, at: usize) -> Option<Cow<'_, Line>> {
        let fixed = match self.fixed(tab) {
            Fixed::Page(page) => page.line(at),
            Fixed::Lines(lines) => lines.get(at),
        };
        match (fixed, self.tree(tab)) {
            (Some(line), _) => Some(Cow::Borrowed(line)),
            (None, Some(tree)) => tree.line(at - self.above(tab)).map(Cow::Owned),
            (None, None) => None,
        }
    }

    /// The tree of a tab, if it shows one; it stands below the other lines.
    pub(super) fn tree(&self, tab: Tab) -> Option<&Tree> {
        self.page(tab)
            .filter(|_| matches!(tab, Tab::Body | Tab::Response))?
            .tree
            .as_ref()
    }

    /// Every tree there is.
    pub(super) fn trees(&mut self) -> impl Iterator<Item = &mut Tree> {
        [&mut self.body, &mut self.response]
            .into_iter()
            .filter_map(|page| page.tree.as_mut())
    }

    /// The body that a tab shows: the answer's or, wherever else one is, the request's.
    pub(super) fn page(&self, tab: Tab) -> Option<&Page> {
        let page = if tab == Tab::Response {
            &self.response
        } else {
            &self.body
        };
        page.form.is_some().then_some(page)
    }

    /// The same with the page of the signature.
    pub(super) fn judged(mut self, lines: Vec<Line>) -> Self {
        let [_, _, signature, _] = &mut self.pages;
        *signature = lines.into();
        self
    }

    fn fixed(&self, tab: Tab) -> Fixed<'_> {
        let [headers, tries, signature, raw] = &self.pages;
        match tab {
            Tab::Body => Fixed::Page(&self.body),
            Tab::Headers => Fixed::Lines(headers),
            Tab::Response => Fixed::Page(&self.response),
            Tab::Tries => Fixed::Lines(tries),
            Tab::Sig => Fixed::Lines(signature),
            Tab::Raw => Fixed::Lines(raw),
        }
    }
}

/// The lines of a tab that are no tree.
enum Fixed<'a> {
    Page(&'a Page),
    Lines(&'a [Line]),
}

/// Lays a request out, once. `body` is its beginning: [`SHOWN`] bytes, or all of it where it is compressed or wished whole. `known`: the
/// senders, for what they do next.
pub(super) fn compose(
    request: &Request,
    attempts: &[Attempt],
    body: &[u8],
    wish: &Wish,
    known: &Known,
) -> Detail {
    let making = Making {
        wish,
        shelf: &Shelf::default(),
        wanted: &Wanted::always(),
        known,
    };
    let body = || Ok::<_, Infallible>(Bytes::copy_from_slice(body));
    match making.detail(request, attempts, body) {
        Ok(detail) => detail,
        Err(never) => match never {},
    }
}

/// The attempts that were tries, and which of them is wished.
fn tries<'a>(attempts: &'a [Attempt], wish: &Wish) -> (Vec<&'a Attempt>, usize) {
    let tries: Vec<&Attempt> = attempts.iter().filter(|a| a.outcome.is_try()).collect();
    let newest = tries.len().saturating_sub(1);
    let chosen = wish.chosen.unwrap_or(newest).min(newest);
    (tries, chosen)
}

/// The answer of the try that is wished, if it had one.
pub(super) fn answer<'a>(attempts: &'a [Attempt], wish: &Wish) -> Option<&'a KeptAnswer> {
    let (tries, chosen) = tries(attempts, wish);
    tries.get(chosen)?.answer.as_ref()
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

/// The beginning of a long line, in bytes: what is cut at 4,096 cells needs no more, and a line of 10 MiB is not sanitised for it.
fn beginning(line: &[u8]) -> &[u8] {
    const BYTES: usize = 32 * 1024;
    match line.get(..BYTES) {
        Some(start) => {
            // Between two characters, if it is text.
            let end = start
                .utf8_chunks()
                .last()
                .map_or(0, |last| last.invalid().len());
            let end = if end < 4 { BYTES - end } else { BYTES };
            &line[..end]
        }
        None => line,
    }
}

/// A line of one piece.
fn line(role: Role, text: Safe<'static>) -> Line {
    vec![(role, text)]
}

/// Bytes of one line, in a place where lines are right-most.
fn text(bytes: &[u8]) -> Safe<'static> {
    Safe::format(format_args!("{}", safe(beginning(bytes), Mode::Cell)))
}

/// Method, path, sender and time: what was sent, in one line.
fn came(request: &Request) -> Safe<'static> {
    let summary = &request.summary;
    let at = date_clock(summary.received_at, Zone::Local);
    let size = summary.size.map(size).unwrap_or(Safe::own("no body"));
    Safe::format(format_args!("{at} from {} · {size}", summary.peer))
}
