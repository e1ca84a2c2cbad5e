//! Watches the targets' ports, and forwards what is parked, in order, when it opens; and what is held, when a person says so.

use std::{sync::Arc, time::Duration};

use hooktool_relay::capture::{Outcome, UnixMillis};
use tokio::{
    net::TcpStream,
    sync::broadcast,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    event::{Hold, Reach},
    forward::words,
    history::{Cause, Change, HistoryError, Number, Select},
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
    let mut backlog = Backlog::default();
    let mut changes = deliveries.history.changes();
    loop {
        let parked = deliveries.board.hold.borrow().parked;
        let (open, closed) = probe_all(&deliveries, parked > 0).await;
        if backlog.is_due(parked, &open) {
            // A task of its own: a forward under way outlives this watch, as every other does.
            let releasing = deliveries.clone();
            let released = deliveries
                .tasks
                .spawn(async move { release(&releasing, Which::Parked, closed).await });
            backlog.released(released.await.ok().flatten(), open);
        } else {
            backlog.open = open;
        }
        if std::mem::take(&mut backlog.is_stale) {
            recount(&deliveries).await;
        }
        wait(&deliveries, &mut changes, &mut backlog).await;
    }
}

/// Waits until the ports are to be tried again.
async fn wait(
    deliveries: &Deliveries,
    changes: &mut broadcast::Receiver<Change>,
    backlog: &mut Backlog,
) {
    let is_down = matches!(*deliveries.board.reach.borrow(), Reach::Down { .. });
    let mut hold = deliveries.board.hold.subscribe();
    let is_parked = hold.borrow().parked > 0;
    let pause = match (is_parked, is_down) {
        (true, _) => PARKED,
        (false, true) => DOWN,
        (false, false) => WELL,
    };
    let until = Instant::now() + pause;
    loop {
        let change = tokio::select! {
            () = sleep_until(until) => return,
            _ = hold.wait_for(|hold| hold.parked > 0), if !is_parked => return,
            change = changes.recv() => change,
        };
        // This listener's own history tells of changes as long as it lives.
        let is_own = matches!(change, Ok(Change::Captured(_) | Change::Attempted(_)));
        backlog.is_stale |= !is_own;
    }
}

/// What is known of the parked requests, so that the history is read only when one of them may go.
#[derive(Debug, Default)]
struct Backlog {
    /// How many the last look left.
    left: u64,
    /// Targets that were open then, and took what there was for them.
    open: Vec<Target>,
    /// Another process wrote: it may have forwarded some.
    is_stale: bool,
}

impl Backlog {
    /// Whether there may be one whose target is open now.
    fn is_due(&self, parked: u64, open: &[Target]) -> bool {
        let has_opened = open.iter().any(|target| !self.open.contains(target));
        parked > 0 && !open.is_empty() && (has_opened || parked > self.left)
    }

    /// Takes note of a look: how many stay, and which targets turned out to be closed; none if it came to nothing.
    fn released(&mut self, left: Option<(u64, Vec<Target>)>, mut open: Vec<Target>) {
        let (left, closed) = left.unwrap_or_default();
        open.retain(|target| !closed.contains(target));
        (self.left, self.open) = (left, open);
    }
}

