//! How fast webhooks go through: sender → relay → listener → app, with everything on, beside the same load straight to the app.
//!
//! In: `cargo bench --bench through [-- --quick] [-- --binary FILE]`. Out: one table on stdout, lines of progress on stderr.
//! Relay and listener are the real binary in processes of their own; requests are stored, fsynced, forwarded, recorded and
//! printed as lines, and a load is over when the last one is. Must not know: anything of the binary but its command line and
//! its wire.
//!
//! ```text
//! this process: load ──2 KiB POST──▶ hooktool relay ══ link ══ hooktool listen ──▶ this program as `app`
//!                └──────────────────────────── straight ─────────────────────────▶
//! ```
//!
//! Rates of two runs do not compare; the ratios and the CPU seconds of one run do.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a table for people"
)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

#[path = "through/app.rs"]
mod app;
#[path = "through/links.rs"]
mod links;
#[path = "through/load.rs"]
mod load;
#[path = "through/process.rs"]
mod process;
#[path = "through/table.rs"]
mod table;

use load::{Goal, Sample};
use process::{App, Hop, Listener, Relay};
use table::{Loads, Memory, Table, Transfer};

/// Connections of the load that keeps them.
const KEPT: usize = 64;
/// Connections at once of the load that makes a new one each time.
const FRESH: usize = 16;
/// Requests a second of the calm load.
const CALM: u32 = 200;
/// Body of every request of a load, in bytes.
const SMALL: usize = 2 * 1024;
/// Body of a large request or answer, in bytes.
const LARGE: usize = 10 * 1024 * 1024;
/// Listeners that only hold a link.
const IDLE: usize = 1_000;

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    load: Duration,
    transfers: usize,
    syncs: usize,
}

impl Effort {
    const FULL: Self = Self {
        load: Duration::from_secs(8),
        transfers: 10,
        syncs: 400,
    };
    const QUICK: Self = Self {
        load: Duration::from_secs(2),
        transfers: 3,
        syncs: 100,
    };
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut effort = Effort::FULL;
    let mut binary = PathBuf::from(env!("CARGO_BIN_EXE_hooktool"));
    let mut only = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "app" => return app::run(),
            "--quick" => effort = Effort::QUICK,
            "--binary" => binary = words.next().context("--binary FILE")?.into(),
            "--only" => only = Some(words.next().context("--only kept|fresh|calm|large|idle")?),
            // What cargo itself says.
            "--bench" => {}
            other => bail!("`{other}` is none of --quick, --binary FILE, --only LOAD"),
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let table = runtime.block_on(measure(&binary, effort, only.as_deref()))?;
    print!("{table}");
    std::io::stdout().flush()?;
    Ok(())
}

/// Everything, one after the other, in one run.
async fn measure(binary: &Path, effort: Effort, only: Option<&str>) -> Result<Table> {
    let wants = |load: &str| only.is_none_or(|only| only == load);
    let folder = tempfile::tempdir()?;
    let sync = process::sync_times(folder.path(), effort.syncs)?;
    let app = App::start()?;
    let relay = Relay::start(binary, folder.path()).await?;
    let listener = Listener::start(binary, folder.path(), &relay, app.port)?;
    let through = relay.goal("/bench/hook");
    let straight = app.goal("/hook");
    load::until_answered(&through).await?;
    let both = [&relay.hop, &listener.hop];
    let mut memory = Memory {
        idle: both.map(Hop::memory),
        ..Memory::default()
    };
    let bench = Bench {
        effort,
        straight,
        through,
        listener: &listener,
        both,
    };
    let mut loads = Loads::default();
    if wants("kept") {
        loads.kept = Some(bench.kept().await?);
    }
    if wants("fresh") {
        loads.fresh = Some(bench.fresh().await?);
    }
    memory.loaded = both.map(Hop::memory);
    if wants("calm") {
        loads.calm = Some(bench.calm().await?);
    }
    let mut large = Vec::new();
    if wants("large") {
        large.push(bench.large(&app, &relay, true).await?);
        large.push(bench.large(&app, &relay, false).await?);
    }
    memory.peak = both.map(Hop::peak);
    if wants("idle") {
        memory.listener = Some(per_listener(binary, folder.path()).await?);
    }
    Ok(Table {
        sync,
        loads,
        large,
        memory,
    })
}

