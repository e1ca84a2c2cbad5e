//! Flags of `hooktool relay`, of its tokens, and of `hooktool login`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, builder::BoolishValueParser};
use hooktool_relay::config::Network;

use super::value;

/// `hooktool relay`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    before_help = "\
Examples:
  hooktool relay --open                 try it on this machine
  hooktool relay token add alice        who may claim endpoints
  hooktool relay --public-url https://relay.example \\
      --tls-cert cert.pem --tls-key key.pem
  hooktool relay --listen 0.0.0.0:8080 --insecure-http \\
      --public-url https://relay.example --trusted-proxy 10.0.0.0/8"
)]
pub struct Relay {
    /// Manage tokens instead of running.
    #[command(subcommand)]
    pub verb: Option<RelayVerb>,
    /// Flags of the server.
    #[command(flatten)]
    pub serve: Serve,
}

/// The verbs below `hooktool relay`.
#[derive(Debug, Subcommand)]
pub enum RelayVerb {
    /// Manage who may claim endpoints; works beside a running relay.
    #[command(
        before_help = "Examples:\n  hooktool relay token add alice\n  hooktool relay token list"
    )]
    Token(Token),
}

/// `hooktool relay token`.
#[derive(Debug, Args)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub verb: TokenVerb,
}

/// The verbs below `hooktool relay token`.
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make a token for an account, and print it this once.
    #[command(before_help = "Examples:\n  hooktool relay token add alice")]
    Add(Account),
    /// List the accounts and their tokens' dates.
    #[command(before_help = "Examples:\n  hooktool relay token list")]
    List(Data),
    /// Make every token of an account invalid.
    #[command(before_help = "Examples:\n  hooktool relay token revoke alice")]
    Revoke(Account),
}

/// An account on a relay.
#[derive(Debug, Args)]
pub struct Account {
    /// The account's name: letters, digits and any of - _ . @.
    #[arg(value_parser = value::account)]
    pub name: String,
    /// Where the relay is.
    #[command(flatten)]
    pub data: Data,
}

/// The relay's folder.
#[derive(Debug, Args)]
pub struct Data {
    /// The relay's data folder [default: `relay` in hooktool's data folder].
    #[arg(
        long,
        value_name = "DIR",
        env = "HOOKTOOL_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,
}

/// Flags of the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen [default: 127.0.0.1:8080; with TLS port 443 of
    /// every address].
    #[arg(
        long,
        value_name = "ADDR",
        env = "HOOKTOOL_LISTEN",
        hide_env_values = true,
        value_parser = value::listen,
        help_heading = "Network"
    )]
    pub listen: Option<SocketAddr>,
    /// What senders reach it by [default: the address; with TLS, https].
    #[arg(long, value_name = "URL", env = "HOOKTOOL_PUBLIC_URL", hide_env_values = true,
          value_parser = value::origin, help_heading = "Network")]
    pub public_url: Option<String>,
    /// Certificate chain, PEM; read again when it changes.
    #[arg(
        long,
        value_name = "FILE",
        env = "HOOKTOOL_TLS_CERT",
        hide_env_values = true,
        requires = "tls_key",
        help_heading = "Network"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    #[arg(
        long,
        value_name = "FILE",
        env = "HOOKTOOL_TLS_KEY",
        hide_env_values = true,
        requires = "tls_cert",
        help_heading = "Network"
    )]
    pub tls_key: Option<PathBuf>,
    /// Listen beyond this machine without TLS: behind a proxy that has it.
    #[arg(long, env = "HOOKTOOL_INSECURE_HTTP", hide_env_values = true,
          value_parser = BoolishValueParser::new(), conflicts_with = "tls_cert", help_heading = "Network")]
    pub insecure_http: bool,
    /// A proxy whose X-Forwarded-For says who the sender is: an address or a
    /// range; may be repeated.
    #[arg(
        long,
        value_name = "CIDR",
        env = "HOOKTOOL_TRUSTED_PROXY",
        hide_env_values = true,
        value_delimiter = ',',
        help_heading = "Network"
    )]
    pub trusted_proxy: Vec<Network>,

    /// Where the relay keeps its data.
    #[command(flatten)]
    pub data: Data,
    /// Let anyone claim endpoints; a listener without a token gets one.
    #[arg(long, env = "HOOKTOOL_OPEN", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub open: bool,
    /// Requests a second and endpoint, a burst of ten seconds of that; 0 for no
    /// limit.
    #[arg(
        long,
        value_name = "N",
        env = "HOOKTOOL_MAX_RATE",
        hide_env_values = true,
        default_value_t = 50
    )]
    pub max_rate: u32,
}

/// `hooktool login`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  hooktool login https://relay.example
  hooktool login https://relay.example < token.txt")]
pub struct Login {
    /// The relay's URL; plain http only for a relay on this machine.
    #[arg(value_name = "RELAY_URL", value_parser = value::relay_url)]
    pub relay: String,
}
