//! What the person asks of the screen and every inspector does alike: replays, and what becomes of stored requests, with or without
//! a listener.
//!
//! In: [`Intent`]s. Out: tries and bookmarks in the history, a sentence on the board when something was not done.

use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    event::{Board, Intent},
    forward::Forwarder,
    history::{Bookmarked, Going, History, HistoryError, Removal, Removed},
    replay::{self, Edits},
};

/// What wishes need to be granted, and the replays that are under way.
pub(super) struct Wishes {
    history: History,
    forwarder: Forwarder,
    board: Board,
    replays: JoinSet<()>,
    /// What was deleted last, until it is brought back.
    removal: Option<Removal>,
}

impl Wishes {
    pub(super) fn new(history: History, forwarder: Forwarder, board: Board) -> Self {
        Self {
            history,
            forwarder,
            board,
            replays: JoinSet::new(),
            removal: None,
        }
    }

    /// The next wish; pending for ever when nobody wishes any more.
    ///
    /// # Cancel safety
    /// Safe.
    pub(super) async fn next(&mut self, asked: &mut mpsc::Receiver<Intent>) -> Intent {
        loop {
            let intent = tokio::select! {
                intent = asked.recv() => intent,
                // How it ended is in the history.
                Some(_) = self.replays.join_next() => continue,
            };
            match intent {
                Some(intent) => return intent,
                None => std::future::pending().await,
            }
        }
    }

    /// Grants it, if it needs no listener.
    pub(super) async fn grant(&mut self, wish: Intent) {
        match wish {
            Intent::Replay { number, to } => {
                let (history, forwarder) = (self.history.clone(), self.forwarder.clone());
                let board = self.board.clone();
                self.replays.spawn(async move {
                    let edits = Edits::default();
                    let sent = replay::run(&history, &forwarder, number, to, &edits);
                    if let Err(error) = sent.await {
                        board.tell(true, format!("#{number} was not sent: {error}"));
                    }
                });
            }
            Intent::Bookmark { number, on } => {
                let kept = self.history.bookmark(number, on).await;
                self.fault("the bookmark is not kept", kept);
            }
            Intent::Note { number, text } => {
                let kept = self.history.note(number, &text).await;
                self.fault("the note is not kept", kept);
            }
            Intent::Remove {
                numbers,
                with_bookmarked,
            } => self.remove(numbers, with_bookmarked).await,
            Intent::Restore => self.restore().await,
            Intent::Hold(_) | Intent::Release | Intent::Connect | Intent::Quit => {}
        }
    }

    async fn remove(&mut self, numbers: Vec<u64>, with_bookmarked: bool) {
        let bookmarked = match with_bookmarked {
            true => Bookmarked::Go,
            false => Bookmarked::Stay,
        };
        let removed = self.history.remove(Going::Those(numbers), bookmarked).await;
        let Some(removed) = self.fault("nothing was deleted", removed) else {
            return;
        };
        if removed.count > 0 {
            self.removal = Some(removed.removal);
        }
        self.board.tell(false, told(removed));
    }

    async fn restore(&mut self) {
        let Some(removal) = self.removal.take() else {
            return self.board.tell(false, "nothing was deleted here");
        };
        let restored = self.history.restore(removal).await;
        match self.fault("nothing came back", restored) {
            None => self.removal = Some(removal),
            Some(0) => self
                .board
                .tell(true, "too late: what was deleted is gone for good"),
            Some(count) => self.board.tell(false, format!("{count} are back")),
        }
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
