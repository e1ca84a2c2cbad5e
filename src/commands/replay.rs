//! `hooktool replay`: requests of the history or of files, sent straight to the target once more.
//!
//! In: ids, a filter or files, what to change, what to expect. Out: a line or a record a try, and what came of all. Tries of stored
//! requests are in the history, where a running `listen` sees them. All requests are looked up before anything is sent.
//!
//! ```text
//! items ─▶ lab ─▶ sent ─▶ judged ─▶ told ─▶ table, report, exit code
//! ```

use std::path::Path;

use crate::{
    cli::{lab::LabArgs, requests::Replay},
    config::Settings,
    exit::{Failure, Report},
    forward::Forwarder,
    history::{Attempt, History, PickError, Retention},
    output::say,
    replay::{self, Lab, ReplayError, Sending, Sign, Variant, With},
    target::{Routes, Target},
    text::{self, Mode},
    webhook::Keyring,
};

use super::{keyring::FileKeys, signing, stored::Stored};

mod answers;
mod cases;
mod items;
mod junit;
mod many;
mod table;
mod tally;
mod telling;
mod watch;

use cases::Case;
pub(super) use cases::Wanted;
use cases::judge;
pub(super) use items::Item;
use items::What;
pub(super) use tally::Tally;
pub(super) use telling::Telling;

/// Sends the requests.
pub(super) async fn run(args: Replay) -> Result<(), Failure> {
    let stored = Stored::open()?;
    let settings = Settings::resolve(&stored.layers)?;
    let Some(items) = items::chosen(&args, &stored, &settings.routes)? else {
        return Ok(());
    };
    let keys = FileKeys::read(&stored.layers)?;
    let round = Round::new(&args, items, &settings, keys)?;
    let wanted = Wanted::new(args.expect.clone(), args.expect_same);
    let telling = Telling::new(args.json, wanted, stored);
    if args.watch.is_empty() {
        round.once(args.junit.as_deref(), telling).await
    } else {
        watch::run(&args.watch, &round, telling).await
    }
}

/// What is sent, and how.
pub(super) struct Round {
    pub(super) items: Vec<Item>,
    pub(super) lab: Lab,
    pub(super) to: Option<Target>,
    pub(super) routes: Routes,
    pub(super) forwarder: Forwarder,
    pub(super) keys: Box<dyn Keyring>,
    /// Where tries of stored requests are recorded; none if all are of files.
    pub(super) history: Option<History>,
}

impl Round {
    fn new(
        args: &Replay,
        items: Vec<Item>,
        settings: &Settings,
        keys: FileKeys,
    ) -> Result<Self, Failure> {
        let forwarder = Forwarder::new(settings.forward.clone()).map_err(|why| {
            let report = Report::new("requests cannot be sent like this");
            Failure::Usage(report.because(why))
        })?;
        let history = match items.iter().any(Item::is_stored) {
            true => Some(History::open(
                &settings.folders.history(),
                Retention::default(),
            )?),
            false => None,
        };
        Ok(Self {
            lab: lab(&args.lab, args.sign.variants())?,
            items,
            to: args.to.clone(),
            routes: settings.routes.clone(),
            forwarder,
            keys: Box::new(keys),
            history,
        })
    }

    /// Sends all of it once, and judges it.
    pub(super) async fn once(
        &self,
        junit: Option<&Path>,
        mut telling: Telling,
    ) -> Result<(), Failure> {
        let sent = self.send(&mut telling).await;
        let cases = telling.take();
        if let Some(path) = junit {
            junit::write(path, &cases)?;
        }
        sent?;
        table::tell(telling.is_json(), &self.lab, &self.items, &cases)?;
        judge(&cases, &telling.wanted)
    }

    /// Sends all of it once; each result goes to `telling`, which ends it when something cannot be sent at all.
    async fn send(&self, telling: &mut Telling) -> Result<(), Failure> {
        let send = |sending: Sending| self.one(sending);
        let tell = |sending: Sending, sent| match self.items.get(sending.request) {
            Some(item) => telling.tell(item, sending, sent),
            None => Ok(()),
        };
        self.lab.run(self.items.len(), send, tell).await
    }

    async fn one(&self, sending: Sending) -> Result<Attempt, ReplayError> {
        let Some(item) = self.items.get(sending.request) else {
            return Err(ReplayError::NoRequest(0));
        };
        let (forwarder, edits) = sending.variant.applied(&self.forwarder, &item.edits);
        match (&item.what, &self.history) {
            (What::Stored(request), Some(history)) => {
                let with = With {
                    history,
                    forwarder: &forwarder,
                    otherwise: &self.routes,
                    keys: self.keys.as_ref(),
                    say: &|number, word| {
                        let told = signing::sentence(number, word, "; --resign signs it anew");
                        say(format_args!("{}", text::safe(told.as_bytes(), Mode::Cell)));
                    },
                };
                let (number, to) = (request.summary.number, self.to.clone());
                replay::run(&with, number, to, &edits).await
            }
            (What::Stored(request), None) => Err(ReplayError::NoRequest(request.summary.number)),
            (
                What::Given {
                    fixture, target, ..
                },
                _,
            ) => {
                let request = (&fixture.capture, &fixture.body);
                Ok(replay::given(&forwarder, target, request, &edits).await)
            }
        }
    }
}

/// How it is sent; says the seed of a new order. `signs`: what is made of the signature.
pub(super) fn lab(args: &LabArgs, signs: Vec<Sign>) -> Result<Lab, Failure> {
    let seed = match (args.shuffle, args.seed) {
        (false, _) => None,
        (true, Some(seed)) => Some(seed),
        (true, None) => {
            let mut bytes = [0; 4];
            let drawn = aws_lc_rs::rand::fill(&mut bytes);
            drawn.map_err(|_| Failure::Other(Report::new("the system gives no random numbers")))?;
            Some(u64::from(u32::from_be_bytes(bytes)))
        }
    };
    if let Some(seed) = seed {
        say(format_args!(
            "shuffled: --seed {seed} gives this order again"
        ));
    }
    // One list: each flag that names a way of sending puts its variant here.
    let signs = signs.into_iter().filter(|sign| *sign != Sign::Keep);
    let mut variants: Vec<_> = signs.map(Variant::Signed).collect();
    if args.cut {
        variants.push(Variant::Cut);
    }
    if variants.is_empty() {
        variants.push(Variant::Plain);
    }
    Ok(Lab {
        variants,
        times: u32::try_from(args.times).unwrap_or(u32::MAX),
        gap: args.delay.unwrap_or_default(),
        parallel: args.parallel,
        seed,
    })
}

/// Why a request was not sent at all.
pub(super) fn refused(error: &ReplayError) -> Failure {
    match error {
        ReplayError::NoRequest(number) => Failure::Pick(PickError::None {
            asked: number.to_string(),
            nearest: None,
        }),
        ReplayError::NoTarget(number) => {
            let report = Report::new(format!("#{number} was never forwarded"));
            Failure::Usage(report.hint(format!(
                "name a target: `hooktool replay {number} --to 3000`"
            )))
        }
        ReplayError::Upgrade(_) => Failure::Other(Report::new(error.to_string())),
        ReplayError::Unsigned(number, why) => signing::refused(*number, why),
        ReplayError::History(error) => Failure::History(error.clone()),
    }
}
