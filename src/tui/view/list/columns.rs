//! Which columns a list has, and where: pure arithmetic over its width.
//!
//! ```text
//! 112 and more   gutter # time METHOD event PATH SIZE FROM SIG ST LAT NOTE
//!  96            without FROM
//!  87            without SIZE
//!  78            gutter # time event PATH SIG ST LAT NOTE
//!  56            gutter # time event SIG ST LAT NOTE
//!  50            without #
//!  47            without seconds
//!  42            without NOTE
//!  less          gutter time event ST LAT
//! ```

use crate::{
    history::Number,
    tui::{
        layout::Area,
        state::{Column, Wanted},
    },
};

/// From these widths of the list on there is room for PATH, and beside it for METHOD, SIZE and FROM, with an event whole.
const PATHS: u16 = 78;
const METHODS: u16 = 87;
const SIZES: u16 = 96;
const FROMS: u16 = 112;

/// Cells of an event and of a path.
const EVENT: u16 = 26;
const PATH: u16 = 16;

/// Fewest cells that an event is left.
const LEAST: u16 = 13;

/// Where a column stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    x: u16,
    pub(super) width: u16,
    /// Whether its text ends at its right edge.
    pub(super) is_right: bool,
}

/// The columns of a list. One that is not shown has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) number: Option<Place>,
    pub(super) time: Place,
    pub(super) method: Option<Place>,
    pub(super) event: Place,
    /// The path; without it, it stands behind the event.
    pub(super) path: Option<Place>,
    pub(super) size: Option<Place>,
    pub(super) from: Option<Place>,
    pub(super) sig: Option<Place>,
    pub(super) status: Place,
    pub(super) latency: Place,
    pub(super) note: Option<Place>,
    /// Whether a POST goes without saying, and another method takes the place of the time.
    pub(super) is_narrow: bool,
}

impl Columns {
    /// Those of a list of this width whose numbers go up to `newest`. What is asked for is shown as long as the event keeps some
    /// room.
    pub(super) fn of(width: u16, newest: Number, wanted: &Wanted) -> Self {
        let digits = newest.checked_ilog10().unwrap_or_default() + 1;
        let digits = u16::try_from(digits).unwrap_or(u16::MAX).max(5);
        let mut taken = 2 + 6 + 4 + 6 + LEAST;
        let mut ask = |column, cells, fits| {
            let has = wanted.has(column, fits) && taken + cells <= width;
            taken += if has { cells } else { 0 };
            has
        };
        let has_sig = ask(Column::Sig, 4, width >= 42);
        let has_note = ask(Column::Note, 5, width >= 47);
        let has_number = ask(Column::Number, digits + 1, width >= 56);
        let has_path = ask(Column::Path, PATH + 1, width >= PATHS);
        let has_method = ask(Column::Method, 7, width >= METHODS);
        let has_size = ask(Column::Size, 9, width >= SIZES);
        let has_from = ask(Column::From, 16, width >= FROMS);
        let has_seconds = width >= 50 && taken + 3 <= width;
        let mut left = Rest { x: 2 };
        let number = has_number.then(|| left.take(digits, true));
        let time = left.take(if has_seconds { 8 } else { 5 }, false);
        let method = has_method.then(|| left.take(6, false));
        let beside = |has, cells| if has { cells } else { 0 };
        let beside = 4 + 6 + beside(has_sig, 4) + beside(has_note, 5);
        let beside = beside + if has_size { 9 } else { 0 } + if has_from { 16 } else { 0 };
        let event = width.saturating_sub(left.x + beside + 1);
        let (event, path) = match has_path {
            // What is left over is the path's: an event seldom needs more.
            true => {
                let most = event.saturating_sub(PATH + 1);
                let both = (most.min(EVENT), event);
                let event = left.take(both.0, false);
                (event, Some(left.take(both.1 - both.0 - 1, false)))
            }
            false => (left.take(event, false), None),
        };
        let size = has_size.then(|| left.take(8, true));
        let from = has_from.then(|| left.take(15, false));
        let sig = has_sig.then(|| left.take(3, false));
        Self {
            number,
            time,
            method,
            event,
            path,
            size,
            from,
            sig,
            status: left.take(3, false),
            latency: left.take(6, true),
            note: has_note.then(|| left.take(4, false)),
            is_narrow: width < 56,
        }
    }

