//! What the halves of a link share: the lanes, the streams, and whether it is over.
//!
//! In: frames by lane, bodies, what the peer said of streams. Out: to the writer, the next frame; to whoever waits, a wake. Must not
//! know: sockets. One lock, held for a few lines, dropped before anybody is woken.
//!
//! ```text
//! owed (WINDOW, RESET: one entry a stream) ▶ control (32) ▶ heads (8, each followed by what was said of its stream) ▶ DATA in turns
//! ```

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::sync::{Notify, Semaphore};

use super::{
    LinkError,
    stream::{Receiving, Sending, Stream},
};
use crate::protocol::{ErrorCode, Frame, StreamId, WireError};

/// Control frames that wait; one more makes its sender wait.
pub(super) const CONTROL_LANE: usize = 32;

/// REQUESTs and RESPONSEs that wait: of 64 KiB mostly, so half a MiB a link at worst.
pub(super) const HEADS_LANE: usize = 8;

/// Streams that a peer may have open here. The relay's own bound is 256 open and 256 without DONE: twice that is an attack.
pub(super) const MAX_STREAMS: usize = 1_024;

/// Websocket close code of a link that ends for a broken rule (RFC 6455 §7.4.1).
const CLOSE_PROTOCOL: u16 = 1002;

/// What the halves share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Free places of the lanes.
    pub(super) control: Semaphore,
    pub(super) heads: Semaphore,
    /// Woken when there is something to write, or nothing ever again.
    pub(super) writer: AtomicWaker,
    /// Woken when the link is over.
    pub(super) reader: AtomicWaker,
    /// The same for who has no stream to wait on.
    pub(super) over: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) over: Option<LinkError>,
    /// The close code, once the end was asked for.
    pub(super) closing: Option<u16>,
    /// Why, if the peer is to blame.
    pub(super) failed: Option<LinkError>,
    /// Whether the reading half still wants what comes.
    pub(super) is_read: bool,
    pub(super) control: VecDeque<Bytes>,
    pub(super) heads: VecDeque<Queued>,
    pub(super) streams: HashMap<StreamId, Stream>,
    owed: VecDeque<StreamId>,
    turns: VecDeque<StreamId>,
}

/// A frame in the heads' lane.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) stream: StreamId,
    pub(super) lane: Lane,
    pub(super) bytes: Bytes,
}

/// Whose place a queued frame takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Control,
    Heads,
    /// Nobody's: a body's RESET behind its own head, one a stream.
    Free,
}

/// What the writer is to do.
#[derive(Debug)]
pub(super) enum Next {
    /// Write this frame.
    Frame(Bytes),
    /// All is written that had to be: say goodbye with this code.
    Close(u16),
    /// Stop.
    Over(LinkError),
    /// Wait.
    Nothing,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                over: None,
                closing: None,
                failed: None,
                is_read: true,
                control: VecDeque::new(),
                heads: VecDeque::new(),
                streams: HashMap::new(),
                owed: VecDeque::new(),
                turns: VecDeque::new(),
            }),
            control: Semaphore::new(CONTROL_LANE),
            heads: Semaphore::new(HEADS_LANE),
            writer: AtomicWaker::new(),
            reader: AtomicWaker::new(),
            over: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next frame, by the lanes' order.
    pub(super) fn next(&self) -> Next {
        let mut state = self.lock();
        if let Some(error) = &state.over {
            return Next::Over(error.clone());
        }
        if let Some(frame) = state.next_owed() {
            drop(state);
            return Next::Frame(frame.encode());
        }
        if let Some(bytes) = state.control.pop_front() {
            drop(state);
            self.control.add_permits(1);
            return Next::Frame(bytes);
        }
        if let Some(queued) = state.heads.pop_front() {
            drop(state);
            match queued.lane {
                Lane::Control => self.control.add_permits(1),
                Lane::Heads => self.heads.add_permits(1),
                Lane::Free => {}
            }
            return Next::Frame(queued.bytes);
        }
        if let Some(code) = state.closing {
            return Next::Close(code);
        }
        let Some((frame, waker)) = state.next_data() else {
            return Next::Nothing;
        };
        drop(state);
        wake(waker);
        Next::Frame(frame.encode())
    }

    /// Takes no more frames, and ends the link once the lanes are empty.
    pub(super) fn close(&self, code: u16) {
        self.lock().closing.get_or_insert(code);
        self.control.close();
        self.heads.close();
        self.writer.wake();
    }

    /// The peer broke a rule: it is told so, and nothing else any more.
    pub(super) fn fail(&self, error: LinkError) {
        let words = Frame::Error(WireError {
            code: ErrorCode::Protocol,
            text: error.to_string(),
            retry_after_ms: None,
            fatal: false,
        });
        let mut state = self.lock();
        state.is_read = false;
        state.closing = Some(CLOSE_PROTOCOL);
        state.failed.get_or_insert(error);
        state.heads.clear();
        state.owed.clear();
        state.control.clear();
        state.control.push_back(words.encode());
        let wakers = state.cut_all();
        drop(state);
        self.control.close();
        self.heads.close();
        wakers.into_iter().for_each(Waker::wake);
        self.writer.wake();
    }

    /// The link is over; the first reason stays. Bodies under way are cut, and whoever waits is told.
    pub(super) fn end(&self, error: LinkError) {
        let mut state = self.lock();
        if state.over.is_some() {
            return;
        }
        state.over = Some(error);
        state.control.clear();
        state.heads.clear();
        let wakers = state.cut_all();
        drop(state);
        self.control.close();
        self.heads.close();
        wakers.into_iter().for_each(Waker::wake);
        self.writer.wake();
        self.reader.wake();
        self.over.notify_waiters();
    }
}

