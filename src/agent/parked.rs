//! Watches the target's port, and forwards what is parked, in order, when it opens; and what is held, when a person says so.

use std::{sync::Arc, time::Duration};

use hooktool_relay::capture::{Outcome, UnixMillis};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    event::{Hold, Reach},
    history::{Cause, HistoryError, Number, Select},
    target::Target,
};

use super::delivery::Deliveries;

/// How often the port is tried: while all is well, while it is closed, and while something is parked.
const WELL: Duration = Duration::from_secs(15);
const DOWN: Duration = Duration::from_secs(5);
const PARKED: Duration = Duration::from_secs(1);

/// A port that does not answer for so long counts as closed.
const CONNECT: Duration = Duration::from_secs(3);

/// Never ends.
pub(super) async fn watch(deliveries: Arc<Deliveries>) {
    loop {
        let closed = match &deliveries.routes.default {
            Some(target) if !probe(&deliveries, target).await => Some(target.clone()),
            _ => None,
        };
        let is_open = closed.is_none();
        if deliveries.board.hold.borrow().parked > 0 {
            // A task of its own: a forward under way outlives this watch, as every other does.
            let releasing = deliveries.clone();
            let released = deliveries
                .tasks
                .spawn(async move { release(&releasing, Which::Parked, closed).await });
            let _ = released.await;
        }
        let pause = match (deliveries.board.hold.borrow().parked, is_open) {
            (1.., _) => PARKED,
            (0, false) => DOWN,
            (0, true) => WELL,
        };
        let mut hold = deliveries.board.hold.subscribe();
        tokio::select! {
            () = sleep(pause) => {}
            _ = hold.wait_for(|hold| hold.parked > 0), if pause != PARKED => {}
        }
    }
}

/// Forwards what is held, in order.
pub(super) async fn release_held(deliveries: &Deliveries) {
    release(deliveries, Which::Held, None).await;
}

/// What was not forwarded when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Held,
    Parked,
}

impl Which {
    fn outcome(self) -> Outcome {
        match self {
            Self::Held => Outcome::Held,
            Self::Parked => Outcome::Parked,
        }
    }

    fn count(self, hold: &mut Hold) -> &mut u64 {
        match self {
            Self::Held => &mut hold.held,
            Self::Parked => &mut hold.parked,
        }
    }
}

/// Finds out how much an earlier listener left behind.
pub(super) async fn count(deliveries: &Deliveries) -> Result<(), HistoryError> {
    let held = deliveries.kept_back(Which::Held).await?.len() as u64;
    let parked = deliveries.kept_back(Which::Parked).await?.len() as u64;
    deliveries.board.hold.send_modify(|hold| {
        hold.held = held;
        hold.parked = parked;
    });
    Ok(())
}

/// Whether the port takes connections; the screen is told when that changed.
async fn probe(deliveries: &Deliveries, target: &Target) -> bool {
    let began = Instant::now();
    let connected = timeout(
        CONNECT,
        TcpStream::connect((target.host.as_str(), target.port)),
    )
    .await;
    let reach = match connected {
        Ok(Ok(_)) => Reach::Up {
            took: began.elapsed(),
        },
        Ok(Err(error)) => Reach::Down {
            since: UnixMillis::now(),
            cause: error.to_string(),
        },
        Err(_) => Reach::Down {
            since: UnixMillis::now(),
            cause: "no answer".into(),
        },
    };
    let is_open = matches!(reach, Reach::Up { .. });
    deliveries.board.reach.send_if_modified(|now| {
        let was_open = matches!(now, Reach::Up { .. });
        let changed = was_open != is_open || *now == Reach::Unknown;
        if changed {
            *now = reach;
        }
        changed
    });
    is_open
}

/// Forwards these, in order for each target; what goes to a closed one stays.
async fn release(deliveries: &Deliveries, which: Which, closed: Option<Target>) {
    let stop = &deliveries.stop;
    let released = stop.run_until_cancelled(released(deliveries, which, closed));
    if let Some(Err(error)) = released.await {
        deliveries.fail(error);
    }
}

async fn released(
    deliveries: &Deliveries,
    which: Which,
    closed: Option<Target>,
) -> Result<(), HistoryError> {
    let _alone = deliveries.releasing.lock().await;
    let numbers = recounted(deliveries, which).await?;
    if closed.is_some() && deliveries.routes.routes.is_empty() {
        return Ok(());
    }
    let mut closed: Vec<Target> = closed.into_iter().collect();
    for number in numbers {
        if deliveries.leaving.is_cancelled() {
            break;
        }
        if deliveries.release_one(number, which, &mut closed).await? {
            less(deliveries, which, 1);
        }
    }
    Ok(())
}

/// What is held or parked, the count of it set right: another process may have forwarded some. One that is recorded already, and
/// counted in a moment, makes the correction smaller, never larger.
async fn recounted(deliveries: &Deliveries, which: Which) -> Result<Vec<Number>, HistoryError> {
    let counted = *which.count(&mut deliveries.board.hold.borrow().clone());
    let numbers = deliveries.kept_back(which).await?;
    let elsewhere = counted.saturating_sub(numbers.len() as u64);
    if elsewhere > 0 {
        less(deliveries, which, elsewhere);
    }
    Ok(numbers)
}

fn less(deliveries: &Deliveries, which: Which, by: u64) {
    deliveries.board.hold.send_modify(|hold| {
        let count = which.count(hold);
        *count = count.saturating_sub(by);
    });
}

impl Deliveries {
    /// The requests of this endpoint whose latest attempt is held or parked, oldest first. What no route takes is left to a
    /// listener that has one.
    async fn kept_back(&self, which: Which) -> Result<Vec<Number>, HistoryError> {
        let select = Select {
            endpoints: vec![(self.relay.to_string(), self.endpoint.clone())],
            ..Select::default()
        };
        let routes = self.routes.clone();
        self.read(move |reader| {
            if routes.default.is_none() && routes.routes.is_empty() {
                return Ok(Vec::new());
            }
            let numbers = match which {
                Which::Held => reader.held(&select)?,
                Which::Parked => reader.parked(&select)?,
            };
            if routes.default.is_some() {
                return Ok(numbers);
            }
            let mut routed = Vec::new();
            for number in numbers {
                let request = reader.request(number)?;
                if request.is_some_and(|it| routes.pick(&it.capture.path).is_some()) {
                    routed.push(number);
                }
            }
            Ok(routed)
        })
        .await
    }

    /// Forwards a request that is held or parked, and records that; false if it stays what it is.
    async fn release_one(
        &self,
        number: Number,
        which: Which,
        closed: &mut Vec<Target>,
    ) -> Result<bool, HistoryError> {
        let Some(request) = self.read(move |reader| reader.request(number)).await? else {
            return Ok(true);
        };
        let (capture, last) = (request.capture, request.summary.last);
        if last.is_none_or(|last| last.outcome != which.outcome()) {
            return Ok(true);
        }
        let Some(target) = self.routes.pick(&capture.path) else {
            return Ok(false);
        };
        if !closed.contains(target) {
            let tried = self.forward_again(target, &capture, number).await;
            let is_refused =
                matches!(&tried.result, Err(failure) if failure.outcome == Outcome::Refused);
            if !is_refused {
                self.record_again(&capture, tried, Cause::Released).await?;
                return Ok(true);
            }
            closed.push(target.clone());
        }
        if which == Which::Held {
            let outcome = Outcome::Parked;
            self.record_unsent(capture.id, outcome, Cause::Released, None)
                .await?;
            self.board.hold.send_modify(|hold| hold.parked += 1);
        }
        Ok(which == Which::Held)
    }
}
