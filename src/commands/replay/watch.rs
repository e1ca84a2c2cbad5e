//! `replay --watch`: the same requests again whenever files change or the app comes back, until ^C.
//!
//! In: paths, a round. Out: after each round what passed, and what changed in an answer since the round before; a summary at the end.
//!
//! ```text
//! send ─▶ passed or failed, what changed ─▶ look ─ files changed, and rest ─┐
//!  ▲                                         ▲ └─ the app was away, is back ┤
//!  └─────────────────────────────────────────┴──────────────────────────────┘
//! ```
//!
//! Files are looked at, not waited for: it is the same on every system, in containers and on network drives, where a system's own
//! notices do not come. A look at ten thousand files takes some milliseconds.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Case, Round, Telling, What, answers};
use crate::{
    commands::stop,
    exit::{Failure, Report},
    history::KeptAnswer,
    output::say,
    replay,
    target::Target,
};

/// Time between two looks: nobody who saves a file notices it.
const LOOK: Duration = Duration::from_millis(200);

/// Folders that are never looked into: what tools write there is no change of a person's. Hidden ones are left out, too.
const SKIPPED: [&str; 4] = ["target", "node_modules", "__pycache__", "venv"];

/// Most files that are looked at; a folder with more is not what was meant.
const MOST: usize = 50_000;

/// Sends, and again, until the person ends it.
pub(super) async fn run(
    paths: &[PathBuf],
    round: &Round,
    mut telling: Telling,
) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let mut eye = Eye::new(paths.to_vec()).await?;
    let mut tally = Tally::default();
    let watching = async {
        loop {
            // Told as it comes; what cannot be sent at all ends it.
            round.send(&mut telling).await?;
            let cases = telling.take();
            tally.count(&cases, telling.is_json())?;
            let mut away = away(round, &cases);
            loop {
                sleep(LOOK).await;
                if eye.has_changed().await? {
                    break;
                }
                if away.is_back(round).await {
                    break;
                }
            }
        }
    };
    let watched: Result<(), Failure> = tokio::select! {
        ended = watching => ended,
        () = stop::on_signal(stop.clone()) => Ok(()),
        () = stop.cancelled() => Ok(()),
    };
    tally.tell();
    watched
}

/// The apps that were asked, and which of them did not listen at the last look.
struct Away {
    targets: Vec<(Target, bool)>,
}

/// Where the requests of a round go, and who of them refused.
fn away(round: &Round, cases: &[Case]) -> Away {
    let mut targets: Vec<(Target, bool)> = Vec::new();
    for (place, item) in round.items.iter().enumerate() {
        let target = match &item.what {
            What::Given { target, .. } => Some(target.clone()),
            What::Stored(request) => round.to.clone().or_else(|| {
                let attempt = cases.iter().find(|case| case.sending.request == place);
                let attempt = attempt?.attempt.as_ref()?;
                replay::target_of(attempt, &request.capture)
            }),
        };
        let Some(target) = target else { continue };
        let is_unanswered = |case: &Case| case.sending.request == place && case.answer().is_none();
        let is_away = cases.iter().any(is_unanswered);
        match targets.iter_mut().find(|(known, _)| *known == target) {
            Some((_, was_away)) => *was_away |= is_away,
            None => targets.push((target, is_away)),
        }
    }
    Away { targets }
}

impl Away {
    /// Whether one that did not listen listens again.
    async fn is_back(&mut self, round: &Round) -> bool {
        let mut is_back = false;
        for (target, was_away) in &mut self.targets {
            let is_away = round.forwarder.reach(target).await.is_err();
            is_back |= *was_away && !is_away;
            *was_away = is_away;
        }
        is_back
    }
}

/// How the rounds went, and what was answered last.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    before: BTreeMap<(usize, u32), KeptAnswer>,
}

