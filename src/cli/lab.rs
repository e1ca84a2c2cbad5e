//! How requests are sent in a lab for failures: flags of `replay` and `trigger`.

use std::time::Duration;

use clap::Args;

use super::value;

/// The flags.
#[derive(Debug, Args)]
pub struct LabArgs {
    /// Send each one so often; with --parallel that is a duplicate at once.
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::count)]
    pub times: usize,
    /// So many under way at a time.
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::parallel)]
    pub parallel: usize,
    /// Begin each one so long after the one before it: redeliveries that come
    /// late.
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub delay: Option<Duration>,
    /// Send them out of order; the seed that it says gives this order again.
    #[arg(long)]
    pub shuffle: bool,
    /// The order of an earlier --shuffle.
    #[arg(long, value_name = "N", requires = "shuffle")]
    pub seed: Option<u64>,
    /// Drop the connection when the request is sent, before the answer.
    #[arg(long)]
    pub cut: bool,
}
