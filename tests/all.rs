//! The one test binary of the package; a module for each thing shown.

mod app;
mod catchup;
mod challenge;
mod cli;
mod delivery;
mod evil;
mod faults;
mod fidelity;
mod forward;
mod goodbye;
mod house;
mod limits;
mod public;
mod readme;
mod ready;
mod recognise;
mod released;
mod replay;
mod resign;
mod streaming;
mod support;
#[cfg(unix)]
mod terminal;
mod trigger;
mod tui;
mod wait;
mod webhook;
