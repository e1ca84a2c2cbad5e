//! Watches the target's port, and forwards what is parked, in order, when it opens; and what is held, when a person says so.

use std::{sync::Arc, time::Duration};

use hooktool_relay::capture::{Capture, Outcome, UnixMillis};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    event::Reach,
    forward::Tried,
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

/// Waits between the tries of `--retry`: 1, 5, then 30 s each, with up to a tenth more.
const RETRIES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// Never ends.
pub(super) async fn watch(deliveries: Arc<Deliveries>) {
    if let Err(error) = count(&deliveries).await {
        deliveries.fail(error);
    }
    loop {
        let is_open = match deliveries.routes.default.clone() {
            Some(target) => probe(&deliveries, &target).await,
            None => !deliveries.routes.routes.is_empty(),
        };
        if is_open && deliveries.board.hold.borrow().parked > 0 {
            let parked = deliveries.stored(Which::Parked).await;
            release(&deliveries, parked, Which::Parked).await;
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
    let held = deliveries.stored(Which::Held).await;
    release(deliveries, held, Which::Held).await;
}

/// What was not forwarded when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Held,
    Parked,
}

/// Finds out how much an earlier listener left behind.
async fn count(deliveries: &Deliveries) -> Result<(), HistoryError> {
    let held = deliveries.stored(Which::Held).await?.len() as u64;
    let parked = deliveries.stored(Which::Parked).await?.len() as u64;
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

/// Forwards these, in order, until one is refused.
async fn release(
    deliveries: &Deliveries,
    numbers: Result<Vec<Number>, HistoryError>,
    which: Which,
) {
    let released = async {
        for number in numbers? {
            if !deliveries.forward_stored(number, Cause::Released).await? && which == Which::Parked
            {
                return Ok(());
            }
            deliveries.board.hold.send_modify(|hold| match which {
                Which::Held => hold.held = hold.held.saturating_sub(1),
                Which::Parked => hold.parked = hold.parked.saturating_sub(1),
            });
        }
        Ok(())
    };
    if let Err(error) = released.await {
        deliveries.fail(error);
    }
}

impl Deliveries {
    /// The requests of this endpoint whose latest attempt is held or parked, oldest first.
    async fn stored(&self, which: Which) -> Result<Vec<Number>, HistoryError> {
        let select = Select {
            endpoints: vec![(self.relay.to_string(), self.endpoint.clone())],
            ..Select::default()
        };
        self.read(move |reader| match which {
            Which::Held => reader.held(&select),
            Which::Parked => reader.parked(&select),
        })
        .await
    }

    /// Forwards a recorded request again and records that; false if the target refused it, which leaves a parked one parked.
    async fn forward_stored(&self, number: Number, cause: Cause) -> Result<bool, HistoryError> {
        let Some(request) = self.read(move |reader| reader.request(number)).await? else {
            return Ok(true);
        };
        let capture = request.capture;
        let Some(target) = self.routes.pick(&capture.path).cloned() else {
            return Ok(true);
        };
        let tried = self.forward_again(&target, &capture, number).await;
        let was_refused =
            matches!(&tried.result, Err(failure) if failure.outcome == Outcome::Refused);
        if was_refused && cause == Cause::Released {
            return Ok(false);
        }
        self.record_again(&capture, tried, cause).await?;
        Ok(!was_refused)
    }

    /// Repeats a refused or timed-out forward, as `--retry` says, beside everything else.
    pub(super) fn retry(self: &Arc<Self>, capture: Arc<Capture>, target: Target, times: u32) {
        let this = self.clone();
        self.spawn(async move {
            let number = match this
                .read({
                    let id = capture.id;
                    move |reader| reader.by_id(id)
                })
                .await
            {
                Ok(Some(number)) => number,
                Ok(None) => return,
                Err(error) => return this.fail(error),
            };
            for time in 0..times {
                let wait = RETRIES[RETRIES.len().min(time as usize + 1) - 1];
                sleep(wait.mul_f64(1.0 + super::random() / 10.0)).await;
                let tried = this.forward_again(&target, &capture, number).await;
                let again = Self::is_repeatable(&tried);
                if let Err(error) = this.record_again(&capture, tried, Cause::Retry).await {
                    return this.fail(error);
                }
                if !again {
                    return;
                }
            }
        });
    }

    async fn forward_again(&self, target: &Target, capture: &Capture, number: Number) -> Tried {
        let body = self.history.stored_body(number, &capture.body);
        self.forward(target, capture, body).await
    }
}
