//! Exit codes; an error → what failed, its cause and a hint, printed once on stderr.
//!
//! In: a [`Failure`] from a command. Out: its code, and at most three lines. Whatever a stranger may have written in them is made
//! safe here, so commands need not think of it.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use crate::{
    config::ConfigError,
    filter::FilterError,
    history::{HistoryError, PickError},
    output::OutputError,
    text,
};

/// All went well; also after the first ^C or SIGTERM.
pub const OK: u8 = 0;
/// The command failed.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// A config file or a secret is wrong.
pub const CONFIG: u8 = 3;
/// The relay is not reachable, or refused.
pub const RELAY: u8 = 4;
/// The target is not reachable.
pub const TARGET: u8 = 5;
/// `--expect` was not met.
pub const EXPECTATION: u8 = 6;
/// No request has this id.
pub const NO_REQUEST: u8 = 7;
/// A second ^C.
pub const INTERRUPTED: u8 = 130;

/// What failed, why, and what to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// A fragment that names the thing.
    pub what: String,
    /// Why.
    pub cause: Option<String>,
    /// Something that works today.
    pub hint: Option<String>,
    /// Lines that show where it stands, under what failed.
    pub shown: Vec<String>,
}

impl Report {
    /// Only what failed.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            cause: None,
            hint: None,
            shown: Vec::new(),
        }
    }

    /// With its cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// With something to type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Why a command ends otherwise than well.
#[derive(Debug)]
pub enum Failure {
    /// Help or version were asked for, or the words make no sense; clap has its own text.
    Words(Box<clap::Error>),
    /// The flags make no sense together, or not here.
    Usage(Report),
    /// The configuration.
    Config(ConfigError),
    /// The relay is not reachable, or refused.
    Relay(Report),
    /// The target is not reachable.
    Target(Report),
    /// `--expect` was not met.
    Expectation(Report),
    /// A secret or a definition of a sender cannot be used.
    Setting(Report),
    /// What there is to say was said on stdout; this is the code to end with.
    Said(u8),
    /// A filter that makes no sense, and what is wrong with it.
    Filter(String, FilterError),
    /// No request fits.
    NoRequest(Report),
    /// A text that names no request, or more than one.
    Pick(PickError),
    /// The history.
    History(HistoryError),
    /// Standard output or input; a closed pipe is a quiet end.
    Pipe(io::Error),
    /// Anything else.
    Other(Report),
}

