//! What a [`Select`] means to SQLite.
//!
//! In: a selection, the known places. Out: a condition and its bounds. Must not know: what is read or written with it.

use hooktool_relay::capture::EndpointName;

use super::{model::Select, rows::Places};

/// The condition on endpoints; none if no request can fit. Only numbers of ours get into the text.
pub(super) fn chosen(select: &Select, places: &Places) -> Option<String> {
    if select.endpoints.is_empty() {
        return Some(String::new());
    }
    let is_chosen = |place: &(String, EndpointName)| select.endpoints.contains(place);
    let fitting = places.iter().filter(|(_, place)| is_chosen(place));
    let mut numbers: Vec<i64> = fitting.map(|(number, _)| *number).collect();
    if numbers.is_empty() {
        return None;
    }
    numbers.sort_unstable();
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Some(format!("AND place IN ({})", numbers.join(", ")))
}

/// Above which number, how many, and below which number; -1 is "all" to SQLite.
pub(super) fn bounds(select: &Select) -> [i64; 3] {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let limit = select.limit.map_or(-1, |limit| whole(limit as u64));
    let before = select.before.map_or(i64::MAX, whole);
    [whole(select.after.unwrap_or_default()), limit, before]
}
