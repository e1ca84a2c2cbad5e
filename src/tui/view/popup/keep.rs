//! The boxes about stored requests: a note, the question before a deletion, the word before all are deleted.

use super::{draw_box, row};
use crate::{
    text::{Safe, count},
    tui::{
        act::keep::question,
        layout::Area,
        state::{Popup, State},
        view::Canvas,
    },
};

/// Draws it, if it is one of these.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, screen: Area, popup: &Popup) {
    match popup {
        Popup::Note { number, field } => {
            let title = Safe::format(format_args!("Note beside #{number}"));
            let lines = [
                Safe::own("Found by note:WORD and has:note; empty takes it away."),
                Safe::default(),
            ];
            let area = draw_box(state, canvas, screen, &title, &lines);
            canvas.field(row(area, 2), 1, "> ", field);
        }
        Popup::Delete {
            numbers,
            bookmarked,
        } => {
            let mut lines = question(numbers, *bookmarked);
            let title = lines.remove(0);
            draw_box(state, canvas, screen, &title, &lines);
        }
        Popup::Clear {
            word,
            field,
            is_wrong,
        } => {
            let all = count(state.list.rows.len() as u64);
            let lines = [
                Safe::format(format_args!(
                    "All {all} go, filtered or not; bookmarked ones stay."
                )),
                match is_wrong {
                    true => Safe::format(format_args!("That is not {word}.")),
                    false => Safe::format(format_args!("Type  {word}  to go on.")),
                },
                Safe::default(),
            ];
            let title = Safe::own("Clear the history?");
            let area = draw_box(state, canvas, screen, &title, &lines);
            canvas.field(row(area, 3), 1, "> ", field);
        }
        _ => {}
    }
}
