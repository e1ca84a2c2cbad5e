//! Is connected: HELLO, WELCOME, then whatever the relay sends, until the link is lost.
//!
//! The read loop never waits for a forward, nor for a full queue: a delivery's first step is taken here, so that forwards begin in
//! the order of arrival, and the rest of it is a task of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use hooktool_relay::{
    capture::{Sent, Seq, SessionId},
    link::{self, Inbound, Incoming, LinkError, Outbound},
    protocol::{
        ErrorCode, Frame, From, GoAway, Heartbeat, Hello, Resume, StreamId, Welcome, WireError,
    },
};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::event::{Gap, Link, Live};

use super::{
    Agent, Ended, clock,
    delivery::Delivery,
    dial::{Socket, Wire},
    probe,
    stuck::Stuck,
};

/// A link without a byte for so long is dead. The relay's heartbeat comes every 15 s.
const DEAD_AFTER: Duration = Duration::from_secs(40);

/// Writing that makes no progress for so long ends the link.
const WRITE_STALL: Duration = Duration::from_secs(60);

/// Fastest and slowest heartbeat, whatever the relay asks for: it must neither flood nor look dead.
const BEATS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(15));

/// HELLO to WELCOME.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// For what is queued, the close and the relay's answer to it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Websocket close code of a listener that ends a link (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

/// Deliveries under way with which the relay may offer no more: its own bound of open streams, and of those without DONE.
const OPEN: usize = 256;

/// How a link was lost.
#[derive(Debug)]
pub(super) struct Lost {
    /// In words.
    pub(super) cause: String,
    /// Whether WELCOME had come.
    pub(super) was_live: bool,
    /// When the relay wants this listener back.
    pub(super) retry_after: Option<Duration>,
}

/// Serves one link until it is lost or the listener stops, and takes leave of the relay.
pub(super) async fn serve(
    socket: Socket,
    hello: Hello,
    agent: &mut Agent,
    stop: &CancellationToken,
) -> Result<Lost, Ended> {
    let limits = link::Limits {
        dead_after: DEAD_AFTER,
        write_stall: WRITE_STALL,
    };
    let (out, mut inbound, writer) = link::split(socket, limits);
    let mut writing = JoinSet::new();
    writing.spawn(writer.run());
    let ended = tokio::select! {
        ended = meet(&out, &mut inbound, &mut writing, hello, agent) => ended,
        () = stop.cancelled() => Err(Ended::Stopped),
        // Nobody is at the other end any more.
        () = clock::slept() => return Ok(Lost {
            cause: "the machine slept".into(),
            was_live: true,
            retry_after: Some(Duration::ZERO),
        }),
    };
    out.close(NORMAL);
    // The writer reads on to the relay's own goodbye.
    drop(inbound);
    let _ = timeout(GOODBYE, writing.join_next()).await;
    ended
}

/// HELLO, WELCOME, and everything after.
async fn meet(
    out: &Outbound,
    inbound: &mut Inbound<Box<dyn Wire>>,
    writing: &mut JoinSet<Result<(), LinkError>>,
    hello: Hello,
    agent: &mut Agent,
) -> Result<Lost, Ended> {
    let welcome = tokio::select! {
        welcome = greet(out, inbound, hello) => welcome?,
        cause = written(writing) => Err(lost(&cause, false)),
    };
    let welcome = match welcome {
        Ok(welcome) => welcome,
        Err(lost) => return Ok(lost),
    };
    agent.resume = Some(Resume {
        session: welcome.session.clone(),
        epoch: welcome.epoch,
    });
    if let Some(token) = welcome.token.clone() {
        agent.plan.relay.token = Some(token.clone());
        agent.plan.relay.offer = None;
        let _ = agent.minted.try_send(token);
    }
    // Where to begin is said once; from here on the relay's cursor knows.
    agent.plan.from = From::Cursor;
    let proving = probe::run(agent, welcome.clone());
    let mut serving = Serving::new(welcome, agent, out.clone());
    tokio::select! {
        () = proving => unreachable!("a proof is waited for until the link is lost"),
        ended = serving.run(inbound) => ended,
        cause = written(writing) => Ok(lost(&cause, true)),
    }
}

