//! The verbs, one short file each, and the way to them: words → verb → settings → what the verb does.
//!
//! In: the command line. Out: a [`Failure`] or nothing; data on stdout, talk on stderr.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    num::NonZero,
    time::Duration,
};

use clap::ArgMatches;
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{self, Cli, Verb, relay::RelayVerb},
    config::{Layers, Settings},
    exit::{Failure, Report},
    output::{self, Output, Surroundings},
};

mod body;
mod config;
mod diff;
mod draft;
mod edit;
mod export;
mod keyring;
mod list;
mod listen;
mod login;
mod open;
mod probe;
mod prompt;
mod providers;
mod recognise;
mod relay;
mod replay;
mod secret;
mod senders;
mod show;
mod signing;
mod stop;
mod stored;
mod token;
mod trigger;
mod verify;
mod wait;
mod wishes;

/// How long threads that still read or write a pipe may keep a finished command from ending.
const LEFTOVERS: Duration = Duration::from_millis(200);

/// Runs a command line, the program's name first.
///
/// # Errors
/// Why it did not do what was asked.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let (Cli { verb }, matches) = cli::parse(args)?;
    match verb {
        None => help(),
        Some(Verb::List(list)) => list::run(&list),
        Some(Verb::Show(show)) => show::run(&show),
        Some(Verb::Diff(args)) => diff::run(&args),
        Some(Verb::Export(args)) => export::run(&args),
        Some(Verb::Verify(args)) => verify::run(&args),
        Some(Verb::Secret(secret)) => secret::run(&secret.verb),
        Some(Verb::Providers(args)) => providers::run(&args),
        Some(Verb::Config(config)) => config::run(config.verb),
        Some(Verb::Completions(completions)) => {
            let mut script = Vec::new();
            clap_complete::generate(
                completions.shell,
                &mut cli::command(),
                "hooktool",
                &mut script,
            );
            Ok(io::stdout().lock().write_all(&script)?)
        }
        Some(Verb::Man) => man(),
        Some(Verb::Listen(flags)) => {
            let layers = layers(&matches)?;
            let settings = Settings::resolve(&layers)?;
            let level = i16::from(flags.verbose) - i16::from(flags.quiet);
            let shown = output::choose(settings.output, Surroundings::here());
            wait_on(
                threads(shown == Some(Output::Tui)),
                listen::run(settings, layers, level),
            )
        }
        Some(Verb::Open) => wait_for(open::run()),
        Some(Verb::Wait(args)) => wait_for(wait::run(args)),
        Some(Verb::Replay(replay)) => wait_for(replay::run(replay)),
        Some(Verb::Trigger(args)) => match args.list {
            true => trigger::list(&args),
            false => wait_for(trigger::run(args)),
        },
        Some(Verb::Login(login)) => wait_for(login::run(login)),
        Some(Verb::Relay(relay)) => match relay.verb {
            Some(RelayVerb::Token(token)) => wait_for(token::run(token.verb)),
            None => {
                logs();
                let has_handshakes = relay.serve.tls_cert.is_some();
                wait_on(threads(has_handshakes), relay::run(relay.serve))
            }
        },
    }
}

fn help() -> Result<(), Failure> {
    let help = cli::command().render_help();
    Ok(write!(io::stdout().lock(), "{help}")?)
}

fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(cli::command()).render(&mut page)?;
    for verb in cli::command().get_subcommands() {
        let name = format!("hooktool-{}", verb.get_name());
        clap_mangen::Man::new(verb.clone().display_name(name)).render(&mut page)?;
    }
    Ok(io::stdout().lock().write_all(&page)?)
}

/// Log lines on stderr: what `HOOKTOOL_LOG` asks for, else what an operator wants to know.
fn logs() {
    let filter = EnvFilter::try_from_env("HOOKTOOL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // It tells of a closed stderr on stderr, and panics by it.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

fn layers(matches: &ArgMatches) -> Result<Layers, Failure> {
    let flags = matches.subcommand().map(|(_, flags)| flags);
    Ok(Layers::read(flags, &here()?)?)
}

/// The current folder.
fn here() -> Result<std::path::PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        let report = Report::new("the current folder cannot be used");
        Failure::Other(report.because(error.to_string()))
    })
}

/// How many threads carry webhooks: one for each core but that of the thread which writes them to the disk; with more threads
/// than cores they only wake each other. What takes its time beside them, a screen to draw or TLS handshakes, gets one more.
fn threads(has_more_to_do: bool) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    (cores - 1).max(1) + usize::from(has_more_to_do)
}

/// Runs a verb on as many threads as there are cores.
fn wait_for(
    verb: impl Future<Output = Result<(), Failure>> + Send + 'static,
) -> Result<(), Failure> {
    wait_on(threads(true), verb)
}

/// Runs a verb on the runtime's own threads: on this one, each of its wake-ups would be a switch between threads.
fn wait_on(
    threads: usize,
    verb: impl Future<Output = Result<(), Failure>> + Send + 'static,
) -> Result<(), Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(threads).enable_all().build();
    let runtime = runtime.map_err(|error| {
        let report = Report::new("no threads can be started");
        Failure::Other(report.because(error.to_string()))
    })?;
    let mut running = JoinSet::new();
    running.spawn_on(verb, runtime.handle());
    let result = match runtime.block_on(running.join_next()) {
        Some(Ok(result)) => result,
        Some(Err(panicked)) if panicked.is_panic() => {
            std::panic::resume_unwind(panicked.into_panic())
        }
        _ => Err(Failure::Other(Report::new("it was stopped"))),
    };
    runtime.shutdown_timeout(LEFTOVERS);
    result
}
