//! Flags of the verbs that hand stored requests on, or set two side by side: `export`, `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::value;

/// `hooktool export`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool export --as har --output webhooks.har
  hooktool export last --as http
  hooktool export path:/stripe status:5xx --as curl
  hooktool export 1199 1203 --as json > fixtures.jsonl", after_help = value::filter_help())]
pub struct Export {
    /// Only requests that fit; or numbers, ids (`req_…`) and `last` [default: all of this folder].
    #[arg(value_name = "FILTER|ID")]
    pub which: Vec<String>,
    /// What to write.
    #[arg(long = "as", value_name = "FORM")]
    pub form: Form,
    /// Leave secrets in header lines and URLs as they are [default: masked].
    #[arg(long)]
    pub with_secrets: bool,
    /// Write to this file, readable by you alone, in place of what it was [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What `export --as` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// An HTTP archive, for the network panel of a browser: an entry a try.
    Har,
    /// A request file for editors (.http).
    Http,
    /// JSON lines, a request each, with its whole body.
    Json,
    /// Curl commands, safe to paste.
    Curl,
}

/// `hooktool diff`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool diff 1194 1199
  hooktool diff 1199:1 1199:3
  hooktool diff 1194 last --all")]
pub struct Diff {
    /// A request by number, id or `last`; a try of it by its number behind a colon.
    #[arg(value_name = "A")]
    pub from: String,
    /// The request, or the try, to compare it with.
    #[arg(value_name = "B")]
    pub to: String,
    /// Show what differs every time, too: ids, times, signatures.
    #[arg(long)]
    pub all: bool,
}
