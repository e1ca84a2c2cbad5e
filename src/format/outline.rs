//! JSON as a tree of the lines it is laid out in: what opens and closes where, and the path to each.
//!
//! In: text. Out: an [`Outline`]. Its values are [`super::pretty`]'s, so nothing of the sender is changed. A path's identity is the
//! same in every document, so what is folded in one stays folded in the next. A string that holds JSON is a node.
//!
//! ```text
//! {                     0  opens, ends at 5, 2 items
//!   "id": "evt_1",      1  .id
//!   "data": [           2  .data opens, ends at 4, 1 item
//!     7                 3  .data[0]
//!   ]                   4
//! }                     5
//! ```

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
};

use self::sheet::Sheet;
use super::{
    Wanted,
    json::{self, Kind, Mark},
};

pub(super) mod bodies;
mod sheet;

/// One line of the laid-out text.
#[derive(Clone, Debug)]
pub struct Row {
    /// How many nodes it lies in.
    pub depth: usize,
    /// The identity of its path; the same in every document. That of its node for a line that closes one.
    pub id: u64,
    /// The line that closes it; itself if it opens nothing.
    pub end: usize,
    /// The line that opens what it closes; itself if it closes nothing.
    pub begin: usize,
    /// How many values lie in it directly.
    pub items: usize,
    /// Whether it has keys rather than places.
    pub has_keys: bool,
    parent: Option<usize>,
    /// Its place among the values of its node, or of the document; none: it is no value.
    place: Option<usize>,
    key: Range<usize>,
    text: Range<usize>,
}

/// A document's lines.
#[derive(Clone, Debug)]
pub struct Outline {
    text: String,
    rows: Vec<Row>,
    roots: usize,
}

impl Outline {
    pub(super) fn new(text: &str, wanted: &Wanted) -> Option<Self> {
        let (text, marks) = json::laid_out(text, wanted)?;
        let mut sheet = Sheet::new(wanted);
        sheet.document(&text, &marks);
        Some(Self::of(sheet))
    }

    fn of(sheet: Sheet) -> Self {
        let Sheet {
            text,
            marks,
            wanted,
        } = sheet;
        let mut outline = Self {
            text,
            rows: Vec::with_capacity(marks.len()),
            roots: 0,
        };
        let mut open = Vec::new();
        for (index, mark) in marks.iter().enumerate() {
            if wanted.is_over() {
                break;
            }
            let next = marks.get(index.saturating_add(1)).map(|next| next.start);
            outline.add(mark, next, &mut open);
        }
        outline
    }

    fn add(&mut self, mark: &Mark, next: Option<usize>, open: &mut Vec<usize>) {
        let index = self.rows.len();
        let line = self.text.get(mark.start..next.unwrap_or(self.text.len()));
        let len = line.map_or(0, |line| line.find('\n').unwrap_or(line.len()));
        let mut row = Row {
            depth: mark.depth,
            id: 0,
            end: index,
            begin: index,
            items: 0,
            has_keys: false,
            parent: open.last().copied(),
            place: None,
            key: mark.start..mark.key_end,
            text: mark.start..mark.start.saturating_add(len),
        };
        match mark.kind {
            Kind::Broken => row.parent = None,
            Kind::Closes => {
                let node = open.pop();
                row.parent = open.last().copied();
                row.begin = node.unwrap_or(index);
                if let Some(node) = self.rows.get_mut(row.begin) {
                    node.end = index;
                    row.id = node.id;
                }
            }
            Kind::Value | Kind::Opens => {
                let siblings = match row.parent.and_then(|parent| self.rows.get_mut(parent)) {
                    Some(parent) => &mut parent.items,
                    None => &mut self.roots,
                };
                row.place = Some(*siblings);
                *siblings = siblings.saturating_add(1);
                row.id = self.identity(&row);
                row.has_keys = self
                    .text
                    .get(row.text.clone())
                    .is_some_and(|text| text.ends_with('{'));
            }
        }
        if mark.kind == Kind::Opens {
            open.push(index);
        }
        self.rows.push(row);
    }

    fn identity(&self, row: &Row) -> u64 {
        let mut hasher = DefaultHasher::new();
        let parent = row.parent.and_then(|parent| self.rows.get(parent));
        parent.map(|parent| parent.id).hash(&mut hasher);
        let key = self.text.get(row.key.clone()).unwrap_or_default();
        match key {
            "" => row.place.hash(&mut hasher),
            key => key.hash(&mut hasher),
        }
        hasher.finish()
    }

    /// About how much memory it takes, in bytes.
    pub fn weight(&self) -> usize {
        let rows = self.rows.len().saturating_mul(size_of::<Row>());
        rows.saturating_add(self.text.len())
    }

    /// Every line.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A line's key as received, quotes included; empty if it has none.
    pub fn key(&self, row: &Row) -> &str {
        self.text.get(row.key.clone()).unwrap_or_default()
    }

