//! A body as lines or as a tree: decoded if it is compressed, laid out if that is possible, hex if it is binary, else text.
//!
//! In: a [`Content`], what is wished. Out: a [`Page`]. A large body is text, of its beginning, until a person wishes it otherwise.
//!
//! ```text
//! bytes ─▶ decoded ─▶ binary? hex ─▶ tree? ─▶ pretty? ─▶ text
//! ```

use std::sync::Arc;

use hooktool_relay::capture::Headers;

use super::{Line, Role, beginning, line, text, tree::Tree};
use crate::{
    format::{
        self, Wanted,
        decode::{self, Decoded, Encoding},
    },
    text::{Mode, Safe, count, safe, size},
    tui::state::Wish,
};

/// How much of a body is read to be shown, in bytes. Above it a body is text, or hex, of this beginning.
pub(in crate::tui) const SHOWN: usize = 1024 * 1024;

/// How much is read to be laid out when a person wishes it, in bytes: what takes a second or so.
pub(in crate::tui) const WHOLE: usize = 16 * 1024 * 1024;

/// Most lines of a body in memory, when it is shown whole and when it is cut.
const LINES: usize = 50_000;
const LINES_OF_LARGE: usize = 2_000;

/// Widest line, in cells: longer ones are cut.
const CELLS: usize = 4_096;

/// How much of a text is made safe at once, in bytes, where nothing of it is kept.
const PIECE: usize = 64 * 1024;

/// Most lines of a tree.
const ROWS: usize = 200_000;

/// How a body is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Form {
    /// JSON, a form or multipart, that can be folded.
    Tree,
    /// The same or XML, indented.
    Pretty,
    /// As received, decoded.
    Text,
    /// As received.
    Hex,
}

impl Form {
    pub(in crate::tui) const ALL: [Self; 4] = [Self::Tree, Self::Pretty, Self::Text, Self::Hex];

    /// Its name.
    pub(in crate::tui) const fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Pretty => "pretty",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }
}

/// A body, laid out.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Page {
    /// What stands above it in its tab.
    pub(in crate::tui) head: Vec<Line>,
    /// A heading, then the body; with a tree the heading alone.
    pub(in crate::tui) lines: Arc<Vec<Line>>,
    pub(in crate::tui) tree: Option<Tree>,
    /// How; none: there is no body.
    pub(in crate::tui) form: Option<Form>,
    /// Why the other forms are not possible, if they are not.
    pub(in crate::tui) obstacles: Vec<(Form, &'static str)>,
}

impl Page {
    /// How many lines it has but for those of its tree.
    pub(super) fn above(&self) -> usize {
        self.head.len() + self.lines.len()
    }

    /// One of them.
    pub(super) fn line(&self, at: usize) -> Option<&Line> {
        match at.checked_sub(self.head.len()) {
            None => self.head.get(at),
            Some(at) => self.lines.get(at),
        }
    }

    /// About how much memory it takes, in bytes.
    pub(in crate::tui) fn weight(&self) -> usize {
        let piece = |(role, text): &(Role, Safe<'_>)| {
            size_of_val(role) + size_of_val(text) + text.as_str().len()
        };
        let line = |line: &Line| size_of_val(line) + line.iter().map(piece).sum::<usize>();
        let lines = self.head.iter().chain(self.lines.iter());
        let tree = self.tree.as_ref().map_or(0, Tree::weight);
        size_of_val(self) + lines.map(line).sum::<usize>() + tree
    }
}

/// A body and what its headers say of it.
pub(super) struct Content<'a> {
    kind: Option<&'a [u8]>,
    bytes: &'a [u8],
    /// Its length, in bytes; `bytes` may be its beginning.
    len: u64,
    decoded: Option<Decoded>,
    /// What it is compressed with, if nobody here can undo it.
    unknown: Option<Vec<u8>>,
    /// What is no longer wanted is not laid out to its end.
    wanted: &'a Wanted,
}

