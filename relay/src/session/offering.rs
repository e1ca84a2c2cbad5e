//! The half of a session that offers: what had no DONE, then what came after it, oldest first, then what is committed now; never
//! more than the permits of [`Streams`] allow. What is in memory is a shortcut: the queue is the store.

use std::collections::VecDeque;

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::{sync::mpsc, task::JoinSet};
use tracing::error;

use crate::{
    answer::AnswerBody,
    capture::{Body, Capture, CaptureId, EndpointName, Kind, Seq},
    link::{LinkError, OutBody, Outbound},
    protocol::{ErrorCode, Frame, MAX_FIRST, RequestHead, Reset, ResetCode},
    registry::{NoAnswer, Offered, Offers, Upgrade},
    store::{Store, StoreError, Stored, Tail},
};

use super::{
    Ended, refusal,
    streams::{Place, Streams},
};

/// Upgrades that wait for the offering loop; one more is refused.
pub(super) const CARRIED: usize = 32;

/// Captures read from the store at a time.
const PAGE: usize = 64;

/// Bytes of a stored body that are read at a time; of one body two pieces are in memory at most.
const PIECE: usize = 64 * 1024;

/// Offers until the link ends.
pub(super) async fn offer(
    out: &Outbound,
    streams: &Streams,
    offers: Offers<'_>,
    store: &Store,
    endpoint: &EndpointName,
    tail: Tail,
    mut carried: mpsc::Receiver<Upgrade>,
) -> Ended {
    let cursor = streams.cursor();
    let mut queue = Queue {
        store,
        endpoint,
        streams,
        tail,
        again: cursor.open.into(),
        page: VecDeque::new(),
        gap: 0,
    };
    let mut offering = Offering {
        out,
        streams,
        offers,
        store,
        bodies: JoinSet::new(),
    };
    loop {
        while offering.bodies.try_join_next().is_some() {}
        let went = tokio::select! {
            due = queue.due() => match due {
                Ok(due) => offering.deliver(due).await,
                Err(error) => return Ended::Refused(refusal(ErrorCode::Store, error.to_string())),
            },
            Some(upgrade) = carried.recv() => offering.carry(upgrade).await,
        };
        if let Err(cause) = went {
            return Ended::Link(cause);
        }
    }
}

/// What is to be offered next.
struct Due {
    stored: Stored,
    /// How many captures just before it the store dropped.
    gap: u64,
    permit: Place,
}

/// Where the next capture comes from.
struct Queue<'a> {
    store: &'a Store,
    endpoint: &'a EndpointName,
    streams: &'a Streams,
    tail: Tail,
    /// Offered on an earlier link without DONE, or on this one to a listener that was too busy.
    again: VecDeque<Seq>,
    /// Read from the store, not yet offered.
    page: VecDeque<Stored>,
    gap: u64,
}

