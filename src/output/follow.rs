//! Reads on in the history whenever something changed, and hands what is new to a [`Printer`].
//!
//! Attempts are read before captures and printed after them: a capture is recorded before its attempts, so none is printed
//! without its request before it.

use std::{io, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{Body, EndpointName};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

use super::OutputError;
use crate::{
    event::{Feed, Gap, Link, Notice, Proof},
    history::{
        Attempt, Change, History, HistoryError, Number, Position, Reader, Request, Select, Summary,
    },
};

/// Attempts that are read at once.
const PAGE: usize = 256;

/// Largest body that is printed, in bytes (tui.md §11); `hooktool show ID --body` gives a larger one.
pub const SHOWN: u64 = 1024 * 1024;

/// How long after a change the history is read, so that one look finds what a busy moment brings.
const GATHER: Duration = Duration::from_millis(20);

/// How long the last lines may take after the stop, when the pipe is stuck.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where in the history a listener began: what stands before it is not printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The newest attempt before.
    pub position: Position,
    /// The newest request before.
    pub number: Number,
}

impl Start {
    /// Now. To be taken before the listener connects.
    ///
    /// # Errors
    /// The reader's.
    pub fn now(reader: &Reader) -> Result<Self, HistoryError> {
        let newest = Select {
            limit: Some(1),
            ..Select::default()
        };
        let number = reader.list(&newest)?.last().map_or(0, |row| row.number);
        Ok(Self {
            position: reader.position()?,
            number,
        })
    }
}

/// What is told beside requests and tries.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The link's new state.
    Link(Link),
    /// The public URL leads to the link that was told before.
    Ready,
    /// A sentence.
    Notice(Notice),
    /// Requests that never come.
    Gap(Gap),
}

/// Something that prints requests and tries.
pub trait Printer: Send + 'static {
    /// Whether requests are printed, too, and not only tries.
    fn prints_captures(&self) -> bool;

    /// A request arrived. The body is given if it is small enough to be printed.
    ///
    /// # Errors
    /// The pipe's.
    fn capture(&mut self, request: &Request, body: Option<&Bytes>) -> io::Result<()>;

    /// A try ended, or it is sure that there is none.
    ///
    /// # Errors
    /// The pipe's.
    fn attempt(&mut self, request: &Summary, attempt: &Attempt) -> io::Result<()>;

    /// Something else is to be told.
    ///
    /// # Errors
    /// The pipe's.
    fn said(&mut self, said: &Said) -> io::Result<()>;

    /// That is all for now: what was printed goes out.
    ///
    /// # Errors
    /// The pipe's.
    fn flush(&mut self) -> io::Result<()>;
}

/// Prints one endpoint's requests and tries from `start` until the stop, and what was recorded until then.
///
/// # Errors
/// [`OutputError`]; a closed pipe among them.
pub async fn run(
    printer: impl Printer,
    history: History,
    feed: Feed,
    (relay, endpoint): (String, EndpointName),
    start: Start,
    stop: CancellationToken,
) -> Result<(), OutputError> {
    let mut ears = Ears::new(history.changes(), feed);
    let mut follower = Follower {
        reader: history.reader()?,
        printer,
        relay,
        endpoint,
        at: start,
    };
    let mut said = vec![ears.link()];
    loop {
        let is_last = stop.is_cancelled();
        let step = spawn_blocking(move || {
            let result = follower.step(&said);
            (follower, result)
        });
        let (back, result) = tokio::select! {
            done = step => done.map_err(io::Error::other)?,
            () = given_up(&stop) => return Ok(()),
        };
        result?;
        if is_last {
            return Ok(());
        }
        follower = back;
        said = ears.next(&stop).await;
    }
}

async fn given_up(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}

/// What wakes the follower.
struct Ears {
    changes: broadcast::Receiver<Change>,
    feed: Feed,
    /// The listener is gone: nothing more is said.
    is_deaf: bool,
}

impl Ears {
    fn new(changes: broadcast::Receiver<Change>, feed: Feed) -> Self {
        Self {
            changes,
            feed,
            is_deaf: false,
        }
    }

    fn link(&mut self) -> Said {
        Said::Link(self.feed.link.borrow_and_update().clone())
    }

    /// What a proof says, behind the link that it is of.
    fn proof(&mut self) -> Vec<Said> {
        let is_proven = *self.feed.proof.borrow_and_update() == Proof::Proven;
        let is_news = is_proven && matches!(self.feed.link.has_changed(), Ok(true));
        let link = is_news.then(|| self.link());
        link.into_iter()
            .chain(is_proven.then_some(Said::Ready))
            .collect()
    }

    /// Lets what follows a change closely come too.
    async fn settle(&mut self, stop: &CancellationToken) {
        tokio::select! {
            () = tokio::time::sleep(GATHER) => {}
            () = stop.cancelled() => {}
        }
        // Whatever was told until here is found by the next reading.
        self.changes = self.changes.resubscribe();
    }

