//! How far two words are from each other, to name what was probably meant.

/// The word that takes the fewest changes of a letter to reach; the first of several.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().min_by_key(|known| distance(word, known))
}

/// Letters to insert, remove or replace (Levenshtein), a row at a time.
pub fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        for (place, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal.saturating_add(usize::from(a != b));
            diagonal = *place;
            left = replaced
                .min(place.saturating_add(1))
                .min(left.saturating_add(1));
            *place = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        for (from, to, far) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("kitten", "sitting", 3),
            ("timeuot", "timeout", 2),
        ] {
            assert_eq!(distance(from, to), far, "{from} {to}");
        }
        assert_eq!(nearest("tagret", ["route", "target"]), Some("target"));
        assert_eq!(nearest("x", []), None);
    }
}
