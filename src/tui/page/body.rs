//! A body as lines: laid out if it is JSON or a form, hex if it is binary, else text as received.

use super::{Line, Role, line, text, tree::Tree};
use crate::{
    format,
    text::{Mode, Safe, count, safe, size},
    tui::state::Wish,
};

/// How much of a body is read to be shown, in bytes. Above it a body is text, or hex, of this beginning.
pub(in crate::tui) const SHOWN: usize = 1024 * 1024;

/// Most lines of a body in memory, when it is shown whole and when it is cut.
const LINES: usize = 50_000;
const LINES_OF_LARGE: usize = 2_000;

/// Widest line, in cells: longer ones are cut.
const CELLS: usize = 4_096;

/// Most lines of a tree.
const ROWS: usize = LINES;

/// How a body is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Form {
    /// JSON that can be folded.
    Tree,
    /// JSON or a form, indented.
    Pretty,
    /// As received.
    Text,
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
    /// A heading, then the body; with a tree the heading alone.
    pub(in crate::tui) lines: Vec<Line>,
    pub(in crate::tui) tree: Option<Tree>,
    /// How; none: there is no body.
    pub(in crate::tui) form: Option<Form>,
    /// Why the other forms are not possible, if they are not.
    pub(in crate::tui) obstacles: Vec<(Form, &'static str)>,
}

/// A page of a body of `len` bytes that begins with `bytes`, in the wished form if that is possible.
pub(super) fn page(kind: Option<&[u8]>, bytes: &[u8], len: u64, wish: &Wish) -> Page {
    if len == 0 {
        return Page {
            lines: vec![line(Role::Dim, Safe::own("no body"))],
            ..Page::default()
        };
    }
    let is_large = len > SHOWN as u64;
    let tree = if is_large {
        Err("the body is larger than 1 MiB")
    } else {
        tree(kind, bytes)
    };
    let pretty = if is_large {
        Err("the body is larger than 1 MiB")
    } else {
        format::pretty(kind, bytes).ok_or("it is neither JSON nor a form")
    };
    let best = match (&tree, &pretty) {
        _ if format::is_binary(bytes) => Form::Hex,
        (Ok(_), _) => Form::Tree,
        (_, Ok(_)) => Form::Pretty,
        _ => Form::Text,
    };
    let obstacles: Vec<_> = [
        (Form::Tree, tree.as_ref().err()),
        (Form::Pretty, pretty.as_ref().err()),
    ]
    .into_iter()
    .filter_map(|(form, why)| Some((form, *why?)))
    .collect();
    let is_possible = |form: &Form| obstacles.iter().all(|(other, _)| other != form);
    let form = wish.form.filter(is_possible).unwrap_or(best);
    let mut page = Page {
        form: Some(form),
        obstacles,
        ..Page::default()
    };
    let shown = match (form, tree, pretty) {
        (Form::Tree, Ok(tree), _) => {
            page.lines = vec![line(Role::Dim, heading(kind, len, form, 0))];
            page.tree = Some(tree);
            return page;
        }
        (Form::Pretty, _, Ok(pretty)) => pretty.into_bytes(),
        (Form::Hex, ..) => format::hex(bytes, wish.hex_row).into_bytes(),
        _ => bytes.to_vec(),
    };
    page.lines = rows(kind, &shown, form, (len, len > bytes.len() as u64));
    page
}

/// The lines of a body in the wished form, but never as a tree.
pub(super) fn flat(kind: Option<&[u8]>, bytes: &[u8], len: u64, wish: &Wish) -> Vec<Line> {
    let form = wish.form.filter(|form| *form != Form::Tree);
    let best = if format::is_binary(bytes) {
        Form::Hex
    } else {
        Form::Pretty
    };
    let wish = Wish {
        form: Some(form.unwrap_or(best)),
        ..wish.clone()
    };
    page(kind, bytes, len, &wish).lines
}

fn tree(kind: Option<&[u8]>, bytes: &[u8]) -> Result<Tree, &'static str> {
    let outline = format::outline(kind, bytes).ok_or("it is no JSON")?;
    match outline.rows().len() {
        ..=ROWS => Ok(Tree::new(outline)),
        _ => Err("it has more than 50,000 lines"),
    }
}

fn rows(kind: Option<&[u8]>, shown: &[u8], form: Form, (len, is_cut): (u64, bool)) -> Vec<Line> {
    let most = if len > SHOWN as u64 {
        LINES_OF_LARGE
    } else {
        LINES
    };
    let mut hidden = 0_usize;
    let mut total = 0_usize;
    let mut lines = Vec::new();
    let rows = shown.strip_suffix(b"\n").unwrap_or(shown);
    for row in rows.split(|&byte| byte == b'\n') {
        total += 1;
        if total <= most {
            let row = row.strip_suffix(b"\r").unwrap_or(row);
            let row = safe(row, Mode::Body);
            hidden += row.escaped();
            lines.push(line(Role::Text, row.cut(CELLS).into_owned()));
        }
    }
    lines.insert(0, line(Role::Dim, heading(kind, len, form, hidden)));
    if total > most || is_cut {
        lines.push(line(Role::Dim, cut(len, most.min(total))));
    }
    lines
}

fn heading(kind: Option<&[u8]>, len: u64, form: Form, hidden: usize) -> Safe<'static> {
    let view = form.name();
    let kind = kind.map_or(Safe::own("no type"), text);
    let size = size(len);
    match hidden {
        0 => Safe::format(format_args!("{kind} · {size} · {view}")),
        1 => Safe::format(format_args!(
            "{kind} · {size} · {view} · 1 hidden character made visible"
        )),
        _ => Safe::format(format_args!(
            "{kind} · {size} · {view} · {} hidden characters made visible",
            count(hidden as u64)
        )),
    }
}

/// Says that a body is not shown whole.
pub(super) fn cut(len: u64, lines: usize) -> Safe<'static> {
    let lines = count(lines as u64);
    Safe::format(format_args!(
        "[ {}: the first {lines} lines are shown ]",
        size(len)
    ))
}
