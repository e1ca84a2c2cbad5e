//! Flags of `hooktool listen`.
//!
//! Those that have a key in the config files stay text here, checked; `config` puts the layers together and parses the one
//! that counts. Must not know: defaults (they stand in `config`, help only repeats them).

use clap::{ArgAction, Args};

use super::value::{self, checked};

const EXAMPLES: &str = "\
Examples:
  hooktool listen 3000
  hooktool listen localhost:3000/hooks --route /stripe=3001
  hooktool listen 3000 --relay https://relay.example --endpoint my-app
  hooktool listen --respond 200:ok      capture only, always answer 200
  hooktool listen 3000 --only 'path:/stripe -header:x-test'
  hooktool listen 3000 --json | jq .    one record a line";

/// `hooktool listen`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub struct Listen {
    /// Where to forward to: a port, host:port/path or an http(s) URL; without
    /// one, requests are captured only and answered with 200.
    #[arg(value_parser = checked(value::target))]
    pub target: Option<String>,

    /// Relay to connect to: its URL, or `local` for one on this machine
    /// [default: local].
    #[arg(long, value_name = "URL|local",
          value_parser = checked(value::relay), help_heading = "Relay")]
    pub relay: Option<String>,
    /// Name in the public URL [default: this folder's, made up the first time].
    #[arg(long, value_name = "NAME",
          value_parser = checked(value::endpoint), help_heading = "Relay")]
    pub endpoint: Option<String>,
    /// Where to begin: `now`, `start`, a number in the endpoint's order, or how
    /// long ago [default: where the last listener stopped].
    #[arg(long, value_name = "now|start|SEQ|30m",
          value_parser = checked(value::from), help_heading = "Relay")]
    pub from: Option<String>,
    /// Most requests in flight at once, 1 to 32; 1 keeps strict order
    /// [default: 32].
    #[arg(long, value_name = "N",
          value_parser = checked(value::in_flight), help_heading = "Relay")]
    pub max_in_flight: Option<String>,

    /// What senders get: the app's answer, 202 at once, or the app's answer
    /// without 202 in its place [default: app].
    #[arg(long, value_name = "app|now|strict",
          value_parser = checked(value::answer), help_heading = "Answer")]
    pub answer: Option<String>,
    /// Always answer with this status and body.
    #[arg(long, value_name = "200[:BODY]",
          value_parser = checked(value::respond), conflicts_with = "answer", help_heading = "Answer")]
    pub respond: Option<String>,
    /// How long a sender waits for the app's answer [default: 4.5s].
    #[arg(long, value_name = "TIME",
          value_parser = checked(value::duration), help_heading = "Answer")]
    pub deadline: Option<String>,
    /// Answer challenges of known senders (Slack, Zoom, Meta, Discord …) though
    /// there is a target; without one they are always answered.
    #[arg(long, help_heading = "Answer")]
    pub answer_challenges: bool,

    /// Forward paths below a prefix to another target; may be repeated.
    #[arg(long, value_name = "/PATH=TARGET",
          value_parser = checked(value::route), help_heading = "Target")]
    pub route: Vec<String>,
    /// Forward only what fits; the rest is captured and answered with 202.
    #[arg(long, value_name = "FILTER",
          value_parser = checked(value::marked_only), help_heading = "Target")]
    pub only: Option<String>,
    /// Set a header on every request to the app; may be repeated.
    #[arg(long, value_name = "K: V",
          value_parser = checked(value::header), help_heading = "Target")]
    pub header: Vec<String>,
    /// Host that the app sees: the target's, the sender's, or this name
    /// [default: target].
    #[arg(long, value_name = "target|keep|NAME",
          value_parser = checked(value::host_header), help_heading = "Target")]
    pub host_header: Option<String>,
    /// Take a target's certificate unchecked (self-signed).
    #[arg(long, help_heading = "Target")]
    pub insecure: bool,
    /// How long to wait for the app's answer [default: 60s].
    #[arg(long, value_name = "TIME",
          value_parser = checked(value::duration), help_heading = "Target")]
    pub timeout: Option<String>,
    /// Capture, and forward only when told to.
    #[arg(long, help_heading = "Target")]
    pub hold: bool,
    /// Keep requests until the target's port opens, then forward them in order.
    #[arg(long, help_heading = "Target")]
    pub wait_for_target: bool,
    /// Repeat refused and timed-out forwards so often, 0 to 100 [default: 0].
    #[arg(long, value_name = "N",
          value_parser = checked(value::retry), help_heading = "Target")]
    pub retry: Option<String>,

    /// The inspector, a line a try, or JSON lines [default: the inspector on a
    /// terminal, else lines].
    #[arg(long, value_name = "tui|lines|json",
          value_parser = checked(value::output), help_heading = "Output")]
    pub output: Option<String>,
    /// The same as --output json.
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    pub json: bool,
    /// Colours [default: auto, which is only on a terminal].
    #[arg(long, value_name = "auto|always|never",
          value_parser = checked(value::color), help_heading = "Output")]
    pub color: Option<String>,
    /// Lines: say what arrives, too; twice: with headers.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: u8,
    /// Lines: only failures; twice: only what got no answer at all.
    #[arg(short, long, action = ArgAction::Count, help_heading = "Output")]
    pub quiet: u8,
}
