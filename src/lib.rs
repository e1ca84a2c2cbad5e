//! hooktool: receive webhooks on your own machine. Capture, forward, inspect and replay them.
//!
//! ```text
//!            relay ═══ websocket ═══ agent ─▶ forward ─HTTP─▶ target
//!                                      │         │
//!                                      │ records │
//!                                      ▼         ▼
//! person ─Intent─▶ replay ─ forward, records ─▶ history ─Change─▶ tui | lines | json
//! ```
//!
//! The [`hooktool_relay`] library is the other half: what a sender reaches. This one is the process on a developer's machine, and
//! the command line of both. Everything here points downwards in this list, and nothing in it knows what stands above:
//!
//! | room | what it is |
//! |---|---|
//! | [`cli`], [`commands`], [`config`], [`exit`] | the front door: flags, verbs, settings, exit codes |
//! | [`output`], [`tui`] | the same history, shown as lines, JSON or a screen |
//! | [`replay`] | one stored request, sent again |
//! | [`trigger`] | a sample, made new and sent |
//! | [`exchange`] | stored requests as exports and comparisons take them |
//! | [`agent`], [`backoff`] | the link to the relay, kept |
//! | [`search`] | which stored requests fit a filter |
//! | [`history`] | what came and what became of it |
//! | [`forward`], [`target`] | one request to the app, and where the app is |
//! | [`event`] | what the listener tells its views, and what the person asks |
//! | [`webhook`] | what webhooks mean: senders, events, signatures |
//! | [`diff`], [`export`] | two requests compared; requests for other programs |
//! | [`filter`] | one line that says which requests are meant |
//! | [`mod@format`], [`text`] | strangers' bytes made readable and safe |

pub mod agent;
pub mod backoff;
pub mod cli;
pub mod commands;
pub mod config;
pub mod diff;
pub mod event;
pub mod exchange;
pub mod exit;
pub mod export;
pub mod filter;
pub mod format;
pub mod forward;
pub mod history;
pub mod output;
pub mod replay;
pub mod search;
pub mod target;
pub mod text;
pub mod trigger;
pub mod tui;
pub mod webhook;
