//! Two answers of an app compared: status and body, with ids, times and signatures set aside.
//!
//! In: answers as they are kept. Out: whether they say the same, and what differs as text. Pure.

use hooktool_relay::capture::Headers;

use crate::{
    diff::{self, Diff, Side},
    history::KeptAnswer,
};

/// What differs between two answers, as text under names for both; none if they say the same.
pub(super) fn difference(from: &KeptAnswer, to: &KeptAnswer, names: [&str; 2]) -> Option<String> {
    if !from.ended {
        return Some(format!(
            "the {} answer broke off: there is nothing to compare with\n",
            names[0]
        ));
    }
    let compared = compared(from, to);
    let is_beyond = from.body == to.body && from.len != to.len;
    if compared.is_alike() && !is_beyond {
        return None;
    }
    let mut text = Vec::new();
    // Only a pipe could refuse.
    let _ = diff::print(&compared, names, false, false, &mut text);
    let mut text = String::from_utf8(text).unwrap_or_default();
    if is_beyond {
        let (from, to) = (from.len, to.len);
        text.push_str(&format!(
            "length  {from} B  →  {to} B, the same as far as it is kept\n"
        ));
    }
    Some(text)
}

fn compared(from: &KeptAnswer, to: &KeptAnswer) -> Diff {
    let (before, after) = (from.status.to_string(), to.status.to_string());
    let (before, after) = (side_of(&before, from), side_of(&after, to));
    let mut compared = diff::compare(&before, &after);
    // Headers say how a body is packed, and no more is asked of them.
    compared.headers.clear();
    compared
}

fn side_of<'a>(status: &'a str, answer: &'a KeptAnswer) -> Side<'a> {
    let headers: &Headers = &answer.headers;
    Side {
        head: vec![("status".into(), status.as_bytes().into())],
        headers,
        body: &answer.body,
    }
}

/// What several answers have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All of it, byte for byte.
    Same,
    /// All but ids, times and signatures.
    Alike,
    /// Not even that.
    Different,
}

impl Likeness {
    /// Of these bodies; none of fewer than two.
    pub(super) fn of<'a>(answers: impl IntoIterator<Item = &'a KeptAnswer>) -> Option<Self> {
        let mut answers = answers.into_iter();
        let first = answers.next()?;
        let like = |other: &KeptAnswer| {
            if other.body == first.body && other.len == first.len {
                return Self::Same;
            }
            let other = KeptAnswer {
                status: first.status,
                ..other.clone()
            };
            match other.body != first.body && compared(first, &other).is_alike() {
                true => Self::Alike,
                false => Self::Different,
            }
        };
        let rank = |likeness: &Self| *likeness as u8;
        answers.map(like).max_by_key(rank)
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Alike => "same but ids and times",
            Self::Different => "differ",
        }
    }
}
