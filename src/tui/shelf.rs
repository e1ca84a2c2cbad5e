//! Bodies that were laid out, kept for whoever comes back to them: 64 MiB at most, the ones that nobody looked at for longest go.
//!
//! In: a [`Key`] and a [`Page`]. Out: the same page for the same key. A key names what never changes: a capture, or an answer that has
//! ended. Shared by the threads that read; a lock is held for a look-up, never for a layout.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use hooktool_relay::capture::CaptureId;

use super::page::{Form, Page};

/// What is kept, in bytes: four of the largest trees, or thousands of common bodies.
const MOST: usize = 64 * 1024 * 1024;

/// What a page is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) id: CaptureId,
    pub(super) part: Part,
}

/// Which part of a request, and how it is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Body(Layout),
    /// The answer to a try, by its number; one that has ended.
    Answer(u32, Layout),
    /// Head and beginning of the body, as they came.
    Raw {
        reveals: bool,
    },
}

/// How a body is laid out, as far as a person has a say in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Layout {
    pub(super) form: Option<Form>,
    pub(super) is_whole: bool,
    pub(super) hex_row: usize,
}

/// Pages that were made.
#[derive(Debug)]
pub(super) struct Shelf {
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Debug, Default)]
struct Kept {
    pages: HashMap<Key, Place>,
    /// Keys by when they were looked at last.
    order: BTreeMap<u64, Key>,
    /// Counts the looks.
    looks: u64,
    weight: usize,
}

#[derive(Debug)]
struct Place {
    page: Page,
    weight: usize,
    look: u64,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new(MOST)
    }
}

impl Shelf {
    /// An empty one for so many bytes.
    fn new(most: usize) -> Self {
        Self {
            kept: Mutex::default(),
            most,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page that was made before, if it is still there.
    pub(super) fn get(&self, key: &Key) -> Option<Page> {
        let mut kept = self.kept();
        let kept = &mut *kept;
        let place = kept.pages.get_mut(key)?;
        kept.looks += 1;
        kept.order.remove(&place.look);
        place.look = kept.looks;
        kept.order.insert(place.look, key.clone());
        Some(place.page.clone())
    }

    /// Keeps a page; one that is larger than all the room is not kept.
    pub(super) fn put(&self, key: Key, page: &Page) {
        let weight = page.weight();
        if weight > self.most {
            return;
        }
        let mut kept = self.kept();
        let kept = &mut *kept;
        kept.remove(&key);
        kept.looks += 1;
        let look = kept.looks;
        kept.order.insert(look, key.clone());
        kept.weight += weight;
        let page = page.clone();
        kept.pages.insert(key, Place { page, weight, look });
        while kept.weight > self.most {
            let Some((_, oldest)) = kept.order.pop_first() else {
                break;
            };
            kept.remove(&oldest);
        }
    }
}

impl Kept {
    fn remove(&mut self, key: &Key) {
        if let Some(place) = self.pages.remove(key) {
            self.order.remove(&place.look);
            self.weight -= place.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::Safe, tui::page::Role};

    fn key(number: u8) -> Key {
        Key {
            id: CaptureId::from_bytes([number; 16]),
            part: Part::Raw { reveals: false },
        }
    }

    /// A page with a text of so many bytes.
    fn page(bytes: usize) -> Page {
        let text = Safe::format(format_args!("{:bytes$}", ""));
        Page {
            lines: vec![vec![(Role::Text, text)]].into(),
            ..Page::default()
        }
    }

    fn has(shelf: &Shelf) -> Vec<u8> {
        let kept = shelf.kept();
        let mut has: Vec<u8> = (0..9)
            .filter(|&number| kept.pages.contains_key(&key(number)))
            .collect();
        has.sort_unstable();
        has
    }

    #[test]
    fn what_nobody_looked_at_for_longest_goes_first() {
        let one = page(1000);
        let shelf = Shelf::new(7 * one.weight() / 2);
        for number in 0..3 {
            shelf.put(key(number), &one);
        }
        assert!(shelf.get(&key(0)).is_some());
        shelf.put(key(3), &one);
        assert_eq!(has(&shelf), [0, 2, 3]);
        shelf.put(key(0), &page(2500));
        assert_eq!(has(&shelf), [0, 3]);
        assert_eq!(shelf.kept().order.len(), 2);
    }

    #[test]
    fn what_is_larger_than_all_the_room_drives_nothing_out() {
        let one = page(1000);
        let shelf = Shelf::new(3 * one.weight());
        shelf.put(key(0), &one);
        shelf.put(key(1), &page(60_000));
        assert_eq!(has(&shelf), [0]);
        shelf.put(key(0), &one);
        assert_eq!(shelf.kept().weight, one.weight(), "counted once");
    }
}
