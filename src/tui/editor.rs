//! A text in the person's own editor: laid into a private file, read back when the editor has ended.

use std::fs;

use super::{
    fetch::Edited,
    program::{Program, Running},
};
use crate::exchange::{Desk, Part, without_added_end};

/// Most bytes that are read back.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Has it edited; blocks until the editor has ended.
pub(super) fn edit(edited: &mut Edited, running: &Running) -> Result<(), String> {
    let cannot = |error| format!("there is no room for a file to edit: {error}");
    let desk = Desk::new().map_err(cannot)?;
    let file = desk
        .lay(&edited.text, edited.part == Part::Whole)
        .map_err(cannot)?;
    Program::editor(&file)?.run(None, running)?;
    let lost = |error| format!("the edited file cannot be read: {error}");
    if fs::metadata(&file).map_err(lost)?.len() > LARGEST {
        return Err("the edited file is larger than 32 MiB".to_owned());
    }
    let text = fs::read(&file).map_err(lost)?;
    edited.text = without_added_end(&edited.text, text);
    Ok(())
}