    /// The rest of a line: its value or bracket.
    pub fn value(&self, row: &Row) -> &str {
        let text = self.text.get(row.key.end..row.text.end).unwrap_or_default();
        if row.key.is_empty() {
            return text;
        }
        text.strip_prefix(": ").unwrap_or(text)
    }

    /// The value that a line is part of, from its first line to its last, indented as if it stood alone.
    pub fn whole(&self, index: usize) -> String {
        let Some(begin) = self.rows.get(index).map(|row| row.begin) else {
            return String::new();
        };
        let Some((first, last)) = self
            .rows
            .get(begin)
            .and_then(|first| Some((first, self.rows.get(first.end)?)))
        else {
            return String::new();
        };
        if first.end == begin {
            return self.value(first).to_owned();
        }
        let text = self.text.get(first.key.end..last.text.end);
        let text = text.unwrap_or_default().trim_start_matches([':', ' ']);
        let text = text.strip_suffix(',').unwrap_or(text);
        // Its last line stands where its first one does.
        let indent = match text.rfind('\n').and_then(|at| text.get(at..)) {
            Some(end) => end.trim_end_matches(['}', ']']),
            None => return text.to_owned(),
        };
        text.replace(indent, "\n")
    }

    /// The way to a line, such as `.data.items[0]`; `.` for the document itself.
    pub fn path(&self, index: usize) -> String {
        let mut steps = Vec::new();
        let begin = self.rows.get(index).map_or(index, |row| row.begin);
        let mut at = self.rows.get(begin);
        while let Some(row) = at {
            let parent = row.parent.and_then(|parent| self.rows.get(parent));
            match (self.key(row), row.place) {
                ("", None) => {}
                ("", Some(place)) if parent.is_some() || self.roots > 1 => {
                    steps.push(format!("[{place}]"));
                }
                ("", Some(_)) => {}
                (key, _) => steps.push(step(key)),
            }
            at = parent;
        }
        let path: String = steps.into_iter().rev().collect();
        if path.is_empty() {
            ".".to_owned()
        } else {
            path
        }
    }

    /// The line that opens what a line lies in.
    pub fn parent(&self, index: usize) -> Option<usize> {
        self.rows.get(index)?.parent
    }
}

/// A key as a step of a path: bare where it is a plain word.
fn step(quoted: &str) -> String {
    let inner = quoted
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'));
    match inner.unwrap_or(quoted) {
        word if is_word(word) => format!(".{word}"),
        _ => format!("[{quoted}]"),
    }
}

/// Whether a key needs no quotes to be told from what stands around it.
pub fn is_word(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Option<Outline> {
        Outline::new(text, &Wanted::always())
    }

    fn shown(text: &str) -> Vec<(String, String, usize)> {
        let outline = outline(text).expect("fits");
        let rows = outline.rows().iter().enumerate();
        rows.map(|(index, row)| (outline.path(index), outline.value(row).to_owned(), row.end))
            .collect()
    }

    fn row(path: &str, value: &str, end: usize) -> (String, String, usize) {
        (path.to_owned(), value.to_owned(), end)
    }

    #[test]
    fn every_line_knows_its_path_and_where_it_ends() {
        let text = r#"{"id":"a,","data":[7,{"x y":null}],"e":{}}"#;
        let wanted = [
            row(".", "{", 9),
            row(".id", "\"a,\"", 1),
            row(".data", "[", 7),
            row(".data[0]", "7", 3),
            row(".data[1]", "{", 6),
            row(".data[1][\"x y\"]", "null", 5),
            row(".data[1]", "}", 6),
            row(".data", "]", 7),
            row(".e", "{}", 8),
            row(".", "}", 9),
        ];
        assert_eq!(shown(text), wanted);
    }

    #[test]
    fn several_roots_are_told_apart_and_a_broken_one_keeps_its_rest() {
        let found = shown("{\"a\":1}\n[2]\n");
        let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, ["[0]", "[0].a", "[0]", "[1]", "[1][0]", "[1]"]);
        let found = shown("{\"a\":1 x\ny,}");
        let values: Vec<&str> = found.iter().map(|(_, value, _)| value.as_str()).collect();
        assert_eq!(
            values,
            ["{", "1", "^ expected , or } at byte 7", "x", "y,}"]
        );
        assert_eq!(found.first().map(|row| row.2), Some(0), "nothing closes it");
    }

    #[test]
    fn a_path_is_the_same_in_every_document() {
        let id = |text: &str| outline(text).expect("fits").rows().last().map(|row| row.id);
        let of = |text: &str, index: usize| {
            let outline = outline(text).expect("fits");
            outline.rows().get(index).expect("a row").id
        };
        assert_eq!(
            of(r#"{"a":{"b":1}}"#, 2),
            of(r#"{"x":0,"a":{"b":2,"c":3}}"#, 3)
        );
        assert_ne!(of(r#"{"a":1}"#, 1), of(r#"{"b":1}"#, 1));
        assert_eq!(id("[]"), id("{}"), "two documents");
    }
}