    /// Waits until there may be something to print; what was said meanwhile.
    async fn next(&mut self, stop: &CancellationToken) -> Vec<Said> {
        tokio::select! {
            () = stop.cancelled() => Vec::new(),
            // Late, closed or told: in each case the history is read again, which finds all there is.
            change = self.changes.recv() => {
                if change == Err(RecvError::Closed) {
                    stop.cancelled().await;
                }
                self.settle(stop).await;
                Vec::new()
            }
            changed = self.feed.link.changed(), if !self.is_deaf => match changed {
                Ok(()) => vec![self.link()],
                Err(_) => {
                    self.is_deaf = true;
                    Vec::new()
                }
            },
            Ok(()) = self.feed.proof.changed(), if !self.is_deaf => self.proof(),
            notice = self.feed.notices.recv(), if !self.is_deaf => match notice {
                Ok(notice) => vec![Said::Notice(notice)],
                Err(RecvError::Lagged(_)) => Vec::new(),
                Err(RecvError::Closed) => {
                    self.is_deaf = true;
                    Vec::new()
                }
            },
            Ok(gap) = self.feed.gaps.recv(), if !self.is_deaf => vec![Said::Gap(gap)],
        }
    }
}

struct Follower<P> {
    reader: Reader,
    printer: P,
    relay: String,
    endpoint: EndpointName,
    at: Start,
}

impl<P: Printer> Follower<P> {
    fn step(&mut self, said: &[Said]) -> Result<(), OutputError> {
        for said in said {
            self.printer.said(said)?;
        }
        self.printer.flush()?;
        loop {
            let attempts = self.reader.attempts_after(self.at.position, PAGE)?;
            if self.printer.prints_captures() {
                self.captures()?;
            }
            let is_all = attempts.len() < PAGE;
            for found in attempts {
                self.at.position = found.position;
                if found.relay == self.relay && found.request.endpoint == self.endpoint {
                    self.printer.attempt(&found.request, &found.attempt)?;
                }
            }
            self.printer.flush()?;
            if is_all {
                return Ok(());
            }
        }
    }

    fn captures(&mut self) -> Result<(), OutputError> {
        let new = Select {
            endpoints: vec![(self.relay.clone(), self.endpoint.clone())],
            after: Some(self.at.number),
            ..Select::default()
        };
        for row in self.reader.list(&new)? {
            self.at.number = row.number;
            if let Some(request) = self.reader.request(row.number)? {
                let body = shown_body(&self.reader, &request)?;
                self.printer.capture(&request, body.as_ref())?;
            }
        }
        Ok(())
    }
}

/// The body, if there is one and it is small enough to be printed.
///
/// # Errors
/// The reader's.
pub fn shown_body(reader: &Reader, request: &Request) -> Result<Option<Bytes>, HistoryError> {
    match &request.capture.body {
        Body::Absent => Ok(None),
        Body::Whole(bytes) => Ok(Some(bytes.clone())),
        Body::Pieces(len) if *len <= SHOWN => {
            let len = usize::try_from(*len).unwrap_or(usize::MAX);
            reader.body(request.summary.number, 0, len).map(Some)
        }
        Body::Pieces(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{
        event::Board,
        history::{Arrival, Retention},
        output::lines::tests::{attempt, request},
    };

    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn note(&self, text: String) -> io::Result<()> {
            self.0.lock().expect("not poisoned").push(text);
            Ok(())
        }
    }

    impl Printer for Notes {
        fn capture(&mut self, request: &Request, body: Option<&Bytes>) -> io::Result<()> {
            let body = body.map_or(0, Bytes::len);
            self.note(format!("request {} of {body}", request.summary.number))
        }

        fn prints_captures(&self) -> bool {
            true
        }

        fn attempt(&mut self, request: &Summary, attempt: &Attempt) -> io::Result<()> {
            let try_number = attempt.try_number.unwrap_or_default();
            self.note(format!("try {try_number} of {}", request.number))
        }

        fn said(&mut self, _said: &Said) -> io::Result<()> {
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn record(history: &History, relay: &str) {
        let capture = request(b"/").capture;
        let id = capture.id;
        let arrival = Arrival {
            webhook: None,
            capture,
            relay: relay.into(),
            seq: None,
            kind: hooktool_relay::capture::Kind::Live,
        };
        history.record(arrival, None).await.expect("recorded");
        let tried = history.attempted(id, attempt(Some(200))).await;
        tried.expect("recorded");
    }

    #[tokio::test]
    async fn what_is_new_at_this_endpoint_is_printed_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        let history = History::open(&path, Retention::default()).expect("a new history");
        record(&history, "local").await;
        let start = Start::now(&history.reader().expect("a reader")).expect("read");
        let (notes, stop, board) = (Notes::default(), CancellationToken::new(), Board::new());
        let endpoint = ("local".to_owned(), "tidy-otter".parse().expect("a name"));
        let following = run(
            notes.clone(),
            history.clone(),
            board.feed(),
            endpoint,
            start,
            stop.clone(),
        );
        let writing = async {
            record(&history, "local").await;
            record(&history, "https://relay.example").await;
            record(&history, "local").await;
            // What is recorded before the stop is printed after it.
            stop.cancel();
        };
        let (followed, ()) = tokio::join!(following, writing);
        followed.expect("followed");
        let printed = notes.0.lock().expect("not poisoned").clone();
        assert_eq!(
            printed
                .iter()
                .filter(|text| text.starts_with("try"))
                .collect::<Vec<_>>(),
            ["try 1 of 2", "try 1 of 4"]
        );
        let place = |text: &str| printed.iter().position(|printed| printed == text);
        assert!(place("request 2 of 7") < place("try 1 of 2"), "{printed:?}");
        assert!(place("request 4 of 7") < place("try 1 of 4"), "{printed:?}");
        assert_eq!(printed.len(), 4, "{printed:?}");
    }
}