async fn written(writing: &mut JoinSet<Result<(), LinkError>>) -> LinkError {
    match writing.join_next().await {
        Some(Ok(Err(cause))) => cause,
        _ => LinkError::Closed,
    }
}

fn lost(cause: &LinkError, was_live: bool) -> Lost {
    Lost {
        cause: cause.to_string(),
        was_live,
        retry_after: None,
    }
}

/// HELLO and what comes back: WELCOME, or why not.
async fn greet(
    out: &Outbound,
    inbound: &mut Inbound<Box<dyn Wire>>,
    hello: Hello,
) -> Result<Result<Box<Welcome>, Lost>, Ended> {
    if let Err(cause) = out.control(Frame::Hello(Box::new(hello))).await {
        return Ok(Err(lost(&cause, false)));
    }
    match timeout(WELCOME_WITHIN, inbound.next()).await {
        Ok(Ok(Incoming::Welcome(welcome))) => Ok(Ok(welcome)),
        Ok(Ok(Incoming::Error(error))) => said(error).map(Err),
        Ok(Ok(_)) => Ok(Err(lost(
            &LinkError::Protocol("the first answer is WELCOME".into()),
            false,
        ))),
        Ok(Err(cause)) => Ok(Err(lost(&cause, false))),
        Err(_) => Ok(Err(lost(&LinkError::Silent(WELCOME_WITHIN), false))),
    }
}

/// What an ERROR means: the end, or another try.
fn said(error: WireError) -> Result<Lost, Ended> {
    match (error.code, error.fatal) {
        (ErrorCode::TakenOver, _) => Err(Ended::TakenOver(error.text)),
        (code, true) => Err(Ended::Refused {
            code,
            text: error.text,
        }),
        (_, false) => {
            let retry_after = error.retry_after_ms.map(Duration::from_millis);
            Ok(Lost {
                cause: error.text,
                was_live: false,
                retry_after,
            })
        }
    }
}

/// A link that is live.
struct Serving<'a> {
    agent: &'a Agent,
    out: Outbound,
    session: SessionId,
    welcome: Box<Welcome>,
    /// Highest seq that was offered, as this end saw it.
    seen: Seq,
    /// Newest seq of the endpoint, as the relay said last.
    head: Seq,
    stuck: Stuck,
    slots: Arc<Semaphore>,
    /// Deliveries whose SENT has not come.
    waiting: HashMap<StreamId, oneshot::Sender<Sent>>,
}

impl<'a> Serving<'a> {
    fn new(welcome: Box<Welcome>, agent: &'a Agent, out: Outbound) -> Self {
        let live = Live {
            url: welcome.url.clone(),
            waiting: welcome.waiting,
            waiting_since: welcome.waiting_since,
            caught_up: 0,
        };
        agent.board.link.send_replace(Link::Live(live));
        Self {
            agent,
            out,
            session: welcome.session.clone(),
            seen: welcome.offered,
            head: welcome.head,
            stuck: Stuck::default(),
            slots: Arc::new(Semaphore::new(usize::from(agent.plan.max_in_flight))),
            waiting: HashMap::new(),
            welcome,
        }
    }