impl Queue<'_> {
    /// Waits for room, then for the next capture.
    ///
    /// # Cancel safety
    /// Safe: what is taken out of a queue is given out before the next await.
    async fn due(&mut self) -> Result<Due, StoreError> {
        let permit = loop {
            let room = self.streams.room.notified();
            self.again.extend(self.streams.due_again());
            match self.streams.permit(!self.again.is_empty()) {
                Some(permit) => break permit,
                None => tokio::select! {
                    () = room => {}
                    () = self.streams.some_due_again() => {}
                },
            }
        };
        loop {
            if let Some(stored) = self.at_hand() {
                let gap = std::mem::take(&mut self.gap);
                return Ok(Due {
                    stored,
                    gap,
                    permit,
                });
            }
            self.fetch().await?;
        }
    }

    /// The next capture if it is in memory.
    fn at_hand(&mut self) -> Option<Stored> {
        if let Some(stored) = self.page.pop_front() {
            if self.again.front() == Some(&stored.seq) {
                self.again.pop_front();
            }
            return Some(stored);
        }
        if !self.again.is_empty() {
            return None;
        }
        let next = self.streams.offered().next();
        while let Ok(stored) = self.tail.recent.try_recv() {
            if stored.seq == next {
                return Some(stored);
            }
            if stored.seq > next {
                // Something was left out before it: the store has both.
                return None;
            }
        }
        None
    }

    /// Those of these captures that can be read, one by one.
    async fn readable(&self, seqs: &[Seq]) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        for seq in seqs {
            match self.store.read_these(self.endpoint, vec![*seq]).await {
                Ok(stored) => found.extend(stored),
                Err(StoreError::Damaged { detail, .. }) => {
                    error!(endpoint = %self.endpoint, %seq, %detail, "a damaged capture is passed over");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Reads the next page, or waits until there is more.
    async fn fetch(&mut self) -> Result<(), StoreError> {
        if !self.again.is_empty() {
            let seqs: Vec<Seq> = self.again.iter().copied().take(PAGE).collect();
            let found = match self.store.read_these(self.endpoint, seqs.clone()).await {
                Err(StoreError::Damaged { .. }) => self.readable(&seqs).await?,
                found => found?,
            };
            let kept = |seq: &Seq| found.iter().any(|stored| stored.seq == *seq);
            let gone: Vec<Seq> = seqs.iter().copied().filter(|seq| !kept(seq)).collect();
            self.gap += gone.len() as u64;
            self.again.retain(|seq| !gone.contains(seq));
            self.streams.dropped(&gone, None);
            self.page = found.into();
            return Ok(());
        }
        let offered = self.streams.offered();
        let newest = *self.tail.newest.borrow_and_update();
        if newest <= offered {
            tokio::select! {
                // The writer of the store lives as long as the store does.
                _ = self.tail.newest.changed() => {}
                () = self.streams.some_due_again() => self.again.extend(self.streams.due_again()),
            }
            return Ok(());
        }
        let page = match self.store.read(self.endpoint, offered, PAGE).await {
            // One damaged capture must not take its whole page with it.
            Err(StoreError::Damaged { .. }) => self.store.read(self.endpoint, offered, 1).await,
            page => page,
        };
        let page = match page {
            Err(StoreError::Damaged { detail, .. }) => {
                error!(endpoint = %self.endpoint, seq = %offered.next(), %detail, "a damaged capture is passed over");
                self.gap += 1;
                self.streams.dropped(&[], Some(offered.next()));
                return Ok(());
            }
            page => page?,
        };
        let first = page
            .captures
            .first()
            .map_or(newest.next(), |stored| stored.seq);
        let missing = first.0.saturating_sub(offered.next().0);
        if missing > 0 {
            self.gap += missing;
            self.streams
                .dropped(&[], Some(Seq(first.0.saturating_sub(1))));
        }
        self.page = page.captures.into();
        Ok(())
    }
}

/// Sends deliveries, and the rest of their bodies as credit arrives.
struct Offering<'a> {
    out: &'a Outbound,
    streams: &'a Streams,
    offers: Offers<'a>,
    store: &'a Store,
    bodies: JoinSet<()>,
}

impl Offering<'_> {
    async fn deliver(&mut self, due: Due) -> Result<(), LinkError> {
        let Due {
            stored: Stored { seq, capture },
            gap,
            permit,
        } = due;
        let (kind, sent) = match self.offers.offer(capture.id) {
            Offered::Live(sent) => (Kind::Live, sent),
            Offered::Waited => (Kind::Waited, None),
        };
        let stream = self.streams.open(capture.id, seq, permit);
        let head = RequestHead {
            seq: Some(seq),
            kind,
            gap,
            ..head(&capture)
        };
        let (first, end) = match &capture.body {
            Body::Absent => (Bytes::new(), true),
            Body::Whole(bytes) => (bytes.clone(), true),
            Body::Pieces(_) => match self.store.body(capture.id, 0, MAX_FIRST).await {
                Ok(Some(first)) => (first, false),
                Ok(None) | Err(_) => (Bytes::new(), false),
            },
        };
        let begun = first.len() as u64;
        let rest = self
            .out
            .head(Frame::Request {
                stream,
                head: Box::new(head),
                first,
                end,
            })
            .await?;
        if !end {
            self.bodies.spawn(send_rest(
                self.store.clone(),
                capture.id,
                begun,
                capture.body.len(),
                rest,
            ));
        }
        match sent.or(self.streams.begun(stream)) {
            Some(sent) => self.out.control(Frame::Sent { stream, sent }).await,
            None => Ok(()),
        }
    }

    async fn carry(&mut self, upgrade: Upgrade) -> Result<(), LinkError> {
        let Some(permit) = self.streams.upgrade_permit() else {
            let _ = upgrade.answer.send(Err(NoAnswer::NoListener));
            return Ok(());
        };
        let stream = self
            .streams
            .open_upgrade(upgrade.capture.id, upgrade.answer, permit);
        let head = RequestHead {
            upgrade: true,
            length: None,
            ..head(&upgrade.capture)
        };
        let frame = Frame::Request {
            stream,
            head: Box::new(head),
            first: Bytes::new(),
            end: false,
        };
        let rest = self.out.head(frame).await?;
        self.bodies.spawn(send_upstream(upgrade.upstream, rest));
        Ok(())
    }
}

/// The head of a REQUEST without what only a delivery knows.
fn head(capture: &Capture) -> RequestHead {
    RequestHead {
        id: capture.id,
        seq: None,
        kind: Kind::Live,
        method: capture.method.as_str().to_owned(),
        path: capture.path.clone(),
        version: capture.version,
        scheme: capture.scheme,
        headers: capture.headers.clone(),
        trailers: capture.trailers.clone(),
        peer: capture.peer,
        received_at: capture.received_at,
        length: match &capture.body {
            Body::Absent => None,
            body => Some(body.len()),
        },
        gap: 0,
        upgrade: false,
    }
}

/// Sends a stored body from `offset` on, as credit arrives: while one piece goes out the next one is read.
async fn send_rest(store: Store, id: CaptureId, mut offset: u64, len: u64, mut rest: OutBody) {
    let mut next = store.body(id, offset, PIECE).await;
    while offset < len {
        let bytes = match next {
            Ok(Some(bytes)) if !bytes.is_empty() => bytes,
            _ => {
                let text = "the stored body cannot be read".to_owned();
                return rest.reset(Reset {
                    code: ResetCode::Unavailable,
                    text,
                });
            }
        };
        offset += bytes.len() as u64;
        if rest.ready().await.is_err() {
            return;
        }
        let (sent, read) = tokio::join!(rest.send(bytes), store.body(id, offset, PIECE));
        if sent.is_err() {
            return;
        }
        next = read;
    }
    rest.finish().await;
}

/// Sends what the sender of an upgrade writes, until either side ends.
async fn send_upstream(mut upstream: AnswerBody, mut rest: OutBody) {
    loop {
        let frame = tokio::select! {
            frame = upstream.frame() => frame,
            () = rest.cancelled() => return,
        };
        match frame {
            None => return rest.finish().await,
            Some(Err(_)) => {
                return rest.reset(Reset {
                    code: ResetCode::Gone,
                    text: String::new(),
                });
            }
            Some(Ok(frame)) => {
                let Ok(bytes) = frame.into_data() else {
                    continue;
                };
                if rest.send(bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}
