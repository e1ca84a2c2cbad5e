//! Two JSON trees compared by path: objects by key, arrays by what [`super::arrays`] pairs.
//!
//! In: trees. Out: changes in the order of the first tree, additions last in their object. Values are given as spelled, long ones
//! around the place where they differ.

use std::collections::{HashMap, VecDeque};

use super::{
    Change, Mark, arrays,
    tree::{Node, Value},
    volatile,
};

/// Longest value that is given whole, in bytes; of a longer one this much.
const WHOLE: usize = 240;

/// How much of a long value stands before the place where it differs, in bytes.
const BEFORE: usize = 40;

/// Most changes that are given. Each holds its whole path, so their number and the length of a step must have an end.
const MOST: usize = 5_000;

/// Longest step of a path, in bytes; a longer key is cut.
const STEP: usize = 80;

/// The differences, and how many more there are.
pub(super) fn changes(from: &Node<'_>, to: &Node<'_>) -> (Vec<Change>, usize) {
    let mut walk = Walk {
        path: String::new(),
        key: "",
        changes: Vec::new(),
        more: 0,
    };
    walk.compare(from, to);
    (walk.changes, walk.more)
}

struct Walk<'a> {
    path: String,
    /// The nearest key, with its quotes.
    key: &'a str,
    changes: Vec<Change>,
    more: usize,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, from: &Node<'a>, to: &Node<'a>) {
        if from == to {
            return;
        }
        match (&from.value, &to.value) {
            (Value::Object(from), Value::Object(to)) => self.objects(from, to),
            (Value::Array(from), Value::Array(to)) => self.arrays(from, to),
            _ => self.note(Mark::Changed, Some(from), Some(to)),
        }
    }

    /// A key that stands several times is compared in its order.
    fn objects(&mut self, from: &[(&'a str, Node<'a>)], to: &[(&'a str, Node<'a>)]) {
        let mut left: HashMap<&str, VecDeque<&Node<'a>>> = HashMap::new();
        for (key, node) in to {
            left.entry(key).or_default().push_back(node);
        }
        let mut times: HashMap<&str, usize> = HashMap::new();
        for (key, node) in from {
            let other = left.get_mut(key).and_then(VecDeque::pop_front);
            self.at_key(key, |walk| match other {
                Some(other) => walk.compare(node, other),
                None => walk.note(Mark::Removed, Some(node), None),
            });
            let seen = times.entry(key).or_default();
            *seen = seen.saturating_add(1);
        }
        for (key, node) in to {
            match times.get_mut(key).filter(|times| **times > 0) {
                Some(times) => *times = times.saturating_sub(1),
                None => self.at_key(key, |walk| walk.note(Mark::Added, None, Some(node))),
            }
        }
    }

    fn arrays(&mut self, from: &[Node<'a>], to: &[Node<'a>]) {
        for (place, pair) in arrays::pairs(from, to) {
            self.at(&place, |walk| match pair {
                arrays::Pair::Both(from, to) => walk.compare(from, to),
                arrays::Pair::Moved(from, to) => walk.push(|what| Change {
                    mark: Mark::Moved,
                    what,
                    from: Some(format!("[{from}]")),
                    to: Some(format!("[{to}]")),
                    is_volatile: false,
                }),
                arrays::Pair::Removed(from) => walk.note(Mark::Removed, Some(from), None),
                arrays::Pair::Added(to) => walk.note(Mark::Added, None, Some(to)),
            });
        }
    }

    fn at_key(&mut self, key: &'a str, then: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.key, key);
        let bare = key.trim_matches('"');
        let is_word = !bare.is_empty()
            && bare
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        match is_word {
            true => self.at(&format!(".{bare}"), then),
            false => self.at(&format!("[{key}]"), then),
        }
        self.key = outer;
    }

    fn at(&mut self, step: &str, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        match step.get(..step.floor_char_boundary(STEP)) {
            Some(cut) if cut.len() < step.len() => self.path.extend([cut, "…"]),
            _ => self.path.push_str(step),
        }
        then(self);
        self.path.truncate(outer);
    }

    fn note(&mut self, mark: Mark, from: Option<&Node<'a>>, to: Option<&Node<'a>>) {
        let differs = match (from.map(|node| &node.value), to.map(|node| &node.value)) {
            (Some(Value::Scalar(from)), Some(Value::Scalar(to))) => common(from, to),
            _ => 0,
        };
        let scalar = |node: Option<&Node<'a>>| match node.map(|node| &node.value) {
            Some(Value::Scalar(text)) => Some(*text),
            _ => None,
        };
        let is_volatile = scalar(from)
            .zip(scalar(to))
            .is_some_and(|(from, to)| volatile::is_field(self.key.trim_matches('"'), from, to));
        self.push(|path| Change {
            mark,
            what: match path.is_empty() {
                true => ".".to_owned(),
                false => path,
            },
            from: from.map(|node| short(node, differs)),
            to: to.map(|node| short(node, differs)),
            is_volatile,
        });
    }

    fn push(&mut self, change: impl FnOnce(String) -> Change) {
        match self.changes.len() < MOST {
            true => self.changes.push(change(self.path.clone())),
            false => self.more = self.more.saturating_add(1),
        }
    }
}

/// How many bytes two texts have in common at their beginning.
fn common(from: &str, to: &str) -> usize {
    from.bytes()
        .zip(to.bytes())
        .take_while(|(a, b)| a == b)
        .count()
}

/// A value in a line: scalars as spelled, others by their number of parts.
fn short(node: &Node<'_>, differs: usize) -> String {
    match &node.value {
        Value::Object(entries) => counted(entries.len(), "{ ", "key", " }"),
        Value::Array(items) => counted(items.len(), "[ ", "item", " ]"),
        Value::Scalar(text) if text.len() <= WHOLE => (*text).to_owned(),
        Value::Scalar(text) => {
            let start = text.floor_char_boundary(differs.saturating_sub(BEFORE));
            let end = text.floor_char_boundary(start.saturating_add(WHOLE));
            let middle = text.get(start..end).unwrap_or_default();
            let before = if start > 0 { "…" } else { "" };
            let after = if end < text.len() { "…" } else { "" };
            format!("{before}{middle}{after}")
        }
    }
}

fn counted(count: usize, open: &str, what: &str, close: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{open}{count} {what}{plural}{close}")
}
