//! Which actions can be done now, and in words why the others cannot.
//!
//! In: the state. Out: nothing, or a reason; the palette, help and the key itself say the same one.

use super::Action;
use crate::{
    event::Link,
    tui::{act::detail, layout::Layout, state::State},
};

/// Whether an action can be done now.
///
/// # Errors
/// Why not, in words.
pub(in crate::tui) fn possible(state: &State, action: Action) -> Result<(), &'static str> {
    let is_connected = matches!(state.link, Link::Live(_));
    let tries = state.detail.as_ref().map_or(0, |detail| detail.tries);
    let has_form = state
        .shown()
        .is_some_and(|detail| detail.page(state.tab).is_some());
    match action {
        Action::Hold | Action::Connect | Action::CopyUrl if !state.route.is_listening => {
            Err("not listening: this is the history")
        }
        Action::Open | Action::Replay | Action::Bookmark | Action::Page
            if state.list.selected.is_none() =>
        {
            Err("no request yet")
        }
        Action::Replay if !state.has_target() => Err("there is no target: listen TARGET"),
        Action::CopyUrl if state.url.is_none() => Err("the URL is not known yet"),
        Action::Connect if is_connected => Err("already connected"),
        Action::Toggle | Action::FoldAll | Action::UnfoldAll if state.tree().is_none() => {
            Err("there is no tree here")
        }
        Action::NextForm | Action::Forms | Action::Save if !has_form => Err("there is no body"),
        Action::Form(form) => detail::obstacle(state, form).map_or(Ok(()), Err),
        Action::NextHit | Action::PreviousHit if state.search.is_none() => {
            Err("nothing is searched: / begins")
        }
        Action::FilterOff | Action::NextMatch | Action::PreviousMatch
            if state.list.sieve.is_none() =>
        {
            Err("there is no filter: / begins one")
        }
        Action::Mark | Action::MarkDown | Action::MarkUp if state.list.selected.is_none() => {
            Err("no request is selected")
        }
        Action::Filter | Action::Sort if state.list.rows.is_empty() => Err("no request yet"),
        Action::Split if state.size.0 < Layout::BESIDE => Err("the screen is too narrow"),
        Action::NextTry | Action::PreviousTry if tries < 2 => Err("there is no other try"),
        _ => Ok(()),
    }
}
