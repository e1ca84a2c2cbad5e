//! What becomes of a request's signature when it is sent again: flags of `replay` and, to make it wrong, of `trigger`; one list of variants for whoever sends them.

use clap::{ArgGroup, Args};

use super::value;
use crate::event::Sign;

/// The flags.
#[derive(Debug, Default, Args)]
#[command(group = ArgGroup::new("signs").args(["resign", "bad_signature", "old"]).multiple(true))]
pub struct SignArgs {
    /// Sign it anew: with the present time, by the secret kept for the sender.
    #[arg(long)]
    pub resign: bool,
    /// With --resign: also what came with a bad signature.
    #[arg(long, requires = "resign")]
    pub even_bad: bool,
    /// What is wrong with it.
    #[command(flatten)]
    pub spoil: SpoilArgs,
    /// The URL that the app takes for its own, for senders that sign it
    /// [default: the one that it is called by].
    #[arg(long, value_name = "URL", requires = "signs", value_parser = value::url)]
    pub sign_url: Option<String>,
}

/// The flags that make a signature wrong.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct SpoilArgs {
    /// Make its signature wrong in one character.
    #[arg(long)]
    pub bad_signature: bool,
    /// Sign it rightly, but longer ago than the sender's tolerance.
    #[arg(long)]
    pub old: bool,
}

impl SpoilArgs {
    /// Each variant that is to be sent, in this order.
    pub fn variants(self) -> Vec<Sign> {
        let all = [(self.bad_signature, Sign::Wrong), (self.old, Sign::Old)];
        let wished = all.into_iter().filter(|(is_wished, _)| *is_wished);
        wished.map(|(_, sign)| sign).collect()
    }
}

impl SignArgs {
    /// Each variant that is to be sent, in this order; without a flag the request as it came.
    pub fn variants(&self) -> Vec<Sign> {
        let even_bad = self.even_bad;
        let anew = self.resign.then_some(Sign::Anew { even_bad });
        let wished: Vec<Sign> = anew.into_iter().chain(self.spoil.variants()).collect();
        match wished.is_empty() {
            true => vec![Sign::Keep],
            false => wished,
        }
    }
}