/// The two ends of a run.
struct Bench<'a> {
    effort: Effort,
    straight: Goal,
    through: Goal,
    listener: &'a Listener,
    both: [&'a Hop; 2],
}

impl Bench<'_> {
    async fn kept(&self) -> Result<table::Load> {
        eprintln!("kept alive, {KEPT} connections");
        let time = self.effort.load;
        let request = &self.straight.post(SMALL, true);
        let straight = load::kept(&self.straight, request, KEPT, time).await?;
        let request = &self.through.post(SMALL, true);
        let through = self.counted(load::kept(&self.through, request, KEPT, time));
        Ok(table::Load::of(straight, through.await?))
    }

    async fn fresh(&self) -> Result<table::Load> {
        eprintln!("a new connection each, {FRESH} at once");
        let time = self.effort.load;
        let request = &self.straight.post(SMALL, false);
        let straight = load::fresh(&self.straight, request, FRESH, time).await?;
        let request = &self.through.post(SMALL, false);
        let through = self.counted(load::fresh(&self.through, request, FRESH, time));
        Ok(table::Load::of(straight, through.await?))
    }

    async fn calm(&self) -> Result<table::Load> {
        eprintln!("{CALM} a second");
        let time = self.effort.load;
        let request = &self.straight.post(SMALL, true);
        let straight = load::paced(&self.straight, request, CALM, time).await?;
        let request = &self.through.post(SMALL, true);
        let through = self.counted(load::paced(&self.through, request, CALM, time));
        Ok(table::Load::of(straight, through.await?))
    }

    /// A load through both hops: over when its last request is recorded and printed, and all work until then is counted.
    async fn counted(
        &self,
        load: impl Future<Output = Result<Sample>>,
    ) -> Result<(Sample, [Duration; 2], Duration)> {
        let lines = self.listener.lines()?;
        let before = self.both.map(Hop::cpu);
        let sample = load.await?;
        let ended = Instant::now();
        self.listener.wait_for(lines + sample.count()).await?;
        let behind = ended.elapsed();
        let after = self.both.map(Hop::cpu);
        let cpu = [after[0] - before[0], after[1] - before[1]];
        Ok((sample, cpu, behind))
    }

    async fn large(&self, app: &App, relay: &Relay, up: bool) -> Result<Transfer> {
        let (straight, through) = (app.goal("/large"), relay.goal("/bench/large"));
        let (what, count) = (if up { "up" } else { "down" }, self.effort.transfers);
        eprintln!("10 MiB {what}, {count} times");
        let request = |goal: &Goal| match up {
            true => goal.post(LARGE, true),
            false => goal.get(),
        };
        let alone = load::sequence(&straight, &request(&straight), count).await?;
        let request = &request(&through);
        let hops = self.counted(load::sequence(&through, request, count));
        let hops = hops.await?.0;
        Ok(Transfer {
            what,
            straight: alone.bytes_per_second(LARGE),
            through: hops.bytes_per_second(LARGE),
        })
    }
}

/// Memory that an idle listener costs a relay of its own, in bytes.
async fn per_listener(binary: &Path, folder: &Path) -> Result<u64> {
    eprintln!("{IDLE} idle listeners");
    let folder = folder.join("idle");
    std::fs::create_dir(&folder)?;
    let relay = Relay::start(binary, &folder).await?;
    let mut links = links::Links::on(relay.addr);
    // The first ones pay for what all share.
    links.grow(8).await?;
    let before = relay.hop.memory();
    links.grow(IDLE).await?;
    let after = relay.hop.memory();
    Ok(after.saturating_sub(before) / IDLE as u64)
}
