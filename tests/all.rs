//! The one test binary of the package; a module for each thing shown.

mod app;
mod cli;
mod forward;
mod house;
mod replay;
