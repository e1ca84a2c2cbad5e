//! What the terminal is lent for: a pager, an editor, plain text, the shell that started the inspector.
//!
//! In: an [`Errand`], whole, with all that it needs. Out: what it [`Returned`], always one. The loop goes on meanwhile, so requests
//! are forwarded and rows are read; it only draws nothing and reads no keys.
//!
//! ```text
//! Effect::Lend(errand) ─▶ terminal lent ─▶ start ─▶ Loaded::Returned ─▶ terminal taken back
//! ```

use std::sync::Arc;

use hooktool_relay::capture::UnixMillis;
use tokio::task::JoinSet;

use super::{
    editor,
    fetch::Edited,
    print,
    program::{Program, Running},
    suspend,
    update::Loaded,
};

/// What the terminal is lent for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Errand {
    /// Text to page, safe to be shown.
    Page(Arc<str>),
    /// Text to print on the normal screen, safe to be shown.
    Print(Arc<str>),
    /// A text to edit.
    Edit(Edited),
    /// The shell, until it says `fg`.
    Suspend {
        /// What is said on the normal screen meanwhile.
        said: &'static str,
    },
}

/// What an errand brought.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Returned {
    /// The pager ended, or what was printed was read; or why not.
    Paged(Result<(), String>),
    /// The editor ended: what it left, or why that is nothing.
    Edited(Edited, Result<(), String>),
    /// The shell gave the terminal back; when it got it.
    Resumed { since: UnixMillis },
}

impl Errand {
    /// Starts it; the terminal is lent. It ends with `running`.
    pub(super) fn start(self, tasks: &mut JoinSet<Loaded>, running: Running) {
        match self {
            Self::Page(text) => {
                tasks.spawn_blocking(move || {
                    let pager = Program::pager();
                    let paged = pager.and_then(|pager| pager.run(Some(text.as_bytes()), &running));
                    Loaded::Returned(Returned::Paged(paged))
                });
            }
            Self::Print(text) => {
                tasks.spawn_blocking(move || {
                    Loaded::Returned(Returned::Paged(print::until_enter(&text, &running)))
                });
            }
            Self::Edit(mut edited) => {
                tasks.spawn_blocking(move || {
                    let ended = editor::edit(&mut edited, &running);
                    Loaded::Returned(Returned::Edited(edited, ended))
                });
            }
            Self::Suspend { said } => {
                tasks.spawn(async move {
                    let since = UnixMillis::now();
                    suspend::until_continued(said).await;
                    Loaded::Returned(Returned::Resumed { since })
                });
            }
        }
    }
}