    async fn run(&mut self, inbound: &mut Inbound<Box<dyn Wire>>) -> Result<Lost, Ended> {
        let mut beat =
            interval(Duration::from_millis(self.welcome.heartbeat_ms).clamp(BEATS.0, BEATS.1));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let incoming = tokio::select! {
                incoming = inbound.next() => Some(incoming),
                _ = beat.tick() => None,
            };
            let went = match incoming {
                Some(Ok(incoming)) => self.take(incoming),
                Some(Err(cause)) => return Ok(lost(&cause, true)),
                None => self.beat(),
            };
            match went {
                Ok(()) => {}
                Err(End::Lost(lost)) => return Ok(lost),
                Err(End::Ended(ended)) => return Err(ended),
            }
        }
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), End> {
        match incoming {
            Incoming::Request(stream, head, body) => {
                self.arrived(
                    head.seq,
                    head.gap,
                    head.kind == hooktool_relay::capture::Kind::Waited,
                );
                let (sent, told) = oneshot::channel();
                if head.kind == hooktool_relay::capture::Kind::Live && !head.upgrade {
                    self.waiting.retain(|_, sent| !sent.is_closed());
                    self.waiting.insert(stream, sent);
                }
                let delivery = Delivery {
                    stream,
                    head: *head,
                    body,
                    out: self.out.clone(),
                    told,
                    slots: self.slots.clone(),
                };
                self.agent.deliveries.begin(delivery);
            }
            Incoming::Sent(stream, sent) => {
                if let Some(waiting) = self.waiting.remove(&stream) {
                    let _ = waiting.send(sent);
                }
            }
            Incoming::Heartbeat(beat) => return self.compare(&beat),
            Incoming::GoAway(GoAway {
                reason,
                reconnect_in_ms,
            }) => {
                let retry_after = Some(Duration::from_millis(reconnect_in_ms));
                return Err(End::Lost(Lost {
                    cause: reason,
                    was_live: true,
                    retry_after,
                }));
            }
            Incoming::Error(error) => {
                return Err(match said(error) {
                    Ok(lost) => End::Lost(Lost {
                        was_live: true,
                        ..lost
                    }),
                    Err(ended) => End::Ended(ended),
                });
            }
            // The link told the bodies of that stream already; the forward itself goes on.
            Incoming::Reset(..) => {}
            Incoming::Hello(_)
            | Incoming::Welcome(_)
            | Incoming::Response(..)
            | Incoming::Done(..) => {
                warn!("the relay sent a frame that a relay never sends");
            }
        }
        Ok(())
    }

    /// Counts an arrival for the screen.
    fn arrived(&mut self, seq: Option<Seq>, gap: u64, has_waited: bool) {
        if let Some(seq) = seq {
            self.seen = self.seen.max(seq);
            self.head = self.head.max(seq);
            if gap > 0 {
                let first = Seq(seq.0.saturating_sub(gap));
                let last = Seq(seq.0.saturating_sub(1));
                let (relay, endpoint) = (&self.agent.plan.relay_name, &self.agent.plan.endpoint);
                self.agent
                    .deliveries
                    .history
                    .missed(relay.clone(), endpoint.clone(), gap);
                self.agent.board.tell_gap(Gap { first, last });
            }
        }
        if has_waited {
            self.agent.board.link.send_if_modified(|link| match link {
                Link::Live(live) if live.caught_up < live.waiting => {
                    live.caught_up += 1;
                    true
                }
                _ => false,
            });
        }
    }

    /// Whether the relay still means this session, and offers what it has.
    fn compare(&mut self, beat: &Heartbeat) -> Result<(), End> {
        if beat.session != self.session || beat.epoch != self.welcome.epoch {
            return Err(End::Lost(Lost {
                cause: "the relay forgot this listener".into(),
                was_live: true,
                retry_after: None,
            }));
        }
        self.head = beat.head;
        debug!(head = %beat.head, offered = %beat.offered, seen = %self.seen, "heartbeat");
        // What streams on, and what waits for its record, fills places that only the relay counts.
        let is_due = beat.head > self.seen
            && self.slots.available_permits() > 0
            && self.agent.deliveries.tasks.len() < OPEN;
        if !self
            .stuck
            .is_forgotten(is_due.then_some(self.seen), Instant::now())
        {
            return Ok(());
        }
        let cause = format!(
            "the relay has requests up to {} and delivered only up to {}",
            beat.head, self.seen
        );
        Err(End::Lost(Lost {
            cause,
            was_live: true,
            retry_after: Some(Duration::ZERO),
        }))
    }

    fn beat(&self) -> Result<(), End> {
        let beat = Heartbeat {
            session: self.session.clone(),
            epoch: self.welcome.epoch,
            offered: self.seen,
            head: self.head,
        };
        // A control lane that is full has heartbeats enough behind it.
        let _ = self.out.try_control(Frame::Heartbeat(beat));
        Ok(())
    }
}

/// Why the loop ends.
enum End {
    Lost(Lost),
    Ended(Ended),
}
