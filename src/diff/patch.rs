//! What turns one JSON body into the other, as a JSON Patch (RFC 6902): an operation a line, values as spelled.
//!
//! In: trees. Out: text. Arrays go by place: what both begin and end with stays, the rest is compared in pairs, then taken away from
//! the end or added. An object in which a key stands twice is replaced whole: a pointer (RFC 6901) cannot tell its keys apart.
//!
//! ```text
//! [
//!   {"op":"replace","path":"/data/object/amount","value":4200},
//!   {"op":"remove","path":"/data/object/tax"}
//! ]
//! ```

use std::collections::{HashMap, HashSet};

use super::{
    tree::{Node, Value},
    volatile,
};
use crate::text;

/// A patch, and what it does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// A JSON array of operations, every character of it visible.
    pub text: String,
    /// How many operations it has.
    pub count: usize,
    /// How many volatile fields it leaves as they are.
    pub left: usize,
}

/// The patch. `all`: volatile fields too.
pub(super) fn patch(from: &Node<'_>, to: &Node<'_>, all: bool) -> Patch {
    let mut walk = Walk {
        path: String::new(),
        operations: Vec::new(),
        left: 0,
        all,
    };
    walk.compare("", from, to);
    let count = walk.operations.len();
    let text = match count {
        0 => "[]".to_owned(),
        _ => format!("[\n  {}\n]", walk.operations.join(",\n  ")),
    };
    Patch {
        text: text::visible_json(&text),
        count,
        left: walk.left,
    }
}

struct Walk {
    path: String,
    operations: Vec<String>,
    left: usize,
    all: bool,
}

impl Walk {
    /// `key` is the nearest one, with its quotes.
    fn compare<'a>(&mut self, key: &'a str, from: &Node<'a>, to: &Node<'a>) {
        if from == to {
            return;
        }
        match (&from.value, &to.value) {
            (Value::Object(before), Value::Object(after)) => match map(before).zip(map(after)) {
                Some(maps) => self.objects(before, after, &maps),
                None => self.put("replace", to),
            },
            (Value::Array(before), Value::Array(after)) => self.arrays(key, before, after),
            (Value::Scalar(before), Value::Scalar(after))
                if !self.all && volatile::is_field(key.trim_matches('"'), before, after) =>
            {
                self.left = self.left.saturating_add(1);
            }
            _ => self.put("replace", to),
        }
    }

    fn objects<'a>(
        &mut self,
        from: &[(&'a str, Node<'a>)],
        to: &[(&'a str, Node<'a>)],
        (before, after): &(HashMap<String, &Node<'a>>, HashMap<String, &Node<'a>>),
    ) {
        for (spelled, node) in from {
            let key = decoded(spelled);
            match after.get(&key) {
                Some(other) => self.at(&key, |walk| walk.compare(spelled, node, other)),
                None => self.at(&key, Self::remove),
            }
        }
        for (spelled, node) in to {
            let key = decoded(spelled);
            if !before.contains_key(&key) {
                self.at(&key, |walk| walk.put("add", node));
            }
        }
    }

    fn arrays<'a>(&mut self, key: &'a str, from: &[Node<'a>], to: &[Node<'a>]) {
        let same = |(a, b): &(&Node<'a>, &Node<'a>)| a == b;
        let start = from.iter().zip(to).take_while(same).count();
        let (from, to) = (from.get(start..), to.get(start..));
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        let end = from.iter().rev().zip(to.iter().rev()).take_while(same);
        let end = end.count();
        let middle = |nodes: usize| nodes.saturating_sub(end);
        let (old, new) = (middle(from.len()), middle(to.len()));
        for (place, (a, b)) in from.iter().zip(to).take(old.min(new)).enumerate() {
            let step = start.saturating_add(place).to_string();
            self.at(&step, |walk| walk.compare(key, a, b));
        }
        for place in (new..old).rev() {
            let step = start.saturating_add(place).to_string();
            self.at(&step, Self::remove);
        }
        for (place, node) in to.iter().enumerate().take(new).skip(old) {
            let step = start.saturating_add(place).to_string();
            self.at(&step, |walk| walk.put("add", node));
        }
    }

    fn at(&mut self, step: &str, then: impl FnOnce(&mut Self)) {
        let outer = self.path.len();
        self.path.push('/');
        self.path
            .push_str(&step.replace('~', "~0").replace('/', "~1"));
        then(self);
        self.path.truncate(outer);
    }

    fn put(&mut self, operation: &str, node: &Node<'_>) {
        let mut value = String::new();
        write(node, &mut value);
        let path = spelled(&self.path);
        let line = format!("{{\"op\":\"{operation}\",\"path\":{path},\"value\":{value}}}");
        self.operations.push(line);
    }

    fn remove(&mut self) {
        let path = spelled(&self.path);
        self.operations
            .push(format!("{{\"op\":\"remove\",\"path\":{path}}}"));
    }
}

