//! hooktool: receive webhooks on your own machine.

pub mod agent;
pub mod backoff;
pub mod cli;
pub mod commands;
pub mod config;
pub mod event;
pub mod exit;
pub mod format;
pub mod forward;
pub mod history;
pub mod output;
pub mod replay;
pub mod target;
pub mod text;
pub mod tui;
