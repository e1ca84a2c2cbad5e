//! Flags of the verbs that work on stored requests: `list`, `wait`, `show`, `replay`.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, ValueEnum};

use super::{
    lab::LabArgs,
    sign::SignArgs,
    value::{self, Expect},
};
use crate::target::Target;

/// `hooktool list`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool list
  hooktool list --limit 20
  hooktool list path:/stripe status:5xx since:2h
  hooktool list '.data.object.paid:true -is:ok' --json | jq .path", after_help = value::filter_help())]
pub struct List {
    /// Only requests that fit; several words stand for one filter.
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Only the newest so many.
    #[arg(long, value_name = "N", value_parser = value::count)]
    pub limit: Option<usize>,
    /// JSON lines, one request each.
    #[arg(long)]
    pub json: bool,
}

/// `hooktool wait`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool wait
  hooktool wait path:/stripe '.type:invoice.paid' --timeout 30s
  hooktool wait path:/stripe status:2xx --count 3 --since 5m --json", after_help = value::filter_help())]
pub struct Wait {
    /// Only requests that fit; several words stand for one filter.
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// End when so many fit.
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::count)]
    pub count: usize,
    /// Give up after this, with exit code 6.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = value::duration)]
    pub timeout: Duration,
    /// Count what came in this time before, too [default: what comes from now on].
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub since: Option<Duration>,
    /// JSON lines, one request each, with its body.
    #[arg(long)]
    pub json: bool,
}

/// `hooktool show`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool show last
  hooktool show 1199 --body > body.json
  hooktool show req_01K7 --as curl
  hooktool show last --as http > last.http")]
pub struct Show {
    /// Its number, its id or the beginning of that, or `last`.
    pub id: String,
    /// Only the body: its bytes, but made safe on a terminal.
    #[arg(long, group = "part")]
    pub body: bool,
    /// Only the header lines.
    #[arg(long, group = "part")]
    pub headers: bool,
    /// The request as HTTP/1.1 text, head and body.
    #[arg(long, group = "part")]
    pub raw: bool,
    /// JSON lines: the request, then each try.
    #[arg(long, group = "part")]
    pub json: bool,
    /// The request for another program.
    #[arg(long = "as", value_name = "FORM", group = "part")]
    pub form: Option<Form>,
    /// With --as: leave secrets in header lines and URLs as they are [default: masked].
    #[arg(long, requires = "form")]
    pub with_secrets: bool,
}

/// What `show --as` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A curl command, safe to paste: the same bytes to the target.
    Curl,
    /// A request file for editors (.http).
    Http,
    /// An HTTP archive, for the network panel of a browser.
    Har,
}

/// `hooktool replay`.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  hooktool replay last
  hooktool replay 1199 1203 --to 3001
  hooktool replay last --times 3 --expect 2xx
  hooktool replay last --edit --header 'X-Debug: 1'
  hooktool replay last --resign
  hooktool replay last --resign --bad-signature --old
  hooktool replay --where 'path:/stripe status:5xx since:1h'
  hooktool replay fixtures/*.json --to 3000 --expect-same --junit report.xml
  hooktool replay last --times 2 --parallel 2
  hooktool replay last --expect 2xx --watch src",
    after_help = "\
A file is what `hooktool export --as json` writes. Its requests are sent, and
not put into the history. What --cut sends passes when its connection was
dropped: it has no answer to be judged."
)]
pub struct Replay {
    /// Numbers, ids or the beginnings of them, `last`; or files of requests.
    #[arg(required_unless_present = "filter", value_name = "ID|FILE")]
    pub ids: Vec<String>,
    /// Every request that fits, oldest first; `hooktool list FILTER` shows them.
    #[arg(long = "where", value_name = "FILTER", conflicts_with = "ids")]
    pub filter: Option<String>,
    /// Send what --where finds without a question: it is asked before more than
    /// 20, and before sending to another machine.
    #[arg(long, requires = "filter")]
    pub yes: bool,
    /// Where to send it [default: where the last try went, else the settings'
    /// target].
    #[arg(long, value_name = "TARGET", value_parser = value::target)]
    pub to: Option<Target>,
    /// How often, how fast, in which order.
    #[command(flatten)]
    pub lab: LabArgs,
    /// Set a header, in place of those of the same name; may be repeated.
    #[arg(long, value_name = "K: V", value_parser = value::header)]
    pub header: Vec<(http::HeaderName, http::HeaderValue)>,
    /// Send this body: text, or the content of @FILE.
    #[arg(long, value_name = "@FILE|TEXT", conflicts_with = "edit", value_parser = value::body)]
    pub body: Option<BodySource>,
    /// Change the body in $VISUAL or $EDITOR before it is sent.
    #[arg(long, action = ArgAction::SetTrue)]
    pub edit: bool,
    /// What becomes of the signature.
    #[command(flatten)]
    pub sign: SignArgs,
    /// Exit with 6 unless every answer has one of these statuses.
    #[arg(long, value_name = "2xx|200,404", value_parser = value::expect)]
    pub expect: Option<Expect>,
    /// Exit with 6 unless every answer is the one recorded last: status, and
    /// body but for ids, times and signatures in JSON; shows what differs.
    #[arg(long)]
    pub expect_same: bool,
    /// Write a report for CI to this file, whatever comes: a test case each time
    /// a request is sent.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Send again when a file at one of these paths changes, or when the app is
    /// back; say what passes and what changed in the answer, until ^C.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["edit", "junit", "cut"])]
    pub watch: Vec<PathBuf>,
    /// JSON lines, one try each.
    #[arg(long)]
    pub json: bool,
}

/// Where a body comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodySource {
    /// A file.
    File(PathBuf),
    /// The word itself.
    Text(String),
}
