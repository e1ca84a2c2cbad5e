//! The one test binary of the package; a module for each thing shown.

mod catchup;
mod delivery;
mod evil;
mod fidelity;
mod forward;
mod streaming;
mod support;
mod app;
mod replay;
