//! One value of a JSON body written anew, every other byte left as it is.
//!
//! In: a body, a pointer, a text. Out: the body with that text in the value's place, a string where a string stood and a number
//! where a number stood. Must not know: what the value is.

use std::ops::Range;

use super::pointer::Pointers;

/// Where the values of a pointer stand in a body, in its order; none if it is no JSON.
pub(super) fn places(body: &[u8], pointer: &str) -> Vec<Range<usize>> {
    let mut pointers = Pointers::default();
    let Ok(slot) = pointers.add(pointer) else {
        return Vec::new();
    };
    let fields = pointers.read(body, true);
    let start = body.as_ptr().addr();
    fields
        .all(slot)
        .map(|raw| {
            // What is found is a part of the body itself.
            let at = raw.as_ptr().addr().saturating_sub(start);
            at..at.saturating_add(raw.len())
        })
        .collect()
}

/// The body with another value in a place.
pub(super) fn written(body: &[u8], place: Range<usize>, text: &str) -> Option<Vec<u8>> {
    let old = body.get(place.clone())?;
    let is_number = |text: &[u8]| text.first().is_some_and(|byte| byte.is_ascii_digit());
    let new = match is_number(old) && is_number(text.as_bytes()) {
        true => text.to_owned(),
        false => serde_json::to_string(text).ok()?,
    };
    let before = body.get(..place.start)?;
    let after = body.get(place.end..)?;
    Some([before, new.as_bytes(), after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spliced(body: &str, pointer: &str, text: &str) -> Option<String> {
        let place = places(body.as_bytes(), pointer).into_iter().next()?;
        let body = written(body.as_bytes(), place, text)?;
        Some(String::from_utf8(body).unwrap())
    }

    #[test]
    fn one_value_changes_and_no_other_byte() {
        let body = "\u{feff}{ \"a\" :\t[1, {\"b\": \"old\\n\"}], \"n\": 12 , \"n\": 13}\r\n";
        assert_eq!(
            spliced(body, "/a/1/b", "new\"").as_deref(),
            Some("\u{feff}{ \"a\" :\t[1, {\"b\": \"new\\\"\"}], \"n\": 12 , \"n\": 13}\r\n")
        );
        assert_eq!(
            spliced(body, "/n", "99").as_deref(),
            Some("\u{feff}{ \"a\" :\t[1, {\"b\": \"old\\n\"}], \"n\": 12 , \"n\": 99}\r\n")
        );
        assert_eq!(spliced(body, "/missing", "1"), None);
        assert_eq!(spliced("a=1", "/a", "1"), None);
        assert_eq!(places(b"[{\"a\":1},{\"a\":22}]", "/*/a"), [6..7, 14..16]);
    }
}
