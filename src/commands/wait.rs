//! `hooktool wait`: ends well as soon as so many requests have come that fit a filter; for tests and CI.
//!
//! In: a filter, a count, a time. Out: the requests as they come to fit, each once; exit code 6 when the time is over.
//!
//! ```text
//! start ─▶ look ─ enough ─▶ 0
//!           ▲  └─ too few ─▶ the history changes, or time is over ─▶ 6
//!           └──────────────────────────┘
//! ```
//!
//! A request fits late when the filter asks for its answer: what did not fit is tested again with each change.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use hooktool_relay::capture::UnixMillis;
use tokio::{
    sync::broadcast::error::RecvError,
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout_at},
};

use super::{keyring::FileKeys, list, stored::Stored};
use crate::{
    cli::requests::Wait,
    exchange,
    exit::{Failure, Report},
    filter::{Clock, Filter},
    history::{History, Number, Retention, Select, Summary},
    output::json::{self, record::CaptureRecord},
    search::Search,
    webhook::Keys,
};

/// How long after a change the history is read, so that one look finds what a busy moment brings.
const GATHER: Duration = Duration::from_millis(20);

/// Waits, and prints what fits.
pub(super) async fn run(wait: Wait) -> Result<(), Failure> {
    let until = Instant::now() + wait.timeout;
    let (count, time) = (wait.count, wait.timeout);
    let mut watch = spawn_blocking(move || Watch::new(wait))
        .await
        .map_err(panicked)??;
    let mut changes = watch.history.changes();
    loop {
        let (back, looked) = spawn_blocking(move || {
            let looked = watch.look();
            (watch, looked)
        })
        .await
        .map_err(panicked)?;
        looked?;
        watch = back;
        let found = watch.found.len();
        if found >= count {
            return Ok(());
        }
        match timeout_at(until, changes.recv()).await {
            Err(_) => return Err(too_few(found, count, time)),
            Ok(Err(RecvError::Closed)) => {
                return Err(Failure::History(watch.history.failed().await));
            }
            // Late or told: in both cases the history is read again, which finds all there is.
            Ok(_) => sleep_until(until.min(Instant::now() + GATHER)).await,
        }
        changes = changes.resubscribe();
    }
}

fn too_few(found: usize, count: usize, time: Duration) -> Failure {
    let requests = if count == 1 { "request" } else { "requests" };
    let time = crate::text::duration(time);
    let report = Report::new(format!("{found} of {count} {requests} came in {time}"));
    let hint = "`hooktool list FILTER` shows what fits; --since 5m counts what came before, too";
    Failure::Expectation(report.hint(hint))
}

fn panicked(_: tokio::task::JoinError) -> Failure {
    Failure::Other(Report::new("the history could not be read").because("its thread panicked"))
}

/// What is waited for, and what of it has come.
struct Watch {
    wait: Wait,
    stored: Stored,
    /// Notices what other processes write.
    history: History,
    filter: Filter,
    /// Requests up to this one came too early.
    after: Option<Number>,
    /// What schemes are told by.
    keys: Arc<Keys>,
    found: BTreeSet<Number>,
}

impl Watch {
    fn new(wait: Wait) -> Result<Self, Failure> {
        let stored = Stored::open()?;
        let text = wait.filter.join(" ");
        let filter = Filter::parse(&text, Clock::here(stored.zone))
            .map_err(|error| Failure::Filter(text, error))?;
        let history = History::open(&stored.layers.folders.history(), Retention::default())?;
        let after = before(&stored, wait.since)?;
        let keys = match wait.json {
            true => FileKeys::lenient(&stored.layers),
            false => Arc::default(),
        };
        Ok(Self {
            keys,
            wait,
            stored,
            history,
            filter,
            after,
            found: BTreeSet::new(),
        })
    }

    /// Prints what fits by now and did not before, oldest first, as far as it is asked for.
    fn look(&mut self) -> Result<(), Failure> {
        // A listener may have claimed its endpoint only now.
        let select = Select {
            endpoints: self
                .stored
                .reader
                .endpoints_of(&self.stored.layers.project)?,
            after: self.after,
            ..Select::default()
        };
        let rows = Search::new(&self.stored.reader, &self.filter, &select).all(None)?;
        let mut out = io::stdout().lock();
        for row in rows {
            if self.found.len() < self.wait.count && self.found.insert(row.number) {
                self.print(&row, &mut out)?;
            }
        }
        Ok(out.flush()?)
    }

    fn print(&self, row: &Summary, out: &mut impl io::Write) -> Result<(), Failure> {
        if !self.wait.json {
            return Ok(writeln!(out, "{}", list::line(row, self.stored.zone))?);
        }
        // Retention may have dropped it a moment ago.
        if let Some(request) = self.stored.reader.request(row.number)? {
            let body = exchange::whole(&self.stored.reader, &request)?;
            let record = CaptureRecord::new(&request, body.as_ref());
            json::line(out, &record.signed_by(&request, &self.keys))?;
        }
        Ok(())
    }
}

/// The newest request that came too early to count.
fn before(stored: &Stored, since: Option<Duration>) -> Result<Option<Number>, Failure> {
    let newest = Select {
        limit: since.is_none().then_some(1),
        ..Select::default()
    };
    let rows = stored.reader.list(&newest)?;
    let too_early = match since {
        None => rows.len(),
        Some(since) => {
            let now = UnixMillis::now();
            let in_time = |row: &Summary| now.since(row.received_at) <= since;
            rows.iter().position(in_time).unwrap_or(rows.len())
        }
    };
    Ok(rows
        .get(..too_early)
        .and_then(<[_]>::last)
        .map(|row| row.number))
}
