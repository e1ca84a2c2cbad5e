//! What the same event has again when it comes again: numbers made of its ids, else of path and body.
//!
//! In: what a request says of itself, its endpoint, path and body. Out: [`EventKeys`]. The signature and the timestamp are not in them: a
//! retry has new ones. Must not know: what came before.

use super::{crypto::Hash, known::Seen};

/// The most events of one request that are told apart: as many as a body of which 64 KiB are read can hold.
const MOST: usize = 1024;

/// What the same event has again. Two requests with a number in common brought the same event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventKeys {
    /// 64 bits of a SHA-256 each, at most 1,024, no two the same; empty if there is nothing to go by.
    pub numbers: Vec<u64>,
    /// Whether they are of path and body: then the same is only probable, and only within a day.
    pub are_of_body: bool,
}

impl Seen {
    /// The keys of a request at an endpoint. Without an id it has one of its path and body, if there is a body.
    pub fn keys(&self, endpoint: &[&str], path: &[u8], body: &[u8]) -> EventKeys {
        let begin = |kind: &'static str| {
            let parts = endpoint.iter().map(|part| part.as_bytes());
            let parts = parts.chain([self.provider.as_bytes(), kind.as_bytes()]);
            parts.collect::<Vec<_>>()
        };
        if self.ids.is_empty() {
            let numbers = match body {
                [] => Vec::new(),
                body => vec![number(begin("body").into_iter().chain([path, body]))],
            };
            return EventKeys {
                numbers,
                are_of_body: true,
            };
        }
        let mut numbers: Vec<_> = self
            .ids
            .iter()
            .take(MOST)
            .enumerate()
            .map(|(at, id)| {
                let with = match self.with.as_slice() {
                    [one] => Some(one),
                    many => many.get(at),
                };
                let with = with.map_or(&b""[..], String::as_bytes);
                number(begin("id").into_iter().chain([id.as_bytes(), with]))
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        EventKeys {
            numbers,
            are_of_body: false,
        }
    }
}

/// A number that stands for a body.
pub fn body_number(body: &[u8]) -> u64 {
    first(&Hash::Sha256.digest([body]))
}

/// A number that stands for these parts, in this order; where one ends is part of it.
fn number<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> u64 {
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| (part.len().to_be_bytes(), part))
        .collect();
    let pieces = parts.iter().flat_map(|(len, part)| [len.as_slice(), part]);
    first(&Hash::Sha256.digest(pieces))
}

fn first(hash: &[u8]) -> u64 {
    let bytes = hash.first_chunk().copied();
    u64::from_be_bytes(bytes.unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn seen(ids: &[&str], with: &[&str]) -> Seen {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Seen {
            provider: "stripe".to_owned(),
            ids: texts(ids),
            with: texts(with),
            ..Seen::default()
        }
    }

    fn keys(seen: &Seen) -> Vec<u64> {
        seen.keys(&["local", "tidy"], b"/a", b"{}").numbers
    }

    #[test]
    fn the_id_counts_and_nothing_else() {
        let one = seen(&["evt_1"], &[]);
        assert_eq!(
            keys(&one),
            one.keys(&["local", "tidy"], b"/b", b"other").numbers
        );
        assert_ne!(keys(&one), keys(&seen(&["evt_2"], &[])));
        assert_ne!(
            keys(&one),
            one.keys(&["local", "other"], b"/a", b"{}").numbers
        );
        let other = Seen {
            provider: "github".to_owned(),
            ..one.clone()
        };
        assert_ne!(keys(&one), keys(&other));
        assert!(!one.keys(&["local"], b"/", b"").are_of_body);
    }

    #[test]
    fn each_event_of_a_batch_has_its_own() {
        let (all, part) = (keys(&seen(&["a", "b", "c"], &[])), keys(&seen(&["b"], &[])));
        assert_eq!(all.len(), 3);
        assert!(all.contains(&part[0]));
        assert_eq!(keys(&seen(&["a", "a"], &[])).len(), 1);
    }

    #[test]
    fn what_goes_with_an_id_tells_events_apart() {
        let (sent, read) = (seen(&["e"], &["sent"]), seen(&["e"], &["read"]));
        assert_ne!(keys(&sent), keys(&read));
        let (both, one) = (seen(&["e", "e"], &["sent", "read"]), keys(&read));
        assert_eq!(keys(&both).len(), 2);
        assert!(keys(&both).contains(&one[0]));
    }

    #[test]
    fn without_an_id_path_and_body_count() {
        let none = seen(&[], &[]);
        let of = |path: &[u8], body: &[u8]| none.keys(&["local"], path, body);
        assert_eq!(of(b"/a", b"{}"), of(b"/a", b"{}"));
        assert!(of(b"/a", b"{}").are_of_body);
        assert_ne!(of(b"/a", b"{}"), of(b"/b", b"{}"));
        assert_ne!(of(b"/a", b"{}"), of(b"/a", b"{ }"));
        assert_ne!(of(b"/a", b"b"), of(b"/ab", b""));
        assert!(of(b"/a", b"").numbers.is_empty());
    }
}
