//! What a session has under way: the cursor, the open streams, and how much more may be offered.
//!
//! Shared by the three loops of one session; a short lock, never held across an await.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, sleep_until},
};

use crate::{
    capture::{CaptureId, Sent, Seq},
    protocol::StreamId,
    registry::{Answer, NoAnswer},
    store::Cursor,
};

/// Most streams that are open at once on a link, those included whose answers stream on.
const OPEN_STREAMS: usize = 256;

/// DONEs after which the cursor is written at the latest.
pub(super) const DONES: usize = 64;

/// After this long a capture that the listener was too busy for is offered again: soon enough for whoever watches, and no storm
/// with a listener that refuses all.
const AGAIN: Duration = Duration::from_secs(1);

/// The state of a session's deliveries.
#[derive(Debug)]
pub(super) struct Streams {
    state: Mutex<State>,
    open: Arc<Semaphore>,
    max_in_flight: usize,
    /// Woken when more may be offered.
    pub(super) room: Arc<Notify>,
    /// Woken when the cursor begins to differ from what is kept, and again when it should be written at once.
    pub(super) dirty: Notify,
    /// Woken when a capture came back.
    came_back: Notify,
}

#[derive(Debug, Default)]
struct State {
    offered: Seq,
    without_done: BTreeSet<Seq>,
    /// Those that the listener was too busy for, and when each is due again; among `without_done`, and so no more than that.
    refused: VecDeque<(Instant, Seq)>,
    streams: HashMap<StreamId, Stream>,
    by_id: HashMap<CaptureId, StreamId>,
    in_flight: usize,
    next: StreamId,
    /// Whether the cursor differs from what was last kept.
    is_changed: bool,
    /// DONEs since then.
    dones: usize,
    /// Highest seq offered when the listener's last heartbeat came, and the one before.
    beats: [Seq; 2],
}

/// One delivery or upgrade under way.
#[derive(Debug)]
struct Stream {
    id: CaptureId,
    seq: Option<Seq>,
    /// Whether its answer's head, RESET or DONE came.
    headed: bool,
    /// Where an upgrade's answer goes; a delivery's goes through the registry.
    carried: Option<oneshot::Sender<Result<Answer, NoAnswer>>>,
    permit: Option<Place>,
    told: Told,
}

/// What the listener hears of its sender. Nothing is said of a stream before its REQUEST.
#[derive(Debug)]
enum Told {
    /// The REQUEST is on its way to the link; this came meanwhile.
    Early(Option<Sent>),
    /// The REQUEST is in the link's hands.
    Begun,
}

/// A place among the open streams. Dropped, it is free, and the offering loop looks again.
#[derive(Debug)]
pub(super) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    room: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit = None;
        self.room.notify_one();
    }
}

/// Who wants a stream's answer.
pub(super) enum Asker {
    /// The sender of this capture, through the registry.
    Sender(CaptureId),
    /// An upgraded connection.
    Upgrade(oneshot::Sender<Result<Answer, NoAnswer>>),
}

impl Streams {
    pub(super) fn new(cursor: Cursor, max_in_flight: u16) -> Self {
        let state = State {
            offered: cursor.offered,
            without_done: cursor.open.into_iter().collect(),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            open: Arc::new(Semaphore::new(OPEN_STREAMS)),
            max_in_flight: usize::from(max_in_flight.max(1)),
            room: Arc::new(Notify::new()),
            dirty: Notify::new(),
            came_back: Notify::new(),
        }
    }

    /// The cursor as it stands.
    pub(super) fn cursor(&self) -> Cursor {
        let state = self.lock();
        Cursor {
            offered: state.offered,
            open: state.without_done.iter().copied().collect(),
        }
    }

    /// The cursor, if it changed since it was taken last.
    pub(super) fn changed_cursor(&self) -> Option<Cursor> {
        let mut state = self.lock();
        state.dones = 0;
        std::mem::take(&mut state.is_changed).then(|| Cursor {
            offered: state.offered,
            open: state.without_done.iter().copied().collect(),
        })
    }

    /// The cursor that was taken could not be kept.
    pub(super) fn not_kept(&self) {
        self.lock().is_changed = true;
    }

    /// Whether so much is done since the cursor was kept that it should not wait.
    pub(super) fn is_due(&self) -> bool {
        self.lock().dones >= DONES
    }

    /// Whether the listener has seen what was offered before its heartbeat before last. One interval may pass while a slow
    /// connection carries what was offered; two mean that it is deaf.
    pub(super) fn is_heard(&self, seen: Seq) -> bool {
        let mut state = self.lock();
        let due = state.beats[0];
        state.beats = [state.beats[1], state.offered];
        seen >= due
    }

    /// Highest seq offered.
    pub(super) fn offered(&self) -> Seq {
        self.lock().offered
    }

    /// Room for one more delivery, or none: in flight, open, or without DONE are at their limits. What was offered on an earlier
    /// link is among those without DONE already, and needs no place there.
    pub(super) fn permit(&self, again: bool) -> Option<Place> {
        {
            let state = self.lock();
            if state.in_flight >= self.max_in_flight
                || (!again && state.without_done.len() >= Cursor::MAX_OPEN)
            {
                return None;
            }
        }
        self.upgrade_permit()
    }

    /// A place for an upgrade among the open streams.
    pub(super) fn upgrade_permit(&self) -> Option<Place> {
        let permit = self.open.clone().try_acquire_owned().ok()?;
        Some(Place {
            permit: Some(permit),
            room: self.room.clone(),
        })
    }

