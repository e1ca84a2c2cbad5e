//! A JSON body as a tree of lines, some of them folded away.
//!
//! In: an [`Outline`], which paths are folded. Out: the visible lines, built one by one as they are drawn. Must not know: sizes.

use std::{collections::HashSet, sync::Arc};

use hooktool_relay::capture::UnixMillis;

use super::{Line, Role, beginning};
use crate::{
    format::{Outline, is_word},
    text::{Mode, Safe, Zone, date_clock, safe},
};

/// Widest value, in cells.
const CELLS: usize = 4_096;

/// How many values of a folded node are looked at for its preview, and how much of each is shown, in bytes.
const PREVIEWED: usize = 4;
const SHOWN_OF_ONE: usize = 24;

/// Cells of indentation a level, and the deepest level that is indented further.
const INDENT: usize = 2;
const DEEPEST: usize = 40;

/// A tree, and what of it is visible.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Tree {
    outline: Arc<Outline>,
    /// Rows of the outline, ascending.
    visible: Vec<usize>,
}

impl Tree {
    /// A tree with nothing folded.
    pub(super) fn new(outline: Outline) -> Self {
        let visible = (0..outline.rows().len()).collect();
        let outline = Arc::new(outline);
        Self { outline, visible }
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.outline.weight() + self.visible.len() * size_of::<usize>()
    }

    /// Folds these paths and no others.
    pub(in crate::tui) fn fold(&mut self, folded: &HashSet<u64>) {
        self.visible.clear();
        let mut at = 0;
        while let Some(row) = self.outline.rows().get(at) {
            self.visible.push(at);
            let is_folded = row.end > at && folded.contains(&row.id);
            at = if is_folded { row.end + 1 } else { at + 1 };
        }
    }

    /// How many lines are visible.
    pub(in crate::tui) fn len(&self) -> usize {
        self.visible.len()
    }

    /// A visible line.
    pub(in crate::tui) fn line(&self, at: usize) -> Option<Line> {
        let index = *self.visible.get(at)?;
        let row = self.outline.rows().get(index)?;
        let is_node = row.end > index;
        let is_folded = is_node && self.visible.get(at + 1) != Some(&(index + 1));
        let sign = match (is_node, is_folded) {
            (true, true) => "▸ ",
            (true, false) => "▾ ",
            _ => "  ",
        };
        let indent = row.depth.min(DEEPEST) * INDENT;
        let mut line = vec![(
            Role::Dim,
            Safe::format(format_args!("{:indent$}{sign}", "")),
        )];
        let key = self.outline.key(row);
        if !key.is_empty() {
            let bare = key.trim_matches('"');
            let shown = if is_word(bare) { bare } else { key };
            line.push((Role::Key, text(shown)));
            line.push((Role::Text, Safe::own(": ")));
        }
        if is_folded {
            let (open, close) = if row.has_keys { ('{', '}') } else { ('[', ']') };
            let what = match (row.has_keys, row.items) {
                (true, 1) => "key",
                (true, _) => "keys",
                (false, 1) => "item",
                (false, _) => "items",
            };
            let shown = format_args!("{open} {} {what} {close}", row.items);
            line.push((Role::Dim, Safe::format(shown)));
            let preview = self.preview(index);
            if !preview.is_empty() {
                line.push((
                    Role::Dim,
                    Safe::format(format_args!("  {}", text(&preview))),
                ));
            }
        } else {
            let value = self.outline.value(row);
            line.push((role(value), text(value)));
            line.extend(moment(value).map(|at| (Role::Aside, at)));
        }
        Some(line)
    }

    /// The first values in a node, as far as they tell it from its neighbours: `id: \"il_1\", amount: 4200, …`.
    fn preview(&self, index: usize) -> String {
        let rows = self.outline.rows();
        let mut preview = String::new();
        let (mut at, mut looked) = (index + 1, 0);
        let end = rows.get(index).map_or(at, |row| row.end);
        while let Some(row) = rows.get(at).filter(|_| at < end && looked < PREVIEWED) {
            looked += 1;
            if row.end == at {
                let blank = if preview.is_empty() { "" } else { ", " };
                let key = self.outline.key(row).trim_matches('"');
                let colon = if key.is_empty() { "" } else { ": " };
                let value = beginning_of(self.outline.value(row));
                preview.push_str(&format!("{blank}{}{colon}{value}", beginning_of(key)));
            }
            at = row.end + 1;
        }
        preview
    }