impl Tally {
    /// Says what a round was: on stdout beside its lines, or on stderr beside its records.
    fn count(&mut self, cases: &[Case], is_json: bool) -> Result<(), Failure> {
        let mut changes = Vec::new();
        for case in cases {
            let place = (case.sending.request, case.sending.round);
            let Some(answer) = case.answer() else {
                continue;
            };
            let before = self.before.insert(place, answer.clone());
            let differs =
                before.and_then(|before| answers::difference(&before, answer, ["before", "now"]));
            changes.extend(differs);
        }
        let failed = cases.iter().filter(|case| !passes(case)).count();
        let (word, count) = match failed {
            0 => ("pass", &mut self.passed),
            _ => ("FAIL", &mut self.failed),
        };
        *count += 1;
        let mut text = match cases.len() {
            1 => word.to_owned(),
            all => format!("{word}: {} of {all}", all - failed),
        };
        for difference in &changes {
            for line in difference.lines() {
                text.push_str(&format!("\n    {line}"));
            }
        }
        let shown: Vec<_> = text.lines().collect();
        if is_json {
            for line in shown {
                say(format_args!("{line}"));
            }
            return Ok(());
        }
        let mut out = io::stdout().lock();
        for line in shown {
            writeln!(out, "{line}")?;
        }
        Ok(out.flush()?)
    }

    fn tell(&self) {
        let rounds = self.passed + self.failed;
        let word = if rounds == 1 { "round" } else { "rounds" };
        say(format_args!(
            "{rounds} {word}: {} passed, {} failed",
            self.passed, self.failed
        ));
    }
}

/// Whether a case went well: as expected, and if nothing was, below 400.
fn passes(case: &Case) -> bool {
    case.wrong.is_none() && (case.is_expected || case.answer().is_some_and(|one| one.status < 400))
}

/// What is seen of a file: enough to notice that it is another.
type Look = (Option<SystemTime>, u64);

/// Looks at files.
struct Eye {
    paths: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Look>,
}

impl Eye {
    async fn new(paths: Vec<PathBuf>) -> Result<Self, Failure> {
        if let Some(path) = paths.iter().find(|path| !path.exists()) {
            let report = Report::new(format!("{} cannot be watched", path.display()));
            return Err(Failure::Usage(report.because("it is not there")));
        }
        let seen = look(paths.clone()).await?;
        Ok(Self { paths, seen })
    }

    /// Whether a file has come, changed or gone since the last time; once it has, waits until nothing changes any more, so that a save
    /// of many files is one change.
    async fn has_changed(&mut self) -> Result<bool, Failure> {
        let mut now = look(self.paths.clone()).await?;
        if now == self.seen {
            return Ok(false);
        }
        loop {
            sleep(LOOK).await;
            let later = look(self.paths.clone()).await?;
            let rests = later == now;
            now = later;
            if rests {
                self.seen = now;
                return Ok(true);
            }
        }
    }
}

async fn look(paths: Vec<PathBuf>) -> Result<BTreeMap<PathBuf, Look>, Failure> {
    let looked = spawn_blocking(move || {
        let mut seen = BTreeMap::new();
        for path in &paths {
            see(path, &mut seen);
        }
        seen
    });
    let seen = looked.await.map_err(|_| {
        Failure::Other(Report::new("the files could not be looked at").because("a thread panicked"))
    })?;
    if seen.len() > MOST {
        let report = Report::new("there are too many files to watch");
        let hint = "name the folder with your code: --watch src";
        return Err(Failure::Usage(report.hint(hint)));
    }
    Ok(seen)
}

/// Links are not followed below the paths that were named: they may lead in circles.
fn see(path: &Path, seen: &mut BTreeMap<PathBuf, Look>) {
    // What went a moment ago is not there.
    let Ok(about) = fs::metadata(path) else {
        return;
    };
    if !about.is_dir() {
        seen.insert(path.to_owned(), (about.modified().ok(), about.len()));
        return;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let is_skipped = name.starts_with('.') || SKIPPED.contains(&name.as_ref());
        if seen.len() <= MOST && !is_link && !is_skipped {
            see(&entry.path(), seen);
        }
    }
}