impl State {
    /// Whether nothing more can be said.
    pub(super) fn is_ending(&self) -> bool {
        self.over.is_some() || self.closing.is_some()
    }

    /// Whether the head of this stream still waits, so that nothing may be said of the stream before it.
    pub(super) fn has_head_of(&self, stream: StreamId) -> bool {
        stream != 0 && self.heads.iter().any(|queued| queued.stream == stream)
    }

    /// Puts a stream among those that owe a WINDOW or a RESET, once.
    pub(super) fn list_owed(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(&id)
            && !stream.is_listed
        {
            stream.is_listed = true;
            self.owed.push_back(id);
        }
    }

    /// Puts a stream among those that take turns with DATA, once.
    pub(super) fn list_turn(&mut self, id: StreamId) {
        if let Some(sending) = self.sending(id)
            && !sending.has_turn
        {
            sending.has_turn = true;
            self.turns.push_back(id);
        }
    }

    pub(super) fn sending(&mut self, id: StreamId) -> Option<&mut Sending> {
        self.streams.get_mut(&id)?.sending.as_mut()
    }

    pub(super) fn receiving(&mut self, id: StreamId) -> Option<&mut Receiving> {
        self.streams.get_mut(&id)?.receiving.as_mut()
    }

    /// Drops the stream's record if it has nothing left to do.
    pub(super) fn forget_if_over(&mut self, id: StreamId) {
        if self.streams.get(&id).is_some_and(Stream::is_over) {
            self.streams.remove(&id);
        }
    }

    /// The RESET, then the WINDOW of the stream that has owed longest.
    fn next_owed(&mut self) -> Option<Frame> {
        let id = self.owed.pop_front()?;
        let stream = self.streams.get_mut(&id)?;
        stream.is_listed = false;
        let reset = stream.reset_owed.take();
        let credit = match reset {
            Some(_) => 0,
            None => std::mem::take(&mut stream.credit_owed),
        };
        if stream.credit_owed > 0 {
            self.list_owed(id);
        }
        self.forget_if_over(id);
        Some(match reset {
            Some(reset) => Frame::Reset { stream: id, reset },
            None => Frame::Window {
                stream: id,
                credit: u32::try_from(credit).unwrap_or(u32::MAX),
            },
        })
    }

    /// One frame of the stream whose turn it is, and who waits for its room or its end.
    fn next_data(&mut self) -> Option<(Frame, Option<Waker>)> {
        loop {
            let id = self.turns.pop_front()?;
            let Some(sending) = self.sending(id) else {
                continue;
            };
            sending.has_turn = false;
            if sending.is_cancelled {
                continue;
            }
            let (bytes, end) = sending.next_chunk();
            let waker = sending.waker.take();
            if sending.has_more() {
                self.list_turn(id);
            }
            if end && let Some(stream) = self.streams.get_mut(&id) {
                stream.sending = None;
                self.forget_if_over(id);
            }
            let frame = Frame::Data {
                stream: id,
                bytes,
                end,
            };
            return Some((frame, waker));
        }
    }

    /// Cuts every body that comes, cancels every one that goes, and says who waits for them.
    fn cut_all(&mut self) -> Vec<Waker> {
        self.turns.clear();
        self.owed.clear();
        let mut wakers = Vec::new();
        for stream in self.streams.values_mut() {
            stream.is_listed = false;
            if let Some(receiving) = &mut stream.receiving {
                receiving.cut();
                wakers.extend(receiving.waker.take());
            }
            if let Some(mut sending) = stream.sending.take() {
                wakers.extend(sending.waker.take());
            }
        }
        wakers
    }
}

/// Wakes whoever waited, if anybody did.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
