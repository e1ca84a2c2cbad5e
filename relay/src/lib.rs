//! The public relay of hooktool: stores webhooks before it says yes, and carries them to a listener.
//!
//! ```text
//! sender ─HTTP─▶ ingress ─▶ store (commit) ─▶ registry ─▶ session ═══ link ══ websocket ══▶ listener
//!    ▲             │                             │  ▲                                          │
//!    └── answer ───┘◀────────── Answer ──────────┘  └────────────────── answer ────────────────┘
//! ```
//!
//! A **sender**'s request reaches an **endpoint** and becomes a **capture**; the capture is **delivered** over a **link** to a
//! **listener**, which forwards it to its target; the **answer** goes back the way it came.
//!
//! # The rooms, as the bytes move
//!
//! | room | what happens there |
//! |---|---|
//! | [`server`] | bind, accept, TLS, routing, seats, graceful stop; with [`tls`], [`metrics`], [`config`] |
//! | [`capture`] | the nouns: ids, a capture, headers, answers, outcomes |
//! | [`answer`] | the bytes of an answer on their way |
//! | [`headers`] | HTTP's rules: hop-by-hop, Host, forwarded headers |
//! | [`ingress`] | a request becomes a capture, is stored, and its sender is answered |
//! | [`store`] | what is kept, and what each promise of keeping means |
//! | [`registry`] | who holds which endpoint, and which senders wait |
//! | [`session`] | one listener: hello, catch-up, deliveries, answers |
//! | [`link`] | typed frames over a websocket; both ends use it |
//! | [`protocol`] | the wire: bytes ⇄ frames |
//! | [`accounts`], [`token`] | who may claim endpoints, and how much |
//!
//! # Embedding
//!
//! Two names are enough. The relay is bound when [`Relay::bind`] returns, serves while [`Relay::run`] runs, and stops when
//! either is dropped:
//!
//! ```no_run
//! use hooktool_relay::{Config, Relay, config::Access, token::Token};
//!
//! # async fn embed() -> Result<(), Box<dyn std::error::Error>> {
//! let token = Token::random()?;
//! let relay = Relay::bind(Config {
//!     listen: ([127, 0, 0, 1], 0).into(),
//!     access: Access::Embedded { token: token.reveal().to_owned() },
//!     ..Config::default()
//! })
//! .await?;
//! println!("webhooks go to {}", relay.public_url());
//! relay.run(std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

pub mod accounts;
pub mod answer;
pub mod capture;
pub mod config;
pub mod headers;
pub mod ingress;
pub mod link;
pub mod metrics;
pub mod protocol;
pub mod registry;
pub mod server;
pub mod session;
pub mod store;
pub mod tls;
pub mod token;

pub use config::Config;
pub use server::Relay;
