//! What was measured, as one table for people.
//!
//! In: samples, CPU times, memory. Out: text. `of straight` is the rate through relay and listener as a share of the rate
//! straight to the app in the same run.

use std::{fmt, time::Duration};

use crate::load::Sample;

/// Requests that CPU seconds are told for.
const PER: f64 = 10_000.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Everything of a run.
#[derive(Debug)]
pub(crate) struct Table {
    /// What the disk's sync takes, in order of length.
    pub(crate) sync: Vec<Duration>,
    pub(crate) loads: Loads,
    pub(crate) large: Vec<Transfer>,
    pub(crate) memory: Memory,
}

/// The loads that were run.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    pub(crate) kept: Option<Load>,
    pub(crate) fresh: Option<Load>,
    pub(crate) calm: Option<Load>,
}

/// One load, straight and through.
#[derive(Debug)]
pub(crate) struct Load {
    straight: Sample,
    through: Sample,
    cpu: [Duration; 2],
    behind: Duration,
}

impl Load {
    /// The load straight to the app, and through both hops: its sample, the hops' CPU time, and how long after its last answer
    /// the last try was printed.
    pub(crate) fn of(
        straight: Sample,
        (through, cpu, behind): (Sample, [Duration; 2], Duration),
    ) -> Self {
        Self {
            straight,
            through,
            cpu,
            behind,
        }
    }

    /// CPU seconds per 10,000 requests.
    fn cost(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * PER / (self.through.count().max(1) as f64)
    }
}

/// Large bodies, in bytes a second.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) what: &'static str,
    pub(crate) straight: f64,
    pub(crate) through: f64,
}

/// Memory in RAM, in bytes: of relay and listener.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) idle: [u64; 2],
    pub(crate) loaded: [u64; 2],
    pub(crate) peak: [u64; 2],
    /// Of the relay for one listener more.
    pub(crate) listener: Option<u64>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n2 KiB POST                     requests/s         of       p50        p99      CPU s per 10,000      last line"
        )?;
        writeln!(
            f,
            "                           straight  through  straight    ms         ms    relay listener  both    after, ms"
        )?;
        let Loads { kept, fresh, calm } = &self.loads;
        row(f, "kept alive, 64", kept.as_ref())?;
        row(f, "new connection each, 16", fresh.as_ref())?;
        row(f, "200 a second", calm.as_ref())?;
        self.sync_row(f)?;
        self.large_rows(f)?;
        self.memory_rows(f)
    }
}

fn row(f: &mut fmt::Formatter<'_>, what: &str, load: Option<&Load>) -> fmt::Result {
    let Some(load) = load else {
        return Ok(());
    };
    let (straight, through) = (load.straight.rate(), load.through.rate());
    let [relay, listener] = load.cpu.map(|cpu| load.cost(cpu));
    let quantile = |share| millis(load.through.quantile(share));
    writeln!(
        f,
        "{what:<24} {straight:>10.0} {through:>8.0} {:>9.3} {:>7.2} {:>10.2} {relay:>8.2} {listener:>8.2} {:>5.2} {:>12.0}",
        through / straight,
        quantile(0.5),
        quantile(0.99),
        relay + listener,
        millis(load.behind),
    )?;
    writeln!(
        f,
        "{:<54} {:>7.2} {:>10.2}",
        "  the same, straight",
        millis(load.straight.quantile(0.5)),
        millis(load.straight.quantile(0.99)),
    )
}

impl Table {
    fn sync_row(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.sync.len().saturating_sub(1);
        let at = |share: usize| self.sync.get(last * share / 100).copied();
        writeln!(
            f,
            "{:<54} {:>7.2} {:>10.2}",
            "the disk: 4 KiB, fdatasync",
            millis(at(50).unwrap_or_default()),
            millis(at(99).unwrap_or_default()),
        )
    }

    fn large_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.large.is_empty() {
            writeln!(
                f,
                "\nMiB/s                      straight  through  of straight"
            )?;
        }
        for Transfer {
            what,
            straight,
            through,
        } in &self.large
        {
            let what = format!("10 MiB {what}");
            writeln!(
                f,
                "{what:<24} {:>10.0} {:>8.0} {:>12.3}",
                straight / MIB,
                through / MIB,
                through / straight
            )?;
        }
        Ok(())
    }

    fn memory_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Memory {
            idle,
            loaded,
            peak,
            listener,
        } = &self.memory;
        writeln!(f, "\nMiB in RAM                    relay listener")?;
        for (what, [relay, listener]) in
            [("idle", idle), ("after the loads", loaded), ("most", peak)]
        {
            writeln!(
                f,
                "{what:<24} {:>10.1} {:>8.1}",
                *relay as f64 / MIB,
                *listener as f64 / MIB
            )?;
        }
        if let Some(listener) = listener {
            writeln!(
                f,
                "relay, for each further idle listener: {:.1} KiB",
                *listener as f64 / 1024.0
            )?;
        }
        Ok(())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