    /// Opens a stream for a capture, which counts as offered from here on.
    pub(super) fn open(&self, id: CaptureId, seq: Seq, permit: Place) -> StreamId {
        let mut state = self.lock();
        state.offered = state.offered.max(seq);
        state.without_done.insert(seq);
        state.in_flight += 1;
        self.change(&mut state);
        state.insert(Stream {
            id,
            seq: Some(seq),
            headed: false,
            carried: None,
            permit: Some(permit),
            told: Told::Early(None),
        })
    }

    /// Opens a stream for an upgrade.
    pub(super) fn open_upgrade(
        &self,
        id: CaptureId,
        answer: oneshot::Sender<Result<Answer, NoAnswer>>,
        permit: Place,
    ) -> StreamId {
        self.lock().insert(Stream {
            id,
            seq: None,
            headed: true,
            carried: Some(answer),
            permit: Some(permit),
            told: Told::Begun,
        })
    }

    /// Forgets seqs that the store no longer keeps; `up_to` counts as offered.
    pub(super) fn dropped(&self, gone: &[Seq], up_to: Option<Seq>) {
        let mut state = self.lock();
        for seq in gone {
            state.without_done.remove(seq);
        }
        if let Some(seq) = up_to {
            state.offered = state.offered.max(seq);
        }
        self.change(&mut state);
    }

    /// What the sender of an offered capture got, and the stream to say it on; none if the capture is done, or its REQUEST has
    /// not gone: then [`Streams::begun`] gives it.
    pub(super) fn tell(&self, id: CaptureId, sent: Sent) -> Option<(StreamId, Sent)> {
        let mut state = self.lock();
        let stream = *state.by_id.get(&id)?;
        match &mut state.streams.get_mut(&stream)?.told {
            Told::Begun => Some((stream, sent)),
            Told::Early(early) => {
                *early = Some(sent);
                None
            }
        }
    }

    /// The REQUEST of a stream is in the link's hands. What its sender got meanwhile.
    pub(super) fn begun(&self, stream: StreamId) -> Option<Sent> {
        let mut state = self.lock();
        let found = state.streams.get_mut(&stream)?;
        match std::mem::replace(&mut found.told, Told::Begun) {
            Told::Early(sent) => sent,
            Told::Begun => None,
        }
    }

    /// An answer's head (or RESET) came: it is in flight no longer. Who wants it, and the permit that its body keeps.
    pub(super) fn headed(&self, stream: StreamId) -> Option<(Asker, Option<Place>)> {
        let mut state = self.lock();
        let found = state.streams.get_mut(&stream)?;
        let permit = found.permit.take();
        if let Some(answer) = found.carried.take() {
            let id = found.id;
            state.streams.remove(&stream);
            state.by_id.remove(&id);
            return Some((Asker::Upgrade(answer), permit));
        }
        let (id, was_headed) = (found.id, std::mem::replace(&mut found.headed, true));
        if !was_headed {
            state.in_flight -= 1;
            drop(state);
            self.room.notify_one();
        }
        Some((Asker::Sender(id), permit))
    }

    /// The outcome is recorded. Gives the capture if no answer head came for it.
    pub(super) fn done(&self, stream: StreamId) -> Option<CaptureId> {
        let mut state = self.lock();
        let found = state.streams.remove(&stream)?;
        state.by_id.remove(&found.id);
        if let Some(seq) = found.seq {
            state.without_done.remove(&seq);
        }
        state.dones += 1;
        self.change(&mut state);
        if !found.headed {
            state.in_flight -= 1;
        }
        drop(state);
        self.room.notify_one();
        (!found.headed).then_some(found.id)
    }

    /// The listener was too busy for it: it is due again after [`AGAIN`], on a stream of its own. Who wants its answer.
    pub(super) fn refused(&self, stream: StreamId) -> Option<Asker> {
        let (asker, permit) = self.headed(stream)?;
        let mut state = self.lock();
        if let Some(Stream { id, seq, .. }) = state.streams.remove(&stream) {
            state.by_id.remove(&id);
            state
                .refused
                .extend(seq.map(|seq| (Instant::now() + AGAIN, seq)));
        }
        drop(state);
        // Its place wakes whoever waits for one, which takes the lock.
        drop(permit);
        self.came_back.notify_one();
        Some(asker)
    }

    /// Those of the refused whose time has come, in order.
    pub(super) fn due_again(&self) -> Vec<Seq> {
        let mut state = self.lock();
        let now = Instant::now();
        let count = state.refused.partition_point(|(due, _)| *due <= now);
        state.refused.drain(..count).map(|(_, seq)| seq).collect()
    }

    /// Waits until [`Streams::due_again`] has some.
    ///
    /// # Cancel safety
    /// Safe.
    pub(super) async fn some_due_again(&self) {
        loop {
            let came_back = self.came_back.notified();
            let next = self.lock().refused.front().map(|(due, _)| *due);
            match next {
                Some(due) => return sleep_until(due).await,
                None => came_back.await,
            }
        }
    }

    fn change(&self, state: &mut State) {
        if !std::mem::replace(&mut state.is_changed, true) || state.dones == DONES {
            self.dirty.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, stream: Stream) -> StreamId {
        self.next += 1;
        self.by_id.insert(stream.id, self.next);
        self.streams.insert(self.next, stream);
        self.next
    }
}
