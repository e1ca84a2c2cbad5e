//! Header lines changed in their place, and the list of what was changed. Pure.
//!
//! In: lines as captured, and fresh ones. Out: the lines that go out, in order, and an [`Edit`] for each difference. Must not
//! know: what the names mean.

use bytes::Bytes;
use hooktool_relay::capture::{Edit, Headers};

/// A line that stands where the capture has one of that name, else at the end; without a value, such lines are left out.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    name: Bytes,
    value: Option<Bytes>,
    is_placed: bool,
}

impl Fresh {
    /// A line, or that there is none.
    pub(crate) fn new(name: impl Into<Bytes>, value: Option<Bytes>) -> Self {
        Self {
            name: name.into(),
            value,
            is_placed: false,
        }
    }

    fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The lines with the fresh ones in it. Of several fresh ones with the same name each takes one place. Lines that no fresh
/// one replaces go out as they are, or not at all if `is_dropped`.
pub(crate) fn replaced(
    headers: &Headers,
    mut fresh: Vec<Fresh>,
    is_dropped: impl Fn(&[u8]) -> bool,
    edits: &mut Vec<Edit>,
) -> Headers {
    let mut lines = Headers(Vec::with_capacity(headers.len() + fresh.len()));
    for (name, value) in &headers.0 {
        let is_replaced = fresh.iter().any(|line| line.is(name));
        match next_of(&mut fresh, name) {
            Some(new) => {
                if new != value {
                    edits.push(Edit::Changed {
                        what: text_of(name),
                        from: value.clone(),
                        to: new.clone(),
                    });
                }
                lines.push(name.clone(), new);
            }
            None if is_replaced || is_dropped(name) => edits.push(removed(name, value)),
            None => lines.push(name.clone(), value.clone()),
        }
    }
    for line in fresh.into_iter().filter(|line| !line.is_placed) {
        if let Some(value) = line.value {
            edits.push(Edit::Added {
                name: text_of(&line.name),
                value: value.clone(),
            });
            lines.push(line.name, value);
        }
    }
    lines
}

/// That a line was left out.
pub(crate) fn removed(name: &Bytes, value: &Bytes) -> Edit {
    Edit::Removed {
        name: text_of(name),
        value: value.clone(),
    }
}

/// The value of the first line of that name that has not found its place yet.
fn next_of(fresh: &mut [Fresh], name: &[u8]) -> Option<Bytes> {
    let line = fresh
        .iter_mut()
        .find(|line| line.is(name) && !line.is_placed)?;
    line.is_placed = true;
    line.value.clone()
}

/// A name is a token and so ASCII; one that is not is refused before it is sent.
fn text_of(name: &[u8]) -> String {
    match str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => name.escape_ascii().to_string(),
    }
}