    /// The titles, where there is a line for them.
    pub(super) fn titles(&self) -> impl Iterator<Item = (&'static str, Place)> {
        let all = [
            ("#", self.number),
            ("TIME", Some(self.time)),
            ("METHOD", self.method),
            ("EVENT", Some(self.event)),
            ("PATH", self.path),
            ("SIZE", self.size),
            ("FROM", self.from),
            ("SIG", self.sig),
            ("ST", Some(self.status)),
            ("LAT", Some(self.latency)),
            ("NOTE", self.note),
        ];
        all.into_iter()
            .filter_map(|(title, place)| Some((title, place?)))
    }
}

impl Place {
    /// Its part of a row, inside it.
    pub(super) fn of(self, row: Area) -> Area {
        let x = self.x.min(row.width);
        Area {
            x: row.x + x,
            width: self.width.min(row.width - x),
            ..row
        }
    }
}

impl Place {
    /// This one and the next one as one.
    pub(super) fn with(self, next: Self) -> Self {
        Self {
            width: next.x + next.width - self.x,
            ..self
        }
    }
}

/// What is not taken yet, from the left.
struct Rest {
    x: u16,
}

impl Rest {
    /// The next column, and a blank behind it.
    fn take(&mut self, width: u16, is_right: bool) -> Place {
        let x = self.x;
        self.x += width + 1;
        Place { x, width, is_right }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_lie_side_by_side_and_fill_the_row() {
        for (width, newest) in (32..=240).flat_map(|width| [(width, 1), (width, 1_234_567)]) {
            let columns = Columns::of(width, newest, &Wanted::default());
            let places: Vec<_> = columns.titles().map(|(_, place)| place).collect();
            let mut x = 2;
            for place in &places {
                assert_eq!(place.x, x, "{width}");
                x += place.width + 1;
            }
            assert_eq!(x - 1, width, "the last column ends at the edge");
            let digits = columns.number.map_or(7, |place| place.width);
            assert!(newest == 1 || digits == 7, "{width}: {digits}");
            assert!(
                columns.event.width >= 13,
                "{width}: {}",
                columns.event.width
            );
        }
    }

    #[test]
    fn columns_go_in_the_order_of_what_is_needed_least() {
        let titles = |width| {
            let names: Vec<_> = Columns::of(width, 1, &Wanted::default())
                .titles()
                .map(|(title, _)| title)
                .collect();
            names.join(" ")
        };
        assert_eq!(
            titles(112),
            "# TIME METHOD EVENT PATH SIZE FROM SIG ST LAT NOTE"
        );
        assert_eq!(titles(96), "# TIME METHOD EVENT PATH SIZE SIG ST LAT NOTE");
        assert_eq!(titles(87), "# TIME METHOD EVENT PATH SIG ST LAT NOTE");
        assert_eq!(titles(80), "# TIME EVENT PATH SIG ST LAT NOTE");
        assert_eq!(titles(77), "# TIME EVENT SIG ST LAT NOTE");
        assert_eq!(titles(55), "TIME EVENT SIG ST LAT NOTE");
        assert_eq!(titles(46), "TIME EVENT SIG ST LAT");
        assert_eq!(titles(40), "TIME EVENT ST LAT");
        assert_eq!(
            (
                Columns::of(50, 1, &Wanted::default()).time.width,
                Columns::of(49, 1, &Wanted::default()).time.width
            ),
            (8, 5)
        );
    }

    #[test]
    fn what_is_asked_for_is_shown_as_far_as_there_is_room() {
        let titles = |width, asked| {
            let wanted = Wanted::parse(asked).expect("columns");
            let columns = Columns::of(width, 1, &wanted);
            let names: Vec<_> = columns.titles().map(|(title, _)| title).collect();
            names.join(" ")
        };
        assert_eq!(titles(80, "from, method"), "TIME METHOD EVENT FROM ST LAT");
        assert_eq!(titles(40, "number sig"), "TIME EVENT SIG ST LAT");
        assert_eq!(titles(80, ""), titles(80, "number path sig note"));
        assert_eq!(Wanted::parse("number colour"), None);
    }
}
