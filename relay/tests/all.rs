//! The relay's tests from outside, in one binary: each room's are a module.

mod edge;
mod hostile;
mod server;
mod store;
mod wire;
