//! The command line: flags, help and value parsers, by clap's derive and nothing else.
//!
//! In: the words after `hooktool`. Out: a [`Cli`], and clap's own matches, which know whether a value came by flag or by
//! `HOOKTOOL_*`. Must not know: what a verb does.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

pub mod export;
pub mod lab;
pub mod listen;
mod names;
pub mod relay;
pub mod requests;
pub mod sign;
pub mod value;
pub mod webhook;

use export::{Diff, Export};
use listen::Listen;
use relay::{Login, Relay};
use requests::{List, Replay, Show, Wait};
use webhook::{Providers, Secret, Trigger, Verify};

/// Order of every help page: what it does, what to type, and only then the grammar.
const TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  hooktool listen 3000             a URL for whatever runs on port 3000
  hooktool list                    what came so far
  hooktool show last               the newest request and its tries
  hooktool replay last             send it to the app once more";

const EXIT_CODES: &str = "\
Exit codes:
  0 ok  1 failed  2 usage  3 config or secret  4 relay unreachable or refused
  5 target unreachable  6 expectation not met  7 no such request  130 second ^C";

/// Receive webhooks on your own machine: capture, forward, inspect, replay.
#[derive(Debug, Parser)]
#[command(
    name = "hooktool",
    version,
    max_term_width = 80,
    disable_help_subcommand = true,
    before_help = EXAMPLES,
    after_help = EXIT_CODES
)]
pub struct Cli {
    /// What to do; none prints the help.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Receive requests at a public URL and forward them to a local port.
    Listen(Listen),
    /// Look at what is stored on the screen of `listen`, without a relay.
    #[command(before_help = "Examples:\n  hooktool open")]
    Open,
    /// List the stored requests of this folder, newest last.
    List(List),
    /// Wait until a request comes that fits: for tests and CI.
    Wait(Wait),
    /// Show one stored request and its tries.
    Show(Show),
    /// Send stored requests to the target once more, byte for byte.
    Replay(Replay),
    /// Compare two stored requests, or two tries.
    Diff(Diff),
    /// Write stored requests for other programs: HAR, .http, JSON lines, curl.
    Export(Export),
    /// Send a realistic, signed sample of a known sender's webhook.
    Trigger(Trigger),
    /// Judge a request's signature, and name what is wrong with it.
    Verify(Verify),
    /// Keep the signing secrets of senders, on this machine alone.
    Secret(Secret),
    /// List the senders that hooktool knows.
    Providers(Providers),
    /// Run the public server, or manage its tokens.
    Relay(Relay),
    /// Keep a relay and its token in your own config.
    Login(Login),
    /// Show the settings in force, and where each came from.
    Config(Config),
    /// Print a completion script for a shell.
    Completions(Completions),
    /// Print the manual page.
    #[command(before_help = "Examples:\n  hooktool man > hooktool.1")]
    Man,
}

/// `hooktool config`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  hooktool config show\n  hooktool config path")]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

/// The verbs below `hooktool config`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print every setting with its value and where it came from.
    #[command(before_help = "Examples:\n  hooktool config show")]
    Show,
    /// Print the files and folders that hooktool uses.
    #[command(before_help = "Examples:\n  hooktool config path")]
    Path,
}

/// `hooktool completions`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  hooktool completions bash > hooktool.bash")]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// The whole grammar, with the order of help set on every verb.
pub fn command() -> Command {
    templated(Cli::command()).mut_subcommand("listen", |listen| listen.mut_args(with_variable))
}

/// Names the variable that stands for a flag of `listen`; `config` reads it, since files come between it and the default.
fn with_variable(arg: Arg) -> Arg {
    let id = arg.get_id().as_str();
    if matches!(id, "help" | "verbose" | "quiet") {
        return arg;
    }
    let variable = format!(" [env: HOOKTOOL_{}]", id.to_ascii_uppercase());
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(help + &variable)
}

fn templated(command: Command) -> Command {
    command.help_template(TEMPLATE).mut_subcommands(templated)
}

/// Reads a command line, the program's name first.
///
/// # Errors
/// clap's: a usage error; or help or version, which are asked for.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, ArgMatches), clap::Error> {
    let matches = command().try_get_matches_from(negated(args))?;
    let cli = Cli::from_arg_matches(&matches)?;
    Ok((cli, matches))
}

/// The words of the verbs that take a filter, where `-status:2xx` is a term of it and no flag: they have none of one letter but
/// `-h` and `-o`.
fn negated(args: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut has_filter = false;
    args.into_iter().enumerate().map(move |(place, arg)| {
        has_filter |= place == 1 && ["list", "wait", "export"].iter().any(|verb| arg == *verb);
        let term = arg.to_str().and_then(|text| text.strip_prefix('-'));
        match term.filter(|term| has_filter && is_term(term)) {
            // The same to a filter.
            Some(term) => format!("!{term}").into(),
            None => arg,
        }
    })
}

/// Whether what stands behind a hyphen is a term: not `-`, `h`, `-json`, or `-o=FILE`.
fn is_term(text: &str) -> bool {
    let second = text.chars().nth(1);
    !text.starts_with('-') && second.is_some_and(|second| second != '=')
}

#[cfg(test)]
mod tests;