impl<'a> Content<'a> {
    /// A body of `len` bytes that begins with `bytes`.
    pub(super) fn new(headers: &'a Headers, bytes: &'a [u8], len: u64, wanted: &'a Wanted) -> Self {
        let (decoded, unknown) = match encoding(headers) {
            Encoding::Plain => (None, None),
            Encoding::One(coding) => (Some(decode::decode(coding, bytes, wanted)), None),
            Encoding::Other(names) => (None, Some(names)),
        };
        Self {
            kind: headers.first("content-type"),
            bytes,
            len,
            decoded,
            unknown,
            wanted,
        }
    }

    /// What is shown: decoded, if that brought anything.
    pub(super) fn shown(&self) -> &[u8] {
        match &self.decoded {
            Some(decoded) if !decoded.bytes.is_empty() => &decoded.bytes,
            _ => self.bytes,
        }
    }

    pub(super) fn kind(&self) -> Option<&[u8]> {
        self.kind
    }

    /// Whether `shown` is all of it.
    fn is_whole(&self) -> bool {
        match &self.decoded {
            Some(decoded) => decoded.is_whole(),
            None => self.len == self.bytes.len() as u64,
        }
    }

    fn is_large(&self) -> bool {
        self.len > SHOWN as u64 || !self.is_whole()
    }

    fn is_multipart(&self) -> bool {
        let kind = self.kind.and_then(|kind| kind.first_chunk::<10>());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"))
    }

    fn tree(&self) -> Result<Tree, &'static str> {
        let outline = format::outline(self.kind, self.shown(), self.wanted);
        let outline = outline.ok_or("it is neither JSON, a form nor multipart")?;
        match outline.rows().len() {
            ..=ROWS => Ok(Tree::new(outline)),
            _ => Err("it has more than 200,000 lines"),
        }
    }

    fn pretty(&self) -> Result<String, &'static str> {
        let pretty = format::pretty(self.kind, self.shown(), self.wanted);
        pretty.ok_or("it is neither JSON, XML, a form nor multipart")
    }

    /// Why it cannot be laid out before it is looked at.
    fn obstacle(&self) -> Option<&'static str> {
        let stopped = self.decoded.as_ref().is_some_and(|all| !all.is_whole());
        if stopped {
            return Some("only its beginning is decoded");
        }
        (self.len > WHOLE as u64).then_some("it is larger than 16 MB: S saves it, o pages it")
    }

    /// The line above it.
    fn heading(&self, form: Form, hidden: usize) -> Line {
        let kind = self.kind.map_or(Safe::own("no type"), text);
        let size = match &self.decoded {
            Some(decoded) => decoded.heading(),
            None => size(self.len),
        };
        let mut heading = vec![(
            Role::Dim,
            Safe::format(format_args!("{kind} · {size} · {}", form.name())),
        )];
        let note = match hidden {
            0 => None,
            1 => Some(Safe::own(" · 1 hidden character made visible")),
            _ => Some(Safe::format(format_args!(
                " · {} hidden characters made visible",
                count(hidden as u64)
            ))),
        };
        heading.extend(note.map(|note| (Role::Warn, note)));
        if let Some(names) = &self.unknown {
            let note = format_args!(" · not decoded: {}", text(names));
            heading.push((Role::Warn, Safe::format(note)));
        }
        heading
    }
}

