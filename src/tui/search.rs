//! A search in the detail: what is looked for, where it was found.
//!
//! In: lines as text. Out: which of them hold it, and where in one. A capital letter makes it case-sensitive. Must not know: keys.

use super::field::Field;

/// A search, while it is typed and after.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    pub(super) field: Field,
    pub(super) is_typing: bool,
    /// The lines that hold it, ascending; those of a tree are counted with the folded ones.
    pub(super) hits: Vec<usize>,
    /// Which of them the person is on.
    pub(super) current: usize,
}

impl Search {
    /// Looks through lines.
    pub(super) fn look(&mut self, lines: impl Iterator<Item = String>) {
        let found = lines.enumerate();
        let hits = found.filter(|(_, line)| self.places(line).next().is_some());
        self.hits = hits.map(|(index, _)| index).collect();
        self.current = self.current.min(self.hits.len().saturating_sub(1));
    }

    /// Goes to the next hit or the one before, around the end.
    pub(super) fn step(&mut self, by: isize) {
        let count = self.hits.len().max(1);
        let by = by.rem_euclid(isize::try_from(count).unwrap_or(1));
        self.current = (self.current + by.unsigned_abs()) % count;
    }

    /// Where in a line it stands, in bytes.
    pub(super) fn places<'a>(
        &'a self,
        line: &'a str,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let wanted = self.field.text();
        let is_exact = wanted.chars().any(char::is_uppercase);
        let mut from = 0;
        std::iter::from_fn(move || {
            if wanted.is_empty() {
                return None;
            }
            let at = from + find(line.get(from..)?, wanted, is_exact)?;
            from = at + wanted.len();
            Some(at..from)
        })
    }
}

/// Only ASCII letters are alike in both cases: then a hit is as long as what is looked for.
fn find(line: &str, wanted: &str, is_exact: bool) -> Option<usize> {
    if is_exact {
        return line.find(wanted);
    }
    let windows = line.as_bytes().windows(wanted.len());
    let hits = windows
        .enumerate()
        .filter(|(_, bytes)| bytes.eq_ignore_ascii_case(wanted.as_bytes()));
    let is_whole =
        |at: usize| line.is_char_boundary(at) && line.is_char_boundary(at + wanted.len());
    hits.map(|(at, _)| at).find(|&at| is_whole(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Search {
        let mut search = Search::default();
        search.field.insert(text);
        search
    }

    #[test]
    fn a_capital_letter_makes_it_exact() {
        let places = |wanted, line| {
            let search = search(wanted);
            search
                .places(line)
                .map(|place| (place.start, place.end))
                .collect::<Vec<_>>()
        };
        assert_eq!(places("id", "Id: id"), [(0, 2), (4, 6)]);
        assert_eq!(places("Id", "Id: id"), [(0, 2)]);
        assert_eq!(places("[", "a[0][1]"), [(1, 2), (4, 5)]);
        assert_eq!(places("é", "naïé"), [(4, 6)]);
        assert!(places("", "anything").is_empty());
    }

    #[test]
    fn hits_are_gone_through_around_the_end() {
        let mut search = search("a");
        search.look(["a", "b", "A"].into_iter().map(str::to_owned));
        assert_eq!(search.hits, [0, 2]);
        search.step(-1);
        assert_eq!(search.current, 1);
        search.step(1);
        assert_eq!(search.current, 0);
        search.look(std::iter::empty());
        search.step(1);
        assert_eq!(search.current, 0);
    }
}
