//! Bookmarks, notes, deletion and its undo, as the person asks for them on the screen.
//!
//! In: numbers. Out: changed requests in the history, a sentence on the board. Must not know: keys.

use super::With;
use crate::history::{Bookmarked, Going, HistoryError, Number, Removal, Removed};

impl With {
    pub(super) async fn bookmark(&self, numbers: &[Number], on: bool) {
        for &number in numbers {
            if let Err(error) = self.history.bookmark(number, on).await {
                let text = format!("the bookmark of #{number} is not kept: {error}");
                return self.board.tell(true, text);
            }
        }
        if numbers.len() > 1 {
            let what = if on {
                "bookmarked"
            } else {
                "no longer bookmarked"
            };
            self.board
                .tell(false, format!("{} requests {what}", numbers.len()));
        }
    }

    pub(super) async fn note(&self, number: Number, text: &str) {
        let kept = self.history.note(number, text).await;
        self.fault("the note is not kept", kept);
    }

    /// The deletion, to take it back by; none if nothing was deleted.
    pub(super) async fn remove(
        &self,
        numbers: Vec<Number>,
        with_bookmarked: bool,
    ) -> Option<Removal> {
        let bookmarked = match with_bookmarked {
            true => Bookmarked::Go,
            false => Bookmarked::Stay,
        };
        let removed = self.history.remove(Going::Those(numbers), bookmarked).await;
        let removed = self.fault("nothing was deleted", removed)?;
        self.board.tell(false, told(removed));
        (removed.count > 0).then_some(removed.removal)
    }

    /// What can still be taken back: it, if that went wrong.
    pub(super) async fn restore(&self, removal: Option<Removal>) -> Option<Removal> {
        let Some(removal) = removal else {
            self.board.tell(false, "nothing was deleted here");
            return None;
        };
        let restored = self.history.restore(removal).await;
        match self.fault("nothing came back", restored) {
            None => return Some(removal),
            Some(0) => {
                let text = "too late: what was deleted is gone for good";
                self.board.tell(true, text);
            }
            Some(count) => self.board.tell(false, format!("{count} are back")),
        }
        None
    }

    /// Tells what went wrong, if something did.
    fn fault<T>(&self, what: &str, result: Result<T, HistoryError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.board.tell(true, format!("{what}: {error}"));
                None
            }
        }
    }
}

fn told(removed: Removed) -> String {
    let Removed { count, stayed, .. } = removed;
    let stays = match stayed {
        0 => String::new(),
        _ => format!(", {stayed} bookmarked stay"),
    };
    match count {
        0 => format!("nothing deleted{stays}"),
        _ => format!("{count} deleted{stays} · u brings them back for 10 s"),
    }
}