/// What the headers say of how a body is compressed.
pub(in crate::tui) fn encoding(headers: &Headers) -> Encoding {
    let lines = headers.iter();
    let named = lines.filter(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
    decode::encoding(named.map(|(_, value)| value))
}

/// A page of a body in the wished form if that is possible.
pub(super) fn page(content: &Content<'_>, wish: &Wish) -> Page {
    if content.len == 0 {
        return Page {
            lines: vec![line(Role::Dim, Safe::own("no body"))].into(),
            ..Page::default()
        };
    }
    let is_large = content.is_large();
    // What a person wished for another body costs nothing here.
    let wished = wish
        .form
        .filter(|form| !is_large || wish.is_whole || matches!(form, Form::Text | Form::Hex));
    let mut obstacles = Vec::new();
    let is_tried =
        !is_large || wished.is_some_and(|form| matches!(form, Form::Tree | Form::Pretty));
    let allowed = match content.obstacle() {
        Some(why) => {
            obstacles.extend([(Form::Tree, why), (Form::Pretty, why)]);
            false
        }
        None => is_tried,
    };
    let mut note = |form, why| obstacles.push((form, why));
    let tree = match allowed.then(|| content.tree()) {
        Some(Err(why)) => {
            note(Form::Tree, why);
            None
        }
        tried => tried.and_then(Result::ok),
    };
    // What is a tree can be laid out as text too, so that is made only where it is shown.
    let is_needed = allowed && (tree.is_none() || wished == Some(Form::Pretty));
    let pretty = match is_needed.then(|| content.pretty()) {
        Some(Err(why)) => {
            note(Form::Pretty, why);
            None
        }
        tried => tried.and_then(Result::ok),
    };
    let best = match (&tree, &pretty) {
        // A part that is binary says so in its place.
        (Some(_), _) if content.is_multipart() => Form::Tree,
        _ if format::is_binary(content.shown()) => Form::Hex,
        (Some(_), _) => Form::Tree,
        (_, Some(_)) => Form::Pretty,
        _ => Form::Text,
    };
    let is_possible = |form: &Form| match form {
        Form::Tree => tree.is_some(),
        Form::Pretty => pretty.is_some(),
        Form::Text | Form::Hex => true,
    };
    let form = wished.filter(is_possible).unwrap_or(best);
    let mut page = Page {
        form: Some(form),
        obstacles,
        ..Page::default()
    };
    let shown = match (form, tree, pretty) {
        (Form::Tree, Some(tree), _) => {
            let hidden = hidden(content.shown(), content.wanted);
            page.lines = vec![content.heading(form, hidden)].into();
            page.tree = Some(tree);
            return page;
        }
        (Form::Pretty, _, Some(pretty)) => pretty.into_bytes(),
        (Form::Hex, ..) => format::hex(
            content.bytes.get(..SHOWN).unwrap_or(content.bytes),
            wish.hex_row,
        )
        .into_bytes(),
        _ => content
            .shown()
            .get(..SHOWN)
            .unwrap_or(content.shown())
            .to_vec(),
    };
    rows(content, &shown, &mut page);
    page
}

/// The lines of a text; of a large one the first, below a line that says what to do about it.
fn rows(content: &Content<'_>, shown: &[u8], page: &mut Page) {
    let is_large = content.is_large();
    let most = if is_large { LINES_OF_LARGE } else { LINES };
    let shown = shown.strip_suffix(b"\n").unwrap_or(shown);
    let mut rows = shown.split(|&byte| byte == b'\n');
    let mut hidden = 0;
    let is_wanted = |_: &&[u8]| !content.wanted.is_over();
    let first = rows.by_ref().take(most).take_while(is_wanted).map(|row| {
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let row = safe(beginning(row), Mode::Body);
        hidden += row.escaped();
        line(Role::Text, row.cut(CELLS).into_owned())
    });
    let mut first: Vec<Line> = first.collect();
    let form = page.form.unwrap_or(Form::Text);
    let mut lines = vec![content.heading(form, hidden)];
    if is_large || rows.next().is_some() {
        let shown = match first.len() {
            1 => Safe::own("line"),
            many => Safe::format(format_args!("{} lines", count(many as u64))),
        };
        let size = size(content.len);
        let tree = match page.obstacles.iter().any(|(form, _)| *form == Form::Tree) {
            true => "",
            false => "v tree, ",
        };
        let banner = format_args!("[ {size}: {tree}S save, o pager ]  the first {shown}");
        lines.push(line(Role::Key, Safe::format(banner)));
    }
    lines.append(&mut first);
    page.lines = lines.into();
}

/// How many characters of a text are made visible. Looked at in pieces, each of which ends before a plain character: no cluster of
/// characters goes over that.
fn hidden(text: &[u8], wanted: &Wanted) -> usize {
    let mut rest = text;
    let mut hidden = 0;
    while !rest.is_empty() && !wanted.is_over() {
        let ahead = rest.get(PIECE..).unwrap_or_default();
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
        let end = ahead.iter().position(is_plain).map(|at| PIECE + at);
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        hidden += safe(piece, Mode::Body).escaped();
        rest = after;
    }
    hidden
}

#[cfg(test)]
mod tests;
