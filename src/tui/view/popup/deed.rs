//! The boxes in which a person says what is done with requests, and how.

use super::{Canvas, draw_box};
use crate::{
    text::Safe,
    tui::{
        act::deed,
        deed::Desk,
        keys::{self, Action, Place},
        layout::Layout,
        state::State,
    },
};

/// Draws one.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout, desk: &Desk) {
    match desk {
        // Whoever knows its keys has pressed one by then.
        Desk::Copy if deed::appears(state).is_some() => {}
        Desk::Copy => {
            let lines = choices(state, Place::Copy);
            draw_box(state, canvas, layout.screen, &Safe::own("Copy"), &lines);
        }
    }
}

/// A line for each key of a menu; what is not possible says why.
fn choices(state: &State, place: Place) -> Vec<Safe<'static>> {
    let own = keys::TABLE.iter().filter(|line| line.place == place);
    let deeds = own.filter(|line| matches!(line.action, Action::Do(_)));
    let lines = deeds.map(|line| {
        let (key, help) = (line.keys[0].label(), line.help);
        match keys::possible(state, line.action) {
            Ok(()) => Safe::format(format_args!("{key}  {help}")),
            Err(why) => Safe::format(format_args!("   {help}: {why}")),
        }
    });
    lines.collect()
}
