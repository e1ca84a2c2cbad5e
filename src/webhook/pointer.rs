//! JSON pointers (RFC 6901), many at once: one walk through a body finds what all of them point at.
//!
//! In: the pointers of every definition, then a body, whole or only its beginning. Out: [`Fields`], the values as written. A
//! token `*` means every item of a list. Must not know: what a field is good for.
//!
//! ```text
//! /id  /data/object/id  /*/sg_event_id        a tree of keys; a slot where a pointer ends
//!         └─▶ one pass of serde_json, whatever is on no way is skipped unread
//! ```

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Most values that are kept of one body: a batch of a thousand events is larger than any sender's.
const MOST: usize = 1_000;

/// Most steps of a pointer, below the depth at which the JSON reader gives up.
const STEPS: usize = 32;

/// Where the value of a pointer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(usize);

/// Every pointer that somebody asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Pointers {
    root: Node,
    slots: usize,
}

#[derive(Clone, Debug, Default)]
struct Node {
    steps: Vec<(Step, Self)>,
    slot: Option<Slot>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A key of an object, or a place in a list if it is a number.
    Key(String, Option<usize>),
    /// Every item of a list.
    Each,
}

impl Pointers {
    /// Adds a pointer; the same one twice has one slot.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn add(&mut self, text: &str) -> Result<Slot, String> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(format!(
                "`{text}` is no JSON pointer: it begins with `/`, like /data/id"
            ));
        }
        let tokens: Vec<_> = text.split('/').skip(1).collect();
        if tokens.len() > STEPS {
            return Err(format!("a pointer has at most {STEPS} steps"));
        }
        let mut node = &mut self.root;
        for token in tokens {
            node = node.child(step(token));
        }
        if node.slot.is_none() {
            node.slot = Some(Slot(self.slots));
            self.slots = self.slots.saturating_add(1);
        }
        node.slot.ok_or_else(String::new)
    }

    /// Reads a body. Of one that is no JSON there are no fields; of one that is only the beginning, those that end before the cut.
    pub(super) fn read<'a>(&self, body: &'a [u8], is_whole: bool) -> Fields<'a> {
        let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut found = Fields::default();
        let mut reader = serde_json::Deserializer::from_slice(text);
        let walk = Walk {
            node: &self.root,
            found: &mut found,
            from: 0,
        };
        let read = walk.deserialize(&mut reader).and_then(|()| reader.end());
        if read.is_err() && is_whole {
            return Fields::default();
        }
        found
    }
}

fn step(token: &str) -> Step {
    if token == "*" {
        return Step::Each;
    }
    let key = token.replace("~1", "/").replace("~0", "~");
    let place = key.parse().ok();
    Step::Key(key, place)
}

impl Node {
    fn child(&mut self, step: Step) -> &mut Self {
        let place = self.steps.iter().position(|(known, _)| *known == step);
        let place = place.unwrap_or_else(|| {
            self.steps.push((step, Self::default()));
            self.steps.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed a line above")]
        &mut self.steps[place].1
    }

    fn holds(&self, slot: Slot) -> bool {
        self.slot == Some(slot) || self.steps.iter().any(|(_, node)| node.holds(slot))
    }

    fn key(&self, wanted: &str) -> Option<(usize, &Self)> {
        let mut steps = self.steps.iter().enumerate();
        steps.find_map(|(at, (step, node))| match step {
            Step::Key(key, _) if key == wanted => Some((at, node)),
            _ => None,
        })
    }

    fn items(&self, wanted: usize) -> impl Iterator<Item = (bool, &Self)> {
        self.steps
            .iter()
            .filter_map(move |(step, node)| match step {
                Step::Key(_, Some(place)) if *place == wanted => Some((false, node)),
                Step::Each => Some((true, node)),
                Step::Key(..) => None,
            })
    }
}

/// What the pointers found in one body.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    hits: Vec<(Slot, &'a str)>,
}

impl<'a> Fields<'a> {
    /// The values of a pointer as written in the body, nulls too; more than one only behind a `*`.
    pub(super) fn all(&self, slot: Slot) -> impl Iterator<Item = &'a str> {
        let hits = self.hits.iter().filter(move |(found, _)| *found == slot);
        hits.map(|(_, raw)| *raw)
    }

    /// The same without nulls, which count as missing.
    pub(super) fn raw(&self, slot: Slot) -> impl Iterator<Item = &'a str> {
        self.all(slot).filter(|raw| *raw != "null")
    }

    /// The same as texts: a string without its quotes and escapes, anything else as written.
    pub(super) fn texts(&self, slot: Slot) -> impl Iterator<Item = Cow<'a, str>> {
        self.raw(slot).map(unquoted)
    }

    /// The first of them.
    pub(super) fn text(&self, slot: Slot) -> Option<Cow<'a, str>> {
        self.texts(slot).next()
    }
}

/// The text of a JSON string; anything else as written.
pub(super) fn unquoted(raw: &str) -> Cow<'_, str> {
    let inner = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(raw),
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        Some(_) => serde_json::from_str(raw).map_or(Cow::Borrowed(raw), Cow::Owned),
    }
}