/// Forwards what is held, in order.
pub(super) async fn release_held(deliveries: &Deliveries) {
    release(deliveries, Which::Held, Vec::new()).await;
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

/// Sets the counts right after another process wrote. A failure is left to whoever reads next.
async fn recount(deliveries: &Deliveries) {
    for which in [Which::Held, Which::Parked] {
        let mut hold = deliveries.board.hold.borrow().clone();
        if *which.count(&mut hold) > 0 {
            // Not beside a release, which counts itself.
            let _alone = deliveries.releasing.lock().await;
            let _ = recounted(deliveries, which).await;
        }
    }
}

/// Which targets take connections now, and which do not: the default one, or with `all` those of the routes too.
async fn probe_all(deliveries: &Deliveries, all: bool) -> (Vec<Target>, Vec<Target>) {
    let routes = &deliveries.routes;
    let mut targets: Vec<&Target> = Vec::new();
    let is_asked = |target: &Target| all || routes.default.as_ref() == Some(target);
    for target in routes.targets().filter(|target| is_asked(target)) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for target in targets {
        let reach = probe(target).await;
        let side = match reach {
            Reach::Up { .. } => &mut open,
            _ => &mut closed,
        };
        side.push(target.clone());
        if routes.default.as_ref() == Some(target) {
            show(deliveries, reach);
        }
    }
    (open, closed)
}

/// Whether the port takes connections.
async fn probe(target: &Target) -> Reach {
    let began = Instant::now();
    let connecting = TcpStream::connect((target.host.as_str(), target.port));
    let cause = match timeout(CONNECT, connecting).await {
        Ok(Ok(_)) => {
            return Reach::Up {
                took: began.elapsed(),
            };
        }
        Ok(Err(error)) => words::of_system(&error),
        Err(_) => "no answer".into(),
    };
    Reach::Down {
        since: UnixMillis::now(),
        cause,
    }
}

/// Tells the screen of the default target's port, if that changed.
fn show(deliveries: &Deliveries, reach: Reach) {
    let is_open = matches!(reach, Reach::Up { .. });
    deliveries.board.reach.send_if_modified(|now| {
        let was_open = matches!(now, Reach::Up { .. });
        let changed = was_open != is_open || *now == Reach::Unknown;
        if changed {
            *now = reach;
        }
        changed
    });
}

/// Forwards these, in order for each target; what goes to a closed one stays. How many do, and all that are closed; none if the
/// listener ended meanwhile.
async fn release(
    deliveries: &Deliveries,
    which: Which,
    closed: Vec<Target>,
) -> Option<(u64, Vec<Target>)> {
    let stop = &deliveries.stop;
    let released = stop.run_until_cancelled(released(deliveries, which, closed));
    match released.await? {
        Ok(left) => Some(left),
        Err(error) => {
            deliveries.fail(error);
            None
        }
    }
}

async fn released(
    deliveries: &Deliveries,
    which: Which,
    mut closed: Vec<Target>,
) -> Result<(u64, Vec<Target>), HistoryError> {
    let _alone = deliveries.releasing.lock().await;
    let numbers = recounted(deliveries, which).await?;
    let mut left = numbers.len() as u64;
    for number in numbers {
        if deliveries.leaving.is_cancelled() {
            break;
        }
        if deliveries.release_one(number, which, &mut closed).await? {
            less(deliveries, which, 1);
            left -= 1;
        }
    }
    Ok((left, closed))
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
                let row = reader.summary(number)?;
                if row.is_some_and(|(_, row)| routes.pick(&row.path).is_some()) {
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

#[cfg(test)]
mod tests {
    use std::slice::from_ref as one;

    use super::*;

    #[test]
    fn the_history_is_looked_at_only_when_something_may_go() {
        let target = |text: &str| text.parse::<Target>().unwrap();
        let (app, other) = (target("3000"), target("3001"));
        let mut backlog = Backlog::default();
        assert!(!backlog.is_due(0, one(&app)), "nothing is parked");
        assert!(!backlog.is_due(2, &[]), "nothing is open");
        assert!(backlog.is_due(2, one(&app)), "it has opened");
        backlog.released(Some((1, vec![other.clone()])), vec![app.clone()]);
        assert!(!backlog.is_due(1, one(&app)), "all of it was tried");
        assert!(backlog.is_due(2, one(&app)), "one more was parked");
        assert!(
            backlog.is_due(1, &[app.clone(), other.clone()]),
            "the other opened"
        );
        backlog.released(Some((1, vec![app.clone()])), vec![app.clone()]);
        assert!(
            backlog.is_due(1, one(&app)),
            "it refused after all, and is open again"
        );
    }
}
