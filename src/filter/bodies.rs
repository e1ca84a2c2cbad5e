//! What a filter looks for in bodies, as whoever opens one wants to see it.
//!
//! In: a filter. Out: the words or patterns of its terms, but for those that must not be there. Must not know: how it is searched.

use super::{
    Filter, Node, Term,
    field::Kind,
    term::Test,
    words::{self, Style},
};

/// Something that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// This text; a capital letter in it makes it case-sensitive.
    Word(String),
    /// This regex; the same rule for capitals.
    Regex(String),
}

impl Filter {
    /// What it looks for in bodies, in the order of the line.
    pub fn sought_in_bodies(&self) -> Vec<Sought> {
        let mut sought = Vec::new();
        self.seek(&self.root, &mut sought);
        sought
    }

    fn seek(&self, node: &Node, sought: &mut Vec<Sought>) {
        match node {
            Node::All(parts) | Node::Any(parts) => {
                parts.iter().for_each(|part| self.seek(part, sought));
            }
            // What must not be there is nothing to be seen.
            Node::Not(_) => {}
            Node::Term(term) => sought.extend(self.of_term(term)),
        }
    }

    fn of_term(&self, term: &Term) -> Vec<Sought> {
        let text = self.text.get(..term.at.end).unwrap_or(&self.text);
        let after_operator = || {
            let rest = text.get(term.at.start..)?;
            let at = rest.find([':', '=', '~'])?;
            let is_regex = rest.get(at..)?.starts_with('~');
            Some((term.at.start.saturating_add(at).saturating_add(1), is_regex))
        };
        let (start, is_regex) = match &term.test {
            Test::Anywhere(_) => (term.at.start, false),
            Test::Text(Kind::Body, _) => match after_operator() {
                Some(place) => place,
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let style = if is_regex { Style::Regex } else { Style::List };
        let (items, _) = words::items(text, start, style).unwrap_or_default();
        let words = items.into_iter().map(|item| item.text);
        let words = words.filter(|word| !word.is_empty());
        words
            .map(|word| match is_regex {
                true => Sought::Regex(word),
                false => Sought::Word(word),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{filter::Clock, text::Zone};

    #[test]
    fn words_and_patterns_are_named_and_what_must_not_be_there_is_not() {
        let sought = |text| {
            let filter = Filter::parse(text, Clock::here(Zone::Utc)).expect("a filter");
            let sought = filter.sought_in_bodies().into_iter();
            let shown = sought.map(|sought| match sought {
                Sought::Word(word) => word,
                Sought::Regex(regex) => format!("~{regex}"),
            });
            shown.collect::<Vec<_>>()
        };
        assert_eq!(sought("refund"), ["refund"]);
        assert_eq!(sought("path:/stripe -failed body:paid"), ["paid"]);
        assert_eq!(
            sought("b:\"a b\",c (x | \"y z\")"),
            ["a b", "c", "x", "y z"]
        );
        assert_eq!(sought("body~\"ref(und|used)\""), ["~ref(und|used)"]);
        assert_eq!(sought("status:5xx .data.amount>3"), [""; 0]);
    }
}
