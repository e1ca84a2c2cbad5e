//! What the person asks of the screen and every inspector does alike: replays and bookmarks, with or without a listener.
//!
//! In: [`Intent`]s. Out: tries and bookmarks in the history, a sentence on the board when something was not done.

use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    event::{Board, Intent},
    forward::Forwarder,
    history::History,
    replay::{self, Edits},
};

/// What wishes need to be granted, and the replays that are under way.
pub(super) struct Wishes {
    history: History,
    forwarder: Forwarder,
    board: Board,
    replays: JoinSet<()>,
}

impl Wishes {
    pub(super) fn new(history: History, forwarder: Forwarder, board: Board) -> Self {
        Self {
            history,
            forwarder,
            board,
            replays: JoinSet::new(),
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
                if let Err(error) = self.history.bookmark(number, on).await {
                    let text = format!("the bookmark is not kept: {error}");
                    self.board.tell(true, text);
                }
            }
            Intent::Hold(_) | Intent::Release | Intent::Connect | Intent::Quit => {}
        }
    }
}
