//! The half of a session that keeps time: heartbeat, cursor, what senders got, eviction, the relay's stop.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    accounts::Login,
    capture::{EndpointName, Epoch, SessionId},
    link::Outbound,
    protocol::{ErrorCode, Frame, GoAway, Heartbeat},
    registry::{Order, Upgrade},
    store::StoreError,
};

use super::{Ended, Rooms, fatal, streams::Streams};

/// Longest time that a changed cursor stays unwritten: lag only means that a capture is offered once more.
const CURSOR_LAG: Duration = Duration::from_millis(250);

/// What the keeping loop needs.
pub(super) struct Keeping<'a> {
    pub(super) out: &'a Outbound,
    pub(super) streams: &'a Streams,
    pub(super) rooms: &'a Rooms,
    pub(super) endpoint: &'a EndpointName,
    pub(super) session: &'a SessionId,
    pub(super) epoch: Epoch,
    pub(super) login: &'a Login,
}

impl Keeping<'_> {
    /// Runs until the session must end.
    pub(super) async fn run(
        self,
        orders: &mut mpsc::Receiver<Order>,
        carry: mpsc::Sender<Upgrade>,
        evicted: CancellationToken,
    ) -> Ended {
        let mut heartbeat = interval(self.rooms.config.limits.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut cursor_due = Instant::now() + CURSOR_LAG;
        loop {
            enum Woke {
                Beat,
                Order(Option<Order>),
                Cursor,
                Evicted,
                Stop,
            }
            let woke = tokio::select! {
                _ = heartbeat.tick() => Woke::Beat,
                order = orders.recv() => Woke::Order(order),
                () = sleep_until(cursor_due) => Woke::Cursor,
                () = self.streams.dirty.notified() => Woke::Cursor,
                () = evicted.cancelled() => Woke::Evicted,
                () = self.rooms.stop.cancelled() => Woke::Stop,
            };
            let went = match woke {
                Woke::Beat => self.beat().await,
                Woke::Order(Some(Order::Sent(id, sent))) => match self.streams.tell(id, sent) {
                    Some((stream, sent)) => self
                        .out
                        .control(Frame::Sent { stream, sent })
                        .await
                        .map_err(Ended::Link),
                    None => Ok(()),
                },
                // Full: the upgrade is dropped, and its sender is told that nobody takes it.
                Woke::Order(Some(Order::Carry(upgrade))) => {
                    let _ = carry.try_send(upgrade);
                    Ok(())
                }
                Woke::Order(None) | Woke::Evicted => Err(Ended::Replaced),
                Woke::Cursor => {
                    cursor_due = Instant::now() + CURSOR_LAG;
                    self.keep_cursor().await
                }
                Woke::Stop => Err(self.go_away().await),
            };
            if let Err(ended) = went {
                return ended;
            }
        }
    }

    async fn beat(&self) -> Result<(), Ended> {
        match self.rooms.accounts.is_valid(self.login).await {
            Ok(true) => {}
            Ok(false) => {
                return Err(Ended::Refused(fatal(
                    ErrorCode::Unauthorized,
                    "the token was revoked",
                )));
            }
            Err(error) => warn!(%error, "the token could not be checked"),
        }
        let offered = self.streams.offered();
        let head = match self.rooms.store.waiting(self.endpoint, offered).await {
            Ok((head, _)) => head,
            Err(error) => {
                warn!(%error, "the newest seq could not be read");
                offered
            }
        };
        let beat = Heartbeat {
            session: self.session.clone(),
            epoch: self.epoch,
            offered,
            head,
        };
        self.out
            .control(Frame::Heartbeat(beat))
            .await
            .map_err(Ended::Link)
    }

    async fn keep_cursor(&self) -> Result<(), Ended> {
        let Some(cursor) = self.streams.changed_cursor() else {
            return Ok(());
        };
        match self
            .rooms
            .store
            .put_cursor(self.endpoint, self.epoch, cursor)
            .await
        {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict) => Err(Ended::Replaced),
            Err(error) => {
                warn!(%error, "the cursor is not kept: captures will be offered again");
                Ok(())
            }
        }
    }

    /// Tells the listener when to come back, spread over a second a thousand sessions.
    async fn go_away(&self) -> Ended {
        let (sessions, _) = self.rooms.registry.counts();
        let spread = (sessions as u64).max(1_000);
        let mut random = [0; 8];
        let at = match aws_lc_rs::rand::fill(&mut random) {
            Ok(()) => u64::from_be_bytes(random) % spread,
            Err(_) => spread / 2,
        };
        let frame = Frame::GoAway(GoAway {
            reason: "the relay is restarting".into(),
            reconnect_in_ms: at,
        });
        match self.out.control(frame).await {
            Ok(()) => Ended::Stopped,
            Err(cause) => Ended::Link(cause),
        }
    }
}