/// The values by their keys; none if a key stands twice.
fn map<'n, 'a>(entries: &'n [(&'a str, Node<'a>)]) -> Option<HashMap<String, &'n Node<'a>>> {
    let keys: HashSet<String> = entries.iter().map(|(key, _)| decoded(key)).collect();
    let all = entries.iter().map(|(key, node)| (decoded(key), node));
    (keys.len() == entries.len()).then(|| all.collect())
}

/// A key without its quotes and escapes; as spelled if it holds half a surrogate pair.
fn decoded(spelled: &str) -> String {
    serde_json::from_str(spelled).unwrap_or_else(|_| spelled.to_owned())
}

fn spelled(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value on one line. It is at most 127 levels deep: serde_json read it.
fn write(node: &Node<'_>, out: &mut String) {
    match &node.value {
        Value::Scalar(text) => out.push_str(text),
        Value::Object(entries) => {
            out.push('{');
            for (place, (key, node)) in entries.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(key);
                out.push(':');
                write(node, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (place, node) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(node, out);
            }
            out.push(']');
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diff::tree::parse;

    fn of(from: &str, to: &str, all: bool) -> Patch {
        patch(&parse(from).expect("JSON"), &parse(to).expect("JSON"), all)
    }

    /// RFC 6902, as far as it is used here.
    fn applied(patch: &str, mut to: Json) -> Json {
        let operations: Vec<Json> = serde_json::from_str(patch).expect("JSON");
        for operation in operations {
            let path = operation["path"].as_str().expect("a path").to_owned();
            let value = operation["value"].clone();
            let Some((parent, step)) = path.rsplit_once('/') else {
                to = value;
                continue;
            };
            let step = step.replace("~1", "/").replace("~0", "~");
            let place = || step.parse::<usize>().expect("a place");
            let parent = to.pointer_mut(parent).expect("a parent");
            match (operation["op"].as_str(), parent) {
                (Some("remove"), Json::Object(map)) => {
                    map.remove(&step).expect("it is there");
                }
                (Some("remove"), Json::Array(items)) => {
                    items.remove(place());
                }
                (Some("add"), Json::Array(items)) => items.insert(place(), value),
                (Some("add"), Json::Object(map)) => {
                    assert!(map.insert(step, value).is_none());
                }
                (Some("replace"), parent) => match parent {
                    Json::Array(items) => items[place()] = value,
                    parent => *parent.get_mut(&step).expect("it is there") = value,
                },
                other => panic!("{other:?}"),
            }
        }
        to
    }

    #[test]
    fn each_operation_is_a_line_and_values_stay_as_spelled() {
        let from = r#"{"id":"a","n":1.0,"a/b":{"~":1},"x":null,"l":[1,2,3]}"#;
        let to = r#"{"id":"b","n":1.10,"a/b":{"~":2},"l":[1,3],"new":{"k":[]}}"#;
        let short = of(from, to, false);
        assert_eq!((short.count, short.left), (5, 1));
        assert_eq!(
            short.text,
            r#"[
  {"op":"replace","path":"/n","value":1.10},
  {"op":"replace","path":"/a~1b/~0","value":2},
  {"op":"remove","path":"/x"},
  {"op":"remove","path":"/l/1"},
  {"op":"add","path":"/new","value":{"k":[]}}
]"#
        );
        assert_eq!(of(from, to, true).count, 6);
        assert_eq!(of(from, from, true).text, "[]");
    }

    #[test]
    fn what_a_pointer_cannot_name_is_replaced_whole_and_nothing_is_hidden() {
        let patch = of(
            r#"{"a":{"k":1,"k":2}}"#,
            "{\"a\":{\"k\":\"\u{202e}x\"}}",
            true,
        );
        let wanted = r#"{"op":"replace","path":"/a","value":{"k":"\u202ex"}}"#;
        assert_eq!(patch.text, format!("[\n  {wanted}\n]"));
    }

    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<i8>().prop_map(Json::from),
            "[a~/\"\u{e9}]{0,3}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = "[ab~/ ]{0,2}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                prop::collection::hash_map(key, inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_becomes_the_other(from in value(), to in value()) {
            let (from, to) = (json!([from]), json!([to]));
            let patch = of(&from.to_string(), &to.to_string(), true);
            prop_assert_eq!(applied(&patch.text, from), to);
        }
    }
}
