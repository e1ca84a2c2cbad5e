//! What the person asks of the screen and every inspector does alike: replays, files, and what becomes of stored requests; with or
//! without a listener.
//!
//! In: [`Intent`]s. Out: tries and bookmarks in the history, files, and what became of them on the board.

mod keep;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use super::{
    export::{Tally, Writing},
    signing,
    trigger::bench::Bench,
};
use crate::{
    config::{Folders, panes},
    event::{self, Board, Edits, Export, Form, Intent, Panes, Replays, Round},
    exit::Failure,
    export::Format,
    forward::Forwarder,
    history::{Attempt, History, Number, Removal},
    replay::{self, Became, ReplayError, Sign, Word},
    target::Routes,
    text,
    webhook::Keyring,
};

/// What wishes need to be granted, and the replays that are under way.
pub(super) struct Wishes {
    with: With,
    under_way: JoinSet<()>,
    /// Ends the sets that are being sent.
    stop: CancellationToken,
    /// What was deleted last, until it is brought back.
    removal: Option<Removal>,
}

/// What every wish may need.
#[derive(Clone)]
struct With {
    history: History,
    forwarder: Forwarder,
    board: Board,
    /// Where goes what was never forwarded.
    routes: Routes,
    /// What signatures are made by.
    keys: Arc<dyn Keyring>,
    folders: Folders,
    /// What samples are made with.
    bench: Arc<Bench>,
}

impl Wishes {
    pub(super) fn new(
        history: History,
        forwarder: Forwarder,
        board: Board,
        routes: Routes,
        keys: Arc<dyn Keyring>,
        folders: Folders,
        bench: Arc<Bench>,
    ) -> Self {
        let with = With {
            history,
            forwarder,
            board,
            routes,
            keys,
            folders,
            bench,
        };
        Self {
            with,
            under_way: JoinSet::new(),
            stop: CancellationToken::new(),
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
                // How it ended is in the history, or on the board.
                Some(_) = self.under_way.join_next() => continue,
            };
            match intent {
                Some(intent) => return intent,
                None => std::future::pending().await,
            }
        }
    }

    /// Grants it, if it needs no listener.
    pub(super) async fn grant(&mut self, wish: Intent) {
        let with = self.with.clone();
        match wish {
            Intent::Replay { number, to } => {
                self.under_way.spawn(async move {
                    let edits = Edits {
                        sign: Sign::IfGood,
                        ..Edits::default()
                    };
                    let say = |number, word: &Word| with.tell_signed(number, word);
                    let sent = replay::run(&with.needs(&say), number, to, &edits).await;
                    if let Err(error) = sent {
                        let text = format!("#{number} was not sent: {error}");
                        with.board.tell(true, text);
                    }
                });
            }
            Intent::Replays(replays) => {
                let stop = self.stop.clone();
                self.under_way
                    .spawn(async move { with.send(*replays, &stop).await });
            }
            Intent::Trigger(trigger) => {
                self.under_way
                    .spawn(async move { with.trigger(*trigger).await });
            }
            Intent::Stop => std::mem::take(&mut self.stop).cancel(),
            Intent::Export(export) => {
                self.under_way
                    .spawn(async move { with.export(export).await });
            }
            Intent::Bookmark { number, on } => with.bookmark(&[number], on).await,
            Intent::Bookmarks { numbers, on } => {
                self.under_way
                    .spawn(async move { with.bookmark(&numbers, on).await });
            }
            Intent::Note { number, text } => with.note(number, &text).await,
            Intent::Remove {
                numbers,
                with_bookmarked,
            } => self.removal = with.remove(numbers, with_bookmarked).await.or(self.removal),
            Intent::Keep(panes) => with.keep_panes(panes).await,
            Intent::Restore => self.removal = with.restore(self.removal).await,
            Intent::Hold(_)
            | Intent::Release
            | Intent::Only(_)
            | Intent::Connect
            | Intent::Quit => {}
        }
    }
}

impl With {
    fn needs<'a>(&'a self, say: &'a (dyn Fn(Number, &Word) + Sync)) -> replay::With<'a> {
        replay::With {
            history: &self.history,
            forwarder: &self.forwarder,
            otherwise: &self.routes,
            keys: self.keys.as_ref(),
            say,
        }
    }

    fn tell_signed(&self, number: Number, word: &Word) {
        let is_kept = matches!(word.became, Became::NotSigned(_));
        let sentence = signing::sentence(number, word, "");
        self.board.tell_of(number, is_kept, sentence);
    }

