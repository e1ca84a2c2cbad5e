//! Everything about a relay that can be set, each default with its unit and reason. Values only; nothing is opened here.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::store::Retention;

/// Bytes of the disk kept back: twice what the log should hold, so that it can be copied into the database.
const RESERVE: u64 = 64 * 1024 * 1024;

mod network;

pub use network::{Network, NetworkError};

/// How a relay runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 lets the system choose. More than one address may be given: the embedded relay listens on one.
    pub listen: SocketAddr,
    /// What senders reach it by; a trailing slash is cut. None: `http://` (with TLS `https://`) and the bound address.
    pub public_url: Option<String>,
    /// Folder of the store; none: in memory, for tests.
    pub data: Option<PathBuf>,
    /// Certificate and key, PEM files that are read again when they change; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether plain HTTP is allowed on an address that is not loopback: tokens and bodies can be read on the way, unless a
    /// proxy in front speaks TLS.
    pub insecure_http: bool,
    /// Proxies whose `X-Forwarded-For` is believed, the right-most address that is none of theirs: it is the sender in
    /// captures and limits. Nobody else's is.
    pub trusted_proxies: Vec<Network>,
    /// Who may claim endpoints.
    pub access: Access,
    /// Limits.
    pub limits: Limits,
    /// What is kept.
    pub retention: Retention,
    /// Bytes of the disk kept back for the time when it is full; 0: none.
    pub reserve: u64,
}

impl Default for Config {
    /// What `hooktool relay` runs without flags, but for its data folder: plain HTTP on loopback, for holders of a token.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            data: None,
            tls: None,
            insecure_http: false,
            trusted_proxies: Vec::new(),
            access: Access::Tokens,
            limits: Limits::default(),
            retention: Retention::default(),
            reserve: RESERVE,
        }
    }
}

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, the relay's own first.
    pub cert: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// Who may claim endpoints.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// Holders of a token that `hooktool relay token add` made.
    Tokens,
    /// Anyone; a listener without a token gets one.
    Open,
    /// The process that embeds the relay, by this token, made for each run. Also: only loopback names in `Host`, nobody's
    /// rate is limited, and answers pass as they are (there is one account, so no neighbour to protect).
    Embedded {
        /// The token.
        token: String,
    },
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokens => "Tokens",
            Self::Open => "Open",
            Self::Embedded { .. } => "Embedded { token: … }",
        })
    }
}

/// Limits; every default is design's section 8.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Request head, in bytes.
    pub head: usize,
    /// Path and query as sent, in bytes.
    pub path: usize,
    /// Header lines.
    pub headers: usize,
    /// Body, in bytes.
    pub body: u64,
    /// TLS handshake and head together; for a link, the upgrade and HELLO as well.
    pub establish: Duration,
    /// A body slower than 1 KiB/s after this long is refused.
    pub body_grace: Duration,
    /// A stalled answer is reset after this long.
    pub answer_stall: Duration,
    /// Connections from one address that is not loopback; behind a trusted proxy, requests of one sender at once.
    pub connections_per_address: usize,
    /// Connections in all. The server takes fewer when the process may not have so many open files.
    pub connections: usize,
    /// Requests per second and endpoint, burst ten seconds of that; 0: no limit.
    pub rate: u32,
    /// What GET, HEAD, OPTIONS and upgrades wait for the app's answer.
    pub reading_deadline: Duration,
    /// Interval of heartbeats.
    pub heartbeat: Duration,
    /// A link is dead after this long without a byte.
    pub dead_after: Duration,
    /// A link's writes may make no progress for this long.
    pub write_stall: Duration,
    /// Longest graceful stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            path: 8 * 1024,
            headers: 100,
            body: 25 * 1024 * 1024,
            establish: Duration::from_secs(10),
            body_grace: Duration::from_secs(5),
            answer_stall: Duration::from_secs(30),
            connections_per_address: 64,
            // A file each, and well under the usual hard limit of open files.
            connections: 16_384,
            rate: 50,
            reading_deadline: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            dead_after: Duration::from_secs(40),
            write_stall: Duration::from_secs(60),
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            count: 10_000,
            bytes: 1024 * 1024 * 1024,
            age: Duration::from_secs(7 * 24 * 60 * 60),
            total_bytes: 64 * 1024 * 1024 * 1024,
        }
    }
}