/// Goes down the tree and the document together, and notes what stands where a pointer ends.
struct Walk<'n, 'f, 'a> {
    node: &'n Node,
    found: &'f mut Fields<'a>,
    /// How many values there were before the innermost item of a `*`: a key that repeats takes back only what came after.
    from: usize,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let Some(slot) = self.node.slot else {
            return from.deserialize_any(self);
        };
        let raw: &'de RawValue = serde::Deserialize::deserialize(from)?;
        if self.found.hits.len() < MOST {
            self.found.hits.push((slot, raw.get()));
        }
        if self.node.steps.is_empty() {
            return Ok(());
        }
        // It is valid JSON by now, so a second reader finds no error in it.
        let mut inner = serde_json::Deserializer::from_str(raw.get());
        let _ = inner.deserialize_any(self);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Vec::new();
        while let Some(key) = map.next_key_seed(Find(self.node))? {
            let Some((at, node)) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen.contains(&at) {
                // Of a key that repeats the last one counts, as in every common reader.
                let mut place = 0_usize;
                self.found.hits.retain(|(slot, _)| {
                    place = place.saturating_add(1);
                    place <= self.from || !node.holds(*slot)
                });
            }
            seen.push(at);
            let (found, from) = (&mut *self.found, self.from);
            map.next_value_seed(Walk { node, found, from })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for place in 0_usize.. {
            let nodes: Vec<_> = self.node.items(place).collect();
            let from = match nodes.iter().any(|(is_each, _)| *is_each) {
                true => self.found.hits.len(),
                false => self.from,
            };
            let found = &mut *self.found;
            let is_there = match nodes.as_slice() {
                [] => items.next_element::<IgnoredAny>()?.is_some(),
                [(_, node)] => items
                    .next_element_seed(Walk { node, found, from })?
                    .is_some(),
                several => match items.next_element::<&'de RawValue>()? {
                    None => false,
                    Some(raw) => {
                        for (_, node) in several {
                            let found = &mut *found;
                            let mut inner = serde_json::Deserializer::from_str(raw.get());
                            // It is valid JSON by now, so a second reader finds no error in it.
                            let _ = Walk { node, found, from }.deserialize(&mut inner);
                        }
                        true
                    }
                },
            };
            if !is_there {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Compares a key with those that are looked for, without keeping it.
struct Find<'n>(&'n Node);

impl<'n, 'de> DeserializeSeed<'de> for Find<'n> {
    type Value = Option<(usize, &'n Node)>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Find<'n> {
    type Value = Option<(usize, &'n Node)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pointer: &str, body: &str) -> Vec<String> {
        let mut pointers = Pointers::default();
        for other in ["/a", "/a/b", "/list/0/id", "/list/*/id", "/*/id", "/0/id"] {
            pointers.add(other).unwrap();
        }
        let slot = pointers.add(pointer).unwrap();
        let fields = pointers.read(body.as_bytes(), true);
        fields.texts(slot).map(Cow::into_owned).collect()
    }

    #[test]
    fn pointers_find_their_values_in_one_pass() {
        let body =
            r#"{"a":{"b":1.50,"c~/d":"x\ny"},"list":[{"id":"1"},{"id":2,"id":3},7,{"id":null}]}"#;
        let table: [(&str, &[&str]); 8] = [
            ("/a/b", &["1.50"]),
            ("/a/c~0~1d", &["x\ny"]),
            ("/list/0/id", &["1"]),
            ("/list/*/id", &["1", "3"]),
            ("/list/2", &["7"]),
            ("/list/9/id", &[]),
            ("/a/b/c", &[]),
            ("/a", &[r#"{"b":1.50,"c~/d":"x\ny"}"#]),
        ];
        for (pointer, wanted) in table {
            assert_eq!(found(pointer, body), wanted, "{pointer}");
        }
        assert_eq!(found("/*/id", r#"[{"id":"x"},{"id":"y"}]"#), ["x", "y"]);
        assert_eq!(found("/0/id", r#"[{"id":"x"},{"id":"y"}]"#), ["x"]);
        assert_eq!(found("/a/b", r#"{"a":{"b":1},"a":{"c":2}}"#), [""; 0]);
        assert_eq!(found("/a/b", "\u{feff}{\"a\":{\"b\":1}}\r\n"), ["1"]);
    }

    #[test]
    fn what_is_no_json_has_no_fields() {
        let deep = format!("{{\"a\":{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in ["", "a=1", "{\"a\":1", "{\"a\":1} x", "[[[[", &deep] {
            assert_eq!(found("/a", body), [""; 0]);
        }
    }

    #[test]
    fn the_beginning_of_a_body_gives_what_ends_in_it() {
        let mut pointers = Pointers::default();
        let (early, late) = (pointers.add("/a").unwrap(), pointers.add("/z").unwrap());
        let fields = pointers.read(br#"{"a":"yes","b":[1,2],"z":"n"#, false);
        assert_eq!(fields.text(early).as_deref(), Some("yes"));
        assert_eq!(fields.text(late), None);
    }

    #[test]
    fn many_values_are_bounded() {
        let mut pointers = Pointers::default();
        let slot = pointers.add("/*").unwrap();
        let body = format!("[{}0]", "0,".repeat(100_000));
        assert_eq!(pointers.read(body.as_bytes(), true).raw(slot).count(), MOST);
        assert!(pointers.add("a").is_err());
        assert!(pointers.add(&"/a".repeat(100)).is_err());
    }
}
