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

pub mod accounts;
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