impl Failure {
    /// Its exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Words(error) if error.use_stderr() => USAGE,
            Self::Words(_) => OK,
            Self::Usage(_) | Self::Filter(..) => USAGE,
            Self::Config(_) | Self::Setting(_) => CONFIG,
            Self::Said(code) => *code,
            Self::Relay(_) => RELAY,
            Self::Target(_) => TARGET,
            Self::Expectation(_) => EXPECTATION,
            Self::NoRequest(_) | Self::Pick(PickError::None { .. } | PickError::Many { .. }) => {
                NO_REQUEST
            }
            Self::Pick(PickError::History(_)) | Self::History(_) | Self::Other(_) => FAILED,
            Self::Pipe(error) if error.kind() == io::ErrorKind::BrokenPipe => OK,
            Self::Pipe(_) => FAILED,
        }
    }

    /// What failed and why, in one line; for a screen, where nothing is printed.
    pub fn sentence(self) -> String {
        let report = self
            .report()
            .unwrap_or_else(|| Report::new("it was cut off"));
        match report.cause {
            Some(cause) => format!("{}: {cause}", report.what),
            None => report.what,
        }
    }

    fn report(self) -> Option<Report> {
        match self {
            Self::Words(_) | Self::Said(_) => None,
            Self::Pipe(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Usage(report)
            | Self::Relay(report)
            | Self::Target(report)
            | Self::Expectation(report)
            | Self::Setting(report)
            | Self::NoRequest(report)
            | Self::Other(report) => Some(report),
            Self::Filter(text, error) => Some(of_filter(&text, error)),
            Self::Config(error) => Some(of_config(error)),
            Self::Pick(error) => Some(of_pick(error)),
            Self::History(error) => Some(of_history(&error)),
            Self::Pipe(error) => {
                Some(Report::new("the terminal or pipe cannot be used").because(error.to_string()))
            }
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<PickError> for Failure {
    fn from(error: PickError) -> Self {
        Self::Pick(error)
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        Self::History(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Pipe(error)
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::History(error) => Self::History(error),
            OutputError::Pipe(error) => Self::Pipe(error),
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Words(Box::new(error))
    }
}

fn of_config(error: ConfigError) -> Report {
    let report = Report::new(error.to_string());
    match error {
        ConfigError::Homeless(_) => report.hint("set HOME, or XDG_CONFIG_HOME and XDG_DATA_HOME"),
        ConfigError::Unreadable { detail, .. } | ConfigError::Unwritable { detail, .. } => report
            .because(detail)
            .hint("`hooktool config path` lists the files"),
        ConfigError::Syntax { detail, .. } => report.because(detail),
        ConfigError::Unknown { nearest, .. } => {
            report.hint(format!("the nearest key is `{nearest}`"))
        }
        ConfigError::Value { reason, .. } => report.hint(reason),
        ConfigError::Keys { hint, .. } => report.hint(hint),
        ConfigError::Forbidden { key, .. } => report
            .because(
                "it comes with a repository: it may name targets on this machine, nothing beyond",
            )
            .hint(format!(
                "give it by flag, or as `{key}` in your own config.toml"
            )),
    }
}

fn of_filter(text: &str, error: FilterError) -> Report {
    Report {
        shown: error.marked(text).into(),
        hint: error.hint,
        ..Report::new(error.what)
    }
}

fn of_pick(error: PickError) -> Report {
    let report = Report::new(error.to_string());
    match error {
        PickError::None {
            nearest: Some(nearest),
            ..
        } => report.hint(format!(
            "the nearest is {nearest}; `hooktool list` shows all"
        )),
        PickError::None { nearest: None, .. } => report.hint("`hooktool list` shows what there is"),
        PickError::Many { .. } => report.hint("give more of its letters"),
        PickError::History(error) => of_history(&error),
    }
}

/// What to type so that a file or folder can be written.
pub(crate) fn writable(path: &Path) -> String {
    format!("`chmod u+w {}` makes it writable", path.display())
}

fn of_history(error: &HistoryError) -> Report {
    let report = Report::new(error.to_string());
    match error {
        HistoryError::Locked(_) => report.hint("try again once the other hooktool is done"),
        HistoryError::Newer { .. } => report.hint("use the newer hooktool that wrote it"),
        HistoryError::Damaged { .. } => report.hint("move the file away to begin a new one"),
        HistoryError::ReadOnly(path) => report.hint(writable(path)),
        HistoryError::Denied { .. } => report.hint("`hooktool config path` says where it is"),
        HistoryError::Unwritable { .. } => report.hint("is the disk full?"),
    }
}

/// Prints what failed, once, and gives the code to end with.
pub fn finish(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else {
        return ExitCode::from(OK);
    };
    let code = failure.code();
    if let Failure::Words(error) = &failure {
        // Nobody is left to tell when stderr is closed.
        let _ = error.print();
    }
    if let Some(report) = failure.report() {
        print(&report);
    }
    ExitCode::from(code)
}

fn print(report: &Report) {
    let safe = |text: &str| text::safe(text.as_bytes(), text::Mode::Cell).to_string();
    let mut lines = format!("error: {}\n", safe(&report.what));
    for line in &report.shown {
        lines.push_str(&format!("  {}\n", safe(line)));
    }
    if let Some(cause) = &report.cause {
        lines.push_str(&format!("  cause: {}\n", safe(cause)));
    }
    if let Some(hint) = &report.hint {
        lines.push_str(&format!("  hint: {}\n", safe(hint)));
    }
    // Nobody is left to tell when stderr is closed.
    let _ = io::stderr().lock().write_all(lines.as_bytes());
}

/// Ends the process at once: what a second ^C asks for.
#[expect(clippy::exit, reason = "the second ^C waits for nothing")]
pub fn interrupted() -> ! {
    std::process::exit(i32::from(INTERRUPTED))
}