    async fn send(&self, replays: Replays, stop: &CancellationToken) {
        let mut round = Round {
            edited: replays
                .numbers
                .first()
                .copied()
                .filter(|_| replays.edits.is_draft()),
            ..Round::default()
        };
        let mut well = Vec::new();
        let tell = |(number, sent)| {
            let (is_failed, text) = told(number, &sent);
            *(if is_failed {
                &mut round.failed
            } else {
                &mut round.ok
            }) += 1;
            let told = if is_failed {
                &mut round.told
            } else {
                &mut well
            };
            if told.len() < Round::TOLD {
                told.push((is_failed, text));
            }
        };
        let (alone, signed) = (replays.count() == 1, AtomicU64::new(0));
        let say = |number, word: &Word| match (alone, &word.became) {
            (true, _) => self.tell_signed(number, word),
            (false, Became::NotSigned(_) | Became::Kept) => {}
            (false, _) => {
                signed.fetch_add(1, Ordering::Relaxed);
            }
        };
        replay::many(&self.needs(&say), &replays, stop, tell).await;
        round.unsent = replays.count().saturating_sub(round.ok + round.failed);
        let signed = signed.into_inner();
        if signed > 0 {
            let all = text::count(replays.count());
            let text = format!("{} of {all} were signed anew", text::count(signed));
            self.board.tell(false, text);
        }
        let room = Round::TOLD.saturating_sub(round.told.len());
        round.told.extend(well.into_iter().take(room));
        // Without a view nobody needs it.
        let _ = self.board.rounds.send(round);
    }

    async fn keep_panes(&self, panes: Panes) {
        let folders = self.folders.clone();
        // A panic in it is the same as a disk that takes nothing.
        let kept = spawn_blocking(move || panes::keep(&folders, panes)).await;
        if let Ok(Err(error)) = kept {
            let text = format!("the border's place is not kept: {error}");
            self.board.tell(true, text);
        }
    }

    /// Sends a sample, and tells what came of it.
    async fn trigger(&self, trigger: event::Trigger) {
        let (provider, event) = (trigger.provider, trigger.event);
        // It is signed already, or why not is told below.
        let say = |_: Number, _: &Word| {};
        let with = self.needs(&say);
        let sent = self.bench.send(&with, trigger);
        let (is_problem, text) = match sent.await {
            Ok(shot) => (shot.is_problem(), shot.told()),
            Err(failure) => (true, format!("nothing was sent: {}", failure.sentence())),
        };
        self.board
            .tell(is_problem, format!("{provider} {event}: {text}"));
    }

    async fn export(&self, export: Export) {
        let (history, target) = (self.history.clone(), self.routes.default.clone());
        let shown = std::path::absolute(&export.path).unwrap_or_else(|_| export.path.clone());
        let write = move || -> Result<Tally, Failure> {
            let reader = history.reader()?;
            let writing = Writing {
                reader: &reader,
                target,
                format: format(export.form),
                with_secrets: export.with_secrets,
            };
            writing.write_file(&export.numbers, &export.path, export.replaces)
        };
        match spawn_blocking(write).await {
            Ok(Ok(tally)) => {
                let text = format!("{}{}", written(&tally), shown.display());
                self.board.tell(tally.written == 0, text);
            }
            Ok(Err(failure)) => {
                let text = format!("nothing was written: {}", failure.sentence());
                self.board.tell(true, text);
            }
            Err(_) => self
                .board
                .tell(true, "nothing was written: the export panicked"),
        }
    }
}

fn format(form: Form) -> Option<Format> {
    match form {
        Form::Curl => Some(Format::Curl),
        Form::Http => Some(Format::Http),
        Form::Har => Some(Format::Har),
        Form::Json => None,
    }
}

fn written(tally: &Tally) -> String {
    let count = |count: usize, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", text::count(count as u64)),
    };
    let mut text = count(tally.written, "request");
    if tally.masked > 0 {
        text.push_str(&format!(", {} masked", count(tally.masked, "secret")));
    }
    if !tally.without_target.is_empty() {
        let left = tally.without_target.len();
        text.push_str(&format!(", {left} left out: never forwarded"));
    }
    text + " in "
}

/// How one of many ended, and whether it failed.
fn told(number: Number, sent: &Result<Attempt, ReplayError>) -> (bool, String) {
    let attempt = match sent {
        Ok(attempt) => attempt,
        Err(error) => return (true, format!("#{number} was not sent: {error}")),
    };
    let took = attempt.took.map(text::duration).unwrap_or_default();
    match (&attempt.answer, &attempt.error) {
        (Some(answer), None) => {
            let text = format!("replay of #{number}: {} after {took}", answer.status);
            (answer.status >= 400, text)
        }
        (_, error) => {
            let why = error.as_deref().unwrap_or("no answer");
            (true, format!("replay of #{number}: {why}"))
        }
    }
}