    /// The way to a visible line.
    pub(in crate::tui) fn path(&self, at: usize) -> Safe<'static> {
        let path = self.visible.get(at).map(|&index| self.outline.path(index));
        text(&path.unwrap_or_default())
    }

    /// The key of a visible line as received, without its quotes if it needs none; none if it has no key.
    pub(in crate::tui) fn key(&self, at: usize) -> Option<String> {
        let row = self.outline.rows().get(*self.visible.get(at)?)?;
        let key = self.outline.key(row);
        let bare = key.trim_matches('"');
        let shown = if is_word(bare) { bare } else { key };
        (!shown.is_empty()).then(|| shown.to_owned())
    }

    /// The value of a visible line, laid out; all of a node, folded or not.
    pub(in crate::tui) fn value(&self, at: usize) -> Option<String> {
        let index = *self.visible.get(at)?;
        Some(self.outline.whole(index))
    }

    /// The path's identity of a visible line.
    pub(in crate::tui) fn id(&self, at: usize) -> Option<u64> {
        let index = *self.visible.get(at)?;
        self.outline.rows().get(index).map(|row| row.id)
    }

    /// Where the path with this identity is visible.
    pub(in crate::tui) fn place(&self, id: u64) -> Option<usize> {
        let rows = self.outline.rows();
        let mut visible = self.visible.iter();
        visible.position(|&index| rows.get(index).is_some_and(|row| row.id == id))
    }

    /// The identity of the node that a visible line opens or closes.
    pub(in crate::tui) fn node(&self, at: usize) -> Option<u64> {
        let index = *self.visible.get(at)?;
        let row = self.outline.rows().get(index)?;
        (row.end > index || row.begin < index).then_some(row.id)
    }

    /// The identity of the node that a visible line lies in.
    pub(in crate::tui) fn parent(&self, at: usize) -> Option<u64> {
        let index = *self.visible.get(at)?;
        let parent = self.outline.parent(index)?;
        self.outline.rows().get(parent).map(|row| row.id)
    }

    /// The identities of all nodes below the roots.
    pub(in crate::tui) fn nodes(&self) -> impl Iterator<Item = u64> {
        let rows = self.outline.rows().iter().enumerate();
        rows.filter(|(index, row)| row.depth > 0 && row.end > *index)
            .map(|(_, row)| row.id)
    }

    /// Every line, visible or not, as it reads without its indentation.
    pub(in crate::tui) fn texts(&self) -> impl Iterator<Item = String> {
        let rows = self.outline.rows().iter();
        rows.map(|row| match self.outline.key(row) {
            "" => self.outline.value(row).to_owned(),
            key => {
                let bare = key.trim_matches('"');
                let shown = if is_word(bare) { bare } else { key };
                format!("{shown}: {}", self.outline.value(row))
            }
        })
    }

    /// The nodes that a line lies in, from the inside.
    pub(in crate::tui) fn around(&self, index: usize) -> Vec<u64> {
        let mut around = Vec::new();
        let mut at = self.outline.parent(index);
        while let Some(parent) = at {
            around.extend(self.outline.rows().get(parent).map(|row| row.id));
            at = self.outline.parent(parent);
        }
        around
    }

    /// Where a line is visible, counted among the visible ones.
    pub(in crate::tui) fn line_of(&self, index: usize) -> Option<usize> {
        self.visible.binary_search(&index).ok()
    }
}

/// As much of a text as a preview shows.
fn beginning_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_OF_ONE)]
}

fn text(text: &str) -> Safe<'static> {
    let start = beginning(text.as_bytes());
    safe(start, Mode::Body).cut(CELLS).into_owned()
}

fn role(value: &str) -> Role {
    let is_number = |value: &str| {
        value.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && value
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
    };
    match value {
        "true" | "false" | "null" => Role::Strong,
        _ if value.starts_with("^ ") => Role::Bad,
        _ if is_number(value) => Role::Number,
        _ => Role::Text,
    }
}

/// Seconds or milliseconds since 1970 that lie between 2001 and 2100, as a date: most numbers of that length are times.
fn moment(value: &str) -> Option<Safe<'static>> {
    if !matches!(value.len(), 10 | 13) || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = value.parse().ok()?;
    let millis = if value.len() == 10 {
        number * 1000
    } else {
        number
    };
    let is_near = (1_000_000_000_000..4_102_444_800_000).contains(&millis);
    is_near.then(|| date_clock(UnixMillis(millis), Zone::Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_a_time_is_read_as_one() {
        let read = |value: &str| moment(value).map(|at| at.to_string());
        let noon = Some("2025-10-12 10:31:41Z".to_owned());
        assert_eq!(read("1760265101"), noon);
        assert_eq!(read("1760265101002"), noon);
        for value in [
            "0000000001",
            "9999999999",
            "176026510",
            "1760265101.5",
            "\"1760265101\"",
            "-176026510",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn a_value_has_the_role_of_what_it_is() {
        for (value, wanted) in [
            ("true", Role::Strong),
            ("true story", Role::Text),
            ("-1.5e+3", Role::Number),
            ("2025-10-12T10:31:41Z", Role::Text),
            ("^ expected , or } at byte 7", Role::Bad),
        ] {
            assert_eq!(role(value), wanted, "{value}");
        }
    }
}
