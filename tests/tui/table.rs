//! What the inspector's tests share: a screen that can be read while it is drawn on, a keyboard, a board, a history on disk.

use std::{
    collections::VecDeque,
    io,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{Stream, stream};
use hooktool::{
    event::{Board, Intent, Link, Live, Panes},
    history::{Arrival, Attempt, Cause, History, KeptAnswer, Number, Retention, Select},
    text::Zone,
    tui::{Clipboard, Console, Ended, Theme, Tool, View, drive},
};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long a fact is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A test terminal that can be read while the loop draws on it.
#[derive(Clone)]
pub(crate) struct Screen {
    cells: Arc<Mutex<TestBackend>>,
    draws: Arc<Mutex<u64>>,
}

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        Self {
            cells: Arc::new(Mutex::new(TestBackend::new(width, height))),
            draws: Arc::default(),
        }
    }

    fn cells(&self) -> MutexGuard<'_, TestBackend> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn draws(&self) -> u64 {
        *self.draws.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        let cells = self.cells();
        let buffer = cells.buffer();
        let rows = buffer.content.chunks(usize::from(buffer.area.width));
        let rows = rows.map(|row| row.iter().map(Cell::symbol).collect::<String>());
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Waits until the screen shows a text.
    pub(crate) async fn shows(&self, wanted: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(wanted) {
            assert!(Instant::now() < end, "no `{wanted}` on\n{}", self.text());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Backend for Screen {
    type Error = std::convert::Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        *self.draws.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.cells().draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.cells().hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.cells().show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        self.cells().get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.cells().set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.cells().clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Self::Error> {
        self.cells().clear_region(region)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.cells().size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.cells().window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.cells().flush()
    }
}

/// The keyboard. Like crossterm's stream it keeps the first waker it is shown, and wakes no other.
pub(crate) struct Keys(Arc<Mutex<Pressed>>);

#[derive(Default)]
struct Pressed {
    events: VecDeque<Event>,
    waker: Option<Waker>,
    is_gone: bool,
}

fn locked(pressed: &Mutex<Pressed>) -> MutexGuard<'_, Pressed> {
    pressed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the loop has of a terminal: this keyboard, and a clipboard that remembers.
struct Tty {
    pressed: Arc<Mutex<Pressed>>,
    copied: Arc<Mutex<Vec<String>>>,
}

impl Clipboard for Tty {
    fn tool(&self) -> Option<Tool> {
        None
    }

    fn tell(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = str::from_utf8(bytes).expect("text").to_owned();
        let mut copied = self.copied.lock().unwrap_or_else(PoisonError::into_inner);
        copied.push(text);
        Ok(())
    }
}

impl Console for Tty {
    type Events = Pin<Box<dyn Stream<Item = io::Result<Event>> + Send>>;

    fn events(&mut self) -> Self::Events {
        let pressed = Arc::clone(&self.pressed);
        locked(&pressed).waker = None;
        Box::pin(stream::poll_fn(move |context| {
            let mut pressed = locked(&pressed);
            if let Some(event) = pressed.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if pressed.is_gone {
                return Poll::Ready(None);
            }
            let waker = || context.waker().clone();
            pressed.waker.get_or_insert_with(waker);
            Poll::Pending
        }))
    }

    fn ask_background(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn mouse(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn lend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        locked(&self.pressed).events.clear();
        Ok(())
    }
}

impl Keys {
    pub(crate) fn press(&self, code: KeyCode) {
        let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        let mut pressed = locked(&self.0);
        pressed.events.push_back(event);
        if let Some(waker) = pressed.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn type_in(&self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }

    /// Presses a key until nobody reads it any more: a box ignores keys for its first 150 ms.
    pub(crate) async fn until_ended(&self, key: char) {
        while Arc::strong_count(&self.0) > 1 {
            if locked(&self.0).events.is_empty() {
                self.press(KeyCode::Char(key));
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let mut pressed = locked(&self.0);
        pressed.is_gone = true;
        if let Some(waker) = pressed.waker.take() {
            waker.wake();
        }
    }
}

/// All that a running inspector is connected to.
pub(crate) struct Table {
    pub(crate) screen: Screen,
    pub(crate) keys: Keys,
    pub(crate) board: Board,
    pub(crate) history: History,
    pub(crate) intents: mpsc::Receiver<Intent>,
    pub(crate) copied: Arc<Mutex<Vec<String>>>,
    pub(crate) stop: CancellationToken,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn open(path: &Path) -> History {
    let retention = Retention {
        count: 10_000,
        bytes: 1 << 30,
    };
    History::open(&path.join("history.db"), retention).expect("a new history")
}

/// An inspector of this size, to be run beside a script; its future must be polled for anything to happen.
pub(crate) fn inspector(
    width: u16,
    height: u16,
) -> (
    Table,
    impl Future<Output = io::Result<Ended>> + Send + use<>,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let history = open(folder.path());
    let board = Board::new();
    let keys = Keys(Arc::default());
    let pressed = Arc::clone(&keys.0);
    let (asked, intents) = mpsc::channel(View::INTENTS);
    let stop = CancellationToken::new();
    let screen = Screen::new(width, height);
    let copied: Arc<Mutex<Vec<String>>> = Arc::default();
    let view = View {
        history: history.clone(),
        select: Select::default(),
        feed: board.feed(),
        intents: asked,
        target: "http://localhost:3000".into(),
        relay: String::new(),
        routes: 0,
        is_local_relay: false,
        is_listening: true,
        zone: Zone::Local,
        keys: None,
        keyring: Arc::new(Arc::new(hooktool::webhook::Keys::default())),
        is_colored: true,
        theme: Theme::Dark,
        panes: Panes::default(),
        is_animated: true,
        is_ascii: Some(false),
        stop: stop.clone(),
    };
    let table = Table {
        screen: screen.clone(),
        keys,
        board,
        history,
        intents,
        copied: Arc::clone(&copied),
        stop,
        folder,
    };
    let run = async move {
        let mut terminal = Terminal::new(screen).expect("a test terminal");
        let tty = Tty { pressed, copied };
        drive(view, &mut terminal, tty).await
    };
    (table, run)
}

pub(crate) fn live() -> Link {
    Link::Live(Live {
        url: "https://relay.example/tidy-otter".into(),
        waiting: 0,
        waiting_since: None,
        caught_up: 0,
    })
}

pub(crate) fn arrival(seq: u64, path: &'static [u8], body: &'static [u8]) -> Arrival {
    let mut headers = Headers::new();
    headers.push("Content-Type", "application/json");
    let capture = Capture {
        id: CaptureId::new(),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis::now(),
        peer: "54.187.174.169".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(path),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(Bytes::from_static(body)),
    };
    Arrival {
        webhook: None,
        capture: Arc::new(capture),
        relay: "https://relay.example".into(),
        seq: Some(Seq(seq)),
        kind: Kind::Live,
    }
}

pub(crate) fn answered(cause: Cause, status: u16) -> Attempt {
    let body = Bytes::from_static(b"thanks");
    Attempt {
        try_number: None,
        cause,
        target: "http://localhost:3000/stripe".into(),
        started_at: UnixMillis::now(),
        outcome: Outcome::Answered,
        error: None,
        connect: None,
        took: Some(Duration::from_millis(19)),
        changes: Vec::new(),
        answer: Some(KeptAnswer {
            status,
            headers: Headers::new(),
            len: body.len() as u64,
            body,
            ended: true,
            carried: None,
        }),
        sent: None,
        late: false,
    }
}

/// Runs the inspector and the script to the end of both. The inspector is a task of its own: nothing wakes it but what it waits for.
pub(crate) async fn both(
    run: impl Future<Output = io::Result<Ended>> + Send + 'static,
    script: impl Future<Output = ()>,
) -> io::Result<Ended> {
    let mut task = JoinSet::new();
    task.spawn(run);
    script.await;
    let ended = timeout(PATIENCE, task.join_next()).await;
    let ended = ended.expect("the inspector ends when it is told to");
    ended.expect("one task").expect("no panic")
}

impl Table {
    /// What the person asked for next.
    pub(crate) async fn asked(&mut self) -> Option<Intent> {
        let asked = timeout(PATIENCE, self.intents.recv()).await;
        asked.expect("something is asked for")
    }

    /// Records a request and its first try; answers its id and number.
    pub(crate) async fn record(&self, arrival: Arrival, status: u16) -> (CaptureId, Number) {
        let id = arrival.capture.id;
        let recorded = self.history.record(arrival, None).await.expect("recorded");
        self.attempted(id, answered(Cause::Live, status)).await;
        (id, recorded.number)
    }

    pub(crate) async fn attempted(&self, id: CaptureId, attempt: Attempt) {
        let streaming = self.history.attempted(id, attempt).await;
        assert!(streaming.expect("recorded").is_none());
    }
}
