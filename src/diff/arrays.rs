//! Which items of two arrays belong together.
//!
//! In: two arrays. Out: pairs with the step of their path. Items that all have an `id` of their own go by it; others by the longest
//! run they have in common, what stands between by position, and what turns up elsewhere unchanged has moved.
//!
//! ```text
//! [a b c]     [x a c b]     + [0] x     > [1] b: [1] → [3]
//! ```

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::tree::{Node, Value};

/// Up to how many comparisons the longest common run may cost; above it items go by position.
const COMPARED: usize = 4_000_000;

/// What is known of an item.
pub(super) enum Pair<'n, 'a> {
    Both(&'n Node<'a>, &'n Node<'a>),
    /// Unchanged, at another place: from, to.
    Moved(usize, usize),
    Removed(&'n Node<'a>),
    Added(&'n Node<'a>),
}

/// A path step and a pair for all that is not simply the same.
pub(super) fn pairs<'n, 'a>(
    from: &'n [Node<'a>],
    to: &'n [Node<'a>],
) -> Vec<(String, Pair<'n, 'a>)> {
    match ids(from).zip(ids(to)) {
        Some((before, after)) => by_id(from, to, &before, &after),
        None => by_run(from, to),
    }
}

/// The `id` of each item; none unless all have one, and no two the same.
fn ids<'a>(items: &[Node<'a>]) -> Option<Vec<&'a str>> {
    let id = |node: &Node<'a>| match &node.value {
        Value::Object(entries) => entries.iter().find_map(|(key, node)| match &node.value {
            Value::Scalar(id) if *key == "\"id\"" => Some(*id),
            _ => None,
        }),
        Value::Scalar(_) | Value::Array(_) => None,
    };
    let ids: Vec<&str> = items.iter().map(id).collect::<Option<_>>()?;
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == ids.len()).then_some(ids)
}

fn by_id<'n, 'a>(
    from: &'n [Node<'a>],
    to: &'n [Node<'a>],
    before: &[&'a str],
    after: &[&'a str],
) -> Vec<(String, Pair<'n, 'a>)> {
    let places: HashMap<&str, usize> = after.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let known: HashMap<&str, usize> = before
        .iter()
        .enumerate()
        .map(|(at, id)| (*id, at))
        .collect();
    let common: Vec<&str> = before
        .iter()
        .copied()
        .filter(|id| places.contains_key(id))
        .collect();
    let kept: Vec<&str> = after
        .iter()
        .copied()
        .filter(|id| known.contains_key(id))
        .collect();
    let moved = displaced(&common, &kept);
    let mut pairs = Vec::new();
    for ((old, id), node) in before.iter().enumerate().zip(from) {
        let step = format!("[id={id}]");
        let new = places.get(id).copied();
        let Some((new, other)) = new.and_then(|new| Some((new, to.get(new)?))) else {
            pairs.push((step, Pair::Removed(node)));
            continue;
        };
        if moved.contains(id) {
            pairs.push((step.clone(), Pair::Moved(old, new)));
        }
        pairs.push((step, Pair::Both(node, other)));
    }
    for (id, node) in after.iter().zip(to) {
        if !known.contains_key(id) {
            pairs.push((format!("[id={id}]"), Pair::Added(node)));
        }
    }
    pairs
}

/// Which of the same ids do not stand in the longest run that both orders have in common.
fn displaced<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<&'a str> {
    if before == after || before.len().saturating_mul(after.len()) > COMPARED {
        return Vec::new();
    }
    let ops = capture_diff_slices(Algorithm::Myers, before, after);
    let gone = ops.iter().filter_map(|op| match *op {
        DiffOp::Delete {
            old_index, old_len, ..
        }
        | DiffOp::Replace {
            old_index, old_len, ..
        } => before.get(old_index..old_index.saturating_add(old_len)),
        DiffOp::Equal { .. } | DiffOp::Insert { .. } => None,
    });
    gone.flatten().copied().collect()
}

fn by_run<'n, 'a>(from: &'n [Node<'a>], to: &'n [Node<'a>]) -> Vec<(String, Pair<'n, 'a>)> {
    let head = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let before = from.get(head..).unwrap_or_default();
    let after = to.get(head..).unwrap_or_default();
    let ops = match before.len().saturating_mul(after.len()) > COMPARED {
        true => vec![DiffOp::Replace {
            old_index: 0,
            old_len: before.len(),
            new_index: 0,
            new_len: after.len(),
        }],
        false => capture_diff_slices(Algorithm::Myers, before, after),
    };
    let moves = Moves::among(&ops, before, after);
    let mut pairs = Vec::new();
    for op in &ops {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let mut old = op.old_range().filter(|at| !moves.from.contains_key(at));
        let mut new = op.new_range().filter(|at| !moves.to.contains_key(at));
        loop {
            let (old, new) = (old.next(), new.next());
            let place = new.or(old).unwrap_or_default().saturating_add(head);
            let pair = match (
                old.and_then(|at| before.get(at)),
                new.and_then(|at| after.get(at)),
            ) {
                (Some(from), Some(to)) => Pair::Both(from, to),
                (Some(from), None) => Pair::Removed(from),
                (None, Some(to)) => Pair::Added(to),
                (None, None) => break,
            };
            pairs.push((format!("[{place}]"), pair));
        }
        for at in op.old_range() {
            if let Some(to) = moves.from.get(&at) {
                let (from, to) = (at.saturating_add(head), to.saturating_add(head));
                pairs.push((format!("[{from}]"), Pair::Moved(from, to)));
            }
        }
    }
    pairs
}

/// Items that went from one place to another as they were.
#[derive(Default)]
struct Moves {
    from: HashMap<usize, usize>,
    to: HashMap<usize, usize>,
}

impl Moves {
    fn among(ops: &[DiffOp], before: &[Node<'_>], after: &[Node<'_>]) -> Self {
        let mut moves = Self::default();
        let changed = || ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
        let mut new: HashMap<&Node<'_>, Vec<usize>> = HashMap::new();
        for at in changed().flat_map(|op| op.new_range()).rev() {
            if let Some(node) = after.get(at).filter(|node| node.is_telling()) {
                new.entry(node).or_default().push(at);
            }
        }
        for at in changed().flat_map(|op| op.old_range()) {
            let places = before.get(at).and_then(|node| new.get_mut(node));
            if let Some(to) = places.and_then(Vec::pop) {
                moves.from.insert(at, to);
                moves.to.insert(to, at);
            }
        }
        moves
    }
}
